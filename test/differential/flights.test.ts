// Twelve questions over three million real flights, answered by colonnade and by DuckDB: the rows
// have to be equal, floats to nine digits. Skipped where DuckDB cannot be installed.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';

const root = join(import.meta.dirname, '..', '..');
const file = join(root, 'node_modules', 'vega-datasets', 'data', 'flights-3m.parquet');

type Ask = (sql: string) => Promise<unknown[][]>;
let duck: Ask | undefined;
let engine: Engine;
let dir: string;

const user = { name: 'default' };

async function rows(sql: string): Promise<unknown[][]> {
  const result = await engine.query({ sql, format: 'JSONCompact', user });
  const parts: Uint8Array[] = [];
  for await (const chunk of result.chunks) parts.push(chunk);
  return (JSON.parse(Buffer.concat(parts).toString()) as { data: unknown[][] }).data;
}

beforeAll(async () => {
  const script = '../../scripts/oracles.mjs'; // plain JavaScript without declarations
  const { oracle } = (await import(script)) as {
    oracle(name: string): Promise<unknown>;
  };
  const module = (await oracle('@duckdb/node-api')) as
    | { DuckDBInstance: { create(path: string): Promise<DuckDatabase> } }
    | undefined;
  if (!module || !existsSync(file)) return;
  const connection = await (await module.DuckDBInstance.create(':memory:')).connect();
  await connection.run(`create table flights as select * from '${file}'`);
  duck = async (sql) => (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][];
  dir = mkdtempSync(join(tmpdir(), 'colonnade-flights-'));
  engine = await open({ dataDir: dir });
  async function* body(): AsyncGenerator<Uint8Array> {
    yield readFileSync(file);
  }
  const answer = await engine.ingest({
    table: 'flights',
    format: 'Parquet',
    create: true,
    body: body(),
    user,
  });
  expect(answer.rows).toBe(3_000_000);
}, 900_000);

afterAll(async () => {
  if (!engine) return;
  await engine.close();
  rmSync(dir, { recursive: true, force: true });
});

interface DuckDatabase {
  connect(): Promise<{
    run(sql: string): Promise<unknown>;
    runAndReadAll(sql: string): Promise<{ getRowsJson(): unknown }>;
  }>;
}

/** Numbers (also as text) to nine digits, everything else as text. */
function plain(value: unknown): unknown {
  if (value === null) return null;
  const number = Number(value);
  return value !== '' && !Number.isNaN(number) ? Number(number.toPrecision(9)) : String(value);
}

/** [question, ours, DuckDB's; one text where both read it] */
const questions: [string, string, string?][] = [
  ['rows and mean delay', 'select count(*), avg(delay), min(delay), max(delay) from flights'],
  [
    'delays by origin',
    'select origin, count(*) as c, avg(delay) as d from flights group by origin order by c desc, origin limit 20',
  ],
  [
    'delays by route',
    'select origin, destination, count(*) as c, sum(delay) as s from flights group by origin, destination having count(*) > 1000 order by s desc, origin, destination limit 50',
  ],
  [
    'by hour of the day',
    'select toHour(date) as h, count(*), avg(delay) from flights group by h order by h',
    'select hour(date) as h, count(*), avg(delay) from flights group by h order by h',
  ],
  [
    'by month',
    'select toYYYYMM(date) as m, count(*), avg(distance) from flights group by m order by m',
    'select year(date) * 100 + month(date) as m, count(*), avg(distance) from flights group by m order by m',
  ],
  [
    'percentiles of the delay',
    'select quantileExactInclusive(0.5)(delay), quantileExactInclusive(0.9)(delay), quantileExactInclusive(0.99)(delay) from flights',
    'select quantile_cont(delay, 0.5), quantile_cont(delay, 0.9), quantile_cont(delay, 0.99) from flights',
  ],
  [
    'distinct places and routes',
    'select count(distinct origin), count(distinct destination), count(distinct origin, destination) from flights',
    "select count(distinct origin), count(distinct destination), count(distinct (origin || '-' || destination)) from flights",
  ],
  [
    'a running sum over groups',
    'select m, c, sum(c) over (order by m) from (select toYYYYMM(date) as m, count(*) as c from flights group by m) as t order by m',
    'select m, c, sum(c) over (order by m) from (select year(date) * 100 + month(date) as m, count(*) as c from flights group by m) as t order by m',
  ],
  [
    'a join with the three largest origins',
    'select f.destination as d, count(*) as c from flights as f inner join (select origin, count(*) as n from flights group by origin order by n desc, origin limit 3) as o on f.origin = o.origin group by d order by c desc, d limit 25',
  ],
  [
    'long and late',
    'select count(*), sum(distance) from flights where distance > 2000 and delay between 60 and 120',
  ],
  [
    'the latest flights of a place',
    "select destination, delay from flights where origin = 'SFO' order by delay desc, destination, distance limit 15",
  ],
  [
    'share of late flights',
    'select origin, countIf(delay > 15) as late, count(*) as c from flights group by origin having c > 20000 order by origin',
    'select origin, count(*) filter (where delay > 15) as late, count(*) as c from flights group by origin having count(*) > 20000 order by origin',
  ],
];

describe('three million flights, as DuckDB answers', () => {
  for (const [name, ours, theirs] of questions) {
    it(name, async ({ skip }) => {
      if (!duck) return skip('DuckDB is not installed');
      const want = (await duck(theirs ?? ours)).map((r) => r.map(plain));
      const got = (await rows(ours)).map((r) => r.map(plain));
      expect(got.length).toBeGreaterThan(0);
      expect(got).toEqual(want);
    });
  }
});
