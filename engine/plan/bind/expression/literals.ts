// Literals of the text, parameters and JavaScript values as typed constants.

import type { Expression, Span } from '../../../../sql/index.ts';
import { momentText, nestedText, numberText } from '../../../value-texts.ts';
import { failAt, type Planning } from '../../context.ts';
import { castExpr, type Expr, type LiteralExpr, literalExpr } from '../../expression.ts';
import type { LitValue } from '../../physical/wire.ts';
import { typeText } from '../names.ts';

const integerLimits: readonly (readonly [string, bigint, bigint])[] = [
  ['UInt8', 0n, 0xffn],
  ['UInt16', 0n, 0xffffn],
  ['UInt32', 0n, 0xffff_ffffn],
  ['UInt64', 0n, 0xffff_ffff_ffff_ffffn],
  ['Int8', -0x80n, -1n],
  ['Int16', -0x8000n, -1n],
  ['Int32', -0x8000_0000n, -1n],
  ['Int64', -0x8000_0000_0000_0000n, -1n],
];

export function integerLiteral(value: bigint, span?: Span): LiteralExpr {
  for (const [type, low, high] of integerLimits) {
    if (value >= low && value <= high) return literalExpr(type, value.toString(), span);
  }
  return literalExpr('Float64', value.toString(), span);
}

/** A number as ClickHouse types it: the narrowest integer, else Float64. */
export function numberLiteral(text: string, span?: Span): LiteralExpr {
  const negative = text.startsWith('-');
  const body = text.replace(/^[-+]/, '').replaceAll('_', '');
  if (/^(\d+|0[xX][0-9a-fA-F]+|0[bB][01]+)$/.test(body) && body.length < 400) {
    const value = BigInt(/^0\d/.test(body) ? body.replace(/^0+(?=\d)/, '') : body);
    return integerLiteral(negative ? -value : value, span);
  }
  if (/^0[xX]/.test(body)) {
    return literalExpr('Float64', String(hexFloat(body) * (negative ? -1 : 1)), span);
  }
  return literalExpr('Float64', (negative ? '-' : '') + body.toLowerCase(), span);
}

/** `0x1.8p3`. */
function hexFloat(text: string): number {
  const match = /^0x([0-9a-f]*)\.?([0-9a-f]*)(?:p([-+]?\d+))?$/i.exec(text);
  if (!match) return Number.NaN;
  const [, whole = '', part = '', power = '0'] = match;
  return Number.parseInt(`${whole}${part}` || '0', 16) * 2 ** (Number(power) - 4 * part.length);
}

export function literalOf(ast: Expression & { kind: 'Literal' }): LiteralExpr {
  switch (ast.type) {
    case 'number':
      return numberLiteral(ast.text, ast.span);
    case 'string':
      return literalExpr('String', ast.value, ast.span);
    case 'bool':
      return literalExpr('Bool', ast.value, ast.span);
    case 'null':
      return literalExpr('Nullable(Nothing)', null, ast.span);
    case 'default':
      throw failAt(ast.span, 'SYNTAX_ERROR', 'DEFAULT is not a value here');
  }
}

/** `{name:Type}`: the text is escaped as in TabSeparated. */
export function parameterExpr(ctx: Planning, ast: Expression & { kind: 'Parameter' }): Expr {
  const text = ctx.params[ast.name];
  ctx.cacheable = false;
  if (text === undefined) {
    throw failAt(ast.span, 'UNKNOWN_QUERY_PARAMETER', `Substitution \`${ast.name}\` is not set`, {
      hint: `Send a value for the query parameter ${ast.name}`,
    });
  }
  const type = ctx.kernel.canonicalType(typeText(ast.type));
  if (text === '\\N')
    return castExpr(literalExpr('Nullable(Nothing)', null, ast.span), type, ast.span);
  const value = /^(Array|Map|Tuple)\(/.test(type) ? text : unescapeTsv(text);
  const base = type.replace(/^(LowCardinality|Nullable)\((.*)\)$/, '$2');
  if (base === 'String') {
    const literal = literalExpr('String', value, ast.span);
    return type === 'String' ? literal : castExpr(literal, type, ast.span);
  }
  const literal = literalExpr('String', value, ast.span);
  try {
    // No text is cast to a Map, but a tuple of one may hold it.
    if (type.startsWith('Map(')) {
      const lit = { type: 'String', value: `(${value})` };
      const tuple = ctx.kernel.fold({ cast: { lit }, to: `Tuple(${type})` });
      const map = Array.isArray(tuple?.value) ? tuple.value[0] : undefined;
      if (map !== undefined) return literalExpr(type, map, ast.span);
    }
    const folded = ctx.kernel.fold({ cast: { lit: { type: 'String', value } }, to: type });
    return folded
      ? literalExpr(folded.type, folded.value, ast.span)
      : castExpr(literal, type, ast.span);
  } catch {
    throw failAt(
      ast.span,
      'BAD_QUERY_PARAMETER',
      `Value '${value.slice(0, 80)}' of query parameter \`${ast.name}\` is not a ${type}`,
    );
  }
}

function unescapeTsv(text: string): string {
  if (!text.includes('\\')) return text;
  const named: Record<string, string> = { t: '\t', n: '\n', r: '\r', '0': '\0', b: '\b', f: '\f' };
  return text.replace(/\\(.)/gs, (_, c: string) => named[c] ?? c);
}

/** A JavaScript value bound to `?`. */
export function positionalExpr(ctx: Planning, ast: Expression & { kind: 'Positional' }): Expr {
  ctx.cacheable = false;
  if (ast.index >= ctx.positional.length) {
    throw failAt(
      ast.span,
      'UNKNOWN_QUERY_PARAMETER',
      `No value for ? number ${ast.index + 1}; ${ctx.positional.length} given`,
    );
  }
  return javascriptExpr(ctx, ctx.positional[ast.index], ast.span, 0);
}

function javascriptExpr(ctx: Planning, value: unknown, span: Span, deep: number): Expr {
  if (deep > 20) throw failAt(span, 'BAD_QUERY_PARAMETER', 'The value is nested too deeply');
  if (value === null || value === undefined) return literalExpr('Nullable(Nothing)', null, span);
  if (typeof value === 'boolean') return literalExpr('Bool', value, span);
  if (typeof value === 'bigint') return integerLiteral(value, span);
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return integerLiteral(BigInt(value), span);
    return literalExpr('Float64', numberText(value), span);
  }
  if (typeof value === 'string') return literalExpr('String', value, span);
  if (value instanceof Date) {
    return literalExpr("DateTime64(3, 'UTC')", momentText(value), span);
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => javascriptExpr(ctx, item, span, deep + 1));
    const type = ctx.kernel.resolveFunction(
      'array',
      items.map((i) => ({ type: i.type })),
    );
    return castExpr(literalExpr('String', nestedText(value), span), type, span);
  }
  throw failAt(
    span,
    'BAD_QUERY_PARAMETER',
    `A value of this kind cannot be bound: ${typeof value}`,
  );
}

/** A literal's value as a JavaScript integer; undefined when it is none. */
export function integerOf(value: LitValue): number | undefined {
  if (typeof value !== 'string' || !/^-?\d+$/.test(value)) return undefined;
  return Number(value);
}
