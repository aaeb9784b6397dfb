// SUMMARIZE t: a row for each column with its range, distinct values, average, quartiles and NULLs. One
// pass over the table.

import {
  parseStatement,
  type Query,
  quoteString,
  type Select,
  type Summarize,
  type TableExpression,
} from '../../../sql/index.ts';
import { identifierText } from '../../plan/bind/names.ts';
import { bindStatement } from '../../plan/bind/query.ts';
import { notBuilt } from '../../plan/context.ts';
import { baseType, typeHead } from '../../plan/types.ts';
import type { Answer, Run } from '../../query/core.ts';
import { bindTop, planText, startPlanning } from '../../query/plan-query.ts';

export function summarize(run: Run, ast: Summarize): Answer {
  const query = summaryQuery(run, ast);
  const planning = startPlanning(run);
  return { kind: 'plan', plan: planText(planning, bindTop(planning, query)) };
}

const fields =
  'column_name column_type min max approx_unique avg std q25 q50 q75 count null_percentage';

/** The query that SUMMARIZE stands for. */
export function summaryQuery(run: Run, ast: Summarize): Query {
  const all = parsed('SELECT * FROM one', ast.source);
  const { columns } = bindStatement(all, startPlanning(run).ctx).node;
  const rows = columns.map(({ name, type }) => {
    const column = identifierText(name);
    const base = baseType(type);
    const head = typeHead(base);
    const ordered = !/^(Map|Tuple|Array|AggregateFunction|JSON|Variant|Dynamic|Nothing)$/.test(
      head,
    );
    const numeric = /^(U?Int\d+|Float\d+|Decimal\d*|Bool)$/.test(head);
    const text = (call: string): string =>
      `CAST(${ordered ? `CAST(${call}, 'Nullable(String)')` : 'NULL'}, 'Nullable(String)')`;
    const number = (call: string): string =>
      `CAST(${numeric ? `if(isFinite(${call}), toFloat64(${call}), NULL)` : 'NULL'}, 'Nullable(Float64)')`;
    const value = base === 'Bool' ? `toUInt8(${column})` : column;
    const items = [
      quoteString(name),
      quoteString(type),
      text(`min(${column})`),
      text(`max(${column})`),
      head === 'Nothing' ? 'toUInt64(0)' : `uniq(${column})`,
      number(`avg(${value})`),
      number(`stddevSamp(${value})`),
      ...[0.25, 0.5, 0.75].map((q) => number(`quantile(${q})(${value})`)),
      'count()',
      `if(count() = 0, 0., 100 * (count() - count(${column})) / count())`,
    ];
    return `(${items.join(', ')})`;
  });
  const inner = parsed(`SELECT arrayJoin([${rows.join(', ')}]) AS t FROM one`, ast.source);
  const list = fields.split(' ').map((name, i) => `t.${i + 1} AS ${name}`);
  const subquery: TableExpression = {
    kind: 'TableSubquery',
    query: inner,
    final: false,
    span: ast.span,
  };
  return parsed(`SELECT ${list.join(', ')} FROM one`, subquery);
}

/** A SELECT whose FROM is put in. */
function parsed(text: string, from: TableExpression): Select {
  const statement = parseStatement(text);
  if (statement.kind !== 'QueryStatement' || statement.query.kind !== 'Select')
    throw notBuilt(from.span, 'SUMMARIZE of this');
  return { ...statement.query, from, span: from.span };
}
