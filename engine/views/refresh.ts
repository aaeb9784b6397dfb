// Keeps the schedule of materialised views with REFRESH. Each refresh is a statement of its own
// (SYSTEM REFRESH VIEW): it waits its turn, stands in system.processes and is written to the log.

import { createHash, randomUUID } from 'node:crypto';
import { isMaterialized, viewExtra } from '../catalog/views.ts';
import { fail } from '../errors.ts';
import type { QueryRequest, QueryResult } from '../facade.ts';
import { identifierText } from '../plan/bind/names.ts';
import type { Core } from '../query/core.ts';
import { type RefreshRecord, refreshObjects } from './refresh-rows.ts';
import { nextRefreshMs, type RefreshPlan } from './schedule.ts';

/** Retries of a refresh that failed (ClickHouse: refresh_retries), and the pauses between them. */
const retriesMax = 2;
const firstPauseMs = 100;
/** The schedule is looked at again at least so often. */
const lookMs = 3_600_000;

interface View {
  readonly id: number;
  /** When it was first seen: an EMPTY view counts from here. */
  readonly seenMs: number;
  stopped: boolean;
  /** SYSTEM REFRESH VIEW asked for one out of turn. */
  asked: boolean;
  running?: { readonly queryId: string; readonly abort: AbortController; done: Promise<void> };
  attemptMs?: number;
  exception: string;
  retries: number;
  notBeforeMs: number;
  writtenRows: number;
  readRows: number;
}

/** What system.view_refreshes shows. */
export interface RefreshStatus {
  readonly id: number;
  readonly status: 'Disabled' | 'Scheduled' | 'Running' | 'WaitingForDependencies';
  readonly last?: RefreshRecord | undefined;
  readonly attemptMs?: number | undefined;
  readonly nextMs?: number | undefined;
  readonly exception: string;
  readonly retries: number;
  readonly writtenRows: number;
  readonly readRows: number;
}

/** Runs a statement as if a client had sent it. */
type RunQuery = (core: Core, request: QueryRequest) => Promise<QueryResult>;

export class Refreshes {
  readonly #core: Core;
  readonly #query: RunQuery;
  readonly #views = new Map<number, View>();
  /** Refreshes that run: query id → view. */
  readonly #own = new Map<string, number>();
  #stopTimer = (): void => {};
  #stopListening = (): void => {};
  #allStopped = false;
  #closed = false;

  constructor(core: Core, query: RunQuery) {
    this.#core = core;
    this.#query = query;
  }

