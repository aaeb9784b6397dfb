import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctor } from '../../engine/doctor.ts';
import { open } from '../../engine/index.ts';
import { Ours } from '../peers.ts';

const dir = mkdtempSync(join(tmpdir(), 'colonnade-doctor-'));
const data = join(dir, 'data');

async function ask(folder: string, ...statements: string[]): Promise<string> {
  const engine = await open({ dataDir: folder });
  try {
    let last = '';
    for (const sql of statements) {
      const request = { sql, format: 'TabSeparated', user: { name: 'default' } };
      const result = await engine.query(request);
      const chunks: Uint8Array[] = [];
      for await (const chunk of result.chunks) chunks.push(chunk);
      last = Buffer.concat(chunks).toString();
    }
    return last;
  } finally {
    await engine.close();
  }
}

function segmentFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.seg'))
    .map((name) => join(folder, name));
}

function damage(file: string, at: number): Buffer {
  const whole = readFileSync(file);
  const broken = Buffer.from(whole);
  broken[at] = (broken[at] ?? 0) ^ 255;
  writeFileSync(file, broken);
  return whole;
}

describe('colonnade doctor', () => {
  beforeAll(async () => {
    await ask(
      data,
      'CREATE TABLE t (k UInt32, s String) ENGINE = MergeTree ORDER BY k',
      'INSERT INTO t SELECT number, toString(number) FROM numbers(1000)',
      'OPTIMIZE TABLE t',
    );
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('finds nothing wrong with a good directory', async () => {
    expect(await doctor(data, false)).toEqual([]);
  });

  it('puts a damaged segment aside and takes it back when it is good again', async () => {
    const folder = join(dir, 'segment');
    cpSync(data, folder, { recursive: true });
    const [file = ''] = segmentFiles(folder);
    const whole = damage(file, 100);
    const found = await doctor(folder, false);
    expect(found).toMatchObject([{ table: 'default.t', repaired: false }]);
    expect(found[0]?.remedy).toContain('1000 rows are put aside');
    await expect(ask(folder, 'SELECT sum(k), max(s) FROM t')).rejects.toThrow(/damaged/);
    expect(await doctor(folder, true)).toMatchObject([{ repaired: true }]);
    expect(await ask(folder, 'SELECT count() FROM t')).toBe('0\n');
    writeFileSync(file, whole);
    const sum = await ask(folder, 'ALTER TABLE t ATTACH PARTITION tuple()', 'SELECT sum(k) FROM t');
    expect(sum).toBe('499500\n');
  });

  it('takes the rows of a missing segment out of the table', async () => {
    const folder = join(dir, 'missing');
    cpSync(data, folder, { recursive: true });
    for (const file of segmentFiles(folder)) rmSync(file);
    expect(await doctor(folder, true)).toMatchObject([{ repaired: true }]);
    expect(await ask(folder, 'SELECT count() FROM t')).toBe('0\n');
    expect(await doctor(folder, true)).toEqual([]);
  });

  it('takes what can be read of a damaged log, and keeps the file', async () => {
    const folder = join(dir, 'log');
    const ours = await Ours.start('doctor');
    try {
      await ours.must('CREATE TABLE w (k UInt32) ENGINE = MergeTree ORDER BY k');
      for (let k = 1; k <= 9; k++) await ours.must(`INSERT INTO w VALUES (${k})`);
      // As after a cut of the power: nothing was stopped in order.
      cpSync(join(ours.dir, 'colonnade'), folder, { recursive: true });
    } finally {
      await ours.close();
    }
    const [log = ''] = readdirSync(join(folder, 'wal'));
    const file = join(folder, 'wal', log);
    damage(file, Math.floor(readFileSync(file).length / 2));
    const before = Number(await ask(folder, 'SELECT count() FROM w'));
    expect(before).toBeGreaterThan(0);
    await expect(ask(folder, 'INSERT INTO w VALUES (9)')).rejects.toThrow(/w is read-only: wal/);
    const shown = await ask(folder, 'SELECT table, file, is_readonly, remedy FROM system.damage');
    expect(shown).toBe(`w\twal/${log}\t1\tSYSTEM RESTORE REPLICA default.w\n`);
    expect(await doctor(folder, false)).toMatchObject([{ repaired: false }]);
    const online = `${folder}-online`;
    cpSync(folder, online, { recursive: true });
    expect(await doctor(folder, true)).toMatchObject([{ repaired: true }]);
    await ask(online, 'SYSTEM RESTORE REPLICA w');
    for (const each of [folder, online]) {
      expect(readdirSync(join(each, 'quarantine')).length).toBe(1);
      // One insert was in the damaged place.
      expect(await ask(each, 'SELECT count() FROM w')).toBe('8\n');
      expect(await ask(each, 'INSERT INTO w VALUES (10)', 'SELECT count() FROM w')).toBe('9\n');
      expect(await ask(each, 'SELECT count() FROM w')).toBe('9\n');
      expect(await doctor(each, false)).toEqual([]);
    }
  });
});
