// Damaged statements: none may end in a defect of ours, hang, or harm the process. COLONNADE_TEST_DAMAGED is how many
// (4,000; 1,000,000 by night), COLONNADE_TEST_SEED the first one's seed.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { query } from '../generated/queries.ts';
import { seeded } from '../generated/random.ts';
import { setup } from '../generated/tables.ts';
import { parseTest } from '../sql-runner.ts';
import { damage } from './mutate.ts';

const count = Number(process.env.COLONNADE_TEST_DAMAGED ?? 4000);
const first = Number(process.env.COLONNADE_TEST_SEED ?? 1);
const root = join(import.meta.dirname, '..', '..');
/** Longer than this, with a limit of a second on execution: a loop that does not look at the clock. */
const HANG_MS = 8000;

/** Statements worth damaging: those of the SQL tests and of the kit beside the checkout. */
function corpus(): string[] {
  const out: string[] = [];
  const visit = (folder: string, suffix: string, read: (text: string) => string[]): void => {
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
      if (name.endsWith(suffix)) out.push(...read(readFileSync(join(folder, name), 'utf8')));
    }
  };
  visit(join(root, 'test', 'sql'), '.test', (text) => parseTest(text).map((block) => block.sql));
  visit(join(root, '..', 'shared', 'conformance'), '.sql', (text) => text.split(/;[^\n]*\n/));
  return out.map((sql) => sql.trim()).filter((sql) => sql.length > 0 && sql.length < 5000);
}

/** Statements that would stop the test rather than be tested. */
const passed = /\b(SHUTDOWN|KILL|sleep|sleepEachRow|STOP|DROP\s+DATABASE|loop)\b/i;

let dir: string;
let engine: Engine;

async function run(sql: string): Promise<void> {
  const result = await engine.query({
    sql,
    format: 'Null',
    settings: {
      max_execution_time: '1',
      max_memory_usage: '300000000',
      max_result_rows: '1000000',
      max_rows_to_read: '50000000',
    },
    user: { name: 'default' },
  });
  for await (const chunk of result.chunks) void chunk;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'colonnade-damaged-'));
  engine = await open({ dataDir: dir });
  for (const sql of setup()) await run(sql);
}, 120_000);

afterAll(async () => {
  await engine?.close();
  rmSync(dir, { recursive: true, force: true });
});

it(`${count} damaged statements do no harm`, { timeout: 7_200_000 }, async () => {
  const statements = corpus();
  expect(statements.length).toBeGreaterThan(50);
  const defects: string[] = [];
  let refused = 0;
  for (let seed = first; seed < first + count; seed++) {
    const random = seeded(seed);
    const whole = random.chance(0.6) ? query(random).sql : random.pick(statements);
    const sql = damage(whole, random);
    if (passed.test(sql)) continue;
    const from = performance.now();
    try {
      await run(sql);
    } catch (error) {
      refused++;
      const { fault, code, message } = error as { fault?: string; code?: number; message: string };
      if (fault === undefined || fault === 'bug' || code === 49) {
        defects.push(`seed ${seed}: ${code} ${message}\n  ${JSON.stringify(sql.slice(0, 600))}`);
      }
    }
    const took = performance.now() - from;
    if (took > HANG_MS)
      defects.push(
        `seed ${seed}: took ${Math.round(took)} ms\n  ${JSON.stringify(sql.slice(0, 600))}`,
      );
  }
  const report = process.env.COLONNADE_TEST_REPORT;
  if (report) {
    writeFileSync(report, defects.join('\n'));
    console.log(`${count} statements, ${refused} refused, ${defects.length} defects`);
  }
  expect(defects.slice(0, 20)).toEqual([]);
});
