// ALTER TABLE and ALTER DATABASE.
import type {
  AlterCommand,
  AlterDatabase,
  AlterPartition,
  AlterTable,
  ColumnPlace,
  Name,
  Statement,
} from '../ast/index.ts';
import { Word } from '../lexer.ts';
import { parseAccessAlter } from './access/index.ts';
import { parseRefresh, parseSecurity } from './create-view.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './expression.ts';
import { parseQuery } from './query.ts';
import {
  parseAssignments,
  parseColumn,
  parseConstraint,
  parseIndex,
  parseInPartition,
  parsePartition,
  parseProjection,
  parseSortingKey,
  parseTtl,
} from './table.ts';
import { parseType } from './type.ts';
import { parseSettingsList } from './window.ts';

/** At ALTER. */
export function parseAlter(p: Cursor): Statement {
  const start = p.start();
  p.expect('ALTER');
  const temporary = p.value === 'TEMPORARY' && p.accept('TEMPORARY');
  if (p.accept('TABLE')) return parseAlterTable(p, start, temporary);
  if (p.accept('DATABASE')) return parseAlterDatabase(p, start);
  return parseAccessAlter(p, start) ?? p.fail('TABLE');
}

function parseAlterDatabase(p: Cursor, start: number): AlterDatabase {
  const node: AlterDatabase = {
    kind: 'AlterDatabase',
    name: p.name('database name'),
    cluster: p.onCluster(),
    span: { start, end: start },
  };
  if (p.acceptAll('MODIFY', 'COMMENT')) node.comment = p.string();
  else {
    p.expectAll('MODIFY', 'SETTING');
    node.settings = parseSettingsList(p);
  }
  node.span = p.span(start);
  return node;
}

function parseAlterTable(p: Cursor, start: number, temporary: boolean): AlterTable {
  const ifExists = p.ifExists();
  const name = p.tableName();
  const cluster = p.onCluster();
  const commands = [parseClosedCommand(p)];
  while (p.accept(',')) commands.push(parseClosedCommand(p));
  return {
    kind: 'AlterTable',
    temporary,
    ifExists,
    name,
    cluster,
    commands,
    span: p.span(start),
  };
}

/** A command may stand in parentheses. */
function parseClosedCommand(p: Cursor): AlterCommand {
  if (p.value !== '(') return parseCommand(p);
  p.next();
  const command = parseCommand(p);
  p.expect(')');
  return command;
}

type Parse = (p: Cursor, start: number) => AlterCommand;

function parseCommand(p: Cursor): AlterCommand {
  const start = p.start();
  const parse = commands.get(p.value);
  if (parse === undefined) {
    if (p.trace !== undefined) for (const word of commands.keys()) p.note(word);
    return p.fail();
  }
  p.next();
  const command = parse(p, start);
  command.span = p.span(start);
  return command;
}

const span = (start: number) => ({ start, end: start });

function parsePlace(p: Cursor): ColumnPlace | undefined {
  if (p.accept('FIRST')) return { first: true };
  return p.accept('AFTER') ? { after: p.dottedName() } : undefined;
}

const parseAdd: Parse = (p, start) => {
  if (p.accept('COLUMN')) {
    const ifNotExists = p.ifNotExists();
    const column = parseColumn(p);
    return { kind: 'AddColumn', ifNotExists, column, place: parsePlace(p), span: span(start) };
  }
  if (p.accept('INDEX')) {
    const ifNotExists = p.ifNotExists();
    const index = parseIndex(p, p.start());
    return { kind: 'AddIndex', ifNotExists, index, place: parsePlace(p), span: span(start) };
  }
  if (p.accept('PROJECTION')) {
    const ifNotExists = p.ifNotExists();
    const projection = parseProjection(p, p.start());
    return {
      kind: 'AddProjection',
      ifNotExists,
      projection,
      place: parsePlace(p),
      span: span(start),
    };
  }
  if (p.accept('CONSTRAINT')) {
    const ifNotExists = p.ifNotExists();
    const constraint = parseConstraint(p, p.start());
    if (constraint.kind !== 'ConstraintDefinition') return p.fail('CHECK');
    return { kind: 'AddConstraint', ifNotExists, constraint, span: span(start) };
  }
  if (p.accept('STATISTICS')) return parseStatistics(p, start, 'ADD');
  return p.fail('COLUMN');
};

