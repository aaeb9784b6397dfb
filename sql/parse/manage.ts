// Statements that manage: DROP and its kin, RENAME, OPTIMIZE, CHECK, KILL, SYSTEM, DELETE, UPDATE,
// transactions.
import type {
  Check,
  Delete,
  Drop,
  Expression,
  Kill,
  Literal,
  Name,
  ObjectType,
  Optimize,
  Rename,
  Statement,
  System,
  TableName,
  Transaction,
  Update,
  Vacuum,
} from '../ast/index.ts';
import { Quoted, Text, Word } from '../lexer.ts';
import { parsePrivileges } from './access/grant.ts';
import { parseDropAccess } from './access/index.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression, parseExpressionList } from './expression.ts';
import { parseAssignments } from './table/assignment.ts';
import { parseKey } from './table/key.ts';
import { parseInPartition, parsePartition } from './table/partition.ts';
import { parseSettingsList } from './window.ts';

/** A database, function or other single name in the shape of a table's. */
function single(p: Cursor, expected: string): TableName {
  const table = p.name(expected);
  return { kind: 'TableName', table, span: table.span };
}

function acceptSettings(p: Cursor) {
  return p.accept('SETTINGS') ? parseSettingsList(p) : undefined;
}

/** At DROP, DETACH, TRUNCATE or UNDROP. */
export function parseDrop(p: Cursor): Statement {
  const start = p.start();
  const action = p.expectOne('DROP', 'DETACH', 'TRUNCATE', 'UNDROP');
  const node: Drop = {
    kind: 'Drop',
    action,
    object: 'TABLE',
    temporary: false,
    ifExists: false,
    ifEmpty: false,
    names: [],
    permanently: false,
    sync: false,
    allTables: false,
    span: { start, end: start },
  };
  if (action === 'TRUNCATE' && parseTruncateAll(p, node)) return node;
  node.temporary = p.value === 'TEMPORARY' && p.accept('TEMPORARY');
  const object = acceptObjectType(p, action);
  if (object === undefined) {
    if (action === 'DROP') {
      const access = parseDropAccess(p, start);
      if (access !== undefined) return access;
    }
    if (action !== 'TRUNCATE') p.fail('TABLE');
  } else node.object = object;
  parseDropNames(p, node);
  node.span = p.span(start);
  return node;
}

function acceptObjectType(p: Cursor, action: Drop['action']): ObjectType | undefined {
  if (action === 'TRUNCATE' && p.peekKind(1) !== Word && p.peekKind(1) !== Quoted) return undefined;
  if (p.accept('SCHEMA')) return 'DATABASE';
  return p.acceptOne('TABLE', 'VIEW', 'DICTIONARY', 'DATABASE', 'FUNCTION', 'INDEX');
}

/** TRUNCATE ALL TABLES FROM db, TRUNCATE TABLES FROM db LIKE 'x'. */
function parseTruncateAll(p: Cursor, node: Drop): boolean {
  if (!p.acceptAll('ALL', 'TABLES') && !p.acceptAll('TABLES', 'FROM')) return false;
  p.accept('FROM');
  node.allTables = true;
  node.object = 'DATABASE';
  node.ifExists = p.ifExists();
  node.names = [single(p, 'database name')];
  const negated = p.accept('NOT');
  const like = p.acceptOne('LIKE', 'ILIKE');
  if (like !== undefined) {
    node.like = { pattern: p.string(), negated, caseInsensitive: like === 'ILIKE' };
  } else if (negated) p.fail('LIKE');
  node.cluster = p.onCluster();
  node.span = p.span(node.span.start);
  return true;
}

function parseDropNames(p: Cursor, node: Drop): void {
  node.ifExists = p.ifExists();
  if (!node.ifExists) node.ifEmpty = p.acceptAll('IF', 'EMPTY');
  const { object } = node;
  if (object === 'DATABASE' || object === 'FUNCTION') node.names = [single(p, 'name')];
  else if (object === 'INDEX') {
    node.names = [single(p, 'index')];
    p.expect('ON');
    node.on = p.tableName();
  } else if (node.action === 'DROP') node.names = p.list(() => p.tableName());
  else node.names = [p.tableName()];
  if (node.action === 'UNDROP' && p.accept('UUID')) node.uuid = p.string();
  for (;;) {
    if (node.cluster === undefined && p.acceptAll('ON', 'CLUSTER')) {
      node.cluster = p.nameOrString('cluster name').name;
    } else if (p.accept('PERMANENTLY')) node.permanently = true;
    else if (p.accept('SYNC') || p.acceptAll('NO', 'DELAY')) node.sync = true;
    else if (p.accept('SETTINGS')) node.settings = parseSettingsList(p);
    else break;
  }
}

