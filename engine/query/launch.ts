// From a plan's text to what the kernel is given: handles of the tables as they are now, the sink, the
// session and its limits.

import { disagreement } from '../catalog/agreement.ts';
import { EngineError } from '../errors.ts';
import type { SinkJson } from '../plan/physical/wire.ts';
import type { TableSnapshot } from '../storage/table-store.ts';
import { type PlanText, type Run, sessionJson } from './core.ts';
import { limitsJson } from './limits.ts';

/** A view that a plan reads stopped agreeing with its table between planning and running. */
export class PlanOutdated extends EngineError {
  constructor() {
    const text = 'A materialized view that the plan reads was changed meanwhile';
    super('ABORTED', 236, 'unavailable', text, { retryAfterSeconds: 1 });
  }
}

/** The text the kernel gets, tables registered; `release` lets go of them.
 *  @param instead handles of the caller that stand for tables, by table id */
export function launch(
  run: Run,
  plan: PlanText,
  sink: SinkJson,
  analyze = false,
  instead?: ReadonlyMap<number, number>,
): { text: string; release: () => void } {
  const snapshots: TableSnapshot[] = [];
  const release = (): void => {
    for (const snapshot of snapshots) snapshot.release();
    snapshots.length = 0;
  };
  try {
    let body = plan.pieces[0] as string;
    const taken = new Map<string, TableSnapshot>();
    const { state } = run.core.storage.context.catalog;
    plan.tables.forEach(({ id, part, at, view }, i) => {
      if (view !== undefined && disagreement(state, view)) throw new PlanOutdated();
      if (at) {
        const snapshot = run.core.storage.store(id).snapshotAt(at);
        snapshots.push(snapshot);
        body += `${snapshot.handle}${plan.pieces[i + 1]}`;
        return;
      }
      const given = instead?.get(id);
      if (given !== undefined) {
        body += `${given}${plan.pieces[i + 1]}`;
        return;
      }
      const name = part ? `${id} ${part.projection} ${part.side}` : String(id);
      let snapshot = taken.get(name);
      if (!snapshot) {
        snapshot = run.core.storage.store(id).snapshot(part);
        taken.set(name, snapshot);
        snapshots.push(snapshot);
      }
      body += `${snapshot.handle}${plan.pieces[i + 1]}`;
    });
    const rest = JSON.stringify({
      sink,
      session: sessionJson(run),
      limits: limitsJson(run, analyze),
    });
    return { text: `${body.slice(0, -1)},${rest.slice(1)}`, release };
  } catch (error) {
    release();
    throw error;
  }
}
