// The syntax tree: all nodes as discriminated unions on `kind`, each with a span.
export type * from './ast-expression.ts';
export type * from './ast-query.ts';
export type * from './ast-statement.ts';
export type * from './ast-table.ts';

import type { Expression, ExpressionPart } from './ast-expression.ts';
import type { Output, Query, QueryPart, TableExpression } from './ast-query.ts';
import type { Statement, StatementPart } from './ast-statement.ts';
import type { TablePart } from './ast-table.ts';

/** Every node there is. */
export type Node =
  | Expression
  | ExpressionPart
  | Query
  | QueryPart
  | TableExpression
  | Output
  | TablePart
  | Statement
  | StatementPart;

export type Kind = Node['kind'];
/** The node (or nodes) of one kind. */
export type NodeOf<K extends Kind> = Extract<Node, { kind: K }>;
