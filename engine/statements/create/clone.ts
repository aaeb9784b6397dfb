// CREATE TABLE … CLONE AS: a table of its own that begins with the segments of another. No row is copied.

import type { TableState } from '../../catalog/state.ts';
import { failAt } from '../../plan/context.ts';
import type { Run } from '../../query/core.ts';
import { dropTables } from '../../storage/mutations/mutations.ts';
import { exclusively } from '../../storage/partitions.ts';

export async function cloneTable(
  run: Run,
  source: TableState,
  place: { readonly database: string; readonly name: string },
  old: number | undefined,
): Promise<void> {
  if (/View$/.test(source.definition.engine.name)) {
    throw failAt(undefined, 'SUPPORT_IS_DISABLED', 'A view has no rows of its own to clone');
  }
  const { storage } = run.core;
  const { catalog } = storage.context;
  const store = storage.store(source.id);
  await exclusively(storage, [store], async () => {
    const { definition, segments } = store.table;
    const id = catalog.reserveTableId();
    const aside = `${place.name}\n${id}`;
    const created = {
      ...definition,
      id,
      uuid: crypto.randomUUID(),
      database: place.database,
      name: old === undefined ? place.name : aside,
    };
    await catalog.commit({
      ddl: [
        { op: 'createTable', definition: created },
        ...(old === undefined ? [] : [{ op: 'exchangeTables', a: id, b: old } as const]),
      ],
      tables: [{ id, add: segments }],
    });
  });
  if (old !== undefined) await dropTables(storage, [old]);
}
