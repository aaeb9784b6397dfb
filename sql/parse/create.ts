// CREATE, ATTACH and REPLACE of tables, views, databases, functions, indexes, dictionaries.
import type {
  CreateDatabase,
  CreateFunction,
  CreateIndex,
  CreateTable,
  Expression,
  Statement,
} from '../ast/index.ts';
import { Quoted, Text, Word } from '../lexer.ts';
import { parseAccessCreate } from './access/index.ts';
import { parseCreateView } from './create-view.ts';
import type { Cursor } from './cursor.ts';
import { parseCreateDictionary } from './dictionary.ts';
import { parseExpression } from './expression.ts';
import { parseCall } from './operand.ts';
import { parseQuery } from './query.ts';
import { startsQuery } from './select.ts';
import { parseCallOrName } from './table/call-or-name.ts';
import { parseElements, parseIndexRest } from './table/elements.ts';
import { parseSortingKey } from './table/key.ts';
import { parseStorage } from './table/storage.ts';
import { parseSettingsList } from './window.ts';

export type Mode = CreateTable['mode'];

/** At CREATE, ATTACH or REPLACE. */
export function parseCreate(p: Cursor): Statement {
  const start = p.start();
  const word = p.value as 'CREATE' | 'ATTACH' | 'REPLACE';
  p.next();
  let mode: Mode = word;
  if (word === 'CREATE' && p.acceptAll('OR', 'REPLACE')) mode = 'CREATE OR REPLACE';
  const temporary = p.accept('TEMPORARY');
  if (p.accept('TABLE')) return parseCreateTable(p, start, mode, temporary);
  if (p.accept('VIEW')) return parseCreateView(p, start, mode, 'VIEW', temporary);
  if (temporary) p.fail('TABLE');
  for (const type of ['MATERIALIZED', 'WINDOW'] as const) {
    if (p.acceptAll(type, 'VIEW')) return parseCreateView(p, start, mode, type, false);
  }
  if (p.accept('DATABASE') || p.accept('SCHEMA')) return parseCreateDatabase(p, start, mode);
  if (p.accept('DICTIONARY')) return parseCreateDictionary(p, start, mode);
  if (word === 'CREATE') {
    if (p.accept('FUNCTION')) return parseCreateFunction(p, start, mode);
    if (p.acceptAll('UNIQUE', 'INDEX')) return parseCreateIndex(p, start, true);
    if (p.accept('INDEX')) return parseCreateIndex(p, start, false);
    const access = parseAccessCreate(p, start, mode as 'CREATE' | 'CREATE OR REPLACE');
    if (access !== undefined) return access;
  }
  return p.fail('TABLE');
}

export function acceptUuid(p: Cursor): string | undefined {
  return p.value === 'UUID' && p.peekKind(1) === Text && p.accept('UUID') ? p.string() : undefined;
}

function parseCreateTable(p: Cursor, start: number, mode: Mode, temporary: boolean): CreateTable {
  const ifNotExists = p.ifNotExists();
  const node: CreateTable = {
    kind: 'CreateTable',
    mode,
    temporary,
    ifNotExists,
    name: p.tableName(),
    uuid: acceptUuid(p),
    empty: false,
    clone: false,
    span: { start, end: start },
  };
  if (p.value === 'FROM' && p.peekKind(1) === Text) {
    p.next();
    node.fromPath = p.string();
  }
  node.cluster = p.onCluster();
  parseTableBody(p, node);
  node.span = p.span(start);
  return node;
}

function parseTableBody(p: Cursor, node: CreateTable): void {
  if (p.value === '(' && !startsQuery(p, 1)) {
    const { elements, primaryKey } = parseElements(p);
    node.elements = elements;
    node.primaryKey = primaryKey;
  } else p.note('(');
  parseTableSource(p, node);
  parseTableStorage(p, node);
  parseTableSource(p, node);
  // CREATE TABLE a AS b ENGINE = …; COMMENT may stand on either side.
  parseTableStorage(p, node);
  const nothing =
    node.elements === undefined &&
    node.query === undefined &&
    node.asTable === undefined &&
    node.asFunction === undefined;
  if (nothing && node.mode !== 'ATTACH' && node.storage === undefined) p.fail('(');
}

