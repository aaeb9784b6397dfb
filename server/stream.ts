// Results on their way out: pulled chunk by chunk as the socket takes them. A failure after the first
// byte breaks the transfer so that no client can take what came for the whole.
import type { ServerResponse } from 'node:http';
import type { QueryResult } from '../engine/facade.ts';
import { badRequest, clientGone } from './request-error.ts';

/** How long the first chunk waits for a second one, to send small results with their length. */
const SETTLE_MS = 20;
/** A reader that takes nothing for so long is given up. */
const STALL_MS = 600_000;

export interface SendOptions {
  status?: number;
  headers: (result: QueryResult, whole: boolean, rowsFollow: boolean) => Record<string, string>;
  /** What to append to the body when the result fails late (ClickHouse's exception frame). */
  lateText?: (error: unknown) => Promise<Uint8Array>;
  /** Bytes to hold back so that a failure can still be a proper status. */
  holdBytes?: number;
  /** Called before the last byte goes out: releases sessions. */
  beforeEnd: () => void | Promise<void>;
  head?: boolean;
}

/** Sends a result. Rejects with what the engine threw if nothing was sent yet; later failures end here.
 *  @returns bytes of the body and the late failure, if any */
export async function sendResult(
  res: ServerResponse,
  result: QueryResult,
  options: SendOptions,
): Promise<{ bytes: number; late?: unknown }> {
  const source = result.chunks[Symbol.asyncIterator]();
  try {
    const held = await holdBack(source, options.holdBytes ?? 0);
    if (held.done) {
      const body = Buffer.concat(held.chunks);
      const headers = options.headers(result, true, body.length > 0);
      await options.beforeEnd();
      res.writeHead(options.status ?? 200, { ...headers, 'content-length': String(body.length) });
      res.end(options.head ? undefined : body);
      return { bytes: body.length };
    }
    if (res.destroyed) throw clientGone();
    if (res.req.httpVersion === '1.0') throw needsChunks();
    const headers = options.headers(result, false, true);
    res.writeHead(options.status ?? 200, headers);
    if (options.head) {
      await options.beforeEnd();
      res.end();
      return { bytes: 0 };
    }
    return await pump(res, source, held, options);
  } finally {
    result.cancel();
    await source.return?.();
  }
}

/** Without chunks the end of the connection would be the end of the body, whatever the reason. */
const needsChunks = (): Error =>
  badRequest('HTTP/1.0 cannot carry a result of this size safely; use HTTP/1.1', { status: 505 });

interface Held {
  chunks: Uint8Array[];
  done: boolean;
  /** A chunk that was asked for and has not come yet. */
  pending?: Promise<IteratorResult<Uint8Array>>;
}

async function holdBack(source: AsyncIterator<Uint8Array>, holdBytes: number): Promise<Held> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const pending = source.next();
    const waits = chunks.length > 0 && bytes >= holdBytes;
    const next = waits ? await settled(pending) : await pending;
    if (next === undefined) return { chunks, done: false, pending };
    if (next.done) return { chunks, done: true };
    chunks.push(next.value);
    bytes += next.value.length;
    if (chunks.length > 1 && bytes > Math.max(holdBytes, 1 << 20)) return { chunks, done: false };
  }
}

async function settled<T>(work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const pause = new Promise<undefined>((done) => {
    timer = setTimeout(() => done(undefined), SETTLE_MS);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, pause]);
  } finally {
    clearTimeout(timer);
  }
}

async function pump(
  res: ServerResponse,
  source: AsyncIterator<Uint8Array>,
  held: Held,
  options: SendOptions,
): Promise<{ bytes: number; late?: unknown }> {
  let bytes = 0;
  try {
    for (const chunk of held.chunks) {
      bytes += chunk.length;
      await write(res, chunk);
    }
    let next = await (held.pending ?? source.next());
    while (!next.done) {
      bytes += next.value.length;
      await write(res, next.value);
      next = await source.next();
    }
  } catch (late) {
    await options.beforeEnd();
    breakOff(res, await options.lateText?.(late).catch(() => undefined));
    return { bytes, late };
  }
  await options.beforeEnd();
  res.end();
  return { bytes };
}

/** Resolves when the socket wants more; rejects when it is gone or its reader sleeps for too long. */
export function write(res: ServerResponse, chunk: Uint8Array): Promise<void> {
  if (res.destroyed || res.socket?.destroyed) return Promise.reject(clientGone());
  if (res.write(chunk)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(clientGone()), STALL_MS);
    const finish = (error?: Error): void => {
      clearTimeout(timer);
      res.off('drain', onDrain);
      res.off('close', onClose);
      if (error) reject(error);
      else resolve();
    };
    const onDrain = (): void => finish();
    const onClose = (): void => finish(clientGone());
    res.once('drain', onDrain);
    res.once('close', onClose);
  });
}

/** Ends a response that has begun, without the end a client would wait for. */
export function breakOff(res: ServerResponse, lastWords?: Uint8Array): void {
  const socket = res.socket;
  if (socket === null || socket.destroyed) return;
  if (lastWords === undefined) {
    socket.destroy();
    return;
  }
  const giveUp = setTimeout(() => socket.destroy(), 1000);
  giveUp.unref();
  res.write(lastWords, () => {
    clearTimeout(giveUp);
    socket.destroy();
  });
}
