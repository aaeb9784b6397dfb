// SETTINGS of a query inside another: how much its own sources may be read, and in what pieces.
// Limits of the whole statement are the kernel's.

import type { SettingItem } from '../../../sql/index.ts';
import type { Settings } from '../../settings/index.ts';
import { type Node, type SourceLimits, withInputs } from '../logical.ts';

const names = /^(max_rows_to_read|max_bytes_to_read|read_overflow_mode|max_block_size)$/;

/** The sources below `node` under the limits that `items` set; those further in have their own. */
export function limitSources(node: Node, items: readonly SettingItem[], settings: Settings): Node {
  if (!items.some((item) => names.test(item.name))) return node;
  const limits: SourceLimits = {
    rows: settings.number('max_rows_to_read'),
    bytes: settings.number('max_bytes_to_read'),
    cut: settings.text('read_overflow_mode') === 'break',
    block: settings.number('max_block_size'),
  };
  const limited = (n: Node): Node =>
    n.kind === 'scan' || n.kind === 'numbers'
      ? { ...n, limits: n.limits ?? limits }
      : withInputs(n, limited);
  return limited(node);
}
