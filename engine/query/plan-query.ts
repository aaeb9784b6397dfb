// From a query's tree to the text of its plan, against one version of the catalog.

import { type Lambda, parseExpression, type Query, type Statement } from '../../sql/index.ts';
import { fail } from '../errors.ts';
import { withResultFilter } from '../plan/bind/extra-filters.ts';
import { bindStatement } from '../plan/bind/query.ts';
import { newScope } from '../plan/bind/scope.ts';
import type { Planning } from '../plan/context.ts';
import { rowsMax } from '../plan/estimate.ts';
import type { Node } from '../plan/logical.ts';
import { optimize } from '../plan/optimize.ts';
import { physicalPlan } from '../plan/physical/index.ts';
import { applySettings } from './apply-settings.ts';
import { type CatalogView, catalogView } from './catalog-view.ts';
import { type PlanText, type Run, type ScanTarget, sessionJson } from './core.ts';
import { checkTree } from './tree-limits.ts';

export interface PlanningRun {
  readonly ctx: Planning;
  readonly view: CatalogView;
}

const parsedFunctions = new WeakMap<object, Map<string, Lambda>>();

function userFunctions(view: CatalogView): ReadonlyMap<string, Lambda> {
  const stored = view.state.objects.get('function');
  if (!stored) return new Map();
  let parsed = parsedFunctions.get(stored);
  if (!parsed) {
    parsed = new Map();
    for (const [name, value] of stored) {
      const lambda = parseExpression((value as { lambda: string }).lambda);
      if (lambda.kind === 'Lambda') parsed.set(name, lambda);
    }
    parsedFunctions.set(stored, parsed);
  }
  return parsed;
}

export function startPlanning(run: Run): PlanningRun {
  const view = catalogView(run);
  const params = run.session?.params.size
    ? { ...Object.fromEntries(run.session.params), ...run.request.params }
    : (run.request.params ?? {});
  const ctx: Planning = {
    kernel: run.core.native.planner(sessionJson(run)),
    catalog: view,
    settings: run.settings,
    params,
    positional: run.request.positional ?? [],
    parseExpression: (text) => parseExpression(text),
    statementRows: (statement: Statement, planning: Planning) =>
      run.core.statementRows(run, statement, planning),
    nestedSettings: (items, settings) => {
      const nested = { ...run, settings };
      applySettings(nested, items);
      return nested.settings;
    },
    userFunctions: userFunctions(view),
    ...(run.outside ? { outside: run.outside } : {}),
    subqueries: [],
    nextColumn: 1,
    depth: 0,
    cacheable: true,
  };
  return { ctx, view };
}

/** The extra LIMIT of the settings `limit` and `offset`. */
function withSettingLimit(node: Node, ctx: Planning): Node {
  const limit = ctx.settings.number('limit');
  const offset = ctx.settings.number('offset');
  if (limit === 0 && offset === 0) return node;
  return {
    kind: 'limit',
    input: node,
    ...(limit > 0 ? { limit } : {}),
    offset,
    columns: node.columns,
  };
}

export function bindTop({ ctx }: PlanningRun, query: Query): Node {
  checkTree(query, ctx.settings);
  const { node } = bindStatement(query, ctx);
  return withSettingLimit(withResultFilter(newScope(ctx, query.span), node), ctx);
}

export function planText({ ctx, view }: PlanningRun, node: Node): PlanText {
  let root = node;
  const body = physicalPlan(ctx, node, (n) => {
    const best = optimize(n, ctx);
    if (n === node) root = best;
    return best;
  });
  const text = JSON.stringify(body);
  checkLevels(text);
  return {
    ...splitHandles(text, view.scans),
    columns: node.columns.map(({ name, type }) => ({ name, type })),
    rowsMax: rowsMax(root),
  };
}

/** Levels of nesting that the kernel reads. */
const planLevelsMax = 3000;

function checkLevels(text: string): void {
  let level = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inText) {
      if (c === 92) i++;
      else if (c === 34) inText = false;
    } else if (c === 34) inText = true;
    else if (c === 123 || c === 91) {
      if (++level > planLevelsMax) {
        throw fail('TOO_DEEP_RECURSION', 'The query is nested too deeply', {
          hint: 'Fewer joins and operators in one another; subqueries and WITH do not help',
        });
      }
    } else if (c === 125 || c === 93) level--;
  }
}

/** Cuts the text at the handles; inside strings a quote is always behind a backslash. */
function splitHandles(
  text: string,
  scans: readonly ScanTarget[],
): Pick<PlanText, 'pieces' | 'tables'> {
  const pieces: string[] = [];
  const tables: ScanTarget[] = [];
  const pattern = /"table":-(\d+)/g;
  let from = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    if (text[match.index - 1] === '\\') continue;
    pieces.push(`${text.slice(from, match.index)}"table":`);
    tables.push(scans[Number(match[1]) - 1] as ScanTarget);
    from = match.index + match[0].length;
  }
  pieces.push(text.slice(from));
  return { pieces, tables };
}

/** A plan of rows that are here already. */
export function rowsPlan(
  columns: readonly { name: string; type: string }[],
  rows: readonly (readonly unknown[])[],
): PlanText {
  const names = columns.map((c) => c.name);
  const root = { kind: 'values', columns, rows };
  return {
    pieces: [JSON.stringify({ root, names, subqueries: [] })],
    tables: [],
    columns,
    rowsMax: rows.length,
  };
}
