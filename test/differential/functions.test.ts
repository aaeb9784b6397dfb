// Every function that ClickHouse (chdb, in process) has as well, called with arguments of many types: where it answers,
// colonnade gives the same value of the same type. COLONNADE_TEST_ARGUMENTS sets how many calls a function gets,
// COLONNADE_TEST_SEED which ones.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Random, seeded } from '../generated/random.ts';
import { type Beside, besideClickHouse, closeBoth, type Outcome, report } from '../peers.ts';
import { incomparable, partners, rarePartners, rareValues, values } from './arguments.ts';
import { meant } from './meant.ts';

const calls = Number(process.env.COLONNADE_TEST_ARGUMENTS ?? 4);
const seed = Number(process.env.COLONNADE_TEST_SEED ?? 1);
let beside: Beside | undefined;

beforeAll(async () => {
  beside = await besideClickHouse('functions', []);
}, 300_000);
afterAll(() => closeBoth(beside));

const names = (outcome: Outcome): string[] =>
  'text' in outcome ? outcome.text.split('\n').filter(Boolean) : [];

const nightly = process.env.COLONNADE_TEST_NIGHTLY === '1';
const firsts = nightly ? [...values, ...rareValues] : values;
const seconds = nightly ? [...partners, ...rarePartners, ...rareValues] : partners;

/** One or two arguments, any of them; three now and then in the nightly run. */
function pick(random: Random): string {
  const given = [random.pick(firsts)];
  if (random.chance(0.4)) given.push(random.pick(seconds));
  if (nightly && given.length > 1 && random.chance(0.3)) given.push(random.pick(seconds));
  return given.join(', ');
}

it('functions give what ClickHouse gives', { timeout: 1_800_000 }, async (context) => {
  if (!beside) return context.skip();
  const { ours, theirs } = beside;
  const list = 'SELECT name FROM system.functions WHERE is_aggregate = 0 ORDER BY name';
  const known = new Set(names(theirs.ask(list)));
  const common = names(await ours.ask(list)).filter(
    (name) => known.has(name) && !incomparable.some(([pattern]) => pattern.test(name)),
  );
  const differences: string[] = [];
  let compared = 0;
  for (const [index, name] of common.entries()) {
    const random = seeded(seed * 100_003 + index);
    for (let k = 0; k < calls; k++) {
      const sql = `SELECT toTypeName(${name}(${pick(random)}) AS x), x`;
      const b = theirs.ask(sql);
      // Where ClickHouse refuses, colonnade may answer.
      if (!('text' in b)) continue;
      compared++;
      const a = await ours.ask(sql, { settings: { session_timezone: 'UTC' } });
      if ('text' in a && a.text === b.text) continue;
      const said = 'text' in a ? a.text : `${a.code} ${a.message}\n`;
      const difference = `${sql}\n  ours   ${said}  theirs ${b.text}`;
      if (!meant.some(([pattern]) => pattern.test(difference))) differences.push(difference);
    }
  }
  report(`${compared} calls, ${differences.length} differ`, differences);
  expect(common.length).toBeGreaterThan(700);
  expect(compared).toBeGreaterThan(common.length / 4);
  expect(differences.slice(0, 20)).toEqual([]);
});
