// The columns that a table's keys and skip indexes are made of.

import { type Expression, parseExpression, walk } from '../../sql/index.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import type { KeyColumns } from '../plan/logical.ts';

/** Names of columns in the texts of expressions. */
function named(texts: readonly string[]): string[] {
  const names = new Set<string>();
  for (const text of texts) {
    walk(parseExpression(text), (node) => {
      if (node.kind === 'Identifier') names.add(node.parts.map((part) => part.name).join('.'));
    });
  }
  return [...names];
}

export function keyColumns(definition: TableDefinition): KeyColumns {
  const { orderBy, primaryKey, partitionBy, indexes } = definition;
  return {
    primary: named(primaryKey ?? orderBy),
    partition: named(partitionBy === undefined ? [] : [partitionBy]),
    indexes: new Map(indexes.map(({ name, expr }) => [name, named([expr])])),
  };
}

/** `(a, b)` and `tuple(a, b)` are lists; `tuple()` and `()` are empty. */
export function keyList(ast: Expression): Expression[] {
  if (ast.kind === 'Tuple') return ast.items;
  if (ast.kind === 'Function' && ast.name === 'tuple') return ast.args;
  return [ast];
}
