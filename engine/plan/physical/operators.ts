// Nodes over one node: what happens to its rows.
import { exprJson, sortJson } from './expression.ts';
import { groupsKept, guarded } from './guards.ts';
import { exprs, idsOf, optional, type Placers, positionsOf } from './placed.ts';
import type { ExprJson, NodeJson } from './wire.ts';

type Operator =
  | 'filter'
  | 'project'
  | 'aggregate'
  | 'window'
  | 'sort'
  | 'limit'
  | 'limitBy'
  | 'distinct'
  | 'arrayJoin'
  | 'fill';

export const operators: Placers<Operator> = {
  filter(node, { place }) {
    const input = place(node.input);
    const predicate = exprJson(node.predicate, positionsOf(input.out), []);
    return { json: { kind: 'filter', input: input.json, predicate }, out: input.out };
  },

  project(node, { place }) {
    const input = place(node.input);
    const values = node.items.map((i) => i.expr);
    const list = exprs(values, positionsOf(input.out));
    return { json: { kind: 'project', input: input.json, exprs: list }, out: idsOf(node.columns) };
  },

  aggregate(node, { ctx, place }) {
    const input = place(node.input);
    const at = positionsOf(input.out);
    const keys = node.keys.map((k) => k.expr);
    const kept = node.sets || keys.length === 0 ? undefined : groupsKept(ctx.settings);
    const anyGroups =
      node.anyGroups && kept ? Math.min(node.anyGroups, kept) : (node.anyGroups ?? kept);
    const sets = node.sets?.map((s) => [...s]);
    const json: NodeJson = {
      kind: 'aggregate',
      input: input.json,
      keys: exprs(keys, at),
      aggregates: node.aggregates.map(({ name, params, args }) => ({
        name,
        params: [...params],
        args: exprs(args, at),
      })),
      ...optional('sets', sets),
      totals: node.totals,
      ...(node.totalsOfAll ? { totalsOfAll: true } : {}),
      ...(node.widenedKeys ? { widenedKeys: [...node.widenedKeys] } : {}),
      ...optional('anyGroups', anyGroups),
      emptyIfNoRows: node.emptyIfNoRows,
    };
    const bounded = keys.length === 0 || kept ? json : guarded(ctx.settings, 'groupBy', json);
    return { json: bounded, out: idsOf(node.columns) };
  },

  window(node, { place }) {
    const input = place(node.input);
    const at = positionsOf(input.out);
    const calls = node.calls.map(({ name, params, args, frame }) => ({
      name,
      params: [...params],
      args: exprs(args, at),
      frame,
    }));
    return {
      json: {
        kind: 'window',
        input: input.json,
        partition: exprs(node.partition, at),
        order: sortJson(node.order, at),
        calls,
      },
      out: [...input.out, ...node.calls.map((c) => c.column.id)],
    };
  },

  sort(node, { ctx, place }) {
    const input = place(node.input);
    return {
      json: {
        kind: 'sort',
        input: node.limit === undefined ? guarded(ctx.settings, 'sort', input.json) : input.json,
        keys: sortJson(node.keys, positionsOf(input.out)),
        ...optional('limit', node.limit),
        withTies: node.withTies,
      },
      out: input.out,
    };
  },

  limit(node, { place }) {
    const input = place(node.input);
    const ties = node.ties && exprs(node.ties, positionsOf(input.out));
    return {
      json: {
        kind: 'limit',
        input: input.json,
        ...optional('limit', node.limit),
        offset: node.offset,
        ...optional('ties', ties),
      },
      out: input.out,
    };
  },

  limitBy(node, { place }) {
    const input = place(node.input);
    const keys = exprs(node.keys, positionsOf(input.out));
    const { limit, offset } = node;
    return { json: { kind: 'limitBy', input: input.json, keys, limit, offset }, out: input.out };
  },

  distinct(node, { ctx, place }) {
    const input = place(node.input);
    const keys = node.keys && exprs(node.keys, positionsOf(input.out));
    const json: NodeJson = {
      kind: 'distinct',
      input: input.json,
      ...optional('keys', keys),
      ...optional('limit', node.limit),
    };
    return { json: guarded(ctx.settings, 'distinct', json), out: input.out };
  },

  arrayJoin(node, { place }) {
    const input = place(node.input);
    const values = node.arrays.map((a) => a.expr);
    const arrays = exprs(values, positionsOf(input.out));
    return {
      json: { kind: 'arrayJoin', input: input.json, arrays, left: node.left },
      out: [...input.out, ...node.arrays.map((a) => a.column.id)],
    };
  },

  fill(node, { place }) {
    const input = place(node.input);
    const at = positionsOf(input.out);
    const position = (column: number): number => at.get(column) as number;
    const keys = node.keys.map((k) => ({ ...k, column: position(k.column) }));
    const interpolate = node.interpolate.map((i): [number, ExprJson] => [
      position(i.column),
      exprJson(i.expr, at, []),
    ]);
    const prefix = node.prefix.map(position);
    return { json: { kind: 'fill', input: input.json, keys, interpolate, prefix }, out: input.out };
  },
};
