// What the kernel knows by name: functions, formats, types.
import type { FunctionTable } from '../plan/context.ts';

export interface FunctionEntry {
  name: string;
  aliases: string[];
  aliasesAnyCase?: string[];
  caseInsensitive: boolean;
  kind: 'scalar' | 'aggregate';
  signature: string;
  description: string;
  examples: [string, string][];
  category: string;
}
export interface FormatEntry {
  name: string;
  aliases?: string[];
  input: boolean;
  output: boolean;
  contentType: string;
}
export interface TypeEntry {
  name: string;
  /** Whether any case will do. */
  caseInsensitive: boolean;
  /** The type that this is another name of; '' for a type. */
  aliasOf: string;
}
export interface Registry {
  /** Scalar functions and aggregates. */
  functions: FunctionEntry[];
  formats: FormatEntry[];
  types: TypeEntry[];
}
export interface RawRegistry extends Registry {
  aggregates?: FunctionEntry[];
}

/** Types that take arguments. */
export const composite =
  'Array Nullable LowCardinality Map Tuple Decimal Decimal32 Decimal64 Decimal128 Decimal256 FixedString DateTime DateTime64 Enum8 Enum16 AggregateFunction SimpleAggregateFunction Nested'.split(
    ' ',
  );

/** Suffixes of aggregates, longest first. */
const combinators = [
  'SimpleState',
  'MergeState',
  'OrDefault',
  'Resample',
  'Distinct',
  'ForEach',
  'ArgMin',
  'ArgMax',
  'OrNull',
  'Merge',
  'State',
  'Array',
  'Tuple',
  'Map',
  'If',
];

export class Functions implements FunctionTable {
  readonly #scalars = new Map<string, string>();
  readonly #aggregates = new Map<string, string>();
  readonly #anyCase = new Map<string, { name: string; kind: 'scalar' | 'aggregate' }>();
  readonly #names: string[] = [
    ...'arrayJoin grouping row_number rank dense_rank percent_rank cume_dist ntile lag lead lagInFrame leadInFrame nth_value untuple'.split(
      ' ',
    ),
  ];

  constructor(registry: Registry) {
    for (const entry of registry.functions) {
      const into = entry.kind === 'aggregate' ? this.#aggregates : this.#scalars;
      const names = [entry.name, ...entry.aliases, ...(entry.aliasesAnyCase ?? [])];
      for (const name of names) into.set(name, entry.name);
      const loose = entry.caseInsensitive ? names : (entry.aliasesAnyCase ?? []);
      for (const name of loose)
        this.#anyCase.set(name.toLowerCase(), { name: entry.name, kind: entry.kind });
      this.#names.push(...names);
      if (entry.kind === 'aggregate') this.#names.push(`${entry.name}If`);
    }
  }

  scalar(name: string): string | undefined {
    const loose = this.#anyCase.get(name.toLowerCase());
    return this.#scalars.get(name) ?? (loose?.kind === 'scalar' ? loose.name : undefined);
  }

  aggregate(name: string): string | undefined {
    const known = this.#aggregates.get(name);
    if (known !== undefined) return known;
    const loose = this.#anyCase.get(name.toLowerCase());
    if (loose?.kind === 'aggregate') return loose.name;
    for (const suffix of combinators) {
      if (name.length <= suffix.length || !name.endsWith(suffix)) continue;
      const base = this.aggregate(name.slice(0, -suffix.length));
      if (base !== undefined) return `${base}${suffix}`;
    }
    return undefined;
  }

  names(): Iterable<string> {
    return this.#names;
  }
}

/** Names and aliases in small letters; any case means the same format. */
export function formatsByName(formats: readonly FormatEntry[]): ReadonlyMap<string, FormatEntry> {
  return new Map(
    formats.flatMap((format) =>
      [format.name, ...(format.aliases ?? [])].map((name) => [name.toLowerCase(), format] as const),
    ),
  );
}
