// Sessions of the HTTP interface: `session_id` names what outlives a statement; one statement at a time.
import type { Engine, Session } from '../engine/facade.ts';
import { single } from './parameters.ts';
import { RequestError } from './request-error.ts';

const TIMEOUT_S = 60;
const TIMEOUT_S_MAX = 3600;

export interface Lease {
  session?: Session;
  /** Idempotent: called before the last byte of the answer and again at its end. */
  release(): void | Promise<void>;
}

export class Sessions {
  readonly #engine: Engine;
  readonly #busy = new Set<string>();
  /** Key → when it is forgotten, in milliseconds; only for `session_check`. */
  readonly #known = new Map<string, number>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** @throws SESSION_ID_EMPTY, INVALID_SESSION_TIMEOUT, SESSION_NOT_FOUND, SESSION_IS_LOCKED */
  lease(query: URLSearchParams, user: string): Lease {
    const id = single(query, 'session_id');
    if (id === undefined) return { release() {} };
    if (id === '') throw new RequestError('SESSION_ID_EMPTY', 'session_id is empty');
    const timeoutS = timeoutOf(single(query, 'session_timeout'));
    const key = `${user}\n${id}`;
    const now = Date.now();
    this.#forget(now);
    if (single(query, 'session_check') === '1' && !this.#known.has(key)) {
      throw new RequestError('SESSION_NOT_FOUND', 'There is no such session, or its time is over');
    }
    if (this.#busy.has(key)) {
      throw new RequestError('SESSION_IS_LOCKED', 'The session runs another statement just now');
    }
    const session = this.#engine.session(key, timeoutS);
    this.#busy.add(key);
    let held = true;
    return {
      session,
      release: () => {
        if (!held) return;
        held = false;
        this.#busy.delete(key);
        this.#known.set(key, Date.now() + timeoutS * 1000);
      },
    };
  }

  #forget(now: number): void {
    for (const [key, until] of this.#known) if (until < now) this.#known.delete(key);
  }
}

function timeoutOf(text: string | undefined): number {
  const seconds = text === undefined || text === '' ? TIMEOUT_S : Number(text);
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > TIMEOUT_S_MAX) {
    throw new RequestError(
      'INVALID_SESSION_TIMEOUT',
      `session_timeout is a number of seconds up to ${TIMEOUT_S_MAX}`,
    );
  }
  return seconds;
}
