// colonnade query: one statement, its result on standard output.
import { splitInsert } from '../statement-split.ts';
import {
  type Connection,
  connect,
  type Statement,
  type TargetOptions,
  textOf,
} from './connection.ts';
import { EXIT, exitCodeOf, report, Usage } from './failure.ts';
import { bytes, isTerminal, ProgressLine, seconds, short } from './terminal.ts';

export interface QueryOptions extends TargetOptions {
  format?: string;
  database?: string;
  param?: Record<string, string>;
}

export async function queryCommand(
  sql: string | undefined,
  options: QueryOptions,
): Promise<number> {
  const statement = sql ?? (process.stdin.isTTY ? undefined : await textOf(process.stdin));
  if (statement === undefined || statement.trim() === '') {
    throw new Usage('which statement? colonnade query "SELECT 1"');
  }
  const stop = new AbortController();
  const onInterrupt = (): void => stop.abort();
  process.once('SIGINT', onInterrupt);
  const connection = await connect(options);
  try {
    await runStatement(connection, {
      sql: statement,
      format: options.format ?? defaultFormat(),
      signal: stop.signal,
      ...(options.param && { params: options.param }),
      ...(options.database && { database: options.database }),
      ...(sql !== undefined && takesRows(sql) && { data: process.stdin as AsyncIterable<Buffer> }),
    });
    return EXIT.done;
  } catch (error) {
    if (stop.signal.aborted) return EXIT.interrupted;
    report(error, statement);
    return exitCodeOf(error);
  } finally {
    process.off('SIGINT', onInterrupt);
    await connection.close();
  }
}

export const defaultFormat = (): string => (isTerminal(process.stdout) ? 'PrettyCompact' : 'JSON');

/** Whether the statement is an INSERT whose rows are still to come, and somebody sends them. */
function takesRows(sql: string): boolean {
  if (process.stdin.isTTY) return false;
  const text = Buffer.from(`${sql}\n`).toString('latin1');
  const split = splitInsert(text);
  return split.kind === 'insert' && text.slice(split.dataStart).trim() === '';
}

/** Runs a statement and writes its result to standard output; a progress line stands beside it. */
export async function runStatement(
  connection: Connection,
  statement: Statement,
  write: (chunk: Uint8Array) => Promise<void> | void = toStdout,
): Promise<void> {
  const queryId = statement.queryId ?? `cli-${process.pid}-${Date.now().toString(36)}`;
  const progress = new ProgressLine((ms) => describe(connection, queryId, ms));
  try {
    const chunks = await connection.query({ ...statement, queryId });
    let first = true;
    for await (const chunk of chunks) {
      if (first) progress.stop();
      first = false;
      await write(chunk);
    }
  } finally {
    progress.stop();
  }
}

async function describe(connection: Connection, queryId: string, ms: number): Promise<string> {
  try {
    const answer = await connection.query({
      sql: `SELECT read_rows, read_bytes FROM system.processes WHERE query_id = '${queryId}'`,
      format: 'JSONCompact',
      queryId: `cli-look-${queryId}`,
    });
    const { data } = JSON.parse(await textOf(answer)) as { data: [unknown, unknown][] };
    const rows = Number(data[0]?.[0] ?? 0);
    const size = Number(data[0]?.[1] ?? 0);
    const rate = short(rows / (ms / 1000));
    return `${short(rows)} rows, ${bytes(size)}, ${seconds(ms)} (${rate} rows/s)`;
  } catch {
    return seconds(ms);
  }
}

/** Waits for a slow reader of the pipe. */
export function toStdout(chunk: Uint8Array): Promise<void> | undefined {
  if (process.stdout.write(chunk)) return undefined;
  return new Promise((done) => process.stdout.once('drain', () => done()));
}
