// Opens the engine, listens, says that it is ready, and drains on a signal.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Engine, Logger } from '../engine/facade.ts';
import { createApp } from './app.ts';
import { type Config, ConfigError } from './config.ts';
import { collectGarbage } from './memory.ts';

/** Running requests get this long after the first signal. */
const DRAIN_MS = 7000;
/** Everything, the engine's own close included, is over by then. */
const STOP_MS = 9500;

export interface Listening {
  http: number | undefined;
  druid: number[];
  /** Stops taking connections, lets running requests end, closes what is left. */
  drain(limitMs: number): Promise<void>;
}

/** Every listener serves the same routes. @throws ConfigError naming the port that is taken */
export async function listen(engine: Engine, config: Config, log: Logger): Promise<Listening> {
  const app = createApp(engine, config, log);
  const servers: Server[] = [];
  /** Every open connection → requests that it waits for. */
  const sockets = new Map<Socket, number>();
  const open = async (port: number, flag: string): Promise<number> => {
    const server = app.createServer();
    server.on('connection', (socket) => {
      sockets.set(socket, 0);
      socket.once('close', () => sockets.delete(socket));
    });
    const count = ({ socket }: IncomingMessage, res: ServerResponse): void => {
      sockets.set(socket, (sockets.get(socket) ?? 0) + 1);
      res.once('close', () => {
        if (sockets.has(socket)) sockets.set(socket, (sockets.get(socket) ?? 1) - 1);
      });
    };
    server.on('request', count);
    server.on('checkContinue', count);
    await bind(server, port, config.host, flag);
    servers.push(server);
    return (server.address() as AddressInfo).port;
  };
  try {
    const http =
      config.httpPort === undefined ? undefined : await open(config.httpPort, '--http-port');
    const druid: number[] = [];
    for (const port of config.druidPorts) druid.push(await open(port, '--druid-ports'));
    return { http, druid, drain: (limitMs) => drain(servers, sockets, limitMs) };
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
}

function bind(server: Server, port: number, host: string, flag: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const why = taken ? 'is in use' : `cannot be opened (${error.code ?? error.message})`;
      reject(
        new ConfigError(
          `port ${port} on ${host} ${why}; choose another with ${flag} (0 takes any, off none)`,
        ),
      );
    });
    server.listen({ port, host, backlog: 4096 }, () => {
      server.removeAllListeners('error');
      server.on('error', () => undefined);
      resolve();
    });
  });
}

async function drain(
  servers: Server[],
  sockets: ReadonlyMap<Socket, number>,
  limitMs: number,
): Promise<void> {
  const closed = Promise.all(
    servers.map((server) => new Promise<void>((done) => server.close(() => done()))),
  );
  // Connections that are busy at the first look become idle one by one.
  const closeIdle = (): void => {
    for (const [socket, requests] of sockets) if (requests <= 0) socket.destroySoon();
  };
  closeIdle();
  const sweep = setInterval(closeIdle, 20);
  const limit = setTimeout(() => {
    for (const socket of sockets.keys()) socket.destroy();
  }, limitMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(limit);
}

export interface ServeHooks {
  open(config: Config, log: Logger): Promise<Engine>;
  log: Logger;
  /** Called once every listener accepts, before the ready line. */
  onReady?: (http: number | undefined, engine: Engine) => Promise<void> | void;
  print?: (line: string) => void;
}

/** Runs until a signal. @returns the exit code */
export async function serve(config: Config, hooks: ServeHooks): Promise<number> {
  const { log } = hooks;
  const print = hooks.print ?? ((line) => process.stdout.write(`${line}\n`));
  const stopping = firstSignal(log);
  collectGarbage();
  const engine = await hooks.open(config, log);
  let listening: Listening;
  try {
    listening = await listen(engine, config, log);
  } catch (error) {
    await engine.close();
    throw error;
  }
  if (config.nativePort !== undefined) {
    log.warn(
      { port: config.nativePort },
      'the native protocol is not built yet: no listener for it',
    );
  }
  await hooks.onReady?.(listening.http, engine);
  print(
    JSON.stringify({
      ready: true,
      pid: process.pid,
      http: listening.http ?? null,
      native: null,
      druid: listening.druid,
      data: config.data,
    }),
  );
  const signal = await stopping;
  log.info({ signal }, 'stopping: running work ends, nothing new is taken');
  setTimeout(() => {
    log.error({}, 'did not stop in time');
    process.exit(1);
  }, STOP_MS).unref();
  await listening.drain(DRAIN_MS);
  await engine.close();
  log.info({}, 'stopped');
  return 0;
}

/** One wish to stop may arrive twice: npm passes the terminal's Ctrl-C on, and what ends a process group
 *  after its leader (timeout) signals the leader again at once. */
const SAME_WISH_MS: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 500, SIGTERM: 50 };

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function firstSignal(log: Logger): Promise<string> {
  return new Promise((resolve) => {
    let seen: { signal: string; at: number } | undefined;
    const on = (signal: NodeJS.Signals): void => {
      if (seen !== undefined) {
        const passedOn = seen.signal === signal;
        if (passedOn && performance.now() - seen.at < (SAME_WISH_MS[signal] ?? 0)) return;
        log.warn({ signal }, 'second signal: exiting at once');
        process.exit(signal === 'SIGINT' ? 130 : 143);
      }
      seen = { signal, at: performance.now() };
      resolve(signal);
    };
    process.on('SIGTERM', on);
    process.on('SIGINT', on);
  });
}
