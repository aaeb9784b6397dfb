// The catalog on disk: a snapshot, an append-only log of hash-chained records, two heads.
//
// Record: magic (4) | payload length (4) | base (4) | zero (4) | hash of the record before (16)
//         | hash of all of this and the payload (16) | payload (JSON).
// Several records may go out in one write; `base` is where that write began, so everything before it
// was on the disk when the record was written.
//
// Reading: 1. the newest valid head names snapshot and log; 2. the snapshot must match it exactly;
// 3. records follow as long as the chain holds. A clean head must match the log to the byte. Without
// one the log may end in a torn write: bytes after the last valid record are cut, unless the head or
// a later write says that they were on the disk before. Everything else is damage and is named.

import { fail } from '../errors.ts';
import type { FilesApi, WriteFile } from '../files.ts';
import { damaged } from '../files.ts';
import { applyRecord } from './apply.ts';
import { HEAD_FILES, type Head, hash16, readHeads, writeHead } from './heads.ts';
import { type CatalogState, type CommitRecord, emptyState, type TokenRecord } from './state.ts';
import { stateFromJson, stateToJson } from './state-json.ts';
import { TokenBook } from './tokens.ts';

const MAGIC = 0x3152_4c43; // "CLR1"
const HEADER_BYTES = 48;
const SNAPSHOT_MAGIC = Buffer.from('CLSNAP01');
const FORMAT = 1;
const ROTATE_BYTES = 4 << 20;
const ZERO_HASH = Buffer.alloc(16);

const numbered = (kind: string, generation: number): string =>
  `catalog/${kind}-${String(generation).padStart(6, '0')}`;

/** What is on the disk, read without changing anything. */
export interface CatalogOnDisk {
  readonly state: CatalogState;
  readonly tokens: TokenBook;
  readonly head: Head;
  readonly slot: number;
  /** Valid bytes of the log; what follows is a torn tail. */
  readonly logBytes: number;
  readonly logHash: Buffer;
  readonly tornBytes: number;
  /** Files of the catalog that are not needed and not what they should be. */
  readonly warnings: readonly string[];
}

function encodeRecord(record: CommitRecord, previous: Buffer, base: number): [Buffer, Buffer] {
  const payload = Buffer.from(JSON.stringify(record));
  const bytes = Buffer.alloc(HEADER_BYTES + payload.length);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(payload.length, 4);
  bytes.writeUInt32LE(base, 8);
  previous.copy(bytes, 16);
  const hash = hash16(bytes.subarray(0, 32), payload);
  hash.copy(bytes, 32);
  payload.copy(bytes, HEADER_BYTES);
  return [bytes, hash];
}

interface RawRecord {
  readonly base: number;
  readonly previous: Buffer;
  readonly hash: Buffer;
  readonly payload: Buffer;
  readonly end: number;
}

/** The record at `at` if it is whole; the chain is not looked at. */
function recordAt(log: Buffer, at: number): RawRecord | undefined {
  if (at + HEADER_BYTES > log.length || log.readUInt32LE(at) !== MAGIC) return undefined;
  const end = at + HEADER_BYTES + log.readUInt32LE(at + 4);
  if (end > log.length) return undefined;
  const payload = log.subarray(at + HEADER_BYTES, end);
  const hash = log.subarray(at + 32, at + 48);
  if (!hash16(log.subarray(at, at + 32), payload).equals(hash)) return undefined;
  return {
    base: log.readUInt32LE(at + 8),
    previous: log.subarray(at + 16, at + 32),
    hash,
    payload,
    end,
  };
}

/** Whether something behind a bad record proves that the bad bytes had been on the disk. */
function laterWriteProves(log: Buffer, bad: number): boolean {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(MAGIC);
  for (let at = log.indexOf(magic, bad + 1); at >= 0; at = log.indexOf(magic, at + 1)) {
    const record = recordAt(log, at);
    if (record && record.base > bad) return true;
  }
  return false;
}

function readSnapshot(files: FilesApi, head: Head): { state: CatalogState; tokens: TokenBook } {
  const file = numbered('snapshot', head.generation);
  const length = files.length(file);
  if (length === undefined) throw damaged(file, 0, 'the file is missing');
  const bytes = files.readAll(file);
  if (length !== head.snapshotBytes) {
    throw damaged(file, Math.min(length, head.snapshotBytes), 'it has another length than written');
  }
  if (hash16(bytes).toString('hex') !== head.snapshotHash) {
    throw damaged(file, 0, 'the checksum does not match');
  }
  const json = JSON.parse(bytes.subarray(SNAPSHOT_MAGIC.length).toString()) as {
    format: number;
    state: unknown;
    tokens: [number, TokenRecord[]][];
  };
  refuseNewer(file, json.format);
  return { state: stateFromJson(json.state), tokens: TokenBook.fromJson(json.tokens) };
}

