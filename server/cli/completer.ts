// Completion for the shell: keywords, and the names that the connected database knows.
import { type Connection, textOf } from './connection.ts';

const KEYWORDS =
  'SELECT FROM WHERE PREWHERE GROUP BY HAVING ORDER LIMIT OFFSET DISTINCT WITH AS JOIN INNER LEFT RIGHT FULL CROSS ASOF ARRAY ON USING UNION ALL INTERSECT EXCEPT INSERT INTO VALUES FORMAT SETTINGS CREATE TABLE DATABASE VIEW MATERIALIZED IF NOT EXISTS ENGINE MergeTree PARTITION PRIMARY KEY DROP TRUNCATE RENAME ALTER ADD COLUMN MODIFY DELETE UPDATE OPTIMIZE FINAL SHOW TABLES DATABASES DESCRIBE EXPLAIN ANALYZE USE SET KILL QUERY CASE WHEN THEN ELSE END AND OR IN BETWEEN LIKE ILIKE IS NULL INTERVAL OVER WINDOW QUALIFY'.split(
    ' ',
  );

const NAMES = [
  'SELECT name FROM system.tables',
  'SELECT DISTINCT name FROM system.columns LIMIT 5000',
  'SELECT name FROM system.functions',
  'SELECT name FROM system.databases',
];

/** Names are read once, and again when a minute has passed. */
export class Completer {
  readonly #connection: Connection;
  #names: string[] = [];
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns candidates and the text they replace, as readline wants them */
  async complete(line: string): Promise<[string[], string]> {
    const word = /[\w.]*$/.exec(line)?.[0] ?? '';
    if (word === '') return [[], ''];
    await this.#read();
    const start = word.toLowerCase();
    const words = [...KEYWORDS.map((k) => (word === start ? k.toLowerCase() : k)), ...this.#names];
    const found = words.filter((n) => n.toLowerCase().startsWith(start));
    return [[...new Set(found)].sort().slice(0, 200), word];
  }

  async #read(): Promise<void> {
    if (performance.now() - this.#readAt < 60_000) return;
    this.#readAt = performance.now();
    const names: string[] = [];
    for (const sql of NAMES) {
      try {
        const answer = await this.#connection.query({
          sql,
          format: 'TabSeparated',
          queryId: 'cli-look-names',
        });
        names.push(...(await textOf(answer)).split('\n').filter(Boolean));
      } catch {
        // Completion without these names is still completion.
      }
    }
    this.#names = names;
  }
}
