// Text of table declarations and ALTER commands.
import type {
  AlterPartition,
  ColumnDefinition,
  ColumnPlace,
  Expression,
  FunctionCall,
  OrderItem,
  Partition,
  Query,
  Storage,
  TtlItem,
} from '../ast/index.ts';
import { quoteIdentifier, quoteString } from '../escape.ts';
import type { Visitor } from '../walk.ts';
import {
  after,
  bareName,
  names,
  plain,
  plainList,
  plainOf,
  printName,
  printTableName,
  settings,
  settingsClause,
  style,
  text,
  words,
} from './base.ts';
import { print } from './index.ts';

/** `ENGINE = Memory`, `LZ4`: parentheses only with arguments. */
export function callOrName(node: FunctionCall): string {
  const inner = [
    ...node.args.map(print),
    ...(node.settings === undefined ? [] : [`SETTINGS ${settings(node.settings)}`]),
  ].join(', ');
  return inner === '' ? bareName(node.name) : `${bareName(node.name)}(${inner})`;
}
const codec = (list: readonly FunctionCall[]): string => `(${list.map(callOrName).join(', ')})`;

export const key = (items: readonly Expression[]): string => {
  const only = items[0];
  if (items.length === 1 && only !== undefined && only.kind !== 'Tuple')
    return style.full ? print(only) : `(${plain(only)})`;
  return items.length === 1 ? `(${plainList(items)},)` : `(${plainList(items)})`;
};

function sortingKey(items: readonly OrderItem[]): string {
  if (items.length === 0) return 'tuple()';
  if (!style.full) return `(${items.map(print).join(', ')})`;
  // Here ClickHouse says no ASC.
  const text = ({ expr, direction }: OrderItem): string => words(print(expr), direction);
  const [only] = items;
  return items.length === 1 && only ? text(only) : `(${items.map(text).join(', ')})`;
}

function printColumn(node: ColumnDefinition): string {
  return words(
    style.full ? quoteIdentifier(node.name.name) : printName(node.name),
    node.type && print(node.type),
    node.nullable !== undefined && (node.nullable ? 'NULL' : 'NOT NULL'),
    node.default && print(node.default),
    text('COMMENT', node.comment),
    node.codec && `CODEC${codec(node.codec)}`,
    node.statistics && `STATISTICS${codec(node.statistics)}`,
    plainOf('TTL', node.ttl),
    text('COLLATE', node.collate),
    node.primaryKey && 'PRIMARY KEY',
    node.settings && `SETTINGS (${settings(node.settings)})`,
  );
}

function printTtlItem(node: TtlItem): string {
  const action = {
    // As ClickHouse: it is what a TTL does that says nothing.
    DELETE: undefined,
    DISK: 'TO DISK',
    VOLUME: 'TO VOLUME',
    RECOMPRESS: 'RECOMPRESS',
    'GROUP BY': 'GROUP BY',
  }[node.action];
  return words(
    plain(node.expr),
    node.codec === undefined ? action : `RECOMPRESS CODEC${codec(node.codec)}`,
    node.ifExists && 'IF EXISTS',
    node.destination !== undefined && quoteString(node.destination),
    node.groupBy && plainList(node.groupBy),
    node.set && `SET ${node.set.map(print).join(', ')}`,
    plainOf('WHERE', node.where),
  );
}

function printStorage(node: Storage): string {
  return words(
    node.engine && `ENGINE = ${callOrName(node.engine)}`,
    plainOf('PARTITION BY', node.partitionBy),
    node.primaryKey && `PRIMARY KEY ${key(node.primaryKey)}`,
    node.orderBy && `ORDER BY ${sortingKey(node.orderBy)}`,
    plainOf('SAMPLE BY', node.sampleBy),
    node.ttl && `TTL ${node.ttl.map(print).join(', ')}`,
    settingsClause(node.settings),
  );
}

