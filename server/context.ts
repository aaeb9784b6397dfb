// What every route gets: the request, the engine, who asks, and when to stop.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Engine, Logger, User } from '../engine/facade.ts';
import type { Config } from './config.ts';
import type { Target } from './gate.ts';
import type { HttpMetrics } from './metrics.ts';
import type { Sessions } from './sessions.ts';

export interface Services {
  engine: Engine;
  config: Config;
  log: Logger;
  sessions: Sessions;
  metrics: HttpMetrics;
}

export interface Context extends Services {
  req: IncomingMessage;
  res: ServerResponse;
  target: Target;
  user: User;
  /** Aborted when the client closes its connection before the answer is whole. */
  signal: AbortSignal;
}