function refuseNewer(file: string, format: number): void {
  if (format <= FORMAT) return;
  const text = `${file} was written by a newer version (format ${format}, known: ${FORMAT})`;
  throw fail('NOT_IMPLEMENTED', `${text}; nothing was changed`);
}

function noteTokens(tokens: TokenBook, record: CommitRecord): void {
  for (const change of record.tables ?? []) tokens.add(change.id, change.tokens ?? []);
}

/** Reads the catalog. `undefined`: the directory holds no database. Throws CORRUPTED_DATA. */
export function readCatalog(files: FilesApi): CatalogOnDisk | undefined {
  const heads = readHeads(files);
  const head = heads.newest;
  if (!head) {
    refuseLostHeads(files);
    return undefined;
  }
  refuseNewer(HEAD_FILES[heads.slot === 0 ? 0 : 1], head.format);
  const broken = heads.broken[0];
  try {
    const { state, tokens } = readSnapshot(files, head);
    const log = readLog(files, head, state, tokens);
    const next = numbered('log', head.generation + 1);
    if ((files.length(next) ?? 0) > 0) throw damaged(next, 0, 'no head names it');
    const warnings = broken ? [`${broken} cannot be read; the other head is used`] : [];
    return { ...log, tokens, head, slot: heads.slot, warnings };
  } catch (error) {
    // A head that cannot be read explains the mismatch better than the file that does not match.
    if (broken && error instanceof Error) throw damaged(broken, 0, error.message);
    throw error;
  }
}

/** Without heads there may only be what an interrupted first start leaves. */
function refuseLostHeads(files: FilesApi): void {
  const all = safeList(files, 'catalog');
  const written = all.some(
    (f) => f.name.startsWith('log-') && (f.len > 0 || f.name !== 'log-000001'),
  );
  const segments = safeList(files, 'segments').length > 0;
  if (written || segments) throw damaged(HEAD_FILES[0], 0, 'neither catalog head can be read');
}

function safeList(files: FilesApi, dir: string) {
  try {
    return files.list(dir);
  } catch {
    return [];
  }
}

function readLog(files: FilesApi, head: Head, start: CatalogState, tokens: TokenBook) {
  const file = numbered('log', head.generation);
  if (files.length(file) === undefined) throw damaged(file, 0, 'the file is missing');
  const log = files.readAll(file);
  let state = start;
  let at = 0;
  let hash: Buffer = ZERO_HASH;
  while (at < log.length) {
    const record = recordAt(log, at);
    if (!record?.previous.equals(hash)) break;
    const payload = JSON.parse(record.payload.toString()) as CommitRecord;
    if (payload.version !== state.version + 1) throw damaged(file, at, 'a version is missing');
    state = applyRecord(state, payload);
    noteTokens(tokens, payload);
    hash = Buffer.from(record.hash);
    at = record.end;
  }
  if (head.clean) {
    const matches = at === head.logBytes && hash.toString('hex') === head.logHash;
    if (!matches || log.length !== at) {
      const where = Math.min(at, head.logBytes);
      throw damaged(file, where, 'it does not match what the clean stop wrote');
    }
  } else if (at < head.logBytes || (at < log.length && laterWriteProves(log, at))) {
    throw damaged(file, at, 'a record that was on the disk cannot be read');
  }
  tokens.keepOnly(state.tables);
  return { state, logBytes: at, logHash: hash, tornBytes: log.length - at };
}

/** The catalog's files, open for writing. One caller at a time; `catalog.ts` sees to that. */
export class CatalogLog {
  readonly #files: FilesApi;
  #head: Head;
  #slot: number;
  #log: WriteFile;
  #hash: Buffer;

  private constructor(files: FilesApi, head: Head, slot: number, log: WriteFile, hash: Buffer) {
    this.#files = files;
    this.#head = head;
    this.#slot = slot;
    this.#log = log;
    this.#hash = hash;
  }

  get boot(): number {
    return this.#head.boot;
  }

  /** Highest WAL sequence before the last clean stop. */
  get walSequence(): number {
    return this.#head.walSequence;
  }

  /** Makes the files of a new database. */
  static async create(files: FilesApi): Promise<CatalogLog> {
    files.makeDir('catalog');
    for (const { name } of files.list('catalog')) files.remove(`catalog/${name}`);
    const state = emptyState();
    const written = await writeGeneration(files, 1, state, new TokenBook());
    const head: Head = { format: FORMAT, ...written, sequence: 1, boot: 1, walSequence: 0 };
    await writeHead(files, 0, head);
    await writeHead(files, 1, { ...head, sequence: 2 });
    const log = files.openWrite(numbered('log', 1));
    return new CatalogLog(files, { ...head, sequence: 2 }, 1, log, ZERO_HASH);
  }

