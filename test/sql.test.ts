// Every .test file below test/sql against a real engine; the runner says how they are written.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../engine/facade.ts';
import { parseTest, runTest } from './sql-runner.ts';

const root = fileURLToPath(new URL('sql', import.meta.url));
const dataDir = mkdtempSync(join(tmpdir(), 'colonnade-sql-'));
let engine: Engine;

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.name.endsWith('.test') ? [path] : [];
  });
}

describe('the runner', () => {
  it('reads blocks', () => {
    const blocks = parseTest(
      '# hi\nstatement ok\nA\nB\n\nstatement error 62 no\nC\n\nquery rowsort\nD\n----\n1\t2\n(empty)\n',
    );
    expect(blocks).toMatchObject([
      { kind: 'ok', line: 2, sql: 'A\nB' },
      { kind: 'error', sql: 'C' },
      { kind: 'query', rowsort: true, sql: 'D', expected: ['1\t2', '(empty)'] },
    ]);
    expect(() => parseTest('selct\n')).toThrow(/line 1/);
  });
});

describe('SQL files', () => {
  beforeAll(async () => {
    const { open } = await import('../engine/index.ts');
    engine = await open({ dataDir });
  });
  afterAll(async () => {
    await engine?.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  it.each(filesBelow(root).map((path) => [relative(root, path), path]))(
    '%s',
    async (name, path) => {
      const { faults } = await runTest(engine, path, name.replace(/\.test$/, ''));
      expect(faults.join('\n')).toBe('');
    },
  );
});
