// Names that a regular expression finds: of columns for COLUMNS and EXCEPT, of tables for merge().
// The kernel matches, as the function `match` does: its time is linear, whatever the pattern.
import type { Span } from '../../sql/index.ts';
import { asEngineError } from '../errors.ts';
import { type PlannerKernel, SpannedError } from './context.ts';

/** @param span of the pattern, where it stands in the statement
 *  @throws CANNOT_COMPILE_REGEXP */
export function matchingNames(
  kernel: Pick<PlannerKernel, 'fold'>,
  pattern: string,
  names: readonly string[],
  span?: Span,
): ReadonlySet<string> {
  const lit = { type: 'String', value: pattern };
  const lambda = { call: 'match', args: [{ param: 0 }, { lit }] };
  // One name is always there, so that a bad pattern is found though there are no others.
  const list = { lit: { type: 'Array(String)', value: [...names, ''] } };
  try {
    const found = kernel.fold({
      call: 'arrayFilter',
      args: [{ lambda, params: 1, types: ['String'] }, list],
    });
    return new Set(Array.isArray(found?.value) ? (found.value as string[]) : []);
  } catch (error) {
    throw span ? new SpannedError(asEngineError(error), span) : error;
  }
}
