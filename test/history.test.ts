// Versions of a table: read, compared, restored, forgotten; over restarts, too.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { open } from '../engine/index.ts';

async function opened(dir: string) {
  const engine = await open({ dataDir: dir });
  const ask = async (sql: string): Promise<unknown[][]> => {
    const result = await engine.query({
      sql,
      format: 'JSONCompactEachRow',
      user: { name: 'default' },
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of result.chunks) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    return text
      .split('\n')
      .filter((line) => line)
      .map((line) => JSON.parse(line) as unknown[]);
  };
  const versions = async () => {
    const rows = await ask(
      'SELECT operation, toUInt32(version) FROM (DESCRIBE HISTORY t) ORDER BY version',
    );
    return rows.map(([operation, version]) => ({ operation, version: Number(version) }));
  };
  const files = () => readdirSync(join(dir, 'segments', '1')).filter((f) => f.endsWith('.seg'));
  return { engine, ask, versions, files };
}

describe('versions of a table', () => {
  it('are read, restored and forgotten', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'colonnade-history-'));
    let db = await opened(dir);
    try {
      await db.ask(
        'CREATE TABLE t (id UInt32, v String) ORDER BY id SETTINGS history_retention = 3600',
      );
      await db.ask("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
      await db.ask("INSERT INTO t VALUES (3, 'c')");
      await db.ask("ALTER TABLE t UPDATE v = 'B' WHERE id = 2 SETTINGS mutations_sync = 1");
      await db.ask('DELETE FROM t WHERE id = 1');
      await db.ask('OPTIMIZE TABLE t FINAL');
      await db.ask('ALTER TABLE t DROP COLUMN v');
      const all = await db.versions();
      expect(all.map(({ operation }) => operation)).toEqual([
        'CREATE',
        'INSERT',
        'INSERT',
        'UPDATE',
        'DELETE',
        'OPTIMIZE',
        'ALTER',
      ]);
      const at = (n: number) => all[n]?.version ?? -1;
      const look = async () => {
        const read = (n: number) => db.ask(`SELECT * FROM t VERSION AS OF ${at(n)} ORDER BY id`);
        expect(await read(0)).toEqual([]);
        expect(await read(1)).toEqual([
          [1, 'a'],
          [2, 'b'],
        ]);
        expect(await read(2)).toEqual([
          [1, 'a'],
          [2, 'b'],
          [3, 'c'],
        ]);
        expect(await read(3)).toEqual([
          [1, 'a'],
          [2, 'B'],
          [3, 'c'],
        ]);
        expect(await read(4)).toEqual([
          [2, 'B'],
          [3, 'c'],
        ]);
        expect(await read(5)).toEqual([
          [2, 'B'],
          [3, 'c'],
        ]);
        expect(await read(6)).toEqual([[2], [3]]);
        expect(
          await db.ask(`SELECT count() FROM t VERSION AS OF ${at(2)} AS x WHERE x.v = 'c'`),
        ).toEqual([[1]]);
      };
      await look();
      const changes = `SELECT id, v, _change_type FROM table_changes('t', ${at(2)}, ${at(5)})
        ORDER BY _commit_version, id, _change_type`;
      expect(await db.ask(changes)).toEqual([
        [3, 'c', 'insert'],
        [2, 'B', 'update_postimage'],
        [2, 'b', 'update_preimage'],
        [1, 'a', 'delete'],
      ]);
      await db.engine.close();
      db = await opened(dir);
      await look();
      await db.ask(`RESTORE TABLE t TO VERSION AS OF ${at(3)}`);
      expect(await db.ask('SELECT * FROM t ORDER BY id')).toEqual([
        [1, 'a'],
        [2, 'B'],
        [3, 'c'],
      ]);
      await db.ask("INSERT INTO t VALUES (4, 'd')");
      await look();
      await db.engine.close();
      db = await opened(dir);
      await look();
      const paths = await db.ask('VACUUM t RETAIN 0 HOURS DRY RUN');
      expect(paths.length).toBeGreaterThan(0);
      await db.ask('VACUUM t RETAIN 0 HOURS');
      expect(await db.versions()).toHaveLength(1);
      await expect(db.ask(`SELECT * FROM t VERSION AS OF ${at(3)}`)).rejects.toThrow(
        /is not kept; the oldest is/,
      );
      await db.engine.close();
      db = await opened(dir);
      const parts = await db.ask("SELECT count() FROM system.parts WHERE table = 't' AND active");
      expect(db.files()).toHaveLength(Number(parts[0]?.[0]));
      expect(await db.ask('SELECT count() FROM t')).toEqual([[4]]);
    } finally {
      await db.engine.close();
      rmSync(dir, { recursive: true, force: true });
    }
  }, 60_000);
});
