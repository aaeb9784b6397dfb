// The addon: what it exports, and where the one for this platform is found.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail } from '../errors.ts';
import type { FilesBinding } from '../storage/native-files.ts';

/** What the addon exports, as it is: JSON texts and numbers. */
export interface Addon extends FilesBinding {
  registry(): string;
  resolveFunction(json: string): string;
  lambdaParams(json: string): string;
  resolveAggregate(json: string): string;
  canonicalType(text: string): string;
  fold(json: string): string;
  commonType(json: string): string;
  configure(memoryBytes: number, cacheBytes: number): void;
  metrics(): string;
  startQuery(plan: string): number;
  nextChunk(query: number): Promise<{ bytes?: Buffer; last: boolean }>;
  cancelQuery(query: number): void;
  queryProgress(query: number): string;
  closeQuery(query: number): void;
  registerTable(json: string): number;
  releaseTable(handle: number): void;
  memtableOpen(json: string): number;
  memtableAppend(memtable: number, batch: number): { rows: number; bytes: number };
  memtableDrop(memtable: number): void;
  batchDrop(batch: number): void;
  batchPrepare(batch: number, table: string, how: string): number;
  walEncode(batch: number): Buffer;
  walDecode(json: string, payload: Buffer): number;
  runJob(json: string): Promise<string>;
  cancelJob(job: number): void;
  jobProgress(job: number): number | null;
  decodeRows(json: string, body: Buffer): string;
  ingestOpen(json: string): number;
  ingestPush(ingest: number, bytes: Buffer): Promise<void>;
  ingestFinish(ingest: number): Promise<string>;
  ingestAbort(ingest: number): void;
  inferSchema(json: string, sample: Buffer): string;
  checkSegment(store: number, file: string): Promise<void>;
  forgetStore(store: number): void;
  fileWish(path: string): Promise<string | null>;
  fileBrought(path: string, code?: number, message?: string): void;
  fileForget(path: string): void;
  Coder: new (
    unpack: boolean,
    method: string,
    level: number,
    bytesMax: number,
  ) => { push(bytes: Uint8Array): Promise<Buffer>; finish(): Promise<Buffer> };
}

/** `linux-x64-gnu`, `darwin-arm64`, …. */
export function platformName(): string {
  const { platform, arch } = process;
  if (platform !== 'linux') return `${platform}-${arch}`;
  const report = process.report?.getReport() as
    | { header?: { glibcVersionRuntime?: string } }
    | undefined;
  return `${platform}-${arch}-${report?.header?.glibcVersionRuntime ? 'gnu' : 'musl'}`;
}

function packageRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  for (let i = 0; i < 6; i++) {
    if (existsSync(join(dir, 'package.json'))) {
      const { name } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as {
        name: string;
      };
      if (name === 'colonnade') return dir;
    }
    dir = dirname(dir);
  }
  return dirname(dirname(fileURLToPath(import.meta.url)));
}

export function loadAddon(): Addon {
  // The kernel's allocator reads these when it is loaded: freed memory goes back to the system after a
  // second (workers give it back at once when they have nothing to do), so that queries that follow each
  // other do not clear the same pages again and again; and it is never taken in pages of 2 MiB, of which a
  // whole one is cleared for a few bytes.
  process.env.MIMALLOC_PURGE_DELAY ??= '1000';
  process.env.MIMALLOC_ALLOW_THP ??= '0';
  const require = createRequire(import.meta.url);
  const name = platformName();
  // Another build of the kernel, for those who work on it.
  const other = process.env.COLONNADE_ADDON;
  if (other) return require(resolve(other)) as Addon;
  const file = join(packageRoot(), 'native', `colonnade.${name}.node`);
  if (existsSync(file)) return require(file) as Addon;
  try {
    return require(`colonnade-${name}`) as Addon;
  } catch {
    throw fail('SUPPORT_IS_DISABLED', `There is no kernel for this platform (${name})`, {
      hint: 'Build it with a stable Rust tool chain: npm run setup in a checkout of colonnade',
    });
  }
}
