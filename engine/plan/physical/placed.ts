// What placing a node means, and the small parts that all placers share.
import type { Planning } from '../context.ts';
import type { Column, Expr } from '../expression.ts';
import type { Node, NodeOf } from '../logical.ts';
import { exprJson, type Positions } from './expression.ts';
import type { ExprJson, NodeJson } from './wire.ts';

/** A node as the kernel reads it. */
export interface Placed {
  json: NodeJson;
  /** Ids of the columns that come out, in order. */
  out: readonly number[];
}

/** Where a placer finds the settings, and how it places what is below its node. */
export interface Placing {
  readonly ctx: Planning;
  place(node: Node): Placed;
  /** With exactly the columns that the node declares, in their order. */
  ordered(node: Node): NodeJson;
}

/** Placers of some kinds of nodes. */
export type Placers<K extends Node['kind']> = {
  readonly [P in K]: (node: NodeOf<P>, placing: Placing) => Placed;
};

export const positionsOf = (ids: readonly number[]): Positions =>
  new Map(ids.map((id, i) => [id, i]));

export const idsOf = (columns: readonly Column[]): number[] => columns.map((c) => c.id);

export const exprs = (list: readonly Expr[], at: Positions): ExprJson[] =>
  list.map((e) => exprJson(e, at, []));

/** A property that is left out where there is no value. */
export const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
