// Window specifications: OVER (PARTITION BY … ORDER BY … frame).
import type { Name, NodeBase } from './base.ts';
import type { Expression } from './expression.ts';
import type { OrderItem } from './query.ts';

export interface FrameBound extends NodeBase {
  kind: 'FrameBound';
  type: 'CURRENT ROW' | 'PRECEDING' | 'FOLLOWING';
  /** `undefined` with PRECEDING and FOLLOWING means UNBOUNDED. */
  value?: Expression;
}
export interface Frame extends NodeBase {
  kind: 'Frame';
  unit: 'ROWS' | 'RANGE' | 'GROUPS';
  start: FrameBound;
  /** Without BETWEEN there is none: CURRENT ROW. */
  finish?: FrameBound;
  exclude?: 'CURRENT ROW' | 'GROUP' | 'TIES' | 'NO OTHERS';
}
export interface WindowSpec extends NodeBase {
  kind: 'WindowSpec';
  base?: Name;
  partitionBy: Expression[];
  orderBy: OrderItem[];
  frame?: Frame;
}
