// What all nodes share: a place in the text, and names.
import type { Output } from './query.ts';

/** Half-open range of UTF-16 offsets in the statement's text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface NodeBase {
  readonly kind: string;
  span: Span;
}

/** One part of a name. `parameter` is set for `{x:Identifier}`; then `name` is empty. */
export interface Name extends NodeBase {
  kind: 'Name';
  name: string;
  quoted: boolean;
  parameter?: string;
}

/** A table, view, dictionary or function name, perhaps with its database. */
export interface TableName extends NodeBase {
  kind: 'TableName';
  database?: Name;
  table: Name;
}

export interface StatementBase extends NodeBase {
  /** FORMAT, INTO OUTFILE and trailing SETTINGS, when written. */
  output?: Output;
}
