// Constants behind IN become values of the type on its left, with ClickHouse's refusals: nesting that does
// not fit, tuples of another size, texts that are no number.

import type { Span } from '../../../../sql/index.ts';
import { failAt } from '../../context.ts';
import type { Lit } from '../../physical/wire.ts';
import { arrayElementType, baseType, tupleElements } from '../../types.ts';
import type { Scope } from '../scope.ts';
import { withSpan } from './index.ts';

/** How many arrays and tuples a type has around its first plain value. */
export function nestingOf(type: string): number {
  let depth = 0;
  for (let at: string | undefined = type; at !== undefined; depth++) {
    at = arrayElementType(at) ?? tupleElements(at)?.[0]?.type;
  }
  return depth - 1;
}

/** The right side of IN is one value of the left side's type, or a collection of such. */
export function checkNesting(left: string, right: string, span: Span): void {
  const levels = nestingOf(right) - nestingOf(baseType(left));
  if (levels === 0 || levels === 1 || right === 'Nullable(Nothing)') return;
  if (/^(Map|Variant|Dynamic|JSON)/.test(left) || /^Map/.test(right)) return;
  const text = `Unsupported types for IN. First argument type ${left}. Second argument type ${right}`;
  throw failAt(span, 'ILLEGAL_TYPE_OF_ARGUMENT', text);
}

const number = /^(U?Int\d+|Float\d+|Decimal.*|Bool)$/;
/** Types that a text is read as; what cannot be read fails with an error of the type's own. */
const readable = /^(Date(32|Time.*)?|UUID|IPv4|IPv6)$/;

/** A constant of a set as the left side of IN has it; what is left as it is the kernel compares. */
export function asMember(scope: Scope, literal: Lit, wanted: string, span: Span): Lit {
  if (literal.value === null) return literal;
  const elements = tupleElements(wanted);
  if (elements) {
    checkTuple(literal, elements.length, span);
    tupleElements(literal.type)?.forEach((given, i) => {
      const isTuple = tupleElements(elements[i]?.type ?? '') !== undefined;
      if (
        (tupleElements(given.type) !== undefined) !== isTuple &&
        given.type !== 'Nullable(Nothing)'
      )
        throw mismatch(literal, wanted, span);
    });
  }
  const isArray = arrayElementType(wanted) !== undefined;
  const givenArray = arrayElementType(literal.type) !== undefined;
  if (isArray !== givenArray || (!elements && tupleElements(literal.type) !== undefined))
    throw mismatch(literal, wanted, span);
  checkDecimal(literal, wanted, span);
  const isText = literal.type === 'String';
  const isInterval = wanted.startsWith('Interval');
  if (isInterval && literal.type !== wanted) {
    throw isText ? unreadable(literal, wanted, span) : mismatch(literal, wanted, span);
  }
  const toNumber = isText && number.test(wanted);
  const toText = wanted === 'String' && number.test(literal.type);
  const inside = (elements !== undefined || isArray) && textsForNumbers(literal.type, wanted);
  if (!toNumber && !toText && !inside && !(isText && readable.test(wanted))) return literal;
  try {
    return scope.ctx.kernel.fold({ cast: { lit: literal }, to: wanted }) ?? literal;
  } catch (error) {
    if (toNumber || inside) throw unreadable(literal, wanted, span);
    throw withSpan(error, span);
  }
}

/** A whole or floating number must have no more digits than a Decimal on the left. */
function checkDecimal({ type, value }: Lit, wanted: string, span: Span): void {
  const [, precision, scale] = /^Decimal\((\d+), (\d+)\)$/.exec(wanted) ?? [];
  if (precision === undefined || !/^(U?Int|Float)\d+$/.test(type)) return;
  if (Math.abs(Number(value)) < 10 ** (Number(precision) - Number(scale))) return;
  const text = `Number ${value} is too big to place in ${wanted}`;
  throw failAt(span, 'ARGUMENT_OUT_OF_BOUND', text, { hint: 'Cast the left side to a wider one' });
}

function checkTuple(literal: Lit, width: number, span: Span): void {
  const given = tupleElements(literal.type)?.length;
  if (given === width) return;
  if (given === undefined) {
    const text = `Invalid type in set. Expected tuple, got ${literal.type}`;
    throw failAt(span, 'INCORRECT_ELEMENT_OF_SET', text);
  }
  const text = `Incorrect size of tuple in set: ${given} instead of ${width}`;
  throw failAt(span, width === 1 ? 'TYPE_MISMATCH' : 'INCORRECT_ELEMENT_OF_SET', text);
}

/** Whether texts stand where the other type has numbers, at any depth. */
function textsForNumbers(given: string, wanted: string): boolean {
  const [a, b] = [arrayElementType(given), arrayElementType(wanted)];
  if (a !== undefined && b !== undefined) return textsForNumbers(a, b);
  const [as, bs] = [tupleElements(given), tupleElements(wanted)];
  if (as && bs) return as.some((e, i) => bs[i] && textsForNumbers(e.type, bs[i].type));
  return given === 'String' && number.test(baseType(wanted));
}

const unreadable = ({ value }: Lit, wanted: string, span: Span): Error =>
  failAt(span, 'TYPE_MISMATCH', `Cannot convert string '${value}' to type ${wanted}`);

const mismatch = ({ type }: Lit, wanted: string, span: Span): Error =>
  failAt(
    span,
    'TYPE_MISMATCH',
    `Type mismatch in IN or VALUES section. Expected: ${wanted}. Got: ${type}`,
  );
