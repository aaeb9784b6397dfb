// The syntax tree: all nodes as discriminated unions on `kind`, each with a span.
export type * from './access.ts';
export type * from './base.ts';
export type * from './create.ts';
export type * from './data-type.ts';
export type * from './expression.ts';
export type * from './look.ts';
export type * from './manage.ts';
export type * from './query.ts';
export type * from './rows.ts';
export type * from './statement.ts';
export type * from './table.ts';
export type * from './window.ts';

import type { Expression, ExpressionPart } from './expression.ts';
import type { Output, Query, QueryPart, TableExpression } from './query.ts';
import type { Statement, StatementPart } from './statement.ts';
import type { TablePart } from './table.ts';

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
