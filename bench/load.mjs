// How fast rows come in, beside DuckDB: the same file into the same table, in turn, both on disk at the end.
//   node bench/load.mjs --parquet hits.parquet [--ndjson hits.ndjson] [--create create.sql]
//                       [--peer-create create.duckdb.sql] [--table hits] [--rounds 3] [--no-setup]
// Without --ndjson DuckDB makes one from the Parquet file. A ratio of 1 or more means that we are as fast or faster.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { oracle } from '../scripts/oracles.mjs';
import { setup } from '../scripts/setup.mjs';
import { BenchServer } from './server.mjs';

const { values: o } = parseArgs({
  options: {
    parquet: { type: 'string' },
    ndjson: { type: 'string' },
    create: { type: 'string' },
    'peer-create': { type: 'string' },
    table: { type: 'string', default: 'hits' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: 'parquet,ndjson' },
    work: { type: 'string' },
    'no-setup': { type: 'boolean', default: false },
  },
});
if (o.parquet === undefined) throw new Error('--parquet FILE is missing');
if (!o['no-setup']) await setup();
const duckdb = await oracle('@duckdb/node-api');
const work = mkdtempSync(join(o.work ?? tmpdir(), 'colonnade-load-'));
const name = o.table;

const seconds = async (run) => {
  const from = performance.now();
  await run();
  return (performance.now() - from) / 1000;
};

/** curl reads and sends the file: a client in JavaScript would cost as much as the server. */
function send(url, file) {
  return new Promise((done, reject) => {
    const curl = spawn('curl', ['-sS', '--fail-with-body', '-X', 'POST', '-T', file, url]);
    let out = '';
    curl.stdout.on('data', (d) => {
      out += d;
    });
    curl.stderr.on('data', (d) => {
      out += d;
    });
    curl.on('error', reject);
    curl.on('exit', (code) => (code === 0 ? done(out) : reject(new Error(out))));
  });
}

async function ours(format, file, round) {
  const dir = join(work, `ours-${format}-${round}`);
  const server = await BenchServer.start(dir);
  try {
    if (o.create) await server.query(readFileSync(o.create, 'utf8').replace(/;\s*(--.*)?$/s, ''));
    const create = o.create ? '' : '&create=1';
    const url = `${server.url}ingest?table=${name}&format=${format}${create}`;
    const time = await seconds(() => send(url, file));
    const [[rows]] = await server.query(`SELECT count() FROM ${name}`);
    return { time, rows: Number(rows) };
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function theirs(format, file, round) {
  const path = join(work, `duckdb-${format}-${round}`);
  const instance = await duckdb.DuckDBInstance.create(path);
  const connection = await instance.connect();
  const columns = (
    await connection.runAndReadAll(`describe select * from '${o.parquet}'`)
  ).getRowsJson();
  if (o['peer-create']) await connection.run(readFileSync(o['peer-create'], 'utf8'));
  const types = columns.map(([column, type]) => `"${column}": '${type}'`).join(', ');
  const from =
    format === 'Parquet'
      ? `read_parquet('${file}')`
      : `read_json('${file}', format = 'newline_delimited', columns = {${types}})`;
  const time = await seconds(async () => {
    const head = o['peer-create'] ? `insert into ${name}` : `create table ${name} as`;
    await connection.run(`${head} select * from ${from}`);
    await connection.run('checkpoint');
  });
  const [[rows]] = (await connection.runAndReadAll(`select count(*) from ${name}`)).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  rmSync(path, { force: true });
  return { time, rows: Number(rows) };
}

const best = (list) => Math.min(...list.map((x) => x.time));
let failed = 0;
try {
  let { ndjson } = o;
  const wanted = o.only.split(',');
  if (ndjson === undefined && wanted.includes('ndjson')) {
    ndjson = join(work, 'rows.ndjson');
    const connection = await (await duckdb.DuckDBInstance.create(':memory:')).connect();
    await connection.run(`copy (select * from '${o.parquet}') to '${ndjson}' (format json)`);
  }
  for (const [format, file] of [
    ['Parquet', o.parquet],
    ['JSONEachRow', ndjson],
  ]) {
    if (!wanted.includes(format === 'Parquet' ? 'parquet' : 'ndjson') || !existsSync(file))
      continue;
    const runs = { ours: [], theirs: [] };
    for (let round = 0; round < Number(o.rounds); round++) {
      runs.ours.push(await ours(format, file, round));
      if (duckdb) runs.theirs.push(await theirs(format, file, round));
      const [a, b] = [runs.ours.at(-1), runs.theirs.at(-1)];
      const line = `${format} round ${round + 1}: ${a.time.toFixed(2)} s for ${a.rows} rows`;
      console.log(b ? `${line}, DuckDB ${b.time.toFixed(2)} s for ${b.rows}` : line);
      if (b && a.rows !== b.rows) failed++;
    }
    const rate = Math.round(runs.ours[0].rows / best(runs.ours));
    const ratio = duckdb ? best(runs.theirs) / best(runs.ours) : Number.NaN;
    const pass = !duckdb || ratio >= 1;
    if (!pass) failed++;
    console.log(
      `${pass ? 'PASS' : 'FAIL'}  ${format}: ${rate} rows/s, best of each: ${ratio.toFixed(2)} × DuckDB's rate`,
    );
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