/** At RENAME or EXCHANGE. */
export function parseRename(p: Cursor): Rename {
  const start = p.start();
  const action = p.expectOne('RENAME', 'EXCHANGE');
  const plural = { TABLES: 'TABLE', DICTIONARIES: 'DICTIONARY' } as const;
  const bare = p.isName() && (p.peek(1) === '.' || p.peek(1) === 'TO' || p.value === '{');
  const word = bare
    ? 'TABLE'
    : p.expectOne('TABLE', 'TABLES', 'DATABASE', 'DICTIONARY', 'DICTIONARIES');
  const object = word === 'TABLES' || word === 'DICTIONARIES' ? plural[word] : word;
  const ifExists = p.ifExists();
  const pairs = p.list(() => {
    const from = p.tableName();
    p.expect(action === 'RENAME' ? 'TO' : 'AND');
    return { from, to: p.tableName() };
  });
  const cluster = p.onCluster();
  return { kind: 'Rename', action, object, ifExists, pairs, cluster, span: p.span(start) };
}

/** At OPTIMIZE. */
export function parseOptimize(p: Cursor): Optimize {
  const start = p.start();
  p.expect('OPTIMIZE');
  // Databricks writes OPTIMIZE t.
  if (!p.accept('TABLE') && p.peek(1) !== 'ZORDER') p.fail('TABLE');
  const node: Optimize = {
    kind: 'Optimize',
    table: p.tableName(),
    cluster: p.onCluster(),
    dryRun: false,
    final: false,
    cleanup: false,
    span: { start, end: start },
  };
  if (p.is('PARTITION')) node.partition = parsePartition(p);
  for (;;) {
    if (p.accept('FINAL') || p.accept('FORCE')) node.final = true;
    else if (p.acceptAll('DRY', 'RUN')) node.dryRun = true;
    else if (p.accept('CLEANUP')) node.cleanup = true;
    else if (p.accept('DEDUPLICATE')) {
      node.deduplicate = p.accept('BY') ? parseExpressionList(p) : [];
    } else if (p.acceptAll('ZORDER', 'BY')) node.zorderBy = parseKey(p);
    else if (p.accept('SETTINGS')) node.settings = parseSettingsList(p);
    else break;
  }
  node.span = p.span(start);
  return node;
}

/** At CHECK. */
export function parseCheck(p: Cursor): Check {
  const start = p.start();
  p.expect('CHECK');
  const node: Check = { kind: 'Check', object: 'TABLE', span: { start, end: start } };
  if (p.acceptAll('ALL', 'TABLES')) node.object = 'ALL TABLES';
  else if (p.accept('GRANT')) {
    node.object = 'GRANT';
    node.privileges = parsePrivileges(p);
  } else {
    node.object = p.expectOne('TABLE', 'DATABASE', 'ROLLUP');
    node.name = p.tableName();
    if (p.is('PARTITION') || p.is('PART')) node.partition = parsePartition(p);
  }
  node.settings = acceptSettings(p);
  node.span = p.span(start);
  return node;
}

/** At VACUUM. */
export function parseVacuum(p: Cursor): Vacuum {
  const start = p.start();
  p.expect('VACUUM');
  p.accept('TABLE');
  const table = p.tableName();
  let retain: Expression | undefined;
  if (p.accept('RETAIN')) {
    const at = p.start();
    const value = p.literal() ?? p.fail('number');
    p.expectOne('HOURS', 'HOUR');
    retain = { kind: 'Interval', value, unit: 'HOUR', span: p.span(at) };
  }
  const dryRun = p.acceptAll('DRY', 'RUN');
  return { kind: 'Vacuum', table, retain, dryRun, span: p.span(start) };
}

/** At DELETE. */
export function parseDelete(p: Cursor): Delete {
  const start = p.start();
  p.expectAll('DELETE', 'FROM');
  const table = p.tableName();
  const cluster = p.onCluster();
  const partition = parseInPartition(p);
  p.expect('WHERE');
  const where = parseExpression(p, 0);
  const settings = acceptSettings(p);
  return { kind: 'Delete', table, cluster, partition, where, settings, span: p.span(start) };
}

/** At UPDATE. */
export function parseUpdate(p: Cursor): Update {
  const start = p.start();
  p.expect('UPDATE');
  const table = p.tableName();
  const cluster = p.onCluster();
  p.expect('SET');
  const assignments = parseAssignments(p);
  const partition = parseInPartition(p);
  p.expect('WHERE');
  const where = parseExpression(p, 0);
  const settings = acceptSettings(p);
  return {
    kind: 'Update',
    table,
    cluster,
    assignments,
    partition,
    where,
    settings,
    span: p.span(start),
  };
}

