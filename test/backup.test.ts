// Backups: made while rows come in, incremental, verified, damaged, restored.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyBackupFolder } from '../engine/check.ts';
import { Ours } from './peers.ts';

let db: Ours;
beforeEach(async () => {
  db = await Ours.start('backup');
});
afterEach(() => db.close());

const folder = (name: string) => join(db.dir, 'colonnade', 'backups', name);

const filesBelow = (dir: string): string[] =>
  readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });

describe('backups', () => {
  it('hold a table, its views and projections, and bring them back', async () => {
    await db.must('CREATE DATABASE s');
    await db.must(`CREATE TABLE s.t (k UInt8, v Int64, PROJECTION p (SELECT k, sum(v) GROUP BY k))
      ENGINE = MergeTree ORDER BY v PARTITION BY k % 2`);
    await db.must(
      'CREATE MATERIALIZED VIEW s.m ENGINE = SummingMergeTree ORDER BY k AS SELECT k, sum(v) AS s FROM s.t GROUP BY k',
    );
    await db.must('INSERT INTO s.t SELECT number % 5, number FROM numbers(1000)');
    await db.must('DELETE FROM s.t WHERE v = 3');
    expect(await db.must("BACKUP DATABASE s TO File('one')")).toMatch(/\tBACKUP_CREATED\n$/);
    const report = await verifyBackupFolder(folder('one'));
    expect(report).toMatchObject({ tables: 3, problems: [] });
    expect(await db.must("RESTORE DATABASE s AS s2 FROM File('one')")).toMatch(/\tRESTORED\n$/);
    const sums = (d: string) =>
      db.must(`SELECT k, sum(v), count() FROM ${d}.t GROUP BY k ORDER BY k`);
    expect(await sums('s2')).toBe(await sums('s'));
    // The view feeds from the new table now.
    await db.must('INSERT INTO s2.t VALUES (0, 1000000)');
    expect(await db.must('SELECT sum(s) FROM s2.m WHERE k = 0')).toBe('1099500\n');
    expect(await db.must('SELECT sum(s) FROM s.m WHERE k = 0')).toBe('99500\n');
  });

  it('hold some partitions, and give some back', async () => {
    await db.must('CREATE TABLE p (d UInt8, v Int64) ENGINE = MergeTree ORDER BY v PARTITION BY d');
    await db.must('INSERT INTO p SELECT number % 4, number FROM numbers(400)');
    await db.must("BACKUP TABLE p PARTITIONS 1, 2, '3' TO File('parts')");
    await db.must("RESTORE TABLE p AS some FROM File('parts')");
    const counts = (t: string) => db.must(`SELECT d, count() FROM ${t} GROUP BY d ORDER BY d`);
    expect(await counts('some')).toBe('1\t100\n2\t100\n3\t100\n');
    await db.must("RESTORE TABLE p AS one PARTITION 2 FROM File('parts')");
    expect(await counts('one')).toBe('2\t100\n');
  });

  it('are incremental by file', async () => {
    await db.must('CREATE TABLE t (v Int64) ENGINE = MergeTree ORDER BY v');
    await db.must('INSERT INTO t SELECT number FROM numbers(100000)');
    await db.must("BACKUP TABLE t TO File('a/one')");
    await db.must('SYSTEM STOP MERGES t');
    await db.must('INSERT INTO t SELECT number FROM numbers(10)');
    await db.must(
      "BACKUP TABLE t TO Disk('backups', 'a/two') SETTINGS base_backup = File('a/one')",
    );
    expect(
      await db.must(
        'SELECT num_files, num_entries FROM system.backups ORDER BY start_time DESC LIMIT 1',
      ),
    ).toBe('2\t1\n');
    const verified = await verifyBackupFolder(folder('a/two'));
    expect(verified).toMatchObject({ tables: 1, files: 2, problems: [] });
    await db.must('DROP TABLE t SYNC');
    await db.must("RESTORE ALL FROM File('a/two')");
    expect(await db.must('SELECT count(), sum(v) FROM t')).toBe('100010\t4999950045\n');
  });

  it('are refused by name where they cannot be', async () => {
    await db.must('CREATE TABLE t (v Int64) ENGINE = MergeTree ORDER BY v');
    await db.must('INSERT INTO t VALUES (1)');
    const code = async (sql: string) => ((await db.ask(sql)) as { code?: number }).code;
    await db.must("BACKUP TABLE t TO File('x')");
    expect(await code("BACKUP TABLE t TO File('x')")).toBe(598);
    expect(await code("BACKUP TABLE nope TO File('y')")).toBe(60);
    expect(await code("BACKUP TABLE t TO File('../y')")).toBe(36);
    expect(await code("BACKUP TABLE t TO File('/tmp/y')")).toBe(36);
    expect(await code("RESTORE TABLE t FROM File('none')")).toBe(599);
    expect(await code("RESTORE TABLE zz FROM File('x')")).toBe(605);
    expect(await code("RESTORE TABLE t FROM File('x')")).toBe(608);
    await db.must("RESTORE TABLE t FROM File('x') SETTINGS allow_non_empty_tables = 1");
    expect(await db.must('SELECT count() FROM t')).toBe('2\n');
    await db.must("RESTORE TABLE t AS u FROM File('x') SETTINGS structure_only = 1");
    expect(await db.must('SELECT count() FROM u')).toBe('0\n');
  });

  it('say what is damaged, and restore nothing of it', async () => {
    await db.must('CREATE TABLE t (v Int64) ENGINE = MergeTree ORDER BY v');
    await db.must('INSERT INTO t SELECT number FROM numbers(1000)');
    await db.must("BACKUP TABLE t TO File('x')");
    const file = filesBelow(folder('x')).find((path) => path.endsWith('.seg')) ?? '';
    const bytes = readFileSync(file);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect((await verifyBackupFolder(folder('x'))).problems).toHaveLength(1);
    const answer = await db.ask("RESTORE TABLE t AS t2 FROM File('x')");
    expect(answer).toMatchObject({ code: 601 });
    expect(await db.must('EXISTS t2')).toBe('0\n');
  });

  it('is of one moment while rows come in', async () => {
    await db.must('CREATE TABLE a (v Int64) ENGINE = MergeTree ORDER BY v');
    await db.must('CREATE TABLE b (v Int64) ENGINE = MergeTree ORDER BY v');
    await db.must('CREATE MATERIALIZED VIEW ab TO b AS SELECT v FROM a');
    let go = true;
    const feed = (async () => {
      for (let i = 0; go; i++) await db.must(`INSERT INTO a VALUES (${i})`);
    })();
    for (let i = 0; i < 5; i++) {
      await db.must(`BACKUP TABLE a, TABLE b TO File('m${i}')`);
      await db.must(`RESTORE TABLE a AS a${i}, TABLE b AS b${i} FROM File('m${i}')`);
      const both = await db.must(
        `SELECT (SELECT count() FROM a${i}) = (SELECT count() FROM b${i})`,
      );
      expect(both).toBe('1\n');
    }
    go = false;
    await feed;
  });
});
