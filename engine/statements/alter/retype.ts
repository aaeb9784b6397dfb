// MODIFY COLUMN to another type: whether the values stay what they are, and whether they can become it.

import type { ColumnDefinition as ColumnAst, Span } from '../../../sql/index.ts';
import type { ColumnDefinition } from '../../catalog/definition.ts';
import { failAt } from '../../plan/context.ts';
import { arrayElementType, isNullable } from '../../plan/types.ts';
import { type Run, sessionJson } from '../../query/core.ts';
import { pointing } from '../../query/names.ts';

/** Throws before any row is looked at: types that do not convert, NULLs that would have nowhere to go. */
export function checkRetype(run: Run, old: ColumnDefinition, type: string, ast: ColumnAst): void {
  const span = ast.type?.span ?? ast.span;
  if (isNullable(old.type) && !isNullable(type) && !ast.default?.expr) {
    const text = `Column ${old.name} of type ${old.type} may hold NULLs, which ${type} has none of`;
    throw failAt(span, 'BAD_ARGUMENTS', text, {
      hint: `Write MODIFY COLUMN ${old.name} ${type} DEFAULT …`,
    });
  }
  if (arrayElementType(type) !== undefined && arrayElementType(old.type) === undefined)
    throw failAt(span, 'TYPE_MISMATCH', `${old.type} does not convert to ${type}`);
  checkNames(old.type, type, span);
  try {
    const constant = { type: 'String', value: type };
    const kernel = run.core.native.planner(sessionJson(run));
    kernel.resolveFunction('CAST', [{ type: old.type }, { type: 'String', constant }]);
  } catch (error) {
    throw pointing(error, span);
  }
}

/** `'a' = 1, 'b' = 2` of an Enum. */
const numbersOf = (type: string): Map<string, string> =>
  new Map(
    /^Enum(8|16)\(/.test(type)
      ? [...type.matchAll(/'((?:[^'\\]|\\.)*)' = (-?\d+)/g)].map(([, name = '', n = '']) => [
          name,
          n,
        ])
      : [],
  );

/** A name of an Enum keeps its number. */
function checkNames(from: string, to: string, span: Span): void {
  const numbers = numbersOf(to);
  for (const [name, number] of numbersOf(from)) {
    const next = numbers.get(name) ?? number;
    if (next === number) continue;
    const text = `The Enum would change the value of '${name}' from ${number} to ${next}`;
    throw failAt(span, 'CANNOT_CONVERT_TYPE', text, { hint: 'Go by way of String' });
  }
}

/** A version keeps its order when an integer of the same kind gets wider. */
export function widens(from: string, to: string): boolean {
  const [, kind, bits] = /^(U?Int)(\d+)$/.exec(from) ?? [];
  const [, kind2, bits2] = /^(U?Int)(\d+)$/.exec(to) ?? [];
  return kind !== undefined && kind === kind2 && Number(bits2) >= Number(bits);
}

/** Stored alike: ClickHouse changes such types without touching the rows. */
export function sameValues(from: string, to: string): boolean {
  const stored = (type: string): string =>
    type.replace(/^DateTime(\(.*\))?$/, 'UInt32').replace(/^Date$/, 'UInt16');
  return stored(from) === stored(to) || sameInKey(from, to);
}

/** Values of a key are the same, stored in another way or under more names. */
export function sameInKey(from: string, to: string): boolean {
  const plain = (type: string): string =>
    (/^LowCardinality\((.*)\)$/.exec(type)?.[1] ?? type).replace(/^DateTime\(.*\)$/, 'DateTime');
  if (plain(from) === plain(to)) return true;
  if (plain(from) === 'DateTime' && to === 'UInt32') return true;
  const [a, b] = [arrayElementType(from), arrayElementType(to)];
  if (a !== undefined && b !== undefined) return sameInKey(a, b);
  const [, bits, names] = /^Enum(8|16)\((.*)\)$/.exec(from) ?? [];
  if (bits === undefined || names === undefined) return false;
  if (to === `Int${bits}`) return true;
  const [, bits2, names2 = ''] = /^Enum(8|16)\((.*)\)$/.exec(to) ?? [];
  return bits === bits2 && names.split(', ').every((name) => names2.split(', ').includes(name));
}
