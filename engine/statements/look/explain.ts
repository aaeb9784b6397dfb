// EXPLAIN: the plan as text, with estimated and, after ANALYZE, measured rows; the tree; the syntax.

import {
  type Explain,
  printNormal,
  printSyntax,
  type Query,
  type Statement,
  treeLines,
} from '../../../sql/index.ts';
import { bindStatement } from '../../plan/bind/query.ts';
import { failAt, notBuilt } from '../../plan/context.ts';
import { explainPlan } from '../../plan/explain.ts';
import { optimize } from '../../plan/optimize.ts';
import {
  applyOutput,
  applyQuerySettings,
  applySettings,
  settingText,
} from '../../query/apply-settings.ts';
import type { Answer, Run } from '../../query/core.ts';
import { launch } from '../../query/launch.ts';
import { bindTop, planText, startPlanning } from '../../query/plan-query.ts';
import type { Rows } from './describe.ts';
import { estimate } from './estimate.ts';

const text = (lines: readonly string[]): Rows => ({
  columns: [{ name: 'explain', type: 'String' }],
  rows: lines.map((line) => [line]),
});

export async function explain(run: Run, ast: Explain): Promise<Answer> {
  applyOutput(run, ast.output);
  checkOptions(ast);
  if (ast.mode === 'CURRENT TRANSACTION')
    return { kind: 'rows', ...text(['<no current transaction>']) };
  if (ast.mode === 'ANALYZE' || asksIndexes(ast)) {
    return { kind: 'rows', ...(await analyze(run, ast)) };
  }
  if (ast.mode === 'ESTIMATE') {
    const query = queryOf(ast.statement, ast);
    applyQuerySettings(run, query);
    const planning = startPlanning(run);
    return { kind: 'rows', ...(await estimate(run, planning, bindTop(planning, query))) };
  }
  return { kind: 'rows', ...explainRows(run, ast) };
}

const planOptions =
  'header input_headers description actions indexes indices projections sorting optimize json compact pretty distributed column_structure keep_logical_steps';

/** What each kind of EXPLAIN takes; options of the plan and pipeline change nothing but `indexes`. */
const options: Readonly<Record<string, readonly string[]>> = {
  PLAN: planOptions.split(' '),
  ANALYZE: planOptions.split(' '),
  AST: ['graph', 'optimize'],
  SYNTAX: ['oneline', 'run_query_tree_passes', 'query_tree_passes'],
  'QUERY TREE': ['run_passes', 'dump_passes', 'passes', 'dump_tree', 'dump_ast'],
  PIPELINE: ['header', 'graph', 'compact'],
  ESTIMATE: [],
};

/** Options have a name that there is, and a number. */
function checkOptions({ mode = 'PLAN', settings = [] }: Explain): void {
  const known = options[mode];
  if (!known) return;
  for (const { name, nameSpan, value } of settings) {
    if (!known.includes(name)) {
      const list = known.length > 0 ? `It takes ${known.join(', ')}` : 'It takes none';
      const about = `Unknown setting "${name}" for EXPLAIN ${mode} query`;
      throw failAt(nameSpan, 'UNKNOWN_SETTING', about, { hint: list });
    }
    if (value.kind === 'Literal' && value.type === 'string') {
      const about = `Setting "${name}" of EXPLAIN is a number`;
      throw failAt(value.span, 'INVALID_SETTING_VALUE', about);
    }
  }
}

/** `EXPLAIN indexes = 1`: what each index leaves out is known once the query has looked at it. */
const asksIndexes = ({ mode = 'PLAN', settings = [], statement }: Explain): boolean =>
  mode === 'PLAN' &&
  (statement?.kind === 'QueryStatement' || statement?.kind === 'Insert') &&
  settings.some((item) => item.name === 'indexes' && settingText(item.value) === '1');

