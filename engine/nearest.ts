// "Did you mean" for names of functions, types and engines. Among names that are equally far, one
// with the same letters (avg for agv) wins, then one that only misses letters (arrayMap for aryMap).

import { editDistance, editsAllowed } from '../sql/index.ts';

const letters = (text: string): string => [...text].sort().join('');

/** Whether all letters of `short` stand in `long` in the same order. */
function within(short: string, long: string): boolean {
  let at = 0;
  for (const c of short) {
    at = long.indexOf(c, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length === 0 || name.length > 64) return undefined;
  const wanted = name.toLowerCase();
  const sorted = letters(wanted);
  const limit = Math.min(editsAllowed(name.length), Math.max(1, name.length - 1));
  let best: string | undefined;
  let bestScore = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) > limit) continue;
    const lower = candidate.toLowerCase();
    const distance = editDistance(wanted, lower, limit);
    if (distance > limit || distance >= Math.max(wanted.length, lower.length)) continue;
    let score = distance * 4;
    if (lower.length === wanted.length && letters(lower) === sorted) score -= 2;
    else if (within(name, candidate) || within(candidate, name)) score -= 1.5;
    if (lower[0] !== wanted[0]) score += 1;
    if (!/[a-z]/.test(candidate) && /[a-z]/.test(name)) score += 0.5;
    if (score < bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}
