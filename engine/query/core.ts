// What the parts of the engine share, and what one running statement carries.

import type { Statement } from '../../sql/index.ts';
import type { BackupBook } from '../backup/book.ts';
import type { TableState } from '../catalog/state.ts';
import type { Clock } from '../clock.ts';
import type { Logger, QueryRequest, Session, User } from '../facade.ts';
import type { Inserter } from '../ingest/insert.ts';
import type { Native } from '../native/index.ts';
import type { Outside } from '../outside/outside.ts';
import type { Planning, TableSource } from '../plan/context.ts';
import type { Node } from '../plan/logical.ts';
import type { LitValue, SessionJson } from '../plan/physical/wire.ts';
import type { Settings } from '../settings/index.ts';
import type { Storage } from '../storage/storage.ts';
import type { TablePart } from '../storage/table-store.ts';
import type { Refreshes } from '../views/refresh.ts';
import type { Admission } from './admission.ts';
import type { Lru } from './cache.ts';
import type { QueryLog } from './log.ts';
import type { Processes, Running } from './processes.ts';

/** A session with what only the engine knows of it. */
export interface EngineSession extends Session {
  /** Name → table id. */
  temporary: Map<string, number>;
  /** SET param_x = …. */
  params: Map<string, string>;
  expiresMs: number;
}

/** A table by its id, or a part of its rows. */
export interface ScanTarget {
  readonly id: number;
  readonly part?: TablePart;
  /** An older version, or some of its segments. */
  readonly at?: TableState;
  /** The materialised view for whose table it stands; it must still agree with it. */
  readonly view?: number;
}

/** The tables of the databases `system` and `information_schema`: those above fill them. */
export interface SystemTables {
  names(database: string): readonly string[];
  find(run: Run, database: string, name: string): TableSource | undefined;
}

/** A finished plan as text; tables are filled in at the start of each run. */
export interface PlanText {
  /** The JSON around the handles of tables: one more than there are scans. */
  readonly pieces: readonly string[];
  /** What each scan reads. */
  readonly tables: readonly ScanTarget[];
  readonly columns: readonly { name: string; type: string }[];
  /** An upper bound of the rows of the result; undefined when nobody knows. */
  readonly rowsMax: number | undefined;
}

export interface Core {
  readonly native: Native;
  readonly storage: Storage;
  readonly inserter: Inserter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: Settings;
  readonly processes: Processes;
  readonly admission: Admission;
  readonly log: QueryLog;
  readonly backups: BackupBook;
  readonly sessions: Map<string, EngineSession>;
  readonly plans: Lru<CachedPlan>;
  readonly syntax: Lru<Statement>;
  readonly startedMs: number;
  readonly hostname: string;
  readonly version: string;
  readonly serverUuid: string;
  readonly memoryBytes: number;
  readonly counters: Map<string, number>;
  readonly systemTables: SystemTables;
  /** SHOW, DESCRIBE and others of their kind as rows, in FROM (…). */
  readonly statementRows: (run: Run, statement: Statement, ctx: Planning) => Node;
  nextKey: number;
  /** The data directory; undefined on a simulated disk. */
  readonly dataDir: string | undefined;
  /** Puts the query log on the disk; absent where it stays in memory. */
  logTable?: { flush(): Promise<void> };
  /** Keeps the schedule of materialised views with REFRESH; set once the engine runs. */
  refreshes?: Refreshes;
}

export interface CachedPlan {
  readonly plan: PlanText;
  /** The names it was planned with; another map means that tables came or went. */
  readonly databases: unknown;
  readonly definitions: readonly { id: number; definition: unknown }[];
  /** Materialised views that might have been read, and what was wrong with them. */
  readonly relied: ReadonlyMap<number, string | undefined>;
}

/** One statement while it runs. */
export interface Run {
  readonly core: Core;
  readonly request: QueryRequest;
  readonly session: EngineSession | undefined;
  readonly user: User;
  readonly id: string;
  /** What the kernel knows the query by. */
  readonly key: string;
  readonly text: string;
  readonly process: Running;
  /** Fires when the client is gone or the query is killed. */
  readonly signal: AbortSignal;
  readonly nowMs: number;
  /** 0: anything; 1: reads only; 2: reads and SET. */
  readonly readonly: number;
  /** What it reads and writes outside of the database. */
  readonly outside?: Outside;
  settings: Settings;
  database: string;
  format: string | undefined;
}

/** What a statement answers with. */
export type Answer =
  | { kind: 'plan'; plan: PlanText; analyze?: boolean }
  | { kind: 'rows'; columns: readonly { name: string; type: string }[]; rows: LitValue[][] }
  | { kind: 'done'; rows?: number; bytes?: number };

export const done: Answer = { kind: 'done' };

export function count(core: Core, name: string, by = 1): void {
  core.counters.set(name, (core.counters.get(name) ?? 0) + by);
}

/** The session as the kernel's functions see it. */
export function sessionJson(run: Run): SessionJson {
  return {
    timezone: run.settings.text('session_timezone') || 'UTC',
    nowNs: `${Math.floor(run.nowMs)}000000`,
    database: run.database,
    user: run.user.name,
    queryId: run.id,
    version: run.core.version,
    hostname: run.core.hostname,
    settings: kernelSettings(run),
  };
}

/** What functions and sinks of the kernel read beside formats: the token makes them hash rows. */
function kernelSettings(run: Run): Record<string, string> {
  const settings = run.settings.forKernel();
  const token = run.settings.text('insert_deduplication_token');
  return token === '' ? settings : { ...settings, insert_deduplication_token: token };
}
