// Depth, length and speed: hostile statements end soon and with a clean error; long flat ones parse.
import { expect, test } from 'vitest';
import {
  parseStatement,
  parseStatements,
  print,
  SqlSyntaxError,
  SqlTooDeepError,
  walk,
} from '../../sql/index.ts';

const nest = (count: number, open: string, core: string, close: string): string =>
  open.repeat(count) + core + close.repeat(count);
const million = 1_000_000;

const deep: Readonly<Record<string, (n: number) => string>> = {
  parentheses: (n) => `SELECT ${nest(n, '(', '1', ')')}`,
  'open parentheses': (n) => `SELECT ${'('.repeat(n)}1`,
  functions: (n) => `SELECT ${nest(n, 'abs(', '1', ')')}`,
  'standard forms': (n) => `SELECT ${nest(n, 'substring(', "'x'", ', 1)')}`,
  casts: (n) => `SELECT ${nest(n, 'CAST(', '1', ' AS UInt8)')}`,
  subqueries: (n) => `SELECT x FROM ${nest(n, '(SELECT x FROM ', '(SELECT 1 AS x)', ')')}`,
  arrays: (n) => `SELECT ${nest(n, '[', '1', ']')}`,
  maps: (n) => `SELECT ${nest(n, '{1: ', '1', '}')}`,
  NOT: (n) => `SELECT ${'NOT '.repeat(n)}1`,
  minus: (n) => `SELECT ${'- '.repeat(n)}x`,
  CASE: (n) => `SELECT ${nest(n, 'CASE WHEN 1 THEN ', '1', ' END')}`,
  ternaries: (n) => `SELECT ${'a ? 1 : '.repeat(n)}2`,
  lambdas: (n) => `SELECT f(${'x -> '.repeat(n)}2)`,
  elements: (n) => `SELECT a${'[1]'.repeat(n)}`,
  '::': (n) => `SELECT a${'::Int8'.repeat(n)}`,
  'IS NULL': (n) => `SELECT a${' IS NULL'.repeat(n)}`,
  IN: (n) => `SELECT ${nest(n, 'a IN (', '1', ')')}`,
  types: (n) => `SELECT CAST([] AS ${nest(n, 'Array(', 'UInt8', ')')})`,
  joins: (n) => `SELECT 1 FROM t${', t'.repeat(n)}`,
  'parentheses in FROM': (n) => `SELECT 1 FROM ${nest(n, '(', 't', ')')}`,
  EXPLAIN: (n) => `${'EXPLAIN '.repeat(n)}SELECT 1`,
  WITH: (n) => `${nest(n, 'WITH x AS (', 'SELECT 1', ') SELECT 1')}`,
  intervals: (n) => `SELECT ${'INTERVAL '.repeat(n)}1`,
  unions: (n) => `SELECT 1${' UNION ALL SELECT 1 UNION DISTINCT SELECT 1'.repeat(n)}`,
};

for (const [name, statement] of Object.entries(deep)) {
  test(`10,000 nested ${name} are too deep`, () => {
    const text = statement(10_000);
    const start = performance.now();
    expect(() => parseStatement(text)).toThrow(SqlTooDeepError);
    expect(performance.now() - start).toBeLessThan(500);
  });
  test(`300 nested ${name} parse, or fail for another reason, and print`, () => {
    let tree: ReturnType<typeof parseStatement>;
    try {
      tree = parseStatement(statement(300));
    } catch (error) {
      expect(error).toBeInstanceOf(SqlSyntaxError);
      expect((error as SqlSyntaxError).code).toBe(62);
      return;
    }
    expect(print(tree)).not.toBe('');
  });
}

test('the depth limit is an option', () => {
  const text = `SELECT ${nest(40, '(', '1', ')')}`;
  expect(() => parseStatement(text, { depthMax: 30 })).toThrow(SqlTooDeepError);
  expect(parseStatement(text, { depthMax: 60 }).kind).toBe('QueryStatement');
});

test('exponential backtracking has no room', () => {
  const nested = nest(
    150,
    'trim(position(substring(date_add(cast(interval - ',
    '1',
    ', 1), 1), 2), 2))',
  );
  const start = performance.now();
  try {
    parseStatement(`SELECT ${nested}`);
  } catch (error) {
    expect(error).toBeInstanceOf(SqlSyntaxError);
  }
  expect(performance.now() - start).toBeLessThan(300);
});

const long: Readonly<Record<string, string>> = {
  additions: `SELECT ${Array(100_000).fill('1').join(' + ')}`,
  AND: `SELECT 1 WHERE ${Array(100_000).fill('a = 1').join(' AND ')}`,
  OR: `SELECT 1 WHERE ${Array(100_000).fill('a = 1').join(' OR ')}`,
  concatenations: `SELECT ${Array(100_000).fill("'x'").join(' || ')}`,
  'values in IN': `SELECT 1 WHERE a IN (${Array(100_000).fill('1').join(', ')})`,
  columns: `SELECT ${Array.from({ length: 10_000 }, (_, i) => `${i} AS c${i}`).join(', ')}`,
  'UNION ALL': Array(5_000).fill('SELECT 1').join(' UNION ALL '),
  joins: `SELECT 1 FROM t${Array(300).fill(' JOIN t USING (a)').join('')}`,
};
for (const [name, text] of Object.entries(long)) {
  test(`a long list of ${name} parses, walks and prints`, () => {
    const tree = parseStatement(text);
    let count = 0;
    walk(tree, () => {
      count++;
      return true;
    });
    expect(count).toBeGreaterThan(300);
    expect(parseStatement(print(tree)).kind).toBe('QueryStatement');
  });
}

test.each([
  ['parentheses', '('.repeat(10 * million)],
  ['closing parentheses', ')'.repeat(10 * million)],
  ['words', 'word '.repeat(2 * million)],
  ['quotes', `SELECT ${'`\n'.repeat(5 * million)}`],
  ['dollars', '$a$ '.repeat(2 * million)],
  ['comment openings', '/*'.repeat(million)],
])('10 MB of %s fail fast', (_, text) => {
  const start = performance.now();
  expect(() => parseStatement(text)).toThrow(SqlSyntaxError);
  expect(performance.now() - start).toBeLessThan(1000);
});

test('data behind an INSERT are not lexed', () => {
  const head = 'INSERT INTO t FORMAT JSONEachRow\n';
  const start = performance.now();
  const [statement] = parseStatements(`${head}${'{\'"`'.repeat(2 * million)}`);
  expect(performance.now() - start).toBeLessThan(100);
  expect(statement).toMatchObject({
    kind: 'Insert',
    data: { format: 'JSONEachRow', start: head.length },
  });
});

test('a dashboard query parses in 60 microseconds or less (median, warm)', () => {
  const text = `SELECT toStartOfHour(ts) AS hour, country, count() AS c, uniq(user_id) AS people,
    quantile(0.95)(latency_ms) AS p95, countIf(status >= 500) AS errors
    FROM events WHERE ts >= now() - INTERVAL 7 DAY AND country IN ('de', 'fr', 'us') AND kind = 'view'
    GROUP BY hour, country HAVING c > 10 ORDER BY hour, c DESC LIMIT 100 FORMAT JSON`;
  for (let i = 0; i < 3000; i++) parseStatement(text);
  const times = Array.from({ length: 301 }, () => {
    const start = process.hrtime.bigint();
    parseStatement(text);
    return Number(process.hrtime.bigint() - start) / 1000;
  }).sort((a, b) => a - b);
  expect(times[150]).toBeLessThan(60);
});
