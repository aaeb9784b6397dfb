// Damages statements: cuts, swaps, doubles, replaces, nests and stretches pieces of them, as typing, bad clients and
// bad luck do. The same seed always damages in the same way.
import type { Random } from '../generated/random.ts';

const pieces =
  /'(?:[^'\\]|\\.)*'|`[^`]*`|"[^"]*"|[A-Za-z_][A-Za-z0-9_]*|\d+(?:\.\d+)?|\s+|<=|>=|!=|<>|\|\||::|->|./gs;

const oddNumbers = [
  '0',
  '-1',
  '1e308',
  '1e-320',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '18446744073709551616',
  '1e1000',
  '0x',
  '0xFFFFFFFFFFFFFFFFFF',
  '1.',
  '.5',
  '00',
  '1_000',
  'nan',
  'inf',
  '-inf',
  '340282366920938463463374607431768211456',
];
const oddTexts = [
  "''",
  "'\\0'",
  "'\\xFF\\xFE'",
  "'%'",
  "'[a-'",
  "'(?P<x'",
  "'2024-02-30'",
  "'9999-99-99 99:99:99'",
  "'{}'",
  "'[1,'",
  "'\u{1F600}'",
  "'$.a[*].b'",
  "'Array(UInt8'",
  "'UTC+99'",
  `'${'x'.repeat(3000)}'`,
  "'-'",
  "' '",
  'NULL',
  '[]',
  '()',
  'map()',
  '[[]]',
  'tuple()',
  '(NULL,)',
];
const words = [
  'SELECT',
  'FROM',
  'WHERE',
  'GROUP BY',
  'ORDER BY',
  'LIMIT',
  'WITH',
  'UNION ALL',
  'JOIN',
  'ON',
  'AS',
  'AND',
  'NOT',
  'IN',
  'OVER ()',
  'ARRAY JOIN',
  'HAVING',
  'SETTINGS',
  'FORMAT JSON',
  'DISTINCT',
  'NULL',
  'CASE',
  'END',
  'INTERVAL 1 DAY',
  'x -> x',
  '*',
  '.*',
  '?',
  '{a:UInt8}',
  ';',
  '--',
  '/*',
  '::',
  '@',
  '\\',
  '\0',
  '\u{FFFD}',
  '(',
  ')',
  '[',
  ']',
  ',',
  "'",
  '`',
  'FINAL',
  'SAMPLE 1/2',
  'TOTALS',
  'APPLY(sum)',
  'EXCEPT (a)',
];

type Change = (tokens: string[], random: Random) => string[];

const at = (tokens: string[], random: Random): number => random.int(tokens.length);
const solid = (tokens: string[], random: Random, test: RegExp): number => {
  const fitting = tokens.flatMap((token, i) => (test.test(token) ? [i] : []));
  return fitting.length > 0 ? random.pick(fitting) : at(tokens, random);
};
const put = (tokens: string[], index: number, count: number, ...next: string[]): string[] => [
  ...tokens.slice(0, index),
  ...next,
  ...tokens.slice(index + count),
];

const changes: readonly (readonly [number, Change])[] = [
  [4, (t, r) => put(t, at(t, r), 1)],
  [3, (t, r) => put(t, at(t, r), 0, ` ${r.pick(words)} `)],
  [3, (t, r) => put(t, at(t, r), 1, ` ${r.pick(words)} `)],
  [2, (t, r) => t.slice(0, at(t, r))],
  [2, (t, r) => t.slice(at(t, r))],
  [
    3,
    (t, r) => {
      const [i, j] = [at(t, r), at(t, r)];
      return t.map((x, k) => (k === i ? (t[j] ?? x) : k === j ? (t[i] ?? x) : x));
    },
  ],
  [
    2,
    (t, r) => {
      const i = at(t, r);
      return put(t, i, 0, ...t.slice(i, i + 1 + r.int(6)));
    },
  ],
  [10, (t, r) => put(t, solid(t, r, /^\d/), 1, r.pick(oddNumbers))],
  [10, (t, r) => put(t, solid(t, r, /^'/), 1, r.pick(oddTexts))],
  [8, (t, r) => put(t, solid(t, r, /^[a-z]/i), 1, r.pick(oddTexts))],
  [10, (t, r) => put(t, solid(t, r, /^[a-z]/i), 1, t[solid(t, r, /^[a-z]/i)] ?? 'x')],
  [
    1,
    (t, r) => {
      const i = at(t, r);
      return put(t, i, 1, '('.repeat(1 + r.int(40)), t[i] ?? '', ')'.repeat(r.int(41)));
    },
  ],
  [1, (t, r) => put(t, at(t, r), 0, String.fromCodePoint(1 + r.int(0x2ff)))],
  [
    1,
    (t, r) => {
      const i = at(t, r);
      const part = t.slice(i, i + 4).join('');
      return put(t, i, 0, part.repeat(1 + r.int(200)));
    },
  ],
];

/** @returns the statement with one to five changes, mostly one */
export function damage(sql: string, random: Random): string {
  let tokens: string[] = sql.match(pieces) ?? [];
  for (
    let left = random.weighted([
      [6, 1],
      [2, 2],
      [1, 5],
    ] as const);
    left > 0 && tokens.length > 0;
    left--
  ) {
    tokens = random.weighted(changes)(tokens, random);
  }
  return tokens.join('').slice(0, 20_000);
}
