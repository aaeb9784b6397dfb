// Patterns in the paths of file(), url() and s3(): `*` and `?` within a name, `**` over folders, `{a,b}` and
// `{1..9}`.

import { fail } from '../errors.ts';
import { literal, type Step, wildcard } from '../wildcards.ts';

const range = /^(\d+)\.\.(\d+)$/;

/** Whether a path names more than itself. */
export const isPattern = (path: string): boolean => /[*?]|\{[^{}]*(,|\.\.)[^{}]*\}/.test(path);

/** A path without `{…}`: all that it stands for. */
export function alternatives(path: string, most: number): string[] {
  const open = /\{([^{}]*)\}/.exec(path);
  if (!open) return [path];
  const inner = open[1] ?? '';
  const numbers = range.exec(inner);
  if (!numbers && !inner.includes(',')) return [path];
  const parts = numbers ? counted(numbers[1] ?? '', numbers[2] ?? '', most) : inner.split(',');
  const head = path.slice(0, open.index);
  const tail = path.slice(open.index + open[0].length);
  const out: string[] = [];
  for (const part of parts) {
    out.push(...alternatives(`${head}${part}${tail}`, most - out.length));
    if (out.length > most) throw tooMany(most);
  }
  return out;
}

/** 1..3, or 01..10 with leading zeros kept. */
function counted(first: string, last: string, most: number): string[] {
  const [from, to] = [Number(first), Number(last)];
  const step = from <= to ? 1 : -1;
  const n = Math.abs(to - from) + 1;
  if (n > most) throw tooMany(most);
  const width =
    first.startsWith('0') || last.startsWith('0') ? Math.max(first.length, last.length) : 0;
  return Array.from({ length: n }, (_, i) => String(from + i * step).padStart(width, '0'));
}

export const tooMany = (most: number): Error =>
  fail('BAD_ARGUMENTS', `The pattern names more than ${most} files`, {
    hint: 'glob_expansion_max_elements is the limit',
  });

const inName: Omit<Step, 'many'> = { fits: (c) => c !== '/' };
const inKey: Omit<Step, 'many'> = { fits: () => true };

/** `*` and `?` of one name; `**` of a whole key with `/` goes over folders. */
export function pathPattern(path: string): (path: string) => boolean {
  const parts = path.split(/(\*+|\?)/).flatMap((part): Step[] => {
    if (part === '?') return [{ ...inName, many: false }];
    if (/^\*+$/.test(part)) return [{ ...(part === '*' ? inName : inKey), many: true }];
    return Array.from(part, literal);
  });
  return wildcard(parts);
}