const place = (node: ColumnPlace | undefined): string | undefined => {
  if (node === undefined) return undefined;
  return 'first' in node ? 'FIRST' : `AFTER ${printName(node.after)}`;
};
const inPartition = (node: Partition | undefined): string | undefined =>
  node === undefined ? undefined : `IN ${print(node)}`;
const ifExists = (node: { ifExists?: boolean }): string | false =>
  node.ifExists === true && 'IF EXISTS';
const ifNotExists = (node: { ifNotExists?: boolean }): string | false =>
  node.ifNotExists === true && 'IF NOT EXISTS';

function printPartitionCommand(node: AlterPartition): string {
  const partition = node.partition === undefined ? undefined : print(node.partition);
  const target = node.target === undefined ? undefined : quoteString(node.target);
  const table = node.table === undefined ? undefined : printTableName(node.table);
  switch (node.action) {
    case 'ATTACH FROM':
    case 'REPLACE FROM':
      return words(node.action.split(' ')[0], partition, 'FROM', table);
    case 'MOVE TO TABLE':
      return words('MOVE', partition, 'TO TABLE', table);
    case 'MOVE TO DISK':
    case 'MOVE TO VOLUME':
      return words('MOVE', partition, node.action.slice(5), target);
    case 'EXPORT TO TABLE':
      return words('EXPORT', partition, 'TO TABLE', table);
    case 'FETCH':
      return words('FETCH', partition, 'FROM', target);
    case 'FREEZE':
    case 'UNFREEZE':
      return words(node.action, partition, after('WITH NAME', target));
    default:
      return words(node.action, partition);
  }
}

/** The query of a projection says no ASC. */
function printProjection(query: Query): string {
  const { plainOrder } = style;
  style.plainOrder = true;
  try {
    return print(query);
  } finally {
    style.plainOrder = plainOrder;
  }
}

