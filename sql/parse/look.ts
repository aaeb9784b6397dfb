// Statements that look: SHOW, DESCRIBE, EXISTS, EXPLAIN, SUMMARIZE, USE, SET.
import type {
  Describe,
  ExistsStatement,
  Explain,
  Expression,
  Name,
  SetSettings,
  SettingItem,
  Show,
  Summarize,
  TableExpression,
  Use,
} from '../ast/index.ts';
import { Word } from '../lexer.ts';
import { parseTarget } from './access/grant.ts';
import { acceptObject } from './access/index.ts';
import { parseRoleSet, userName } from './access/names.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './expression.ts';
import { parseTable } from './from.ts';
import { parseQuery } from './query.ts';
import { startsQuery } from './select.ts';
import { parseStatementBody } from './statements.ts';
import { parseSettingsList } from './window.ts';

/** Lists without an object of their own; the words after SHOW. */
const plain = [
  'DATABASES',
  'SCHEMAS',
  'CATALOGS',
  'DICTIONARIES',
  'FUNCTIONS',
  'ENGINES',
  'PROCESSLIST',
  'CLUSTERS',
  'SETTINGS',
  'USERS',
  'ROLES',
  'PROFILES',
  'POLICIES',
  'QUOTAS',
  'QUOTA',
  'GRANTS',
  'ACCESS',
  'MERGES',
  'PRIVILEGES',
  'MUTATIONS',
  'PARTS',
  'WARNINGS',
  'ROLLUPS',
] as const;
const phrases = [
  ['FILESYSTEM', 'CACHES'],
  ['SETTINGS', 'PROFILES'],
  ['ROW', 'POLICIES'],
  ['CURRENT', 'ROLES'],
  ['ENABLED', 'ROLES'],
  ['CURRENT', 'QUOTA'],
  ['NAMED', 'COLLECTIONS'],
  ['TABLE', 'STATUS'],
] as const;

/** At SHOW. */
export function parseShow(p: Cursor): Show {
  const start = p.start();
  p.expect('SHOW');
  const node: Show = {
    kind: 'Show',
    type: '',
    temporary: false,
    full: false,
    extended: false,
    changed: false,
    flags: [],
    span: { start, end: start },
  };
  for (;;) {
    if (p.value === 'EXTENDED' && p.accept('EXTENDED')) node.extended = true;
    else if (p.value === 'FULL' && p.accept('FULL')) node.full = true;
    else if (p.value === 'CHANGED' && p.accept('CHANGED')) node.changed = true;
    else if (p.value === 'TEMPORARY' && p.peek(1) === 'TABLES' && p.accept('TEMPORARY'))
      node.temporary = true;
    else break;
  }
  parseShowBody(p, node);
  node.span = p.span(start);
  return node;
}

function parseShowBody(p: Cursor, node: Show): void {
  const parse = showForms.find((form) => form(p, node));
  if (parse === undefined) p.fail('TABLES');
}

/** Each takes its form of SHOW and says whether it was there. */
const showForms: ((p: Cursor, node: Show) => boolean)[] = [
  (p, node) => {
    if (!p.accept('CREATE')) return false;
    parseShowCreate(p, node);
    return true;
  },
  (p, node) => {
    if (!p.accept('TABLES')) return false;
    node.type = 'TABLES';
    if (p.accept('FROM') || p.accept('IN')) node.from = p.nameOrString('database name');
    parseFilters(p, node);
    return true;
  },
  (p, node) => {
    if (p.value !== 'SETTING' || !p.accept('SETTING')) return false;
    node.type = 'SETTING';
    const name = p.dottedName();
    node.name = { kind: 'TableName', table: name, span: name.span };
    return true;
  },
  parseShowOfTable,
  parseShowList,
  (p, node) => {
    const type = p.acceptOne('CLUSTER', 'DATABASE', 'TABLE', 'VIEW', 'DICTIONARY', 'USER');
    if (type === undefined) return false;
    node.type = type === 'CLUSTER' ? type : `CREATE ${type}`;
    node.name = p.tableName();
    return true;
  },
];

