// npm run bench: the same data and the same questions in colonnade, DuckDB and chdb, one after the other on this
// machine; only ratios of one run mean anything. Plain JavaScript: Node 20 runs no TypeScript by itself.
//
//   npm run bench                         generated events (1 M rows) and flights-3m
//   npm run bench -- --rows 5000000       more of the generated ones
//   npm run bench -- --hits 1000000       the 105-column table of ../shared/bench, with its 43 queries, where it is there
//   npm run bench -- tpch --data DIR      TPC-H, and ssb the Star Schema Benchmark (stars.mjs)
//   npm run bench -- rollups              what rollups cost and spare (rollups.mjs)
//   npm run bench -- --update             writes bench/baseline.json
import { spawnSync } from 'node:child_process';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { oracle, oracles } from '../scripts/oracles.mjs';
import { setup } from '../scripts/setup.mjs';
import { chdb, duckdb, sizeOf } from './peers.mjs';
import { rollups } from './rollups.mjs';
import { BenchServer, root } from './server.mjs';
import { stars } from './stars.mjs';

const { values: o, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    work: { type: 'string' },
    only: { type: 'string' },
    sf: { type: 'string', default: '1' },
    plain: { type: 'boolean', default: false },
    rows: { type: 'string' },
    runs: { type: 'string' },
    hits: { type: 'string' },
    update: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    'no-setup': { type: 'boolean', default: false },
  },
});
const rows = Number(o.rows ?? 1_000_000);
const runs = Number(o.runs ?? 3);
if (!o['no-setup']) await setup();
if (positionals.length > 0) {
  const kept = o.work ?? mkdtempSync(join(tmpdir(), 'colonnade-bench-'));
  const only = o.only?.split(',').map(Number);
  let same = true;
  for (const suite of positionals) {
    if (!['tpch', 'ssb', 'rollups'].includes(suite)) {
      throw new Error(`no bench ${suite}: tpch, ssb or rollups`);
    }
    same &&=
      suite === 'rollups'
        ? await rollups({
            rows: Number(o.rows ?? 10_000_000),
            runs: Number(o.runs ?? 7),
            work: kept,
          })
        : await stars(suite, { ...o, runs, only, work: kept });
  }
  if (!o.work) rmSync(kept, { recursive: true, force: true });
  process.exit(same ? 0 : 1);
}
const work = mkdtempSync(join(tmpdir(), 'colonnade-bench-'));
const baselineFile = join(root, 'bench', 'baseline.json');

const queriesOf = (name) =>
  readFileSync(join(root, 'bench', 'queries', `${name}.sql`), 'utf8')
    .replace(/^--.*$/gm, '')
    .split(';')
    .map((q) => q.trim())
    .filter(Boolean);

/** A Parquet file and a file of JSON lines with the same rows, made by DuckDB: deterministic hashes of the row's number. */
async function makeEvents() {
  const package_ = await oracle('@duckdb/node-api');
  if (package_ === undefined) return undefined;
  const file = join(work, 'events.parquet');
  const connection = await (await package_.DuckDBInstance.create(':memory:')).connect();
  await connection.run(`
    create macro r(i, k) as hash(i::ubigint, k::integer);
    create table events as select
      i::bigint as id,
      timestamp '2024-01-01' + interval (i * 2592000 // ${rows}) second as ts,
      (r(i, 1) % 100000 // (1 + r(i, 2) % 7))::integer as user_id,
      ['de','us','fr','jp','br','in','pl','nz'][1 + floor(8 * pow((r(i, 3) % 1000) / 1000.0, 2))::int] as country,
      ['phone','desktop','tablet'][1 + (r(i, 4) % 3)::int] as device,
      '/' || ['product','search','cart','home'][1 + (r(i, 5) % 4)::int] || '/' || (r(i, 6) % 20000 // (1 + r(i, 7) % 50))::varchar as url,
      [200,200,200,200,304,404,500][1 + (r(i, 8) % 7)::int]::smallint as status,
      round((r(i, 9) % 100000) / 200.0, 2) as latency,
      (500 + r(i, 10) % 90000)::bigint as bytes
    from range(${rows}) t(i);
    copy events to '${file}' (format parquet);
    copy events to '${file.replace('.parquet', '.ndjson')}' (format json);`);
  return file;
}

