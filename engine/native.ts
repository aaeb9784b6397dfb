// The only importer of the addon: finds it, turns its failures into EngineErrors, and gives the rest
// of the engine typed functions instead of JSON.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineError, fail, failCode } from './errors.ts';
import type { Engine } from './facade.ts';
import { nearest } from './plan/bind/expression/nearest.ts';
import type { ArgumentType, FunctionTable, PlannerKernel } from './plan/context.ts';
import type { ExprJson, Lit, PlanJson, SessionJson } from './plan/physical/wire.ts';
import type {
  DecodedBatch,
  IngestKernel,
  IngestOutcome,
  Job,
  JobResult,
  Kernel,
} from './storage/kernel.ts';
import type { FilesBinding } from './storage/native-files.ts';

export interface FunctionEntry {
  name: string;
  aliases: string[];
  aliasesAnyCase?: string[];
  caseInsensitive: boolean;
  kind: 'scalar' | 'aggregate';
  signature: string;
  description: string;
  examples: [string, string][];
  category: string;
}
export interface FormatEntry {
  name: string;
  aliases?: string[];
  input: boolean;
  output: boolean;
  contentType: string;
}
export interface TypeEntry {
  name: string;
  /** Whether any case will do. */
  caseInsensitive: boolean;
  /** The type that this is another name of; '' for a type. */
  aliasOf: string;
}
export interface Registry {
  /** Scalar functions and aggregates. */
  functions: FunctionEntry[];
  formats: FormatEntry[];
  types: TypeEntry[];
}
interface RawRegistry extends Registry {
  aggregates?: FunctionEntry[];
}

export interface QueryStart {
  first: Buffer | null;
  last: boolean;
}
export interface NodeMeasure {
  rows: number;
  bytes: number;
  ns: number;
  [more: string]: unknown;
}
export interface QueryProgress {
  readRows: number;
  readBytes: number;
  resultRows: number;
  resultBytes: number;
  memory: number;
  memoryPeak?: number;
  segments?: number;
  segmentsPruned?: number;
  blocks?: number;
  blocksPruned?: number;
  nodes?: NodeMeasure[];
  /** Blocks that need not be read, by what said so. */
  prunedBy?: Record<string, number>;
}

/** What the addon exports, as it is: JSON texts and numbers. */
interface Addon extends FilesBinding {
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
  Coder: new (
    unpack: boolean,
    method: string,
    level: number,
    bytesMax: number,
  ) => { push(bytes: Uint8Array): Promise<Buffer>; finish(): Promise<Buffer> };
}

interface Crossed {
  code: number;
  name: string;
  message: string;
  hint?: string;
  detail?: { hint?: string };
}

/** A failure of the addon as one of ours; anything else as it came. */
function crossed(error: unknown): unknown {
  if (!(error instanceof Error) || !error.message.startsWith('{')) return error;
  let failure: Crossed;
  try {
    failure = JSON.parse(error.message) as Crossed;
  } catch {
    return error;
  }
  if (failure.name === 'FILE_ERROR') return error;
  const hint = failure.hint ?? failure.detail?.hint;
  return failCode(failure.code, failure.name, failure.message, hint ? { hint } : {});
}

function sync<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw crossed(error);
  }
}

async function later<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw crossed(error);
  }
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

/** `linux-x64-gnu`, `darwin-arm64`, …. */
const tableTexts = new WeakMap<object, string>();

/** Shapes are made once per version of a table and cross often. */
function tableText(table: object): string {
  let text = tableTexts.get(table);
  if (text === undefined) {
    text = JSON.stringify(table);
    tableTexts.set(table, text);
  }
  return text;
}

export function platformName(): string {
  const { platform, arch } = process;
  if (platform !== 'linux') return `${platform}-${arch}`;
  const report = process.report?.getReport() as
    | { header?: { glibcVersionRuntime?: string } }
    | undefined;
  return `${platform}-${arch}-${report?.header?.glibcVersionRuntime ? 'gnu' : 'musl'}`;
}

