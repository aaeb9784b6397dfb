// Runs `.test` files: statements and what they must answer, in the manner of DuckDB's and SQLite's.
//
//   # a comment
//   statement ok                     must work
//   CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a
//
//   statement error 62               must fail with this code or NAME (none: with any); text after it: part of the message
//   SELCT 1
//
//   query [rowsort]                  must answer these rows (TabSeparated); rowsort: in any order
//   SELECT a, a + 1 FROM t
//   ----
//   1	2
//
// Blocks end at an empty line. A line that would be empty is written (empty).
// With COLONNADE_TEST_COMPLETE=1 the answers are written into the file instead of compared.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Engine, Session } from '../engine/facade.ts';

export interface Block {
  kind: 'ok' | 'error' | 'query';
  /** First line of the block in the file, from 1. */
  line: number;
  head: string;
  sql: string;
  expected: string[];
  rowsort: boolean;
}

const EMPTY = '(empty)';

export function parseTest(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  let at = 0;
  while (at < lines.length) {
    const head = lines[at] ?? '';
    if (head.trim() === '' || head.startsWith('#')) {
      at++;
      continue;
    }
    const start = at;
    const end = endOfBlock(lines, at);
    const body = lines.slice(start + 1, end);
    const rule = body.indexOf('----');
    blocks.push({
      kind: kindOf(head, start + 1),
      line: start + 1,
      head,
      sql: (rule < 0 ? body : body.slice(0, rule)).join('\n'),
      expected: rule < 0 ? [] : body.slice(rule + 1),
      rowsort: /\browsort\b/.test(head),
    });
    at = end;
  }
  return blocks;
}

function endOfBlock(lines: readonly string[], from: number): number {
  let at = from;
  while (at < lines.length && (lines[at] ?? '').trim() !== '') at++;
  return at;
}

function kindOf(head: string, line: number): Block['kind'] {
  if (/^statement ok\b/.test(head)) return 'ok';
  if (/^statement error\b/.test(head)) return 'error';
  if (/^query\b/.test(head)) return 'query';
  throw new Error(`line ${line}: neither "statement ok", "statement error" nor "query": ${head}`);
}

export interface Outcome {
  passed: number;
  /** `line N: …`, one a fault. */
  faults: string[];
}

/** Runs one file in a database of its own. */
export async function runTest(engine: Engine, path: string, name: string): Promise<Outcome> {
  const text = readFileSync(path, 'utf8');
  const blocks = parseTest(text);
  const database = `test_${name.replace(/\W+/g, '_')}`;
  const session = engine.session(`test-${name}`, 600);
  const complete = process.env.COLONNADE_TEST_COMPLETE === '1';
  const outcome: Outcome = { passed: 0, faults: [] };
  await answer(engine, `CREATE DATABASE ${database}`, 'default', session);
  await answer(engine, `USE ${database}`, 'default', session);
  for (const block of blocks) {
    const fault = await runBlock(engine, block, database, session, complete);
    if (fault === undefined) outcome.passed++;
    else outcome.faults.push(`line ${block.line}: ${fault}`);
  }
  // In a session of its own: what the test has set may forbid it.
  const end = engine.session(`test-${name}-end`, 60);
  await answer(engine, `DROP DATABASE ${database}`, 'default', end);
  if (complete) writeFileSync(path, completed(text, blocks));
  return outcome;
}

async function answer(
  engine: Engine,
  sql: string,
  database: string,
  session: Session,
): Promise<string> {
  const request = { sql, format: 'TabSeparated', user: { name: 'default' }, session, database };
  const result = await engine.query(request);
  const pieces: Uint8Array[] = [];
  for await (const piece of result.chunks) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

async function runBlock(
  engine: Engine,
  block: Block,
  database: string,
  session: Session,
  complete: boolean,
): Promise<string | undefined> {
  let text: string;
  try {
    text = await answer(engine, block.sql, database, session);
  } catch (error) {
    return judgeError(block, error as { code?: number; name?: string; message: string });
  }
  if (block.kind === 'error') return 'it worked, though it must fail';
  if (block.kind === 'ok') return undefined;
  const rows = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const got = rows.map((row) => (row === '' ? EMPTY : row));
  if (complete) {
    block.expected = got;
    return undefined;
  }
  const order = (list: string[]): string => (block.rowsort ? [...list].sort() : list).join('\n');
  if (order(got) === order(block.expected)) return undefined;
  return `${block.sql}\n  got:\n${got.join('\n')}\n  wanted:\n${block.expected.join('\n')}`;
}

function judgeError(
  block: Block,
  error: { code?: number; name?: string; message: string },
): string | undefined {
  const said = `${error.code ?? ''} ${error.name ?? ''}: ${error.message}`;
  if (block.kind !== 'error') return `${block.sql}\n  ${said}`;
  const [, , wanted, ...rest] = block.head.split(/\s+/);
  if (
    wanted !== undefined &&
    wanted !== '' &&
    wanted !== String(error.code) &&
    wanted !== error.name
  ) {
    return `${block.sql}\n  ${said}, not ${wanted}`;
  }
  const part = rest.join(' ');
  return error.message.includes(part) ? undefined : `${said} does not say "${part}"`;
}

/** The file with the answers of its queries. */
function completed(text: string, blocks: readonly Block[]): string {
  const lines = text.split('\n');
  for (const block of [...blocks].reverse()) {
    if (block.kind !== 'query') continue;
    const end = endOfBlock(lines, block.line - 1);
    const sql = block.sql.split('\n');
    lines.splice(block.line, end - block.line, ...sql, '----', ...block.expected);
  }
  return lines.join('\n');
}
