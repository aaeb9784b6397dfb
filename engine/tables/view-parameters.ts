// Views that take parameters: `{name:Type}` in their query.

import { type Query, walk } from '../../sql/index.ts';

/** Names of the query parameters that a query asks for. */
export function parametersOf(query: Query): string[] {
  const names = new Set<string>();
  walk(query, (node) => {
    if (node.kind === 'Parameter') names.add(node.name);
    if (node.kind === 'Name' && node.parameter !== undefined) names.add(node.parameter);
  });
  return [...names];
}
