// `MergeTree(date, [sample,] key, granularity, …)`: how tables were made before ORDER BY and
// PARTITION BY had clauses of their own. It is turned into those clauses.

import type { Expression, FunctionCall, Storage } from '../../../sql/index.ts';
import { failAt } from '../../plan/context.ts';
import type { Run } from '../../query/core.ts';
import { meantArgs } from '../../tables/engine-rule.ts';

/** Where the granularity stands: behind the date, the sampling expression if any, and the key. */
function granularityAt(args: readonly Expression[]): number {
  return args.findIndex((arg, i) => (i === 2 || i === 3) && isNumber(arg));
}

const isNumber = (arg: Expression): boolean => arg.kind === 'Literal' && arg.type === 'number';

/** The clause as it is written today; itself when it is. */
export function modernStorage(run: Run, storage: Storage | undefined): Storage | undefined {
  const { engine } = storage ?? {};
  if (!storage || !engine || !/MergeTree$/.test(engine.name)) return storage;
  if (storage.orderBy || storage.primaryKey || storage.partitionBy || storage.sampleBy)
    return storage;
  const args = meantArgs(engine.name, engine.args);
  const at = granularityAt(args);
  if (at < 0) return storage;
  if (!run.settings.bool('allow_deprecated_syntax_for_merge_tree')) {
    throw failAt(
      engine.span,
      'BAD_ARGUMENTS',
      `${engine.name}(date, key, granularity) is a form that is no longer used`,
      {
        hint: 'Write ORDER BY and PARTITION BY behind the engine, or set allow_deprecated_syntax_for_merge_tree = 1',
      },
    );
  }
  const [date] = args as [Expression, ...Expression[]];
  const key = args[at - 1] as Expression;
  const granularity = args[at] as Expression;
  const { span } = engine;
  const month: FunctionCall = {
    kind: 'Function',
    name: 'toYYYYMM',
    nameSpan: date.span,
    span: date.span,
    args: [date],
    distinct: false,
  };
  return {
    ...storage,
    engine: { ...engine, args: args.slice(at + 1) },
    partitionBy: month,
    orderBy: [{ kind: 'OrderItem', expr: key, direction: 'ASC', span: key.span }],
    ...(at === 3 ? { sampleBy: args[1] as Expression } : {}),
    settings: [
      ...(storage.settings ?? []),
      {
        kind: 'SettingItem',
        name: 'index_granularity',
        nameSpan: span,
        value: granularity,
        span: granularity.span,
      },
    ],
  };
}
