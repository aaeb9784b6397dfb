// The engine: opens a directory, runs statements, takes rows, stops. The only door of this folder.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname, totalmem } from 'node:os';
import { BackupBook } from './backup/book.ts';
import { type Clock, systemClock } from './clock.ts';
import { type EngineError, fail } from './errors.ts';
import type {
  Engine,
  IngestRequest,
  IngestResult,
  Logger,
  QueryRequest,
  QueryResult,
  Session,
} from './facade.ts';
import type { FilesApi } from './files.ts';
import { Inserter } from './ingest/insert.ts';
import { type Native, native } from './native/index.ts';
import { Admission } from './query/admission.ts';
import { Lru } from './query/cache.ts';
import type { Core, EngineSession } from './query/core.ts';
import { QueryLog } from './query/log.ts';
import { Processes } from './query/processes.ts';
import { ingest } from './requests/ingest.ts';
import { runQuery } from './requests/query.ts';
import { segmentFinisher } from './rollups/build-projections.ts';
import { companionShape } from './rollups/projection.ts';
import { defaultSettings } from './settings/index.ts';
import { statementRowsNode } from './statements/look/as-table.ts';
import { dropTables } from './storage/mutations/mutations.ts';
import { openFiles, openSimulated } from './storage/native-files.ts';
import { openStorage } from './storage/recover.ts';
import { systemTables } from './system/index.ts';
import { LogTable } from './system/log-table.ts';
import { allMetrics } from './system/metrics.ts';
import { temporaryDatabase } from './tables/databases.ts';
import { partitionIdOf } from './tables/partition-id.ts';
import { tableShape } from './tables/shape.ts';
import { Refreshes } from './views/refresh.ts';

export { EngineError } from './errors.ts';
export type * from './facade.ts';

export interface EngineOptions {
  dataDir: string;
  settings?: Record<string, string>;
  clock?: Clock;
  logger?: Logger;
  /** Test builds run on a simulated disk. */
  files?: 'real' | { sim: number } | { api: FilesApi };
}

/** What version() answers; clients branch on it. */
export const dialectVersion = '25.8.1.1';

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** 80 % of the memory of the machine or of the cgroup, whichever is less. */
function memoryOf(setting: number): number {
  if (setting > 0) return setting;
  let most = totalmem();
  for (const file of ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']) {
    try {
      const limit = Number(readFileSync(file, 'utf8').trim());
      if (Number.isFinite(limit) && limit > 0) most = Math.min(most, limit);
    } catch {
      // Not in such a group.
    }
  }
  return Math.floor(most * 0.8);
}

function filesOf(kernel: Native, { files, dataDir }: EngineOptions): FilesApi {
  if (typeof files !== 'object') return openFiles(kernel.files, dataDir);
  return 'api' in files ? files.api : openSimulated(kernel.files, files.sim).files;
}

export async function open(options: EngineOptions): Promise<Engine> {
  const kernel: Native = native();
  const clock = options.clock ?? systemClock;
  const logger = options.logger ?? quiet;
  const settings = defaultSettings.with(Object.entries(options.settings ?? {}));
  const memoryBytes = memoryOf(settings.number('max_server_memory'));
  kernel.configure(memoryBytes, Math.floor(memoryBytes / 4));
  const files = filesOf(kernel, options);
  const planner = kernel.planner({
    timezone: 'UTC',
    nowNs: `${clock.now()}000000`,
    database: 'default',
    user: 'default',
    queryId: '',
    version: dialectVersion,
    hostname: hostname(),
    settings: {},
  });
  const storage = await openStorage({
    files,
    kernel,
    clock,
    logger,
    shape: (definition) => tableShape(planner, definition),
    companionShape: (definition, projection) => companionShape(planner, definition, projection),
    partitionId: (definition, partition) => partitionIdOf(planner, definition, partition),
    finish: segmentFinisher(kernel, planner),
  });
  const core: Core = {
    native: kernel,
    storage,
    inserter: new Inserter(storage, kernel),
    clock,
    logger,
    settings,
    processes: new Processes(),
    admission: new Admission(
      {
        runningMax: settings.number('max_concurrent_queries'),
        waitingMax: settings.number('max_queued_queries'),
        waitMs: settings.number('queue_wait_ms'),
      },
      clock,
    ),
    log: new QueryLog(settings.number('query_log_entries')),
    backups: new BackupBook(),
    sessions: new Map(),
    plans: new Lru(settings.number('statement_cache_entries')),
    syntax: new Lru(settings.number('statement_cache_entries')),
    startedMs: clock.now(),
    hostname: hostname(),
    version: dialectVersion,
    serverUuid: randomUUID(),
    memoryBytes,
    counters: new Map(),
    systemTables,
    statementRows: statementRowsNode,
    nextKey: 1,
    dataDir: typeof options.files === 'object' ? undefined : options.dataDir,
  };
  const { catalog } = storage.context;
  if (!catalog.state.databases.has('default')) {
    await catalog.commit({
      ddl: [{ op: 'createDatabase', name: 'default', definition: { uuid: randomUUID() } }],
    });
  }
  // Temporary tables of sessions that a crash has ended.
  if (catalog.state.databases.has(temporaryDatabase)) {
    const left = [...(catalog.state.databases.get(temporaryDatabase)?.tables.values() ?? [])];
    if (left.length > 0) await dropTables(storage, left);
  }
  // Tables that were still being filled (CREATE … AS SELECT): their names hold a line end.
  const halfMade = [...catalog.state.tables.values()].filter((t) =>
    t.definition.name.includes('\n'),
  );
  if (halfMade.length > 0)
    await dropTables(
      storage,
      halfMade.map((t) => t.id),
    );
  storage.start();
  core.refreshes = new Refreshes(core, runQuery);
  core.refreshes.start();
  const logMs = settings.number('query_log_flush_ms');
  if (logMs > 0) core.logTable = new LogTable(core, logMs, settings.number('query_log_days'));
  return engineOf(core);
}

