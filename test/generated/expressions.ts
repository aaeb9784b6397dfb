// Typed random expressions: a wanted kind in, SQL text out. Each family of functions is a row of calls.ts or calls-types.ts,
// so that a new function is one line there.
import { type PlainKind, plainCalls, plainLiterals } from './calls.ts';
import { crossings, type TypedKind, typedCalls, typedLiterals } from './calls-types.ts';
import type { Random } from './random.ts';
import type { Kind } from './tables.ts';

/** A column that an expression may use. */
export interface Visible {
  sql: string;
  kind: Kind;
  nullable: boolean;
}

const literals: Record<Kind, readonly string[]> = { ...plainLiterals, ...typedLiterals };
const plainKinds = Object.keys(plainCalls) as PlainKind[];
const typedKinds = Object.keys(typedCalls) as TypedKind[];
const isPlain = (kind: Kind): kind is PlainKind => kind in plainCalls;
const scalarPlain: readonly Kind[] = ['int', 'float', 'string', 'date', 'datetime', 'bool'];
const nested: readonly Kind[] = ['ints', 'strings', 'dict', 'pair', 'gaps', 'grid'];

/** Kinds other than the common ones that these columns have. */
const typedOf = (columns: readonly Visible[]): TypedKind[] =>
  typedKinds.filter((kind) => columns.some((c) => c.kind === kind));

/** Any kind; of the uncommon ones mostly those that the columns have. */
export function randomKind(random: Random, columns: readonly Visible[]): Kind {
  const typed = typedOf(columns);
  if (typed.length > 0 && random.chance(0.5)) return random.pick(typed);
  return random.chance(0.05) ? random.pick(typedKinds) : random.pick(plainKinds);
}

/** A kind for a key; nested ones only now and then. */
export function scalarKind(random: Random, columns: readonly Visible[]): Kind {
  const typed = typedOf(columns).filter((kind) => random.chance(0.3) || !nested.includes(kind));
  return random.pick(typed.length > 0 && random.chance(0.5) ? typed : scalarPlain);
}

const callOf = (random: Random, columns: readonly Visible[], kind: Kind): string => {
  if (!isPlain(kind)) return random.pick(typedCalls[kind]);
  const crossing = crossings[kind];
  const often = typedOf(columns).length > 0 ? 0.5 : 0.08;
  return crossing && random.chance(often) ? random.pick(crossing) : random.pick(plainCalls[kind]);
};

const holes = new RegExp(`\\b(${[...plainKinds, ...typedKinds].join('|')})\\b|#`, 'g');

/** Replaces the kinds in a pattern, outside its string literals. */
export function fill(pattern: string, put: (hole: string) => string): string {
  return pattern
    .split(/('(?:[^'\\]|\\.)*')/)
    .map((piece, i) => (i % 2 ? piece : piece.replace(holes, put)))
    .join('');
}

/** An expression of `kind` over `columns`, at most `depth` calls deep. */
export function expression(
  random: Random,
  columns: readonly Visible[],
  kind: Kind,
  depth: number,
): string {
  const fitting = columns.filter((c) => c.kind === kind);
  if (depth <= 0 || random.chance(0.25)) {
    if (fitting.length > 0 && random.chance(0.85)) return random.pick(fitting).sql;
    return random.pick(literals[kind]);
  }
  return fill(callOf(random, columns, kind), (hole) =>
    hole === '#' ? String(1 + random.int(9)) : expression(random, columns, hole as Kind, depth - 1),
  );
}

/** A column of this kind; the first one of any kind where there is none. */
export function column(random: Random, columns: readonly Visible[], kind: Kind): string {
  const fitting = columns.filter((c) => c.kind === kind);
  return random.pick(fitting.length > 0 ? fitting : columns).sql;
}

/** An expression that reads a column: constant keys are folded in ways of each engine's own. */
export function keyed(
  random: Random,
  columns: readonly Visible[],
  kind: Kind,
  depth: number,
): string {
  const sql = expression(random, columns, kind, depth);
  const code = sql.replace(/'(?:[^'\\]|\\.)*'/g, '');
  const reads = columns.some((c) => new RegExp(`\\b${c.sql}\\b`).test(code));
  return reads ? sql : column(random, columns, kind);
}
