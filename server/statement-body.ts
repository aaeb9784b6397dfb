// The statement of a request from its URL parameter and its body, as ClickHouse joins them:
// parameter, one line feed, body. The rows of an INSERT stay a stream.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ContentEncoding, QueryRequest } from '../engine/facade.ts';
import { collect, decodeText, readBody } from './body.ts';
import { RequestError } from './request-error.ts';
import { splitInsert } from './statement-split.ts';
import { encodingOf, rowsOf, type Unpacker, unpacked } from './unpack.ts';

/** `max_query_size`: longest statement without the rows of an INSERT. */
export const QUERY_BYTES = 262_144;
/** Longest statement, whatever the setting says; also of a JSON body and of parameters. */
export const QUERY_BYTES_MAX = 32 * 2 ** 20;

export type Statement = Pick<QueryRequest, 'sql' | 'data' | 'dataEncoding'>;

export interface StatementLimits {
  /** Bytes of the statement's text. */
  queryBytes: number;
  /** Bytes of the body on the wire. */
  bodyBytes: number;
}

export function queryBytesOf(setting: string | null | undefined): number {
  const n = Number(setting ?? QUERY_BYTES);
  return Number.isSafeInteger(n) && n > 0 ? Math.min(n, QUERY_BYTES_MAX) : QUERY_BYTES;
}

export async function readStatement(
  req: IncomingMessage,
  res: ServerResponse,
  parameter: string,
  limits: StatementLimits,
  engine: Unpacker,
  /** The body is in ClickHouse's compressed blocks (`decompress=1`). */
  blocks = false,
): Promise<Statement> {
  if (Buffer.byteLength(parameter) > QUERY_BYTES_MAX) throw tooLong(QUERY_BYTES_MAX);
  if (req.method !== 'POST') return { sql: parameter };
  const encoding = encodingOf(req);
  const packed: ContentEncoding[] = encoding === undefined ? [] : [encoding];
  if (blocks) packed.push('native');
  const body = readBody(req, res, { bytesMax: limits.bodyBytes, limitName: 'max_body_bytes' });
  const head = parameter === '' ? '' : `${parameter}\n`;
  if (head !== '') {
    const split = splitInsert(Buffer.from(head).toString('latin1'));
    if (split.kind === 'insert' && !split.values) {
      return { sql: parameter, ...rowsOf(body, packed, engine) };
    }
  }
  const plain = packed.reduce((source, how) => unpacked(source, how, engine), body);
  return await divide(Buffer.from(head), plain, limits.queryBytes);
}

/** Reads until the statement is whole; what follows an INSERT's head stays unread. */
async function divide(
  head: Buffer,
  source: AsyncGenerator<Uint8Array, void, undefined>,
  queryBytes: number,
): Promise<Statement> {
  const pieces: Uint8Array[] = [head];
  let size = head.length;
  let looked = 0;
  for (;;) {
    const next = await source.next();
    if (!next.done) {
      pieces.push(next.value);
      size += next.value.length;
    }
    // Looking at doubling sizes keeps the whole linear.
    if (next.done || size > queryBytes || size >= 2 * looked + 16_384) {
      const text = Buffer.concat(pieces);
      pieces.splice(0, pieces.length, text);
      looked = size;
      const split = splitInsert(text.subarray(0, queryBytes).toString('latin1'));
      // Short VALUES stay text: the parser points into them when they are damaged.
      const keep =
        next.done &&
        split.kind === 'insert' &&
        split.values &&
        size <= queryBytes &&
        !isBlank(text.subarray(split.dataStart));
      if (split.kind === 'insert' && !keep) {
        return {
          sql: decodeText(text.subarray(0, split.dataStart)),
          data: rest(text.subarray(split.dataStart), next.done ? undefined : source),
        };
      }
    }
    if (size > queryBytes + head.length) throw tooLong(queryBytes);
    if (next.done) return { sql: decodeText(Buffer.concat(pieces)) };
  }
}

/** No rows of VALUES are a body too, an empty one: clients send batches of none. */
const isBlank = (rows: Buffer): boolean => rows.every((byte) => byte <= 0x20);

async function* rest(
  first: Uint8Array,
  source: AsyncIterable<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (first.length > 0) yield first;
  if (source !== undefined) yield* source;
}

const tooLong = (limit: number): RequestError =>
  new RequestError(
    'QUERY_IS_TOO_LARGE',
    `The statement is longer than max_query_size (${limit} bytes)`,
    { status: 413, hint: 'Send rows as the data of an INSERT, or raise max_query_size' },
  );

/** A JSON request document as bytes. */
export async function readDocument(
  req: IncomingMessage,
  res: ServerResponse,
  engine: Unpacker,
): Promise<Buffer> {
  const encoding = encodingOf(req);
  const body = readBody(req, res, { bytesMax: QUERY_BYTES_MAX, limitName: 'max_query_size' });
  return collect(
    encoding === undefined ? body : unpacked(body, encoding, engine),
    QUERY_BYTES_MAX,
    'max_query_size',
  );
}