async function ours(dir) {
  const server = await BenchServer.start(dir);
  const format = (file) => (file.endsWith('.parquet') ? 'Parquet' : 'JSONEachRow');
  return {
    name: 'colonnade',
    server,
    load: async (table, file) => {
      const from = performance.now();
      await server.query(`DROP TABLE IF EXISTS ${table}`);
      await server.ingest({ table, create: '1', format: format(file) }, createReadStream(file));
      return (performance.now() - from) / 1000;
    },
    query: (sql) => server.query(sql),
    size: () => sizeOf(dir),
  };
}

const value = (v) => {
  if (v === null || v === undefined) return null;
  const n = Number(v);
  if (v === '' || Number.isNaN(n)) return String(v).replace(/\.0+$/, '');
  return Number(n.toPrecision(9));
};
const normal = (data) => JSON.stringify(data.map((row) => row.map(value)));

/** Best of `runs` on each engine in turn, in milliseconds. */
async function timeQuery(engines, sql) {
  const times = {};
  const answers = {};
  for (let run = 0; run < runs; run++) {
    for (const engine of engines) {
      const from = performance.now();
      try {
        answers[engine.name] = normal(await engine.query(sql));
        const ms = performance.now() - from;
        times[engine.name] = Math.min(times[engine.name] ?? Number.POSITIVE_INFINITY, ms);
      } catch (error) {
        answers[engine.name] = `failed: ${String(error.message).slice(0, 200)}`;
      }
    }
  }
  return { times, answers };
}

const ms = (t) => (t === undefined ? '—' : t.toFixed(1)).padStart(9);

async function suite(name, table, file, orderBy, engines, results) {
  const sizeBefore = Object.fromEntries(engines.map((e) => [e.name, e.size()]));
  console.log(
    `\n${name}: ${(statSync(file).size / 1e6).toFixed(1)} MB of ${file.split('.').at(-1)}`,
  );
  for (const engine of engines) {
    const seconds = await engine.load(table, file, orderBy);
    const [[n]] = await engine.query(`SELECT count(*) FROM ${table}`);
    const rate = Math.round(Number(n) / seconds);
    const size = (engine.size() - sizeBefore[engine.name]) / 1e6;
    results.push({ name: `${name} load`, engine: engine.name, rate });
    console.log(
      `  ${engine.name.padEnd(10)} ${String(n).padStart(9)} rows in ${seconds.toFixed(2)} s, ${rate} rows/s, about ${size.toFixed(0)} MB on disk`,
    );
  }
  const ratios = [];
  let differ = 0;
  console.log(`  ${engines.map((e) => e.name.padStart(9)).join('')}    ratio`);
  for (const [i, sql] of queriesOf(table).entries()) {
    const { times, answers } = await timeQuery(engines, sql);
    const peers = engines
      .filter((e) => e.name !== 'colonnade')
      .map((e) => times[e.name] ?? Infinity);
    const best = Math.min(...peers);
    const own = times.colonnade;
    const ratio = own === undefined ? undefined : (own + 1) / (best + 1);
    const others = engines.filter((e) => e.name !== 'colonnade').map((e) => answers[e.name]);
    const same = others.length === 0 || others.includes(answers.colonnade);
    if (!same) differ++;
    if (ratio !== undefined && Number.isFinite(best)) ratios.push(ratio);
    results.push({ name: `${name} ${i + 1}`, ms: own, ratio });
    console.log(
      `  ${engines.map((e) => ms(times[e.name])).join('')} ${ratio === undefined ? '   failed' : ratio.toFixed(2).padStart(8)}  ${sql.slice(0, 70)}${same ? '' : '  DIFFERS'}`,
    );
    if (own === undefined) console.log(`    ${answers.colonnade}`);
  }
  const mean = Math.exp(ratios.reduce((s, r) => s + Math.log(r), 0) / Math.max(1, ratios.length));
  results.push({ name: `${name} mean`, ratio: mean });
  console.log(
    `  geometric mean of (t + 1 ms) / (best peer + 1 ms): ${mean.toFixed(2)}, rows differ on ${differ}`,
  );
  return differ;
}

