// Every kind of statement on a disk that gets full, or whose sync fails, at each moment of it: the client is told by
// name, and what the statement would have changed is as it was before.
import { expect, it } from 'vitest';
import { manualClock } from '../../engine/clock.ts';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { native } from '../../engine/native/index.ts';
import { openSimulated, type SimulatedDisk } from '../../engine/storage/native-files.ts';
import { textOf } from '../peers.ts';

const columns =
  '(id UInt32, part UInt8, v UInt32) ENGINE = MergeTree PARTITION BY part ORDER BY id';
const setup = [
  `CREATE TABLE t ${columns} SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1`,
  `CREATE TABLE other ${columns}`,
  'CREATE TABLE target (part UInt8, n UInt64) ENGINE = SummingMergeTree ORDER BY part',
  'CREATE MATERIALIZED VIEW v TO target AS SELECT part, count() AS n FROM t GROUP BY part',
  'INSERT INTO t SELECT number, number % 3, number FROM numbers(300)',
  'INSERT INTO other SELECT number, number % 3, 7 FROM numbers(100)',
  'OPTIMIZE TABLE t FINAL',
  "BACKUP TABLE t TO File('b')",
  'CREATE DATABASE d',
  'CREATE TABLE d.x (a UInt8) ENGINE = MergeTree ORDER BY a',
  // rows that are in no segment yet
  'INSERT INTO t VALUES (5000, 0, 1), (5001, 1, 2)',
  'INSERT INTO other VALUES (5000, 0, 1)',
];

const statements = [
  'INSERT INTO t VALUES (1000, 1, 1), (1001, 2, 2)',
  'INSERT INTO t VALUES (1000, 1, 1 + 1), (1001, 2, now() > 0)',
  'INSERT INTO t SELECT number + 1000, 1, 1 FROM numbers(70000)',
  'DELETE FROM t WHERE id % 7 = 0',
  'UPDATE t SET v = 5 WHERE id % 7 = 0',
  'ALTER TABLE t UPDATE v = 9 WHERE 1 SETTINGS mutations_sync = 2',
  'ALTER TABLE t ADD COLUMN c String DEFAULT toString(id)',
  'ALTER TABLE t MODIFY COLUMN v String SETTINGS mutations_sync = 2',
  'ALTER TABLE t DROP PARTITION 1',
  'ALTER TABLE t DETACH PARTITION 1',
  'ALTER TABLE t REPLACE PARTITION 1 FROM other',
  'ALTER TABLE t MOVE PARTITION 1 TO TABLE other',
  "ALTER TABLE t FREEZE WITH NAME 'f'",
  'ALTER TABLE t ADD PROJECTION p (SELECT part, sum(v) GROUP BY part)',
  `MERGE INTO other USING t ON other.id = t.id WHEN MATCHED THEN UPDATE SET v = t.v
   WHEN NOT MATCHED BY SOURCE THEN DELETE`,
  'TRUNCATE TABLE t',
  'OPTIMIZE TABLE t FINAL',
  'CREATE TABLE made ENGINE = MergeTree ORDER BY id AS SELECT * FROM t',
  'CREATE TABLE twin CLONE OF t',
  'RENAME TABLE t TO u',
  'EXCHANGE TABLES t AND other',
  'DETACH TABLE other',
  'DROP TABLE other',
  'DROP DATABASE d SYNC',
  "BACKUP TABLE t TO File('c')",
  "RESTORE TABLE t AS back FROM File('b')",
  'SYSTEM REBUILD ROLLUP v',
];

const ask = async (engine: Engine, sql: string): Promise<string> =>
  textOf((await engine.query({ sql, user: { name: 'default' } })).chunks);

/** Moments of a statement at which the disk begins to fail. What makes two commits is looked at closely. */
const twice = /^(DETACH|DROP) TABLE/;
const stepsOf = (sql: string): number =>
  process.env.COLONNADE_TEST_NIGHTLY || twice.test(sql) ? 40 : 6;

/** What a statement may change: names, and the rows of every table. */
async function stateOf(engine: Engine): Promise<string> {
  const listed =
    "SELECT database, name FROM system.tables WHERE database IN ('default', 'd') ORDER BY ALL";
  const names = await ask(engine, listed);
  const parts = [names];
  for (const line of names.trim().split('\n')) {
    const table = line.replace('\t', '.');
    parts.push(await ask(engine, `SELECT count(), sum(cityHash64(*)) FROM ${table}`));
  }
  return parts.join('');
}

type Hurt = (disk: SimulatedDisk, step: number) => void;

/** Runs a statement on a fresh database whose disk fails later and later, until it does not fail in time.
 *  @returns how often it was refused */
async function refusals(sql: string, hurt: Hurt, fault: string): Promise<number> {
  const stepsMax = stepsOf(sql);
  for (let step = 0; step < stepsMax; step++) {
    const disk = openSimulated(native().files, 1);
    const engine = await open({
      dataDir: '',
      files: { api: disk.files },
      clock: manualClock(1_700_000_000_000),
    });
    try {
      for (const each of setup) await ask(engine, each);
      const before = await stateOf(engine);
      hurt(disk, step);
      const error = await ask(engine, sql).then(
        () => undefined,
        (e: { fault?: string }) => e,
      );
      if (!error) return step;
      expect(error.fault, `${sql}, step ${step}: ${error}`).toBe(fault);
      expect(await stateOf(engine), `${sql}, step ${step}`).toBe(before);
      disk.setCapacity(undefined);
      const next = ask(engine, 'INSERT INTO target VALUES (1, 1)');
      if (fault === 'disk_full') await next;
      else await expect(next, `after ${sql}, step ${step}`).rejects.toMatchObject({ fault });
    } finally {
      await engine.close();
      disk.close();
    }
  }
  return stepsMax;
}

it('a full disk refuses every statement by name, and changes nothing', async () => {
  let refused = 0;
  for (const sql of statements) {
    const room = (disk: SimulatedDisk, step: number) =>
      disk.setCapacity(disk.used + (twice.test(sql) ? 130 * step : 350 * step ** 2));
    refused += await refusals(sql, room, 'disk_full');
  }
  expect(refused).toBeGreaterThan(statements.length);
}, 1_200_000);

it('a failed sync refuses every statement by name, and writes stop', async () => {
  let refused = 0;
  for (const sql of statements) {
    refused += await refusals(sql, (disk, step) => disk.failSyncs(1 + step), 'unavailable');
  }
  expect(refused).toBeGreaterThan(statements.length);
}, 1_200_000);
