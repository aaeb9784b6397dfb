// Rows in: the one way for INSERT statements and for /ingest.
//
// Small bodies are decoded at once, go into the log and into memory; larger ones stream through the
// kernel, which gives back rows (when they turn out to be few) or finished segments that one commit
// makes visible. Either way nothing is acknowledged before it is on the disk, and nothing of a
// request that fails stays.

import { fedByViews } from '../catalog/agreement.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import { keepsHistory } from '../catalog/history.ts';
import type { CatalogState, SegmentDescriptor, TokenRecord } from '../catalog/state.ts';
import { viewsOn } from '../catalog/views.ts';
import { EngineError, fail } from '../errors.ts';
import type { IngestKernel, IngestOutcome, InsertHow, RejectedRow } from '../storage/kernel.ts';
import { commitSegments, segmentsOf } from '../storage/mutations/mutations.ts';
import { SchemaChanged, type Storage } from '../storage/storage.ts';
import { TokenDesk } from './tokens.ts';

/** Bodies up to this size are decoded on the main thread. */
const SYNC_BYTES_MAX = 128 << 10;
/** Compressed ones may grow. */
const SYNC_ENCODED_BYTES_MAX = 8 << 10;
/** What goes to the kernel at once. */
const PUSH_BYTES = 1 << 20;
/** What is kept to decode it anew when the table is altered meanwhile. */
const KEPT_BYTES_MAX = 8 << 20;
const TOKEN_BYTES_MAX = 1024;
const ATTEMPTS_MAX = 10;

export interface InsertRequest {
  /** The table as it is now; called again when it was altered meanwhile. Throws UNKNOWN_TABLE. */
  readonly table: () => TableDefinition;
  /** Format, columns, settings and defaults as the kernel wants them. */
  readonly spec: (definition: TableDefinition) => object;
  readonly body: AsyncIterable<Uint8Array>;
  readonly encoded?: boolean;
  readonly token?: string | undefined;
  readonly how?: InsertHow;
  readonly signal?: AbortSignal | undefined;
  /** Keeps the rejected rows beside; called before anything is acknowledged. */
  readonly quarantine?: (rejected: readonly RejectedRow[]) => Promise<void>;
  /** Computes the rows of materialised views; they are stored with the rows themselves. */
  readonly views?: (definition: TableDefinition, outcome: IngestOutcome) => Promise<StoredPart[]>;
}

/** Rows for one table, of an insert that feeds several: the table itself and its views' targets. */
export interface StoredPart {
  readonly definition: TableDefinition;
  readonly outcome: IngestOutcome;
}

export interface InsertOutcome {
  readonly rows: number;
  readonly bytes: number;
  readonly rejected: number;
  readonly deduplicated: number;
  readonly errors: readonly RejectedRow[];
}

export class Inserter {
  readonly #storage: Storage;
  readonly #kernel: IngestKernel;
  readonly #desk: TokenDesk;

  constructor(storage: Storage, kernel: IngestKernel) {
    this.#storage = storage;
    this.#kernel = kernel;
    this.#desk = new TokenDesk(storage.context.catalog, storage.context.clock);
  }

