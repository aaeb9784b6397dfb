// Schemas with several tables, beside DuckDB and chdb: TPC-H and the Star Schema Benchmark. Called by run.mjs:
//
//   npm run bench -- tpch --data DIR        Parquet files of TPC-H, one a table (pip install tpchgen-cli;
//                                           tpchgen-cli parquet -s 1 --output-dir DIR)
//   npm run bench -- ssb [--sf 1]           data of a generator of our own (ssb.mjs)
//     --work DIR  keeps the loaded data for the next run     --only 3,17     --runs 3     --plain  without fast joins
import { createReadStream, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chdb, duckdb } from './peers.mjs';
import { BenchServer, root } from './server.mjs';
import { ssbTables } from './ssb.mjs';

const D = 'Decimal(15, 2)';
const columns = (text) => text.replace(/\$/g, D);

/** Columns and sorting key, for colonnade and chdb; DuckDB takes its types from the files. */
const tpch = {
  region: [columns('r_regionkey Int32, r_name String, r_comment String'), 'r_regionkey'],
  nation: [
    columns('n_nationkey Int32, n_name String, n_regionkey Int32, n_comment String'),
    'n_nationkey',
  ],
  supplier: [
    columns(
      's_suppkey Int32, s_name String, s_address String, s_nationkey Int32, s_phone String, s_acctbal $, s_comment String',
    ),
    's_suppkey',
  ],
  customer: [
    columns(
      'c_custkey Int32, c_name String, c_address String, c_nationkey Int32, c_phone String, c_acctbal $, c_mktsegment LowCardinality(String), c_comment String',
    ),
    'c_custkey',
  ],
  part: [
    columns(
      'p_partkey Int32, p_name String, p_mfgr LowCardinality(String), p_brand LowCardinality(String), p_type LowCardinality(String), p_size Int32, p_container LowCardinality(String), p_retailprice $, p_comment String',
    ),
    'p_partkey',
  ],
  partsupp: [
    columns(
      'ps_partkey Int32, ps_suppkey Int32, ps_availqty Int32, ps_supplycost $, ps_comment String',
    ),
    '(ps_partkey, ps_suppkey)',
  ],
  orders: [
    columns(
      'o_orderkey Int32, o_custkey Int32, o_orderstatus LowCardinality(String), o_totalprice $, o_orderdate Date, o_orderpriority LowCardinality(String), o_clerk String, o_shippriority Int32, o_comment String',
    ),
    'o_orderkey',
  ],
  lineitem: [
    columns(
      'l_orderkey Int32, l_partkey Int32, l_suppkey Int32, l_linenumber Int32, l_quantity $, l_extendedprice $, l_discount $, l_tax $, l_returnflag LowCardinality(String), l_linestatus LowCardinality(String), l_shipdate Date, l_commitdate Date, l_receiptdate Date, l_shipinstruct LowCardinality(String), l_shipmode LowCardinality(String), l_comment String',
    ),
    '(l_orderkey, l_linenumber)',
  ],
};

const queriesOf = (name) =>
  readFileSync(join(root, 'bench', 'queries', `${name}.sql`), 'utf8')
    .replace(/^--.*$/gm, '')
    .split(/;\s*$/m)
    .map((q) => q.trim())
    .filter(Boolean);

/** Numbers to eight digits; the rest as text. */
const value = (v) => {
  if (v === null || v === undefined) return null;
  const n = Number(v);
  return v === '' || Number.isNaN(n) ? String(v) : Number(n.toPrecision(8));
};
const normal = (rows) => JSON.stringify(rows.map((row) => row.map(value)));

