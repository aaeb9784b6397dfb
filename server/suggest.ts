// The nearest of some known names, for "did you mean" hints of the edge (config keys, parameters, topics).

/** Damerau–Levenshtein distance, at most `limit` + 1. O(n·m) on short names. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(
        (previous[j] ?? 0) + 1,
        (current[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + cost,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? limit + 1;
}

/** The known name nearest to `name` without regard to case, or undefined when none is near. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase().slice(0, 100);
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of known) {
    const d = distance(wanted, candidate.toLowerCase(), limit);
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  return best;
}

export const didYouMean = (name: string, known: Iterable<string>): string | undefined => {
  const best = nearest(name, known);
  return best === undefined ? undefined : `Maybe you meant ${best}`;
};
