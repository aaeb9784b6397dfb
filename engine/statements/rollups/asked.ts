// The SELECTs of the query log, in memory and on the disk: what was asked, how often, what it cost.

import { askRows, ownRun } from '../../query/ask.ts';
import type { Run } from '../../query/core.ts';

export interface Asked {
  readonly text: string;
  readonly database: string;
  readonly queries: number;
  readonly rowsRead: number;
  readonly tookMs: number;
}

/** Statements that are looked at: those that took longest in all. */
const statementsMax = 2000;

export async function askedQueries(run: Run): Promise<Asked[]> {
  const rows = await askRows(
    ownRun(run),
    `SELECT query, current_database, count(), sum(read_rows), sum(query_duration_ms)
     FROM system.query_log WHERE type = 'QueryFinish' AND query_kind = 'Select'
     GROUP BY query, current_database ORDER BY 5 DESC, 4 DESC, 1 LIMIT ${statementsMax}`,
  );
  return rows.map(([text, database, queries, rowsRead, tookMs]) => ({
    text: String(text),
    database: String(database),
    queries: Number(queries),
    rowsRead: Number(rowsRead),
    tookMs: Number(tookMs),
  }));
}
