// Patterns of names are matched in time that no pattern can blow up.
import { describe, expect, it } from 'vitest';
import { pathPattern } from '../../engine/outside/glob.ts';
import { likePattern } from '../../engine/statements/look/like.ts';

describe('LIKE over names', () => {
  it.each([
    ['a%', 'abc', true],
    ['a%', 'ba', false],
    ['%', '', true],
    ['_', '', false],
    ['_b_', 'abc', true],
    ['a\\%', 'a%', true],
    ['a\\%', 'ab', false],
    ['a\\_', 'a_', true],
    ['a\\', 'a\\', true],
    ['%b%b%', 'abcb', true],
    ['%b%b%', 'abc', false],
    ['_', '\u{1f600}', true],
    ['A%', 'abc', false],
  ])('%s takes %s: %s', (pattern, name, fits) => {
    expect(likePattern(pattern)(name)).toBe(fits);
  });

  it('looks away from case where it is told to', () => {
    expect(likePattern('A_c%', true)('aBCd')).toBe(true);
  });
});

describe('paths', () => {
  it.each([
    ['*.csv', 'a.csv', true],
    ['*.csv', 'a/b.csv', false],
    ['**.csv', 'a/b.csv', true],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['a.c', 'abc', false],
    ['x/**/y', 'x/a/b/y', true],
    ['x/**/y', 'x/y', false],
  ])('%s takes %s: %s', (pattern, path, fits) => {
    expect(pathPattern(pattern)(path)).toBe(fits);
  });
});

it('many wildcards over a long name take no time', () => {
  const name = 'a'.repeat(200);
  const started = performance.now();
  expect(likePattern(`${'%a'.repeat(60)}%b`)(name)).toBe(false);
  expect(pathPattern(`${'*a'.repeat(60)}*b`)(name)).toBe(false);
  expect(performance.now() - started).toBeLessThan(2000);
});
