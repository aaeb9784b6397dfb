// Repeatable luck.

export class Draw {
  #state: number;
  constructor(seed: number) {
    this.#state = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) >>> 0 || 1;
  }
  below(bound: number): number {
    this.#state ^= this.#state << 13;
    this.#state >>>= 0;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#state >>>= 0;
    return this.#state % bound;
  }
  chance(p: number): boolean {
    return this.below(1000) < p * 1000;
  }
  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)];
  }
}
