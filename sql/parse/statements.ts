// Statement dispatch, output clauses, and the loop over statements.
import type { Insert, Output, QueryStatement, Statement } from '../ast/index.ts';
import { Word } from '../lexer.ts';
import { parseGrant, parseSetRole } from './access/grant.ts';
import { parseAlter } from './alter/index.ts';
import { parseCreate } from './create.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './expression.ts';
import { parseInsert } from './insert.ts';
import {
  parseDescribe,
  parseExistsStatement,
  parseExplain,
  parseSet,
  parseShow,
  parseSummarize,
  parseUse,
} from './look.ts';
import {
  parseCheck,
  parseDelete,
  parseDrop,
  parseKill,
  parseOptimize,
  parseRename,
  parseSystem,
  parseTransaction,
  parseUpdate,
  parseVacuum,
} from './manage.ts';
import { parseBackup, parseMerge } from './merge.ts';
import { attachWith, parseQuery } from './query.ts';
import { parseSettingsList } from './window.ts';
import { parseWith } from './with.ts';

type Parse = (p: Cursor) => Statement;

function parseQueryStatement(p: Cursor): QueryStatement | Insert {
  const start = p.start();
  if (p.value === 'WITH') {
    const common = parseWith(p);
    if (p.is('INSERT')) {
      const insert = parseInsert(p);
      if (insert.query === undefined) return p.fail('SELECT');
      attachWith(p, insert.query, common, insert.query.span.start);
      insert.span = p.span(start);
      return insert;
    }
    return { kind: 'QueryStatement', query: parseQuery(p, common, start), span: p.span(start) };
  }
  return { kind: 'QueryStatement', query: parseQuery(p), span: p.span(start) };
}

function parseSetStatement(p: Cursor): Statement {
  const next = p.peek(1);
  const named = p.peek(2) === '=';
  if ((next === 'ROLE' || (next === 'DEFAULT' && p.peek(2) === 'ROLE')) && !named)
    return parseSetRole(p);
  if (next === 'TRANSACTION' && p.peek(2) === 'SNAPSHOT') return parseTransaction(p);
  return parseSet(p);
}

/** First word → statement. */
const statements: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ['SELECT', parseQueryStatement],
  ['WITH', parseQueryStatement],
  ['FROM', parseQueryStatement],
  ['(', parseQueryStatement],
  ['VALUES', parseQueryStatement],
  ['INSERT', parseInsert],
  ['CREATE', parseCreate],
  ['ATTACH', parseCreate],
  ['REPLACE', parseCreate],
  ['DROP', parseDrop],
  ['DETACH', parseDrop],
  ['TRUNCATE', parseDrop],
  ['UNDROP', parseDrop],
  ['ALTER', parseAlter],
  ['RENAME', parseRename],
  ['EXCHANGE', parseRename],
  ['DELETE', parseDelete],
  ['UPDATE', parseUpdate],
  ['MERGE', parseMerge],
  ['OPTIMIZE', parseOptimize],
  ['CHECK', parseCheck],
  ['VACUUM', parseVacuum],
  ['SHOW', parseShow],
  ['DESCRIBE', parseDescribe],
  ['DESC', parseDescribe],
  ['SUMMARIZE', parseSummarize],
  ['EXISTS', parseExistsStatement],
  ['EXPLAIN', parseExplain],
  ['USE', parseUse],
  ['SET', parseSetStatement],
  ['GRANT', parseGrant],
  ['REVOKE', parseGrant],
  ['KILL', parseKill],
  ['SYSTEM', parseSystem],
  ['BEGIN', parseTransaction],
  ['COMMIT', parseTransaction],
  ['ROLLBACK', parseTransaction],
  ['BACKUP', parseBackup],
  ['RESTORE', parseBackup],
]);

/** One statement without its output clauses. */
export function parseStatementBody(p: Cursor): Statement {
  const parse = statements.get(p.value);
  if (parse !== undefined) return parse(p);
  if (p.trace !== undefined) for (const word of statements.keys()) p.note(word);
  return p.fail();
}

/** One statement with INTO OUTFILE, FORMAT and SETTINGS. */
export function parseOneStatement(p: Cursor): Statement {
  const statement = parseStatementBody(p);
  if (p.kind === Word || p.trace !== undefined) {
    const output = parseOutput(p);
    if (output !== undefined) {
      statement.output = output;
      statement.span = { start: statement.span.start, end: output.span.end };
    }
  }
  return statement;
}

function parseOutput(p: Cursor): Output | undefined {
  const start = p.start();
  const node: Output = { kind: 'Output', andStdout: false, span: { start, end: start } };
  for (;;) {
    if (p.acceptAll('INTO', 'OUTFILE')) parseOutfile(p, node);
    else if (node.format === undefined && p.accept('FORMAT'))
      node.format = p.nameOrString('format');
    else if (node.settings === undefined && p.accept('SETTINGS'))
      node.settings = parseSettingsList(p);
    else break;
  }
  if (p.lastEnd() <= start) return undefined;
  node.span = p.span(start);
  return node;
}

function parseOutfile(p: Cursor, node: Output): void {
  node.outfile = p.string();
  node.outfileMode = p.acceptOne('APPEND', 'TRUNCATE');
  node.andStdout = p.acceptAll('AND', 'STDOUT');
  if (p.accept('COMPRESSION')) node.compression = p.string();
  if (p.accept('LEVEL')) node.level = parseExpression(p, 0);
}

/** All statements of the text; a `;` between them, and any number at the end. */
export function parseAll(p: Cursor, countMax: number): Statement[] {
  const list: Statement[] = [];
  for (;;) {
    while (p.value === ';') p.next();
    if (p.kind === 0) return list;
    if (list.length >= countMax) p.failWith('only one statement is allowed here');
    list.push(parseOneStatement(p));
    if (!p.atEnd()) p.fail(';');
  }
}
