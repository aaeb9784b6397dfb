// Definitions of tables and the commands of ALTER as EXPLAIN AST shows them.
import type {
  AlterCommand,
  ColumnDefinition,
  Expression,
  Partition,
  Storage,
  TableElement,
  TtlItem,
} from '../../ast/index.ts';
import { quoteString } from '../../escape.ts';
import { print } from '../index.ts';
import { type Branch, branch, expressionList, identifier, listIfAny } from './branch.ts';
import { callOf, dataType, expression, expressions, type Growing } from './expression.ts';
import { unionQuery } from './query.ts';

const text = (value: string | undefined): Branch | undefined =>
  value === undefined ? undefined : branch(`Literal ${quoteString(value)}`);

export function column(node: ColumnDefinition, at: Growing): Branch {
  const { default: value, codec, statistics } = node;
  const empty = value?.type === 'EPHEMERAL' && !value.expr && node.type;
  const made = empty
    ? callOf('defaultValueOfTypeName', [branch(`Literal ${quoteString(print(empty))}`)])
    : value?.expr && expression(value.expr, at);
  return branch(
    `ColumnDeclaration ${node.name.name}`,
    node.type && dataType(node.type, at),
    made,
    text(node.comment),
    codec &&
      callOf(
        'CODEC',
        codec.map((call) => engineCall(call, at)),
      ),
    statistics &&
      callOf(
        'STATISTICS',
        statistics.map((call) => engineCall(call, at)),
      ),
    node.ttl && expression(node.ttl, at),
    node.collate === undefined ? undefined : identifier(node.collate),
    node.settings && branch('Set'),
  );
}

/** A name that may have arguments: engines, codecs, kinds of indexes. */
const engineCall = (call: Expression & { kind: 'Function' }, at: Growing): Branch =>
  call.args.length === 0
    ? branch(`Function ${call.name}`)
    : callOf(call.name, expressions(call.args, at));

function element(node: TableElement, at: Growing): Branch {
  switch (node.kind) {
    case 'ColumnDefinition':
      return column(node, at);
    case 'IndexDefinition':
      return branch('Index', expression(node.expr, at), node.type && engineCall(node.type, at));
    case 'ConstraintDefinition':
      return branch('Constraint', expression(node.expr, at));
    case 'ProjectionDefinition': {
      const [select] = node.query ? (unionQuery(node.query, at).below[0]?.below ?? []) : [];
      return branch('Projection', branch('ProjectionSelectQuery', ...(select?.below ?? [])));
    }
    case 'ForeignKeyDefinition':
      return branch('ForeignKeyDeclaration');
  }
}

const kinds = [
  'ColumnDefinition',
  'IndexDefinition',
  'ConstraintDefinition',
  'ProjectionDefinition',
] as const;

export function columnsDefinition(
  elements: readonly TableElement[] | undefined,
  at: Growing,
): Branch | undefined {
  if (!elements) return undefined;
  const lists = kinds.map((kind) =>
    listIfAny(elements.filter((one) => one.kind === kind).map((one) => element(one, at))),
  );
  return branch('Columns definition', ...lists);
}

/** A key of several columns is a tuple. */
function key(list: readonly Expression[] | undefined, at: Growing): Branch | undefined {
  if (!list) return undefined;
  const [only] = list;
  return only && list.length === 1 ? expression(only, at) : callOf('tuple', expressions(list, at));
}

const ttlElement = (item: TtlItem, at: Growing): Branch =>
  branch('TTLElement', expression(item.expr, at), item.where && expression(item.where, at));

export const ttlList = (items: readonly TtlItem[], at: Growing): Branch =>
  expressionList(items.map((item) => ttlElement(item, at)));

/** @param inner a PRIMARY KEY among the columns */
export function storageDefinition(
  node: Storage | undefined,
  inner: readonly Expression[] | undefined,
  at: Growing,
): Branch | undefined {
  if (!node) return undefined;
  return branch(
    'Storage definition',
    node.engine && engineCall(node.engine, at),
    node.partitionBy && expression(node.partitionBy, at),
    key(node.primaryKey ?? inner, at),
    key(
      node.orderBy?.map((item) => item.expr),
      at,
    ),
    node.sampleBy && expression(node.sampleBy, at),
    node.ttl && ttlList(node.ttl, at),
    node.settings && branch('Set'),
  );
}

