// Every format that both know, with its settings, over a table of all types: colonnade writes the bytes that
// ClickHouse (chdb, in process) writes, and reads them back as the same rows.
// COLONNADE_TEST_REPORT names a file for all differences.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { type Family, families, type Settings, tables, type Variant } from './formats-cases.ts';

interface Session {
  query(sql: string, format?: string): string;
  cleanup?(): void;
}

let engine: Engine;
let peer: Session | undefined;
let dir = '';
const differences: string[] = [];

beforeAll(async () => {
  const script = '../../scripts/oracles.mjs'; // plain JavaScript without declarations
  const { oracle } = (await import(script)) as { oracle(name: string): Promise<unknown> };
  const chdb = (await oracle('chdb')) as { Session: new (path: string) => Session } | undefined;
  dir = mkdtempSync(join(tmpdir(), 'colonnade-formats-'));
  engine = await open({ dataDir: join(dir, 'own') });
  if (chdb === undefined) return;
  peer = new chdb.Session(join(dir, 'peer'));
  peer.query('CREATE DATABASE d ENGINE = Memory');
  for (const { name, columns, rows } of tables) {
    const create = `CREATE TABLE ${name} (${columns}) ENGINE = Memory`;
    const insert = `INSERT INTO ${name} VALUES ${rows}`;
    for (const sql of [create, insert]) {
      await own(sql);
      peer.query(sql.replace(name, `d.${name}`));
    }
  }
}, 120_000);

afterAll(async () => {
  await engine?.close();
  peer?.cleanup?.();
  rmSync(dir, { recursive: true, force: true });
  const report = process.env.COLONNADE_TEST_REPORT;
  if (report) writeFileSync(report, differences.join('\n'));
});

async function own(sql: string): Promise<Buffer> {
  const result = await engine.query({ sql, user: { name: 'default' } });
  const chunks: Uint8Array[] = [];
  for await (const chunk of result.chunks) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Rows in the peer's bytes; a file keeps them as they are. */
function theirs(sql: string): Buffer {
  const file = join(dir, `out${Math.random()}`);
  const [query = '', tail = ''] = sql.split(' FORMAT ');
  (peer as Session | undefined)?.query(`${query} INTO OUTFILE '${file}' FORMAT ${tail}`);
  const bytes = readFileSync(file);
  rmSync(file);
  return bytes;
}

const failed = (error: unknown): string =>
  `error ${/Code: (\d+)/.exec(String(error))?.[1] ?? (error as { code?: number }).code ?? String(error)}`;

async function tried(work: () => Buffer | Promise<Buffer>): Promise<Buffer | string> {
  try {
    return await work();
  } catch (error) {
    return failed(error);
  }
}

const shown = (value: Buffer | string, at: number): string =>
  typeof value === 'string'
    ? value
    : JSON.stringify(value.subarray(Math.max(0, at - 40), at + 80).toString());

function firstDifference(a: Buffer | string, b: Buffer | string): number {
  if (typeof a === 'string' || typeof b === 'string') return 0;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

function compare(what: string, mine: Buffer | string, wanted: Buffer | string): void {
  const same =
    typeof mine === 'string' || typeof wanted === 'string' ? mine === wanted : mine.equals(wanted);
  if (same) return;
  const at = firstDifference(mine, wanted);
  differences.push(`${what}\n  wanted ${shown(wanted, at)}\n  got    ${shown(mine, at)}`);
}

function settingsText(settings: Settings): string {
  const all: Settings = { output_format_write_statistics: 0, ...settings };
  return Object.entries(all)
    .map(([k, v]) => `${k} = ${typeof v === 'number' ? v : `'${v.replace(/[\\']/g, '\\$&')}'`}`)
    .join(', ');
}

const asVariant = (given: Settings | Variant): Variant =>
  'set' in given && typeof given.set === 'object' ? (given as Variant) : { set: given as Settings };

async function run(family: Family): Promise<void> {
  const from = differences.length;
  for (const format of family.formats) {
    for (const variant of [{}, ...(family.settings ?? [])].map(asVariant)) {
      const { set: settings } = variant;
      for (const { name } of tables) {
        if (family.tables && !family.tables.includes(name)) continue;
        const tail = `FORMAT ${format} SETTINGS ${settingsText(settings)}`;
        const what = `${name} ${tail}`;
        const select = `SELECT * FROM ${name} ORDER BY id`;
        const wanted = await tried(() => theirs(`SELECT * FROM d.${name} ORDER BY id ${tail}`));
        const mine = await tried(() => own(`${select} ${tail}`));
        compare(what, mine, wanted);
        // JSON has no such numbers: null is written for them.
        const lossy = name === 'denormals' && /JSON/.test(`${format} ${JSON.stringify(settings)}`);
        if (family.outOnly || variant.outOnly || lossy || typeof wanted === 'string') continue;
        compare(
          `${what} read back`,
          await tried(() => readBack(name, format, settings, wanted)),
          await own(`${select} FORMAT TSV`),
        );
      }
    }
  }
  const mine = differences.slice(from);
  expect(mine, `${mine.length} differences`).toEqual([]);
}

async function readBack(
  name: string,
  format: string,
  settings: Record<string, string | number>,
  bytes: Buffer,
): Promise<Buffer> {
  await own(`DROP TABLE IF EXISTS again`);
  await own(`CREATE TABLE again AS ${name} ENGINE = Memory`);
  async function* data(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  const sql = `INSERT INTO again SETTINGS ${settingsText(settings)} FORMAT ${format}`;
  const result = await engine.query({ sql, user: { name: 'default' }, data: data() });
  for await (const _ of result.chunks);
  return own('SELECT * FROM again ORDER BY id FORMAT TSV');
}

for (const family of families) {
  it(`${family.name} as ClickHouse writes and reads it`, async (context) => {
    if (peer === undefined) return context.skip();
    await run(family);
  }, 120_000);
}
