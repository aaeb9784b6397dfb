// An object of another server of which only what is read is brought. Planning needs the end of a Parquet file, where its
// columns and their statistics stand; the kernel then wishes for the bytes of the columns and row groups that a
// query reads. They come into a file that is as long as the object and otherwise holes.

import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { EngineError, fail } from '../errors.ts';
import type { Native } from '../native/index.ts';
import type { OutboundAnswer } from '../outbound/guard.ts';

/** Asks for the object with further headers. */
export type Get = (headers: Readonly<Record<string, string>>) => Promise<OutboundAnswer>;

/** First byte, and one past the last. */
type Range = readonly [number, number];

/** Bytes of the end that are asked for first: most footers are shorter. */
const endBytes = 64 << 10;
/** Requests for one file at a time. */
const requestsMax = 4;
const magic = 'PAR1';

export const endOnly = { range: `bytes=-${endBytes}` };

/** Which bytes an answer has, of how many; undefined: it is the whole object. */
export function partOf(answer: OutboundAnswer): { range: Range; total: number } | undefined {
  if (answer.status !== 206) return undefined;
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(answer.headers['content-range'] ?? '');
  const [from, last, total] = (match ?? []).slice(1).map(Number);
  if (from === undefined || last === undefined || total === undefined || last >= total)
    throw fail('NETWORK_ERROR', 'The server answers with bytes that it does not place');
  return { range: [from, last + 1], total };
}

/** Neighbours and those with short gaps between them, as one. */
export function joined(ranges: readonly Range[], gap: number): Range[] {
  const out: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last && from - last[1] <= gap) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}

export class PartialFile {
  readonly path: string;
  readonly total: number;
  readonly #file: number;
  readonly #get: Get;
  readonly #tag: string | undefined;
  #there: readonly Range[] = [];
  #closed = false;

  /** @param first the answer to `endOnly` */
  constructor(path: string, first: OutboundAnswer, total: number, get: Get) {
    this.path = path;
    this.total = total;
    this.#get = get;
    this.#tag = first.headers.etag;
    this.#file = openSync(path, 'wx', 0o600);
    ftruncateSync(this.#file, total);
  }

  /** Brings what planning needs; all of it where the object is short, or no Parquet. */
  async begin(first: OutboundAnswer, gap: number): Promise<void> {
    const end = await this.#take(first);
    const from = this.total - end.length;
    if (this.total <= gap) return this.#fill(0, from);
    const isParquet = end.toString('latin1', end.length - magic.length) === magic;
    const footer = isParquet ? end.readUInt32LE(end.length - 8) + 8 : this.total;
    if (footer > this.total) return this.#fill(0, from);
    if (footer > end.length) await this.#fill(this.total - footer, from);
  }

  /** Brings what the kernel wishes for, until the file is closed. */
  async serve(native: Native, gap: number, again: <T>(work: () => Promise<T>) => Promise<T>) {
    for (;;) {
      const wish = await native.fileWish(this.path);
      if (wish === undefined) return;
      try {
        const left = joined([...wish], gap);
        const one = async (): Promise<void> => {
          for (let next = left.shift(); next; next = left.shift()) {
            const [from, to] = next;
            await again(() => this.#fill(from, to));
          }
        };
        await Promise.all(Array.from({ length: Math.min(requestsMax, left.length) }, one));
        native.fileBrought(this.path);
      } catch (error) {
        const { code, message } = error as EngineError;
        native.fileBrought(this.path, error instanceof EngineError ? code : undefined, message);
      }
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#file);
  }

  async #fill(from: number, to: number): Promise<void> {
    if (from >= to || this.#there.some(([a, b]) => a <= from && to <= b)) return;
    const answer = await this.#get({ range: `bytes=${from}-${to - 1}` });
    if (answer.status !== 206) {
      await answer.body[Symbol.asyncIterator]().return?.();
      throw fail('NETWORK_ERROR', `The server answers ${answer.status} when asked for a part`);
    }
    const part = partOf(answer);
    const asked = part?.range[0] === from && part.range[1] === to && part.total === this.total;
    if (!asked || answer.headers.etag !== this.#tag) {
      // The body ends here, unread.
      await answer.body[Symbol.asyncIterator]().return?.();
      throw fail('NETWORK_ERROR', 'The object was changed while it was read');
    }
    await this.#take(answer);
  }

  /** Writes an answer to its place; gives its last bytes. */
  async #take(answer: OutboundAnswer): Promise<Buffer> {
    const range = partOf(answer)?.range ?? [0, this.total];
    let end = Buffer.alloc(0);
    let at = range[0];
    for await (const piece of answer.body) {
      // The number of the file may be another's by now.
      if (this.#closed) throw fail('NETWORK_ERROR', 'The statement has ended');
      if (at + piece.length > range[1])
        throw fail('NETWORK_ERROR', 'More bytes came than asked for');
      for (let done = 0; done < piece.length; )
        done += writeSync(this.#file, piece, done, piece.length - done, at + done);
      at += piece.length;
      end = Buffer.concat([end, piece]).subarray(-endBytes);
    }
    if (at !== range[1]) throw fail('NETWORK_ERROR', 'The object broke off');
    this.#there = joined([...this.#there, range], 0);
    return end;
  }
}
