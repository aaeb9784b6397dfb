// colonnade check DIR: reads everything a data directory holds and says what is damaged.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Connection, local, textOf } from './connection.ts';
import { EXIT, failureText, Usage } from './failure.ts';

interface Table {
  database: string;
  name: string;
  engine: string;
}

const quoted = (name: string): string => `\`${name.replace(/[\\`]/g, '\\$&')}\``;

export async function checkCommand(dir: string): Promise<number> {
  const folder = resolve(dir);
  if (!existsSync(folder)) throw new Usage(`${dir} does not exist`);
  const connection = await local(folder, {});
  let damaged = 0;
  try {
    const tables = await tablesOf(connection);
    for (const table of tables) {
      const name = `${table.database}.${table.name}`;
      const fault = await checkTable(connection, table);
      if (fault !== undefined) damaged++;
      process.stdout.write(`${fault === undefined ? 'ok      ' : 'DAMAGED '} ${name}\n`);
      if (fault !== undefined)
        process.stdout.write(`         ${fault.replaceAll('\n', '\n         ')}\n`);
    }
    process.stdout.write(`${tables.length} tables, ${damaged} damaged\n`);
    return damaged === 0 ? EXIT.done : EXIT.failed;
  } finally {
    await connection.close();
  }
}

async function tablesOf(connection: Connection): Promise<Table[]> {
  const answer = await connection.query({
    sql: `SELECT database, name, engine FROM system.tables
          WHERE database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA')
          ORDER BY database, name`,
    format: 'JSON',
  });
  return (JSON.parse(await textOf(answer)) as { data: Table[] }).data;
}

/** @returns what is wrong, undefined when every checksum holds */
async function checkTable(connection: Connection, table: Table): Promise<string | undefined> {
  if (/View$|^Null$|^Memory$/.test(table.engine)) return undefined;
  const name = `${quoted(table.database)}.${quoted(table.name)}`;
  try {
    const answer = await connection.query({ sql: `CHECK TABLE ${name}`, format: 'JSONCompact' });
    const { data } = JSON.parse(await textOf(answer)) as { data: unknown[][] };
    const bad = data.filter((row) => !row.some((v) => v === 1 || v === '1' || v === true));
    return bad.length === 0 ? undefined : bad.map((row) => row.join(' ')).join('\n');
  } catch (error) {
    return failureText(error);
  }
}
