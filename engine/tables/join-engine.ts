// ENGINE = Join(strictness, kind, keys…): rows that stand ready on the right side of one kind of join.
// Where a key has one row at most, the first inserted stays (the last, if it was told so).

import type { Expression, FunctionCall } from '../../sql/index.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import { identifierText } from '../plan/bind/names.ts';
import { failAt } from '../plan/context.ts';
import { type JoinTable, oneRowPerKey } from '../plan/join-table.ts';
import { columnName } from './engine-rule.ts';

/** What `SETTINGS` of a Join may say; limits and places mean nothing here. */
export const joinTableSettings = new Set([
  'join_use_nulls',
  'join_any_take_last_row',
  'any_join_distinct_right_table_keys',
  'max_rows_in_join',
  'max_bytes_in_join',
  'join_overflow_mode',
  'persistent',
  'disk',
]);

export const joinTable = ({ extra }: TableDefinition): JoinTable | undefined =>
  extra?.join as JoinTable | undefined;

function keyword(call: FunctionCall, place: number, which: string, words: string): string {
  const arg = call.args[place] as Expression;
  const name = columnName(arg)?.toUpperCase() ?? '';
  if (words.split(' ').includes(name)) return name;
  throw failAt(
    arg.span,
    'BAD_ARGUMENTS',
    `${which} parameter of storage Join must be ${words.replaceAll(' ', ' or ')} (without quotes)`,
  );
}

/** The definition with what the engine's arguments and settings say, checked. */
export function withJoin(
  table: TableDefinition,
  call: FunctionCall | undefined,
  useNulls: boolean,
): TableDefinition {
  if (call?.name !== 'Join') return table;
  const strictness = keyword(call, 0, 'First', 'ANY ALL SEMI ANTI');
  const kind = keyword(call, 1, 'Second', 'LEFT INNER RIGHT FULL');
  const span = call.args[1]?.span ?? call.span;
  if (/^(SEMI|ANTI)$/.test(strictness) && !/^(LEFT|RIGHT)$/.test(kind))
    throw failAt(span, 'BAD_ARGUMENTS', 'SEMI|ANTI JOIN should be LEFT or RIGHT');
  if (strictness === 'ANY' && kind === 'FULL')
    throw failAt(span, 'NOT_IMPLEMENTED', 'ANY FULL JOINs are not implemented');
  const keys = call.args.slice(2).map((arg, i): string => {
    const name = columnName(arg);
    if (name === undefined) {
      const text = `Parameter ${i + 3} of storage Join does not look like a column's name`;
      throw failAt(arg.span, 'BAD_ARGUMENTS', text);
    }
    const column = table.columns.find((c) => c.name === name);
    if (column && column.defaultKind !== 'ALIAS' && column.defaultKind !== 'EPHEMERAL') return name;
    const text = `Key column (${name}) does not exist in table declaration`;
    throw failAt(arg.span, 'NO_SUCH_COLUMN_IN_TABLE', text);
  });
  const isOn = (name: string, otherwise: boolean): boolean => {
    const value = table.settings[name];
    return value === undefined ? otherwise : value !== '0' && value !== 'false';
  };
  const join: JoinTable = {
    strictness,
    kind,
    keys,
    useNulls: isOn('join_use_nulls', useNulls),
    takeLast: isOn('join_any_take_last_row', false),
  };
  const orderBy = oneRowPerKey(join) ? keys.map(identifierText) : [];
  return { ...table, orderBy, extra: { ...table.extra, join } };
}