/** SHOW COLUMNS FROM t, SHOW INDEX FROM t FROM db. */
function parseShowOfTable(p: Cursor, node: Show): boolean {
  const word = p.acceptOne('COLUMNS', 'FIELDS', 'INDEXES', 'INDEX', 'INDICES', 'KEYS');
  if (word === undefined) return false;
  node.type = word === 'COLUMNS' || word === 'FIELDS' ? 'COLUMNS' : 'INDEXES';
  p.expectOne('FROM', 'IN');
  node.name = p.tableName();
  if (p.accept('FROM') || p.accept('IN')) {
    const database = p.nameOrString('database name');
    node.name = { ...node.name, database, span: p.span(node.name.span.start) };
  }
  parseFilters(p, node);
  return true;
}

function parseShowList(p: Cursor, node: Show): boolean {
  const phrase = phrases.find((words) => p.value === words[0] && p.acceptAll(...words));
  const word = phrase === undefined ? p.acceptOne(...plain) : phrase.join(' ');
  if (word === undefined) return false;
  node.type = word === 'SCHEMAS' ? 'DATABASES' : word;
  parseShowRest(p, node);
  return true;
}

/** Filters and objects that some lists take: FROM db, FOR user, ON table. */
function parseShowRest(p: Cursor, node: Show): void {
  if (p.accept('FROM') || p.accept('IN')) node.from = p.nameOrString('database name');
  if (p.accept('FOR')) node.roles = parseRoleSet(p);
  parseOn(p, node);
  if (p.acceptAll('WITH', 'IMPLICIT')) node.flags.push('WITH IMPLICIT');
  if (p.accept('FINAL')) node.flags.push('FINAL');
  parseFilters(p, node);
}

/** ON table, ON db.*. */
function parseOn(p: Cursor, node: Show): void {
  if (!p.accept('ON')) return;
  const { database, table, span } = parseTarget(p);
  if (table !== undefined) node.name = { kind: 'TableName', database, table, span };
}

function parseShowCreate(p: Cursor, node: Show): void {
  const object = acceptObject(p);
  if (object !== undefined) {
    node.type = `CREATE ${object}`;
    if (!p.atEnd() && p.value !== 'FORMAT') {
      node.names = p.list(() => userName(p));
      parseOn(p, node);
    }
    return;
  }
  node.temporary = p.value === 'TEMPORARY' && p.accept('TEMPORARY');
  const type = p.acceptOne('TABLE', 'VIEW', 'DATABASE', 'DICTIONARY', 'FUNCTION');
  node.type = `CREATE ${type ?? 'TABLE'}`;
  node.name = p.tableName();
}

function parseFilters(p: Cursor, node: Show): void {
  const negated = p.value === 'NOT' && p.accept('NOT');
  const like = p.acceptOne('LIKE', 'ILIKE');
  if (like !== undefined) {
    node.like = { pattern: p.string(), negated, caseInsensitive: like === 'ILIKE' };
  } else if (negated) p.fail('LIKE');
  if (p.accept('WHERE')) node.where = parseExpression(p, 0);
  if (p.accept('LIMIT')) node.limit = parseExpression(p, 0);
}

/** At DESCRIBE or DESC. */
export function parseDescribe(p: Cursor): Describe {
  const start = p.start();
  p.next();
  const node: Describe = {
    kind: 'Describe',
    mode: 'COLUMNS',
    source: undefined as never,
    span: { start, end: start },
  };
  const named = p.peekKind(1) === Word || (p.peekKind(1) !== 0 && p.peek(1) === '');
  if ((p.value === 'HISTORY' || p.value === 'DETAIL') && named && p.peek(1) !== 'FORMAT') {
    node.mode = p.value;
    p.next();
  }
  const tableWord =
    p.value === 'TABLE' &&
    p.peek(1) !== '.' &&
    p.peekKind(1) !== 0 &&
    (p.peek(1) !== 'FORMAT' || p.peek(2) === '(');
  if (tableWord) p.next();
  else p.note('TABLE');
  node.source = parseSource(p);
  if (node.source.kind === 'Table' && node.source.alias !== undefined) {
    // `DESCRIBE TALBE t`: nobody names a table here.
    p.seek(p.index - 1);
    p.fail();
  }
  if (node.mode === 'HISTORY' && p.accept('LIMIT')) node.limit = parseExpression(p, 0);
  if (p.accept('SETTINGS')) node.settings = parseSettingsList(p);
  node.span = p.span(start);
  return node;
}

