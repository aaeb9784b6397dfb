// Databases by name: which are the server's own, and which a user sees.

import { suggest } from '../../sql/index.ts';
import type { CatalogState } from '../catalog/state.ts';
import { fail } from '../errors.ts';

/** Holds the temporary tables of sessions. */
export const temporaryDatabase = '_temporary_and_external_tables';

/** Where the query log lies once it is on the disk. */
export const logPlace = { database: '_system', name: 'query_log' } as const;

export const informationSchemas: readonly string[] = ['information_schema', 'INFORMATION_SCHEMA'];

/** Databases of the server itself: nothing can be written or made in them. */
export const isSystem = (name: string): boolean =>
  name === 'system' || informationSchemas.includes(name);

/** The database, or UNKNOWN_DATABASE with the nearest name. */
export function requireDatabase(state: CatalogState, name: string): void {
  if (state.databases.has(name) || isSystem(name)) return;
  const near = suggest(name, [...visibleDatabases(state), 'system', 'information_schema']);
  throw fail('UNKNOWN_DATABASE', `Database ${name} does not exist`, {
    ...(near === undefined ? {} : { hint: `Did you mean \`${near}\`?` }),
  });
}

/** Databases that hold what is the server's own. */
const hidden: ReadonlySet<string> = new Set([temporaryDatabase, logPlace.database]);

/** What a database is called while it is detached; no statement can write that. */
export const detachedName = (name: string): string => `${name}\ndetached`;

export const visibleDatabases = (state: CatalogState): string[] =>
  [...state.databases.keys()].filter((name) => !hidden.has(name) && !name.includes('\n'));
