// npm run bench -- rollups: what rollups and indexes cost when rows come in, and what they spare when rows are read; FINAL
// and upserts of a ReplacingMergeTree. Both sides of each ratio run in turn, in one server, on this machine.
//   npm run bench -- rollups [--rows 10000000] [--runs 7]
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { BenchServer } from './server.mjs';

/** Rows of one request. */
const lot = 1_000_000;

const columns = `ts DateTime, site LowCardinality(String), country LowCardinality(String), account UInt32,
  ms UInt16, bytes UInt32, url String`;

const row = `toDateTime('2024-01-01 00:00:00') + intDiv(number, 64), 'site' || toString(cityHash64(number, 1) % 40),
  'c' || toString(cityHash64(number, 2) % 30), toUInt32(cityHash64(number, 3) % 300), toUInt16(cityHash64(number, 4) % 3000),
  toUInt32(cityHash64(number, 5) % 1000000), concat('/p/', toString(cityHash64(number, 6) % 5000), '?q=', toString(number % 97))`;

const indexes = `, INDEX by_account account TYPE bloom_filter(0.01) GRANULARITY 1, INDEX by_ms ms TYPE minmax GRANULARITY 1,
  INDEX by_country country TYPE set(100) GRANULARITY 1, INDEX by_url url TYPE tokenbf_v1(8192, 3, 0) GRANULARITY 1`;

const statements = [
  `CREATE TABLE plain (${columns}) ENGINE = MergeTree ORDER BY (site, ts)`,
  `CREATE TABLE rolled (${columns}${indexes},
     PROJECTION by_country (SELECT country, toStartOfDay(ts), count(), sum(bytes), max(ms) GROUP BY country, toStartOfDay(ts)))
   ENGINE = MergeTree ORDER BY (site, ts)`,
  `CREATE MATERIALIZED VIEW by_hour ENGINE = AggregatingMergeTree ORDER BY (site, h) AS
     SELECT site, toStartOfHour(ts) AS h, countState() AS n, sumState(ms) AS total, uniqState(account) AS accounts
     FROM rolled GROUP BY site, h`,
  `CREATE MATERIALIZED VIEW by_day ENGINE = SummingMergeTree ORDER BY (day, country, site) AS
     SELECT toDate(ts) AS day, country, site, count() AS n, sum(bytes) AS traffic FROM rolled GROUP BY day, country, site`,
];

/** Queries of a dashboard, each of which a rollup answers. */
const dashboard = [
  'SELECT toStartOfDay(ts) AS d, count(), avg(ms) FROM rolled GROUP BY d ORDER BY d',
  "SELECT site, uniq(account), sum(ms) FROM rolled WHERE site IN ('site1', 'site2', 'site3') GROUP BY site ORDER BY site",
  'SELECT country, max(ms), sum(bytes) FROM rolled GROUP BY country ORDER BY country',
  "SELECT toDate(ts) AS d, country, sum(bytes) FROM rolled WHERE toDate(ts) >= '2024-01-02' GROUP BY d, country ORDER BY d, country",
  'SELECT toStartOfHour(ts) AS h, uniq(account) AS u FROM rolled GROUP BY h ORDER BY u DESC, h LIMIT 10',
];

const sorted = (list) => [...list].sort((a, b) => a - b);
const median = (list) => sorted(list)[list.length >> 1];
const spread = (list) => `${sorted(list)[0].toFixed(2)} … ${sorted(list).at(-1).toFixed(2)}`;

const seconds = async (work) => {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
};

const results = [];
function verdict(what, value, holds, details = '') {
  results.push(holds);
  console.log(`${holds ? 'PASS' : 'FAIL'}  ${what}: ${value}${details ? `  (${details})` : ''}`);
}

/** curl writes and sends files: a client in JavaScript would cost as much as the server. */
const curl = (...args) =>
  new Promise((done, reject) => {
    const child = spawn('curl', ['-sS', '--fail-with-body', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (d) => {
      out = (out + d).slice(-1000);
    });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? done(out) : reject(new Error(out))));
  });