export const tablePrinters = {
  ColumnDefault: (node) => words(node.type, node.expr && plain(node.expr)),
  ColumnDefinition: printColumn,
  IndexDefinition: (node) =>
    words(
      printName(node.name),
      style.full ? print(node.expr) : `(${print(node.expr)})`,
      node.type && `TYPE ${callOrName(node.type)}`,
      node.granularity !== undefined && `GRANULARITY ${node.granularity}`,
    ),
  ProjectionDefinition: (node) =>
    words(
      printName(node.name),
      node.query && `(${printProjection(node.query)})`,
      node.index && `INDEX (${print(node.index.expr)}) TYPE ${callOrName(node.index.type)}`,
      node.settings && `WITH SETTINGS (${settings(node.settings)})`,
    ),
  ConstraintDefinition: (node) => `${printName(node.name)} ${node.type} ${plain(node.expr)}`,
  ForeignKeyDefinition: (node) =>
    words(
      node.name && `CONSTRAINT ${printName(node.name)}`,
      `FOREIGN KEY (${names(node.columns)}) REFERENCES ${printTableName(node.table)}`,
      `(${names(node.references)})`,
    ),
  Assignment: (node) => `${print(node.column)} = ${plain(node.value)}`,
  TtlItem: printTtlItem,
  Storage: printStorage,
  Partition: (node) => {
    const value = node.expr === undefined ? quoteString(node.id ?? '') : plain(node.expr);
    if (node.type === 'ALL') return 'PARTITION ALL';
    if (node.type === 'PART') return `PART ${value}`;
    return node.type === 'ID' ? `PARTITION ID ${value}` : `PARTITION ${value}`;
  },
  AddColumn: (node) =>
    words('ADD COLUMN', ifNotExists(node), print(node.column), place(node.place)),
  DropColumn: (node) => words('DROP COLUMN', ifExists(node), printName(node.name)),
  ClearColumn: (node) =>
    words('CLEAR COLUMN', ifExists(node), printName(node.name), inPartition(node.partition)),
  ModifyColumn: (node) =>
    words(
      'MODIFY COLUMN',
      ifExists(node),
      print(node.column),
      after('REMOVE', node.remove),
      node.modifySettings && `MODIFY SETTING ${settings(node.modifySettings)}`,
      node.resetSettings &&
        `RESET SETTING ${node.resetSettings.map((n) => bareName(n)).join(', ')}`,
      place(node.place),
    ),
  RenameColumn: (node) =>
    words('RENAME COLUMN', ifExists(node), printName(node.name), 'TO', printName(node.to)),
  CommentColumn: (node) =>
    words('COMMENT COLUMN', ifExists(node), printName(node.name), quoteString(node.comment)),
  MaterializeColumn: (node) =>
    words('MATERIALIZE COLUMN', ifExists(node), printName(node.name), inPartition(node.partition)),
  AddIndex: (node) => words('ADD INDEX', ifNotExists(node), print(node.index), place(node.place)),
  AddProjection: (node) =>
    words('ADD PROJECTION', ifNotExists(node), print(node.projection), place(node.place)),
  AddConstraint: (node) => words('ADD CONSTRAINT', ifNotExists(node), print(node.constraint)),
  AlterStatistics: (node) =>
    words(
      node.action,
      'STATISTICS',
      ifExists(node),
      ifNotExists(node),
      node.all ? 'ALL' : names(node.columns),
      node.types && `TYPE ${node.types.map(callOrName).join(', ')}`,
    ),
  AlterNamed: (node) =>
    words(
      node.action,
      node.object,
      ifExists(node),
      printName(node.name),
      inPartition(node.partition),
    ),
  ModifyOrderBy: (node) => `MODIFY ORDER BY ${sortingKey(node.orderBy)}`,
  ModifySampleBy: (node) => `MODIFY SAMPLE BY ${plain(node.sampleBy)}`,
  RemoveSampleBy: () => 'REMOVE SAMPLE BY',
  ModifyTtl: (node) => `MODIFY TTL ${node.ttl.map(print).join(', ')}`,
  RemoveTtl: () => 'REMOVE TTL',
  MaterializeTtl: (node) => words('MATERIALIZE TTL', inPartition(node.partition)),
  ModifySetting: (node) => `MODIFY SETTING ${settings(node.settings)}`,
  ResetSetting: (node) => `RESET SETTING ${node.names.map((n) => bareName(n)).join(', ')}`,
  ModifyQuery: (node) => `MODIFY QUERY ${print(node.query)}`,
  ModifyRefresh: (node) => `MODIFY ${print(node.refresh)}`,
  ModifySecurity: (node) =>
    words(
      'MODIFY',
      node.definer !== undefined && `DEFINER = ${bareName(node.definer)}`,
      after('SQL SECURITY', node.security),
    ),
  ModifyComment: (node) => `MODIFY COMMENT ${quoteString(node.comment)}`,
  UpdateRows: (node) =>
    words(
      `UPDATE ${node.assignments.map(print).join(', ')}`,
      inPartition(node.partition),
      plainOf('WHERE', node.where),
    ),
  DeleteRows: (node) => words('DELETE', inPartition(node.partition), plainOf('WHERE', node.where)),
  AlterPartition: printPartitionCommand,
  ApplyMask: (node) => words('APPLY', node.what, inPartition(node.partition)),
  RewriteParts: (node) => words('REWRITE PARTS', inPartition(node.partition)),
  Refresh: (node) => {
    const period = (parts: readonly Expression[] | undefined): string | undefined =>
      parts?.map((part) => print(part).replace(/^INTERVAL /, '')).join(' ');
    return words(
      'REFRESH',
      node.schedule,
      period(node.period),
      after('OFFSET', period(node.offset)),
      after('RANDOMIZE FOR', period(node.randomize)),
      node.dependsOn && `DEPENDS ON ${node.dependsOn.map(printTableName).join(', ')}`,
      settingsClause(node.settings),
      node.append && 'APPEND',
    );
  },
} satisfies Partial<Visitor<string>>;