/** At KILL. */
export function parseKill(p: Cursor): Kill {
  const start = p.start();
  p.expect('KILL');
  const object = p.expectOne('QUERY', 'MUTATION', 'PART_MOVE_TO_SHARD', 'TRANSACTION');
  const cluster = p.onCluster();
  p.expect('WHERE');
  const where = parseExpression(p, 0);
  const mode = p.acceptOne('SYNC', 'ASYNC', 'TEST') ?? 'ASYNC';
  return { kind: 'Kill', object, cluster, where, mode, span: p.span(start) };
}

/** At BEGIN, COMMIT, ROLLBACK, or SET TRANSACTION. */
export function parseTransaction(p: Cursor): Transaction {
  const start = p.start();
  if (p.accept('SET')) {
    p.expectAll('TRANSACTION', 'SNAPSHOT');
    const snapshot = p.literal() ?? p.fail('number');
    return { kind: 'Transaction', action: 'SNAPSHOT', snapshot, span: p.span(start) };
  }
  const action = p.expectOne('BEGIN', 'COMMIT', 'ROLLBACK');
  p.accept('TRANSACTION');
  return { kind: 'Transaction', action, span: p.span(start) };
}

/** Commands that may name a table, by their words; longer ones first. */
const tableCommands = [
  'START TTL MERGES',
  'STOP TTL MERGES',
  'START MERGES',
  'STOP MERGES',
  'START MOVES',
  'STOP MOVES',
  'START FETCHES',
  'STOP FETCHES',
  'START REPLICATED SENDS',
  'STOP REPLICATED SENDS',
  'START REPLICATION QUEUES',
  'STOP REPLICATION QUEUES',
  'START PULLING REPLICATION LOG',
  'STOP PULLING REPLICATION LOG',
  'START DISTRIBUTED SENDS',
  'STOP DISTRIBUTED SENDS',
  'START CLEANUP',
  'STOP CLEANUP',
  'START VIEWS',
  'STOP VIEWS',
  'START VIEW',
  'STOP VIEW',
  'START REPLICATED VIEW',
  'STOP REPLICATED VIEW',
  'REFRESH VIEW',
  'CANCEL VIEW',
  'WAIT VIEW',
  'TEST VIEW',
  'LOAD PRIMARY KEY',
  'UNLOAD PRIMARY KEY',
  'WAIT LOADING PARTS',
  'SYNC REPLICA',
  'RESTART REPLICAS',
  'RESTART REPLICA',
  'RESTORE REPLICA',
  'SYNC DATABASE REPLICA',
  'SYNC MERGES',
  'SYNC MUTATIONS',
  'FLUSH DISTRIBUTED',
  'FLUSH ASYNC INSERT QUEUE',
  'PREWARM MARK CACHE',
  'PREWARM PRIMARY INDEX CACHE',
  'RELOAD DICTIONARY',
  'SCHEDULE MERGE PARTS',
  'ADVISE ROLLUPS FOR',
  'REBUILD ROLLUP',
].map((text) => text.split(' '));

/** At SYSTEM. */
export function parseSystem(p: Cursor): System {
  const start = p.start();
  p.expect('SYSTEM');
  if (p.kind !== Word) p.fail('command');
  const node: System = { kind: 'System', command: '', args: [], span: { start, end: start } };
  const phrase = tableCommands.find((words) => words.every((word, i) => p.peek(i) === word));
  if (phrase !== undefined) {
    p.seek(p.index + phrase.length);
    node.command = phrase.join(' ');
    node.cluster = p.onCluster();
    if (p.isName() && p.value !== 'ON' && p.value !== 'SETTINGS') node.table = p.tableName();
  } else if (p.acceptAll('FLUSH', 'LOGS')) node.command = 'FLUSH LOGS';
  else {
    const words: string[] = [];
    while (p.kind === Word && p.value !== 'ON' && p.value !== 'SETTINGS' && p.value !== 'FORMAT') {
      words.push(p.tokenText().toUpperCase());
      p.next();
    }
    node.command = words.join(' ');
  }
  parseSystemRest(p, node);
  node.span = p.span(start);
  return node;
}

function parseSystemRest(p: Cursor, node: System): void {
  const arg = (): Name | Literal | undefined =>
    p.literal() ?? (p.kind === Word || p.kind === Quoted ? p.dottedName() : undefined);
  for (;;) {
    if (node.cluster === undefined && p.acceptAll('ON', 'CLUSTER')) {
      node.cluster = p.nameOrString('cluster name').name;
    } else if (p.accept('SETTINGS')) node.settings = parseSettingsList(p);
    else if (p.atEnd() || p.value === 'FORMAT') return;
    else if (p.kind === Text || p.kind === Word || p.kind === Quoted || p.isNumber()) {
      const value = arg();
      if (value === undefined) return;
      node.args.push(value);
    } else if (p.value !== ',' || node.args.length === 0) return;
    else p.next();
  }
}
