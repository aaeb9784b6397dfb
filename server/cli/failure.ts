// How the command line tells of failures: the message, the line of the statement with a caret, a hint.
import { ConfigError } from '../config.ts';
import { isFailure } from '../request-error.ts';

export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3, interrupted: 130 } as const;

/** The server, or the directory, cannot be used at all. */
export class Unreachable extends Error {}
/** The command was called in a way that means nothing. */
export class Usage extends Error {}

export function exitCodeOf(error: unknown): number {
  if (error instanceof Usage || error instanceof ConfigError) return EXIT.usage;
  if (error instanceof Unreachable) return EXIT.unreachable;
  return EXIT.failed;
}

/** Writes a failure to standard error. @param sql the statement it points into */
export function report(error: unknown, sql?: string): void {
  process.stderr.write(`${failureText(error, sql)}\n`);
}

export function failureText(error: unknown, sql?: string): string {
  if (!isFailure(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return `colonnade: ${message}`;
  }
  const parts = [`Code: ${error.code}. ${error.message.replace(/[.\s]*$/, '')}. (${error.name})`];
  if (sql !== undefined && error.position !== undefined) {
    parts.push(caret(sql, error.position, error.length ?? 1));
  }
  if (error.hint) parts.push(`Hint: ${error.hint}`);
  return parts.join('\n');
}

const CONTEXT_BEFORE = 60;
const CONTEXT_AFTER = 40;

/** The line of the statement around a place, and a line of carets under it.
 *  @param position code points from 0 */
export function caret(sql: string, position: number, length: number): string {
  const points = Array.from(sql);
  const at = Math.min(position, points.length);
  const lineStart = points.lastIndexOf('\n', at - 1) + 1;
  const nextBreak = points.indexOf('\n', at);
  const lineEnd = nextBreak < 0 ? points.length : nextBreak;
  const from = Math.max(lineStart, at - CONTEXT_BEFORE);
  const to = Math.min(lineEnd, at + CONTEXT_AFTER);
  const number = `${points.slice(0, at).filter((c) => c === '\n').length + 1}`;
  const shown = points.slice(from, to).map((c) => (c === '\t' ? ' ' : c));
  const marks = Math.max(1, Math.min(length, to - at));
  const dots = from > lineStart ? '…' : '';
  const margin = ' '.repeat(number.length);
  return [
    `${number} | ${dots}${shown.join('')}${to < lineEnd ? '…' : ''}`,
    `${margin} | ${' '.repeat(dots.length + at - from)}${'^'.repeat(marks)}`,
  ].join('\n');
}