type StatisticsAction = (AlterCommand & { kind: 'AlterStatistics' })['action'];

function parseStatistics(p: Cursor, start: number, action: StatisticsAction): AlterCommand {
  const ifNotExists = action === 'ADD' && p.ifNotExists();
  const ifExists = action !== 'ADD' && p.ifExists();
  const all = action !== 'ADD' && action !== 'MODIFY' && p.accept('ALL');
  const columns = all ? [] : p.list(() => p.dottedName());
  const types = p.accept('TYPE') ? p.list(() => parseCodecItem(p)) : undefined;
  return {
    kind: 'AlterStatistics',
    action,
    ifExists,
    ifNotExists,
    all,
    columns,
    types,
    span: span(start),
  };
}

function parseCodecItem(p: Cursor) {
  const name = p.name('statistics type');
  return {
    kind: 'Function' as const,
    name: name.name,
    nameSpan: name.span,
    args: [],
    distinct: false,
    span: name.span,
  };
}

type NamedAction = (AlterCommand & { kind: 'AlterNamed' })['action'];
type NamedObject = (AlterCommand & { kind: 'AlterNamed' })['object'];

function parseNamed(
  p: Cursor,
  start: number,
  action: NamedAction,
  object: NamedObject,
): AlterCommand {
  const ifExists = p.ifExists();
  const name = p.dottedName();
  const partition = action === 'DROP' ? undefined : parseInPartition(p);
  return { kind: 'AlterNamed', action, object, ifExists, name, partition, span: span(start) };
}

const parseDrop: Parse = (p, start) => {
  if (p.accept('COLUMN')) {
    const ifExists = p.ifExists();
    return { kind: 'DropColumn', ifExists, name: p.dottedName(), span: span(start) };
  }
  for (const object of ['INDEX', 'PROJECTION', 'CONSTRAINT'] as const) {
    if (p.accept(object)) return parseNamed(p, start, 'DROP', object);
  }
  if (p.accept('STATISTICS')) return parseStatistics(p, start, 'DROP');
  if (p.accept('DETACHED')) return parsePartitionCommand(p, start, 'DROP DETACHED');
  if (p.is('PARTITION') || p.is('PART')) return parsePartitionCommand(p, start, 'DROP');
  return p.fail('COLUMN');
};

const parseClear: Parse = (p, start) => {
  if (p.accept('COLUMN')) {
    const ifExists = p.ifExists();
    const name = p.dottedName();
    return {
      kind: 'ClearColumn',
      ifExists,
      name,
      partition: parseInPartition(p),
      span: span(start),
    };
  }
  if (p.accept('STATISTICS')) return parseStatistics(p, start, 'CLEAR');
  return parseNamed(p, start, 'CLEAR', p.expectOne('INDEX', 'PROJECTION'));
};

const parseMaterialize: Parse = (p, start) => {
  if (p.accept('COLUMN')) {
    const ifExists = p.ifExists();
    const name = p.dottedName();
    const partition = parseInPartition(p);
    return { kind: 'MaterializeColumn', ifExists, name, partition, span: span(start) };
  }
  if (p.accept('TTL')) {
    return { kind: 'MaterializeTtl', partition: parseInPartition(p), span: span(start) };
  }
  if (p.accept('STATISTICS')) return parseStatistics(p, start, 'MATERIALIZE');
  return parseNamed(p, start, 'MATERIALIZE', p.expectOne('INDEX', 'PROJECTION'));
};

