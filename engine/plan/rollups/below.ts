// What lies between an aggregation and the one table that it reads: conditions and computed columns,
// written out over the table's own columns.

import { type Column, columnExpr, conjuncts, type Expr, replaceColumns } from '../expression.ts';
import type { Node, Rollup, Scan } from '../logical.ts';

export interface Below {
  readonly scan: Scan;
  /** What columns of the node above stand for, in columns of the scan. */
  readonly columns: ReadonlyMap<number, Expr>;
  readonly filters: readonly Expr[];
}

/** Filters and projections between a node and a scan, written out; undefined when there is more. */
export function below(node: Node): Below | undefined {
  switch (node.kind) {
    case 'scan': {
      const columns = new Map(node.columns.map((c): [number, Expr] => [c.id, columnExpr(c)]));
      return { scan: node, columns, filters: node.filter ? conjuncts(node.filter) : [] };
    }
    case 'filter': {
      const under = below(node.input);
      if (!under) return undefined;
      const more = conjuncts(replaceColumns(node.predicate, under.columns));
      return { ...under, filters: [...under.filters, ...more] };
    }
    case 'project': {
      const under = below(node.input);
      if (!under) return undefined;
      const columns = new Map(
        node.items.map((i): [number, Expr] => [i.column.id, replaceColumns(i.expr, under.columns)]),
      );
      return { ...under, columns };
    }
    default:
      return undefined;
  }
}

/** A rollup's columns of the table as columns of a scan. Those that the scan does not read keep their
 *  ids, so that nothing of the query is equal to them. */
export function inScan(rollup: Pick<Rollup, 'columns'>, scan: Scan): ReadonlyMap<number, Expr> {
  const byName = new Map(scan.names.map((name, i) => [name, scan.columns[i] as Column]));
  return new Map(
    rollup.columns.map((c): [number, Expr] => {
      const column = byName.get(c.name);
      return [c.id, columnExpr(column ?? { ...c, id: -c.id })];
    }),
  );
}
