// Logical plan → the JSON the kernel runs: ids of columns become positions.

import { fail } from '../../errors.ts';
import type { Planning } from '../context.ts';
import { type Column, columnExpr, type Expr } from '../expression.ts';
import { type Node, project } from '../logical.ts';
import { exprJson, type Positions, sortJson } from './expression.ts';
import { groupsKept, guarded, guardedSource } from './guards.ts';
import type { ExprJson, NodeJson, PlanBody, SubqueryUse } from './wire.ts';

interface Placed {
  json: NodeJson;
  /** Ids of the output, in order. */
  out: readonly number[];
}

const positionsOf = (ids: readonly number[]): Positions => new Map(ids.map((id, i) => [id, i]));
const idsOf = (columns: readonly Column[]): number[] => columns.map((c) => c.id);
const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };

function place(ctx: Planning, node: Node): Placed {
  const exprs = (list: readonly Expr[], at: Positions): ExprJson[] =>
    list.map((e) => exprJson(e, at, []));
  switch (node.kind) {
    case 'scan': {
      const out = idsOf(node.columns);
      checkColumnsRead(ctx, node.names);
      const filter = node.filter && exprJson(node.filter, positionsOf(out), []);
      return {
        json: guardedSource(node.limits, {
          kind: 'scan',
          table: node.table.handle,
          columns: [...node.names],
          ...optional('filter', filter),
          ...(node.final ? { final: true, byPartition: node.final.byPartition } : {}),
        }),
        out,
      };
    }
    case 'one':
      return { json: { kind: 'one' }, out: [] };
    case 'numbers': {
      const { start, count, step, limits } = node;
      const more = { ...optional('count', count), ...optional('block', limits?.block) };
      return {
        json: guardedSource(limits, { kind: 'numbers', start, ...more, step }),
        out: idsOf(node.columns),
      };
    }
    case 'values': {
      const columns = node.columns.map(({ name, type }) => ({ name, type }));
      if (node.written)
        return { json: { kind: 'format', ...node.written, columns }, out: idsOf(node.columns) };
      return {
        json: { kind: 'values', columns, rows: node.rows.map((r) => [...r]) },
        out: idsOf(node.columns),
      };
    }
    case 'files': {
      const columns = node.columns.map(({ name, type }) => ({ name, type }));
      const files = node.files.map(({ root, path, shown, compression, virtuals }) => ({
        ...optional('root', root),
        path,
        shown,
        ...optional('compression', compression),
        virtuals: [...virtuals],
      }));
      return {
        json: {
          kind: 'files',
          format: node.format,
          columns: columns.slice(0, node.own),
          virtuals: columns.slice(node.own),
          files,
        },
        out: idsOf(node.columns),
      };
    }
    case 'batch': {
      const columns = node.columns.map(({ name, type }) => ({ name, type }));
      return { json: { kind: 'batch', batch: node.batch, columns }, out: idsOf(node.columns) };
    }
    case 'shared':
      return { json: { kind: 'subquery', subquery: node.subquery }, out: idsOf(node.columns) };
    case 'recursive': {
      const { table, stepsMax, distinct } = node;
      const [first, step] = [ordered(ctx, node.first).json, ordered(ctx, node.step).json];
      return {
        json: { kind: 'recursive', first, step, table, stepsMax, distinct },
        out: idsOf(node.columns),
      };
    }
    case 'working':
      return { json: { kind: 'working', table: node.table }, out: idsOf(node.columns) };
    case 'filter': {
      const input = place(ctx, node.input);
      const predicate = exprJson(node.predicate, positionsOf(input.out), []);
      return { json: { kind: 'filter', input: input.json, predicate }, out: input.out };
    }
    case 'project': {
      const input = place(ctx, node.input);
      const at = positionsOf(input.out);
      const list = exprs(
        node.items.map((i) => i.expr),
        at,
      );
      return {
        json: { kind: 'project', input: input.json, exprs: list },
        out: idsOf(node.columns),
      };
    }
    case 'aggregate': {
      const input = place(ctx, node.input);
      const at = positionsOf(input.out);
      const aggregates = node.aggregates.map((a) => ({
        name: a.name,
        params: [...a.params],
        args: exprs(a.args, at),
      }));
      const grouped = (json: NodeJson): NodeJson =>
        node.keys.length === 0 || kept ? json : guarded(ctx.settings, 'groupBy', json);
      const kept = node.sets || node.keys.length === 0 ? undefined : groupsKept(ctx.settings);
      return {
        json: grouped({
          kind: 'aggregate',
          input: input.json,
          keys: exprs(
            node.keys.map((k) => k.expr),
            at,
          ),
          aggregates,
          ...optional(
            'sets',
            node.sets?.map((s) => [...s]),
          ),
          totals: node.totals,
          ...(node.totalsOfAll ? { totalsOfAll: true } : {}),
          ...optional(
            'anyGroups',
            node.anyGroups && kept ? Math.min(node.anyGroups, kept) : (node.anyGroups ?? kept),
          ),
          emptyIfNoRows: node.emptyIfNoRows,
        }),
        out: idsOf(node.columns),
      };
    }
    case 'sort': {
      const input = place(ctx, node.input);
      const keys = sortJson(node.keys, positionsOf(input.out));
      return {
        json: {
          kind: 'sort',
          input: node.limit === undefined ? guarded(ctx.settings, 'sort', input.json) : input.json,
          keys,
          ...optional('limit', node.limit),
          withTies: node.withTies,
        },
        out: input.out,
      };
    }
    case 'limit': {
      const input = place(ctx, node.input);
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
    }
    case 'limitBy': {
      const input = place(ctx, node.input);
      const keys = exprs(node.keys, positionsOf(input.out));
      const { limit, offset } = node;
      return { json: { kind: 'limitBy', input: input.json, keys, limit, offset }, out: input.out };
    }
    case 'distinct': {
      const input = place(ctx, node.input);
      const keys = node.keys && exprs(node.keys, positionsOf(input.out));
      return {
        json: guarded(ctx.settings, 'distinct', {
          kind: 'distinct',
          input: input.json,
          ...optional('keys', keys),
          ...optional('limit', node.limit),
        }),
        out: input.out,
      };
    }
    case 'union':
      return {
        json: { kind: 'union', inputs: node.inputs.map((n) => ordered(ctx, n).json) },
        out: idsOf(node.columns),
      };
    case 'setOperation': {
      const { operation, all } = node;
      return {
        json: {
          kind: 'setOperation',
          left: ordered(ctx, node.left).json,
          right: ordered(ctx, node.right).json,
          operation,
          all,
        },
        out: idsOf(node.columns),
      };
    }
    case 'join': {
      const left = place(ctx, node.left);
      const right = place(ctx, node.right);
      const [l, r] = [positionsOf(left.out), positionsOf(right.out)];
      const out = [...left.out, ...right.out];
      const { join, strictness, useNulls, asof } = node;
      return {
        json: {
          kind: 'join',
          left: left.json,
          right: guarded(ctx.settings, 'join', right.json),
          join,
          strictness,
          leftKeys: exprs(node.leftKeys, l),
          rightKeys: exprs(node.rightKeys, r),
          ...optional('residual', node.residual && exprJson(node.residual, positionsOf(out), [])),
          ...optional(
            'asof',
            asof && {
              left: exprJson(asof.left, l, []),
              right: exprJson(asof.right, r, []),
              op: asof.op,
            },
          ),
          useNulls,
        },
        out,
      };
    }
    case 'window': {
      const input = place(ctx, node.input);
      const at = positionsOf(input.out);
      return {
        json: {
          kind: 'window',
          input: input.json,
          partition: exprs(node.partition, at),
          order: sortJson(node.order, at),
          calls: node.calls.map((c) => ({
            name: c.name,
            params: [...c.params],
            args: exprs(c.args, at),
            frame: c.frame,
          })),
        },
        out: [...input.out, ...node.calls.map((c) => c.column.id)],
      };
    }
    case 'arrayJoin': {
      const input = place(ctx, node.input);
      const arrays = exprs(
        node.arrays.map((a) => a.expr),
        positionsOf(input.out),
      );
      return {
        json: { kind: 'arrayJoin', input: input.json, arrays, left: node.left },
        out: [...input.out, ...node.arrays.map((a) => a.column.id)],
      };
    }
    case 'fill': {
      const input = place(ctx, node.input);
      const at = positionsOf(input.out);
      const keys = node.keys.map((k) => ({ ...k, column: at.get(k.column) as number }));
      const interpolate = node.interpolate.map((i): [number, ExprJson] => [
        at.get(i.column) as number,
        exprJson(i.expr, at, []),
      ]);
      const prefix = node.prefix.map((c) => at.get(c) as number);
      return {
        json: { kind: 'fill', input: input.json, keys, interpolate, prefix },
        out: input.out,
      };
    }
  }
}

