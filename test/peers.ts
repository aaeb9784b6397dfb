// colonnade beside another engine in one process, for tests that compare their answers. Oracles are development
// dependencies (test/oracles); where they cannot be installed, `undefined` comes back and the test skips.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../engine/facade.ts';
import { open } from '../engine/index.ts';

/** What an engine said: text in the format asked for, or a refusal with ClickHouse's error code (0: none given). */
export type Outcome = { text: string } | { code: number; message: string };

interface Ask {
  format?: string;
  settings?: Record<string, string>;
}

async function oracle(name: string): Promise<unknown> {
  const script = '../scripts/oracles.mjs'; // plain JavaScript without declarations
  const module = (await import(script)) as { oracle(name: string): Promise<unknown> };
  return module.oracle(name);
}

/** All of an answer. */
export async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

/** One of our engines on a directory of its own. */
export class Ours {
  readonly dir: string;
  readonly #settings: Record<string, string>;
  #engine: Engine;

  private constructor(dir: string, settings: Record<string, string>, engine: Engine) {
    this.dir = dir;
    this.#settings = settings;
    this.#engine = engine;
  }

  /** @param settings of the server */
  static async start(name: string, settings: Record<string, string> = {}): Promise<Ours> {
    const dir = mkdtempSync(join(tmpdir(), `colonnade-${name}-`));
    return new Ours(dir, settings, await Ours.#open(dir, settings));
  }

  static #open(dir: string, settings: Record<string, string>): Promise<Engine> {
    return open({ dataDir: join(dir, 'colonnade'), settings });
  }

  get engine(): Engine {
    return this.#engine;
  }

  /** Stops in order and starts again on the same files. */
  async restart(): Promise<void> {
    await this.#engine.close();
    this.#engine = await Ours.#open(this.dir, this.#settings);
  }

  async ask(sql: string, { format = 'TabSeparated', settings = {} }: Ask = {}): Promise<Outcome> {
    try {
      const result = await this.engine.query({ sql, format, settings, user: { name: 'default' } });
      return { text: await textOf(result.chunks) };
    } catch (error) {
      const { code = 0, message } = error as { code?: number; message: string };
      return { code, message };
    }
  }

  /** @throws when the statement is refused */
  async must(sql: string, ask: Ask = {}): Promise<string> {
    const outcome = await this.ask(sql, ask);
    if ('text' in outcome) return outcome.text;
    const message = `${outcome.code} ${outcome.message}: ${sql.slice(0, 200)}`;
    throw Object.assign(new Error(message), { code: outcome.code });
  }

  async close(): Promise<void> {
    await this.engine.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

interface ChdbSession {
  query(sql: string, format: string): string;
  cleanup?(): void;
}

/** ClickHouse (chdb) in this process, time zone UTC, in the database `g`. A process can hold one. */
export class ClickHouse {
  readonly #session: ChdbSession;

  private constructor(session: ChdbSession) {
    this.#session = session;
  }

  /** @param settings of the session. @param dir where its files go */
  static async start(
    dir: string,
    settings: Record<string, string> = {},
  ): Promise<ClickHouse | undefined> {
    const chdb = (await oracle('chdb')) as
      | { Session: new (path: string) => ChdbSession }
      | undefined;
    if (!chdb) return undefined;
    const peer = new ClickHouse(new chdb.Session(join(dir, 'chdb')));
    for (const [name, value] of Object.entries({ session_timezone: 'UTC', ...settings })) {
      peer.must(`SET ${name} = '${value}'`);
    }
    peer.must('CREATE DATABASE g ENGINE = Atomic');
    peer.must('USE g');
    return peer;
  }

  ask(sql: string, format = 'TabSeparated'): Outcome {
    try {
      return { text: this.#session.query(sql, format) };
    } catch (error) {
      const { message } = error as Error;
      return { code: Number(/Code: (\d+)/.exec(message)?.[1] ?? 0), message };
    }
  }

  /** @throws when the statement is refused */
  must(sql: string): void {
    this.#session.query(sql, 'Null');
  }

  close(): void {
    this.#session.cleanup?.();
  }
}

export interface Beside {
  ours: Ours;
  theirs: ClickHouse;
}

/** Both engines with the same tables; close with `closeBoth`. */
export async function besideClickHouse(
  name: string,
  statements: Iterable<string>,
  settings: Record<string, string> = {},
): Promise<Beside | undefined> {
  const ours = await Ours.start(name);
  const theirs = await ClickHouse.start(ours.dir, settings);
  if (!theirs) {
    await ours.close();
    return undefined;
  }
  for (const sql of statements) {
    theirs.must(sql);
    await ours.must(sql);
  }
  return { ours, theirs };
}

export async function closeBoth(beside: Beside | undefined): Promise<void> {
  beside?.theirs.close();
  await beside?.ours.close();
}

export interface Duck {
  run(sql: string): Promise<unknown>;
  runAndReadAll(sql: string): Promise<{ getRowsJson(): unknown[][] }>;
}

/** DuckDB in memory. */
export async function duckdb(): Promise<Duck | undefined> {
  const module = (await oracle('@duckdb/node-api')) as
    | { DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<Duck> }> } }
    | undefined;
  return module && (await (await module.DuckDBInstance.create(':memory:')).connect());
}

/** Seeds of a generated test: COLONNADE_TEST_QUERIES how many, COLONNADE_TEST_SEED the first. */
export function seeds(count: number): { count: number; all: number[] } {
  const n = Number(process.env.COLONNADE_TEST_QUERIES ?? count);
  const first = Number(process.env.COLONNADE_TEST_SEED ?? 1);
  return { count: n, all: Array.from({ length: n }, (_, i) => first + i) };
}

/** Everything that differed into the file COLONNADE_TEST_REPORT, with a line on the console; nothing without it. */
export function report(summary: string, lines: readonly string[]): void {
  const path = process.env.COLONNADE_TEST_REPORT;
  if (!path) return;
  writeFileSync(path, `${lines.join('\n')}\n`);
  console.log(summary);
}