  /** Resolves when the rows are durable and visible. */
  async insert(request: InsertRequest): Promise<InsertOutcome> {
    checkToken(request.token);
    this.#storage.admit(request.table().id);
    const max = request.encoded ? SYNC_ENCODED_BYTES_MAX : SYNC_BYTES_MAX;
    const iterator = request.body[Symbol.asyncIterator]();
    const head = await readUpTo(iterator, max, request.signal);
    if (head.ended) {
      const body = Buffer.concat(head.chunks);
      return this.#again(request, async (definition) =>
        this.#kernel.decodeRows(request.spec(definition), body),
      );
    }
    return this.#streamed(request, head.chunks, iterator);
  }

  /** Decodes and stores; anew when the table was altered in between. */
  async #again(
    request: InsertRequest,
    decode: (definition: TableDefinition) => Promise<IngestOutcome>,
    attemptsMax = ATTEMPTS_MAX,
  ): Promise<InsertOutcome> {
    for (let attempt = 1; ; attempt++) {
      const definition = request.table();
      try {
        const outcome = await decode(definition);
        return await this.store(definition, outcome, request);
      } catch (error) {
        if (!(error instanceof SchemaChanged)) throw error;
        if (attempt >= attemptsMax) throw altered();
      }
    }
  }

  async #streamed(
    request: InsertRequest,
    head: readonly Uint8Array[],
    rest: AsyncIterator<Uint8Array>,
  ): Promise<InsertOutcome> {
    const kept: Uint8Array[] = [...head];
    let keptBytes = head.reduce((sum, chunk) => sum + chunk.length, 0);
    let source: AsyncIterator<Uint8Array> | undefined = rest;
    const chunks = async function* () {
      // The first time the body itself, later what was kept of it.
      const replay = source ? [...head] : kept;
      for (const chunk of replay) yield chunk;
      const live = source;
      source = undefined;
      for (let next = await live?.next(); next && !next.done; next = await live?.next()) {
        keptBytes += next.value.length;
        if (keptBytes <= KEPT_BYTES_MAX) kept.push(next.value);
        yield next.value;
      }
    };
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#again(request, (table) => this.#stream(request, table, chunks()), 1);
      } catch (error) {
        const again = error instanceof EngineError && error.name === 'ABORTED' && isAltered(error);
        if (!again || keptBytes > KEPT_BYTES_MAX || attempt >= ATTEMPTS_MAX) throw error;
      }
    }
  }

  async #stream(
    request: InsertRequest,
    definition: TableDefinition,
    chunks: AsyncGenerator<Uint8Array>,
  ): Promise<IngestOutcome> {
    const { names, collector, context } = this.#storage;
    const prefix = names.prefix(definition.id);
    const store = context.files.store;
    const table = this.#storage.store(definition.id).shape(definition);
    let ingest: number | undefined;
    let finished = false;
    try {
      context.files.makeDir(prefix.slice(0, prefix.lastIndexOf('/')));
      ingest = this.#kernel.ingestOpen({ ...request.spec(definition), prefix, store, table });
      for await (const lot of gathered(chunks)) {
        request.signal?.throwIfAborted();
        await this.#kernel.ingestPush(ingest, lot);
      }
      request.signal?.throwIfAborted();
      const outcome = await this.#kernel.ingestFinish(ingest);
      finished = true;
      return outcome;
    } catch (error) {
      if (ingest !== undefined && !finished) this.#kernel.ingestAbort(ingest);
      const refused = request.signal?.aborted ? error : context.health.refused(error);
      if (!context.health.poisoned) collector.sweep(prefix);
      throw refused;
    }
  }

  /** Makes decoded rows part of the table and of its views, once per token. Uses up the batch;
   *  segments that do not become part of a table are removed. */
  async store(
    definition: TableDefinition,
    outcome: IngestOutcome,
    request: Pick<InsertRequest, 'token' | 'quarantine' | 'views' | 'how'> = {},
  ): Promise<InsertOutcome> {
    const { rows, bytes, rejected, errors } = outcome;
    const hash = tokenHash(outcome);
    const { token, quarantine, views, how } = request;
    let stored = false;
    const write = async (record?: TokenRecord) => {
      if (rejected > 0 && quarantine) await quarantine(errors);
      if (rows === 0) return;
      await this.#leaveViews(definition);
      const { state } = this.#storage.context.catalog;
      const made = views ? await views(definition, outcome) : [];
      stored = true;
      await this.#write(definition, [{ definition, outcome }, ...made], state, how, record);
    };
    let known = false;
    try {
      if (token && rows > 0) {
        known = await this.#desk.once(definition.id, { token, hash, rows }, write);
      } else await write();
    } finally {
      if (!stored) this.discard(outcome);
    }
    if (known) return { rows: 0, bytes: 0, rejected: 0, deduplicated: rows, errors: [] };
    return { rows, bytes, rejected, deduplicated: 0, errors };
  }

  /** All parts in one act: one frame of the log when they are few rows, else one commit.
   *  @param seen the catalog that the rows of the views were computed with */
  async #write(
    base: TableDefinition,
    all: readonly StoredPart[],
    seen: CatalogState,
    how: InsertHow | undefined,
    token?: TokenRecord,
  ): Promise<void> {
    const keeps = ({ definition, outcome }: StoredPart) =>
      outcome.rows > 0 && definition.engine.name !== 'Null';
    try {
      for (const { definition, outcome } of all) {
        const checked = definition.engine.name === 'Null' && outcome.batch !== undefined;
        if (checked)
          this.#storage.prepareRows(definition, outcome.batch as number, outcome.rows, how);
      }
    } catch (error) {
      for (const { outcome } of all) this.discard(outcome);
      throw error;
    } finally {
      for (const part of all) if (!keeps(part)) this.discard(part.outcome);
    }
    const parts = all.filter(keeps).map(({ definition, outcome }) => ({
      definition,
      outcome,
      views: viewsOn(seen, definition.id),
      direct: definition.id === base.id && outcome === all[0]?.outcome,
    }));
    // Rows in the log belong to no version of the table yet.
    const small = parts.every(
      ({ definition, outcome }) => outcome.batch !== undefined && !keepsHistory(definition),
    );
    // A token belongs to the first part, so a base that keeps nothing has its token in a commit.
    if (small && (!token || parts[0]?.definition.id === base.id)) {
      const rows = parts.map(({ definition, outcome, views, direct }) => ({
        tableId: definition.id,
        definition,
        batch: outcome.batch as number,
        rows: outcome.rows,
        views,
        direct,
        ...(how ? { how } : {}),
      }));
      return rows.length > 0 ? this.#storage.append(rows, token) : undefined;
    }
    await this.#commit(base, parts, token);
  }

  async #commit(
    base: TableDefinition,
    parts: readonly (StoredPart & {
      readonly views: readonly TableDefinition[];
      readonly direct: boolean;
    })[],
    token: TokenRecord | undefined,
  ): Promise<void> {
    const written: SegmentDescriptor[] = [];
    const left = new Set(parts.flatMap(({ outcome }) => outcome.batch ?? []));
    try {
      const finished = [];
      for (const { definition, outcome, views, direct } of parts) {
        written.push(...(outcome.segments ?? []));
        let segments = outcome.segments ?? [];
        if (outcome.batch !== undefined) {
          left.delete(outcome.batch);
          segments = await segmentsOf(this.#storage, definition, outcome.batch);
          written.push(...segments);
        }
        finished.push({ definition, segments, views, direct });
      }
      const keepsBase = finished[0]?.definition.id === base.id;
      const nothing = { definition: base, segments: [], views: viewsOn(this.#state, base.id) };
      await commitSegments(this.#storage, keepsBase ? finished : [nothing, ...finished], token);
    } catch (error) {
      for (const batch of left) this.#storage.context.kernel.batchDrop(batch);
      // After a failed sync the commit may be on the disk, and then so must be its files.
      if (!this.#storage.context.health.poisoned) {
        for (const { file } of written) this.#storage.collector.discard(file);
      }
      throw error;
    }
  }

  /** Rows that come into the target of a view by another way: the view stands for its query no more. */
  async #leaveViews({ id }: TableDefinition): Promise<void> {
    if (!fedByViews(this.#state).has(id)) return;
    await this.#storage.context.catalog.commit({ ddl: [{ op: 'rewritten', id }] });
  }

  get #state(): CatalogState {
    return this.#storage.context.catalog.state;
  }

  /** Rows that will not be stored. */
  discard({ batch, segments }: IngestOutcome): void {
    if (batch !== undefined) this.#storage.context.kernel.batchDrop(batch);
    for (const { file } of segments ?? []) this.#storage.collector.discard(file);
  }
}

/** Rows that the kernel made itself (INSERT SELECT) come without a hash; their number stands in. */
const tokenHash = ({ hash, rows }: IngestOutcome): string =>
  hash === '' ? rows.toString(16).padStart(32, '0') : hash;

const ALTERED = 'The table was altered while the rows came in; send them again';
const isAltered = (error: EngineError): boolean => error.message === ALTERED;
const altered = (): EngineError =>
  new EngineError('ABORTED', 236, 'unavailable', ALTERED, { retryAfterSeconds: 1 });

function checkToken(token: string | undefined): void {
  if (token === undefined) return;
  const bytes = Buffer.byteLength(token);
  if (bytes >= 1 && bytes <= TOKEN_BYTES_MAX) return;
  const text = `An insert token has 1 to ${TOKEN_BYTES_MAX} bytes, not ${bytes}`;
  throw fail('BAD_ARGUMENTS', text);
}

const asBuffer = (chunk: Uint8Array): Buffer =>
  Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);

/** Small chunks together: every call into the kernel costs as much as some kilobytes. */
async function* gathered(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let list: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    list.push(chunk);
    bytes += chunk.length;
    if (bytes < PUSH_BYTES) continue;
    const lot = list.length === 1 ? asBuffer(chunk) : Buffer.concat(list, bytes);
    list = [];
    bytes = 0;
    yield lot;
  }
  if (bytes > 0) yield Buffer.concat(list, bytes);
}

/** Reads until the end or until more than `max` bytes are there. */
async function readUpTo(
  body: AsyncIterator<Uint8Array>,
  max: number,
  signal: AbortSignal | undefined,
): Promise<{ chunks: Uint8Array[]; ended: boolean }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  while (bytes <= max) {
    const next = await body.next();
    signal?.throwIfAborted();
    if (next.done) return { chunks, ended: true };
    chunks.push(next.value);
    bytes += next.value.length;
  }
  return { chunks, ended: false };
}
