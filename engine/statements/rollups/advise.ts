// SYSTEM ADVISE ROLLUPS: projections that the aggregations of the query log would have read instead of
// the rows, with what they would have spared and what they would cost. Each comes as one statement.

import { parseStatement, type Query, type Select } from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import { identifierText } from '../../plan/bind/names.ts';
import type { Planning } from '../../plan/context.ts';
import { exprText } from '../../plan/explain.ts';
import { callExpr, type Expr, replaceColumns } from '../../plan/expression.ts';
import { type Aggregate, inputs, type Node } from '../../plan/logical.ts';
import { optimize } from '../../plan/optimize.ts';
import { below } from '../../plan/rollups/below.ts';
import { rangeOfBucket } from '../../plan/rollups/time-buckets.ts';
import { askRows, ownRun } from '../../query/ask.ts';
import type { Run } from '../../query/core.ts';
import { bindTop, startPlanning } from '../../query/plan-query.ts';
import { type Asked, askedQueries } from './asked.ts';

/** Proposals, rows of a table that are counted. */
const proposalsMax = 10;
const rowsCounted = 2_000_000;
/** A rollup with more groups than this share of the rows spares too little. */
const shareMax = 0.2;

export interface Advice {
  readonly table: TableDefinition;
  readonly statement: string;
  readonly queries: number;
  /** Rows that these queries read, and would have read. */
  readonly rowsRead: number;
  readonly rowsThen: number;
  /** Milliseconds that they took, and would have been spared, as far as reading is what took them. */
  readonly tookMs: number;
  readonly sparedMs: number;
  /** Rows and bytes of the rollup. */
  readonly rows: number;
  readonly bytes: number;
}

interface Wish {
  readonly table: TableDefinition;
  readonly keys: Set<string>;
  readonly calls: Set<string>;
  queries: number;
  rowsRead: number;
  tookMs: number;
}

function aggregatesOf(node: Node): Aggregate[] {
  const own = node.kind === 'aggregate' ? [node] : [];
  return [...own, ...inputs(node).flatMap(aggregatesOf)];
}

/** The columns, or calls of them, that a condition looks at: they must be keys. */
function looksAt(condition: Expr): Expr[] {
  if (condition.kind === 'column') return [condition];
  if (condition.kind === 'call' || condition.kind === 'in') {
    const args = condition.kind === 'call' ? condition.args : [condition.expr];
    return args.flatMap(looksAt);
  }
  return condition.kind === 'cast' ? looksAt(condition.expr) : [];
}

/** Buckets that ranges of moments may begin and end with, the widest first. */
const buckets = ['toStartOfDay', 'toStartOfHour', 'toStartOfFifteenMinutes', 'toStartOfMinute'];

/** What must be a key to tell a condition: a bucket where it is a range of whole ones. */
function keysFor(condition: Expr, keys: readonly Expr[], ctx: Planning): Expr[] {
  const columns = looksAt(condition);
  const cut = columns.flatMap((column) =>
    buckets.flatMap((name) => {
      if (!/^DateTime/.test(column.type)) return [];
      return [callExpr(name, [column], ctx.kernel.resolveFunction(name, [{ type: column.type }]))];
    }),
  );
  const whole = [...keys, ...cut].find((expr) =>
    rangeOfBucket(condition, [{ made: expr, expr }], ctx),
  );
  return whole ? [whole] : columns;
}

function wishOf(run: Run, asked: Asked): Wish | undefined {
  const statement = parseStatement(asked.text);
  if (statement.kind !== 'QueryStatement' || !isPlain(statement.query)) return undefined;
  const planning = startPlanning({ ...ownRun(run), database: asked.database });
  const { ctx, view } = planning;
  const node = bindTop(planning, statement.query);
  const [aggregate, ...others] = aggregatesOf(node);
  const under = aggregate && below(aggregate.input);
  if (!aggregate || others.length > 0 || !under || under.scan.final) return undefined;
  const table = [...view.used.values()][0];
  if (!table || view.used.size > 1 || table.engine.name !== 'MergeTree') return undefined;
  const written = (expr: Expr): Expr => replaceColumns(expr, under.columns);
  const groups = aggregate.keys.map((k) => written(k.expr));
  const keys = new Set(groups.map((expr) => exprText(expr)));
  for (const condition of under.filters) {
    for (const expr of keysFor(condition, groups, ctx)) keys.add(exprText(expr));
  }
  const calls = new Set(
    aggregate.aggregates.map(
      ({ name, args }) => `${name}(${args.map((arg) => exprText(written(arg))).join(', ')})`,
    ),
  );
  const parameters = aggregate.aggregates.some((item) => item.params.length > 0);
  if (calls.size === 0 || parameters || readsRollup(node, ctx)) return undefined;
  const { queries, rowsRead, tookMs } = asked;
  return { table, keys, calls, queries, rowsRead, tookMs };
}

