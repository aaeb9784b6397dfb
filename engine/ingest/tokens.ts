// Names of inserts that are on their way. Two requests with one token take turns, so that the second
// sees what became of the first.

import type { Catalog } from '../catalog/catalog.ts';
import type { TokenRecord } from '../catalog/state.ts';
import type { Clock } from '../clock.ts';
import { fail } from '../errors.ts';

export class TokenDesk {
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #pending = new Map<string, Promise<void>>();

  constructor(catalog: Catalog, clock: Clock) {
    this.#catalog = catalog;
    this.#clock = clock;
  }

  /** Runs `store` unless the token names these rows already.
   *  @returns whether the rows were there before. Throws 409 for other rows under the same token. */
  async once(
    tableId: number,
    named: { readonly token: string; readonly hash: string; readonly rows: number },
    store: (record: TokenRecord) => Promise<void>,
  ): Promise<boolean> {
    const key = `${tableId} ${named.token}`;
    for (;;) {
      const known = this.#catalog.tokens.get(tableId, named.token, this.#clock.now());
      if (known && known.hash === named.hash) return true;
      if (known) {
        const text = `Token ${JSON.stringify(named.token.slice(0, 100))} names other rows`;
        const hint = 'Use a new token for other rows; a retry has to send the same ones.';
        throw fail('INSERT_WAS_DEDUPLICATED', text, { hint });
      }
      const before = this.#pending.get(key);
      if (!before) break;
      await before;
    }
    let done = () => {};
    this.#pending.set(
      key,
      new Promise((resolve) => {
        done = resolve;
      }),
    );
    try {
      await store({ ...named, timeMs: this.#clock.now() });
      return false;
    } finally {
      this.#pending.delete(key);
      done();
    }
  }
}
