// ALTER TABLE … UPDATE, DELETE and APPLY: commands that change rows.

import { parseExpression } from '../expression.ts';
import { parseAssignments } from '../table/assignment.ts';
import { parseInPartition } from '../table/partition.ts';
import { type Parse, span } from './command.ts';

export const parseUpdate: Parse = (p, start) => {
  const assignments = parseAssignments(p);
  const partition = parseInPartition(p);
  p.expect('WHERE');
  return {
    kind: 'UpdateRows',
    assignments,
    partition,
    where: parseExpression(p, 0),
    span: span(start),
  };
};

export const parseDelete: Parse = (p, start) => {
  const partition = parseInPartition(p);
  p.expect('WHERE');
  return { kind: 'DeleteRows', partition, where: parseExpression(p, 0), span: span(start) };
};

export const parseApply: Parse = (p, start) => {
  const what = p.acceptAll('DELETED', 'MASK') ? 'DELETED MASK' : p.expectOne('PATCHES');
  return { kind: 'ApplyMask', what, partition: parseInPartition(p), span: span(start) };
};
