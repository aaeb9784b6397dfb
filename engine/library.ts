// colonnade as a library: one process, one directory, no server.
//
//   import { open } from 'colonnade';
//   const db = await open('./data');
//   await db.insert('events', [{ id: 1, kind: 'view' }], { create: true });
//   const { rows } = await db.query('SELECT kind, count() AS n FROM events GROUP BY kind');
//   await db.close();
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Table } from 'apache-arrow';
import type { Engine, IngestResult, Logger, QueryRequest, QueryResult, User } from './facade.ts';
import { open as openEngine } from './index.ts';
import { type Column, type Converter, converterOf } from './library-values.ts';
import { dateText, nestedText, numberText } from './value-texts.ts';

export type { Failure as ColonnadeError, IngestResult } from './facade.ts';
export type { Column } from './library-values.ts';

export interface OpenOptions {
  /** Settings that hold for every query, such as `{ max_memory_usage: 1e9 }`. */
  settings?: Record<string, string | number | boolean>;
  /** Anything with pino's methods; silent without it. */
  logger?: Logger;
}

export interface QueryOptions {
  /** Values of `{name:Type}` in the statement by name, or those of its `?` in their order. */
  params?: Record<string, unknown> | readonly unknown[];
  settings?: Record<string, string | number | boolean>;
  database?: string;
  /** Stops the query when it fires; the call then rejects. */
  signal?: AbortSignal;
}

/** A result in memory. Large integers are numbers while they are exact and bigints beyond, Decimals
 *  numbers up to 15 digits and texts beyond; dates are texts. */
export interface Result<Row = Record<string, unknown>> {
  rows: Row[];
  columns: Column[];
}

export interface InsertOptions {
  database?: string;
  /** Infer and create the table when it is missing. */
  create?: boolean;
  /** Names the insert: the same rows again under the same token are not stored twice. */
  token?: string;
  /** `fail` (default): a row that does not fit stores nothing; `skip` and `quarantine` go on. */
  onError?: 'fail' | 'skip' | 'quarantine';
  signal?: AbortSignal;
}

const USER: User = { name: 'default' };
/** What a number of JSON cannot hold comes in quotes: large integers, long decimals, NaN and infinity. */
const EXACT = {
  output_format_json_quote_64bit_integers: '1',
  output_format_json_quote_decimals: '1',
  output_format_json_quote_denormals: '1',
};

/** Opens a data directory, made if missing; without one, a temporary database that `close` removes.
 *  Rejects when another process has the directory open. */
export async function open(dataDir?: string, options: OpenOptions = {}): Promise<Database> {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'colonnade-')));
  const engine = await openEngine({
    dataDir: resolve(folder),
    settings: { local_files: '1', ...texts(options.settings) },
    ...(options.logger && { logger: options.logger }),
  });
  return new Database(engine, dataDir === undefined ? folder : undefined);
}

export class Database {
  readonly #engine: Engine;
  readonly #temporary: string | undefined;

  /** Use `open`. */
  constructor(engine: Engine, temporary: string | undefined) {
    this.#engine = engine;
    this.#temporary = temporary;
  }

  /** Runs one statement and gives all of its rows as objects. Rejects with a ColonnadeError. */
  async query<Row = Record<string, unknown>>(
    sql: string,
    options: QueryOptions = {},
  ): Promise<Result<Row>> {
    const { columns, data } = await this.#table(sql, options);
    const rows = data.map((values) =>
      Object.fromEntries(columns.map((column, i) => [column.name, values[i]])),
    );
    return { rows: rows as Row[], columns };
  }

  /** Runs one statement and gives its columns as arrays, by name. */
  async columns(sql: string, options: QueryOptions = {}): Promise<Record<string, unknown[]>> {
    const { columns, data } = await this.#table(sql, options);
    return Object.fromEntries(
      columns.map((column, i) => [column.name, data.map((values) => values[i])]),
    );
  }

  /** Runs one statement and gives an Arrow table. Needs the package apache-arrow beside this one. */
  async arrow(sql: string, options: QueryOptions = {}): Promise<Table> {
    const { tableFromIPC } = await import('apache-arrow').catch(() => {
      throw new Error('db.arrow needs the package apache-arrow: npm install apache-arrow');
    });
    const result = await this.#run(sql, 'ArrowStream', options);
    return tableFromIPC(await whole(result.chunks));
  }

