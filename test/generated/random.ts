// A seeded source of choices: the same seed always gives the same query, so a failure can be run again.

export interface Random {
  /** A whole number from 0 up to, not including, `below`. */
  int(below: number): number;
  /** True with probability `share`. */
  chance(share: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** One of the entries, by weight. */
  weighted<T>(from: readonly (readonly [number, T])[]): T;
  /** Between `low` and `high` results of `make`, both included. */
  some<T>(low: number, high: number, make: (index: number) => T): T[];
}

/** SplitMix32: one multiplication-free add and two mixing rounds a number. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  };
  const random: Random = {
    int: (below) => Math.floor(next() * below),
    chance: (share) => next() < share,
    pick: (from) => {
      const value = from[random.int(from.length)];
      if (value === undefined) throw new Error('nothing to pick from');
      return value;
    },
    weighted: (from) => {
      let left = next() * from.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, value] of from) {
        left -= weight;
        if (left < 0) return value;
      }
      return random.pick(from)[1];
    },
    some: (low, high, make) =>
      Array.from({ length: low + random.int(high - low + 1) }, (_, i) => make(i)),
  };
  return random;
}