const parseModify: Parse = (p, start) => {
  if (p.accept('COLUMN')) return parseModifyColumn(p, start, false);
  if (p.acceptAll('ORDER', 'BY')) {
    return { kind: 'ModifyOrderBy', orderBy: parseSortingKey(p), span: span(start) };
  }
  if (p.acceptAll('SAMPLE', 'BY')) {
    return { kind: 'ModifySampleBy', sampleBy: parseExpression(p, 0), span: span(start) };
  }
  if (p.accept('TTL')) return { kind: 'ModifyTtl', ttl: parseTtl(p), span: span(start) };
  if (p.accept('SETTING') || p.accept('SETTINGS')) {
    return { kind: 'ModifySetting', settings: parseSettingsList(p), span: span(start) };
  }
  if (p.accept('QUERY')) return { kind: 'ModifyQuery', query: parseQuery(p), span: span(start) };
  if (p.is('REFRESH')) {
    return { kind: 'ModifyRefresh', refresh: parseRefresh(p), span: span(start) };
  }
  if (p.accept('COMMENT')) {
    return { kind: 'ModifyComment', comment: p.string(), span: span(start) };
  }
  if (p.accept('STATISTICS')) return parseStatistics(p, start, 'MODIFY');
  const security: { definer?: string; security?: 'DEFINER' | 'INVOKER' | 'NONE' } = {};
  while (parseSecurity(p, security));
  if (security.definer !== undefined || security.security !== undefined) {
    return { kind: 'ModifySecurity', ...security, span: span(start) };
  }
  return p.fail('COLUMN');
};

const removable = [
  'DEFAULT',
  'MATERIALIZED',
  'ALIAS',
  'EPHEMERAL',
  'COMMENT',
  'CODEC',
  'TTL',
  'SETTINGS',
] as const;

/** What may follow ALTER COLUMN c beside TYPE. */
const alterWords = new Set<string>([
  ...removable,
  ...['REMOVE', 'MODIFY', 'RESET', 'FIRST', 'AFTER', 'NULL', 'NOT'],
]);

/** MODIFY COLUMN, and ALTER COLUMN [TYPE] of standard SQL. */
function parseModifyColumn(p: Cursor, start: number, alter: boolean): AlterCommand {
  const ifExists = p.ifExists();
  const at = p.start();
  if (alter) {
    const probe = p.index;
    const name = p.dottedName();
    if (p.value !== 'TYPE' && p.kind === Word && !alterWords.has(p.value)) p.fail('TYPE');
    if (p.accept('TYPE')) {
      const type = parseType(p);
      const column = {
        kind: 'ColumnDefinition' as const,
        name,
        type,
        primaryKey: false,
        span: p.span(at),
      };
      return { kind: 'ModifyColumn', ifExists, column, place: parsePlace(p), span: span(start) };
    }
    p.seek(probe);
  }
  const column = parseColumn(p, false);
  const node: AlterCommand & { kind: 'ModifyColumn' } = {
    kind: 'ModifyColumn',
    ifExists,
    column,
    span: span(start),
  };
  const bare = column.type === undefined && column.default === undefined;
  if (!bare && ['REMOVE', 'RESET'].includes(p.value)) p.failWith(`${p.value} stands alone`);
  if (p.accept('REMOVE')) node.remove = p.expectOne(...removable);
  else if (p.acceptAll('MODIFY', 'SETTING')) node.modifySettings = parseSettingsList(p);
  else if (p.acceptAll('RESET', 'SETTING')) node.resetSettings = p.list(() => p.dottedName().name);
  node.place = parsePlace(p);
  return node;
}

const parseRemove: Parse = (p, start) => {
  if (p.accept('TTL')) return { kind: 'RemoveTtl', span: span(start) };
  p.expectAll('SAMPLE', 'BY');
  return { kind: 'RemoveSampleBy', span: span(start) };
};

const parseUpdate: Parse = (p, start) => {
  const assignments = parseAssignments(p);
  const partition = parseInPartition(p);
  p.expect('WHERE');
  return {
    kind: 'UpdateRows',
    assignments,
    partition,
    where: parseExpression(p, 0),
    span: span(start),
  };
};

const parseDelete: Parse = (p, start) => {
  const partition = parseInPartition(p);
  p.expect('WHERE');
  return { kind: 'DeleteRows', partition, where: parseExpression(p, 0), span: span(start) };
};

