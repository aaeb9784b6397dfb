// Types that name an aggregate function. AggregateFunction(f, …): f is known. SimpleAggregateFunction(f, T):
// which functions may stand there, and that f of Ts gives a T again.

import type { Span } from '../../../sql/index.ts';
import { EngineError } from '../../errors.ts';
import { failAt } from '../../plan/context.ts';
import { type Run, sessionJson } from '../../query/core.ts';

const supported = new Set(
  `any any_respect_nulls anyLast anyLast_respect_nulls min max sum sumWithOverflow groupBitAnd groupBitOr
   groupBitXor sumMap minMap maxMap groupArrayArray groupArrayLastArray groupUniqArrayArray
   groupUniqArrayArrayMap sumMappedArrays minMappedArrays maxMappedArrays`.split(/\s+/),
);

/** Throws UNKNOWN_AGGREGATE_FUNCTION at the type's place. */
export function checkStates(run: Run, type: string, span: Span): void {
  const { functions } = run.core.native.planner(sessionJson(run));
  for (const [, name = ''] of type.matchAll(/\bAggregateFunction\((?:\d+, )?(\w+)/g)) {
    if (functions.aggregate(name) !== undefined) continue;
    throw failAt(span, 'UNKNOWN_AGGREGATE_FUNCTION', `Unknown aggregate function ${name}`);
  }
}

/** Throws BAD_ARGUMENTS at the type's place. */
export function checkSimpleAggregates(run: Run, type: string, span: Span): void {
  for (const { 1: name = '', index } of type.matchAll(/SimpleAggregateFunction\((\w+)/g)) {
    if (!supported.has(name)) {
      const text = `Unsupported aggregate function ${name}, supported functions are ${[...supported].join(',')}`;
      throw failAt(span, 'BAD_ARGUMENTS', text, {
        hint: 'AggregateFunction keeps the state of any function',
      });
    }
    const args = argumentsOf(type, index + 'SimpleAggregateFunction('.length).slice(1);
    const stored = args[0];
    if (stored === undefined) continue;
    const given = resultOf(run, name, args);
    if (given === undefined || plain(given) === plain(stored)) continue;
    const text = `Incompatible data types between aggregate function '${name}' which returns ${given} and column storage type ${stored}`;
    throw failAt(span, 'BAD_ARGUMENTS', text, { hint: `Write ${given}` });
  }
}

/** A dictionary is a way to store values, not another type of them. */
const plain = (type: string): string => type.replace(/LowCardinality\((\w+(?:\(\w+\))?)\)/g, '$1');

function resultOf(run: Run, name: string, args: readonly string[]): string | undefined {
  try {
    const kernel = run.core.native.planner(sessionJson(run));
    return kernel.canonicalType(kernel.resolveAggregate(name, [], args).type);
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

/** The parts between the commas of a list that begins at `from`, up to its closing parenthesis. */
function argumentsOf(text: string, from: number): string[] {
  const parts: string[] = [];
  let depth = 0;
  let begin = from;
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (c === '(') depth++;
    if (c === "'") at = text.indexOf("'", at + 1);
    if (at < 0) return [];
    if (depth > 0 || (c !== ',' && c !== ')')) {
      if (c === ')') depth--;
      continue;
    }
    parts.push(text.slice(begin, at).trim());
    begin = at + 1;
    if (c === ')') return parts;
  }
  return [];
}
