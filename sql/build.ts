// Trees that no text was parsed for.
import type { Select, Span } from './ast/index.ts';

/** A SELECT of nothing. Every field is there, so that all of them have one shape in memory. */
export function emptySelect(span: Span): Select {
  return {
    kind: 'Select',
    with: undefined,
    distinct: false,
    distinctOn: undefined,
    columns: [],
    into: undefined,
    from: undefined,
    prewhere: undefined,
    where: undefined,
    groupBy: undefined,
    totals: false,
    having: undefined,
    windows: [],
    qualify: undefined,
    orderBy: undefined,
    limitBy: undefined,
    limit: undefined,
    settings: undefined,
    span,
  };
}
