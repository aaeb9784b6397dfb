// Objects of an S3-compatible store. Requests are signed by aws4fetch and leave through the guard; every
// body has its hash in the signature, so what arrives is what was meant.

import { createHash } from 'node:crypto';
import { AwsV4Signer } from 'aws4fetch';
import { EngineError, fail } from '../errors.ts';
import type { Call, OutboundAnswer, OutboundGuard } from './guard.ts';
import { withoutSecrets } from './secrets.ts';

export interface S3Keys {
  readonly key: string;
  readonly secret: string;
  readonly session?: string;
}

/** Where a bucket is, and a key in it. */
export interface S3Place {
  /** URL of the bucket, with `/` at its end. */
  readonly bucket: string;
  readonly key: string;
  readonly region: string;
}

export interface S3Object {
  readonly key: string;
  readonly bytes: number;
  readonly timeMs: number;
}

const bytesMaxOfPart = 16 << 20;
const answerBytesMax = 4 << 20;
const firstPauseMs = 100;

/** `s3://bucket/key`, `https://bucket.s3.region.amazonaws.com/key`, `http://host:port/bucket/key`. */
export function s3Place(text: string): S3Place {
  const short = /^s3:\/\/([^/]+)\/(.*)$/s.exec(text);
  if (short) {
    const bucket = `https://${short[1]}.s3.amazonaws.com/`;
    return { bucket, key: short[2] ?? '', region: 'us-east-1' };
  }
  const match = /^(https?:\/\/)([^/?#]+)\/([^?#]*)/is.exec(text);
  if (!match) throw fail('BAD_ARGUMENTS', `'${withoutSecrets(text)}' is not the URL of an object`);
  const [, scheme = '', host = '', path = ''] = match;
  const region = /[.-]s3[.-]([a-z]{2}-[a-z0-9-]+)\./.exec(`.${host}`)?.[1] ?? 'us-east-1';
  if (/^[^.]+\.s3[.-]/.test(host)) return { bucket: `${scheme}${host}/`, key: path, region };
  const at = path.indexOf('/');
  const name = at < 0 ? path : path.slice(0, at);
  if (name === '') throw fail('BAD_ARGUMENTS', `'${withoutSecrets(text)}' names no bucket`);
  return {
    bucket: `${scheme}${host}/${name}/`,
    key: at < 0 ? '' : path.slice(at + 1),
    region,
  };
}

const encoded = (key: string): string =>
  key
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(
        /[!'()*]/g,
        (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/');

export class S3 {
  readonly #guard: OutboundGuard;
  readonly #place: S3Place;
  readonly #keys: S3Keys | undefined;
  readonly #tries: number;
  readonly #signal: AbortSignal | undefined;

  constructor(
    guard: OutboundGuard,
    place: S3Place,
    keys: S3Keys | undefined,
    tries: number,
    signal?: AbortSignal,
  ) {
    this.#guard = guard;
    this.#place = place;
    this.#keys = keys;
    this.#tries = Math.min(Math.max(tries, 1), 10);
    this.#signal = signal;
  }

  /** @param from the first byte that is wanted */
  async get(
    key: string,
    from = 0,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<OutboundAnswer> {
    const range = from === 0 ? headers : { range: `bytes=${from}-` };
    return this.#ask('GET', key, undefined, '', range);
  }

  /** Bytes of an object; undefined when there is none. */
  async length(key: string): Promise<number | undefined> {
    try {
      const answer = await this.#ask('HEAD', key);
      await drained(answer);
      return Number(answer.headers['content-length'] ?? 0);
    } catch (error) {
      if (error instanceof EngineError && error.fault === 'missing') return undefined;
      throw error;
    }
  }

  /** One request for what is small, parts for what is not. Nothing is there before all of it is. */
  async put(key: string, body: AsyncIterable<Uint8Array>): Promise<number> {
    let bytes = 0;
    let upload: string | undefined;
    const tags: string[] = [];
    try {
      for await (const { part, last } of parts(body)) {
        bytes += part.length;
        if (last && upload === undefined) {
          await drained(await this.#ask('PUT', key, part));
          return bytes;
        }
        upload ??= tag('UploadId', await textOf(await this.#ask('POST', key, none, 'uploads=')));
        const query = `partNumber=${tags.length + 1}&uploadId=${encodeURIComponent(upload)}`;
        const answer = await this.#ask('PUT', key, part, query);
        await drained(answer);
        tags.push(answer.headers.etag ?? '');
      }
      const list = tags.map(
        (etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
      );
      const whole = Buffer.from(
        `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`,
      );
      const query = `uploadId=${encodeURIComponent(upload ?? '')}`;
      const end = await textOf(await this.#ask('POST', key, whole, query));
      if (end.includes('<Error>')) throw refused(200, key, end);
      return bytes;
    } catch (error) {
      if (upload !== undefined) {
        const query = `uploadId=${encodeURIComponent(upload)}`;
        await this.#send('DELETE', key, undefined, query).then(drained, () => {});
      }
      throw error;
    }
  }

  async remove(key: string): Promise<void> {
    await drained(await this.#ask('DELETE', key));
  }

  /** Objects whose keys begin so, in their order. */
  async *list(prefix: string): AsyncGenerator<S3Object> {
    for (let token: string | undefined = ''; token !== undefined; ) {
      const more = token === '' ? '' : `continuation-token=${encodeURIComponent(token)}&`;
      const query = `${more}list-type=2&prefix=${encodeURIComponent(prefix)}`;
      const text = await textOf(await this.#ask('GET', '', undefined, query));
      for (const [, entry = ''] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        yield {
          key: tag('Key', entry),
          bytes: Number(tag('Size', entry)),
          timeMs: Date.parse(tag('LastModified', entry)),
        };
      }
      token = tag('IsTruncated', text) === 'true' ? tag('NextContinuationToken', text) : undefined;
    }
  }

  /** An answer that went well. Failures of the store and of the network are tried again. */
  async #ask(
    method: Method,
    key: string,
    body?: Buffer,
    query = '',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<OutboundAnswer> {
    for (let attempt = 1; ; attempt++) {
      let failure: Error;
      try {
        const answer = await this.#send(method, key, body, query, headers);
        if (answer.status < 300) return answer;
        failure = refused(answer.status, key, await textOf(answer).catch(() => ''));
        if (answer.status < 500 && answer.status !== 429) throw failure;
      } catch (error) {
        const { name } = error as EngineError;
        if (name !== 'NETWORK_ERROR' && name !== 'SOCKET_TIMEOUT') throw error;
        failure = error as Error;
      }
      if (attempt >= this.#tries) throw failure;
      await pause(firstPauseMs * 2 ** (attempt - 1), this.#signal);
    }
  }

  async #send(
    method: Method,
    key: string,
    body?: Buffer,
    query = '',
    more: Readonly<Record<string, string>> = {},
  ): Promise<OutboundAnswer> {
    const url = `${this.#place.bucket}${encoded(key)}${query === '' ? '' : `?${query}`}`;
    const sha256 = createHash('sha256')
      .update(body ?? '')
      .digest('hex');
    const call: Call = { method, headers: more, ...(body ? { body } : {}), signal: this.#signal };
    if (!this.#keys) return this.#guard.call(url, call);
    const signed = await new AwsV4Signer({
      method,
      url,
      headers: { ...more, 'x-amz-content-sha256': sha256 },
      accessKeyId: this.#keys.key,
      secretAccessKey: this.#keys.secret,
      ...(this.#keys.session === undefined ? {} : { sessionToken: this.#keys.session }),
      service: 's3',
      region: this.#place.region,
    }).sign();
    const headers = Object.fromEntries(signed.headers.entries());
    return this.#guard.call(url, { ...call, headers });
  }
}

type Method = NonNullable<Call['method']>;
const none = Buffer.alloc(0);

async function* parts(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ part: Buffer; last: boolean }> {
  let held: Uint8Array[] = [];
  let size = 0;
  let given = 0;
  for await (const piece of body) {
    held.push(piece);
    size += piece.length;
    if (size < bytesMaxOfPart) continue;
    given++;
    yield { part: Buffer.concat(held), last: false };
    held = [];
    size = 0;
  }
  if (size > 0 || given === 0) yield { part: Buffer.concat(held), last: true };
}

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

function tag(name: string, xml: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '';
  return text
    .replace(/&#(x?)([0-9a-fA-F]+);/g, (_, hex: string, n: string) =>
      String.fromCodePoint(Number.parseInt(n, hex ? 16 : 10)),
    )
    .replace(/&(lt|gt|quot|apos|amp);/g, (e) => entities[e] ?? e);
}

async function textOf(answer: OutboundAnswer): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer.body) {
    bytes += piece.length;
    if (bytes > answerBytesMax) throw fail('S3_ERROR', 'The store answers too much');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

async function drained(answer: OutboundAnswer): Promise<void> {
  for await (const _ of answer.body);
}

function refused(status: number, key: string, xml: string): EngineError {
  const code = tag('Code', xml);
  const message = tag('Message', xml).slice(0, 300);
  const why = [code, message].filter((t) => t !== '').join(': ');
  const missing = status === 404 ? 'missing' : 'client';
  const text = `The store refuses ${key === '' ? 'the bucket' : key} (${status}${why && `, ${why}`})`;
  return new EngineError('S3_ERROR', 499, missing, withoutSecrets(text));
}

export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((go, stop) => {
    const ended = (): void => {
      clearTimeout(timer);
      stop(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', ended);
      go();
    }, ms);
    signal?.addEventListener('abort', ended, { once: true });
  });
}