/** Whether a query would read a rollup now. */
function readsRollup(node: Node, ctx: Planning): boolean {
  ctx.notes = [];
  optimize(node, ctx);
  return ctx.notes.some((note) => / is read: /.test(note));
}

const isPlain = (query: Query): query is Select =>
  query.kind === 'Select' && query.from !== undefined;

/** One wish for all queries with the same keys. */
async function gathered(run: Run, only: TableDefinition | undefined): Promise<Wish[]> {
  const wishes = new Map<string, Wish>();
  for (const asked of await askedQueries(run)) {
    let wish: Wish | undefined;
    try {
      wish = wishOf(run, asked);
    } catch {
      // Tables and columns of that time may be gone.
    }
    if (!wish || (only && wish.table.id !== only.id)) continue;
    const key = `${wish.table.id} ${[...wish.keys].sort().join()}`;
    const known = wishes.get(key);
    if (!known) {
      wishes.set(key, wish);
      continue;
    }
    for (const call of wish.calls) known.calls.add(call);
    known.queries += wish.queries;
    known.rowsRead += wish.rowsRead;
    known.tookMs += wish.tookMs;
  }
  return [...wishes.values()].sort((a, b) => b.tookMs - a.tookMs || b.rowsRead - a.rowsRead);
}

export async function adviseRollups(run: Run, only?: TableDefinition): Promise<Advice[]> {
  const advice: Advice[] = [];
  const taken = new Set<string>();
  for (const wish of await gathered(run, only)) {
    if (advice.length >= proposalsMax) break;
    run.signal.throwIfAborted();
    const made = await weighed(run, wish, taken);
    if (made) advice.push(made);
  }
  return advice.sort((a, b) => b.sparedMs - a.sparedMs);
}

/** Counts the groups; undefined when the rollup would spare too little. */
async function weighed(run: Run, wish: Wish, taken: Set<string>): Promise<Advice | undefined> {
  const { table, keys, calls, queries, rowsRead, tookMs } = wish;
  const list = [...keys];
  const from = `${identifierText(table.database)}.${identifierText(table.name)}`;
  const group = list.length > 0 ? ` GROUP BY ${list.join(', ')}` : '';
  const select = `SELECT ${[...list, ...calls].join(', ')}${group}`;
  try {
    const counted = list.length > 0 ? `uniq(${list.join(', ')})` : '1';
    const sample = `(SELECT * FROM ${from} LIMIT ${rowsCounted})`;
    const [row] = await askRows(ownRun(run), `SELECT ${counted}, count() FROM ${sample}`);
    const [groups, seen] = (row ?? []).map(Number) as [number, number];
    if (!seen) return undefined;
    const store = run.core.storage.store(table.id);
    const segments = store.table.segments;
    const all = segments.reduce((n, s) => n + s.rows, store.memory.rows);
    const bytes = segments.reduce((n, s) => n + s.bytes, 0);
    // Groups of a sample may go on growing with the rows.
    const rows = groups * 2 > seen ? Math.round((groups * all) / seen) : groups;
    if (rows > all * shareMax) return undefined;
    const rowsThen = Math.round((rowsRead * rows) / all);
    const columns = Math.max(1, table.columns.length);
    const perValue = bytes / Math.max(1, all) / columns;
    const name = freshName(table, taken);
    taken.add(name);
    const title = `${from} ADD PROJECTION ${name} (${select})`;
    const statement = `ALTER TABLE ${title}, MATERIALIZE PROJECTION ${name}`;
    return {
      table,
      statement,
      queries,
      rowsRead,
      rowsThen,
      tookMs,
      sparedMs: Math.round(tookMs * (1 - rows / all)),
      rows,
      bytes: Math.round(rows * (list.length + calls.size * 2) * Math.max(1, perValue)),
    };
  } catch {
    // What the text of the plan cannot say (constants of other types) is no proposal.
    return undefined;
  }
}

function freshName(table: TableDefinition, taken: ReadonlySet<string>): string {
  const has = new Set([...(table.projections ?? []).map((p) => p.name), ...taken]);
  let n = 1;
  while (has.has(`advised_${n}`)) n++;
  return `advised_${n}`;
}
