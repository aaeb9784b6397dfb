// Sketches cross over to Apache DataSketches' own library (Python's package `datasketches`) and back: what one side
// writes, the other reads, with equal estimates and bounds.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Ours } from './peers.ts';

type Kind = 'hll' | 'theta' | 'cpc' | 'kll' | 'tdigest' | 'frequent';
type Values = 'int' | 'float' | 'text';
type Answer = readonly (number | readonly (string | number)[])[];

interface Case {
  readonly kind: Kind;
  readonly values: Values;
  readonly rows: number;
}
type Job = Case | { readonly kind: Kind; readonly bytes: string };

const script = join(import.meta.dirname, 'oracles', 'sketches.py');
const expressions: Record<Values, string> = {
  int: 'number',
  float: 'number / 8',
  text: "concat('v', toString(number))",
};
const builders: Record<Kind, string> = {
  hll: 'hll_sketch_agg(12)',
  theta: 'theta_sketch_agg(12)',
  cpc: 'cpc_sketch_agg(11)',
  kll: 'kll_sketch_agg(200)',
  tdigest: 'tdigest_sketch_agg(200)',
  frequent: 'frequent_items_agg(10)',
};
const ranks = [0.01, 0.25, 0.5, 0.9, 1];

function cases(): Case[] {
  const out: Case[] = [];
  for (const rows of [0, 1, 10, 1000, 20_000]) {
    for (const kind of ['hll', 'theta', 'cpc'] as const) {
      for (const values of ['int', 'float', 'text'] as const) out.push({ kind, values, rows });
    }
    for (const kind of ['kll', 'tdigest'] as const) {
      for (const values of ['int', 'float'] as const) out.push({ kind, values, rows });
    }
    if (rows < 1000) out.push({ kind: 'frequent', values: 'text', rows });
  }
  return out;
}

/** What our functions answer of a sketch, as the script's `answers`. */
function answers(kind: Kind, sketch: string): string {
  if (kind === 'frequent') return `frequent_items_estimate(${sketch})`;
  if (kind === 'kll' || kind === 'tdigest') {
    return `[${ranks.map((rank) => `${kind}_sketch_quantile(${sketch}, ${rank})`).join(', ')}]`;
  }
  return `${kind}_sketch_estimate_with_error_bounds(${sketch}, 2)`;
}

let python: string | undefined;
let ours: Ours;

async function ask(sql: string): Promise<{ bytes: string; answers: Answer }> {
  const settings = { max_query_size: '100000000', output_format_json_quote_denormals: '1' };
  const text = await ours.must(sql, { format: 'JSONCompactEachRow', settings });
  const [bytes, answer] = JSON.parse(text) as [string, unknown];
  const list = Array.isArray(answer) ? answer : Object.values(answer as object);
  const rows = list.map((row) =>
    row !== null && typeof row === 'object' ? Object.values(row) : Number(row),
  );
  return { bytes, answers: rows as Answer };
}

