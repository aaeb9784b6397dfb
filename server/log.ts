// JSON lines on standard error. Standard output belongs to the ready line and to query results.
import { pino } from 'pino';
import type { Logger } from '../engine/facade.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes synchronously: a line that explains an exit must be out before the exit. */
export function createLog(level: LogLevel): Logger {
  return pino(
    {
      level,
      base: undefined,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'message',
      redact: ['password', '*.password', 'headers.authorization'],
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

export const silentLog: Logger = { debug() {}, info() {}, warn() {}, error() {} };
