// The kernel as the planner sees it, for one session.
import type { FunctionTable, PlannerKernel } from '../plan/context.ts';
import type { Lit, SessionJson } from '../plan/physical/wire.ts';
import type { Addon } from './addon.ts';
import { sync } from './failures.ts';
import type { Questions } from './questions.ts';
import type { FormatEntry } from './registry.ts';

export function plannerKernel(
  addon: Addon,
  { resolveFunctionWith, commonType: _, ...questions }: Questions,
  names: { functions: FunctionTable; format: (name: string) => FormatEntry | undefined },
  session: SessionJson,
): PlannerKernel {
  const { settings, timezone } = session;
  const infer = (spec: object, data: Buffer): { name: string; type: string }[] => {
    const text = JSON.stringify({ ...spec, settings, timezone, plain: true });
    return JSON.parse(sync(() => addon.inferSchema(text, data)));
  };
  return {
    ...questions,
    ...names,
    ...(Object.keys(settings).length === 0
      ? {}
      : { resolveFunction: resolveFunctionWith(session) }),
    infer: (format, data) => infer({ format }, data),
    inferFile: (format, { root, path, shown, compression }) =>
      infer({ format, file: { root, path, shown, compression } }, Buffer.alloc(0)),
    fold(expr) {
      const answer = sync(() => addon.fold(JSON.stringify({ expr, session })));
      return (JSON.parse(answer) as Lit | null) ?? undefined;
    },
  };
}
