// The end of a statement, however it came: what it held is let go of, what happened is counted and logged.

import { type EngineError, noteError } from '../errors.ts';
import type { QueryRequest } from '../facade.ts';
import type { QueryProgress } from '../native/index.ts';
import { statementWithoutSecrets } from '../outbound/secrets.ts';
import { type Core, count, type Run } from '../query/core.ts';
import { defaultSettings } from '../settings/index.ts';

/** Failures of a limit whose overflow mode is throw. */
const limits = new Set([
  ...['TOO_MANY_ROWS', 'TOO_MANY_BYTES', 'TOO_MANY_ROWS_OR_BYTES', 'SET_SIZE_LIMIT_EXCEEDED'],
  'TIMEOUT_EXCEEDED',
]);

export interface Totals extends QueryProgress {
  writtenRows: number;
  writtenBytes: number;
}

/** A statement from its coming to its end, with what it holds by now. */
export interface Life {
  readonly core: Core;
  readonly request: QueryRequest;
  readonly id: string;
  /** What the kernel knows it by. */
  readonly key: string;
  readonly startedMs: number;
  /** Once it has its turn. */
  run?: Run;
  /** Gives the turn back; its place in system.processes too. */
  leave?: () => void;
}

/** @param totals absent when it failed before the kernel began */
export function finish(
  { core, request, id, key, startedMs, run, leave }: Life,
  failure: EngineError | undefined,
  totals?: Totals,
): void {
  core.native.closeQuery(key);
  run?.outside?.close();
  leave?.();
  const endedMs = core.clock.now();
  if (failure) {
    noteError(failure, endedMs);
    count(core, 'FailedQuery');
    const { kind } = run?.process ?? {};
    if (kind === 'Select' || kind === 'Insert') count(core, `Failed${kind}Query`);
    if (limits.has(failure.name)) count(core, 'OverflowThrow');
  }
  const settings = run?.settings ?? defaultSettings;
  if (!settings.bool('log_queries')) return;
  core.log.add({
    type: !failure ? 'QueryFinish' : totals ? 'ExceptionWhileProcessing' : 'ExceptionBeforeStart',
    id,
    user: request.user.name,
    database: run?.database ?? request.database ?? 'default',
    text: run?.process.text ?? statementWithoutSecrets(request.sql),
    kind: run?.process.kind ?? 'Other',
    startedMs,
    endedMs,
    readRows: totals?.readRows ?? 0,
    readBytes: totals?.readBytes ?? 0,
    resultRows: totals?.resultRows ?? 0,
    resultBytes: totals?.resultBytes ?? 0,
    writtenRows: totals?.writtenRows ?? 0,
    writtenBytes: totals?.writtenBytes ?? 0,
    memory: totals?.memoryPeak ?? totals?.memory ?? 0,
    code: failure?.code ?? 0,
    message: failure?.message ?? '',
    comment: settings.text('log_comment'),
    settings: settings.changed,
  });
}
