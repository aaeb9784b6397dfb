// CREATE, ATTACH and REPLACE of tables, views, databases, functions, indexes, dictionaries.
import type {
  CreateDatabase,
  CreateDictionary,
  CreateFunction,
  CreateIndex,
  CreateTable,
  CreateView,
  DictionaryAttribute,
  DictionaryCall,
  Expression,
  Refresh,
  Statement,
  Storage,
} from '../ast/index.ts';
import { Quoted, Text, Word } from '../lexer.ts';
import { unitBySpelling } from '../units.ts';
import { parseAccessCreate } from './access.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './expression.ts';
import { parseCall } from './operand.ts';
import { parseQuery, startsQuery } from './select.ts';
import {
  parseCallOrName,
  parseElements,
  parseIndexRest,
  parseSortingKey,
  parseStorage,
} from './table.ts';
import { parseType } from './type.ts';
import { parseSettingsList } from './window.ts';

type Mode = CreateTable['mode'];

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
  for (const type of ['MATERIALIZED', 'LIVE', 'WINDOW'] as const) {
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

function acceptUuid(p: Cursor): string | undefined {
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

function parseTableStorage(p: Cursor, node: CreateTable): void {
  const before = node.storage;
  const storage = parseStorage(p);
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

function parseCreateView(
  p: Cursor,
  start: number,
  mode: Mode,
  type: CreateView['type'],
  temporary: boolean,
): CreateView {
  if (mode === 'REPLACE') p.fail('TABLE');
  const node: CreateView = {
    kind: 'CreateView',
    mode: mode as CreateView['mode'],
    type,
    temporary,
    ifNotExists: p.ifNotExists(),
    name: p.tableName(),
    uuid: acceptUuid(p),
    cluster: p.onCluster(),
    populate: false,
    empty: false,
    query: undefined as never,
    span: { start, end: start },
  };
  parseViewHead(p, node);
  if (type === 'VIEW' && node.to !== undefined) {
    p.failWith('only a MATERIALIZED VIEW writes TO a table');
  }
  if (p.accept('COMMENT')) node.comment = p.string();
  p.expect('AS');
  node.query = parseQuery(p);
  if (p.accept('COMMENT')) node.comment = p.string();
  node.span = p.span(start);
  return node;
}

/** Everything between the name and AS, in any order. */
function parseViewHead(p: Cursor, node: CreateView): void {
  for (;;) {
    if (node.refresh === undefined && p.value === 'REFRESH') node.refresh = parseRefresh(p);
    else if (p.value === 'TO' && p.peek(1) === 'INNER' && p.acceptAll('TO', 'INNER', 'UUID'))
      p.string();
    else if (node.to === undefined && p.accept('TO')) node.to = p.tableName();
    else if (node.elements === undefined && p.value === '(') {
      const { elements, primaryKey } = parseElements(p, false);
      node.elements = elements;
      node.primaryKey = primaryKey;
    } else if (p.accept('POPULATE')) node.populate = true;
    else if (p.accept('EMPTY')) node.empty = true;
    else if (!parseSecurity(p, node)) {
      const storage: Storage | undefined = parseStorage(p);
      if (storage === undefined) break;
      node.storage = node.storage === undefined ? storage : { ...node.storage, ...storage };
    }
  }
  if (p.trace !== undefined) for (const word of ['TO', 'REFRESH', 'POPULATE', 'AS']) p.note(word);
}

/** `DEFINER = user SQL SECURITY DEFINER|INVOKER|NONE`. */
export function parseSecurity(
  p: Cursor,
  node: { definer?: string; security?: CreateView['security'] },
): boolean {
  if (p.value === 'DEFINER' && p.accept('DEFINER')) {
    p.accept('=');
    node.definer = p.nameOrString('user').name;
    return true;
  }
  if (p.value !== 'SQL' || !p.acceptAll('SQL', 'SECURITY')) return false;
  node.security = p.expectOne('DEFINER', 'INVOKER', 'NONE');
  return true;
}

/** At REFRESH. */
export function parseRefresh(p: Cursor): Refresh {
  const start = p.start();
  p.expect('REFRESH');
  const schedule = p.expectOne('EVERY', 'AFTER');
  const node: Refresh = {
    kind: 'Refresh',
    schedule,
    period: parsePeriod(p),
    append: false,
    span: { start, end: start },
  };
  if (p.accept('OFFSET')) node.offset = parsePeriod(p);
  if (p.acceptAll('RANDOMIZE', 'FOR')) node.randomize = parsePeriod(p);
  if (p.acceptAll('DEPENDS', 'ON')) node.dependsOn = p.list(() => p.tableName());
  if (p.accept('SETTINGS')) node.settings = parseSettingsList(p);
  node.append = p.accept('APPEND');
  node.span = p.span(start);
  return node;
}

/** `1 HOUR 30 MINUTE`, with or without INTERVAL. */
function parsePeriod(p: Cursor): Expression[] {
  const parts: Expression[] = [];
  do {
    const start = p.start();
    p.accept('INTERVAL');
    const value = p.literal();
    if (value === undefined) return p.fail('number');
    const unit = unitBySpelling.get(p.value);
    if (unit === undefined) return p.fail('MINUTE');
    p.next();
    parts.push({ kind: 'Interval', value, unit, span: p.span(start) });
  } while (p.isNumber());
  return parts;
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
  const at = p.index;
  const lambda = parseExpression(p, 0);
  if (lambda.kind !== 'Lambda') p.failWith('a function is a lambda: (x, y) -> expression', at);
  return {
    kind: 'CreateFunction',
    orReplace: mode === 'CREATE OR REPLACE',
    ifNotExists,
    name,
    cluster,
    lambda: lambda as CreateFunction['lambda'],
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

function parseCreateDictionary(p: Cursor, start: number, mode: Mode): CreateDictionary {
  const node: CreateDictionary = {
    kind: 'CreateDictionary',
    mode,
    ifNotExists: p.ifNotExists(),
    name: p.tableName(),
    cluster: p.onCluster(),
    attributes: [],
    primaryKey: [],
    span: { start, end: start },
  };
  if (p.accept('(')) {
    while (p.value !== ')') {
      node.attributes.push(parseAttribute(p));
      if (!p.accept(',')) break;
    }
    p.expect(')');
  }
  for (;;) {
    if (p.acceptAll('PRIMARY', 'KEY')) {
      node.primaryKey = [parseExpression(p, 0)];
      while (p.accept(',')) node.primaryKey.push(parseExpression(p, 0));
      const only = node.primaryKey[0];
      if (node.primaryKey.length === 1 && only?.kind === 'Tuple') node.primaryKey = only.items;
    } else if (p.is('SOURCE')) node.source = parseDictionaryCall(p);
    else if (p.is('LAYOUT')) node.layout = parseDictionaryCall(p);
    else if (p.is('LIFETIME')) node.lifetime = parseDictionaryCall(p);
    else if (p.is('RANGE')) node.range = parseDictionaryCall(p);
    else if (p.accept('SETTINGS')) {
      const open = p.accept('(');
      node.settings = parseSettingsList(p);
      if (open) p.expect(')');
    } else if (p.accept('COMMENT')) node.comment = p.string();
    else break;
  }
  node.span = p.span(start);
  return node;
}

function parseAttribute(p: Cursor): DictionaryAttribute {
  const start = p.start();
  const node: DictionaryAttribute = {
    kind: 'DictionaryAttribute',
    name: p.name(),
    type: parseType(p),
    flags: [],
    span: { start, end: start },
  };
  for (;;) {
    const flag = p.acceptOne('HIERARCHICAL', 'INJECTIVE', 'IS_OBJECT_ID', 'BIDIRECTIONAL');
    if (flag !== undefined) node.flags.push(flag);
    else if (p.accept('DEFAULT')) node.default = parseExpression(p, 0);
    else if (p.accept('EXPRESSION')) node.expression = parseExpression(p, 0);
    else break;
  }
  node.span = p.span(start);
  return node;
}

/** `NAME(…)` whose arguments are literals, calls, or `name value` pairs. */
function parseDictionaryCall(p: Cursor): DictionaryCall {
  p.enter();
  const start = p.start();
  const name = p.name().name;
  const node: DictionaryCall = { kind: 'DictionaryCall', name, args: [], span: p.span(start) };
  if (p.accept('(')) {
    while (p.value !== ')') {
      const literal = p.peek(1) === '(' ? undefined : p.literal();
      node.args.push(literal ?? parseDictionaryCall(p));
      p.accept(',');
    }
    p.expect(')');
  } else {
    node.value = p.literal();
    const named = p.kind === Word || p.kind === Quoted;
    if (node.value === undefined && named) node.value = parseCallOrName(p, 'value');
  }
  node.span = p.span(start);
  p.leave();
  return node;
}
