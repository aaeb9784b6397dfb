// "Did you mean": the nearest of some names to a misspelt one.

const lengthMax = 64;

/** Damerau–Levenshtein distance (adjacent swaps count one), or `limit + 1` when it is greater.
 *  Optimal string alignment, three rows, O(a·b), stops early. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1);
      let cost = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      const swapped =
        i > 1 &&
        j > 1 &&
        a.charCodeAt(i - 1) === b.charCodeAt(j - 2) &&
        a.charCodeAt(i - 2) === b.charCodeAt(j - 1);
      if (swapped) cost = Math.min(cost, (beforeLast[j - 2] as number) + 1);
      row.push(cost);
      if (cost < best) best = cost;
    }
    if (best > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}

/** How many edits still count as a misspelling of a word of this length. */
export function editsAllowed(length: number): number {
  if (length <= 2) return 1;
  return length <= 5 ? 2 : length <= 12 ? 3 : 4;
}

/** The candidate nearest to `name`, or undefined when none is near. Letter case counts least;
 *  among equals the one with the same first letter, then the first given wins. Never throws. */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length === 0 || name.length > lengthMax) return undefined;
  const wanted = name.toLowerCase();
  const limit = Math.min(editsAllowed(name.length), Math.max(1, name.length - 1));
  let best: string | undefined;
  let bestScore = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (candidate.length === 0 || candidate.length > lengthMax) continue;
    const lower = candidate.toLowerCase();
    const distance = editDistance(wanted, lower, limit);
    if (distance > limit || distance >= Math.max(wanted.length, lower.length)) continue;
    const score =
      distance * 4 +
      (lower[0] === wanted[0] ? 0 : 2) +
      (lower.length === wanted.length ? 0 : 0.5) +
      (candidate === name ? -1 : 0);
    if (score < bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}

/** Keywords that a misspelling turns into a column: `SELECT DISTNCT a` names a column DISTNCT. */
const prefixKeywords = ['DISTINCT', 'INTERVAL', 'CASE', 'NOT', 'NULL', 'TRUE', 'FALSE', 'EXISTS'];

/** Like `suggest`, for the name of an unknown column: a keyword wins when it is nearer. */
export function suggestColumn(name: string, columns: Iterable<string>): string | undefined {
  const column = suggest(name, columns);
  const word = name.toUpperCase();
  const limit = word.length <= 4 ? 1 : 2;
  const columnDistance =
    column === undefined ? limit + 1 : editDistance(word, column.toUpperCase(), limit);
  const keyword = prefixKeywords.find((candidate) => {
    const distance = editDistance(word, candidate, limit);
    return distance > 0 && distance < columnDistance;
  });
  return keyword ?? column;
}
