// What forms share: their type and how their parts begin and end.
import type { Expression, Literal } from '../../ast/index.ts';
import { afterName, notAlias } from '../../keywords.ts';
import { End } from '../../lexer.ts';
import type { Cursor } from '../cursor.ts';
import { parseSelectItem } from '../expression.ts';

export type Form = (p: Cursor, start: number) => Expression | undefined;

export const isName = (p: Cursor): boolean => p.peekKind(1) === End || afterName.has(p.peek(1));

export const literal = (value: Literal): Expression => value;

/** A part of a form: unlike the arguments of a call it may have an alias without AS. */
export const endsPart = new Set([
  ...notAlias,
  ...'AS THEN ELSE WHEN END FOR IN PLACING'.split(' '),
]);

export const parsePart = (p: Cursor): Expression => parseSelectItem(p, endsPart);

export function open(p: Cursor): void {
  p.next();
  p.next();
}