  /** Runs one statement and streams the result in any output format; stop iterating to stop the query. */
  async *stream(
    sql: string,
    format: string,
    options: QueryOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const result = await this.#run(sql, format, options);
    try {
      yield* result.chunks;
    } finally {
      result.cancel();
    }
  }

  /** Stores rows; resolves when they are durable and visible. */
  insert(
    table: string,
    rows: Iterable<object> | AsyncIterable<object>,
    options: InsertOptions = {},
  ): Promise<IngestResult> {
    return this.load(table, 'JSONEachRow', jsonLines(rows), options);
  }

  /** Stores rows that are already bytes in an input format (a file, a download). */
  load(
    table: string,
    format: string,
    body: AsyncIterable<Uint8Array>,
    options: InsertOptions = {},
  ): Promise<IngestResult> {
    return this.#engine.ingest({ ...options, table, format, body, user: USER });
  }

  /** Waits for what runs, closes the directory, and removes a temporary one. */
  async close(): Promise<void> {
    await this.#engine.close();
    if (this.#temporary !== undefined) await rm(this.#temporary, { recursive: true, force: true });
  }

  #run(sql: string, format: string, options: QueryOptions): Promise<QueryResult> {
    return this.#engine.query({
      sql,
      format,
      user: USER,
      ...boundValues(options.params ?? {}),
      settings: { ...EXACT, ...texts(options.settings) },
      ...(options.database !== undefined && { database: options.database }),
      ...(options.signal !== undefined && { signal: options.signal }),
    });
  }

  async #table(
    sql: string,
    options: QueryOptions,
  ): Promise<{ columns: Column[]; data: unknown[][] }> {
    const result = await this.#run(sql, 'JSONCompact', options);
    const text = (await whole(result.chunks)).toString();
    if (text === '') return { columns: [], data: [] };
    const { meta, data } = JSON.parse(text) as { meta: Column[]; data: unknown[][] };
    const convert = meta.map((column): Converter => converterOf(column.type));
    for (const values of data) {
      for (const [i, f] of convert.entries()) if (f !== undefined) values[i] = f(values[i]);
    }
    return { columns: meta, data };
  }
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of chunks) pieces.push(piece);
  return Buffer.concat(pieces);
}

const LINES_BYTES = 1 << 18;

/** Rows as JSON lines, in pieces of some size. */
async function* jsonLines(
  rows: Iterable<object> | AsyncIterable<object>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let lines: string[] = [];
  let size = 0;
  for await (const row of rows) {
    const line = JSON.stringify(row, plain);
    lines.push(line);
    size += line.length;
    if (size < LINES_BYTES) continue;
    yield Buffer.from(`${lines.join('\n')}\n`);
    lines = [];
    size = 0;
  }
  if (lines.length > 0) yield Buffer.from(`${lines.join('\n')}\n`);
}

/** What JSON has no word for: bigints, NaN and infinity as texts, dates as ClickHouse writes them (UTC). */
function plain(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key];
  if (original instanceof Date) return dateText(original);
  if (typeof value === 'number' && !Number.isFinite(value)) return numberText(value);
  return typeof value === 'bigint' ? value.toString() : value;
}

function texts(settings: Record<string, string | number | boolean> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      typeof value === 'boolean' ? (value ? '1' : '0') : String(value),
    ]),
  );
}

/** Values of the statement's parameters as the engine takes them. */
function boundValues(
  params: Record<string, unknown> | readonly unknown[],
): Partial<Pick<QueryRequest, 'params' | 'positional'>> {
  if (Array.isArray(params)) return { positional: params };
  const named = Object.entries(params).map(([name, value]) => [name, paramText(value)]);
  return { params: Object.fromEntries(named) };
}

/** A parameter in the escaped text that `{name:Type}` is read from. */
function paramText(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (value instanceof Date) return dateText(value);
  if (typeof value === 'object') return nestedText(value);
  if (typeof value === 'number') return numberText(value);
  return String(value).replace(/[\\\t\n\r]/g, (c) => ESCAPES[c] ?? c);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};
