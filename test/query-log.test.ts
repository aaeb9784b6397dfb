// The query log on the disk: over a restart, each statement once, hidden from lists of tables.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { open } from '../engine/index.ts';

it('outlives a restart', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'colonnade-log-'));
  const start = async () => {
    const engine = await open({ dataDir: dir, settings: { query_log_flush_ms: '3600000' } });
    const ask = async (sql: string) => {
      const result = await engine.query({ sql, user: { name: 'default' } });
      const chunks: Uint8Array[] = [];
      for await (const chunk of result.chunks) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    };
    return { engine, ask };
  };
  const counted = `SELECT query, count(), any(type), any(Settings['max_threads']) FROM system.query_log
    WHERE query LIKE 'SELECT 1%' GROUP BY query ORDER BY query`;
  let db = await start();
  try {
    await db.ask('SELECT 1 SETTINGS max_threads = 2');
    await db.ask('SYSTEM FLUSH LOGS');
    await db.ask("SELECT 1 + 'x'").catch(() => {});
    const before = await db.ask(counted);
    expect(before).toBe(
      "SELECT 1 + \\'x\\'\t1\tExceptionBeforeStart\t\nSELECT 1 SETTINGS max_threads = 2\t1\tQueryFinish\t2\n",
    );
    await db.engine.close();
    db = await start();
    expect(await db.ask(counted)).toBe(before);
    expect(await db.ask("SELECT name FROM system.databases WHERE name LIKE '\\_s%'")).toBe('');
    await expect(db.ask('CREATE TABLE _system.x (a UInt8) ENGINE = Memory')).rejects.toThrow(
      /created/,
    );
  } finally {
    await db.engine.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
