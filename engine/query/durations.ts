// How long statements took when they last ran, by their shape: the text without its numbers and strings.

import { Lru } from './cache.ts';

const TEXT_MAX = 4096;

/** The same for statements that differ only in what they look for. Cost: one pass over 4 KiB at most. */
const shapeOf = (text: string): string =>
  text
    .slice(0, TEXT_MAX)
    .replace(/'(?:[^'\\]|\\.|'')*'?|\b\d[\w.]*/g, '?')
    .replace(/\s+/g, ' ');

export class Durations {
  readonly #max: number;
  /** Milliseconds, the shape that ran last at the end. */
  readonly #known = new Map<string, number>();
  #sum = 0;
  /** Of texts that are sent again and again. */
  readonly #shapes: Lru<string>;

  /** @param max shapes to remember */
  constructor(max: number) {
    this.#max = max;
    this.#shapes = new Lru(max);
  }

  #shape(text: string): string {
    if (text.length > TEXT_MAX) return shapeOf(text);
    const known = this.#shapes.get(text);
    if (known !== undefined) return known;
    const shape = shapeOf(text);
    this.#shapes.set(text, shape);
    return shape;
  }

  note(text: string, ms: number): void {
    const shape = this.#shape(text);
    this.#forget(shape);
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= this.#max) this.#forget(oldest);
    this.#known.set(shape, ms);
    this.#sum += ms;
  }

  /** What a statement will take, in milliseconds: what its like took last, or the mean of all. */
  expected(text: string): number {
    const mean = this.#known.size > 0 ? this.#sum / this.#known.size : 0;
    return this.#known.get(this.#shape(text)) ?? mean;
  }

  #forget(shape: string): void {
    const ms = this.#known.get(shape);
    if (ms === undefined) return;
    this.#known.delete(shape);
    this.#sum -= ms;
  }
}