const parseRename: Parse = (p, start) => {
  p.expect('COLUMN');
  const ifExists = p.ifExists();
  const name = p.dottedName();
  p.expect('TO');
  return { kind: 'RenameColumn', ifExists, name, to: p.dottedName(), span: span(start) };
};

const parseComment: Parse = (p, start) => {
  p.expect('COLUMN');
  const ifExists = p.ifExists();
  const name: Name = p.dottedName();
  return { kind: 'CommentColumn', ifExists, name, comment: p.string(), span: span(start) };
};

function parsePartitionCommand(
  p: Cursor,
  start: number,
  action: AlterPartition['action'],
): AlterPartition {
  return { kind: 'AlterPartition', action, partition: parsePartition(p), span: span(start) };
}

const parseAttach: Parse = (p, start) => {
  const node = parsePartitionCommand(p, start, 'ATTACH');
  if (p.accept('FROM')) {
    node.action = 'ATTACH FROM';
    node.table = p.tableName();
  }
  return node;
};

const parseMove: Parse = (p, start) => {
  const node = parsePartitionCommand(p, start, 'MOVE TO TABLE');
  p.expect('TO');
  const place = p.expectOne('TABLE', 'DISK', 'VOLUME');
  node.action = `MOVE TO ${place}`;
  if (place === 'TABLE') node.table = p.tableName();
  else node.target = p.string();
  return node;
};

const parseReplace: Parse = (p, start) => {
  const node = parsePartitionCommand(p, start, 'REPLACE FROM');
  p.expect('FROM');
  node.table = p.tableName();
  return node;
};

const parseFetch: Parse = (p, start) => {
  const node = parsePartitionCommand(p, start, 'FETCH');
  p.expect('FROM');
  node.target = p.string();
  return node;
};

const parseFreeze =
  (action: 'FREEZE' | 'UNFREEZE'): Parse =>
  (p, start) => {
    const whole = !p.is('PARTITION') && !p.is('PART');
    const partition = whole ? undefined : parsePartition(p);
    const target = p.acceptAll('WITH', 'NAME') ? p.string() : undefined;
    return { kind: 'AlterPartition', action, partition, target, span: span(start) };
  };

const parseApply: Parse = (p, start) => {
  const what = p.acceptAll('DELETED', 'MASK') ? 'DELETED MASK' : p.expectOne('PATCHES');
  return { kind: 'ApplyMask', what, partition: parseInPartition(p), span: span(start) };
};

const parseExport: Parse = (p, start) => {
  const node = parsePartitionCommand(p, start, 'EXPORT TO TABLE');
  p.expectAll('TO', 'TABLE');
  node.table = p.tableName();
  return node;
};

const commands: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ['ADD', parseAdd],
  ['DROP', parseDrop],
  ['CLEAR', parseClear],
  ['MODIFY', parseModify],
  [
    'ALTER',
    (p, start) => {
      p.expect('COLUMN');
      return parseModifyColumn(p, start, true);
    },
  ],
  ['RENAME', parseRename],
  ['COMMENT', parseComment],
  ['MATERIALIZE', parseMaterialize],
  ['UPDATE', parseUpdate],
  ['DELETE', parseDelete],
  ['REMOVE', parseRemove],
  [
    'RESET',
    (p, start) => {
      p.expectOne('SETTING', 'SETTINGS');
      return { kind: 'ResetSetting', names: p.list(() => p.dottedName().name), span: span(start) };
    },
  ],
  ['DETACH', (p, start) => parsePartitionCommand(p, start, 'DETACH')],
  ['FORGET', (p, start) => parsePartitionCommand(p, start, 'FORGET')],
  ['ATTACH', parseAttach],
  ['MOVE', parseMove],
  ['REPLACE', parseReplace],
  ['FETCH', parseFetch],
  ['FREEZE', parseFreeze('FREEZE')],
  ['UNFREEZE', parseFreeze('UNFREEZE')],
  ['APPLY', parseApply],
  ['EXPORT', parseExport],
  [
    'REWRITE',
    (p, start) => {
      p.expect('PARTS');
      return { kind: 'RewriteParts', partition: parseInPartition(p), span: span(start) };
    },
  ],
]);
