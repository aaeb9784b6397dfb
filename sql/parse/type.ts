// Data types: Nullable(String), Array(Tuple(a UInt8, b String)), Enum8('x' = 1), DOUBLE PRECISION.
import type { DataType, Literal, TypeArgument } from '../ast/index.ts';
import { Quoted, Text, Word } from '../lexer.ts';
import type { Cursor } from './cursor.ts';

/** SQL's type names of several words, by their first word; longer ones first. */
const severalWords: Readonly<Record<string, readonly string[]>> = {
  DOUBLE: ['PRECISION'],
  NATIONAL: ['CHARACTER LARGE OBJECT', 'CHARACTER VARYING', 'CHAR VARYING', 'CHARACTER', 'CHAR'],
  CHAR: ['LARGE OBJECT', 'VARYING'],
  CHARACTER: ['LARGE OBJECT', 'VARYING'],
  NCHAR: ['LARGE OBJECT', 'VARYING'],
  BINARY: ['LARGE OBJECT', 'VARYING'],
  TIMESTAMP: ['WITH TIME ZONE', 'WITHOUT TIME ZONE'],
  TIME: ['WITH TIME ZONE', 'WITHOUT TIME ZONE'],
};
const integers = new Set(['TINYINT', 'SMALLINT', 'MEDIUMINT', 'INT', 'INTEGER', 'BIGINT', 'INT1']);

export function parseType(p: Cursor): DataType {
  p.enter();
  const start = p.start();
  if (p.kind !== Word && p.kind !== Quoted) p.fail('data type');
  const first = p.value;
  let name = p.name('data type').name;
  name = moreWords(p, name, severalWords[first] ?? []);
  const nameSpan = p.span(start);
  let args: TypeArgument[] | undefined;
  if (p.value === '(') {
    p.next();
    args = [];
    while (!p.is(')')) {
      args.push(parseTypeArgument(p, first));
      if (!p.accept(',')) break;
    }
    p.expect(')');
  }
  // INT(11) UNSIGNED of MySQL.
  if (integers.has(first)) name = moreWords(p, name, ['SIGNED', 'UNSIGNED']);
  p.leave();
  return { kind: 'DataType', name, nameSpan, args, span: p.span(start) };
}

function moreWords(p: Cursor, name: string, continuations: readonly string[]): string {
  for (const words of continuations) {
    const list = words.split(' ');
    if (list.every((word, i) => p.peek(i) === word)) {
      const text = `${name} ${list.join(' ')}`;
      p.seek(p.index + list.length);
      return text;
    }
  }
  return name;
}

function parseTypeArgument(p: Cursor, typeName: string): TypeArgument {
  const start = p.start();
  const nullField = p.value === 'NULL' && p.peekKind(1) === Word;
  const literal = nullField ? undefined : p.literal();
  if (literal !== undefined) {
    if (literal.type === 'string' && p.accept('=')) {
      const value = p.literal();
      if (value?.type !== 'number') return p.fail('number');
      return { kind: 'EnumValue', name: literal.value, value, span: p.span(start) };
    }
    return literal;
  }
  if (typeName === 'JSON' || typeName === 'OBJECT') {
    const setting = parseSkip(p, start);
    if (setting !== undefined) return setting;
  }
  if (p.kind === Word && p.peek(1) === '=') {
    const name = p.name().name;
    p.next();
    const value = p.literal() ?? wordAsString(p);
    return { kind: 'TypeSetting', name, value, span: p.span(start) };
  }
  if (isField(p)) {
    const name = p.dottedName();
    const type = parseType(p);
    return { kind: 'TypeField', name, type, span: p.span(start) };
  }
  return parseType(p);
}

/** A name before a type: a quoted one, or a word followed by another that does not belong to it. */
function isField(p: Cursor): boolean {
  if (p.kind === Quoted) return true;
  if (p.kind !== Word) return false;
  if (p.peek(1) === '.') return true;
  const kind = p.peekKind(1);
  if (kind !== Word && kind !== Quoted) return false;
  const more = [
    ...(severalWords[p.value] ?? []),
    ...(integers.has(p.value) ? ['SIGNED', 'UNSIGNED'] : []),
  ];
  return !more.some((words) => words.split(' ').every((word, i) => p.peek(i + 1) === word));
}

function parseSkip(p: Cursor, start: number): TypeArgument | undefined {
  if (p.value !== 'SKIP' || p.peek(1) === ')' || p.peek(1) === ',') return undefined;
  p.next();
  const regexp = p.is('REGEXP') && p.peekKind(1) === Text;
  if (regexp) p.next();
  const value: Literal = regexp ? p.stringLiteral() : wordAsString(p);
  const name = regexp ? 'SKIP REGEXP' : 'SKIP';
  return { kind: 'TypeSetting', name, value, span: p.span(start) };
}

function wordAsString(p: Cursor): Literal {
  const name = p.dottedName();
  return { kind: 'Literal', type: 'string', value: name.name, span: name.span };
}
