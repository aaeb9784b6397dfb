// CHECK ROLLUP: whether projections and materialised views still agree with the rows they are made of.
//
// Both sides are computed and compared group by group; sums of floats may differ in their last digits.

import { disagreement } from '../../catalog/agreement.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import type { TableState } from '../../catalog/state.ts';
import { isMaterialized, targetOf, viewExtra, viewsOn } from '../../catalog/views.ts';
import { EngineError, fail } from '../../errors.ts';
import { identifierText } from '../../plan/bind/names.ts';
import { askRows, ownRun } from '../../query/ask.ts';
import { type Run, sessionJson } from '../../query/core.ts';
import { projectionsOf } from '../../rollups/projection.ts';
import { baseEngine } from '../../tables/engine-rule.ts';
import { noRollups } from '../../views/fan-out.ts';

/** Groups that are compared at most: all of them are in memory twice. */
const groupsMax = 2_000_000;

export interface RollupReport {
  readonly name: string;
  readonly kind: 'projection' | 'view';
  readonly passed: boolean;
  /** Groups on the side of the rollup, and groups that differ. */
  readonly groups: number;
  readonly differing: number;
  readonly message: string;
}

const fullName = (d: TableDefinition): string =>
  `${identifierText(d.database)}.${identifierText(d.name)}`;

/** All rollups of a table, or a view alone. */
export async function checkRollups(run: Run, table: TableState): Promise<RollupReport[]> {
  const { state } = run.core.storage.context.catalog;
  const { definition } = table;
  if (isMaterialized(definition)) return [await checkView(run, definition)];
  const reports: RollupReport[] = [];
  for (const projection of definition.projections ?? []) {
    reports.push(await checkProjection(run, definition, projection.name));
  }
  for (const view of viewsOn(state, table.id)) reports.push(await checkView(run, view));
  return reports;
}

async function guarded(
  name: string,
  kind: RollupReport['kind'],
  work: () => Promise<{ groups: number; differing: number; message?: string }>,
): Promise<RollupReport> {
  try {
    const { groups, differing, message = '' } = await work();
    const differ = differing > 0 ? `${differing} of ${groups} groups differ` : '';
    const text = [differ, message].filter((part) => part !== '').join('; ');
    return { name, kind, passed: differing === 0, groups, differing, message: text };
  } catch (error) {
    const failure = (error as { error?: unknown }).error ?? error;
    if (!(failure instanceof EngineError) || failure.fault === 'bug') throw error;
    return { name, kind, passed: false, groups: 0, differing: 0, message: failure.message };
  }
}

function checkProjection(run: Run, table: TableDefinition, name: string): Promise<RollupReport> {
  return guarded(name, 'projection', async () => {
    const kernel = run.core.native.planner(sessionJson(run));
    const bound = projectionsOf(kernel, table).find((p) => p.definition.name === name);
    const { segments } = run.core.storage.store(table.id).table;
    const id = bound?.definition.id ?? '';
    const having = segments.filter((s) => s.projections?.[id]);
    if (!bound || having.length === 0) {
      return { groups: 0, differing: 0, message: 'no segment has it' };
    }
    if (!bound.grouped) {
      // The same rows in another order: none may be missing.
      const short = having.filter(
        (s) => (s.projections?.[id] ?? []).reduce((n, c) => n + c.rows, 0) !== s.rows,
      );
      return { groups: having.length, differing: short.length };
    }
    const from = bound.definition.query.replace(
      / GROUP BY /s,
      ` FROM ${fullName(table)} GROUP BY `,
    );
    const text = / GROUP BY /.test(bound.definition.query)
      ? from
      : `${bound.definition.query} FROM ${fullName(table)}`;
    const settings = (use: string): [string, string][] => [
      ['optimize_use_materialized_views', '0'],
      ['optimize_use_projections', use],
      ['preferred_optimize_projection_name', use === '1' ? name : ''],
    ];
    const fast = await askRows(ownRun(run, settings('1')), limited(text));
    const slow = await askRows(ownRun(run, settings('0')), limited(text));
    return compare(fast, slow, bound.definition.query);
  });
}

const limited = (query: string): string => `SELECT * FROM (${query}) LIMIT ${groupsMax + 1}`;

