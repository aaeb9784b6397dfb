// A wall clock that jumps: nothing expires before its time has passed, names of inserts stay known, and
// what is written goes on in order.

import { afterAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../engine/clock.ts';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { native } from '../../engine/native/index.ts';
import { openSimulated } from '../../engine/storage/native-files.ts';

const HOUR = 3_600_000;

describe('a clock that jumps', async () => {
  let wallMs = 1_711_846_800_000; // 2024-03-31 01:00 UTC, when summer time begins
  let steadyMs = 0;
  const clock: Clock = {
    now: () => wallMs,
    steady: () => steadyMs,
    after: () => () => {},
  };
  const disk = openSimulated(native().files, 1);
  const engine: Engine = await open({ dataDir: '', files: { api: disk.files }, clock });
  afterAll(async () => {
    await engine.close();
    disk.close();
  });
  const ask = async (sql: string): Promise<string> => {
    const result = await engine.query({ sql, format: 'TabSeparated', user: { name: 'default' } });
    const parts: Uint8Array[] = [];
    for await (const chunk of result.chunks) parts.push(chunk);
    return Buffer.concat(parts).toString().trim();
  };
  const count = async (): Promise<string> => {
    await ask('OPTIMIZE TABLE t FINAL');
    return ask('SELECT count() FROM t');
  };

  it('lets nothing expire early, and what is over go in time', async () => {
    await ask(
      'CREATE TABLE t (id UInt64, t DateTime) ENGINE = MergeTree ORDER BY id TTL t + INTERVAL 1 HOUR',
    );
    await ask(`INSERT INTO t VALUES (1, ${wallMs / 1000})`);
    expect(await count()).toBe('1');
    wallMs += 2 * HOUR;
    steadyMs += 1000;
    expect(await count()).toBe('1');
    wallMs -= 3 * HOUR;
    expect(await count()).toBe('1');
    // Back where time has got to.
    wallMs += HOUR;
    steadyMs += HOUR / 2;
    expect(await count()).toBe('1');
    wallMs += HOUR + 120_000;
    steadyMs += HOUR / 2 + 120_000;
    expect(await count()).toBe('0');
  });

  it('keeps versions in order and tokens known', async () => {
    await ask(
      'CREATE TABLE h (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS history_retention = 1000000',
    );
    const insert = (token: number) =>
      ask(`INSERT INTO h SETTINGS insert_deduplication_token = 'k${token}' VALUES (${token})`);
    for (const [n, jump] of [0, HOUR, -2 * HOUR, HOUR, -HOUR].entries()) {
      wallMs += jump;
      for (let token = 0; token <= n; token++) await insert(token);
    }
    expect(await ask('SELECT groupArray(id) FROM (SELECT id FROM h ORDER BY id)')).toBe(
      '[0,1,2,3,4]',
    );
    const times = (await ask('SELECT timestamp FROM (DESCRIBE HISTORY h) ORDER BY version')).split(
      '\n',
    );
    expect(times).toEqual([...times].sort());
    expect(times.length).toBeGreaterThan(5);
  });
});
