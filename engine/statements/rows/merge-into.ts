// MERGE INTO t USING s ON … WHEN …: one query over both sides says what happens to each row; the rows that
// go and those that come are one commit. Every column of a row that comes is written out as SQL over the
// two sides, so names, types and messages are those of any query.

import {
  type Expression,
  type Merge,
  type MergeWhen,
  type Name,
  parseStatement,
  print,
  walk,
} from '../../../sql/index.ts';
import { segmentName } from '../../catalog/blocks.ts';
import type { ColumnDefinition, TableDefinition } from '../../catalog/definition.ts';
import type { SegmentDescriptor } from '../../catalog/state.ts';
import { viewsOn } from '../../catalog/views.ts';
import { fail } from '../../errors.ts';
import { identifierText } from '../../plan/bind/names.ts';
import { failAt, notBuilt } from '../../plan/context.ts';
import { applySettings } from '../../query/apply-settings.ts';
import { ownRun } from '../../query/ask.ts';
import { type Answer, count, type PlanText, type Run } from '../../query/core.ts';
import { internalRows } from '../../query/internal.ts';
import { requireTable } from '../../query/names.ts';
import { bindTop, planText, startPlanning } from '../../query/plan-query.ts';
import { insertable, tableRows } from '../../query/stored-rows.ts';
import { writeRows } from '../../query/write-rows.ts';
import { type MergedRows, mergeRows } from '../../storage/mutations/marked-rows.ts';
import { segmentsOf } from '../../storage/mutations/mutations.ts';
import { baseEngine } from '../../tables/engine-rule.ts';
import { columnOf } from '../alter/columns.ts';
import { recorded } from './change-rows.ts';

const part = '__merge_part';
const row = '__merge_row';
const there = '__merge_source';
const act = '__merge_action';
/** Rows that one statement may take away. */
const goneMax = 10_000_000;

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

export async function mergeInto(run: Run, ast: Merge): Promise<Answer> {
  applySettings(run, ast.settings);
  const table = requireTable(run, ast.into);
  refuseTarget(run, ast, table.definition);
  const { storage } = run.core;
  const store = storage.store(table.id);
  // What the user has set for what he sees (limits, filters) must not leave rows out.
  const own = ownRun(run);
  let written = 0;
  await recorded(run, table, print(ast), (started) =>
    mergeRows(
      storage,
      store,
      async (segments) => {
        const { definition } = store.table;
        const merged = await mergedRows(own, ast, definition, segments);
        written = merged.add.reduce((sum, segment) => sum + segment.rows, 0);
        return merged;
      },
      started,
    ),
  );
  count(run.core, 'InsertedRows', written);
  return { kind: 'done', rows: written, bytes: 0 };
}

function refuseTarget(run: Run, ast: Merge, definition: TableDefinition): void {
  const { name } = definition.engine;
  if (!/MergeTree$/.test(baseEngine(name))) {
    throw notBuilt(ast.into.span, `MERGE INTO a table of engine ${name}`, 'Use a MergeTree');
  }
  if (viewsOn(run.core.storage.context.catalog.state, definition.id).length > 0) {
    throw notBuilt(ast.into.span, 'MERGE INTO a table that materialized views read');
  }
  walk(ast, (node) => {
    if (node.kind !== 'Function' || !/^(rand|generate|fuzz|now64|nowInBlock)/i.test(node.name)) {
      return true;
    }
    throw failAt(node.span, 'BAD_ARGUMENTS', `${node.name} gives other values each time`, {
      hint: 'Store the values in a table first, and merge from it',
    });
  });
}

