// Random queries, answered by colonnade and by ClickHouse (chdb, in process): the same rows, types and names, or both
// refuse. COLONNADE_TEST_QUERIES is how many (500), COLONNADE_TEST_SEED the first one's seed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { difference, parseAnswer } from './compare.ts';
import { explained } from './explained.ts';
import { query } from './queries.ts';
import { seeded } from './random.ts';
import { setup } from './tables.ts';

const count = Number(process.env.COLONNADE_TEST_QUERIES ?? 500);
const first = Number(process.env.COLONNADE_TEST_SEED ?? 1);
const format = 'TSVWithNamesAndTypes';
const settings: Record<string, string> = {
  allow_experimental_correlated_subqueries: '1',
};

interface Session {
  query(sql: string, format: string): string;
  cleanup?(): void;
}
type Outcome = { text: string } | { code: number; message: string };

let dir: string;
let engine: Engine;
let peer: Session | undefined;

async function ours(sql: string): Promise<Outcome> {
  try {
    const result = await engine.query({ sql, format, settings, user: { name: 'default' } });
    const parts: Uint8Array[] = [];
    for await (const chunk of result.chunks) parts.push(chunk);
    return { text: Buffer.concat(parts).toString() };
  } catch (error) {
    const { code = 0, message } = error as { code?: number; message: string };
    return { code, message };
  }
}

function theirs(session: Session, sql: string): Outcome {
  try {
    return { text: session.query(sql, format) };
  } catch (error) {
    const { message } = error as Error;
    return { code: Number(/Code: (\d+)/.exec(message)?.[1] ?? 0), message };
  }
}

beforeAll(async () => {
  const script = '../../scripts/oracles.mjs'; // plain JavaScript without declarations
  const { oracle } = (await import(script)) as { oracle(name: string): Promise<unknown> };
  const chdb = (await oracle('chdb')) as { Session: new (path: string) => Session } | undefined;
  if (!chdb) return;
  dir = mkdtempSync(join(tmpdir(), 'colonnade-generated-'));
  peer = new chdb.Session(join(dir, 'chdb'));
  for (const sql of [
    "SET compatibility = '25.8'",
    "SET session_timezone = 'UTC'",
    ...Object.entries(settings).map(([k, v]) => `SET ${k} = ${v}`),
  ]) {
    peer.query(sql, 'Null');
  }
  peer.query('CREATE DATABASE g ENGINE = Atomic', 'Null');
  peer.query('USE g', 'Null');
  engine = await open({ dataDir: join(dir, 'colonnade') });
  for (const sql of setup()) {
    peer.query(sql, 'Null');
    const made = await ours(sql);
    if ('code' in made) throw new Error(`${made.message}: ${sql.slice(0, 200)}`);
  }
}, 120_000);

afterAll(async () => {
  if (!peer) return;
  await engine.close();
  peer.cleanup?.();
  rmSync(dir, { recursive: true, force: true });
});

it(`${count} generated queries give ClickHouse's answers`, {
  timeout: 3_600_000,
}, async (context) => {
  if (!peer) return context.skip();
  const differences: string[] = [];
  const codes: string[] = [];
  let answered = 0;
  for (let seed = first; seed < first + count; seed++) {
    const { sql, ordered } = query(seeded(seed));
    const a = await ours(sql);
    let b = theirs(peer, sql);
    // chdb gives the answer before this one now and then: the names show it
    if (
      'text' in a &&
      'text' in b &&
      parseAnswer(a.text).names.join() !== parseAnswer(b.text).names.join()
    ) {
      b = theirs(peer, sql);
    }
    if (explained.some(([pattern]) => pattern.test(sql))) continue;
    if ('code' in a || 'code' in b) {
      if ('code' in a && 'code' in b) {
        if (a.code !== b.code)
          codes.push(
            `${seed}: ${a.code} | ${b.code} ${sql}\n    ${a.message} | ${b.message.slice(0, 300)}`,
          );
      } else if ('code' in a) differences.push(`seed ${seed}: ${a.code} ${a.message}\n  ${sql}`);
      else if ('code' in b)
        differences.push(`seed ${seed}: theirs ${b.message.slice(0, 300)}\n  ${sql}`);
      continue;
    }
    answered++;
    const what = difference(parseAnswer(a.text), parseAnswer(b.text), ordered);
    if (what) differences.push(`seed ${seed}: ${what}\n  ${sql}`);
  }
  const report = process.env.COLONNADE_TEST_REPORT;
  if (report) {
    writeFileSync(report, `${differences.join('\n')}\n--- codes\n${codes.join('\n')}\n`);
    console.log(
      `${count} queries, ${answered} answered, ${differences.length} differ, ${codes.length} with another code`,
    );
  }
  expect(answered).toBeGreaterThan(count / 2);
  expect(differences.slice(0, 20)).toEqual([]);
});
