// A materialised view as a rollup: the groups that its query makes of its table, and how its target
// keeps them. What cannot be read back exactly is left out, or is the reason why the view is no rollup.

import { parseStatement, type Query } from '../../sql/index.ts';
import { rollsUp } from '../catalog/agreement.ts';
import type { ColumnDefinition, TableDefinition } from '../catalog/definition.ts';
import { viewExtra } from '../catalog/views.ts';
import { bindStatement } from '../plan/bind/query.ts';
import type { PlannerKernel } from '../plan/context.ts';
import { type Column, type Expr, parts, replaceColumns, someExpr } from '../plan/expression.ts';
import type {
  Aggregate,
  AggregateItem,
  Node,
  RollupAggregate,
  RollupKey,
} from '../plan/logical.ts';
import { isVolatile } from '../plan/random-calls.ts';
import { below } from '../plan/rollups/below.ts';
import { plainType } from '../plan/rollups/sides.ts';
import { baseEngine, columnNames, engineArgs } from '../tables/engine-rule.ts';
import { planningOver } from './projection.ts';

export interface ViewForm {
  readonly columns: readonly Column[];
  readonly filters: readonly Expr[];
  readonly grouped: {
    readonly keys: readonly RollupKey[];
    readonly aggregates: readonly RollupAggregate[];
  };
}

interface Known {
  readonly base: TableDefinition;
  readonly target: TableDefinition;
  readonly form: ViewForm | string;
}

const forms = new WeakMap<TableDefinition, Known>();

/** The form of a view, or why it has none; bound once for each definition of view, table and target. */
export function viewForm(
  kernel: PlannerKernel,
  base: TableDefinition,
  view: TableDefinition,
  target: TableDefinition,
): ViewForm | string {
  const known = forms.get(view);
  if (known?.base === base && known.target === target) return known.form;
  const form = formOf(kernel, base, view, target);
  forms.set(view, { base, target, form });
  return form;
}

function formOf(
  kernel: PlannerKernel,
  base: TableDefinition,
  view: TableDefinition,
  target: TableDefinition,
): ViewForm | string {
  const engine = baseEngine(base.engine.name);
  if (engine !== 'MergeTree') return `merges of its table's ${engine} change rows`;
  if (expires(base)) return 'rows of its table expire';
  if (expires(target)) return 'its rows expire';
  if (baseEngine(target.engine.name) !== 'MergeTree' && !rollsUp(target)) {
    return `its target's ${target.engine.name} does not keep groups`;
  }
  const node = boundQuery(kernel, base, view);
  if (typeof node === 'string') return node;
  const top = grouping(node);
  if (!top) return 'its query is not a GROUP BY of one table';
  const { aggregate, outputs } = top;
  const under = below(aggregate.input);
  if (!under) return 'its query is not a GROUP BY of one table';
  const written = (expr: Expr): Expr => replaceColumns(expr, under.columns);
  const keyExprs = new Map(aggregate.keys.map((k) => [k.column.id, written(k.expr)]));
  const items = new Map(
    aggregate.aggregates.map((a) => [a.column.id, { ...a, args: a.args.map(written) }]),
  );
  const all = [
    ...keyExprs.values(),
    ...under.filters,
    ...[...items.values()].flatMap((i) => i.args),
  ];
  if (all.some((expr) => someExpr(expr, isUnsteady))) {
    return 'its query gives other rows at another time';
  }
  const store = new Store(target, keyExprs.size === 0);
  const keys: RollupKey[] = [];
  const aggregates: RollupAggregate[] = [];
  for (const [i, expr] of outputs.entries()) {
    const name = view.columns[i]?.name;
    const column = target.columns.find((c) => c.name === name);
    if (!column || column.defaultKind === 'ALIAS' || column.defaultKind === 'MATERIALIZED')
      continue;
    const item = expr.kind === 'column' ? items.get(expr.id) : undefined;
    if (item) {
      const merge = store.mergeOf(column, item);
      if (merge)
        aggregates.push({ stored: column.name, type: column.type, item: bare(item), merge });
    } else if (isOver(expr, keyExprs)) {
      const made = replaceColumns(expr, keyExprs);
      if (!store.keeps(column))
        return `merges of its target put rows of different ${name} together`;
      if (sameValues(column.type, made.type)) {
        keys.push({ stored: column.name, type: column.type, expr: made });
      }
    }
  }
  if (
    store.dropsZeros &&
    !aggregates.some(({ item, merge }) => item.name === 'count' && merge === 'sum')
  ) {
    return 'merges of its target take away groups whose sums are 0, as it keeps no count()';
  }
  const { scan, filters } = under;
  return { columns: scan.columns, filters, grouped: { keys, aggregates } };
}

const expires = ({ ttl, columns, extra }: TableDefinition): boolean =>
  ttl !== undefined || extra?.ttl !== undefined || columns.some((c) => c.ttl !== undefined);

function boundQuery(
  kernel: PlannerKernel,
  base: TableDefinition,
  view: TableDefinition,
): Node | string {
  try {
    const statement = parseStatement(viewExtra(view).query);
    if (statement.kind !== 'QueryStatement') return 'its query cannot be read';
    if (hasSettings(statement.query)) return 'its query has settings of its own';
    const isBase = (database: string | undefined, name: string) =>
      database === base.database && name === base.name;
    return bindStatement(statement.query, planningOver(kernel, base, isBase)).node;
  } catch {
    return 'its query reads more than its table';
  }
}

