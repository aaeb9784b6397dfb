// DESCRIBE and EXISTS.

import { type Describe, type ExistsStatement, quoteString } from '../../../sql/index.ts';
import { bindFrom } from '../../plan/bind/from/index.ts';
import { newScope } from '../../plan/bind/scope.ts';
import { notBuilt } from '../../plan/context.ts';
import type { LitValue } from '../../plan/physical/wire.ts';
import { prettyType } from '../../plan/types.ts';
import { applyOutput, applySettings } from '../../query/apply-settings.ts';
import type { Answer, Run } from '../../query/core.ts';
import { findTable, nameOf, placeOf } from '../../query/names.ts';
import { startPlanning } from '../../query/plan-query.ts';
import { isSystem } from '../../tables/databases.ts';
import { historyRows, numberOf } from './history.ts';
import { subcolumns } from './subcolumns.ts';

export interface Rows {
  columns: { name: string; type: string }[];
  rows: LitValue[][];
}

const columns = [
  'name',
  'type',
  'default_type',
  'default_expression',
  'comment',
  'codec_expression',
  'ttl_expression',
].map((name) => ({ name, type: 'String' }));

export function describe(run: Run, ast: Describe): Answer {
  applySettings(run, ast.settings);
  applyOutput(run, ast.output);
  const plain = describeRows(run, ast);
  const deep = ast.mode === 'COLUMNS' && run.settings.bool('describe_include_subcolumns');
  const all = deep ? withSubcolumns(plain) : plain;
  const rows = run.settings.text('print_pretty_type_names') === '1' ? pretty(all) : all;
  const compact = ast.mode === 'COLUMNS' && run.settings.bool('describe_compact_output');
  return { kind: 'rows', ...(compact ? namesAndTypes(rows) : rows) };
}

const isSubcolumn = { name: 'is_subcolumn', type: 'UInt8' };

/** The columns, and behind them their parts. */
function withSubcolumns({ rows }: Rows): Rows {
  const parts = rows.flatMap(([name, type, , , comment]) =>
    subcolumns(String(type)).map((part): LitValue[] => [
      `${String(name)}.${part.name}`,
      part.type,
      '',
      '',
      comment ?? '',
      '',
      '',
      '1',
    ]),
  );
  return {
    columns: [...columns, isSubcolumn],
    rows: [...rows.map((row) => [...row, '0']), ...parts],
  };
}

const namesAndTypes = ({ columns: all, rows }: Rows): Rows => ({
  columns: [...all.slice(0, 2), ...all.slice(columns.length)],
  rows: rows.map((row) => [...row.slice(0, 2), ...row.slice(columns.length)]),
});

/** The second column holds types, in the rows of columns. */
const pretty = ({ columns: all, rows }: Rows): Rows => ({
  columns: all,
  rows:
    all[0]?.name === 'name' && all[1]?.name === 'type'
      ? rows.map(([name, type, ...rest]) => [name ?? '', prettyType(String(type)), ...rest])
      : rows,
});

/** What an EPHEMERAL column without an expression is. */
const emptyValue = (type: string): string => `defaultValueOfTypeName(${quoteString(type)})`;

export function describeRows(run: Run, ast: Describe): Rows {
  const { source } = ast;
  if (ast.mode === 'HISTORY' && source.kind === 'Table') {
    return historyRows(run, source.name, numberOf(ast.limit));
  }
  if (ast.mode !== 'COLUMNS') throw notBuilt(ast.span, `DESCRIBE ${ast.mode}`);
  const table = source.kind === 'Table' && !source.alias ? findTable(run, source.name) : undefined;
  if (table && table.definition.engine.name !== 'View') {
    const rows = table.definition.columns.map((c): LitValue[] => [
      c.name,
      c.type,
      c.defaultKind ?? '',
      c.defaultExpr ?? (c.defaultKind === 'EPHEMERAL' ? emptyValue(c.type) : ''),
      c.comment ?? '',
      c.codec ?? '',
      c.ttl ?? '',
    ]);
    return { columns, rows };
  }
  // What columns a view with parameters has is known once it is called.
  if (table && table.definition.columns.length === 0) return { columns, rows: [] };
  const { ctx } = startPlanning(run);
  const from = bindFrom(source, newScope(ctx, ast.span));
  const rows = from.sources.flatMap((s) =>
    s.columns.filter((c) => !c.hidden).map((c): LitValue[] => [c.name, c.type, '', '', '', '', '']),
  );
  return { columns, rows };
}

export function exists(run: Run, ast: ExistsStatement): Answer {
  applyOutput(run, ast.output);
  return { kind: 'rows', ...existsRows(run, ast) };
}

export function existsRows(run: Run, ast: ExistsStatement): Rows {
  const { catalog } = run.core.storage.context;
  let found: boolean;
  if (ast.object === 'DATABASE') {
    const name = nameOf(run, ast.name.table);
    found = isSystem(name) || catalog.state.databases.has(name);
  } else {
    const place = placeOf(run, ast.name);
    if (isSystem(place.database))
      found = startPlanning(run).ctx.catalog.find(place.database, place.name) !== undefined;
    else {
      const table = findTable(run, ast.name);
      const isView = table?.definition.engine.name === 'View';
      found = table !== undefined && (ast.object === 'TABLE' || (ast.object === 'VIEW' && isView));
      if (ast.temporary) found = run.session?.temporary.has(place.name) ?? false;
    }
  }
  return { columns: [{ name: 'result', type: 'UInt8' }], rows: [[found ? '1' : '0']] };
}