/** The node with exactly its declared columns, in their order. */
function ordered(ctx: Planning, node: Node): Placed {
  const placed = place(ctx, node);
  const wanted = idsOf(node.columns);
  if (placed.out.length === wanted.length && placed.out.every((id, i) => id === wanted[i]))
    return placed;
  return place(
    ctx,
    project(
      node,
      node.columns.map((column) => ({ column, expr: columnExpr(column) })),
    ),
  );
}

function checkColumnsRead(ctx: Planning, names: readonly string[]): void {
  const most = ctx.settings.number('max_columns_to_read');
  if (most === 0 || names.length <= most) return;
  const text = `Limit for number of columns to read exceeded. Requested: ${names.length}, maximum: ${most}`;
  throw fail('TOO_MANY_COLUMNS', text, { hint: 'Name the columns that are needed instead of *' });
}

function subqueryPlan(ctx: Planning, node: Node, usage: SubqueryUse): NodeJson {
  const { json } = ordered(ctx, node);
  if (usage !== 'set') return json;
  const limited = guarded(ctx.settings, 'set', json);
  if (limited === json) return json;
  return guarded(ctx.settings, 'set', { kind: 'distinct', input: json });
}

/** The finished plan; `optimize` is run over the root and every subquery. */
export function physicalPlan(ctx: Planning, root: Node, optimize: (node: Node) => Node): PlanBody {
  const best = optimize(root);
  return {
    root: ordered(ctx, best).json,
    names: root.columns.map((c) => c.name),
    subqueries: ctx.subqueries.map((s) => ({
      plan: subqueryPlan(ctx, optimize(s.node), s.usage),
      usage: s.usage,
    })),
  };
}
