// Queries as definitions keep them: every table is named with its database.

import { type Query, walk } from '../../../sql/index.ts';

/** Names of common tables anywhere in the query: these are not tables of a database. */
function commonNames(query: Query): Set<string> {
  const names = new Set<string>();
  walk(query, (node) => {
    if (node.kind === 'CommonTable') names.add(node.name.name);
  });
  return names;
}

/** The query with the current database written before bare names of tables. */
export function qualified(query: Query, database: string): Query {
  const copy = structuredClone(query);
  const commons = commonNames(copy);
  walk(copy, (node) => {
    if (node.kind !== 'Table') return;
    const { name } = node;
    if (name.database || commons.has(name.table.name)) return;
    name.database = { kind: 'Name', name: database, quoted: false, span: name.span };
  });
  return copy;
}