async function ingest(server, dir, rows) {
  const file = join(dir, 'rows.tsv');
  const ratios = [];
  const rates = { plain: [], rolled: [] };
  for (let from = 0; from < rows; from += lot) {
    const query = `SELECT ${row} FROM numbers(${from}, ${Math.min(lot, rows - from)}) FORMAT TSV`;
    await curl('-o', file, '--data-binary', query, server.url);
    const took = {};
    const order = (from / lot) % 2 === 0 ? ['plain', 'rolled'] : ['rolled', 'plain'];
    for (const table of order) {
      const url = `${server.url}ingest?table=${table}&format=TSV`;
      took[table] = await seconds(() => curl('-X', 'POST', '-T', file, url));
      rates[table].push(lot / took[table]);
    }
    ratios.push(took.plain / took.rolled);
  }
  rmSync(file);
  const million = (list) => `${(median(list) / 1e6).toFixed(2)} M rows/s`;
  const details = `${million(rates.rolled)} of ${million(rates.plain)}; ${spread(ratios)}`;
  const ratio = median(ratios);
  verdict(
    'ingest with 3 rollups and 4 indexes',
    `${(ratio * 100).toFixed(0)} %`,
    ratio >= 0.6,
    details,
  );
}

/** Rows read and the time of a query, as the server tells. */
async function measured(server, sql, settings = {}) {
  const from = performance.now();
  const body = JSON.stringify({ query: sql, format: 'JSONCompact', settings });
  const { status, text } = await server.send('/query', body, {
    'content-type': 'application/json',
  });
  if (status !== 200) throw new Error(`${sql.slice(0, 100)} → ${status} ${text.slice(0, 300)}`);
  const ms = performance.now() - from;
  const { statistics } = JSON.parse(text);
  return {
    ms,
    rows: Number(statistics?.rows_read ?? 0),
    text: JSON.stringify(JSON.parse(text).data),
  };
}

const rowsThemselves = { optimize_use_materialized_views: '0', optimize_use_projections: '0' };

async function dashboards(server, runs) {
  for (const sql of dashboard) {
    const [fast, slow] = [[], []];
    for (let i = 0; i < runs; i++) {
      fast.push(await measured(server, sql));
      slow.push(await measured(server, sql, rowsThemselves));
    }
    if (fast[0].text !== slow[0].text) throw new Error(`other rows through the rollup: ${sql}`);
    const ms = [median(fast.map((f) => f.ms)), median(slow.map((s) => s.ms))];
    const fewer = slow[0].rows / Math.max(1, fast[0].rows);
    const faster = ms[1] / ms[0];
    const holds = fewer >= 50 && (faster >= 20 || ms[1] < 100);
    const details = `${ms[0].toFixed(1)} ms, ${fast[0].rows} rows of ${slow[0].rows}`;
    verdict(
      sql.slice(0, 60),
      `${fewer.toFixed(0)} × fewer rows, ${faster.toFixed(0)} × faster`,
      holds,
      details,
    );
  }
}

async function replacing(server, rows, runs) {
  await server.query(
    'CREATE TABLE latest (id UInt64, version UInt32, site LowCardinality(String), ms UInt16) ENGINE = ReplacingMergeTree(version) ORDER BY id',
  );
  await server.query(
    `INSERT INTO latest SELECT number, 1, 'site' || toString(number % 40), number % 3000 FROM numbers(${rows})`,
  );
  const updates = rows / 20;
  const lots = 10;
  const rates = [];
  for (let i = 0; i < lots; i++) {
    const n = updates / lots;
    const took = await seconds(() =>
      server.query(
        `INSERT INTO latest SELECT (number * 20 + ${i * n * 20}) % ${rows}, 2 + ${i}, 'site' || toString(number % 40), number % 3000 FROM numbers(${n})`,
      ),
    );
    rates.push(n / took);
  }
  const rate = median(rates);
  verdict(
    'upserts into a ReplacingMergeTree',
    `${Math.round(rate)} rows/s`,
    rate >= 100_000,
    `${Math.round(sorted(rates)[0])} the slowest lot`,
  );
  const query = (final) =>
    `SELECT site, count(), sum(ms) FROM latest ${final} GROUP BY site ORDER BY site`;
  const first = await measured(server, query('FINAL'));
  const ratios = [];
  for (let i = 0; i < runs; i++) {
    const plain = await measured(server, query(''));
    const final = await measured(server, query('FINAL'));
    ratios.push(final.ms / plain.ms);
  }
  const ratio = median(ratios);
  verdict(
    'FINAL with 5 % updates',
    `${ratio.toFixed(2)} × the plain query`,
    ratio <= 2,
    `${spread(ratios)}; the first after an insert took ${first.ms.toFixed(0)} ms`,
  );
}

/** @returns whether every target holds */
export async function rollups({ rows, runs, work }) {
  const dir = join(work, 'rollups');
  const server = await BenchServer.start(dir);
  try {
    for (const sql of statements) await server.query(sql);
    await ingest(server, work, rows);
    await dashboards(server, runs);
    await replacing(server, rows, runs);
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
  const failed = results.filter((holds) => !holds).length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  return failed === 0;
}
