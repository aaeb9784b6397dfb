// Names of inserts that were acknowledged: per table, for 7 days, bounded.
//
// The book is not part of the immutable state: only inserts look into it, always at its newest page.

import type { TokenRecord } from './state.ts';

export const TOKEN_WINDOW_MS = 7 * 24 * 3600 * 1000;
/** Tokens kept for one table; beyond it the oldest go before their time. */
export const TOKENS_MAX = 1_000_000;

export class TokenBook {
  readonly #tables = new Map<number, Map<string, TokenRecord>>();

  get(tableId: number, token: string, nowMs: number): TokenRecord | undefined {
    const found = this.#tables.get(tableId)?.get(token);
    return found && found.timeMs + TOKEN_WINDOW_MS > nowMs ? found : undefined;
  }

  add(tableId: number, records: readonly TokenRecord[]): void {
    if (records.length === 0) return;
    let book = this.#tables.get(tableId);
    if (!book) {
      book = new Map();
      this.#tables.set(tableId, book);
    }
    for (const record of records) {
      // A token that comes again after its time moves to the young end.
      book.delete(record.token);
      book.set(record.token, record);
    }
    for (const token of book.keys()) {
      if (book.size <= TOKENS_MAX) break;
      book.delete(token);
    }
  }

  /** Forgets what is past its time. Insertion order is time order, so the first young one ends it. */
  expire(nowMs: number): void {
    for (const book of this.#tables.values()) {
      for (const [token, record] of book) {
        if (record.timeMs + TOKEN_WINDOW_MS > nowMs) break;
        book.delete(token);
      }
    }
  }

  /** Forgets the tables that are not in `live`. */
  keepOnly(live: ReadonlyMap<number, unknown>): void {
    for (const id of this.#tables.keys()) if (!live.has(id)) this.#tables.delete(id);
  }

  toJson(): [number, TokenRecord[]][] {
    return [...this.#tables].map(([id, book]) => [id, [...book.values()]]);
  }

  static fromJson(json: readonly [number, TokenRecord[]][]): TokenBook {
    const book = new TokenBook();
    for (const [id, records] of json) book.add(id, records);
    return book;
  }
}