async function open(work, suite, settings) {
  const fresh = !existsSync(join(work, `${suite}-loaded`));
  mkdirSync(work, { recursive: true });
  const server = await BenchServer.start(join(work, `${suite}-ours`));
  const own = {
    name: 'colonnade',
    ddl: async (sql) => void (await server.query(sql)),
    load: (table, file) => server.ingest({ table, format: 'Parquet' }, createReadStream(file)),
    query: (sql) => server.query(sql, settings),
    server,
  };
  const duck = await duckdb(join(work, `${suite}-duckdb`));
  const click = await chdb(join(work, `${suite}-chdb`));
  if (click) {
    click.ddl = async (sql) => void (await click.query(sql));
    click.load = (table, file) => click.query(`INSERT INTO ${table} SELECT * FROM file('${file}')`);
  }
  return { fresh, engines: [duck, click, own].filter(Boolean), server };
}

async function load(engines, tables, fileOf) {
  for (const engine of engines) {
    const from = performance.now();
    for (const [table, [cols, key]] of Object.entries(tables)) {
      if (engine.ddl) {
        await engine.ddl(`DROP TABLE IF EXISTS ${table}`);
        await engine.ddl(`CREATE TABLE ${table} (${cols}) ENGINE = MergeTree ORDER BY ${key}`);
      }
      await engine.load(table, fileOf(table));
    }
    console.log(
      `  ${engine.name.padEnd(10)} loaded in ${((performance.now() - from) / 1000).toFixed(1)} s`,
    );
  }
}

/** Runs one suite; true when all rows are the same as a peer's. */
export async function stars(suite, { data, work, runs, only, sf, plain }) {
  const tables = suite === 'tpch' ? tpch : ssbTables.columns;
  const fileOf =
    suite === 'tpch' ? (t) => join(data, `${t}.parquet`) : await ssbTables.make(work, Number(sf));
  if (suite === 'tpch' && !(data && existsSync(fileOf('lineitem')))) {
    console.log('SKIP  tpch — give --data DIR with the Parquet files (pip install tpchgen-cli)');
    return true;
  }
  const settings = plain ? { colonnade_plain_joins: '1' } : undefined;
  const { fresh, engines, server } = await open(work, suite, settings);
  let differ = 0;
  try {
    if (fresh) await load(engines, tables, fileOf);
    mkdirSync(join(work, `${suite}-loaded`), { recursive: true });
    const ratios = [];
    console.log(`     ${engines.map((e) => e.name.padStart(10)).join('')}     ratio`);
    for (const [i, sql] of queriesOf(suite).entries()) {
      if (only && !only.includes(i + 1)) continue;
      const times = {};
      const answers = {};
      for (let run = 0; run < runs; run++) {
        for (const e of engines) {
          const from = performance.now();
          try {
            answers[e.name] = normal(await e.query(sql));
            times[e.name] = Math.min(
              times[e.name] ?? Number.POSITIVE_INFINITY,
              performance.now() - from,
            );
          } catch (error) {
            answers[e.name] = `failed: ${String(error.message).slice(-250)}`;
          }
        }
      }
      const peers = engines.filter((e) => e.name !== 'colonnade');
      const best = Math.min(...peers.map((e) => times[e.name] ?? Number.POSITIVE_INFINITY));
      const ratio = (times.colonnade + 1) / (best + 1);
      const same = peers.some((e) => answers[e.name] === answers.colonnade);
      if (!same) differ++;
      if (Number.isFinite(ratio)) ratios.push(ratio);
      const shown = engines.map((e) => (times[e.name]?.toFixed(1) ?? '—').padStart(10)).join('');
      console.log(
        `${String(i + 1).padStart(4)} ${shown} ${ratio.toFixed(2).padStart(9)}${same ? '' : '  DIFFERS'}`,
      );
      if (!same)
        for (const e of engines) console.log(`       ${e.name}: ${answers[e.name]?.slice(0, 300)}`);
    }
    const mean = Math.exp(ratios.reduce((s, r) => s + Math.log(r), 0) / Math.max(1, ratios.length));
    console.log(
      `${suite}: geometric mean of (t + 1 ms) / (best peer + 1 ms): ${mean.toFixed(2)}, rows differ on ${differ}`,
    );
  } finally {
    await server.stop();
  }
  return differ === 0;
}