const hasSettings = (query: Query): boolean => 'settings' in query && query.settings !== undefined;

/** The aggregation of a query, and what each of its columns is of the aggregation's. */
function grouping(root: Node): { aggregate: Aggregate; outputs: readonly Expr[] } | undefined {
  let outputs: readonly Expr[] | undefined;
  let node = root;
  for (;;) {
    if (node.kind === 'project') {
      const by = new Map(node.items.map((i) => [i.column.id, i.expr]));
      outputs = (outputs ?? node.columns.map(asExpr)).map((expr) => replaceColumns(expr, by));
      node = node.input;
    } else if (node.kind === 'sort' && node.limit === undefined) node = node.input;
    else break;
  }
  if (node.kind !== 'aggregate' || node.sets || node.totals) return undefined;
  if (node.anyGroups !== undefined) return undefined;
  return { aggregate: node, outputs: outputs ?? node.columns.map(asExpr) };
}

const asExpr = ({ id, name, type }: Column): Expr => ({
  kind: 'column',
  id,
  name,
  type,
  key: `c${id}`,
});

/** Functions of the clock, of the statement, of the server, of where a row stands, of other tables. */
const ofTheMoment =
  /^(now|today|yesterday|curdate|utc_?timestamp|current|server|user$|host|fqdn|uptime|version$|queryid|initialquery|connectionid|getsetting|timezone$|tcpport|displayname|buildid|sleep|throwif|rownumber|running|neighbor|block|dict|joinget|filesystem|hascolumnintable|errorcode)/i;

/** Calls that answer differently at another time, and values that come from elsewhere. */
const isUnsteady = (expr: Expr): boolean =>
  expr.kind === 'scalar' ||
  expr.kind === 'correlated' ||
  (expr.kind === 'in' && 'subquery' in expr.set) ||
  (expr.kind === 'call' && ofTheMoment.test(expr.name)) ||
  (expr.kind === 'call' && isVolatile({ ...expr, args: [] })) ||
  (expr.kind === 'column' &&
    /^_(part|partition|table|database|block|sample|shard)/.test(expr.name));

const isOver = (expr: Expr, keys: ReadonlyMap<number, Expr>): boolean =>
  expr.kind === 'column' ? keys.has(expr.id) : parts(expr).every((part) => isOver(part, keys));

const bareType = (type: string): string => type.replace(/^LowCardinality\((.*)\)$/, '$1');

/** A dictionary changes no value. */
const sameValues = (a: string, b: string): boolean => bareType(a) === bareType(b);

/** The aggregate whose states or values an item gives. */
const bare = (item: AggregateItem): AggregateItem => ({
  ...item,
  name: item.name.replace(/(SimpleState|State)$/, ''),
});

/** Results that can be put together as values; conditions leave sums and counts what they are. */
const addends = /^(sum|count|sumIf|countIf)$/;
const idempotent = /^(min|max|groupBitAnd|groupBitOr)$/;

/** How a target keeps what a view brings. */
class Store {
  /** Rows whose sums are all 0 go in merges. */
  readonly dropsZeros: boolean;
  readonly #rolls: boolean;
  readonly #sortKey: ReadonlySet<string>;
  /** SummingMergeTree: what is summed; undefined for all numbers that are no key. */
  readonly #summed: ReadonlySet<string> | undefined;
  readonly #partition: string;
  /** Without keys, an insert of which nothing passes the filter brings a row of defaults. */
  readonly #mayBeEmpty: boolean;

  constructor(target: TableDefinition, mayBeEmpty: boolean) {
    this.#rolls = rollsUp(target);
    this.#sortKey = new Set(target.orderBy.map((text) => text.replace(/^`(.*)`$/, '$1')));
    this.dropsZeros = baseEngine(target.engine.name) === 'SummingMergeTree';
    const summed = this.dropsZeros ? columnNames(engineArgs(target.engine)[0]) : [];
    this.#summed = summed.length > 0 ? new Set(summed) : undefined;
    this.#partition = target.partitionBy ?? '';
    this.#mayBeEmpty = mayBeEmpty;
  }

  /** Whether rows with different values of a column stay apart. */
  keeps = ({ name }: ColumnDefinition): boolean => !this.#rolls || this.#sortKey.has(name);

  /** The function that puts together what is stored of an aggregate; undefined when nothing can. */
  mergeOf({ name, type }: ColumnDefinition, item: AggregateItem): string | undefined {
    if (this.#rolls && this.#sortKey.has(name)) return undefined;
    const { name: aggregate } = bare(item);
    if (type.startsWith('AggregateFunction(')) {
      return type === item.column.type ? `${aggregate}Merge` : undefined;
    }
    if (plainType(type) !== plainType(item.column.type)) return undefined;
    const merge = addends.test(aggregate)
      ? 'sum'
      : idempotent.test(aggregate) && !this.#mayBeEmpty
        ? aggregate
        : undefined;
    const simple = /^SimpleAggregateFunction\((\w+)/.exec(type)?.[1];
    if (simple !== undefined) return simple === merge ? merge : undefined;
    if (!this.#rolls) return merge;
    return this.#sums(name, type) && merge === 'sum' ? merge : undefined;
  }

  #sums(name: string, type: string): boolean {
    if (!this.dropsZeros || this.#partition.includes(name)) return false;
    return this.#summed?.has(name) ?? /^(Nullable\()?(U?Int|Float|Decimal)/.test(type);
  }
}
