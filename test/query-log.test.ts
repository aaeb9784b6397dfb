// The query log on the disk: over a restart, each statement once, hidden from lists of tables.
import { expect, it } from 'vitest';
import { Ours } from './peers.ts';

it('outlives a restart', async () => {
  const db = await Ours.start('log', { query_log_flush_ms: '3600000' });
  const counted = `SELECT query, count(), any(type), any(Settings['max_threads']) FROM system.query_log
    WHERE query LIKE 'SELECT 1%' GROUP BY query ORDER BY query`;
  try {
    await db.must('SELECT 1 SETTINGS max_threads = 2');
    await db.must('SYSTEM FLUSH LOGS');
    await db.must("SELECT 1 + 'x'").catch(() => {});
    const before = await db.must(counted);
    expect(before).toBe(
      "SELECT 1 + \\'x\\'\t1\tExceptionBeforeStart\t\nSELECT 1 SETTINGS max_threads = 2\t1\tQueryFinish\t2\n",
    );
    await db.restart();
    expect(await db.must(counted)).toBe(before);
    expect(await db.must("SELECT name FROM system.databases WHERE name LIKE '\\_s%'")).toBe('');
    await expect(db.must('CREATE TABLE _system.x (a UInt8) ENGINE = Memory')).rejects.toThrow(
      /created/,
    );
  } finally {
    await db.close();
  }
});
