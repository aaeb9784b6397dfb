// Questions to the kernel that always have the same answer: types of calls, names of types. Answers are kept.
import { EngineError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { ArgumentType } from '../plan/context.ts';
import type { Lit, SessionJson } from '../plan/physical/wire.ts';
import type { Addon } from './addon.ts';
import { sync } from './failures.ts';

/** Answers that are kept; beyond, all are forgotten. */
const answersMax = 20_000;

const number = /^(U?Int(8|16|32|64)|Float(32|64))$/;
const ofTypesAlone = new Set(
  'equals notEquals less greater lessOrEquals greaterOrEquals plus minus multiply'.split(' '),
);

/** Numbers compared and added have the same type whatever they are: one question for all of them. */
function withoutValues(name: string, args: readonly ArgumentType[]): readonly ArgumentType[] {
  if (!ofTypesAlone.has(name) || !args.every(({ type }) => number.test(type))) return args;
  return args.map(({ type }) => ({ type }));
}

export type Questions = ReturnType<typeof questions>;

/** @param typeNames what a misspelt type may have meant */
export function questions(addon: Addon, typeNames: readonly string[]) {
  const memo = new Map<string, string>();
  const ask = (kind: string, question: string, answer: () => string): string => {
    const key = `${kind}${question}`;
    const known = memo.get(key);
    if (known !== undefined) return known;
    const value = sync(answer);
    if (memo.size >= answersMax) memo.clear();
    memo.set(key, value);
    return value;
  };
  const resolve = (question: string): string => {
    const answer = ask('f', question, () => addon.resolveFunction(question));
    return (JSON.parse(answer) as { type: string }).type;
  };
  return {
    canonicalType(text: string): string {
      try {
        return ask('t', text, () => addon.canonicalType(text));
      } catch (error) {
        const unknown = /[Uu]nknown (?:data )?type:? `?'?(\w+)/.exec((error as Error).message)?.[1];
        const near = unknown === undefined ? undefined : nearest(unknown, typeNames);
        if (near !== undefined && error instanceof EngineError)
          error.hint = `Did you mean \`${near}\`?`;
        throw error;
      }
    },
    commonType: (types: readonly string[]): string =>
      ask('s', JSON.stringify(types), () => addon.commonType(JSON.stringify(types))),
    resolveFunction: (name: string, args: readonly ArgumentType[]): string =>
      resolve(JSON.stringify({ name, args: withoutValues(name, args) })),
    /** Some functions look at settings before they say their type. */
    resolveFunctionWith:
      ({ settings, timezone }: SessionJson) =>
      (name: string, args: readonly ArgumentType[]): string =>
        resolve(
          JSON.stringify({
            name,
            args: withoutValues(name, args),
            session: { settings, timezone },
          }),
        ),
    lambdaParams(name: string, args: readonly ({ type: string } | { params: number })[]) {
      const described = args.map((a) => ('params' in a ? { type: '', lambda: true } : a));
      const question = JSON.stringify({ name, args: described });
      const answer = JSON.parse(ask('l', question, () => addon.lambdaParams(question))) as (
        | string[]
        | null
      )[];
      return answer.map((types) => types ?? undefined);
    },
    resolveAggregate(name: string, params: readonly Lit[], args: readonly string[]) {
      const question = JSON.stringify({ name, params, args });
      return JSON.parse(ask('a', question, () => addon.resolveAggregate(question))) as {
        name: string;
        type: string;
        defaultOnNulls?: boolean;
      };
    },
  };
}
