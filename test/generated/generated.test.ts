// Random queries, answered by colonnade and by ClickHouse (chdb, in process): the same rows, types and names, or both
// refuse.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Beside, besideClickHouse, closeBoth, report, seeds } from '../peers.ts';
import { difference, parseAnswer } from './compare.ts';
import { explained } from './explained.ts';
import { query } from './queries.ts';
import { seeded } from './random.ts';
import { setup } from './tables.ts';

const { count, all } = seeds(500);
const format = 'TSVWithNamesAndTypes';
const settings = { allow_experimental_correlated_subqueries: '1' };
/**
 * Rewrites of ClickHouse's that change answers: max(x + 1) of no rows is 1, f(k) beside k leaves ORDER BY, min(k) beside k
 * is filled as k is.
 */
const asWritten = {
  optimize_arithmetic_operations_in_aggregate_functions: '0',
  optimize_redundant_functions_in_order_by: '0',
  optimize_aggregators_of_group_by_keys: '0',
  optimize_injective_functions_inside_uniq: '0',
};
let beside: Beside | undefined;

beforeAll(async () => {
  beside = await besideClickHouse('generated', setup(), {
    compatibility: '25.8',
    ...settings,
    ...asWritten,
  });
}, 900_000);
afterAll(() => closeBoth(beside));

const why = (text: string): string | undefined =>
  explained.find(([pattern]) => pattern.test(text))?.[1];

it(`${count} generated queries give ClickHouse's answers`, {
  timeout: 3_600_000,
}, async (context) => {
  if (!beside) return context.skip();
  const { ours, theirs } = beside;
  const found: string[] = [];
  const codes: string[] = [];
  let answered = 0;
  for (const seed of all) {
    const { sql, ordered } = query(seeded(seed));
    const a = await ours.ask(sql, { format, settings });
    let b = theirs.ask(sql, format);
    // chdb gives the answer before this one now and then, and the right one when it is asked again
    const differs = (): boolean =>
      'text' in a &&
      (!('text' in b) ||
        difference(parseAnswer(a.text), parseAnswer(b.text), ordered) !== undefined);
    if (differs()) b = theirs.ask(sql, format);
    if ('text' in a && 'text' in b) {
      answered++;
      const what = difference(parseAnswer(a.text), parseAnswer(b.text), ordered);
      if (what) found.push(`seed ${seed}: ${what}\n  ${sql}`);
    } else if ('text' in b) {
      if ('code' in a) found.push(`seed ${seed}: ${a.code} ${a.message}\n  ${sql}`);
    } else if ('text' in a) {
      found.push(`seed ${seed}: theirs ${b.message.slice(0, 300)}\n  ${sql}`);
    } else if (a.code !== b.code) {
      codes.push(
        `${seed}: ${a.code} | ${b.code} ${sql}\n    ${a.message} | ${b.message.slice(0, 300)}`,
      );
    }
  }
  const differences = found.filter((text) => !why(text));
  const meant = found.flatMap((text) => (why(text) ? [`${why(text)}\n  ${text}`] : []));
  report(
    `${count} queries, ${answered} answered, ${differences.length} differ (and ${meant.length} that are explained), ${codes.length} with another code`,
    [...differences, '--- codes', ...codes, '--- explained', ...meant.sort()],
  );
  expect(answered).toBeGreaterThan(count / 2);
  expect(differences.slice(0, 20)).toEqual([]);
});
