// Functions over constant texts that the parser or the catalog answers: formatQuery and its kin,
// hasColumnInTable. They become literals.

import {
  type Expression,
  type FunctionCall,
  parseStatement,
  printLines,
  printNormal,
  type Statement,
} from '../../../../sql/index.ts';
import { failAt } from '../../context.ts';
import { type Expr, literalExpr } from '../../expression.ts';
import type { LitValue } from '../../physical/wire.ts';
import type { Locals, Scope } from '../scope.ts';
import { constantNow } from './constants.ts';
import { bindExpression } from './index.ts';
import { resolveCall } from './resolve-call.ts';

const names = new Set([
  'formatQuery',
  'formatQueryOrNull',
  'formatQuerySingleLine',
  'formatQuerySingleLineOrNull',
  'hasColumnInTable',
]);

/** Values that one call may be written out for. */
const valuesMax = 1000;

/** What such a call stands for: a literal, or a choice among literals; undefined for all other functions. */
export function textFunction(ast: FunctionCall, scope: Scope, locals: Locals): Expr | undefined {
  if (!names.has(ast.name)) return undefined;
  const args = ast.args.map((arg) => bindExpression(arg, scope, locals));
  const [first] = args;
  if (ast.name !== 'hasColumnInTable' && first?.kind === 'column' && args.length === 1) {
    const values = scope.ctx.valueSets?.get(first.id);
    if (values && values.length > 0 && values.length <= valuesMax)
      return chosen(ast, scope, first, values);
  }
  const texts = args.map((arg, i) => {
    const { span } = ast.args[i] as Expression;
    const value = constantNow(scope.ctx, arg)?.value;
    if (typeof value === 'string' && /String/.test(arg.type)) return value;
    if (value !== undefined && value !== null)
      throw failAt(span, 'ILLEGAL_TYPE_OF_ARGUMENT', `${ast.name} takes strings`);
    throw failAt(span, 'ILLEGAL_COLUMN', `${ast.name} takes constant strings`);
  });
  if (ast.name === 'hasColumnInTable') return hasColumn(ast, scope, texts);
  if (texts.length !== 1) {
    const text = `${ast.name} takes one argument`;
    throw failAt(ast.span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', text);
  }
  return formatted(ast, texts[0] as string);
}

/** A column of known values: each is formatted for itself. */
function chosen(ast: FunctionCall, scope: Scope, column: Expr, values: readonly LitValue[]): Expr {
  const distinct = [...new Set(values.map((v) => String(v ?? '')))];
  const cases = distinct.flatMap((value) => [
    resolveCall(scope, 'equals', [column, literalExpr('String', value, ast.span)], ast.span),
    formatted(ast, value),
  ]);
  const nothing = literalExpr('Nullable(Nothing)', null, ast.span);
  const type = ast.name.endsWith('OrNull') ? nothing : literalExpr('String', '', ast.span);
  return resolveCall(scope, 'multiIf', [...cases, type], ast.span);
}

function formatted(ast: FunctionCall, text: string): Expr {
  const orNull = ast.name.endsWith('OrNull');
  const line = ast.name.includes('SingleLine');
  let made: string | null = null;
  try {
    made = printed(parseStatement(text), line);
  } catch (error) {
    if (!orNull) throw failAt(ast.span, 'SYNTAX_ERROR', (error as Error).message);
  }
  return literalExpr(orNull ? 'Nullable(String)' : 'String', made, ast.span);
}

function printed(statement: Statement, line: boolean): string {
  if (line) return printNormal(statement);
  const inner = 'query' in statement ? statement.query : undefined;
  const whole = printNormal(statement);
  const rest = inner && statement.kind !== 'QueryStatement' ? printNormal(inner) : undefined;
  if (inner && rest !== undefined && whole.endsWith(rest)) {
    const head = whole.slice(0, -rest.length).trimEnd();
    const as = /^(.*) AS$/s.exec(head)?.[1];
    const lines = printLines(inner);
    return as === undefined ? `${head} ${lines}` : `${broken(as)}\nAS ${lines}`;
  }
  if (statement.kind !== 'QueryStatement') return broken(whole);
  const { query, output } = statement;
  const tail = output ? printNormal(output) : '';
  return tail === '' ? printLines(query) : `${printLines(query)}\n${tail}`;
}

function hasColumn(ast: FunctionCall, scope: Scope, texts: string[]): Expr {
  if (texts.length !== 3) {
    const text = 'hasColumnInTable takes a database, a table and a column';
    throw failAt(ast.span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', text);
  }
  const [database, table, column] = texts as [string, string, string];
  const source = scope.ctx.catalog.table(database || undefined, table);
  const found = source.columns.some((c) => c.name === column);
  return literalExpr('UInt8', found ? '1' : '0', ast.span);
}

const clause =
  /^(?:FROM|PREWHERE|WHERE|GROUP BY|WITH (?:TOTALS|ROLLUP|CUBE)|HAVING|WINDOW|QUALIFY|ORDER BY|LIMIT|OFFSET|SETTINGS|FORMAT|UNION (?:ALL|DISTINCT)|INTERSECT|EXCEPT|(?:(?:LEFT|RIGHT|FULL|INNER|CROSS|ANY|ALL|SEMI|ANTI|ASOF|GLOBAL) )*(?:ARRAY )?JOIN)\b/;

/** One line broken before each clause outside of brackets; several columns go on lines of their own. */
function broken(flat: string): string {
  const lines: string[] = [];
  let line = '';
  let depth = 0;
  for (let i = 0; i < flat.length; ) {
    const quoted = /^(?:'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*")/.exec(
      flat.slice(i),
    );
    if (quoted) {
      line += quoted[0];
      i += quoted[0].length;
      continue;
    }
    const c = flat[i] as string;
    if ('([{'.includes(c)) depth++;
    if (')]}'.includes(c)) depth--;
    const starts = depth === 0 && line.endsWith(' ') ? clause.exec(flat.slice(i)) : null;
    if (starts) {
      lines.push(line.trimEnd());
      line = starts[0];
      i += starts[0].length;
      continue;
    }
    line += c;
    i++;
  }
  lines.push(line);
  return lines.map(columns).join('\n');
}

/** `SELECT a, b` as one line for the keyword and one for each expression. */
function columns(line: string): string {
  const head = /^(?:SELECT(?: DISTINCT)?|ORDER BY|GROUP BY) /.exec(line)?.[0];
  if (!head) return line;
  const parts: string[] = [''];
  let depth = 0;
  for (const piece of line.slice(head.length).match(/'(?:[^'\\]|\\.|'')*'|`[^`]*`|./g) ?? []) {
    if ('([{'.includes(piece)) depth++;
    if (')]}'.includes(piece)) depth--;
    if (piece === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += piece;
  }
  if (parts.length === 1) return line;
  return `${head.trimEnd()}\n${parts.map((p) => `    ${p.trim()}`).join(',\n')}`;
}
