// The engines we measure ourselves against: DuckDB and chdb, each with its own storage on disk.
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { oracle } from '../scripts/oracles.mjs';

export const sizeOf = (path) => {
  if (!existsSync(path)) return 0;
  const s = statSync(path);
  if (!s.isDirectory()) return s.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
};

const seconds = async (work) => {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
};

/** @returns {name, load(table, file, orderBy), query(sql), size()} or undefined after a SKIP line */
export async function duckdb(folder) {
  const package_ = await oracle('@duckdb/node-api');
  if (package_ === undefined) return undefined;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'bench.duckdb');
  const connection = await (await package_.DuckDBInstance.create(file)).connect();
  return {
    name: 'duckdb',
    load: (table, path) =>
      seconds(async () => {
        const from = path.endsWith('.parquet') ? `'${path}'` : `read_json_auto('${path}')`;
        await connection.run(`create or replace table ${table} as select * from ${from}`);
        await connection.run('checkpoint');
      }),
    query: async (sql) => (await connection.runAndReadAll(sql)).getRowsJson(),
    size: () => sizeOf(file),
  };
}

export async function chdb(folder) {
  const package_ = await oracle('chdb');
  if (package_ === undefined) return undefined;
  const session = new package_.Session(folder);
  const run = (sql, format) => {
    const result = session.query(sql, format);
    if (result?.error) throw new Error(result.error);
    return String(result?.stdout ?? result ?? '');
  };
  run('create database if not exists bench engine = Atomic', 'Null');
  run('use bench', 'Null');
  return {
    name: 'chdb',
    load: (table, path, orderBy) =>
      seconds(async () => {
        run(`drop table if exists ${table}`, 'Null');
        run(
          `create table ${table} engine = MergeTree order by ${orderBy} settings allow_nullable_key = 1 as select * from file('${path}')`,
          'Null',
        );
      }),
    query: async (sql) => JSON.parse(run(sql, 'JSONCompact') || '{"data":[]}').data,
    size: () => sizeOf(folder),
  };
}
