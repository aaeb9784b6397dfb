// What golden files cannot say: inline data, positions, suggestions, walking, several statements.
import { expect, test } from 'vitest';
import {
  children,
  type Expression,
  editDistance,
  type Insert,
  parseExpression,
  parseStatement,
  parseStatements,
  placeOf,
  print,
  SqlSyntaxError,
  suggest,
  suggestColumn,
  transform,
  walk,
} from '../../sql/index.ts';

function insert(text: string, splitData = false): Insert {
  const statement = parseStatement(text, { splitData });
  if (statement.kind !== 'Insert') throw new Error(statement.kind);
  return statement;
}
const dataOf = (text: string): string | undefined => {
  const { data } = insert(text);
  return data && text.slice(data.start, data.end);
};

test.each([
  ["INSERT INTO t VALUES (1, 'a;b'), (2, 'c')", "(1, 'a;b'), (2, 'c')"],
  ['INSERT INTO t VALUES (1);', '(1)'],
  ['INSERT INTO t VALUES (1) ; \n', '(1) '],
  ['INSERT INTO t (a, b) VALUES\n  (1, 2)', '(1, 2)'],
  ['INSERT INTO t FORMAT JSONEachRow {"a":1}', '{"a":1}'],
  ['INSERT INTO t FORMAT CSV\n1,2\n3,4;', '1,2\n3,4;'],
  ['INSERT INTO t FORMAT CSV\r\n1', '1'],
  ['INSERT INTO t FORMAT TSV  \n\n1', '\n1'],
  ['INSERT INTO t FORMAT Values (1)', '(1)'],
  ["INSERT INTO t SELECT * FROM input('a UInt8') FORMAT CSV\n1", '1'],
  ['INSERT INTO t FORMAT CSV', ''],
])('%j carries its data', (text, data) => {
  expect(dataOf(text)).toBe(data);
});

test('an INSERT without data or query waits for them', () => {
  expect(insert('INSERT INTO t').data).toBeUndefined();
  expect(insert("INSERT INTO t FROM INFILE 'x' FORMAT CSV").data).toBeUndefined();
});

test('rows of one INSERT end at their semicolon when asked', () => {
  const text = "INSERT INTO t VALUES (1, ';)'); INSERT INTO t VALUES (2); SELECT 3;";
  const list = parseStatements(text, { splitData: true });
  expect(list.map((s) => s.kind)).toEqual(['Insert', 'Insert', 'QueryStatement']);
  expect(parseStatements(text)).toHaveLength(1);
});

test('spans are offsets into the text', () => {
  const text = "SELECT  a + b AS c FROM t WHERE x IN ('😀', 'y')";
  const spans: string[] = [];
  walk(parseStatement(text), (node) => {
    spans.push(`${node.kind} ${text.slice(node.span.start, node.span.end)}`);
    return true;
  });
  expect(spans).toContain('Alias a + b AS c');
  expect(spans).toContain('Binary a + b');
  expect(spans).toContain("In x IN ('😀', 'y')");
  expect(spans).toContain('Table t');
  const at = text.indexOf("'y'");
  expect(placeOf(text, { start: at, end: at + 3 })).toEqual({
    position: at - 1,
    length: 3,
    line: 1,
    column: at,
  });
});

test('places count code points and lines', () => {
  const text = '/* 😀 */\n  ü x';
  expect(placeOf(text, { start: text.indexOf('x'), end: text.length })).toEqual({
    position: 12,
    length: 1,
    line: 2,
    column: 5,
  });
});

test('errors say where, what and what else', () => {
  try {
    parseStatement('SELECT a\nFROM t\nGRUOP BY a');
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(SqlSyntaxError);
    expect(error).toMatchObject({
      name: 'SYNTAX_ERROR',
      code: 62,
      position: 16,
      length: 5,
      line: 3,
      column: 1,
      found: 'GRUOP',
      hint: 'GROUP',
    });
    expect((error as SqlSyntaxError).expected.length).toBeLessThanOrEqual(5);
    expect((error as SqlSyntaxError).message).toMatch(
      /^Syntax error: failed at position 17 \('GRUOP'\) \(line 3, col 1\)/,
    );
  }
});

test('no damaged statement crashes or hangs the parser', () => {
  const text = `WITH x AS (SELECT 1 AS a) SELECT a, quantile(0.5)(b) OVER (PARTITION BY c ORDER BY d),
    CASE WHEN e THEN 'f' ELSE g[1].2::String END FROM t FINAL LEFT JOIN u ON t.a = u.b
    WHERE h IN (1, 2) AND i BETWEEN 3 AND 4 GROUP BY a WITH TOTALS ORDER BY a DESC LIMIT 5 BY j`;
  const pieces = text.split(/(\s+|\W)/).filter((piece) => piece !== '');
  const orders = [
    (i: number) => pieces.filter((_, j) => j !== i),
    (i: number) => [
      ...pieces.slice(0, i),
      ...pieces.slice(i + 1, i + 2),
      ...pieces.slice(i, i + 1),
      ...pieces.slice(i + 2),
    ],
    (i: number) => pieces.slice(0, i),
    (i: number) => pieces.slice(i),
    (i: number) => [...pieces.slice(0, i), "'", ...pieces.slice(i)],
  ];
  for (let i = 0; i < pieces.length; i++) {
    for (const order of orders) {
      const damaged = order(i).join('');
      try {
        parseStatement(damaged);
      } catch (error) {
        expect(error, damaged).toBeInstanceOf(SqlSyntaxError);
        expect((error as SqlSyntaxError).position).toBeLessThanOrEqual([...damaged].length);
      }
    }
  }
});

test('children and transform', () => {
  const tree = parseExpression('f(a + 1, (SELECT b))');
  expect(children(tree).map((node) => node.kind)).toEqual(['Binary', 'Subquery']);
  const renamed = transform(
    tree,
    (node): Expression =>
      node.kind === 'Identifier'
        ? { ...node, parts: node.parts.map((part) => ({ ...part, name: part.name.toUpperCase() })) }
        : node,
  );
  expect(print(renamed)).toBe('f(A + 1, (SELECT B))');
  expect(print(tree)).toBe('f(a + 1, (SELECT b))');
});

test('suggestions', () => {
  expect(editDistance('FORM', 'FROM', 3)).toBe(1);
  expect(editDistance('abc', 'xyz', 2)).toBe(3);
  expect(suggest('cuont', ['sum', 'count', 'counts'])).toBe('count');
  expect(suggest('usr_id', ['user_id', 'users', 'id'])).toBe('user_id');
  expect(suggest('zzzz', ['count', 'sum'])).toBeUndefined();
  expect(suggest('COUNT', ['count'])).toBe('count');
  expect(suggestColumn('DISTNCT', ['country', 'started'])).toBe('DISTINCT');
  expect(suggestColumn('contry', ['country', 'started'])).toBe('country');
});
