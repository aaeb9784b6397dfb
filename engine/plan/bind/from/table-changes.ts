// table_changes('t', from[, to]): the rows that each commit inserted, deleted, or changed.
//
// Segments that came and went are compared as bags of rows, so that rewriting a segment shows only the
// rows that differ.

import { type Expression, type FunctionCall, parseStatement } from '../../../../sql/index.ts';
import type { StoredTable, TableStep } from '../../context.ts';
import type { Node } from '../../logical.ts';
import { identifierText } from '../names.ts';
import { bindStatement } from '../query.ts';
import type { Scope } from '../scope.ts';
import { atPlace, versioned, versionOrMoment } from './as-of.ts';
import { arity, textOf } from './table-function-arguments.ts';

export function bindTableChanges(call: FunctionCall, scope: Scope): Node {
  arity(call, 2, 3);
  const { ctx } = scope;
  const [name, from, to] = call.args as [Expression, Expression, Expression?];
  const parts = textOf(name, call, scope).split('.');
  const table = atPlace(name.span, () =>
    ctx.catalog.table(parts.length > 1 ? parts[0] : undefined, parts.slice(-1)[0] as string),
  );
  const first = versionOrMoment(scope, from);
  const last = to && versionOrMoment(scope, to);
  const steps = atPlace(call.span, () => versioned(scope, table, name.span).changes(first, last));
  const shown = steps.find((s) => s.came ?? s.went);
  const { columns } = shown?.came ?? shown?.went ?? table;
  const names = columns
    .filter((c) => c.kind !== 'ALIAS' && c.kind !== 'EPHEMERAL')
    .map((c) => identifierText(c.name))
    .join(', ');
  const sources = new Map<string, StoredTable>();
  const open = (source: StoredTable): string => {
    const key = `#${sources.size}`;
    sources.set(key, source);
    return `\`${key}\``;
  };
  const queries = steps.map((step) => stepQuery(step, names, open));
  if (queries.length === 0) {
    const none = open(table as StoredTable);
    queries.push(
      `SELECT ${names}, ${labels("''", { version: 0, timeMs: 0 })} FROM ${none} WHERE 0`,
    );
  }
  const statement = parseStatement(queries.join(' UNION ALL '));
  if (statement.kind !== 'QueryStatement') throw new Error('plan: changes are a query');
  const { catalog } = ctx;
  ctx.catalog = {
    ...catalog,
    find: (database, wanted) => sources.get(wanted) ?? catalog.find(database, wanted),
    table: (database, wanted) => sources.get(wanted) ?? catalog.table(database, wanted),
  };
  try {
    return bindStatement(statement.query, ctx).node;
  } finally {
    ctx.catalog = catalog;
  }
}

const labels = (type: string, { version, timeMs }: Pick<TableStep, 'version' | 'timeMs'>): string =>
  `${type} AS _change_type, toUInt64(${version}) AS _commit_version,
   fromUnixTimestamp64Milli(toInt64(${timeMs})) AS _commit_timestamp`;

function stepQuery(step: TableStep, names: string, open: (source: StoredTable) => string): string {
  const { came, went, operation } = step;
  if (!came || !went) {
    const one = open((came ?? went) as StoredTable);
    return `SELECT ${names}, ${labels(came ? "'insert'" : "'delete'", step)} FROM ${one}`;
  }
  const [plus, minus] =
    operation === 'UPDATE' ? ['update_postimage', 'update_preimage'] : ['insert', 'delete'];
  const type = `if(\`#n\` > 0, '${plus}', '${minus}')`;
  return `SELECT ${names}, ${labels(type, step)} FROM (
    SELECT ${names}, sum(\`#s\`) AS \`#n\` FROM (
      SELECT ${names}, toInt64(1) AS \`#s\` FROM ${open(came)}
      UNION ALL SELECT ${names}, toInt64(-1) AS \`#s\` FROM ${open(went)})
    GROUP BY ${names} HAVING \`#n\` != 0)
    ARRAY JOIN range(toUInt64(abs(\`#n\`))) AS \`#i\``;
}
