// Property: what is printed parses back to the same tree.
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Node, parseExpression, parseStatement, print } from '../../sql/index.ts';
import { expression, query } from './arbitrary.ts';
import { bare, sexpr } from './sexpr.ts';

const { COLONNADE_TEST_RUNS: runs = 300, COLONNADE_TEST_SEED: first } = process.env;
/** A failure names its seed; COLONNADE_TEST_SEED runs it again. */
const parameters = {
  numRuns: Number(runs),
  ...(first === undefined ? {} : { seed: Number(first) }),
};

function same(tree: Node, parse: (text: string) => Node): void {
  const text = print(tree);
  let again: Node;
  try {
    again = parse(text);
  } catch (error) {
    throw new Error(`${text}\n${error}\n${sexpr(tree)}`);
  }
  const equal = isDeepStrictEqual(bare(again), bare(tree));
  expect(equal, `${text}\nread back as\n${print(again)}\n${sexpr(tree)}\n${sexpr(again)}`).toBe(
    true,
  );
}

test('random expressions', () => {
  fc.assert(
    fc.property(expression, (tree) => same(tree, (text) => parseExpression(text))),
    parameters,
  );
});

test('random queries', () => {
  const parse = (text: string): Node => {
    const statement = parseStatement(text);
    if (statement.kind !== 'QueryStatement') throw new Error(`${statement.kind} from ${text}`);
    return statement.query;
  };
  fc.assert(
    fc.property(query, (tree) => same(tree, parse)),
    parameters,
  );
});