function loadAddon(): Addon {
  // The kernel's allocator reads these when it is loaded: freed memory goes back to the system soon, but
  // not so soon that a load clears the same pages again and again, and never in pages of 2 MiB, of which
  // a whole one is cleared for a few bytes.
  process.env.MIMALLOC_PURGE_DELAY ??= '100';
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

const cacheMax = 20_000;

/** Types that take arguments. */
export const composite =
  'Array Nullable LowCardinality Map Tuple Decimal Decimal32 Decimal64 Decimal128 Decimal256 FixedString DateTime DateTime64 Enum8 Enum16 AggregateFunction SimpleAggregateFunction Nested'.split(
    ' ',
  );

/** Suffixes of aggregates, longest first. */
const combinators = [
  'SimpleState',
  'MergeState',
  'OrDefault',
  'Resample',
  'Distinct',
  'ForEach',
  'ArgMin',
  'ArgMax',
  'OrNull',
  'Merge',
  'State',
  'Array',
  'Tuple',
  'Map',
  'If',
];

class Functions implements FunctionTable {
  readonly #scalars = new Map<string, string>();
  readonly #aggregates = new Map<string, string>();
  readonly #anyCase = new Map<string, { name: string; kind: 'scalar' | 'aggregate' }>();
  readonly #names: string[] = [
    ...'arrayJoin grouping row_number rank dense_rank percent_rank cume_dist ntile lag lead lagInFrame leadInFrame nth_value untuple'.split(
      ' ',
    ),
  ];

  constructor(registry: Registry) {
    for (const entry of registry.functions) {
      const into = entry.kind === 'aggregate' ? this.#aggregates : this.#scalars;
      const names = [entry.name, ...entry.aliases, ...(entry.aliasesAnyCase ?? [])];
      for (const name of names) into.set(name, entry.name);
      const loose = entry.caseInsensitive ? names : (entry.aliasesAnyCase ?? []);
      for (const name of loose)
        this.#anyCase.set(name.toLowerCase(), { name: entry.name, kind: entry.kind });
      this.#names.push(...names);
      if (entry.kind === 'aggregate') this.#names.push(`${entry.name}If`);
    }
  }

  scalar(name: string): string | undefined {
    const loose = this.#anyCase.get(name.toLowerCase());
    return this.#scalars.get(name) ?? (loose?.kind === 'scalar' ? loose.name : undefined);
  }

  aggregate(name: string): string | undefined {
    const known = this.#aggregates.get(name);
    if (known !== undefined) return known;
    const loose = this.#anyCase.get(name.toLowerCase());
    if (loose?.kind === 'aggregate') return loose.name;
    for (const suffix of combinators) {
      if (name.length <= suffix.length || !name.endsWith(suffix)) continue;
      const base = this.aggregate(name.slice(0, -suffix.length));
      if (base !== undefined) return `${base}${suffix}`;
    }
    return undefined;
  }

  names(): Iterable<string> {
    return this.#names;
  }
}

/** The kernel with all its faces. */
export interface Native extends Kernel, IngestKernel {
  readonly registry: Registry;
  readonly functions: FunctionTable;
  readonly files: FilesBinding;
  /** The planner's face; folding needs the session's time zone. */
  planner(session: SessionJson): PlannerKernel;
  /** Canonical name of a type. Throws UNKNOWN_TYPE. */
  canonicalType(text: string): string;
  format(name: string): FormatEntry | undefined;
  startQuery(plan: string, key: string): Promise<QueryStart>;
  nextChunk(key: string): Promise<Buffer | null>;
  /** `reason` is what the query then fails with. */
  cancelQuery(key: string, reason: EngineError): void;
  queryProgress(key: string): QueryProgress | undefined;
  closeQuery(key: string): void;
  /** Verifies every checksum of a segment; throws CORRUPTED_DATA with file and offset. */
  segmentCheck(segment: { store: number; file: string }): Promise<void>;
  /** Limits in bytes; before the first table is opened. 0 = none. */
  configure(memoryBytes: number, cacheBytes: number): void;
  metrics(): Record<string, number>;
  /** Least supertype. Throws NO_COMMON_TYPE. */
  commonType(types: readonly string[]): string;
  /** Packs or unpacks a stream. Throws when it is broken or grows beyond the limit. */
  coder: Engine['coder'];
}