/** Ratios against the last kept run: slower by a third is worth a look. */
function compareWithBaseline(results) {
  if (!existsSync(baselineFile)) return;
  const before = new Map(
    JSON.parse(readFileSync(baselineFile, 'utf8')).results.map((r) => [r.name, r]),
  );
  for (const r of results) {
    const old = before.get(r.name);
    if (r.ratio === undefined || old?.ratio === undefined) continue;
    if (r.ratio > 1.33 * old.ratio) {
      console.log(
        `slower than the baseline: ${r.name}, ratio ${old.ratio.toFixed(2)} → ${r.ratio.toFixed(2)}`,
      );
    }
  }
}

/** The kit's table and queries, where the kit stands beside the checkout. */
async function hits(count, dir) {
  const kit = join(root, '..', 'shared', 'bench');
  const from = await oracles();
  if (!existsSync(kit) || from === undefined) {
    console.log('SKIP  hits — ../shared/bench or test/oracles is missing');
    return true;
  }
  const file = join(work, 'hits.parquet');
  const node = (args) => spawnSync(process.execPath, args, { cwd: from, stdio: 'inherit' });
  node([join(kit, 'make-hits.mjs'), '--rows', count, '--out', file]);
  const server = await BenchServer.start(join(dir, 'hits'));
  try {
    const ddl = readFileSync(join(kit, 'clickbench', 'create.clickhouse.sql'), 'utf8');
    await server.query(ddl.replace(/;\s*(--.*)?$/s, ''));
    const begun = performance.now();
    const { rows: n } = await server.ingest(
      { table: 'hits', format: 'Parquet' },
      createReadStream(file),
    );
    const seconds = (performance.now() - begun) / 1000;
    console.log(
      `colonnade: ${n} rows loaded in ${seconds.toFixed(1)} s, ${(sizeOf(join(dir, 'hits')) / 1e6).toFixed(0)} MB on disk`,
    );
    const { status } = node([
      join(kit, 'side-by-side.mjs'),
      ...['--data', file, '--table', 'hits', '--queries', join(kit, 'clickbench', 'queries.sql')],
      ...['--work', join(work, 'peers'), '--runs', o.runs, '--check'],
      ...[
        '--create',
        `duckdb=${join(kit, 'clickbench', 'create.duckdb.sql')},chdb=${join(kit, 'clickbench', 'create.clickhouse.sql')}`,
      ],
      ...['--engines', `duckdb,chdb,colonnade=${server.url}`],
    ]);
    return status === 0;
  } finally {
    await server.stop();
  }
}

let ok = true;
try {
  if (o.hits !== undefined) ok = await hits(o.hits, work);
  else {
    const events = await makeEvents();
    mkdirSync(join(work, 'ours'));
    const own = await ours(join(work, 'ours'));
    const engines = [
      await duckdb(join(work, 'duckdb')),
      await chdb(join(work, 'chdb')),
      own,
    ].filter(Boolean);
    const results = [];
    let differ = 0;
    if (events !== undefined) {
      differ += await suite('events', 'events', events, 'ts', engines, results);
      const lines = events.replace('.parquet', '.ndjson');
      console.log('\nevents as JSON lines, load only');
      for (const engine of engines) {
        const seconds = await engine.load('events_json', lines, 'ts');
        console.log(`  ${engine.name.padEnd(10)} ${Math.round(rows / seconds)} rows/s`);
        results.push({
          name: 'events json load',
          engine: engine.name,
          rate: Math.round(rows / seconds),
        });
      }
    }
    const flights = join(root, 'node_modules', 'vega-datasets', 'data', 'flights-3m.parquet');
    if (existsSync(flights))
      differ += await suite('flights', 'flights', flights, 'date', engines, results);
    await own.server.stop();
    compareWithBaseline(results);
    if (o.update) {
      const doc = { rows, node: process.version, results };
      writeFileSync(baselineFile, `${JSON.stringify(doc, null, 1)}\n`);
    }
    ok = differ === 0;
  }
} finally {
  if (o.keep) console.log(`kept: ${work}`);
  else rmSync(work, { recursive: true, force: true });
}
process.exit(ok ? 0 : 1);
