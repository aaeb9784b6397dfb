// SHOW, DESCRIBE, EXISTS and EXPLAIN inside FROM (…).

import type { Statement } from '../../../sql/index.ts';
import { bindStatement } from '../../plan/bind/query.ts';
import { newColumn, notBuilt, type Planning } from '../../plan/context.ts';
import type { Node } from '../../plan/logical.ts';
import type { Run } from '../../query/core.ts';
import { describeRows, existsRows, type Rows } from './describe.ts';
import { explainRows } from './explain.ts';
import { showQuery, showRows } from './show.ts';
import { summaryQuery } from './summarize.ts';

export function statementRowsNode(run: Run, statement: Statement, ctx: Planning): Node {
  ctx.cacheable = false;
  const values = ({ columns, rows }: Rows): Node => ({
    kind: 'values',
    title: statement.kind,
    columns: columns.map((c) => newColumn(ctx, c.name, c.type)),
    rows,
  });
  switch (statement.kind) {
    case 'Show': {
      const rows = showRows(run, statement);
      return rows ? values(rows) : bindStatement(showQuery(run, statement), ctx).node;
    }
    case 'Describe':
      return values(describeRows(run, statement));
    case 'ExistsStatement':
      return values(existsRows(run, statement));
    case 'Explain':
      return values(explainRows(run, statement));
    case 'Summarize':
      return bindStatement(summaryQuery(run, statement), ctx).node;
    case 'QueryStatement':
      return bindStatement(statement.query, ctx).node;
    default:
      throw notBuilt(statement.span, `${statement.kind} in FROM`);
  }
}