/** A table, a function, or a query with or without parentheses. */
function parseSource(p: Cursor): TableExpression {
  if (!startsQuery(p)) return parseTable(p);
  const start = p.start();
  const query = parseQuery(p);
  return { kind: 'TableSubquery', query, final: false, span: p.span(start) };
}

/** At SUMMARIZE. */
export function parseSummarize(p: Cursor): Summarize {
  const start = p.start();
  p.next();
  if (p.value === 'TABLE' && p.peekKind(1) === Word) p.next();
  return { kind: 'Summarize', source: parseSource(p), span: p.span(start) };
}

/** At EXISTS. */
export function parseExistsStatement(p: Cursor): ExistsStatement {
  const start = p.start();
  p.expect('EXISTS');
  const temporary = p.value === 'TEMPORARY' && p.accept('TEMPORARY');
  const nameFollows =
    p.peekKind(1) === Word || (p.peekKind(1) !== 0 && p.peek(1) === '') || p.peek(1) === '{';
  const explicit = !p.is('{') && nameFollows;
  let object: ExistsStatement['object'] = 'TABLE';
  if (explicit) {
    const word = p.acceptOne('TABLE', 'VIEW', 'DATABASE', 'DICTIONARY');
    if (word !== undefined) object = word;
    else if (p.peek(1) !== 'FORMAT' && p.peek(1) !== 'INTO') p.fail('TABLE');
  }
  const name = p.tableName();
  return { kind: 'ExistsStatement', object, temporary, name, span: p.span(start) };
}

const modes = [
  ['AST'],
  ['SYNTAX'],
  ['QUERY', 'TREE'],
  ['PIPELINE'],
  ['PLAN'],
  ['ESTIMATE'],
  ['ANALYZE'],
  ['TABLE', 'OVERRIDE'],
  ['CURRENT', 'TRANSACTION'],
  ['WHATIF'],
] as const;

/** At EXPLAIN. */
export function parseExplain(p: Cursor): Explain {
  const start = p.start();
  p.enter();
  p.expect('EXPLAIN');
  const node: Explain = { kind: 'Explain', span: { start, end: start } };
  for (const words of modes) {
    if (p.value === words[0] && p.acceptAll(...words)) {
      node.mode = words.join(' ') as NonNullable<Explain['mode']>;
      break;
    }
    p.note(words[0]);
  }
  if (node.mode !== 'CURRENT TRANSACTION') {
    if (p.kind === Word && p.peek(1) === '=') node.settings = parseSettingsList(p);
    node.statement = parseStatementBody(p);
  }
  node.span = p.span(start);
  p.leave();
  return node;
}

/** At USE. */
export function parseUse(p: Cursor): Use {
  const start = p.start();
  p.expect('USE');
  if (p.value === 'DATABASE' && p.peekKind(1) !== 0 && p.peek(1) !== ';') p.next();
  return { kind: 'Use', database: p.nameOrString('database name'), span: p.span(start) };
}

/** At SET, when no role follows. */
export function parseSet(p: Cursor): SetSettings {
  const start = p.start();
  p.expect('SET');
  p.acceptOne('SESSION', 'GLOBAL', 'LOCAL');
  if (p.acceptAll('TIME', 'ZONE')) {
    p.acceptOne('=', 'TO');
    const at = p.start();
    const name: Name = p.nameOrString('time zone');
    const value: Expression = {
      kind: 'Literal',
      type: 'string',
      value: name.name,
      span: name.span,
    };
    const item: SettingItem = {
      kind: 'SettingItem',
      name: 'session_timezone',
      nameSpan: name.span,
      value,
      span: p.span(at),
    };
    return { kind: 'Set', settings: [item], span: p.span(start) };
  }
  return { kind: 'Set', settings: parseSettingsList(p), span: p.span(start) };
}
