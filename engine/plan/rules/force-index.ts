// The settings that make it an error to read a table without help: by its primary key, by what it is
// partitioned by, or by a skip index of a name. An index helps where a condition of the filter is about
// nothing but columns that the index is made of.

import { fail } from '../../errors.ts';
import type { Planning } from '../context.ts';
import { columnsOf, conjuncts } from '../expression.ts';
import { inputs, type Node, type Scan } from '../logical.ts';
import type { Rule } from '../optimize.ts';

const scansOf = (node: Node): Scan[] =>
  node.kind === 'scan' ? [node] : inputs(node).flatMap(scansOf);

function serves(names: readonly string[], { filter, columns, names: stored }: Scan): boolean {
  if (!filter) return false;
  const made = new Set(
    columns.flatMap((c, i) => (names.includes(stored[i] as string) ? [c.id] : [])),
  );
  return conjuncts(filter).some((part) => {
    const read = [...columnsOf(part)];
    return read.length > 0 && read.every((id) => made.has(id));
  });
}

function checkKeys(scan: Scan, { settings }: Planning): void {
  const made = scan.table.keyColumns?.();
  if (!made) return;
  for (const [setting, what, names] of [
    ['force_primary_key', 'Primary key', made.primary],
    ['force_index_by_date', 'The partition key', made.partition],
  ] as const) {
    if (!settings.bool(setting) || names.length === 0 || serves(names, scan)) continue;
    throw fail(
      'INDEX_NOT_USED',
      `${what} (${names.join(', ')}) is not used and setting '${setting}' is set`,
      { hint: `Add a condition on ${names[0]} to WHERE, or leave ${setting} out` },
    );
  }
}

/** `i1, 'i2'` of force_data_skipping_indices. */
const listed = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim().replace(/^[`'"]|[`'"]$/g, ''))
    .filter((name) => name !== '');

function checkIndexes(scan: Scan, ctx: Planning): void {
  const ignored = listed(ctx.settings.text('ignore_data_skipping_indices'));
  const made = scan.table.keyColumns?.().indexes;
  for (const name of listed(ctx.settings.text('force_data_skipping_indices'))) {
    const columns = ignored.includes(name) ? undefined : made?.get(name);
    if (columns && serves(columns, scan)) continue;
    const text = `Index \`${name}\` is not used and setting 'force_data_skipping_indices' contains it`;
    throw fail('INDEX_NOT_USED', text, { hint: 'EXPLAIN indexes = 1 shows which indexes serve' });
  }
}

/** Behind push-down-filter, when scans have their conditions. */
export const forceIndex: Rule = {
  name: 'force-index',
  doc: 'Refuses to read without the indexes that settings ask for',
  apply(node, ctx) {
    const keys = ['force_primary_key', 'force_index_by_date'].some((s) => ctx.settings.bool(s));
    const indexes = ctx.settings.text('force_data_skipping_indices') !== '';
    if (keys || indexes) {
      for (const scan of scansOf(node)) {
        if (keys) checkKeys(scan, ctx);
        if (indexes) checkIndexes(scan, ctx);
      }
    }
    return node;
  },
};