function engineOf(core: Core): Engine {
  let closing: Promise<void> | undefined;
  let stopExpiry = (): void => {};
  const expire = (): void => {
    stopExpiry = core.clock.after(1000, expire);
    const now = core.clock.now();
    for (const [id, session] of core.sessions)
      if (session.expiresMs < now) forget(core, id, session);
  };
  expire();
  const alive = (): void => {
    if (closing) throw fail('ABORTED', 'The engine is closed');
  };
  return {
    version: core.version,
    async query(request: QueryRequest): Promise<QueryResult> {
      alive();
      touch(core, request.session);
      return runQuery(core, request);
    },
    async ingest(request: IngestRequest): Promise<IngestResult> {
      alive();
      return ingest(core, request);
    },
    metrics: () => allMetrics(core),
    coder: (to, how, limit) => core.native.coder(to, how, limit),
    session(id: string, timeoutSeconds: number): Session {
      const expiresMs = core.clock.now() + timeoutSeconds * 1000;
      const known = core.sessions.get(id);
      if (known) {
        known.expiresMs = expiresMs;
        return known;
      }
      const session: EngineSession = {
        id,
        settings: new Map(),
        database: 'default',
        temporary: new Map(),
        params: new Map(),
        expiresMs,
      };
      core.sessions.set(id, session);
      return session;
    },
    close(): Promise<void> {
      closing ??= close(core, stopExpiry);
      return closing;
    },
  };
}

function touch(core: Core, session: Session | undefined): void {
  const known = session && core.sessions.get(session.id);
  // A session that was forgotten meanwhile comes back with what the caller holds.
  if (session && !known) core.sessions.set(session.id, session as EngineSession);
}

function forget(core: Core, id: string, session: EngineSession): void {
  const running = core.processes.list().length > 0;
  if (running && session.temporary.size > 0) return;
  core.sessions.delete(id);
  const tables = [...session.temporary.values()];
  session.temporary.clear();
  if (tables.length > 0) {
    dropTables(core.storage, tables).catch((error: unknown) => {
      core.logger.warn({ reason: String(error) }, 'temporary tables stay until the next start');
    });
  }
}

async function close(core: Core, stopExpiry: () => void): Promise<void> {
  stopExpiry();
  await core.refreshes?.close();
  await core.logTable?.flush().catch(() => {});
  const reason = (): EngineError => fail('ABORTED', 'The server is stopping');
  for (const running of core.processes.list()) running.cancel(reason());
  await Promise.race([
    Promise.all(core.processes.list().map((p) => p.gone)),
    new Promise<void>((resolve) => setTimeout(resolve, 2000).unref()),
  ]);
  const temporary = [...core.sessions.values()].flatMap((s) => [...s.temporary.values()]);
  if (temporary.length > 0) await dropTables(core.storage, temporary).catch(() => {});
  await core.storage.close();
}