/** Clauses that stand once, before or behind what the table is made of. */
const storageClauses = [
  'engine',
  'partitionBy',
  'orderBy',
  'primaryKey',
  'sampleBy',
  'ttl',
] as const;

function parseTableStorage(p: Cursor, node: CreateTable): void {
  const before = node.storage;
  const storage = parseStorage(p);
  if (before && storage && storageClauses.some((clause) => before[clause] && storage[clause]))
    p.fail('AS');
  if (storage !== undefined)
    node.storage = before === undefined ? storage : { ...before, ...storage };
  if (p.accept('COMMENT')) node.comment = p.string();
  if (node.storage === undefined) {
    const late = parseStorage(p);
    if (late !== undefined) node.storage = late;
  }
}

/** `[EMPTY] AS SELECT …`, `[CLONE] AS t`, `CLONE OF t`, `AS f(…)`. */
function parseTableSource(p: Cursor, node: CreateTable): void {
  if (node.query !== undefined || node.asTable !== undefined || node.asFunction !== undefined)
    return;
  if (p.acceptAll('CLONE', 'OF')) {
    node.clone = true;
    node.asTable = p.tableName();
    return;
  }
  if (p.value === '(' && startsQuery(p, 1)) {
    node.query = parseQuery(p);
    return;
  }
  const empty = p.acceptAll('EMPTY', 'AS');
  const clone = !empty && p.acceptAll('CLONE', 'AS');
  if (!empty && !clone && !p.accept('AS')) {
    // CREATE TABLE t ENGINE = … SELECT …, as MySQL writes it.
    if (p.value === 'SELECT') node.query = parseQuery(p);
    return;
  }
  node.clone = clone;
  if (!clone && (startsQuery(p) || p.value === '(')) {
    node.empty = empty;
    node.query = parseQuery(p);
  } else if (!clone && (p.kind === Word || p.kind === Quoted) && p.peek(1) === '(') {
    node.asFunction = parseCall(p);
  } else node.asTable = p.tableName();
}

function parseCreateDatabase(p: Cursor, start: number, mode: Mode): CreateDatabase {
  const node: CreateDatabase = {
    kind: 'CreateDatabase',
    mode: mode === 'ATTACH' ? 'ATTACH' : 'CREATE',
    ifNotExists: p.ifNotExists(),
    name: p.name('database name'),
    uuid: acceptUuid(p),
    cluster: p.onCluster(),
    span: { start, end: start },
  };
  if (p.accept('ENGINE')) {
    p.accept('=');
    node.engine = parseCallOrName(p, 'database engine');
  }
  if (p.accept('COMMENT')) node.comment = p.string();
  if (p.accept('SETTINGS')) node.settings = parseSettingsList(p);
  if (p.accept('COMMENT')) node.comment = p.string();
  node.span = p.span(start);
  return node;
}

function parseCreateFunction(p: Cursor, start: number, mode: Mode): CreateFunction {
  const ifNotExists = p.ifNotExists();
  const name = p.name('function name');
  const cluster = p.onCluster();
  p.expect('AS');
  const lambda = parseExpression(p, 0);
  return {
    kind: 'CreateFunction',
    orReplace: mode === 'CREATE OR REPLACE',
    ifNotExists,
    name,
    cluster,
    lambda,
    span: p.span(start),
  };
}

function parseCreateIndex(p: Cursor, start: number, unique: boolean): CreateIndex {
  const ifNotExists = p.ifNotExists();
  const at = p.start();
  const name = p.name('index name');
  p.expect('ON');
  const table = p.tableName();
  const cluster = p.onCluster();
  const expr = parseIndexKey(p);
  const index = parseIndexRest(p, at, name, expr);
  return {
    kind: 'CreateIndex',
    unique,
    ifNotExists,
    table,
    cluster,
    index,
    span: p.span(start),
  };
}

/** The directions that other databases allow here have no meaning. */
function parseIndexKey(p: Cursor): Expression {
  const start = p.start();
  const items = parseSortingKey(p).map((item) => item.expr);
  const only = items[0];
  return items.length === 1 && only !== undefined
    ? only
    : { kind: 'Tuple', items, span: p.span(start) };
}