/** The query that a statement runs. */
function queryOf(statement: Statement | undefined, ast: Explain): Query {
  if (statement?.kind === 'QueryStatement') return statement.query;
  if (statement?.kind === 'Insert' && statement.query) return statement.query;
  if (!statement) throw failAt(ast.span, 'SYNTAX_ERROR', 'EXPLAIN needs a statement');
  throw failAt(statement.span, 'INCORRECT_QUERY', 'Only SELECT is supported for EXPLAIN', {
    hint: 'EXPLAIN AST and EXPLAIN SYNTAX take any statement',
  });
}

/** Everything but ANALYZE needs no run. */
export function explainRows(run: Run, ast: Explain): Rows {
  const { mode = 'PLAN', statement } = ast;
  if (mode === 'AST' && statement) return text(treeLines(statement, run.text));
  if (mode === 'SYNTAX' && statement) return text(syntaxOf(ast, statement).split('\n'));
  if (!['PLAN', 'PIPELINE', 'QUERY TREE'].includes(mode))
    throw notBuilt(ast.span, `EXPLAIN ${mode}`);
  const query = queryOf(statement, ast);
  applyQuerySettings(run, query);
  const planning = startPlanning(run);
  const applied = new Set<string>();
  const { ctx } = planning;
  ctx.notes = [];
  if (mode === 'QUERY TREE') return text(explainPlan(ctx, bindStatement(query, ctx).node, []));
  const root = optimize(bindTop(planning, query), ctx, applied);
  const subqueries = ctx.subqueries.map((s) => optimize(s.node, ctx, applied));
  const lines = explainPlan(ctx, root, subqueries);
  lines.push(...new Set(ctx.notes));
  if (applied.size > 0) lines.push(`Rules: ${[...applied].join(', ')}`);
  return text(lines);
}

function syntaxOf({ settings = [] }: Explain, statement: Statement): string {
  if (statement.kind !== 'QueryStatement') return printNormal(statement);
  const oneLine = settings.some((s) => s.name === 'oneline' && settingText(s.value) === '1');
  return printSyntax(statement.query, oneLine);
}

async function analyze(run: Run, ast: Explain): Promise<Rows> {
  const query = queryOf(ast.statement, ast);
  applyQuerySettings(run, query);
  const { native } = run.core;
  const planning = startPlanning(run);
  const applied = new Set<string>();
  const bound = bindTop(planning, query);
  const plan = planText(planning, bound);
  const started = performance.now();
  const { text: json, release } = launch(
    run,
    plan,
    { kind: 'format', format: 'Null', settings: {} },
    true,
  );
  try {
    const start = await native.startQuery(json, run.key);
    for (let last = start.last; !last; ) last = (await native.nextChunk(run.key)) === null;
    const ms = performance.now() - started;
    const p = native.queryProgress(run.key);
    const notes: string[] = [];
    planning.ctx.notes = notes;
    const root = optimize(bound, planning.ctx, applied);
    const subqueries = planning.ctx.subqueries.map((s) => optimize(s.node, planning.ctx, applied));
    const measured = ast.mode === 'ANALYZE';
    const lines = explainPlan(planning.ctx, root, subqueries, measured ? p?.nodes : undefined);
    lines.push(...new Set(notes));
    if (applied.size > 0) lines.push(`Rules: ${[...applied].join(', ')}`);
    if (measured) {
      lines.push(`Time: ${ms.toFixed(2)} ms`);
      lines.push(`Read: ${p?.readRows ?? 0} rows, ${p?.readBytes ?? 0} bytes`);
    } else lines.push('Indexes:');
    if (p?.segments !== undefined)
      lines.push(`Segments: ${p.segments} (${p.segmentsPruned ?? 0} pruned)`);
    if (p?.blocks !== undefined) lines.push(`Blocks: ${p.blocks} (${p.blocksPruned ?? 0} pruned)`);
    for (const [why, blocks] of Object.entries(p?.prunedBy ?? {}))
      lines.push(`  ${blocks} by ${why}`);
    if (measured && p?.memoryPeak !== undefined) lines.push(`Memory: ${p.memoryPeak} bytes`);
    return text(lines);
  } catch (error) {
    throw run.process.cancelled ?? error;
  } finally {
    release();
  }
}

export { applySettings };
