// Settings that limit what an operator takes or gives: max_rows_to_group_by, max_rows_in_distinct and
// their kin. They become guards around the operators of the kernel's plan.

import { errorTable } from '../../errors.ts';
import type { Settings } from '../../settings/index.ts';
import type { SourceLimits } from '../logical.ts';
import type { NodeJson } from './wire.ts';

interface Guard {
  readonly rows?: string;
  readonly bytes?: string;
  readonly mode: string;
  readonly error: string;
  readonly what: string;
}

const guards = {
  groupBy: {
    rows: 'max_rows_to_group_by',
    mode: 'group_by_overflow_mode',
    error: 'TOO_MANY_ROWS',
    what: 'rows to GROUP BY',
  },
  distinct: {
    rows: 'max_rows_in_distinct',
    bytes: 'max_bytes_in_distinct',
    mode: 'distinct_overflow_mode',
    error: 'SET_SIZE_LIMIT_EXCEEDED',
    what: 'DISTINCT',
  },
  set: {
    rows: 'max_rows_in_set',
    bytes: 'max_bytes_in_set',
    mode: 'set_overflow_mode',
    error: 'SET_SIZE_LIMIT_EXCEEDED',
    what: 'IN-set',
  },
  sort: {
    rows: 'max_rows_to_sort',
    bytes: 'max_bytes_to_sort',
    mode: 'sort_overflow_mode',
    error: 'TOO_MANY_ROWS_OR_BYTES',
    what: 'ORDER BY',
  },
  join: {
    rows: 'max_rows_in_join',
    bytes: 'max_bytes_in_join',
    mode: 'join_overflow_mode',
    error: 'SET_SIZE_LIMIT_EXCEEDED',
    what: 'JOIN',
  },
} satisfies Record<string, Guard>;

/** The rows of `input` under the limits of an operator; `input` itself when there are none. */
export function guarded(
  settings: Settings,
  operator: keyof typeof guards,
  input: NodeJson,
): NodeJson {
  const guard: Guard = guards[operator];
  const rows = guard.rows === undefined ? 0 : settings.number(guard.rows);
  const bytes = guard.bytes === undefined ? 0 : settings.number(guard.bytes);
  if (rows === 0 && bytes === 0) return input;
  // These algorithms go on in files instead.
  if (operator === 'join' && /auto|merge|grace/.test(settings.text('join_algorithm'))) return input;
  const mode = settings.text(guard.mode);
  // The kernel ends a GROUP BY with the groups that it has then.
  if (operator === 'groupBy' && mode === 'break') return input;
  const code = errorTable.get(guard.error)?.code ?? 0;
  return { kind: 'guard', input, rows, bytes, cut: mode !== 'throw', code, what: guard.what };
}

/** A source under the limits of the query that reads it. */
export function guardedSource(limits: SourceLimits | undefined, input: NodeJson): NodeJson {
  if (!limits || (limits.rows === 0 && limits.bytes === 0)) return input;
  const { rows, bytes, cut } = limits;
  const code = errorTable.get('TOO_MANY_ROWS')?.code ?? 0;
  return { kind: 'guard', input, rows, bytes, cut, whole: true, code, what: 'rows to read' };
}

/** Groups beyond which no new ones are made (group_by_overflow_mode = 'any'). */
export function groupsKept(settings: Settings): number | undefined {
  const most = settings.number('max_rows_to_group_by');
  return most > 0 && settings.text('group_by_overflow_mode') === 'any' ? most : undefined;
}
