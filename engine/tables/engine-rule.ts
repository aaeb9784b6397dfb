// What a table's engine does with rows that are equal in the sort key, told to the kernel. Replicated
// and Shared engines mean the same as the plain ones: there is one node.

import { type Expression, parseExpression } from '../../sql/index.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import type { EngineRuleJson } from '../plan/physical/wire.ts';

export const baseEngine = (name: string): string =>
  name.replace(/^(Replicated|Shared)(?=\w*MergeTree$)/, '');

/** The arguments that mean something: without the path and the replica of Replicated engines. */
export function meantArgs(name: string, args: readonly Expression[]): readonly Expression[] {
  if (!/^(Replicated|Shared)/.test(name)) return args;
  const first = args.findIndex((arg) => arg.kind !== 'Literal' || arg.type !== 'string');
  return first < 0 ? [] : args.slice(first);
}

export function engineArgs({ name, args }: TableDefinition['engine']): readonly Expression[] {
  if (args === '') return [];
  const list = parseExpression(`tuple(${args})`);
  const items = list.kind === 'Function' ? list.args : list.kind === 'Tuple' ? list.items : [];
  return meantArgs(name, items);
}

export const columnName = (arg: Expression | undefined): string | undefined =>
  arg?.kind === 'Identifier' ? arg.parts.map((part) => part.name).join('.') : undefined;

/** `a` or `(a, b)`. */
export function columnNames(arg: Expression | undefined): string[] {
  if (!arg) return [];
  const items = arg.kind === 'Tuple' ? arg.items : arg.kind === 'Function' ? arg.args : [arg];
  return items.flatMap((item) => columnName(item) ?? []);
}

/** Columns that the engine itself reads: they cannot be dropped, renamed or updated. */
export function engineColumns(definition: TableDefinition): string[] {
  const base = baseEngine(definition.engine.name);
  if (!/(Replacing|Collapsing)MergeTree$/.test(base)) return [];
  return engineArgs(definition.engine).flatMap((arg) => columnName(arg) ?? []);
}

/** The version is the last part of the sort key of a VersionedCollapsingMergeTree. */
export function sortKeyTexts(definition: TableDefinition): readonly string[] {
  if (baseEngine(definition.engine.name) !== 'VersionedCollapsingMergeTree') {
    return definition.orderBy;
  }
  const version = columnName(engineArgs(definition.engine)[1]);
  if (version === undefined || definition.orderBy.includes(version)) return definition.orderBy;
  return [...definition.orderBy, `\`${version}\``];
}

/** @param partition columns of the partition key */
export function engineRule(
  definition: TableDefinition,
  partition: readonly string[],
): EngineRuleJson | undefined {
  const args = engineArgs(definition.engine);
  const [first, second] = args.map(columnName);
  switch (baseEngine(definition.engine.name)) {
    case 'ReplacingMergeTree':
      return {
        kind: 'replacing',
        ...(first === undefined ? {} : { version: first }),
        ...(second === undefined ? {} : { isDeleted: second }),
      };
    case 'CollapsingMergeTree':
      return { kind: 'collapsing', sign: first ?? '' };
    case 'VersionedCollapsingMergeTree':
      return { kind: 'versionedCollapsing', sign: first ?? '' };
    case 'SummingMergeTree':
      return { kind: 'summing', columns: columnNames(args[0]), partition };
    case 'AggregatingMergeTree':
      return { kind: 'aggregating' };
    case 'CoalescingMergeTree':
      return { kind: 'coalescing', columns: columnNames(args[0]), partition };
    case 'Join': {
      const join = definition.extra?.join as { takeLast?: boolean } | undefined;
      if (definition.orderBy.length === 0) return undefined;
      return { kind: join?.takeLast ? 'replacing' : 'first' };
    }
    default:
      return undefined;
  }
}
