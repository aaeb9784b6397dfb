// How keys and indexes were written: as in ClickHouse, `ORDER BY (id)` is shown with its parentheses though it
// means the same as `ORDER BY id`. The meaning is kept without them, beside a word on the form.

import { type Expression, printNormal, type Span, type Storage } from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import type { KeyForm, KeyForms } from '../../tables/create-sql.ts';

const isSpace = (c: string | undefined): boolean => c !== undefined && /\s/.test(c);

/** Whether the text of a statement has parentheses around an expression, which is not a tuple. */
export function inParentheses(text: string, { start, end }: Span): boolean {
  let before = start - 1;
  while (isSpace(text[before])) before--;
  let after = end;
  while (isSpace(text[after])) after++;
  return text[before] === '(' && text[after] === ')';
}

/** The normal form of an expression, between the parentheses that it has in the text. */
export function keptText(text: string, ast: Expression): string {
  const normal = printNormal(ast);
  return ast.kind !== 'Tuple' && inParentheses(text, ast.span) ? `(${normal})` : normal;
}

function formOf(text: string, list: readonly Expression[] | undefined): KeyForm | undefined {
  const [only] = list ?? [];
  if (!only || list?.length !== 1 || only.kind === 'Tuple') return undefined;
  if (only.kind === 'Function' && only.name === 'tuple' && only.args.length === 1) return 'tuple';
  return inParentheses(text, only.span) ? 'parentheses' : undefined;
}

/** The definition with what SHOW CREATE has to know of a storage clause.
 *  @param inColumns a column says PRIMARY KEY, which ClickHouse shows as a tuple */
export function withKeyForms(
  table: TableDefinition,
  text: string,
  storage: Storage | undefined,
  inColumns: boolean,
): TableDefinition {
  const one = (e: Expression | undefined) =>
    e && inParentheses(text, e.span) && e.kind !== 'Tuple' ? 'parentheses' : undefined;
  const order = storage?.orderBy?.map(({ expr }) => expr);
  const primaryKey = inColumns ? 'tuple' : formOf(text, storage?.primaryKey);
  const forms: KeyForms = {
    orderBy: order ? formOf(text, order) : primaryKey,
    primaryKey,
    partitionBy: one(storage?.partitionBy),
    sampleBy: one(storage?.sampleBy),
  };
  if (Object.values(forms).every((form) => form === undefined)) return table;
  return { ...table, extra: { ...table.extra, keyForms: forms } };
}
