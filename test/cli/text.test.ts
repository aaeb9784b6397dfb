// The command line's work on text: places in statements, splitting, names of formats, numbers.
import { describe, expect, it } from 'vitest';
import { caret, exitCodeOf, failureText, Unreachable, Usage } from '../../server/cli/failure.ts';
import { kindOf } from '../../server/cli/ingest.ts';
import { isBlank, splitStatements } from '../../server/cli/statements.ts';
import { bar, bytes, seconds, short } from '../../server/cli/terminal.ts';
import { ConfigError } from '../../server/config.ts';
import { RequestError } from '../../server/request-error.ts';
import { splitInsert } from '../../server/statement-split.ts';
import { distance, nearest } from '../../server/suggest.ts';

describe('caret', () => {
  it('points at the place', () => {
    expect(caret('SELECT a FORM t', 9, 4)).toBe('1 | SELECT a FORM t\n  |          ^^^^');
  });
  it('counts code points and lines', () => {
    expect(caret("SELECT '日本',\n  x", 15, 1)).toBe('2 |   x\n  |   ^');
  });
  it('cuts long lines around the place', () => {
    const text = caret(`${'a'.repeat(500)}!${'b'.repeat(500)}`, 500, 1);
    expect(text.split('\n').every((line) => line.length < 120)).toBe(true);
    const [line = '', mark = ''] = text.split('\n');
    expect(line[mark.indexOf('^')]).toBe('!');
  });
  it('bears a place at the end', () => {
    expect(caret('SELECT', 6, 1)).toBe('1 | SELECT\n  |       ^');
  });
});

describe('failures', () => {
  it('have a code, a caret and a hint', () => {
    const error = new RequestError('SYNTAX_ERROR', 'Syntax error', {
      position: 0,
      length: 5,
      hint: 'Maybe you meant SELECT',
    });
    expect(failureText(error, 'SELCT 1')).toBe(
      'Code: 62. Syntax error. (SYNTAX_ERROR)\n1 | SELCT 1\n  | ^^^^^\nHint: Maybe you meant SELECT',
    );
  });
  it('have exit codes', () => {
    expect(exitCodeOf(new Usage('x'))).toBe(2);
    expect(exitCodeOf(new ConfigError('x'))).toBe(2);
    expect(exitCodeOf(new Unreachable('x'))).toBe(3);
    expect(exitCodeOf(new Error('x'))).toBe(1);
  });
});

describe('splitStatements', () => {
  it.each([
    ['SELECT 1; SELECT 2;', ['SELECT 1', ' SELECT 2'], ''],
    ["SELECT ';' ; SELECT", ["SELECT ';' "], ' SELECT'],
    ["SELECT 'it''s; \\'; fine'", [], "SELECT 'it''s; \\'; fine'"],
    ['-- a; b\nSELECT 1;', ['-- a; b\nSELECT 1'], ''],
    ['/* ; */ SELECT `a;b` FROM "c;d"; x', ['/* ; */ SELECT `a;b` FROM "c;d"'], ' x'],
    [';;', [], ''],
  ])('%s', (text, statements, rest) => {
    expect(splitStatements(text)).toEqual({ statements, rest });
  });
  it('knows what is blank', () => {
    expect(isBlank(' -- only this\n/* and this */ ')).toBe(true);
    expect(isBlank(' x ')).toBe(false);
  });
});

describe('splitInsert', () => {
  const data = (text: string): string | undefined => {
    const split = splitInsert(text);
    return split.kind === 'insert' ? text.slice(split.dataStart) : undefined;
  };
  it.each([
    ['INSERT INTO t FORMAT CSV\n1,2\n', '1,2\n'],
    ['insert into t (a, b) format JSONEachRow {"a":1}', '{"a":1}'],
    ['INSERT INTO t SETTINGS a = 1 FORMAT RowBinary\r\n\n\0', '\n\0'],
    ['INSERT INTO db.format FORMAT CSV 1', '1'],
    ['INSERT INTO TABLE `format` (`values`) FORMAT TSV\n\t', '\t'],
    ['/* FORMAT */ -- VALUES\nINSERT INTO t FORMAT CSV 1', '1'],
    ['INSERT INTO t VALUES (1)', ' (1)'],
    ['INSERT INTO t FORMAT Values (1)', ' (1)'],
    ["INSERT INTO FUNCTION file('FORMAT x') FORMAT CSV 1", '1'],
    ["INSERT INTO t SELECT a FROM input('a UInt8') FORMAT CSV 1", '1'],
  ])('%s', (text, rest) => expect(data(text)).toBe(rest));
  it.each([
    'SELECT 1 FORMAT CSV',
    'INSERT INTO t SELECT 1 FORMAT CSV\n',
    'INSERT INTO t FORMAT CSV;',
    'INSERT INTO t FORMAT CSV',
    "SELECT 'INSERT INTO t FORMAT CSV 1'",
    'CREATE TABLE t (a INSERT) FORMAT x y',
    '',
  ])('%s has none', (text) => expect(data(text)).toBeUndefined());
});

describe('kindOf', () => {
  it.each([
    ['a.csv', { format: 'CSVWithNames' }],
    ['/x/a.b.ndjson.gz', { format: 'JSONEachRow', encoding: 'gzip' }],
    ['a.PARQUET', { format: 'Parquet' }],
    ['a.tsv.zst', { format: 'TabSeparatedWithNames', encoding: 'zstd' }],
  ])('%s', (file, kind) => expect(kindOf(file)).toEqual(kind));
  it('names formats when it knows none', () => {
    expect(() => kindOf('a.parqet')).toThrow(/parquet/);
    expect(() => kindOf('a')).toThrow(Usage);
    expect(kindOf('a.dat', 'CSV')).toEqual({ format: 'CSV' });
  });
});

describe('numbers for people', () => {
  it('are short', () => {
    expect([short(999), short(1234), short(1.5e9)]).toEqual(['999', '1.23 k', '1.50 G']);
    expect([bytes(2048), seconds(1500), seconds(60_000)]).toEqual(['2.05 kB', '1.50 s', '60.0 s']);
    expect(bar(0.5, 4)).toBe('[##  ]');
  });
});

describe('nearest', () => {
  it('counts swaps as one', () => {
    expect(distance('form', 'from', 3)).toBe(1);
    expect(nearest('talbe', ['table', 'create'])).toBe('table');
    expect(nearest('zzzz', ['table'])).toBeUndefined();
  });
});
