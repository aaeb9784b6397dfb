// A template: the rows of one shape as one expression for each column, over columns of the literals in which
// the rows differ. Literals of other types are another template, so that each row is computed as it would be alone.

import {
  type Expression,
  type Identifier,
  parseStatement,
  transform,
} from '../../../../sql/index.ts';
import type { ColumnDefinition } from '../../../catalog/definition.ts';
import { numberLiteral } from '../../../plan/bind/expression/literals.ts';
import { walkExpressions } from '../../../plan/bind/scope.ts';
import type { Shape, ShapedRow } from './shapes.ts';

export interface Template {
  /** The items of the first row, with an identifier for each literal in which rows differ. */
  readonly items: readonly Expression[];
  /** The same as they are written. */
  readonly written: readonly Expression[];
  readonly isRead: readonly boolean[];
  /** Literals in which the rows differ. */
  readonly varying: readonly Varying[];
  readonly rows: readonly ShapedRow[];
}

interface Varying {
  readonly name: string;
  readonly type: string;
  readonly slot: number;
  readonly sign: '' | '-';
  /** Its column is of texts, and it is written as a number. */
  readonly quoted: boolean;
}

/** A literal of the syntax tree that stands where a slot is. */
interface Place {
  readonly sign: '' | '-';
  readonly isText: boolean;
}

/** Cuts the rows of a shape into templates. */
export function templatesOf(
  text: string,
  shape: Shape,
  columns: readonly ColumnDefinition[],
): Template[] {
  const first = shape.rows[0];
  if (!first) return [];
  const places = placesOf(shape, first, parsedItems(text, first, columns));
  const groups = new Map<string, ShapedRow[]>();
  for (const row of shape.rows) {
    let key = '';
    for (let slot = 0; slot < places.length; slot++)
      key += `${slotKey(shape, places, row, slot)}\u0001`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()].map((rows) => templateOf(text, shape, rows, columns));
}

/** What of a slot all rows of a template have in common. */
function slotKey(
  shape: Shape,
  places: readonly (Place | undefined)[],
  row: ShapedRow,
  slot: number,
): string {
  const raw = row.slots[slot] as string;
  const place = places[slot];
  if (!place) return raw;
  return place.isText || shape.kinds[slot] === 'text' ? '' : numberType(place.sign, raw);
}

const digitsSure = 15;

function numberType(sign: '' | '-', raw: string): string {
  if (sign === '' && raw.length <= digitsSure && !/[.eE]/.test(raw)) {
    const value = Number(raw);
    if (value <= 0xff) return 'UInt8';
    if (value <= 0xffff) return 'UInt16';
    return value <= 0xffff_ffff ? 'UInt32' : 'UInt64';
  }
  return numberLiteral(sign + raw).type;
}

function templateOf(
  text: string,
  shape: Shape,
  rows: readonly ShapedRow[],
  columns: readonly ColumnDefinition[],
): Template {
  const first = rows[0] as ShapedRow;
  const written = parsedItems(text, first, columns);
  const places = placesOf(shape, first, written);
  const varying: Varying[] = [];
  const byEnd = new Map<number, Varying>();
  places.forEach((place, slot) => {
    const raw = first.slots[slot] as string;
    if (rows.every((row) => row.slots[slot] === raw)) return;
    // A literal that has no place in one row of a shape has none in the others, and is the same in all of a group.
    if (!place) throw new Error(`values: a literal that differs has no place: ${raw}`);
    const isText = place.isText || shape.kinds[slot] === 'text';
    const type = isText ? 'String' : numberType(place.sign, raw);
    const quoted = isText && shape.kinds[slot] !== 'text';
    const literal = { name: `literal ${slot}`, type, slot, sign: place.sign, quoted };
    varying.push(literal);
    byEnd.set(first.ends[slot] as number, literal);
  });
  const items = written.map((item) =>
    transform(item, (node) => {
      const literal = node.kind === 'Literal' ? byEnd.get(node.span.end) : undefined;
      return literal ? identifier(literal.name, node.span) : node;
    }),
  );
  return { items, written, isRead: shape.isRead, varying, rows };
}

/** For each slot the literal of the tree that it is; undefined where the parser made something else of it. */
function placesOf(
  shape: Shape,
  row: ShapedRow,
  items: readonly Expression[],
): (Place | undefined)[] {
  const found = new Map<number, Place | undefined>();
  const slots = new Map(row.ends.map((end, slot) => [end, slot]));
  for (const item of items) {
    walkExpressions(item, (node) => {
      if (node.kind !== 'Literal') return;
      const slot = slots.get(node.span.end);
      if (slot === undefined) return;
      // Two literals of one token are a form of the parser's own.
      const place = found.has(slot) ? undefined : placeOf(node, shape, row, slot);
      found.set(slot, place);
    });
  }
  return row.ends.map((_, slot) => found.get(slot));
}

function placeOf(
  node: Expression & { kind: 'Literal' },
  shape: Shape,
  row: ShapedRow,
  slot: number,
): Place | undefined {
  const raw = row.slots[slot] as string;
  if (shape.kinds[slot] === 'text') {
    const isWhole = node.span.end - node.span.start === raw.length;
    return node.type === 'string' && isWhole ? { sign: '', isText: true } : undefined;
  }
  if (node.type !== 'number' && node.type !== 'string') return undefined;
  const text = node.type === 'number' ? node.text : node.value;
  if (text !== raw && text !== `-${raw}`) return undefined;
  return { sign: text === raw ? '' : '-', isText: node.type === 'string' };
}

const lead = 'VALUES ';

/** The items of one row; places count from where the row starts. */
export function parsedItems(
  text: string,
  row: { readonly start: number; readonly end: number },
  columns: readonly ColumnDefinition[],
): Expression[] {
  const statement = parseStatement(lead + text.slice(row.start, row.end));
  const parsed =
    statement.kind === 'QueryStatement' && statement.query.kind === 'Values'
      ? statement.query.rows[0]
      : undefined;
  if (!parsed) throw new Error('values: a row is an expression');
  // One column: its own parentheses may be those of a tuple.
  const items = columns.length > 1 && parsed.kind === 'Tuple' ? parsed.items : [parsed];
  return items.map((item) => shifted(item));
}

function shifted(item: Expression): Expression {
  return transform(item, (node) => ({
    ...node,
    span: { start: node.span.start - lead.length, end: node.span.end - lead.length },
  }));
}

const identifier = (name: string, span: Identifier['span']): Identifier => ({
  kind: 'Identifier',
  parts: [{ kind: 'Name', name, quoted: true, span }],
  span,
});

/** Rows in the notation of VALUES: their number, the values that are read, the literals that differ. */
export function templateText({ rows, varying }: Template): string {
  const lines = rows.map((row) => {
    let line = `(${row.index}`;
    for (const text of row.read) line += `,${text}`;
    for (const { slot, sign, quoted } of varying) {
      const text = sign + (row.slots[slot] as string);
      line += quoted ? `,'${text}'` : `,${text}`;
    }
    return `${line})`;
  });
  return lines.join(',');
}
