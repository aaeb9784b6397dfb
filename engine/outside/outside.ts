// What one statement reads outside of the database: file(), url() and s3(). Files are looked up while the
// statement is planned. What lies on other servers is fetched first: planning breaks off with Wanting, the
// object is brought into a temporary file, and planning begins anew.

import { setMaxListeners } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { TIMER_MAX_MS } from '../clock.ts';
import { EngineError, fail } from '../errors.ts';
import { OutboundGuard } from '../outbound/guard.ts';
import { pause, S3, s3Place } from '../outbound/s3.ts';
import { withoutSecrets } from '../outbound/secrets.ts';
import type { NamedFile, Wanted } from '../plan/context.ts';
import type { Core } from '../query/core.ts';
import type { Settings } from '../settings/index.ts';
import { TEMPORARY_DIR } from '../storage/temporary.ts';
import { alternatives, isPattern, pathPattern, tooMany } from './glob.ts';
import { endOnly, type Get, PartialFile, partOf } from './partial.ts';
import { named, type UserFiles } from './user-files.ts';

/** Thrown out of planning: this is needed first. */
export class Wanting extends Error {
  readonly wanted: Wanted;
  constructor(wanted: Wanted) {
    super('Other servers cannot be read here');
    this.wanted = wanted;
  }
}

/** Other servers that one statement may have to ask for, one after another. */
const fetchesMax = 1000;

const keyOf = (wanted: Wanted): string => JSON.stringify(wanted);

export function userFiles(core: Core, settings: Settings): UserFiles {
  const anywhere = core.settings.bool('local_files');
  const own = core.settings.text('user_files_path');
  if (!anywhere && own === '' && core.dataDir === undefined) {
    throw fail('ACCESS_DENIED', 'This database has no folder of user files');
  }
  const root = anywhere ? process.cwd() : own || join(core.dataDir ?? '', 'user_files');
  return { root, anywhere, most: settings.number('glob_expansion_max_elements') };
}

export function guardOf(core: Core, settings: Settings): OutboundGuard {
  return new OutboundGuard({
    hosts: core.settings.text('outbound_hosts'),
    connectMs: Math.min(settings.number('http_connection_timeout') * 1000, TIMER_MAX_MS),
    idleMs: Math.min(settings.number('http_receive_timeout') * 1000, TIMER_MAX_MS),
    redirectsMax: settings.number('max_http_get_redirects'),
    bytesMax: core.settings.number('outbound_bytes_max'),
  });
}

/** How an object is brought. */
interface Fetch {
  readonly tries: number;
  /** Bytes between two that are wanted which are brought with them. */
  readonly gap: number;
  /** Only what is read. */
  readonly ranged: boolean;
}

export class Outside {
  readonly #core: Core;
  readonly #key: string;
  readonly #signal: AbortSignal;
  readonly #readonly: boolean;
  readonly #brought = new Map<string, readonly NamedFile[]>();
  readonly #temporary: string[] = [];
  readonly #partial: PartialFile[] = [];

  constructor(core: Core, key: string, signal: AbortSignal, readonly: boolean) {
    this.#readonly = readonly;
    this.#core = core;
    this.#key = key;
    this.#signal = signal;
    // Each request that is under way listens to it.
    setMaxListeners(fetchesMax, signal);
  }

  /** The files that a table function names. */
  files(wanted: Wanted, settings: Settings): readonly NamedFile[] {
    this.checkAllowed(wanted.kind);
    if (wanted.kind === 'file') return named(userFiles(this.#core, settings), wanted.path);
    const there = this.#brought.get(keyOf(wanted));
    if (there) return there;
    // Refused before anything waits.
    const guard = guardOf(this.#core, settings);
    for (const url of alternatives(wanted.url, settings.number('glob_expansion_max_elements')))
      guard.check(wanted.kind === 's3' ? s3Place(url).bucket : url);
    throw new Wanting(wanted);
  }

  /** Who may only read cannot make this process read or write elsewhere either. */
  checkAllowed(name: string): void {
    if (this.#readonly) {
      throw fail('READONLY', `Table function ${name} cannot be used in readonly mode`);
    }
  }

  /** Runs work that may find out that it needs objects of other servers. */
  async with<T>(settings: () => Settings, work: () => T | Promise<T>): Promise<T> {
    for (let n = 0; ; n++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Wanting)) throw error;
        if (n >= fetchesMax) throw fail('LIMIT_EXCEEDED', 'Too many other servers are read');
        await this.#bring(error.wanted, settings());
      }
    }
  }

