// system.numbers, numbers_mt, one, zeros: tables that are nodes of the plan.

import type { NodeTable, TableColumn } from '../plan/context.ts';
import { type Column, literalExpr } from '../plan/expression.ts';
import { type Node, one, project } from '../plan/logical.ts';

const table = (
  name: string,
  column: TableColumn,
  node: (columns: readonly Column[]) => Node,
): NodeTable => ({
  kind: 'node',
  database: 'system',
  name,
  columns: [column],
  node,
});

const number: TableColumn = { name: 'number', type: 'UInt64' };
const numbers = (columns: readonly Column[]): Node => ({
  kind: 'numbers',
  start: 0,
  step: 1,
  columns,
});
const zeros = (columns: readonly Column[]): Node => {
  const counter: Column = { id: -1, name: 'number', type: 'UInt64' };
  const input: Node = { kind: 'numbers', start: 0, step: 1, columns: [counter] };
  return project(input, [{ column: columns[0] as Column, expr: literalExpr('UInt8', '0') }]);
};

export const nodeTables: ReadonlyMap<string, NodeTable> = new Map(
  [
    table('numbers', number, numbers),
    table('numbers_mt', number, numbers),
    table('zeros', { name: 'zero', type: 'UInt8' }, zeros),
    table('zeros_mt', { name: 'zero', type: 'UInt8' }, zeros),
    table('one', { name: 'dummy', type: 'UInt8' }, (columns) =>
      project(one, [{ column: columns[0] as Column, expr: literalExpr('UInt8', '0') }]),
    ),
  ].map((t) => [t.name, t]),
);
