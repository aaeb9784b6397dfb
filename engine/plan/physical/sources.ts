// Nodes without a node below: where rows come from.
import { isUtf8 } from 'node:buffer';
import { fail } from '../../errors.ts';
import type { Planning } from '../context.ts';
import type { Column } from '../expression.ts';
import { exprJson } from './expression.ts';
import { guardedSource } from './guards.ts';
import { idsOf, optional, type Placed, type Placers, positionsOf } from './placed.ts';
import type { NodeJson } from './wire.ts';

type Source =
  | 'scan'
  | 'one'
  | 'numbers'
  | 'values'
  | 'files'
  | 'batch'
  | 'shared'
  | 'recursive'
  | 'working';

const placed = (node: { readonly columns: readonly Column[] }, json: NodeJson): Placed => ({
  json,
  out: idsOf(node.columns),
});

const declared = (columns: readonly Column[]): { name: string; type: string }[] =>
  columns.map(({ name, type }) => ({ name, type }));

export const sources: Placers<Source> = {
  scan(node, { ctx }) {
    const out = idsOf(node.columns);
    checkColumnsRead(ctx, node.names);
    const filter = node.filter && exprJson(node.filter, positionsOf(out), []);
    const scan: NodeJson = {
      kind: 'scan',
      table: node.table.handle,
      columns: [...node.names],
      ...optional('filter', filter),
      ...(node.final ? { final: true, byPartition: node.final.byPartition } : {}),
    };
    return { json: guardedSource(node.limits, scan), out };
  },

  one: () => ({ json: { kind: 'one' }, out: [] }),

  numbers(node) {
    const { start, count, step, limits } = node;
    const more = { ...optional('count', count), ...optional('block', limits?.block) };
    return placed(node, guardedSource(limits, { kind: 'numbers', start, ...more, step }));
  },

  values(node) {
    const columns = declared(node.columns);
    if (node.written) {
      const { format, data } = node.written;
      const bytes = isUtf8(data)
        ? { data: data.toString() }
        : { data: data.toString('hex'), hex: true as const };
      return placed(node, { kind: 'format', format, ...bytes, columns });
    }
    return placed(node, { kind: 'values', columns, rows: node.rows.map((r) => [...r]) });
  },

  files(node) {
    const columns = declared(node.columns);
    const files = node.files.map(({ root, path, shown, compression, sparse, virtuals }) => ({
      ...optional('root', root),
      path,
      shown,
      ...optional('compression', compression),
      ...optional('sparse', sparse),
      virtuals: [...virtuals],
    }));
    return placed(node, {
      kind: 'files',
      format: node.format,
      columns: columns.slice(0, node.own),
      virtuals: columns.slice(node.own),
      files,
    });
  },

  batch: (node) =>
    placed(node, { kind: 'batch', batch: node.batch, columns: declared(node.columns) }),

  shared: (node) => placed(node, { kind: 'subquery', subquery: node.subquery }),

  recursive(node, { ordered }) {
    const { table, stepsMax, distinct } = node;
    const [first, step] = [ordered(node.first), ordered(node.step)];
    return placed(node, { kind: 'recursive', first, step, table, stepsMax, distinct });
  },

  working: (node) => placed(node, { kind: 'working', table: node.table }),
};

function checkColumnsRead(ctx: Planning, names: readonly string[]): void {
  const most = ctx.settings.number('max_columns_to_read');
  if (most === 0 || names.length <= most) return;
  const text = `Limit for number of columns to read exceeded. Requested: ${names.length}, maximum: ${most}`;
  throw fail('TOO_MANY_COLUMNS', text, { hint: 'Name the columns that are needed instead of *' });
}
