// Backups of a table that changes, each beside an older one, in folders or in a bucket whose network fails: an
// acknowledged one gives back what the table held then, whatever became of the table; one that broke off is none.

import { makeBucket, type Trouble } from '../object-store.ts';
import type { Actor, MakeActor, Tools } from './actor.ts';

interface Backup {
  readonly name: string;
  /** Rows and their sum. */
  readonly holds: string;
  acked: boolean;
}

interface Where {
  /** Of the table and its copies. */
  readonly table: string;
  place(name: string): string;
  /** Whether this is how a place refuses. */
  refused(error: { code?: number }): boolean;
  /** Nothing refuses while `work` runs. */
  calm<T>(work: () => Promise<T>): Promise<T>;
}

function backupsAt({ ask, below, fresh }: Tools, where: Where): Actor {
  const { table, place } = where;
  const copy = `${table}2`;
  let all: Backup[] = [];
  const summed = async (name: string): Promise<string> =>
    JSON.stringify(await ask(`SELECT count(), sum(id), sum(gen), uniqExact(id) FROM ${name}`));

  async function backup(): Promise<void> {
    const known = all.filter(({ acked }) => acked);
    const base = below(3) > 0 ? known[below(known.length)] : undefined;
    const made: Backup = { name: `b${fresh()}`, holds: await summed(table), acked: false };
    all.push(made);
    const beside = base ? ` SETTINGS base_backup = ${place(base.name)}` : '';
    await ask(`BACKUP TABLE ${table} TO ${place(made.name)}${beside}`);
    made.acked = true;
  }

  /** The table becomes what a backup holds. */
  async function restore(): Promise<void> {
    const known = all.filter(({ acked }) => acked);
    const from = known[below(known.length)];
    if (!from) return;
    await ask(`DROP TABLE IF EXISTS ${copy} SYNC`);
    await ask(`RESTORE TABLE ${table} AS ${copy} FROM ${place(from.name)}`);
    await ask(`EXCHANGE TABLES ${table} AND ${copy}`);
    await ask(`DROP TABLE ${copy} SYNC`);
  }

  const insert = () =>
    `INSERT INTO ${table} SELECT ${fresh() * 1000} + number, ${fresh()} FROM numbers(${1 + below(60)})`;
  const statements: (() => Promise<unknown>)[] = [
    backup,
    backup,
    restore,
    () => ask(`DELETE FROM ${table} WHERE id % 9 = ${below(9)}`),
    () => ask(`UPDATE ${table} SET gen = ${fresh()} WHERE id % 9 = ${below(9)}`),
    () =>
      ask(`ALTER TABLE ${table} DELETE WHERE id % 11 = ${below(11)} SETTINGS mutations_sync = 2`),
    () => ask(`OPTIMIZE TABLE ${table} FINAL`),
    () => ask(`ALTER TABLE ${table} DROP PARTITION ${below(4)}`),
  ];

  async function faults(): Promise<string[]> {
    const found: string[] = [];
    // A full disk may have come between two statements of a restore.
    await ask(`DROP TABLE IF EXISTS ${copy} SYNC`);
    for (const each of all) {
      try {
        await ask(`RESTORE TABLE ${table} AS ${copy} FROM ${place(each.name)}`);
      } catch (error) {
        if ((error as { fault?: string }).fault === 'unavailable') throw error;
        if (each.acked) found.push(`backup ${each.name} is not there: ${error}`);
        continue;
      }
      const there = await summed(copy);
      if (there !== each.holds) {
        found.push(`backup ${each.name} (acked ${each.acked}): ${there}, not ${each.holds}`);
      }
      await ask(`DROP TABLE ${copy} SYNC`);
    }
    // One that broke off may be whole and yet be gone after the next loss of power: nobody was told of it.
    all = all.filter(({ acked }) => acked).slice(-4);
    return found;
  }

  return {
    clients: 1,
    schema: [
      `CREATE TABLE IF NOT EXISTS ${table} (id UInt32, gen UInt32) ENGINE = MergeTree PARTITION BY id % 4 ORDER BY id
       SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1`,
      `DROP TABLE IF EXISTS ${copy} SYNC`,
    ],
    step: async () => {
      const statement = statements[below(2 * statements.length)];
      await (statement?.() ?? ask(insert())).catch((error) => {
        if (!where.refused(error)) throw error;
      });
    },
    check: () => where.calm(faults),
  };
}

export const backups: MakeActor = (tools) =>
  backupsAt(tools, {
    table: 'bk',
    place: (name) => `File('b${name}')`,
    refused: () => false,
    calm: (work) => work(),
  });

const troubles: readonly Trouble[] = ['refused', 'lost', 'unanswered', 'short'];
/** S3_ERROR, NETWORK_ERROR, SOCKET_TIMEOUT. */
const ofStore = [499, 210, 209];

export const bucketBackups: MakeActor = (tools) => {
  let calm = false;
  const bucket = makeBucket(() =>
    !calm && tools.below(12) === 0 ? (troubles[tools.below(troubles.length)] ?? 'none') : 'none',
  );
  return backupsAt(tools, {
    table: 'bs',
    place: (name) => `S3('${bucket.url}/${name}')`,
    refused: ({ code }) => ofStore.includes(code ?? 0),
    async calm(work) {
      calm = true;
      return work().finally(() => {
        calm = false;
      });
    },
  });
};
