// Golden trees: golden/*.txt hold statements (`> `), their canonical text (`= `) and tree (`: `),
// or the error (`! `). UPDATE_GOLDEN=1 writes what the parser says now.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  type Node,
  parseExpression,
  parseStatement,
  parseType,
  print,
  SqlSyntaxError,
} from '../../sql/index.ts';
import { bare, sexpr } from './sexpr.ts';

const folder = new URL('golden/', import.meta.url);
const updates = process.env.UPDATE_GOLDEN === '1';

type Parse = (text: string) => Node;
const parsers: Readonly<Record<string, Parse>> = {
  'expressions.txt': (text) => parseExpression(text),
  'types.txt': (text) => parseType(text),
};

function describe(text: string, parse: Parse): string {
  try {
    const tree = parse(text);
    return `= ${print(tree).trimEnd()}\n: ${sexpr(tree)}`;
  } catch (error) {
    if (!(error instanceof SqlSyntaxError)) throw error;
    const hint = error.hint === undefined ? '' : ` hint ${error.hint}`;
    const place = `${error.position}+${error.length} ${error.line}:${error.column}`;
    return `! ${place}${hint}\n! ${error.message}`;
  }
}

for (const file of readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .sort()) {
  const url = new URL(file, folder);
  const parse = parsers[file] ?? ((text) => parseStatement(text));
  const content = readFileSync(url, 'utf8');
  const inputs = content
    .split('\n')
    .flatMap((line) => (line.startsWith('> ') ? [line.slice(2)] : []));
  const actual = `${inputs.map((text) => `> ${text}\n${describe(text, parse)}`).join('\n\n')}\n`;

  test(`${file} is as written down`, () => {
    if (updates) writeFileSync(url, actual);
    else expect(actual).toBe(content);
  });

  if (file === 'errors.txt') {
    test('every line of errors.txt is refused', () => {
      expect(actual).not.toContain('\n= ');
    });
  } else {
    test(`${file} parses, and its text parses back`, () => {
      for (const text of inputs) {
        const tree = parse(text);
        expect(bare(parse(print(tree))), text).toEqual(bare(tree));
      }
    });
  }
}