function theirs(jobs: readonly Job[]): { bytes: string; answers: Answer }[] {
  const done = spawnSync(python ?? '', [script], {
    input: JSON.stringify(jobs),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (done.status !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout) as { bytes: string; answers: Answer }[];
}

/**
 * Equal but for the last digits of floats; frequencies come as texts or numbers. Between two centroids of a t-digest
 * the library's interpolation swaps their weights, ours does not: near each other, then.
 */
function equal(of: Case, mine: Answer, other: Answer): void {
  const what = JSON.stringify(of);
  const flat = (answer: Answer) =>
    answer.flat().map((v) => (Number.isNaN(Number(v)) ? v : Number(v)));
  const [a, b] = [flat(mine), flat(other)];
  expect(a.length, what).toBe(b.length);
  a.forEach((v, i) => {
    const w = b[i];
    if (typeof v === 'number' && typeof w === 'number') {
      expect(Math.abs(v - w), `${what} ${v} ${w}`).toBeLessThanOrEqual(
        of.kind === 'tdigest' ? of.rows / 50 : 1e-9 * Math.max(1, Math.abs(w)),
      );
    } else expect(v, what).toBe(w);
  });
}

beforeAll(async () => {
  const file = '../scripts/oracles.mjs'; // plain JavaScript without declarations
  const oracles = (await import(file)) as { python(spec: string): Promise<string | undefined> };
  python = await oracles.python('datasketches==5.2.0');
  if (!python) return;
  ours = await Ours.start('sketches');
}, 620_000);

afterAll(() => ours?.close());

it('what is written here is read there', { timeout: 120_000 }, async (context) => {
  if (!python) return context.skip();
  const mine: { bytes: string; answers: Answer }[] = [];
  for (const c of cases()) {
    const from = `SELECT ${builders[c.kind]}(${expressions[c.values]}) AS s FROM numbers(${c.rows})`;
    mine.push(await ask(`SELECT base64Encode(s), ${answers(c.kind, 's')} FROM (${from})`));
  }
  const read = theirs(cases().map((c, i) => ({ kind: c.kind, bytes: mine[i]?.bytes ?? '' })));
  cases().forEach((c, i) => {
    const own = mine[i]?.answers ?? [];
    // an empty sketch has no quantiles: nan here, none there
    if (c.rows > 0 || !/kll|tdigest/.test(c.kind)) equal(c, own, read[i]?.answers ?? []);
  });
});

it('what is written there is read here', { timeout: 120_000 }, async (context) => {
  if (!python) return context.skip();
  for (const [i, other] of theirs(cases()).entries()) {
    const c = cases()[i] as Case;
    if (c.rows === 0 && /kll|tdigest/.test(c.kind)) continue;
    const from = `SELECT base64Decode('${other.bytes}') AS s`;
    const mine = await ask(`SELECT '', ${answers(c.kind, 's')} FROM (${from})`);
    equal(c, mine.answers, other.answers);
  }
});

it('the same values give the same estimates', { timeout: 120_000 }, async (context) => {
  if (!python) return context.skip();
  const all = cases().filter((c) => ['hll', 'theta', 'cpc', 'frequent'].includes(c.kind));
  for (const [i, other] of theirs(all).entries()) {
    const c = all[i] as Case;
    const from = `SELECT ${builders[c.kind]}(${expressions[c.values]}) AS s FROM numbers(${c.rows})`;
    equal(
      c,
      (await ask(`SELECT '', ${answers(c.kind, 's')} FROM (${from})`)).answers,
      other.answers,
    );
  }
});

it('set operations of theta sketches and unions of states', {
  timeout: 60_000,
}, async (context) => {
  if (!python) return context.skip();
  const [a, b] = theirs([
    { kind: 'theta', values: 'int', rows: 3000 },
    { kind: 'theta', values: 'int', rows: 1000 },
  ]);
  const pair = `base64Decode('${a?.bytes}') AS a, base64Decode('${b?.bytes}') AS b`;
  const found = await ask(`SELECT '', [
    theta_sketch_estimate(theta_sketch_union(a, b)),
    theta_sketch_estimate(theta_sketch_intersect(a, b)),
    theta_sketch_estimate(theta_sketch_not(a, b))] FROM (SELECT ${pair})`);
  expect(found.answers).toEqual([3000, 1000, 2000]);
  // a state is the sketch itself: what a table holds can be handed on
  const states = `SELECT theta_sketch_aggMergeState(s) AS m FROM
    (SELECT theta_sketch_aggState(number) AS s FROM numbers(2500) GROUP BY number % 7)`;
  const state = await ask(
    `SELECT base64Encode(CAST(m, 'String')), [theta_sketch_estimate(m)] FROM (${states})`,
  );
  expect(state.answers).toEqual([2500]);
  expect(theirs([{ kind: 'theta', bytes: state.bytes }])[0]?.answers[0]).toBe(2500);
});
