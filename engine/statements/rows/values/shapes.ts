// Rows of VALUES by their shape: the tokens of a row without the values of its literals. Rows of one shape
// have the same syntax tree, so that one of them is parsed for all.

import { Broken, End, Lexer, Numeric, Symbol_, Text, Word } from '../../../../sql/index.ts';
import { type Reads, writtenNumber } from './reads.ts';

/** A literal inside of an expression. */
export type SlotKind = 'whole' | 'fraction' | 'text';

export interface ShapedRow {
  /** From 0. */
  readonly index: number;
  /** Its place in the text. */
  readonly start: number;
  readonly end: number;
  /** Values that their column's reader takes, as they are written. */
  readonly read: readonly string[];
  /** Literals of the expressions, as they are written. */
  readonly slots: readonly string[];
  /** Where they end, from the start of the row. */
  readonly ends: readonly number[];
}

export interface Shape {
  /** Which items are read; the others are expressions. */
  readonly isRead: readonly boolean[];
  readonly kinds: readonly SlotKind[];
  readonly rows: ShapedRow[];
}

const opening = '([{';
const closing = ')]}';
const marks: Record<SlotKind, string> = { whole: '\u0001w', fraction: '\u0001f', text: '\u0001t' };
const betweenTokens = '\u0002';
const betweenItems = '\u0003';
const ownMarks = /[\u0001-\u0003]/;

/** The rows' shapes in the order of their first rows. Undefined where a row is none that all columns have a
 *  value of: the parser says what is wrong with it. */
export function shapesOf(text: string, columns: readonly Reads[]): Shape[] | undefined {
  const scanner = new Scanner(text, columns);
  const shapes = new Map<string, Shape>();
  for (let index = 0; ; index++) {
    const more = scanner.next();
    if (more === undefined) return undefined;
    if (!more) return [...shapes.values()];
    const { key, start, end, read, slots, ends } = scanner;
    let shape = shapes.get(key);
    if (!shape) {
      const { isRead, kinds } = scanner;
      shape = { isRead, kinds, rows: [] };
      shapes.set(key, shape);
    }
    shape.rows.push({ index, start, end, read, slots, ends });
  }
}

/** One row after the other; its fields are those of the last one. */
class Scanner {
  key = '';
  start = 0;
  end = 0;
  isRead: boolean[] = [];
  read: string[] = [];
  slots: string[] = [];
  kinds: SlotKind[] = [];
  ends: number[] = [];

  readonly #text: string;
  readonly #columns: readonly Reads[];
  readonly #lexer: Lexer;

  constructor(text: string, columns: readonly Reads[]) {
    this.#text = text;
    this.#columns = columns;
    this.#lexer = new Lexer(text);
  }

  /** Whether there was one more row; undefined where what follows is none. */
  next(): boolean | undefined {
    const lexer = this.#lexer;
    lexer.restart(0, this.end);
    lexer.advance();
    let at = 0;
    if (this.end > 0 && lexer.values[0] === ',' && lexer.kinds[0] === Symbol_) {
      lexer.advance();
      at = 1;
    } else if (lexer.values[0] === ';' && lexer.kinds[0] === Symbol_) {
      lexer.advance();
      return lexer.kinds[1] === End ? false : undefined;
    } else if (lexer.kinds[0] === End) return false;
    if (lexer.values[at] !== '(') return undefined;
    this.start = lexer.starts[at] as number;
    this.key = '';
    this.isRead = [];
    this.read = [];
    this.slots = [];
    this.kinds = [];
    this.ends = [];
    return this.#items(at + 1) ? true : undefined;
  }

  #items(first: number): boolean {
    const lexer = this.#lexer;
    let from = first;
    for (let at = first, depth = 1; ; at++) {
      lexer.advance();
      const kind = lexer.kinds[at] as number;
      if (kind === End || kind === Broken) return false;
      if (kind !== Symbol_) continue;
      const symbol = lexer.values[at] as string;
      if (opening.includes(symbol)) depth++;
      else if (closing.includes(symbol)) depth--;
      const ends = depth === 0;
      if (!ends && (depth > 1 || symbol !== ',')) continue;
      if (!this.#item(from, at)) return false;
      from = at + 1;
      if (!ends) continue;
      this.end = lexer.ends[at] as number;
      return symbol === ')' && this.isRead.length === this.#columns.length;
    }
  }

  /** Tokens from `from` up to `to`. */
  #item(from: number, to: number): boolean {
    const reads = this.#columns[this.isRead.length];
    if (from === to || !reads) return false;
    const isRead = this.#reads(reads, from, to);
    this.isRead.push(isRead);
    if (isRead) {
      const { starts, ends } = this.#lexer;
      this.read.push(this.#text.slice(starts[from], ends[to - 1]));
      this.key += betweenItems;
      return true;
    }
    let key = this.key;
    for (let at = from; at < to; at++) {
      const slot = this.#slot(at);
      if (slot === undefined) {
        const raw = this.#raw(at);
        if (ownMarks.test(raw)) return false;
        key += raw;
      } else {
        key += marks[slot];
        this.kinds.push(slot);
        this.slots.push(this.#raw(at));
        this.ends.push((this.#lexer.ends[at] as number) - this.start);
      }
      key += betweenTokens;
    }
    this.key = key + betweenItems;
    return true;
  }

  #raw(at: number): string {
    return this.#text.slice(this.#lexer.starts[at], this.#lexer.ends[at]);
  }

  /** What a literal is; undefined for other tokens, and for literals in spellings of SQL's own. */
  #slot(at: number): SlotKind | undefined {
    const { kinds, starts } = this.#lexer;
    if (kinds[at] === Text) {
      return this.#text.charCodeAt(starts[at] as number) === 39 ? 'text' : undefined;
    }
    if (kinds[at] !== Numeric) return undefined;
    const written = writtenNumber(this.#raw(at));
    return written === 'other' ? undefined : written;
  }

  #reads(reads: Reads, from: number, to: number): boolean {
    const { kinds, values } = this.#lexer;
    const first = kinds[from] === Symbol_ ? (values[from] as string) : '';
    if (to - from === 1) {
      if (kinds[from] === Word) return reads.nulls && values[from] === 'NULL';
      const slot = this.#slot(from);
      return slot === 'text' ? reads.texts : this.#isNumber(reads, from);
    }
    if (first === '-') return to - from === 2 && this.#isNumber(reads, from + 1);
    return reads.lists && first !== '' && opening.includes(first) && this.#isList(from, to);
  }

  #isNumber(reads: Reads, at: number): boolean {
    const slot = this.#slot(at);
    return slot === 'whole' ? reads.whole : slot === 'fraction' && reads.fractions;
  }

  /** Numbers and texts in brackets that close at the very end. */
  #isList(from: number, to: number): boolean {
    const { kinds, values } = this.#lexer;
    let depth = 0;
    for (let at = from; at < to; at++) {
      if (kinds[at] !== Symbol_) {
        if (this.#slot(at) === undefined) return false;
        continue;
      }
      const symbol = values[at] as string;
      if (opening.includes(symbol)) depth++;
      else if (closing.includes(symbol)) depth--;
      else if (symbol === '-') {
        const before = values[at - 1] as string;
        if (kinds[at - 1] !== Symbol_ || !`${opening},:`.includes(before)) return false;
      } else if (symbol !== ',' && symbol !== ':') return false;
      if (depth === 0 && at < to - 1) return false;
    }
    return true;
  }
}
