// ALTER TABLE … PARTITION: whole parts of a table come, go and move.

import type { AlterPartition } from '../../ast/index.ts';
import type { Cursor } from '../cursor.ts';
import { parsePartition } from '../table/partition.ts';
import { type Parse, span } from './command.ts';

export function parsePartitionCommand(
  p: Cursor,
  start: number,
  action: AlterPartition['action'],
): AlterPartition {
  return { kind: 'AlterPartition', action, partition: parsePartition(p), span: span(start) };
}

export const parseAttach: Parse = (p, start) => {
  const node = parsePartitionCommand(p, start, 'ATTACH');
  if (p.accept('FROM')) {
    node.action = 'ATTACH FROM';
    node.table = p.tableName();
  }
  return node;
};

export const parseMove: Parse = (p, start) => {
  const node = parsePartitionCommand(p, start, 'MOVE TO TABLE');
  p.expect('TO');
  const place = p.expectOne('TABLE', 'DISK', 'VOLUME');
  node.action = `MOVE TO ${place}`;
  if (place === 'TABLE') node.table = p.tableName();
  else node.target = p.string();
  return node;
};

export const parseReplace: Parse = (p, start) => {
  const node = parsePartitionCommand(p, start, 'REPLACE FROM');
  p.expect('FROM');
  node.table = p.tableName();
  return node;
};

export const parseFetch: Parse = (p, start) => {
  const node = parsePartitionCommand(p, start, 'FETCH');
  p.expect('FROM');
  node.target = p.string();
  return node;
};

export const parseFreeze =
  (action: 'FREEZE' | 'UNFREEZE'): Parse =>
  (p, start) => {
    const whole = !p.is('PARTITION') && !p.is('PART');
    const partition = whole ? undefined : parsePartition(p);
    const target = p.acceptAll('WITH', 'NAME') ? p.string() : undefined;
    return { kind: 'AlterPartition', action, partition, target, span: span(start) };
  };

export const parseExport: Parse = (p, start) => {
  const node = parsePartitionCommand(p, start, 'EXPORT TO TABLE');
  p.expectAll('TO', 'TABLE');
  node.table = p.tableName();
  return node;
};
