// Data types as they are written: Nullable(String), Tuple(a UInt8), Enum8('x' = 1).
import type { Name, NodeBase, Span } from './base.ts';
import type { Literal, NumberLiteral } from './expression.ts';

/** `Nullable(Array(UInt8))`. The name is as written, several words joined by one blank
 *  (`DOUBLE PRECISION`, `INT UNSIGNED`). `args` is undefined without parentheses.
 *  AggregateFunction(quantiles(0.5), T) has the DataType `quantiles` with literal args first. */
export interface DataType extends NodeBase {
  kind: 'DataType';
  name: string;
  nameSpan: Span;
  args?: TypeArgument[];
}
/** An element of Tuple or Nested: `name Type`. */
export interface TypeField extends NodeBase {
  kind: 'TypeField';
  name: Name;
  type: DataType;
}
/** `'a' = 1` in an Enum; a value without a number is a plain Literal. */
export interface EnumValue extends NodeBase {
  kind: 'EnumValue';
  name: string;
  value: NumberLiteral;
}
/** `max_types = 3` in Dynamic, JSON; `SKIP path` in JSON has name SKIP and a string. */
export interface TypeSetting extends NodeBase {
  kind: 'TypeSetting';
  name: string;
  value: Literal;
}
export type TypeArgument = DataType | Literal | TypeField | EnumValue | TypeSetting;
