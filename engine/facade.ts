// What the engine offers to the server, the command line and the library: types only.
// `engine/index.ts` implements it; nothing here knows about HTTP or files.

/** Whose fault a failure is; the HTTP edge turns it into a status. */
export type Fault =
  | 'client'
  | 'denied'
  | 'missing'
  | 'conflict'
  | 'too_large'
  | 'timeout'
  | 'busy'
  | 'unavailable'
  | 'disk_full'
  | 'not_built'
  | 'bug';

/** The part of a logger that the engine uses; pino fits. */
export interface Logger {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
}

export interface User {
  name: string;
  readonly?: boolean;
}

/** What outlives one statement: SET values, the current database, temporary tables. */
export interface Session {
  id: string;
  settings: Map<string, string>;
  database: string;
}

/** How bytes are packed on the wire; `native`: ClickHouse's own compressed blocks. */
export type ContentEncoding = 'gzip' | 'zstd' | 'lz4' | 'deflate' | 'br' | 'native';

/** A stream of bytes that the kernel packs or unpacks, piece by piece; calls must not overlap. */
export interface Coder {
  push(bytes: Uint8Array): Promise<Uint8Array>;
  /** What ends the stream; rejects when it ends early. */
  finish(): Promise<Uint8Array>;
}

export interface QueryRequest {
  /** The whole statement; data of an INSERT may follow inline. */
  sql: string;
  /** The bytes after the statement, without transfer-encoding, still content-encoded. */
  data?: AsyncIterable<Uint8Array>;
  dataEncoding?: ContentEncoding;
  /** Output format when the statement names none. */
  format?: string;
  /** Version of the protocol that blocks of format Native are written for; 0 without one. */
  protocol?: number;
  params?: Record<string, string>;
  positional?: readonly unknown[];
  settings?: Record<string, string>;
  database?: string;
  queryId?: string;
  session?: Session;
  user: User;
  /** Nothing may be changed (GET). */
  readonly?: boolean;
  /** Aborted when nobody waits for the answer any more. */
  signal?: AbortSignal;
}

export interface QuerySummary {
  readRows: number;
  readBytes: number;
  writtenRows: number;
  writtenBytes: number;
  resultRows: number;
  elapsedNs: number;
  memoryUsage: number;
}

export interface QueryResult {
  queryId: string;
  format: string;
  contentType: string;
  timezone: string;
  /** Finished bytes; pulling is the back-pressure. A late failure throws from the iterator. */
  chunks: AsyncIterable<Uint8Array>;
  summary(): QuerySummary;
  cancel(): void;
}

export interface IngestRequest {
  table: string;
  database?: string;
  format?: string;
  token?: string;
  create?: boolean;
  onError?: 'fail' | 'skip' | 'quarantine';
  body: AsyncIterable<Uint8Array>;
  bytesHint?: number;
  encoding?: ContentEncoding;
  settings?: Record<string, string>;
  user: User;
  signal?: AbortSignal;
  queryId?: string;
}

export interface RejectedRow {
  row: number;
  column?: string;
  code: string;
  message: string;
}

export interface IngestResult {
  table: string;
  rows: number;
  rejected: number;
  deduplicated: number;
  errors: RejectedRow[];
  created?: { columns: { name: string; type: string }[]; orderBy: string; sql: string };
}

export interface Metric {
  name: string;
  value: number;
  help: string;
  type: 'counter' | 'gauge';
}

/** The fields every engine failure carries beside its message. */
export interface Failure {
  code: number;
  name: string;
  message: string;
  fault: Fault;
  position?: number;
  length?: number;
  line?: number;
  column?: number;
  hint?: string;
  retryAfterSeconds?: number;
  logId?: string;
}

export interface Engine {
  readonly version: string;
  /** Resolves when the first chunk is ready: early failures reject. */
  query(request: QueryRequest): Promise<QueryResult>;
  ingest(request: IngestRequest): Promise<IngestResult>;
  metrics(): Metric[];
  /** Packing has a level from 1 to 9; unpacking a most of plain bytes. */
  coder(to: 'pack' | 'unpack', how: 'zstd' | 'lz4' | 'native', limit: number): Coder;
  session(id: string, timeoutSeconds: number): Session;
  close(): Promise<void>;
}
