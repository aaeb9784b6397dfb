// CREATE, DROP, RENAME and ALTER of small tables, one statement at a time: after a stop they are as before
// the last one, or as it wanted them.

import { withColumn } from '../../engine/catalog/definition.ts';
import { EngineError } from '../../engine/errors.ts';
import * as mutations from '../../engine/storage/mutations/mutations.ts';
import type { Draw } from './draw.ts';
import type { World } from './machine.ts';

/** Table → names of the columns that were added. */
type Tables = Map<string, string[]>;

const text = (tables: Tables): string => JSON.stringify([...tables].sort());

export class DdlTables {
  readonly #draw: Draw;
  readonly #fault: (error: unknown) => void;
  #known: Tables = new Map();
  /** What the statement without an answer makes of them. */
  #open: Tables | undefined;
  #nextName = 1;

  constructor(draw: Draw, fault: (error: unknown) => void) {
    this.#draw = draw;
    this.#fault = fault;
  }

  faultsOfRestart({ storage }: World): string[] {
    const there: Tables = new Map();
    for (const { definition } of storage.context.catalog.state.tables.values()) {
      const added = definition.columns.slice(3).map(({ name }) => name);
      if (definition.name.startsWith('ddl')) there.set(definition.name, added);
    }
    const fits = [this.#known, this.#open].some((each) => each && text(each) === text(there));
    const fault = `tables: ${text(there)}, expected ${text(this.#known)}`;
    this.#known = there;
    this.#open = undefined;
    return fits ? [] : [fault];
  }

  async step({ storage, define }: World): Promise<void> {
    if (this.#open) return;
    const { catalog } = storage.context;
    const after = new Map(this.#known);
    const old = this.#draw.pick([...this.#known.keys()]);
    const name = `ddl${this.#nextName++}`;
    const kind = old === undefined ? 0 : this.#draw.below(4);
    const id = catalog.find('d', old ?? '')?.id ?? 0;
    const columns = this.#known.get(old ?? '') ?? [];
    const add = { name: `c${this.#nextName}`, type: 'UInt32' };
    let work: () => Promise<unknown>;
    if (kind === 0) {
      after.set(name, []);
      work = () => catalog.commit({ ddl: [{ op: 'createTable', definition: define(name) }] });
    } else if (kind === 1) {
      after.delete(old ?? '');
      work = () => mutations.dropTables(storage, [id]);
    } else if (kind === 2) {
      after.delete(old ?? '');
      after.set(name, columns);
      work = () => catalog.commit({ ddl: [{ op: 'renameTable', id, database: 'd', name }] });
    } else {
      after.set(old ?? '', [...columns, add.name]);
      work = () =>
        mutations.alter(storage, storage.store(id), (d) => withColumn(d, add, undefined));
    }
    this.#open = after;
    try {
      await work();
      this.#known = after;
      this.#open = undefined;
    } catch (error) {
      if (!(error instanceof EngineError)) this.#fault(error);
      if (!storage.context.health.poisoned) this.#open = undefined;
    }
  }
}
