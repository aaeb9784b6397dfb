// The columns of a definition as the planner sees them.

import type { TableDefinition } from '../catalog/definition.ts';
import type { TableColumn } from '../plan/context.ts';

export function columnsOf(definition: TableDefinition): TableColumn[] {
  return definition.columns.map((c) => ({
    name: c.name,
    type: c.type,
    ...(c.defaultKind ? { kind: c.defaultKind } : {}),
    ...(c.defaultExpr === undefined ? {} : { expr: c.defaultExpr }),
  }));
}