/** Rows of both sides as sorted texts, numbers apart: what is grouped is equal, what is summed near. */
function compare(left: unknown[][], right: unknown[][], what: string) {
  if (left.length > groupsMax || right.length > groupsMax) {
    throw fail('TOO_MANY_ROWS', `There are more than ${groupsMax} groups in ${what}`);
  }
  const sorted = (rows: unknown[][]) =>
    rows.map((row) => ({ row, text: JSON.stringify(row) })).sort(byText);
  const [a, b] = [sorted(left), sorted(right)];
  const groups = Math.max(a.length, b.length);
  // Exact equals first; the rest is compared with tolerance, in order.
  const exact = new Map<string, number>();
  for (const { text } of b) exact.set(text, (exact.get(text) ?? 0) + 1);
  const odd = a.filter(({ text }) => {
    const n = exact.get(text) ?? 0;
    if (n > 0) exact.set(text, n - 1);
    return n === 0;
  });
  const rest = b.filter(({ text }) => {
    const n = exact.get(text) ?? 0;
    if (n > 0) exact.set(text, n - 1);
    return n > 0;
  });
  const near = odd.filter(({ row }) => {
    const at = rest.findIndex((other) => isNear(row, other.row));
    if (at >= 0) rest.splice(at, 1);
    return at >= 0;
  });
  return { groups, differing: Math.max(odd.length - near.length, rest.length) };
}

const byText = (a: { text: string }, b: { text: string }): number =>
  a.text < b.text ? -1 : a.text > b.text ? 1 : 0;

function isNear(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((x, i) => isNear(x, b[i]));
  }
  if (typeof a === 'number' && typeof b === 'number') {
    return Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
  }
  return a === b;
}

/** The target's rows beside what the view's query gives now. */
function checkView(run: Run, view: TableDefinition): Promise<RollupReport> {
  return guarded(view.name, 'view', async () => {
    const target = targetOf(run.core.storage.context.catalog.state, view)?.definition;
    if (!target) throw fail('UNKNOWN_TABLE', 'The target table of the view does not exist');
    const columns = view.columns.filter((c) => target.columns.some((t) => t.name === c.name));
    const own = ownRun(run, noRollups);
    const shape = grouping(
      target,
      columns.map((c) => c.name),
    );
    const there = await askRows(
      own,
      limited(`SELECT ${shape} FROM ${fullName(target)}${shape.group}`),
    );
    const made = `SELECT ${shape} FROM (${converted(view, target)})${shape.group}`;
    const now = await askRows(own, limited(made));
    const wrong = disagreement(run.core.storage.context.catalog.state, view.id);
    const message = wrong === undefined ? '' : `queries do not read it: ${wrong}`;
    return { ...compare(there, now, view.name), message };
  });
}

/** The view's columns in the types of the target. */
function converted(view: TableDefinition, target: TableDefinition): string {
  const { query } = viewExtra(view);
  const casts = view.columns.flatMap((c) => {
    const type = target.columns.find((t) => t.name === c.name)?.type;
    const name = identifierText(c.name);
    const text =
      type === c.type ? name : `CAST(${name}, '${type?.replace(/[\\']/g, '\\$&')}') AS ${name}`;
    return type === undefined ? [] : [text];
  });
  return `SELECT ${casts.join(', ')} FROM (${query})`;
}

/** How the target's engine puts rows together. */
function grouping(target: TableDefinition, names: readonly string[]) {
  const engine = baseEngine(target.engine.name);
  const rolls = engine === 'SummingMergeTree' || engine === 'AggregatingMergeTree';
  const keys = new Set(rolls ? target.orderBy : []);
  const types = new Map(target.columns.map((c) => [c.name, c.type]));
  const summed = target.engine.args.match(/\w+/g);
  const list = names.map((name) => {
    const text = identifierText(name);
    const type = types.get(name) ?? '';
    const state = /^AggregateFunction\((\w+)((?:\([^)]*\))?)/.exec(type);
    if (keys.has(name) || keys.has(text)) return { sql: text, key: true };
    if (state) return { sql: `${state[1]}Merge${state[2]}(${text})`, key: false };
    const simple = /^SimpleAggregateFunction\((\w+)/.exec(type);
    if (simple) return { sql: `${simple[1]}(${text})`, key: false };
    const sums = engine === 'SummingMergeTree' && /^(U?Int|Float|Decimal)/.test(type);
    if (sums && (!summed || summed.includes(name))) return { sql: `sum(${text})`, key: false };
    return { sql: rolls ? `any(${text})` : text, key: !rolls };
  });
  const plain = list.filter((l) => l.key).map((l) => l.sql);
  const isGrouped = list.some((l) => !l.key);
  const group = isGrouped && plain.length > 0 ? ` GROUP BY ${plain.join(', ')}` : '';
  return { group, toString: () => list.map((l) => l.sql).join(', ') };
}
