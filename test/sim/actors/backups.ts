// Backups of a table that changes, each beside an older one: an acknowledged one gives back what the table
// held then, whatever became of the table; one that was cut off is no backup.

import type { MakeActor } from './actor.ts';

interface Backup {
  readonly name: string;
  /** Rows and their sum. */
  readonly holds: string;
  acked: boolean;
}

export const backups: MakeActor = ({ ask, below, fresh }) => {
  let all: Backup[] = [];
  const summed = async (table: string): Promise<string> =>
    JSON.stringify(await ask(`SELECT count(), sum(id), sum(gen), uniqExact(id) FROM ${table}`));

  async function backup(): Promise<void> {
    const known = all.filter(({ acked }) => acked);
    const base = below(3) > 0 ? known[below(known.length)] : undefined;
    const made: Backup = { name: `bb${fresh()}`, holds: await summed('bk'), acked: false };
    all.push(made);
    const beside = base ? ` SETTINGS base_backup = File('${base.name}')` : '';
    await ask(`BACKUP TABLE bk TO File('${made.name}')${beside}`);
    made.acked = true;
  }

  /** The table becomes what a backup holds. */
  async function restore(): Promise<void> {
    const known = all.filter(({ acked }) => acked);
    const from = known[below(known.length)];
    if (!from) return;
    await ask(`RESTORE TABLE bk AS bk2 FROM File('${from.name}')`);
    await ask('EXCHANGE TABLES bk AND bk2');
    await ask('DROP TABLE bk2 SYNC');
  }

  const insert = () =>
    `INSERT INTO bk SELECT ${fresh() * 1000} + number, ${fresh()} FROM numbers(${1 + below(60)})`;
  const statements: (() => Promise<unknown>)[] = [
    backup,
    backup,
    restore,
    () => ask(`DELETE FROM bk WHERE id % 9 = ${below(9)}`),
    () => ask(`UPDATE bk SET gen = ${fresh()} WHERE id % 9 = ${below(9)}`),
    () => ask(`ALTER TABLE bk DELETE WHERE id % 11 = ${below(11)} SETTINGS mutations_sync = 2`),
    () => ask('OPTIMIZE TABLE bk FINAL'),
    () => ask(`ALTER TABLE bk DROP PARTITION ${below(4)}`),
  ];

  return {
    clients: 1,
    schema: [
      `CREATE TABLE IF NOT EXISTS bk (id UInt32, gen UInt32) ENGINE = MergeTree PARTITION BY id % 4 ORDER BY id
       SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1`,
      'DROP TABLE IF EXISTS bk2 SYNC',
    ],
    step: async () => {
      const statement = statements[below(2 * statements.length)];
      await (statement?.() ?? ask(insert()));
    },
    async check() {
      const faults: string[] = [];
      for (const each of all) {
        try {
          await ask(`RESTORE TABLE bk AS bk2 FROM File('${each.name}')`);
        } catch (error) {
          if ((error as { fault?: string }).fault === 'unavailable') throw error;
          if (each.acked) faults.push(`backup ${each.name} is not there: ${error}`);
          continue;
        }
        const there = await summed('bk2');
        if (there !== each.holds) {
          faults.push(`backup ${each.name} (acked ${each.acked}): ${there}, not ${each.holds}`);
        }
        each.acked = true;
        await ask('DROP TABLE bk2 SYNC');
      }
      all = all.filter(({ acked }) => acked).slice(-4);
      return faults;
    },
  };
};
