// How keys and indexes were written: as in ClickHouse, `ORDER BY (id)` is shown with its parentheses though it
// means the same as `ORDER BY id`. The meaning is kept without them, beside a word on the form.

import {
  type Expression,
  type OrderItem,
  printNormal,
  type Span,
  type Storage,
} from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import type { KeyDirections, KeyForm, KeyForms } from '../../tables/create-sql.ts';

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
 *  @param columns whether a column says PRIMARY KEY, which ClickHouse shows as a tuple; a PRIMARY KEY among them */
export function withKeyForms(
  table: TableDefinition,
  text: string,
  storage: Storage | undefined,
  columns: { primary: boolean; list: readonly Expression[] | undefined },
): TableDefinition {
  const one = (e: Expression | undefined) =>
    e && inParentheses(text, e.span) && e.kind !== 'Tuple' ? 'parentheses' : undefined;
  const order = storage?.orderBy?.map(({ expr }) => expr);
  const written = storage?.primaryKey ?? columns.list;
  const primaryKey = columns.primary ? 'tuple' : formOf(text, written);
  const forms: KeyForms = {
    orderBy: order ? formOf(text, order) : primaryKey,
    primaryKey,
    partitionBy: one(storage?.partitionBy),
    sampleBy: one(storage?.sampleBy),
  };
  const directed = withDirections(table, text, storage?.orderBy);
  if (Object.values(forms).every((form) => form === undefined)) return directed;
  return { ...directed, extra: { ...directed.extra, keyForms: forms } };
}

function withDirections(
  table: TableDefinition,
  text: string,
  items: readonly OrderItem[] | undefined,
): TableDefinition {
  const desc = (items ?? []).map((item) => item.direction === 'DESC');
  const [only] = items ?? [];
  if (!only || !desc.includes(true)) return table;
  const list = desc.length > 1 || inParentheses(text, only.span);
  const keyDirections: KeyDirections = { desc, list };
  return { ...table, extra: { ...table.extra, keyDirections } };
}
