// colonnade serve: a server on a data directory until a signal.
import { type Config, loadConfig } from '../config.ts';
import { createLog } from '../log.ts';
import { type ServeHooks, serve } from '../serve.ts';
import { openEngine } from './open-engine.ts';

/** Flags as commander names them → keys of the configuration. */
export function configOf(options: Record<string, unknown>): Config {
  const { set, ...flags } = options;
  const keys = Object.fromEntries(
    Object.entries(flags).map(([name, value]) => [
      name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
      value,
    ]),
  );
  return loadConfig(set === undefined ? keys : { ...keys, settings: set });
}

export async function serveCommand(options: Record<string, unknown>): Promise<number> {
  return runServer(configOf(options), {});
}

export async function runServer(
  config: Config,
  hooks: Pick<ServeHooks, 'onReady' | 'print'>,
): Promise<number> {
  return serve(config, {
    ...hooks,
    log: createLog(config.logLevel),
    open: (c, log) => openEngine(c.data, { query_log_flush_ms: '7500', ...c.settings }, log),
  });
}