/** What the statement does to the rows as they are now. */
async function mergedRows(
  run: Run,
  ast: Merge,
  definition: TableDefinition,
  segments: readonly SegmentDescriptor[],
): Promise<MergedRows> {
  checkWhens(ast, definition);
  const acts = (test: (when: MergeWhen) => boolean): string =>
    `${act} IN (${ast.whens.flatMap((when, i) => (test(when) ? [i + 1] : [])).join(', ')})`;
  const takes = ast.whens.some(takesAway);
  const brings = ast.whens.some(bringsRows);
  const from = joined(ast, definition);
  const action = actionOf(ast);
  const goes = takes
    ? planned(
        run,
        `SELECT ${part}, arraySort(groupArray(toUInt32(${row}))) FROM (
           SELECT ${part}, ${row}, ${action} AS ${act} FROM ${from} WHERE ${acts(takesAway)}
         ) GROUP BY ${part}`,
      )
    : undefined;
  const comes = brings
    ? rowsPlan(run, ast, definition, { from, action, where: acts(bringsRows) })
    : undefined;
  // Both are begun in one turn, so that they read the same versions of all tables.
  const [away, come] = await Promise.allSettled([
    goes ? internalRows(run, goes) : [],
    comes ? writeRows(run, definition, comes) : undefined,
  ]);
  if (come.status === 'rejected') throw come.reason;
  const outcome = come.value;
  if (away.status === 'rejected') {
    if (outcome) run.core.inserter.discard(outcome);
    throw away.reason;
  }
  const gone = away.value;
  const add = !outcome
    ? []
    : outcome.batch === undefined
      ? (outcome.segments ?? [])
      : outcome.rows > 0
        ? await segmentsOf(run.core.storage, definition, outcome.batch)
        : [];
  if (outcome?.batch !== undefined && outcome.rows === 0) run.core.inserter.discard(outcome);
  try {
    return { rows: byFile(ast, segments, gone), add };
  } catch (error) {
    for (const segment of add) run.core.storage.collector.discardSegment(segment);
    throw error;
  }
}

const takesAway = ({ action }: MergeWhen): boolean => action === 'UPDATE' || action === 'DELETE';
const bringsRows = ({ action }: MergeWhen): boolean => action === 'UPDATE' || action === 'INSERT';

/** The rows of both sides beside each other: the target's with their places, the source's marked. */
function joined(ast: Merge, definition: TableDefinition): string {
  const names = definition.columns
    .filter((c) => c.defaultKind !== 'EPHEMERAL')
    .map((c) => identifierText(c.name));
  const own = `${identifierText(definition.database)}.${identifierText(definition.name)}`;
  const left = `(SELECT ${names.join(', ')}, _part AS ${part}, _part_offset AS ${row} FROM ${own}) AS ${targetName(ast)}`;
  const right = `(SELECT *, 1 AS ${there} FROM ${print(ast.using)}) AS ${sourceName(ast)}`;
  const inserts = ast.whens.some((when) => !when.matched && !when.bySource);
  const others = ast.whens.some((when) => when.bySource);
  const kind = inserts ? (others ? 'FULL' : 'RIGHT') : others ? 'LEFT' : 'INNER';
  return `${left} ${kind} JOIN ${right} ON ${print(ast.on)}`;
}

const targetName = ({ alias, into }: Merge): string => identifierText((alias ?? into.table).name);

function sourceName({ using }: Merge): string {
  const alias = 'alias' in using ? using.alias : undefined;
  const name = alias ?? (using.kind === 'Table' ? using.name.table : undefined);
  if (name) return identifierText(name.name);
  throw failAt(using.span, 'ALIAS_REQUIRED', 'The source of MERGE INTO needs a name', {
    hint: 'As in USING (SELECT …) AS s',
  });
}

/** The number of the first clause that fits the row, from 1; 0 for none. */
function actionOf(ast: Merge): string {
  const tests = ast.whens.map((when, i) => {
    const side = when.matched
      ? `${part} != '' AND ${there} = 1`
      : when.bySource
        ? `${part} != '' AND ${there} = 0`
        : `${part} = ''`;
    const more = when.condition ? ` AND ifNull(toBool(${print(when.condition)}), false)` : '';
    return `${side}${more}, ${i + 1}`;
  });
  return `multiIf(${tests.join(', ')}, 0)`;
}

/** The new rows: of each column the value that the row's clause gives it. */
function rowsPlan(
  run: Run,
  ast: Merge,
  definition: TableDefinition,
  query: { from: string; action: string; where: string },
): PlanText {
  const columns = insertable(definition);
  const values: string[] = [];
  const named: string[] = [];
  const rows: string[] = [];
  for (const [at, { name, type, defaultExpr }] of columns.entries()) {
    const cases: string[] = [];
    const omitted: number[] = [];
    for (const [i, when] of ast.whens.entries()) {
      if (!bringsRows(when)) continue;
      const value = writtenValue(ast, when, columns, name);
      if (value === undefined) omitted.push(i + 1);
      else cases.push(`${act} = ${i + 1}`, `CAST(${value} AS ${type})`);
    }
    const otherwise = `defaultValueOfTypeName(${quoted(type)})`;
    values.push(
      `${cases.length > 0 ? `multiIf(${cases.join(', ')}, ${otherwise})` : otherwise} AS __merge_v${at}`,
    );
    named.push(`__merge_v${at} AS ${identifierText(name)}`);
    const own = identifierText(name);
    // A default is over the other columns of the new row.
    rows.push(
      defaultExpr === undefined || omitted.length === 0
        ? own
        : `if(${act} IN (${omitted.join(', ')}), CAST(${defaultExpr} AS ${type}), ${own})`,
    );
  }
  const inner = `SELECT ${query.action} AS ${act}, ${values.join(', ')} FROM ${query.from} WHERE ${query.where}`;
  const middle = `SELECT ${act}, ${named.join(', ')} FROM (${inner})`;
  const { planning, node } = bound(run, `SELECT ${rows.join(', ')} FROM (${middle})`);
  const names = columns.map(({ name }) => name);
  return planText(planning, tableRows(planning, definition, names, node, ast.span));
}