function wrap(addon: Addon): Native {
  const raw = JSON.parse(addon.registry()) as RawRegistry;
  const registry: Registry = { ...raw, functions: [...raw.functions, ...(raw.aggregates ?? [])] };
  const functions = new Functions(registry);
  const formats = new Map<string, FormatEntry>();
  for (const format of registry.formats) {
    for (const name of [format.name, ...(format.aliases ?? [])])
      formats.set(name.toLowerCase(), format);
  }
  const memo = new Map<string, string>();
  /** A question that always has the same answer. */
  const ask = (kind: string, question: string, answer: () => string): string => {
    const key = `${kind}${question}`;
    const known = memo.get(key);
    if (known !== undefined) return known;
    const value = sync(answer);
    if (memo.size >= cacheMax) memo.clear();
    memo.set(key, value);
    return value;
  };
  const typeNames = [...registry.types.map((t) => t.name), ...composite];
  const canonicalType = (text: string): string => {
    try {
      return ask('t', text, () => addon.canonicalType(text));
    } catch (error) {
      const unknown = /[Uu]nknown (?:data )?type:? `?'?(\w+)/.exec((error as Error).message)?.[1];
      const near = unknown === undefined ? undefined : nearest(unknown, typeNames);
      if (near !== undefined && error instanceof EngineError)
        error.hint = `Did you mean \`${near}\`?`;
      throw error;
    }
  };
  const shared = {
    functions,
    canonicalType,
    resolveFunction(name: string, args: readonly ArgumentType[]): string {
      const question = JSON.stringify({ name, args });
      const answer = ask('f', question, () => addon.resolveFunction(question));
      return (JSON.parse(answer) as { type: string }).type;
    },
    lambdaParams(name: string, args: readonly ({ type: string } | { params: number })[]) {
      const described = args.map((a) => ('params' in a ? { type: '', lambda: true } : a));
      const question = JSON.stringify({ name, args: described });
      const answer = JSON.parse(ask('l', question, () => addon.lambdaParams(question))) as (
        | string[]
        | null
      )[];
      return answer.map((types) => types ?? undefined);
    },
    resolveAggregate(name: string, params: readonly Lit[], args: readonly string[]) {
      const question = JSON.stringify({ name, params, args });
      return JSON.parse(ask('a', question, () => addon.resolveAggregate(question))) as {
        name: string;
        type: string;
        defaultOnNulls?: boolean;
      };
    },
  };
  /** Some functions look at settings before they say their type. */
  const resolveWith =
    ({ settings, timezone }: SessionJson) =>
    (name: string, args: readonly ArgumentType[]): string => {
      const question = JSON.stringify({ name, args, session: { settings, timezone } });
      const answer = ask('f', question, () => addon.resolveFunction(question));
      return (JSON.parse(answer) as { type: string }).type;
    };
  const queries = new Map<string, { query: number; reason?: EngineError }>();
  /** The next chunk; a query that was ended fails with the reason it was given. */
  async function pull(key: string, query: number): Promise<{ bytes?: Buffer; last: boolean }> {
    try {
      return await addon.nextChunk(query);
    } catch (error) {
      const failure = crossed(error);
      const reason = queries.get(key)?.reason;
      const cancelled = failure instanceof EngineError && failure.name === 'QUERY_WAS_CANCELLED';
      throw reason && cancelled ? reason : failure;
    }
  }
  return {
    ...shared,
    registry,
    files: addon,
    format: (name) => formats.get(name.toLowerCase()),
    planner: (session) => ({
      ...shared,
      ...(Object.keys(session.settings).length === 0
        ? {}
        : { resolveFunction: resolveWith(session) }),
      infer(format, data) {
        const spec = {
          format,
          settings: session.settings,
          timezone: session.timezone,
          plain: true,
        };
        const answer = sync(() => addon.inferSchema(JSON.stringify(spec), Buffer.from(data)));
        return JSON.parse(answer) as { name: string; type: string }[];
      },
      inferFile(format, { root, path, shown, compression }) {
        const spec = {
          format,
          settings: session.settings,
          timezone: session.timezone,
          plain: true,
          file: { root, path, shown, compression },
        };
        const answer = sync(() => addon.inferSchema(JSON.stringify(spec), Buffer.alloc(0)));
        return JSON.parse(answer) as { name: string; type: string }[];
      },
      format: (name) => formats.get(name.toLowerCase()),
      fold(expr: ExprJson): Lit | undefined {
        const answer = sync(() => addon.fold(JSON.stringify({ expr, session })));
        return (JSON.parse(answer) as Lit | null) ?? undefined;
      },
    }),
    async startQuery(plan, key) {
      const query = sync(() => addon.startQuery(plan));
      queries.set(key, { query });
      const { bytes, last } = await pull(key, query);
      return { first: bytes ?? null, last };
    },
    async nextChunk(key) {
      const running = queries.get(key);
      if (!running) return null;
      return (await pull(key, running.query)).bytes ?? null;
    },
    cancelQuery(key, reason) {
      const running = queries.get(key);
      if (!running) return;
      running.reason ??= reason;
      addon.cancelQuery(running.query);
    },
    queryProgress(key) {
      const running = queries.get(key);
      if (!running) return undefined;
      return (JSON.parse(addon.queryProgress(running.query)) as QueryProgress | null) ?? undefined;
    },
    closeQuery(key) {
      const running = queries.get(key);
      if (!running) return;
      queries.delete(key);
      addon.closeQuery(running.query);
    },
    registerTable: (spec) => sync(() => addon.registerTable(JSON.stringify(spec))),
    releaseTable: (handle) => sync(() => addon.releaseTable(handle)),
    memtableOpen: (table) => sync(() => addon.memtableOpen(JSON.stringify(table))),
    memtableAppend: (memtable, batch) => sync(() => addon.memtableAppend(memtable, batch)),
    memtableDrop: (memtable) => sync(() => addon.memtableDrop(memtable)),
    batchDrop: (batch) => sync(() => addon.batchDrop(batch)),
    batchPrepare: (batch, table, how) =>
      sync(() => addon.batchPrepare(batch, tableText(table), JSON.stringify(how))),
    walEncode: (batch) => sync(() => addon.walEncode(batch)),
    walDecode: (table, payload) => sync(() => addon.walDecode(JSON.stringify(table), payload)),
    runJob: async (job: Job) =>
      JSON.parse(await later(addon.runJob(JSON.stringify(job)))) as JobResult,
    cancelJob: (job) => sync(() => addon.cancelJob(job)),
    jobProgress: (job) => addon.jobProgress(job) ?? undefined,
    decodeRows: (spec, body) =>
      JSON.parse(sync(() => addon.decodeRows(JSON.stringify(spec), body))) as DecodedBatch,
    ingestOpen: (spec) => sync(() => addon.ingestOpen(JSON.stringify(spec))),
    ingestPush: (ingest, bytes) => later(addon.ingestPush(ingest, bytes)),
    ingestFinish: async (ingest) =>
      JSON.parse(await later(addon.ingestFinish(ingest))) as IngestOutcome,
    ingestAbort: (ingest) => sync(() => addon.ingestAbort(ingest)),
    inferSchema: (spec, sample) =>
      JSON.parse(sync(() => addon.inferSchema(JSON.stringify(spec), sample))) as {
        name: string;
        type: string;
      }[],
    segmentCheck: ({ store, file }) => later(addon.checkSegment(store, file)),
    forgetStore: (store) => addon.forgetStore(store),
    configure: (memoryBytes, cacheBytes) => addon.configure(memoryBytes, cacheBytes),
    metrics: () => JSON.parse(addon.metrics()) as Record<string, number>,
    commonType: (types) =>
      ask('s', JSON.stringify(types), () => addon.commonType(JSON.stringify(types))),
    coder: (to, how, limit) => {
      const unpack = to === 'unpack';
      const coder = sync(
        () => new addon.Coder(unpack, how, unpack ? 0 : limit, unpack ? limit : 0),
      );
      return {
        push: (bytes) => later(coder.push(bytes)),
        finish: () => later(coder.finish()),
      };
    },
  };
}

let loaded: Native | undefined;

/** The kernel of this process. Throws when there is none for the platform. */
export function native(): Native {
  loaded ??= wrap(loadAddon());
  return loaded;
}

export type { PlanJson };
