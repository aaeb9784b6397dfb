// INSERT: the statement up to its data. Inline data are never lexed, only their place is kept.
import type { ColumnsMatcher, Identifier, Insert, Star } from '../ast/index.ts';
import { decodeString } from '../escape.ts';
import { Text, Word } from '../lexer.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './expression.ts';
import { parseCall } from './operand.ts';
import { parseQuery } from './query.ts';
import { startsQuery } from './select.ts';
import { identifier, parseStar } from './star.ts';
import { parseSettingsList } from './window.ts';

/** At INSERT. */
export function parseInsert(p: Cursor): Insert {
  const start = p.start();
  p.expect('INSERT');
  const node: Insert = { kind: 'Insert', span: { start, end: start } };
  const into = p.accept('INTO');
  if (p.value === 'TABLE' && (p.peekKind(1) === Word || p.peek(1) === '')) p.next();
  if (p.value === 'FUNCTION' && p.peekKind(1) === Word) {
    p.next();
    node.tableFunction = parseCall(p);
    if (p.acceptAll('PARTITION', 'BY')) node.partitionBy = parseExpression(p, 0);
  } else {
    if (!into && (p.kind !== Word || p.peekKind(1) === Word) && !isTarget(p)) p.fail('INTO');
    node.table = p.tableName();
  }
  if (p.value === '(' && !startsQuery(p, 1)) node.columns = parseColumns(p);
  else p.note('(');
  parseSource(p, node);
  if (!into && node.data !== undefined && node.data.start >= node.data.end) p.fail('INTO');
  node.span = p.span(start);
  return node;
}

/** INSERT t VALUES: INTO may be missing. */
function isTarget(p: Cursor): boolean {
  const next = p.peek(1);
  return (
    next === 'VALUES' ||
    next === 'SELECT' ||
    next === 'FORMAT' ||
    next === '.' ||
    next === '(' ||
    next === 'WITH' ||
    next === 'SETTINGS'
  );
}

function parseColumns(p: Cursor): NonNullable<Insert['columns']> {
  p.expect('(');
  const columns: (Identifier | Star | ColumnsMatcher)[] = [];
  while (p.value !== ')') {
    const start = p.start();
    if (p.accept('*')) columns.push(parseStar(p, start, undefined));
    else if (p.value === 'COLUMNS' && p.peek(1) === '(')
      columns.push(parseStar(p, start, undefined));
    else if (p.value === 'EXCEPT' && p.peek(1) === '(') {
      columns.push({ kind: 'Star', transformers: [], span: p.tokenSpan() });
    } else if (p.peek(1) === '.' && p.peek(2) === '*') {
      const qualifier = [p.name()];
      p.next();
      p.next();
      columns.push(parseStar(p, start, qualifier));
    } else columns.push(identifier(p));
    if (!p.accept(',')) break;
  }
  p.expect(')');
  return columns;
}

function parseSource(p: Cursor, node: Insert): void {
  if (p.acceptAll('FROM', 'INFILE')) {
    node.infile = p.string();
    if (p.accept('COMPRESSION')) node.compression = p.string();
  }
  if (p.accept('SETTINGS')) node.settings = parseSettingsList(p);
  if (p.value === 'VALUES') {
    takeData(p, node, 'Values', p.tokenSpan());
    return;
  }
  p.note('VALUES');
  if (p.value === 'FORMAT' || startsQuery(p) || p.value === '(') {
    if (p.value !== 'FORMAT') node.query = parseQuery(p);
    if (p.accept('FORMAT')) {
      const at = p.tokenSpan();
      if (p.kind !== Word && p.kind !== Text) p.fail('format');
      const format =
        p.kind === Text
          ? decodeString(p.text, at.start, at.end).value
          : p.text.slice(at.start, at.end);
      takeData(p, node, format, at);
    }
    return;
  }
  if (p.trace !== undefined) for (const word of ['SELECT', 'FORMAT', 'WITH']) p.note(word);
  if (!p.atEnd()) p.fail();
}

/** The current token is VALUES, or the name of the format: data begin behind it. */
function takeData(
  p: Cursor,
  node: Insert,
  format: string,
  formatSpan: { start: number; end: number },
): void {
  const { text } = p;
  let start = formatSpan.end;
  const values = format.toLowerCase() === 'values';
  if (values) while (isBlank(text.charCodeAt(start)) || text.charCodeAt(start) === 10) start++;
  else {
    while (isBlank(text.charCodeAt(start)) && text.charCodeAt(start) !== 13) start++;
    if (text.charCodeAt(start) === 13) start++;
    if (text.charCodeAt(start) === 10) start++;
  }
  const end = !values
    ? text.length
    : p.splitData
      ? valuesEnd(text, start)
      : lastRowEnd(text, start);
  if (node.infile === undefined) node.data = { format, formatSpan, start, end };
  p.lexer.restart(p.index + 1, end);
  p.seek(p.index + 1);
}

/** The end of the text, or where its last `;` stands. */
function lastRowEnd(text: string, start: number): number {
  let end = text.length;
  while (end > start && (isBlank(text.charCodeAt(end - 1)) || text.charCodeAt(end - 1) === 10))
    end--;
  return end > start && text.charCodeAt(end - 1) === 59 ? end - 1 : text.length;
}

const isBlank = (c: number): boolean => c === 32 || c === 9 || c === 12 || c === 13;

/** Where rows after VALUES end: at the first `;` outside quotes and parentheses. */
export function valuesEnd(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const c = text.charCodeAt(at);
    if (c === 59 && depth <= 0) return at;
    if (c === 39) {
      at++;
      while (at < text.length && text.charCodeAt(at) !== 39) {
        at += text.charCodeAt(at) === 92 ? 2 : 1;
      }
    } else if (c === 40 || c === 91 || c === 123) depth++;
    else if (c === 41 || c === 93 || c === 125) depth--;
    else if (c === 45 && text.charCodeAt(at + 1) === 45) {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    }
    at++;
  }
  return text.length;
}