/** The value of a column in the rows of a clause, as SQL; undefined for the column's default. */
function writtenValue(
  ast: Merge,
  when: MergeWhen,
  columns: readonly ColumnDefinition[],
  name: string,
): string | undefined {
  if (when.all) return `${sourceName(ast)}.${identifierText(name)}`;
  if (when.action === 'UPDATE') {
    const set = when.assignments?.find((a) => a.column.parts.at(-1)?.name === name);
    if (!set) return `${targetName(ast)}.${identifierText(name)}`;
    return isDefault(set.value) ? undefined : print(set.value);
  }
  const names = when.columns?.map((c) => c.name) ?? columns.map((c) => c.name);
  const value = when.values?.[names.indexOf(name)];
  return value === undefined || isDefault(value) ? undefined : print(value);
}

const isDefault = (ast: Expression): boolean => ast.kind === 'Literal' && ast.type === 'default';

/** Names and numbers of what the clauses write. */
function checkWhens(ast: Merge, definition: TableDefinition): void {
  const columns = insertable(definition);
  for (const when of ast.whens) {
    const inserts = !when.matched && !when.bySource;
    if (inserts ? takesAway(when) : when.action === 'INSERT') {
      const text = `${when.action} does not go with WHEN ${when.matched ? '' : 'NOT '}MATCHED`;
      throw failAt(when.span, 'BAD_ARGUMENTS', text);
    }
    const written = [
      ...(when.assignments ?? []).map(({ column }) => column.parts.at(-1) as Name),
      ...(when.columns ?? []),
    ];
    for (const { name, span } of written) {
      columnOf(definition, name, span);
      if (columns.some((c) => c.name === name)) continue;
      throw failAt(span, 'ILLEGAL_COLUMN', `Column ${name} is computed: it cannot be written`);
    }
    const wanted = when.columns?.length ?? columns.length;
    if (when.values && when.values.length !== wanted) {
      const text = `VALUES has ${when.values.length} value(s) for ${wanted} column(s)`;
      throw failAt(when.span, 'NUMBER_OF_COLUMNS_DOESNT_MATCH', text);
    }
  }
}

function bound(run: Run, text: string) {
  const planning = startPlanning(run);
  const statement = parseStatement(`${text} SETTINGS join_use_nulls = 0`);
  if (statement.kind !== 'QueryStatement') throw fail('LOGICAL_ERROR', 'MERGE cannot be planned');
  return { planning, node: bindTop(planning, statement.query) };
}

function planned(run: Run, text: string): PlanText {
  const { planning, node } = bound(run, text);
  return planText(planning, node);
}

/** Numbers of rows by file. A row that two rows of the source match has no one answer.
 *  @param gone names of segments, and the numbers of their rows in order */
function byFile(
  ast: Merge,
  segments: readonly SegmentDescriptor[],
  gone: readonly unknown[][],
): Record<string, readonly number[]> {
  const count = gone.reduce((n, [, numbers]) => n + (numbers as number[]).length, 0);
  if (count > goneMax) {
    throw fail('TOO_MANY_ROWS', `MERGE INTO changes more than ${goneMax} rows at once`);
  }
  const files = new Map<string, string>();
  for (const segment of segments) {
    // Readers see the name of a segment or that of its file.
    files.set(segmentName(segment), segment.file);
    files.set(segment.file.replace(/^.*\//, '').replace(/\.seg$/, ''), segment.file);
  }
  const rows: Record<string, readonly number[]> = {};
  for (const [name, found] of gone) {
    const file = files.get(String(name));
    if (file === undefined)
      throw fail('LOGICAL_ERROR', `MERGE found rows of ${name}, which is gone`);
    const numbers = found as number[];
    if (numbers.some((number, i) => number === numbers[i - 1])) {
      throw failAt(
        ast.on.span,
        'BAD_ARGUMENTS',
        'Several rows of the source match one row of the target',
        {
          hint: 'Group the source by the columns of ON',
        },
      );
    }
    rows[file] = numbers;
  }
  return rows;
}
