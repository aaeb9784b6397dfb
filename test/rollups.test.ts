// SYSTEM ADVISE ROLLUPS: what the log of queries asks for, taken with one statement.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ours } from './peers.ts';

let db: Ours;
beforeAll(async () => {
  db = await Ours.start('rollups');
});
afterAll(() => db.close());

const rowsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line)
    .map((line) => line.split('\t'));

describe('proposed rollups', () => {
  it('serve the queries that they were made of', async () => {
    await db.must(
      'CREATE TABLE t (ts DateTime, k UInt8, s String, v Int64) ENGINE = MergeTree ORDER BY ts',
    );
    await db.must(
      `INSERT INTO t SELECT toDateTime('2024-01-01 00:00:00') + number, number % 5, toString(number % 3), number FROM numbers(200000)`,
    );
    const dashboard = [
      "SELECT toStartOfHour(ts) AS h, k, sum(v), count() FROM t WHERE s = '1' GROUP BY h, k ORDER BY h",
      "SELECT toStartOfHour(ts) AS h, k, max(v) FROM t WHERE s IN ('1', '2') GROUP BY h, k",
    ];
    for (const query of [...dashboard, 'SELECT v, count() FROM t GROUP BY v LIMIT 1'])
      await db.must(query);
    const advice = rowsOf(await db.must('SYSTEM ADVISE ROLLUPS'));
    expect(advice).toHaveLength(1);
    const [table, statement = '', queries, read, then] = advice[0] ?? [];
    expect([table, queries]).toEqual(['default.t', '2']);
    expect(Number(then)).toBeLessThan(Number(read) / 50);
    const before = await Promise.all(dashboard.map((query) => db.must(query)));
    await db.must(statement.replaceAll("\\'", "'"));
    for (const query of dashboard) {
      expect(await db.must(`EXPLAIN ${query}`)).toMatch(/Projection advised_1 is read/);
    }
    const after = await Promise.all(dashboard.map((query) => db.must(query)));
    expect(after.map((t) => rowsOf(t).sort())).toEqual(before.map((t) => rowsOf(t).sort()));
    expect(await db.must('SYSTEM ADVISE ROLLUPS FOR t')).toBe('');
    expect(await db.must('CHECK ROLLUP t')).toMatch(/^advised_1\tprojection\ttrue\t/);
  }, 60_000);

  it('are found in the log of before a restart; ranges of whole buckets need no finer key', async () => {
    const db = await Ours.start('advice', { query_log_flush_ms: '3600000' });
    const asked = "SELECT k, sum(v) FROM u WHERE ts >= '2024-01-02 00:00:00' GROUP BY k ORDER BY k";
    try {
      await db.must(
        'CREATE TABLE u (ts DateTime, k UInt8, v Int64) ENGINE = MergeTree ORDER BY ts',
      );
      await db.must(
        "INSERT INTO u SELECT toDateTime('2024-01-01 00:00:00') + number, number % 5, number FROM numbers(200000)",
      );
      const before = await db.must(asked);
      await db.must('SYSTEM FLUSH LOGS');
      await db.restart();
      const [[table, statement = '', queries] = []] = rowsOf(
        await db.must('SYSTEM ADVISE ROLLUPS'),
      );
      expect([table, queries]).toEqual(['default.u', '1']);
      expect(statement).toMatch(/SELECT k, toStartOfDay\(ts\), sum\(v\) GROUP BY/);
      await db.must(statement);
      expect(await db.must(`EXPLAIN ANALYZE ${asked}`)).toMatch(
        /Projection advised_1 is read: .* rows/,
      );
      expect(await db.must(asked)).toBe(before);
      expect(await db.must('SYSTEM ADVISE ROLLUPS')).toBe('');
    } finally {
      await db.close();
    }
  }, 60_000);
});
