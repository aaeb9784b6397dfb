// MERGE INTO, BACKUP and RESTORE.
import type {
  Assignment,
  Backup,
  BackupItem,
  Expression,
  Merge,
  MergeWhen,
  Name,
  Partition,
  RestoreVersion,
  TableName,
} from '../ast/index.ts';
import { notAlias } from '../keywords.ts';
import { Quoted, Word } from '../lexer.ts';
import type { Cursor } from './cursor.ts';
import { additive, parseExpression, parseExpressionList } from './expression.ts';
import { parseTable } from './from.ts';
import { parseAssignments } from './table/assignment.ts';
import { parseCallOrName } from './table/call-or-name.ts';
import { parseSettingsList } from './window.ts';

/** At MERGE. */
export function parseMerge(p: Cursor): Merge {
  const start = p.start();
  p.expectAll('MERGE', 'INTO');
  const into = p.tableName();
  let alias: Name | undefined;
  if (p.accept('AS')) alias = p.name('alias');
  else if (p.kind === Quoted || (p.kind === Word && !notAlias.has(p.value))) alias = p.name();
  p.expect('USING');
  const using = parseTable(p);
  p.expect('ON');
  const on = parseExpression(p, 0);
  const whens: MergeWhen[] = [];
  if (!p.is('WHEN')) p.fail('WHEN');
  while (p.is('WHEN')) whens.push(parseWhen(p));
  const settings = p.accept('SETTINGS') ? parseSettingsList(p) : undefined;
  return { kind: 'Merge', into, alias, using, on, whens, settings, span: p.span(start) };
}

function parseWhen(p: Cursor): MergeWhen {
  const start = p.start();
  p.expect('WHEN');
  const matched = !p.accept('NOT');
  p.expect('MATCHED');
  let bySource = false;
  if (!matched && p.accept('BY')) bySource = p.expectOne('SOURCE', 'TARGET') === 'SOURCE';
  const condition = p.accept('AND') ? parseExpression(p, 0) : undefined;
  p.expect('THEN');
  const action = p.expectOne('UPDATE', 'DELETE', 'INSERT', 'DO');
  const node: MergeWhen = {
    kind: 'MergeWhen',
    matched,
    bySource,
    condition,
    action: action === 'DO' ? 'NOTHING' : action,
    all: false,
    span: { start, end: start },
  };
  if (action === 'DO') p.expect('NOTHING');
  else if (action === 'UPDATE') parseMergeUpdate(p, node);
  else if (action === 'INSERT') parseMergeInsert(p, node);
  node.span = p.span(start);
  return node;
}

function parseMergeUpdate(p: Cursor, node: MergeWhen): void {
  p.expect('SET');
  node.all = p.accept('*');
  if (!node.all) node.assignments = parseAssignments(p) satisfies Assignment[];
}

function parseMergeInsert(p: Cursor, node: MergeWhen): void {
  node.all = p.accept('*');
  if (node.all) return;
  if (p.accept('(')) {
    node.columns = p.list(() => p.dottedName());
    p.expect(')');
  }
  p.expect('VALUES');
  p.expect('(');
  node.values = parseExpressionList(p) satisfies Expression[];
  p.expect(')');
}

/** At BACKUP or RESTORE. */
export function parseBackup(p: Cursor): Backup | RestoreVersion {
  const start = p.start();
  const action = p.expectOne('BACKUP', 'RESTORE');
  if (action === 'RESTORE') {
    const version = parseRestoreVersion(p, start);
    if (version !== undefined) return version;
  }
  const items = p.list(() => parseItem(p));
  const cluster = p.onCluster();
  p.expect(action === 'BACKUP' ? 'TO' : 'FROM');
  const target = parseCallOrName(p, 'File');
  let settings: Backup['settings'];
  let mode: Backup['mode'];
  for (;;) {
    if (settings === undefined && p.accept('SETTINGS')) settings = parseSettingsList(p);
    else {
      const word = p.acceptOne('SYNC', 'ASYNC');
      if (word === undefined) break;
      mode = word;
    }
  }
  return { kind: 'Backup', action, items, cluster, target, settings, mode, span: p.span(start) };
}

/** `TABLE t TO VERSION AS OF n`; goes back when it is something else. */
function parseRestoreVersion(p: Cursor, start: number): RestoreVersion | undefined {
  const probe = p.index;
  if (p.value === 'TABLE') p.next();
  if (p.isName()) {
    const table = p.tableName();
    if (p.accept('TO')) {
      if (p.acceptAll('VERSION', 'AS', 'OF')) {
        const version = parseExpression(p, additive);
        return { kind: 'RestoreVersion', table, version, span: p.span(start) };
      }
      p.expectAll('TIMESTAMP', 'AS', 'OF');
      const timestamp = parseExpression(p, additive);
      return { kind: 'RestoreVersion', table, timestamp, span: p.span(start) };
    }
  }
  p.seek(probe);
  return undefined;
}

const objects = new Set(['TABLE', 'DATABASE', 'ALL', 'VIEW', 'DICTIONARY', 'TEMPORARY']);

function parseItem(p: Cursor): BackupItem {
  const start = p.start();
  const object: BackupItem['object'] = p.acceptAll('TEMPORARY', 'TABLE')
    ? 'TEMPORARY TABLE'
    : p.expectOne('TABLE', 'DATABASE', 'ALL', 'VIEW', 'DICTIONARY');
  const node: BackupItem = { kind: 'BackupItem', object, span: { start, end: start } };
  if (object !== 'ALL') {
    node.name = p.tableName();
    if (p.accept('AS')) node.as = p.tableName();
  }
  if (object === 'TABLE' && (p.accept('PARTITION') || p.accept('PARTITIONS'))) {
    node.partitions = [parsePartitionValue(p)];
    while (p.value === ',' && !objects.has(p.peek(1))) {
      p.next();
      node.partitions.push(parsePartitionValue(p));
    }
  }
  if (object === 'ALL' || object === 'DATABASE') {
    while (p.accept('EXCEPT')) {
      if (p.accept('TABLES') || p.accept('TABLE'))
        node.exceptTables = p.list((): TableName => p.tableName());
      else {
        p.expectOne('DATABASES', 'DATABASE');
        node.exceptDatabases = p.list(() => p.name('database name'));
      }
    }
  }
  node.span = p.span(start);
  return node;
}

function parsePartitionValue(p: Cursor): Partition {
  const start = p.start();
  if (p.value === 'ID' && p.peek(1) === '') {
    p.next();
    return { kind: 'Partition', type: 'ID', id: p.string(), span: p.span(start) };
  }
  const expr = parseExpression(p, 0);
  return { kind: 'Partition', type: 'EXPR', expr, span: p.span(start) };
}
