// 20,000 requests of one row each over 16 kept-alive connections: how many rows a second are acknowledged,
// and whether every acknowledged one is there, before and after the process is killed.
//   node bench/single-row.mjs [--rows 20000] [--connections 16] [--least 2000] [--no-setup]
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setup } from '../scripts/setup.mjs';
import { BenchServer } from './server.mjs';

const { values: o } = parseArgs({
  options: {
    rows: { type: 'string', default: '20000' },
    connections: { type: 'string', default: '16' },
    least: { type: 'string', default: '2000' },
    'no-setup': { type: 'boolean', default: false },
  },
});
const [rows, connections, least] = [Number(o.rows), Number(o.connections), Number(o.least)];
if (!o['no-setup']) await setup();
const dir = mkdtempSync(join(tmpdir(), 'colonnade-single-'));
let server = await BenchServer.start(dir);
const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
const times = [];
let next = 0;
let acknowledged = 0;

async function worker() {
  while (next < rows) {
    const id = next++;
    const from = performance.now();
    const body = `{"id":${id},"kind":"k${id % 7}","value":${id / 8}}\n`;
    const answer = await server.ingest({ table: 'single' }, body, agent);
    if (answer.rows === 1) acknowledged++;
    times.push(performance.now() - from);
  }
}

const looks = async (when) => {
  const [[count, distinct, sum]] = await server.query(
    'SELECT count(), uniqExact(id), sum(id) FROM single',
  );
  const wanted = (rows * (rows - 1)) / 2;
  const right = Number(count) === rows && Number(distinct) === rows && Number(sum) === wanted;
  console.log(`${right ? 'PASS' : 'FAIL'}  ${when}: ${count} rows, ${distinct} distinct`);
  return right;
};

let failed = 0;
try {
  await server.query(
    'CREATE TABLE single (id UInt64, kind LowCardinality(String), value Float64) ENGINE = MergeTree ORDER BY id',
  );
  const from = performance.now();
  await Promise.all(Array.from({ length: connections }, worker));
  const seconds = (performance.now() - from) / 1000;
  const rate = Math.round(acknowledged / seconds);
  times.sort((a, b) => a - b);
  const at = (q) => times[Math.min(times.length - 1, Math.floor(q * times.length))].toFixed(1);
  if (acknowledged !== rows || rate < least) failed++;
  console.log(
    `${rate >= least && acknowledged === rows ? 'PASS' : 'FAIL'}  ${acknowledged} of ${rows} acknowledged in ${seconds.toFixed(1)} s: ${rate} rows/s (at least ${least}); one takes ${at(0.5)} ms, p99 ${at(0.99)} ms`,
  );
  if (!(await looks('visible'))) failed++;
  await server.stop('SIGKILL');
  agent.destroy();
  server = await BenchServer.start(dir);
  if (!(await looks('after SIGKILL and a restart'))) failed++;
} finally {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
}
console.log(`${3 - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
