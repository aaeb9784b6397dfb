// Long chains of operators, joins and nested calls are answered or refused, and never overflow a stack.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';

const dir = mkdtempSync(join(tmpdir(), 'colonnade-depth-'));
const user = { name: 'default' };
let engine: Engine;

async function ask(sql: string): Promise<string> {
  try {
    const result = await engine.query({ sql, format: 'TabSeparated', user });
    const parts: Uint8Array[] = [];
    for await (const chunk of result.chunks) parts.push(chunk);
    return Buffer.concat(parts).toString().trim();
  } catch (error) {
    return String((error as { code?: number }).code);
  }
}

const times = (n: number, part: (i: number) => string, between: string): string =>
  Array.from({ length: n }, (_, i) => part(i)).join(between);

/** [name, the statement of a depth, its answer] */
const shapes: [string, (n: number) => string, (n: number) => string][] = [
  [
    'a + b + c',
    (n) => `SELECT sum(${times(n, () => 'number', '+')}) FROM numbers(10)`,
    (n) => `${45 * n}`,
  ],
  ['1 + 1 + 1', (n) => `SELECT ${times(n, () => '1', '+')}`, (n) => `${n}`],
  [
    'AND',
    (n) => `SELECT count() FROM numbers(9999) WHERE ${times(n, (i) => `number != ${i}`, ' AND ')}`,
    (n) => `${9999 - n}`,
  ],
  [
    'OR of ANDs',
    (n) =>
      `SELECT count() FROM numbers(9999) WHERE ${times(n, (i) => `(number = ${i} AND number < 5000)`, ' OR ')}`,
    (n) => `${n}`,
  ],
  [
    '||',
    (n) => `SELECT max(length(${times(n, () => 'toString(number)', '||')})) FROM numbers(10)`,
    (n) => `${n}`,
  ],
  [
    'calls',
    (n) => `SELECT sum(${'negate('.repeat(n)}number${')'.repeat(n)}) FROM numbers(10)`,
    (n) => (n % 2 ? '-45' : '45'),
  ],
  [
    'if in if',
    (n) =>
      `SELECT sum(${times(n, (i) => `if(number = ${i}, 1, `, '')}0${')'.repeat(n)}) FROM numbers(9999)`,
    (n) => `${n}`,
  ],
  [
    'subqueries',
    (n) => `SELECT sum(number) FROM ${'(SELECT number FROM '.repeat(n)}numbers(10)${')'.repeat(n)}`,
    () => '45',
  ],
];

describe('depth', () => {
  beforeAll(async () => {
    engine = await open({ dataDir: dir });
  });
  afterAll(async () => {
    await engine.close();
    rmSync(dir, { recursive: true, force: true });
  });

  for (const [name, statement, answer] of shapes) {
    it(`${name}: 100 and 400 levels are answered`, async () => {
      for (const n of [100, 400]) expect(await ask(statement(n))).toBe(answer(n));
    });
    it(`${name}: 1,000 and 5,000 levels are answered or refused`, async () => {
      for (const n of [1000, 5000]) {
        expect([answer(n), '306', '167', '168']).toContain(await ask(statement(n)));
      }
    });
  }
  it('200 joins', async () => {
    const joins = times(200, (i) => `JOIN numbers(3) AS t${i + 1} USING number`, ' ');
    expect(await ask(`SELECT count() FROM numbers(3) AS t0 ${joins}`)).toBe('3');
  });
});
