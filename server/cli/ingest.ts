// colonnade ingest: files into a table, one request a file, with a progress bar.
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ContentEncoding, IngestResult } from '../../engine/facade.ts';
import { nearest } from '../suggest.ts';
import { type Connection, connect, type TargetOptions } from './connection.ts';
import { EXIT, exitCodeOf, report, Usage } from './failure.ts';
import { bar, bytes, grouped, isTerminal, ProgressLine, seconds, short } from './terminal.ts';

export interface IngestOptions extends TargetOptions {
  database?: string;
  format?: string;
  create?: boolean;
  token?: string;
  onError?: 'fail' | 'skip' | 'quarantine';
}

const FORMATS: Readonly<Record<string, string>> = {
  csv: 'CSVWithNames',
  tsv: 'TabSeparatedWithNames',
  tab: 'TabSeparatedWithNames',
  json: 'JSONEachRow',
  jsonl: 'JSONEachRow',
  ndjson: 'JSONEachRow',
  parquet: 'Parquet',
  arrow: 'ArrowStream',
  arrows: 'ArrowStream',
  feather: 'ArrowStream',
};
const ENCODINGS: Readonly<Record<string, ContentEncoding>> = {
  gz: 'gzip',
  zst: 'zstd',
  zstd: 'zstd',
  lz4: 'lz4',
};

export interface FileKind {
  format: string;
  encoding?: ContentEncoding;
}

/** Format and compression by the name of the file. @throws Usage naming the formats there are */
export function kindOf(file: string, format?: string): FileKind {
  const parts = basename(file).toLowerCase().split('.').slice(1);
  const last = parts.at(-1) ?? '';
  const encoding = Object.hasOwn(ENCODINGS, last) ? ENCODINGS[last] : undefined;
  const name = (encoding === undefined ? last : parts.at(-2)) ?? '';
  const known = format ?? (Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined);
  if (known === undefined) {
    const near = nearest(name, Object.keys(FORMATS));
    const like = near === undefined ? '' : ` (like .${near}?)`;
    throw new Usage(
      `${file}: no format goes by that name${like}; use --format, or one of ${Object.keys(FORMATS).join(', ')}`,
    );
  }
  return { format: known, ...(encoding !== undefined && { encoding }) };
}

export async function ingestCommand(
  table: string,
  files: readonly string[],
  options: IngestOptions,
): Promise<number> {
  const kinds = files.map((file) =>
    file === '-' && options.format === undefined
      ? { format: 'JSONEachRow' }
      : kindOf(file, options.format),
  );
  if (options.token !== undefined && files.length > 1) {
    throw new Usage('--token names one insert; load one file at a time with it');
  }
  const sizes: number[] = [];
  for (const file of files) sizes.push(await sizeOf(file));
  const target = options.data === undefined ? options : { data: options.data };
  const connection = await connect({ ...target, ...(options.set && { set: options.set }) });
  try {
    for (const [i, file] of files.entries()) {
      const kind = await refine(file, kinds[i] as FileKind, options.format);
      const result = await loadFile(connection, table, file, sizes[i] ?? 0, kind, options);
      if (result.rejected > 0) tellRejected(file, result);
    }
    return EXIT.done;
  } catch (error) {
    report(error);
    return exitCodeOf(error);
  } finally {
    await connection.close();
  }
}

/** Arrow has two layouts under one suffix; the file's first bytes tell them apart. */
async function refine(file: string, kind: FileKind, asked?: string): Promise<FileKind> {
  if (asked !== undefined || kind.format !== 'ArrowStream' || file === '-' || kind.encoding)
    return kind;
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(6), 0, 6, 0);
    return buffer.toString('latin1') === 'ARROW1' ? { format: 'Arrow' } : kind;
  } finally {
    await handle.close();
  }
}

async function sizeOf(file: string): Promise<number> {
  if (file === '-') return 0;
  try {
    const s = await stat(file);
    if (!s.isFile()) throw new Usage(`${file} is no file`);
    return s.size;
  } catch (error) {
    if (error instanceof Usage) throw error;
    throw new Usage(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

async function loadFile(
  connection: Connection,
  table: string,
  file: string,
  size: number,
  kind: FileKind,
  options: IngestOptions,
): Promise<IngestResult> {
  let sent = 0;
  const source: AsyncIterable<Buffer> =
    file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 20 });
  const body = (async function* () {
    for await (const piece of source) {
      sent += piece.length;
      yield piece;
    }
  })();
  const name = file === '-' ? 'standard input' : basename(file);
  const progress = new ProgressLine((ms) => {
    const rate = `${bytes(sent / (ms / 1000))}/s`;
    if (size === 0) return `${name}  ${bytes(sent)}  ${rate}  ${seconds(ms)}`;
    const state = sent < size ? `${Math.floor((100 * sent) / size)} %` : 'storing';
    return `${name}  ${bar(sent / size)} ${state}  ${rate}  ${seconds(ms)}`;
  });
  try {
    const { database, create, token, onError } = options;
    const result = await connection.ingest({
      table,
      body,
      ...kind,
      ...(database && { database }),
      ...(create && { create }),
      ...(token && { token }),
      ...(onError && { onError }),
    });
    progress.stop();
    tell(table, name, result, progress.elapsedMs, size);
    return result;
  } finally {
    progress.stop();
  }
}

function tell(table: string, name: string, result: IngestResult, ms: number, size: number): void {
  if (!isTerminal(process.stdout)) {
    process.stdout.write(`${JSON.stringify({ file: name, ...result })}\n`);
    return;
  }
  if (result.created) {
    process.stdout.write(`created ${table}, ordered by ${result.created.orderBy}\n`);
    for (const column of result.created.columns) {
      process.stdout.write(`  ${column.name.padEnd(24)} ${column.type}\n`);
    }
  }
  const rate = `${short(result.rows / (ms / 1000))} rows/s`;
  const again =
    result.deduplicated > 0 ? `, ${grouped(result.deduplicated)} were there already` : '';
  const amount = size > 0 ? `, ${bytes(size)}` : '';
  process.stdout.write(
    `${name} → ${table}: ${grouped(result.rows)} rows${again} in ${seconds(ms)} (${rate}${amount})\n`,
  );
}

function tellRejected(file: string, result: IngestResult): void {
  process.stderr.write(`${file}: ${grouped(result.rejected)} rows did not fit\n`);
  for (const e of result.errors.slice(0, 10)) {
    process.stderr.write(`  row ${e.row}${e.column ? `, ${e.column}` : ''}: ${e.message}\n`);
  }
}
