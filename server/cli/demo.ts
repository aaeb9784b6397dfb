// colonnade demo: a ready-made data set, served, with a page of what to try.
import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../../engine/facade.ts';
import { type Connection, overEngine, textOf } from './connection.ts';
import { Usage } from './failure.ts';
import { configOf, runServer } from './serve.ts';
import { grouped, ProgressLine, seconds } from './terminal.ts';

const DAYS = 30;

/** Thirty days of visits to a made-up shop, up to now; the hash of the row number is the only dice. */
const EVENTS = `CREATE TABLE events (
  ts DateTime, user_id UInt32, country LowCardinality(String), device LowCardinality(String),
  page LowCardinality(String), latency_ms UInt32, bytes UInt64, price Decimal(12, 2)
) ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY (ts, user_id)`;

const fillEvents = (rows: number): string => `INSERT INTO events
SELECT
  now() - toUInt32(intDiv(number * ${DAYS * 86_400}, ${rows})) AS ts,
  toUInt32(h % (50000 + number % 13000)) AS user_id,
  multiIf(h % 100 < 31, 'de', h % 100 < 52, 'us', h % 100 < 66, 'fr', h % 100 < 77, 'jp',
          h % 100 < 86, 'br', h % 100 < 93, 'in', h % 100 < 97, 'pl', 'nz') AS country,
  multiIf(intDiv(h, 100) % 10 < 6, 'phone', intDiv(h, 100) % 10 < 9, 'desktop', 'tablet') AS device,
  concat('/', multiIf(intDiv(h, 1000) % 8 < 3, 'product', intDiv(h, 1000) % 8 < 6, 'search', 'cart'),
         '/', toString(intDiv(h, 8000) % 40)) AS page,
  toUInt32(20 + intDiv(h, 320000) % 180 + if(h % 97 = 0, 900, 0)) AS latency_ms,
  toUInt64(500 + intDiv(h, 57000) % 90000) AS bytes,
  if(intDiv(h, 1000) % 8 >= 6, toDecimal64(5 + intDiv(h, 91) % 20000 / 100, 2), toDecimal64(0, 2)) AS price
FROM (SELECT number, intDiv(cityHash64(number), 3) AS h FROM numbers(${rows}))`;

const HOURLY = `CREATE TABLE events_hourly (
  hour DateTime, country LowCardinality(String), visits UInt64, users UInt64, bytes UInt64,
  latency_p95 Float64, revenue Decimal(38, 2)
) ENGINE = MergeTree ORDER BY (hour, country)`;

const FILL_HOURLY = `INSERT INTO events_hourly
SELECT toStartOfHour(ts) AS hour, country, count() AS visits, uniqExact(user_id) AS users,
  sum(bytes) AS bytes, quantile(0.95)(latency_ms) AS latency_p95, sum(price) AS revenue
FROM events GROUP BY hour, country`;

export async function demoCommand(options: Record<string, unknown>): Promise<number> {
  const { rows: rowsText, ...rest } = options;
  const rows = Number(rowsText);
  if (!Number.isInteger(rows) || rows < 1 || rows > 1e9)
    throw new Usage('--rows is a number from 1');
  const temporary =
    rest.data === undefined ? mkdtempSync(join(tmpdir(), 'colonnade-demo-')) : undefined;
  if (temporary !== undefined) {
    process.once('exit', () => rmSync(temporary, { recursive: true, force: true }));
  }
  const config = configOf({
    druidPorts: 'off',
    nativePort: 'off',
    logLevel: 'warn',
    ...(temporary !== undefined && { data: temporary }),
    ...rest,
  });
  let page = '';
  return runServer(config, {
    onReady: async (port, engine) => {
      const connection = overEngine(engine, 'demo');
      await fill(connection, rows);
      const flights = await fillFlights(engine, connection);
      page = whatToTry(port, flights);
    },
    print: (line) => process.stdout.write(`${line}\n${page}`),
  });
}

async function run(connection: Connection, sql: string): Promise<string> {
  return textOf(await connection.query({ sql, format: 'TabSeparated' }));
}

async function rowsOf(connection: Connection, table: string): Promise<number | undefined> {
  const there = await run(connection, `EXISTS TABLE ${table}`);
  if (there.trim() !== '1') return undefined;
  return Number(await run(connection, `SELECT count() FROM ${table}`));
}

/** Makes what is missing; a demo that was stopped half-way is filled anew. */
async function fill(connection: Connection, rows: number): Promise<void> {
  if (((await rowsOf(connection, 'events')) ?? 0) > 0) {
    if (((await rowsOf(connection, 'events_hourly')) ?? 0) > 0) return;
  }
  const progress = new ProgressLine((ms) => `making ${grouped(rows)} rows  ${seconds(ms)}`, 300);
  try {
    for (const table of ['events', 'events_hourly']) {
      await run(connection, `DROP TABLE IF EXISTS ${table}`);
    }
    for (const sql of [EVENTS, fillEvents(rows), HOURLY, FILL_HOURLY]) await run(connection, sql);
  } finally {
    progress.stop();
  }
}

/** Three million real flights, when the development packages are installed. */
async function fillFlights(engine: Engine, connection: Connection): Promise<boolean> {
  const data = '../../../node_modules/vega-datasets/data/flights-3m.parquet';
  const file = new URL(data, import.meta.url);
  if (((await rowsOf(connection, 'flights')) ?? 0) > 0) return true;
  if (!existsSync(file)) return false;
  const progress = new ProgressLine((ms) => `loading 3,000,000 flights  ${seconds(ms)}`, 300);
  try {
    await engine.ingest({
      table: 'flights',
      format: 'Parquet',
      create: true,
      body: createReadStream(file, { highWaterMark: 1 << 20 }),
      user: { name: 'default' },
      token: 'demo-flights',
    });
    return true;
  } finally {
    progress.stop();
  }
}

function whatToTry(port: number | undefined, flights: boolean): string {
  const base = `localhost:${port}`;
  const curl = (sql: string): string => `  curl -d "${sql}" ${base}/query`;
  const more = flights
    ? `
Flights (3,000,000 real ones):
${curl('SELECT origin, count() AS n, avg(delay) AS late FROM flights GROUP BY origin ORDER BY n DESC LIMIT 10 FORMAT PrettyCompact')}
`
    : '';
  return `
colonnade demo: the tables events and events_hourly${flights ? ' and flights' : ''} are served on http://${base}

Visits by country, with the slow end of the latencies:
${curl('SELECT country, count(), avg(price), quantile(0.95)(latency_ms) FROM events WHERE ts >= now() - INTERVAL 7 DAY GROUP BY country ORDER BY 2 DESC LIMIT 10 FORMAT PrettyCompact')}

People a day:
${curl('SELECT toDate(ts) AS day, uniqExact(user_id) AS people, sum(price) AS revenue FROM events GROUP BY day ORDER BY day FORMAT PrettyCompact')}
${more}
Your own rows:
  echo '{"id": 1, "name": "first"}' | curl --data-binary @- '${base}/ingest?table=mine&create=1'
${curl('SELECT * FROM mine')}

A shell:
  npx colonnade shell --url http://${base}

Ctrl-C stops it.
`;
}
