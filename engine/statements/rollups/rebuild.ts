// SYSTEM REBUILD ROLLUP of a view, or of all that is made of a table.

import type { TableState } from '../../catalog/state.ts';
import { isMaterialized, viewsOn } from '../../catalog/views.ts';
import { fail } from '../../errors.ts';
import type { Run } from '../../query/core.ts';
import { rebuildView } from '../../views/rebuild.ts';
import { rebuildProjections } from '../alter/projection.ts';

export async function rebuildRollups(run: Run, table: TableState): Promise<void> {
  const { definition } = table;
  if (isMaterialized(definition)) {
    await rebuildView(run, definition);
    return;
  }
  const views = viewsOn(run.core.storage.context.catalog.state, table.id);
  if (views.length === 0 && !definition.projections?.length) {
    throw fail('BAD_ARGUMENTS', `Table ${definition.name} has no rollups`, {
      hint: 'Rollups are projections and materialized views',
    });
  }
  await rebuildProjections(run, table);
  for (const view of views) await rebuildView(run, view);
}