  /** Takes what was read into use: cuts a torn tail and says that the directory is in use. */
  static async open(files: FilesApi, disk: CatalogOnDisk): Promise<CatalogLog> {
    const path = numbered('log', disk.head.generation);
    const log = files.openWrite(path);
    if (disk.tornBytes > 0) log.truncate(disk.logBytes);
    if (!disk.head.clean) {
      // What a killed process wrote may still be in memory alone, and after a failed sync the system
      // may show bytes that it will never write: they are written once more before they are believed.
      log.writeAt(0, files.readAll(path));
    }
    await log.sync();
    // The names too: a first start that was killed may have left a head that only memory knows.
    await files.syncDir('catalog');
    const self = new CatalogLog(files, disk.head, disk.slot, log, disk.logHash);
    await self.#writeHead({ clean: false, boot: disk.head.boot + 1 }, disk.state.version);
    self.#removeOthers();
    return self;
  }

  /** Appends records in one write; resolves when they are on the disk. Nothing is added on DiskFull. */
  async append(records: readonly CommitRecord[]): Promise<void> {
    const base = this.#log.length();
    const parts: Buffer[] = [];
    let hash = this.#hash;
    for (const record of records) {
      const [bytes, next] = encodeRecord(record, hash, base);
      parts.push(bytes);
      hash = next;
    }
    this.#log.append(Buffer.concat(parts));
    await this.#log.sync();
    this.#hash = hash;
  }

  get wantsRotation(): boolean {
    return this.#log.length() > Math.max(ROTATE_BYTES, this.#head.snapshotBytes);
  }

  /** Begins a new generation with a snapshot. A full disk leaves the old one in use. */
  async rotate(state: CatalogState, tokens: TokenBook): Promise<void> {
    const generation = this.#head.generation + 1;
    let written: Awaited<ReturnType<typeof writeGeneration>>;
    try {
      written = await writeGeneration(this.#files, generation, state, tokens);
    } catch (error) {
      this.#removeOthers();
      throw error;
    }
    const log = this.#files.openWrite(numbered('log', generation));
    // From here on nobody may remove either generation until a head is known to be on the disk.
    await this.#writeHead({ ...written, clean: false }, state.version, ZERO_HASH, 0);
    this.#log.close();
    this.#log = log;
    this.#hash = ZERO_HASH;
    this.#removeOthers();
  }

  /** The last act: says that nothing is missing. */
  async closeClean(version: number, walSequence: number): Promise<void> {
    await this.#writeHead({ clean: true, walSequence }, version);
    this.#log.close();
  }

  close(): void {
    this.#log.close();
  }

  async #writeHead(
    more: Partial<Head>,
    lastVersion: number,
    hash: Buffer = this.#hash,
    logBytes: number = this.#log.length(),
  ): Promise<void> {
    const sequence = this.#head.sequence + 1;
    const logHash = hash.toString('hex');
    const head = { ...this.#head, ...more, sequence, lastVersion, logBytes, logHash };
    const slot = 1 - this.#slot;
    await writeHead(this.#files, slot, head);
    this.#head = head;
    this.#slot = slot;
  }

  /** Files of generations that no head needs: the one before, or one that did not come to its end. */
  #removeOthers(): void {
    const suffix = numbered('', this.#head.generation).slice(-6);
    for (const { name } of safeList(this.#files, 'catalog')) {
      const ours = /^(log|snapshot)-\d{6}$/.test(name);
      if (ours && !name.endsWith(suffix)) this.#files.remove(`catalog/${name}`);
    }
  }
}

async function writeGeneration(
  files: FilesApi,
  generation: number,
  state: CatalogState,
  tokens: TokenBook,
) {
  const json = { format: FORMAT, state: stateToJson(state), tokens: tokens.toJson() };
  const bytes = Buffer.concat([SNAPSHOT_MAGIC, Buffer.from(JSON.stringify(json))]);
  const snapshot = files.create(numbered('snapshot', generation));
  try {
    snapshot.append(bytes);
    await snapshot.sync();
  } finally {
    snapshot.close();
  }
  const log = files.create(numbered('log', generation));
  try {
    await log.sync();
  } finally {
    log.close();
  }
  await files.syncDir('catalog');
  return {
    generation,
    snapshotBytes: bytes.length,
    snapshotHash: hash16(bytes).toString('hex'),
    logBytes: 0,
    logHash: ZERO_HASH.toString('hex'),
    lastVersion: state.version,
    clean: false,
  };
}
