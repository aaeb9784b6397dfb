// multipart/form-data, part by part as the bytes come: fields and files of any size, without holding them.
import { badRequest } from './request-error.ts';

/** Head of a part: a few short lines. */
const HEAD_BYTES_MAX = 16 << 10;
const PARTS_MAX = 10_000;

export interface Part {
  name: string;
  /** Parts with a file name are files. */
  isFile: boolean;
  /** Has to be read to its end before the next part. */
  body: AsyncIterable<Uint8Array>;
}

/** What separates the parts, or undefined when the body is no form. @throws BAD_ARGUMENTS without one */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (!/^multipart\/form-data\b/i.test(contentType ?? '')) return undefined;
  const found = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType ?? '');
  const boundary = found?.[1] ?? found?.[2];
  if (boundary === undefined) throw badRequest('The multipart body names no boundary');
  return boundary;
}

/** @throws BAD_ARGUMENTS for a body that is cut or malformed */
export async function* partsOf(
  source: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<Part, void, undefined> {
  const input = new Scanner(source);
  const mark = Buffer.from(`--${boundary}`);
  const between = Buffer.from(`\r\n--${boundary}`);
  // What stands before the first boundary means nothing.
  for await (const _ of input.until(mark));
  for (let parts = 0; ; parts++) {
    if (parts > PARTS_MAX) throw badRequest(`The form has more than ${PARTS_MAX} parts`);
    const after = await input.take(2);
    if (after === '--') return;
    if (after !== '\r\n') throw badRequest('The multipart body is damaged behind a boundary');
    const part = { ...(await headOf(input)), body: input.until(between) };
    yield part;
    for await (const _ of part.body);
  }
}

async function headOf(input: Scanner): Promise<{ name: string; isFile: boolean }> {
  let disposition = '';
  for (let bytes = 0; ; ) {
    const line = await input.line(HEAD_BYTES_MAX - bytes);
    bytes += line.length + 2;
    if (line === '') break;
    if (/^content-disposition:/i.test(line)) disposition = line;
  }
  const name = parameter(disposition, 'name');
  if (name === undefined) throw badRequest('A part of the form has no name');
  return { name, isFile: parameter(disposition, 'filename') !== undefined };
}

function parameter(line: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]+))`, 'i').exec(line);
  const quoted = found?.[1]?.replace(/\\(["\\])/g, '$1');
  // Browsers write quotes and line ends of names in percent form.
  return (quoted ?? found?.[2])?.replace(/%(22|0D|0A)/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** Bytes that are read up to a mark. */
class Scanner {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async #more(): Promise<void> {
    const next = await this.#source.next();
    if (next.done) throw badRequest('The multipart body ends before its last boundary');
    this.#held =
      this.#held.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#held, next.value]);
  }

  /** Everything before the mark, which is read over. */
  async *until(mark: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const at = this.#held.indexOf(mark);
      // The end of what is there may be the beginning of the mark.
      const end = at >= 0 ? at : Math.max(0, this.#held.length - mark.length + 1);
      const piece = this.#held.subarray(0, end);
      this.#held = this.#held.subarray(at >= 0 ? at + mark.length : end);
      if (piece.length > 0) yield piece;
      if (at >= 0) return;
      await this.#more();
    }
  }

  async take(bytes: number): Promise<string> {
    while (this.#held.length < bytes) await this.#more();
    const text = this.#held.toString('latin1', 0, bytes);
    this.#held = this.#held.subarray(bytes);
    return text;
  }

  async line(bytesMax: number): Promise<string> {
    for (;;) {
      const at = this.#held.indexOf('\r\n');
      if ((at < 0 ? this.#held.length : at) > bytesMax)
        throw badRequest('The head of a part of the form is too long');
      if (at >= 0) {
        const text = this.#held.toString('utf8', 0, at);
        this.#held = this.#held.subarray(at + 2);
        return text;
      }
      await this.#more();
    }
  }
}
