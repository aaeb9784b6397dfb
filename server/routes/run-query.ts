// One statement from the routes that take SQL: session, engine, headers, stream, late failures.
import { randomBytes, randomUUID } from 'node:crypto';
import type { Engine, Failure, QueryRequest, QueryResult } from '../../engine/facade.ts';
import type { Context } from '../context.ts';
import { asFailure, exceptionText } from '../http-error.ts';
import { type Coding, codingFor, type Packer, packed, packer } from '../pack.ts';
import { flag, headerText, single } from '../parameters.ts';
import { isFailure, RequestError } from '../request-error.ts';
import type { Lease } from '../sessions.ts';
import { splitInsert } from '../statement-split.ts';
import { sendResult } from '../stream.ts';

/** Largest result that is held back for `wait_end_of_query` and for HTTP/1.0. */
const HOLD_BYTES = 32 * 2 ** 20;
const SERVER_NAME = 'colonnade';
const SYNTAX_ERROR = 62;

export interface RunOptions {
  face: 'json' | 'text';
  /** The session, when it was taken already. */
  lease?: Lease;
}

export async function runQuery(
  ctx: Context,
  request: Omit<QueryRequest, 'user'>,
  options: RunOptions,
): Promise<void> {
  const { req, res, target, engine, config, sessions, user, signal, log, metrics } = ctx;
  const lease = options.lease ?? sessions.lease(target.query, user.name);
  const queryId = request.queryId ?? randomUUID();
  res.setHeader('X-ClickHouse-Query-Id', headerText(queryId));
  res.setHeader('X-ClickHouse-Server-Display-Name', SERVER_NAME);
  const readonly = req.method !== 'POST' || user.readonly === true;
  let tagged: string | undefined;
  const tag = (): string => (tagged ??= exceptionTag());
  const waits =
    flag(target.query, 'wait_end_of_query') || flag(target.query, 'http_wait_end_of_query');
  const setting = (name: string): string | undefined =>
    lease.session?.settings.get(name) ?? config.settings[name];
  let pack: Packer | undefined;
  try {
    if (req.method !== 'POST' && request.settings?.readonly !== undefined) throw fixedReadonly();
    const coding = codingFor(req, target.query, setting);
    const result = await started(engine, {
      ...request,
      queryId,
      user,
      signal,
      ...(lease.session && { session: lease.session }),
      ...(readonly && { readonly: true }),
    });
    if (coding !== undefined) {
      const level =
        single(target.query, 'http_zlib_compression_level') ??
        setting('http_zlib_compression_level');
      pack = packer(coding, level, engine);
      res.setHeader('vary', 'Origin, Accept-Encoding');
    }
    const by = pack;
    const out = by ? { ...result, chunks: packed(result.chunks, by) } : result;
    const sent = await sendResult(res, out, {
      headers: (r, whole, rows) => ({
        ...headersOf(r, whole, rows, options.face, tag),
        ...(rows && encodingHeader(coding)),
      }),
      beforeEnd: () => lease.release(),
      head: req.method === 'HEAD',
      holdBytes: waits || req.httpVersion === '1.0' ? HOLD_BYTES : 0,
      ...(options.face === 'text' && {
        lateText: async (late) => {
          const frame = Buffer.from(exceptionFrame(asFailure(late, log), tag(), engine.version));
          return by ? by.push(frame) : frame;
        },
      }),
    });
    metrics.bytesOut += sent.bytes;
    if (sent.late !== undefined && isFailure(sent.late) && !signal.aborted) {
      log.warn({ queryId, code: sent.late.code }, `broken off: ${sent.late.message}`);
    }
  } finally {
    pack?.close();
    await lease.release();
  }
}

/** What a late failure is marked with: random, so that no data looks like it. */
const exceptionTag = (): string =>
  Array.from(randomBytes(16), (b) => String.fromCharCode(97 + (b % 26))).join('');

/** ClickHouse's own packing is agreed upon in the request, not in headers. */
const encodingHeader = (coding: Coding | undefined): Record<string, string> =>
  coding === undefined || coding === 'native' ? {} : { 'content-encoding': coding };

const fixedReadonly = (): RequestError =>
  new RequestError('READONLY', 'A GET only reads: the setting readonly cannot be changed by it');

/** Starts the statement. A syntax error always has a place: one in inline rows that names none is put at their start. */
async function started(engine: Engine, request: QueryRequest): Promise<QueryResult> {
  try {
    return await engine.query(request);
  } catch (error) {
    if (!isFailure(error) || error.code !== SYNTAX_ERROR || error.position !== undefined)
      throw error;
    const bytes = Buffer.from(request.sql);
    const split = splitInsert(bytes.toString('latin1'));
    const before = split.kind === 'insert' ? bytes.subarray(0, split.dataStart).toString() : '';
    const lines = before.split('\n');
    throw new RequestError('SYNTAX_ERROR', error.message, {
      position: Array.from(before).length,
      length: 1,
      line: lines.length,
      column: Array.from(lines.at(-1) ?? '').length + 1,
      ...(error.hint && { hint: error.hint }),
    });
  }
}

function headersOf(
  result: QueryResult,
  whole: boolean,
  rowsFollow: boolean,
  face: 'json' | 'text',
  tag: () => string,
): Record<string, string> {
  const headers: Record<string, string> = {};
  if (rowsFollow || result.format !== '') {
    headers['content-type'] = result.contentType;
    if (result.format !== '') headers['X-ClickHouse-Format'] = result.format;
    headers['X-ClickHouse-Timezone'] = result.timezone;
  }
  if (!whole && face === 'text') headers['X-ClickHouse-Exception-Tag'] = tag();
  headers['X-ClickHouse-Summary'] = summaryOf(result);
  return headers;
}

/** Flat JSON of texts of integers, all fields always: clients split it by hand. */
function summaryOf(result: QueryResult): string {
  const s = result.summary();
  return JSON.stringify({
    read_rows: String(s.readRows),
    read_bytes: String(s.readBytes),
    written_rows: String(s.writtenRows),
    written_bytes: String(s.writtenBytes),
    total_rows_to_read: '0',
    result_rows: String(s.resultRows),
    result_bytes: '0',
    elapsed_ns: String(Math.round(s.elapsedNs)),
    memory_usage: String(s.memoryUsage),
  });
}

/** What ClickHouse appends to a body that fails late (its clients look for it). */
function exceptionFrame(failure: Failure, tag: string, version: string): string {
  const message = exceptionText(failure, version).slice(0, 15_000);
  const length = Buffer.byteLength(message);
  return `\r\n__exception__\r\n${tag}\r\n${message}${length} ${tag}\r\n__exception__\r\n`;
}
