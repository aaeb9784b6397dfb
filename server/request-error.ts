// Failures that the HTTP edge itself finds: bad framing, missing fields, foreign hosts, limits on bodies.
// They carry the same fields as the engine's errors, so that one writer (http-error.ts) serves both.
import type { Failure, Fault } from '../engine/facade.ts';

/** The ClickHouse codes the edge may raise: name → [code, fault]. */
const CODES = {
  BAD_ARGUMENTS: [36, 'client'],
  NOT_IMPLEMENTED: [48, 'not_built'],
  LOGICAL_ERROR: [49, 'bug'],
  SYNTAX_ERROR: [62, 'client'],
  UNKNOWN_COMPRESSION_METHOD: [89, 'client'],
  INCORRECT_DATA: [117, 'client'],
  TIMEOUT_EXCEEDED: [159, 'timeout'],
  READONLY: [164, 'denied'],
  REQUIRED_PASSWORD: [194, 'denied'],
  SOCKET_TIMEOUT: [209, 'timeout'],
  QUERY_IS_TOO_LARGE: [229, 'too_large'],
  ABORTED: [236, 'unavailable'],
  CANNOT_DECOMPRESS: [271, 'client'],
  LIMIT_EXCEEDED: [290, 'too_large'],
  SESSION_NOT_FOUND: [372, 'missing'],
  SESSION_IS_LOCKED: [373, 'conflict'],
  INVALID_SESSION_TIMEOUT: [374, 'client'],
  HTTP_LENGTH_REQUIRED: [381, 'client'],
  QUERY_WAS_CANCELLED: [394, 'client'],
  ACCESS_DENIED: [497, 'denied'],
  AUTHENTICATION_FAILED: [516, 'denied'],
  SESSION_ID_EMPTY: [744, 'client'],
} as const satisfies Record<string, readonly [number, Fault]>;

export type RequestErrorName = keyof typeof CODES;

export interface RequestErrorOptions {
  /** Replaces the status that the fault would give. */
  status?: number;
  /** The connection cannot be used again: its framing is in doubt. */
  close?: boolean;
  headers?: Record<string, string>;
  hint?: string;
  position?: number;
  length?: number;
  line?: number;
  column?: number;
  logId?: string;
  retryAfterSeconds?: number;
}

export class RequestError extends Error implements Failure {
  readonly code: number;
  readonly fault: Fault;
  readonly status?: number;
  readonly close?: boolean;
  readonly headers?: Record<string, string>;
  readonly hint?: string;
  readonly position?: number;
  readonly length?: number;
  readonly line?: number;
  readonly column?: number;
  readonly logId?: string;
  readonly retryAfterSeconds?: number;

  constructor(name: RequestErrorName, message: string, options: RequestErrorOptions = {}) {
    super(message);
    this.name = name;
    this.code = CODES[name][0];
    this.fault = CODES[name][1];
    Object.assign(this, options);
  }
}

/** Whether a thrown value has the fields of a failure that may be shown to a client. */
export function isFailure(error: unknown): error is Failure {
  if (typeof error !== 'object' || error === null) return false;
  const e = error as Partial<Failure>;
  return (
    typeof e.code === 'number' &&
    typeof e.name === 'string' &&
    typeof e.message === 'string' &&
    typeof e.fault === 'string'
  );
}

export const badRequest = (message: string, options?: RequestErrorOptions): RequestError =>
  new RequestError('BAD_ARGUMENTS', message, options);

/** Thrown into work whose client has gone; never shown to anyone. */
export const clientGone = (): RequestError =>
  new RequestError('QUERY_WAS_CANCELLED', 'The client closed the connection', { close: true });
