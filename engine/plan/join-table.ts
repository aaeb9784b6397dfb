// What the planner knows of a table of engine Join.

export interface JoinTable {
  /** ANY, ALL, SEMI, ANTI. */
  readonly strictness: string;
  /** LEFT, INNER, RIGHT, FULL. */
  readonly kind: string;
  readonly keys: readonly string[];
  readonly useNulls: boolean;
  readonly takeLast: boolean;
}

/** Whether a key has one row at most. */
export function oneRowPerKey({ strictness, kind }: JoinTable): boolean {
  return strictness !== 'ALL' && kind !== 'RIGHT';
}
