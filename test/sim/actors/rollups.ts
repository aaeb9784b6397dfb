// A table whose rows come, change and go under projections and views that come and go, too: CHECK ROLLUP finds
// each as its rows are, and queries give the same with and without them.

import type { MakeActor } from './actor.ts';

const grouped = 'SELECT k, sum(v), count(), max(v) FROM ro GROUP BY k ORDER BY k';

export const rollups: MakeActor = ({ ask, below, fresh }) => {
  const insert = () =>
    `INSERT INTO ro SELECT number % 7, ${fresh()}, ${fresh()} FROM numbers(${1 + below(60)})`;
  const alter = (what: string) => ask(`ALTER TABLE ro ${what} SETTINGS mutations_sync = 2`);
  const statements: (() => Promise<unknown>)[] = [
    () => alter('ADD PROJECTION IF NOT EXISTS p (SELECT k, sum(v), count(), max(v) GROUP BY k)'),
    () => alter('MATERIALIZE PROJECTION p'),
    () => alter('CLEAR PROJECTION p'),
    () => alter('DROP PROJECTION IF EXISTS p'),
    () => alter(`UPDATE v = v + 1 WHERE id % 5 = ${below(5)}`),
    () => alter(`DELETE WHERE id % 13 = ${below(13)}`),
    () => ask(`DELETE FROM ro WHERE id % 17 = ${below(17)}`),
    () => ask('SYSTEM REBUILD ROLLUP rv'),
    () => ask('SYSTEM REBUILD ROLLUP ro'),
    () => ask('OPTIMIZE TABLE ro FINAL'),
    () => ask('TRUNCATE TABLE ro'),
  ];
  const asText = async (settings: string) =>
    JSON.stringify(await ask(`${grouped} SETTINGS ${settings}`));

  return {
    clients: 2,
    schema: [
      'CREATE TABLE IF NOT EXISTS ro (k UInt8, v UInt64, id UInt32) ENGINE = MergeTree ORDER BY id',
      `CREATE MATERIALIZED VIEW IF NOT EXISTS rv ENGINE = AggregatingMergeTree ORDER BY k AS
       SELECT k, sumState(v) AS s, countState() AS c, maxState(v) AS m FROM ro GROUP BY k`,
    ],
    async step() {
      const statement = statements[below(2 * statements.length)];
      await (statement?.() ?? ask(insert())).catch((error) => {
        // Another client was faster: the projection is not there, or the rows have changed.
        if (![36, 582, 10, 16].includes(error.code)) throw error;
      });
    },
    async check() {
      const faults: string[] = [];
      const plain = await asText(
        'optimize_use_projections = 0, optimize_use_materialized_views = 0',
      );
      const fast = await asText('optimize_use_projections = 1');
      if (fast !== plain) faults.push(`rollups of ro: ${fast}, rows: ${plain}`);
      await ask('SYSTEM REBUILD ROLLUP rv');
      for (const row of await ask('CHECK ROLLUP ro')) {
        if (String(row[2]) !== 'true') faults.push(`CHECK ROLLUP ro: ${row.join(' ')}`);
      }
      return faults;
    },
  };
};
