// REFRESH … of a materialised view as the catalog keeps it, and when the next one is due.

import { type Expression, print, type Refresh } from '../../sql/index.ts';
import { failAt } from '../plan/context.ts';
import type { Run } from '../query/core.ts';

export interface RefreshPlan {
  readonly every: boolean;
  /** Length of the period; months count apart, as their length differs. */
  readonly seconds: number;
  readonly months: number;
  readonly offsetSeconds: number;
  readonly randomizeSeconds: number;
  readonly append: boolean;
  readonly dependsOn: readonly { readonly database: string; readonly name: string }[];
  /** As written, for SHOW CREATE. */
  readonly text: string;
}

const units: Record<string, [seconds: number, months: number]> = {
  SECOND: [1, 0],
  MINUTE: [60, 0],
  HOUR: [3600, 0],
  DAY: [86_400, 0],
  WEEK: [604_800, 0],
  MONTH: [0, 1],
  QUARTER: [0, 3],
  YEAR: [0, 12],
};

function lengthOf(list: readonly Expression[] | undefined): { seconds: number; months: number } {
  let [seconds, months] = [0, 0];
  for (const item of list ?? []) {
    const [, number = '', unit = ''] = /^(?:INTERVAL )?(\d+) (\w+?)S?$/i.exec(print(item)) ?? [];
    const known = units[unit.toUpperCase()];
    if (!known) {
      throw failAt(item.span, 'SYNTAX_ERROR', `${print(item)} is no length of time`, {
        hint: 'Write a number and a unit, as in 1 HOUR or 2 DAY 3 MINUTE',
      });
    }
    seconds += Number(number) * known[0];
    months += Number(number) * known[1];
  }
  return { seconds, months };
}

export function refreshText(run: Run, ast: Refresh): RefreshPlan {
  const { seconds, months } = lengthOf(ast.period);
  if (ast.schedule && seconds === 0 && months === 0) {
    throw failAt(ast.span, 'BAD_ARGUMENTS', 'The period of REFRESH is zero');
  }
  if (seconds > 0 && months > 0) {
    const text = "Interval shouldn't contain both calendar units and clock units";
    throw failAt(ast.span, 'BAD_ARGUMENTS', text, { hint: 'Write months, or days, not both' });
  }
  const offset = lengthOf(ast.offset);
  const randomize = lengthOf(ast.randomize);
  const month = 30 * 86_400;
  return {
    every: ast.schedule === 'EVERY',
    seconds,
    months,
    offsetSeconds: offset.seconds + offset.months * month,
    randomizeSeconds: randomize.seconds + randomize.months * month,
    append: ast.append,
    dependsOn: (ast.dependsOn ?? []).map((name) => ({
      database: name.database?.name ?? run.database,
      name: name.table.name,
    })),
    text: print(ast),
  };
}

/** When a refresh is due after `lastMs`, the end of the one before (or the making of the view). */
export function nextRefreshMs(plan: RefreshPlan, lastMs: number): number {
  const { seconds, months, offsetSeconds } = plan;
  if (!plan.every) {
    const shifted = new Date(lastMs);
    shifted.setUTCMonth(shifted.getUTCMonth() + months);
    return shifted.getTime() + seconds * 1000;
  }
  const offset = offsetSeconds * 1000;
  if (months > 0) {
    const at = new Date(lastMs - offset);
    const index = at.getUTCFullYear() * 12 + at.getUTCMonth();
    const next = (Math.floor(index / months) + 1) * months;
    return Date.UTC(Math.floor(next / 12), next % 12, 1) + offset;
  }
  const period = seconds * 1000;
  // Weeks begin on a Monday; the epoch was a Thursday.
  const origin = seconds % 604_800 === 0 ? 4 * 86_400_000 : 0;
  const from = offset + origin;
  return (Math.floor((lastMs - from) / period) + 1) * period + from;
}