const partition = (node: Partition | undefined, at: Growing): Branch | undefined =>
  node &&
  branch(
    'Partition',
    node.type === 'ID' || node.type === 'PART'
      ? text(node.id)
      : node.expr && expression(node.expr, at),
  );

const place = (command: AlterCommand): Branch | undefined =>
  'place' in command && command.place && 'after' in command.place
    ? identifier(command.place.after.name)
    : undefined;

/** The word of a command, and what is below it. */
function commandParts(command: AlterCommand, at: Growing): [string, ...(Branch | undefined)[]] {
  const named = (): Branch => identifier('name' in command ? command.name.name : '');
  switch (command.kind) {
    case 'AddColumn':
      return ['ADD_COLUMN', column(command.column, at), place(command)];
    case 'ModifyColumn':
      return ['MODIFY_COLUMN', column(command.column, at), place(command)];
    case 'DropColumn':
      return ['DROP_COLUMN', named()];
    case 'ClearColumn':
      return ['DROP_COLUMN', named(), partition(command.partition, at)];
    case 'MaterializeColumn':
      return ['MATERIALIZE_COLUMN', named(), partition(command.partition, at)];
    case 'RenameColumn':
      return ['RENAME_COLUMN', named(), identifier(command.to.name)];
    case 'CommentColumn':
      return ['COMMENT_COLUMN', named(), text(command.comment)];
    case 'AddIndex':
      return ['ADD_INDEX', element(command.index, at), place(command)];
    case 'AddConstraint':
      return ['ADD_CONSTRAINT', element(command.constraint, at)];
    case 'AddProjection':
      return ['ADD_PROJECTION', element(command.projection, at), place(command)];
    case 'AlterNamed': {
      const word = command.action === 'CLEAR' ? 'DROP' : command.action;
      return [`${word}_${command.object}`, named(), partition(command.partition, at)];
    }
    case 'ModifyOrderBy':
      return [
        'MODIFY_ORDER_BY',
        key(
          command.orderBy.map((item) => item.expr),
          at,
        ),
      ];
    case 'ModifySampleBy':
      return ['MODIFY_SAMPLE_BY', expression(command.sampleBy, at)];
    case 'ModifyTtl':
      return ['MODIFY_TTL', ttlList(command.ttl, at)];
    case 'MaterializeTtl':
      return ['MATERIALIZE_TTL', partition(command.partition, at)];
    case 'ModifySetting':
      return ['MODIFY_SETTING', branch('Set')];
    case 'ResetSetting':
      return ['RESET_SETTING', expressionList(command.names.map(identifier))];
    case 'ModifyComment':
      return ['MODIFY_COMMENT', text(command.comment)];
    case 'ModifyQuery':
      return ['MODIFY_QUERY', unionQuery(command.query, at)];
    case 'DeleteRows':
      return ['DELETE', partition(command.partition, at), expression(command.where, at)];
    case 'UpdateRows':
      return [
        'UPDATE',
        partition(command.partition, at),
        expression(command.where, at),
        assignments(command.assignments, at),
      ];
    case 'AlterPartition':
      return [
        command.partition ? partitionWord(command.action) : `${command.action}_ALL`,
        partition(command.partition, at),
      ];
    default:
      // Words of the others, as they are named here: RemoveTtl is REMOVE_TTL.
      return [command.kind.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()];
  }
}

/** Several ways to part with rows are one command to ClickHouse. */
const partitionWords: Readonly<Record<string, string>> = {
  DETACH: 'DROP_PARTITION',
  'DROP DETACHED': 'DROP_DETACHED_PARTITION',
  'ATTACH FROM': 'REPLACE_PARTITION',
  'REPLACE FROM': 'REPLACE_PARTITION',
};

const partitionWord = (action: string): string =>
  partitionWords[action] ?? `${action.split(' ')[0]}_PARTITION`;

export const assignments = (
  list: readonly { column: { parts: readonly { name: string }[] }; value: Expression }[],
  at: Growing,
): Branch =>
  expressionList(
    list.map(({ column: { parts }, value }) =>
      branch(`Assignment ${parts.map((p) => p.name).join('.')}`, expression(value, at)),
    ),
  );

export const alterCommand = (command: AlterCommand, at: Growing): Branch => {
  const [word, ...parts] = commandParts(command, at);
  return branch(`AlterCommand ${word}`, ...parts);
};

export { partition };
