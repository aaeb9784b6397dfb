// The only place that turns a failure into an HTTP status and a body: JSON for our own routes,
// ClickHouse's exception text for `/`.
import { randomBytes } from 'node:crypto';
import type { Failure, Fault, Logger } from '../engine/facade.ts';
import { isFailure, RequestError } from './request-error.ts';

const STATUS: Record<Fault, number> = {
  client: 400,
  denied: 403,
  missing: 404,
  conflict: 409,
  too_large: 413,
  timeout: 408,
  busy: 429,
  unavailable: 503,
  disk_full: 507,
  not_built: 501,
  bug: 500,
};

/** Statuses of ClickHouse's own interface by code (its exceptionCodeToHTTPStatus); all other codes are 500. */
const CLICKHOUSE_STATUS = new Map<number, number>(
  Object.entries({
    400: [
      6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427,
      441, 675, 676,
    ],
    401: [194],
    403: [192, 193, 497, 512, 516],
    404: [46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511],
    408: [159],
    411: [381],
    413: [229],
    429: [202],
    501: [48],
    503: [76, 209, 439],
  }).flatMap(([status, codes]) => codes.map((code): [number, number] => [code, Number(status)])),
);

export interface HttpFailure {
  status: number;
  headers: Record<string, string>;
  body: string;
  failure: Failure;
  /** The connection has to be closed after the answer. */
  close: boolean;
}

/** Gives every thrown value the shape of a failure; what is none of ours becomes LOGICAL_ERROR with a log id. */
export function asFailure(error: unknown, log: Logger): Failure {
  if (isFailure(error)) {
    if (error.fault === 'bug' && error.logId === undefined) {
      const logId = randomBytes(6).toString('hex');
      log.error({ logId, code: error.code, stack: stackOf(error) }, error.message);
      return { ...fieldsOf(error), logId };
    }
    return error;
  }
  const logId = randomBytes(6).toString('hex');
  log.error({ logId, stack: stackOf(error) }, 'unexpected failure');
  return new RequestError(
    'LOGICAL_ERROR',
    `Something went wrong inside the server. The log holds the details under id ${logId}`,
    { logId },
  );
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

function fieldsOf(f: Failure): Failure {
  const { code, name, message, fault } = f;
  return { code, name, message, fault, ...placeOf(f) };
}

function placeOf(f: Failure): Partial<Failure> {
  const place: Partial<Failure> = {};
  for (const key of ['position', 'length', 'line', 'column', 'hint', 'logId'] as const) {
    const value = f[key];
    if (value !== undefined && value !== '') Object.assign(place, { [key]: value });
  }
  return place;
}

/** @param face `json`: our routes; `text`: ClickHouse's interface with its own statuses. */
export function httpFailure(
  error: unknown,
  face: 'json' | 'text',
  version: string,
  log: Logger,
): HttpFailure {
  const failure = asFailure(error, log);
  const own = failure instanceof RequestError ? failure : undefined;
  const headers: Record<string, string> = {
    'X-ClickHouse-Exception-Code': String(failure.code),
    ...own?.headers,
  };
  if (failure.retryAfterSeconds !== undefined || failure.fault === 'busy') {
    headers['retry-after'] = String(Math.max(1, Math.ceil(failure.retryAfterSeconds ?? 1)));
  }
  const status =
    own?.status ??
    (face === 'text' ? (CLICKHOUSE_STATUS.get(failure.code) ?? 500) : STATUS[failure.fault]);
  headers['content-type'] =
    face === 'text' ? 'text/plain; charset=UTF-8' : 'application/json; charset=UTF-8';
  return {
    status,
    headers,
    body: face === 'text' ? exceptionText(failure, version) : errorDocument(failure),
    failure,
    close: own?.close ?? false,
  };
}

/** `{"error":{…}}` as product.md describes it, ended by a line feed. */
export function errorDocument(f: Failure): string {
  const error = { code: f.code, name: f.name, message: f.message, ...placeOf(f) };
  return `${JSON.stringify({ error })}\n`;
}

/** ClickHouse's exception text. Clients take the last `(NAME)`; the message ends with a full stop. */
export function exceptionText(f: Failure, version: string): string {
  const hint = f.hint ? ` ${f.hint}` : '';
  const message = `${f.message}${hint}`.replace(/[.\s]*$/, '.');
  return `Code: ${f.code}. DB::Exception: ${message} (${f.name}) (version ${version} (official build))\n`;
}