  start(): void {
    this.#stopListening = this.#core.storage.context.catalog.onCommit(({ record }) => {
      if (record.ddl) queueMicrotask(() => this.changed());
    });
    this.changed();
  }

  /** Ends what runs; nothing begins any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopTimer();
    this.#stopListening();
    const running = [...this.#views.values()].flatMap((view) => view.running ?? []);
    for (const { abort } of running) abort.abort();
    await Promise.all(running.map(({ done }) => done));
  }

  /** The view whose refresh a statement is; undefined for statements of others. */
  viewOf(queryId: string): number | undefined {
    return this.#own.get(queryId);
  }

  #plan(id: number): RefreshPlan | undefined {
    const definition = this.#core.storage.context.catalog.table(id)?.definition;
    if (!definition || !isMaterialized(definition)) return undefined;
    return viewExtra(definition).refresh as RefreshPlan | undefined;
  }

  #last(id: number): RefreshRecord | undefined {
    const { state } = this.#core.storage.context.catalog;
    return state.objects.get(refreshObjects)?.get(String(id)) as RefreshRecord | undefined;
  }

  /** Looks at the catalog again and begins what is due. */
  changed(): void {
    if (this.#closed) return;
    const { clock } = this.#core;
    const { state } = this.#core.storage.context.catalog;
    for (const { id, definition } of state.tables.values()) {
      if (definition.name.includes('\n') || this.#views.has(id) || !this.#plan(id)) continue;
      this.#views.set(id, {
        id,
        seenMs: clock.now(),
        stopped: false,
        asked: false,
        exception: '',
        retries: 0,
        notBeforeMs: 0,
        writtenRows: 0,
        readRows: 0,
      });
    }
    let nextMs = clock.now() + lookMs;
    for (const view of [...this.#views.values()]) {
      if (!this.#plan(view.id)) {
        view.running?.abort.abort();
        if (!state.aside.has(view.id)) this.#views.delete(view.id);
        continue;
      }
      if (view.running) continue;
      const due = this.#dueMs(view);
      if (due === undefined || this.#waits(view, due)) continue;
      if (due <= clock.now()) this.#begin(view);
      else nextMs = Math.min(nextMs, due);
    }
    this.#stopTimer();
    this.#stopTimer = clock.after(Math.max(1, nextMs - clock.now()), () => this.changed());
  }

  /** When a view's next refresh begins; undefined for never. */
  #dueMs(view: View): number | undefined {
    const plan = this.#plan(view.id);
    if (!plan) return undefined;
    if (view.stopped || this.#allStopped) return undefined;
    if (view.asked) return 0;
    if (view.notBeforeMs > 0) return view.notBeforeMs;
    const last = this.#last(view.id);
    const definition = this.#core.storage.context.catalog.table(view.id)?.definition;
    if (!last && view.attemptMs === undefined && !definition?.extra?.empty) return 0;
    // A failure waits for the next turn, too.
    const from = Math.max(last?.startedMs ?? 0, view.attemptMs ?? 0) || view.seenMs;
    const ended = plan.every ? from : from + (last?.durationMs ?? 0);
    const due = nextRefreshMs(plan, ended);
    return due + shift(view.id, due, plan.randomizeSeconds);
  }

  /** Views that this one depends on have not been refreshed since. */
  #waits(view: View, due: number): boolean {
    const plan = this.#plan(view.id);
    if (view.asked || !plan?.dependsOn.length) return false;
    const { catalog } = this.#core.storage.context;
    const own = this.#last(view.id)?.startedMs ?? 0;
    return plan.dependsOn.some(({ database, name }) => {
      const id = catalog.find(database, name)?.id;
      if (id === undefined || !this.#plan(id)) return false;
      const { startedMs = 0 } = this.#last(id) ?? {};
      const fresh = plan.every ? startedMs >= due : startedMs > own;
      return this.#views.get(id)?.running !== undefined || !fresh;
    });
  }

  #begin(view: View): void {
    const { catalog } = this.#core.storage.context;
    const definition = catalog.table(view.id)?.definition;
    if (!definition) return;
    const queryId = randomUUID();
    const abort = new AbortController();
    const name = `${identifierText(definition.database)}.${identifierText(definition.name)}`;
    this.#own.set(queryId, view.id);
    view.asked = false;
    view.attemptMs = this.#core.clock.now();
    const request = {
      sql: `SYSTEM REFRESH VIEW ${name}`,
      user: { name: 'default' },
      database: definition.database,
      queryId,
      signal: abort.signal,
    };
    const work = this.#query(this.#core, request).then(
      (result) => {
        const { readRows } = result.summary();
        Object.assign(view, { readRows, exception: '', retries: 0, notBeforeMs: 0 });
      },
      (error: unknown) => this.#failed(view, error, abort.signal.aborted),
    );
    const done = work.finally(() => {
      this.#own.delete(queryId);
      delete view.running;
      this.changed();
    });
    view.running = { queryId, abort, done };
  }

  #failed(view: View, error: unknown, cancelled: boolean): void {
    const reason = error instanceof Error ? error.message : String(error);
    view.exception = reason;
    view.notBeforeMs = 0;
    if (cancelled || view.retries >= retriesMax) {
      view.retries = 0;
      return;
    }
    view.notBeforeMs = this.#core.clock.now() + firstPauseMs * 2 ** view.retries;
    view.retries++;
    this.#core.logger.warn({ view: view.id, reason }, 'a refresh failed; it is tried again');
  }

  #view(id: number): View {
    this.changed();
    const view = this.#views.get(id);
    if (view) return view;
    throw fail('BAD_ARGUMENTS', 'The view is not refreshed on a schedule', {
      hint: 'Views with REFRESH … are; others see each insert at once',
    });
  }

  trigger(id: number): void {
    const view = this.#view(id);
    view.asked = true;
    this.changed();
  }

  wrote(id: number, rows: number): void {
    this.#view(id).writtenRows = rows;
  }

  /** STOP ends a refresh that runs; START lets the schedule go on. One view, or all. */
  hold(on: boolean, id?: number): void {
    if (id === undefined) this.#allStopped = on;
    const chosen = id === undefined ? [...this.#views.values()] : [this.#view(id)];
    for (const view of chosen) {
      view.stopped = on;
      if (on) view.running?.abort.abort();
    }
    this.changed();
  }

  cancel(id: number): void {
    this.#view(id).running?.abort.abort();
  }

  /** Resolves when no refresh runs or is about to; throws what the last one failed with. */
  async wait(id: number, signal: AbortSignal): Promise<void> {
    const view = this.#view(id);
    while (view.running || view.notBeforeMs > 0) {
      signal.throwIfAborted();
      await (view.running?.done ?? new Promise<void>((go) => this.#core.clock.after(20, go)));
      if (view.stopped && !view.running) break;
    }
    if (view.exception === '') return;
    const { name = '' } = this.#core.storage.context.catalog.table(id)?.definition ?? {};
    throw fail('REFRESH_FAILED', `Refresh of view ${name} failed: ${view.exception}`);
  }

  /** Kept while the engine runs; sorted by id. */
  list(): RefreshStatus[] {
    return [...this.#views.values()].flatMap((view): RefreshStatus[] => {
      if (!this.#plan(view.id)) return [];
      const nextMs = this.#dueMs(view);
      const status = view.running
        ? 'Running'
        : view.stopped || this.#allStopped
          ? 'Disabled'
          : nextMs !== undefined && nextMs <= this.#core.clock.now() && this.#waits(view, nextMs)
            ? 'WaitingForDependencies'
            : 'Scheduled';
      const { id, attemptMs, exception, retries, writtenRows, readRows } = view;
      const last = this.#last(id);
      return [{ id, status, last, attemptMs, nextMs, exception, retries, writtenRows, readRows }];
    });
  }
}

/** The same part of RANDOMIZE FOR whenever it is asked for one turn. */
function shift(id: number, due: number, seconds: number): number {
  if (seconds === 0) return 0;
  const hash = createHash('sha256').update(`${id} ${due}`).digest().readUInt32LE(0);
  return Math.floor((hash / 2 ** 32) * seconds * 1000);
}