  /** Removes what was brought. The kernel has opened what it still reads. */
  close(): void {
    for (const file of this.#partial.splice(0)) {
      this.#core.native.fileForget(file.path);
      file.close();
    }
    for (const path of this.#temporary.splice(0)) rmSync(path, { force: true });
  }

  async #bring(wanted: Wanted, settings: Settings): Promise<void> {
    if (wanted.kind === 'file') throw fail('LOGICAL_ERROR', 'Files are not brought');
    const guard = guardOf(this.#core, settings);
    const most = settings.number('glob_expansion_max_elements');
    const tries = settings.number('http_max_tries');
    const gap = settings.number('remote_read_min_bytes_for_seek');
    const how = { tries, gap, ranged: wanted.ranged ?? false };
    const out: NamedFile[] = [];
    for (const url of alternatives(wanted.url, most)) {
      if (wanted.kind === 'url') {
        const { headers } = wanted;
        const get: Get = (more) =>
          guard.call(url, { headers: { ...headers, ...more }, signal: this.#signal });
        out.push(await this.#fetch(url, how, get, nameOf(url), new URL(url).pathname));
        continue;
      }
      const place = s3Place(url);
      const s3 = new S3(guard, place, wanted.keys, tries, this.#signal);
      for (const key of await keysOf(s3, place.key, most)) {
        const shown = `${new URL(place.bucket).pathname.slice(1)}${key}`;
        const get: Get = (more) => s3.get(key, 0, more);
        out.push(await this.#fetch(url, how, get, basename(key), shown));
        if (out.length > most) throw tooMany(most);
      }
    }
    this.#brought.set(keyOf(wanted), out);
  }

  /** Brings one object into a temporary file, or the end of it. */
  async #fetch(url: string, how: Fetch, get: Get, name: string, shown: string): Promise<NamedFile> {
    const again = <T>(work: () => Promise<T>): Promise<T> => this.#again(how.tries, work);
    return again(async () => {
      const answer = await get(how.ranged ? endOnly : {}).catch(unsatisfiable);
      // An empty object has no end.
      if (!answer || answer.status === 416)
        return this.#fetch(url, { ...how, ranged: false }, get, name, shown);
      if (answer.status >= 300) throw refused(url, answer.status);
      const part = partOf(answer);
      const time = Date.parse(answer.headers['last-modified'] ?? '');
      const about = { name, shown, ...(Number.isNaN(time) ? {} : { timeMs: time }) };
      if (part) {
        const file = new PartialFile(this.#fresh(), answer, part.total, get);
        this.#partial.push(file);
        await file.begin(answer, how.gap);
        // It ends when the statement does.
        file.serve(this.#core.native, how.gap, again).catch(() => {});
        return { ...about, path: file.path, bytes: part.total, sparse: true };
      }
      const { path, bytes } = await this.keep(answer.body);
      const length = answer.headers['content-length'];
      if (length !== undefined && Number(length) !== bytes) {
        throw fail('NETWORK_ERROR', `${withoutSecrets(url)} broke off`);
      }
      return { ...about, path, bytes };
    });
  }

  /** What breaks off is asked for again. */
  async #again<T>(tries: number, work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        const broken =
          error instanceof EngineError && /^(NETWORK_ERROR|SOCKET_TIMEOUT)$/.test(error.name);
        if (!broken || attempt >= Math.min(tries, 10)) throw error;
        await pause(100 * 2 ** (attempt - 1), this.#signal);
      }
    }
  }

  /** A path for a temporary file of the statement. */
  #fresh(): string {
    const { dataDir } = this.#core;
    if (dataDir === undefined) throw fail('ACCESS_DENIED', 'This database has no temporary files');
    const dir = join(dataDir, TEMPORARY_DIR);
    mkdirSync(dir, { recursive: true });
    const path = join(dir, `${this.#key}-fetched-${this.#core.nextKey++}`);
    this.#temporary.push(path);
    return path;
  }

  /** Bytes in a temporary file of the statement. */
  async keep(body: AsyncIterable<Buffer>): Promise<{ path: string; bytes: number }> {
    const path = this.#fresh();
    const file = openSync(path, 'wx', 0o600);
    let bytes = 0;
    try {
      for await (const piece of body) {
        this.#signal.throwIfAborted();
        for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at);
        bytes += piece.length;
      }
    } finally {
      closeSync(file);
    }
    return { path, bytes };
  }
}

/** The store's answer when there are no such bytes. */
function unsatisfiable(error: unknown): undefined {
  const none = error instanceof EngineError && error.name === 'S3_ERROR';
  if (!none || !/\(416\b/.test(error.message)) throw error;
}

const nameOf = (url: string): string => decodeURIComponent(basename(new URL(url).pathname));

/** Keys that a pattern names, or the key. */
async function keysOf(s3: S3, key: string, most: number): Promise<string[]> {
  if (!isPattern(key)) return [key];
  const fits = pathPattern(key);
  const out: string[] = [];
  for await (const object of s3.list(key.replace(/[*?{].*$/s, ''))) {
    if (!fits(object.key)) continue;
    out.push(object.key);
    if (out.length > most) throw tooMany(most);
  }
  return out;
}

function refused(url: string, status: number): EngineError {
  const fault = status === 404 ? 'missing' : 'client';
  const text = `Received error from remote server ${withoutSecrets(url)}. HTTP status code: ${status}`;
  // What may be better the next time is asked for again.
  return status >= 500 || status === 429
    ? fail('NETWORK_ERROR', text)
    : new EngineError('RECEIVED_ERROR_FROM_REMOTE_IO_SERVER', 86, fault, text);
}
