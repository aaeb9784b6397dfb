// Table functions: numbers(), values() and the like. Those that read files or other servers are
// refused by name.

import { type Expression, type FunctionCall, suggest } from '../../../../sql/index.ts';
import { failAt, newColumn, notBuilt, type Planning } from '../../context.ts';
import { columnExpr, literalExpr } from '../../expression.ts';
import { type Node, project } from '../../logical.ts';
import type { Lit, LitValue } from '../../physical/wire.ts';
import { tupleElements } from '../../types.ts';
import { castLit, supertype } from '../common-type.ts';
import { constantNow, constantOf } from '../expression/constants.ts';
import { bindExpression } from '../expression/index.ts';
import { integerOf } from '../expression/literals.ts';
import { convert, resolveCall } from '../expression/resolve-call.ts';
import { bindQuery } from '../query.ts';
import type { Scope } from '../scope.ts';
import { allColumns, tableNode } from './index.ts';
import { bindTableChanges } from './table-changes.ts';
import { arity, structure, textOf } from './table-function-arguments.ts';
import { bindFormat, bindGenerateRandom, bindMerge, bindRemote } from './table-functions-data.ts';
import { bindFileFunction } from './table-functions-files.ts';
import type { Modified } from './table-modifiers.ts';
import { parameterisedView } from './view.ts';

type Bind = (call: FunctionCall, scope: Scope) => Node;

const functions: Record<string, Bind> = {
  numbers: bindNumbers,
  numbers_mt: bindNumbers,
  zeros: bindZeros,
  zeros_mt: bindZeros,
  generate_series: bindSeries,
  generateSeries: bindSeries,
  values: bindValuesFunction,
  view: (call, scope) => {
    const query = call.args[0];
    if (query?.kind !== 'Subquery') throw failAt(call.span, 'BAD_ARGUMENTS', 'view takes a SELECT');
    return bindQuery(query.query, scope).node;
  },
  null: (call, scope) => {
    const columns = structure(textOf(call.args[0], call, scope), call, scope);
    return { kind: 'values', title: 'null', columns, rows: [] };
  },
  input: (call, scope) => {
    const { input } = scope.ctx;
    if (!input)
      throw failAt(
        call.span,
        'INCORRECT_QUERY',
        'input() is only for INSERT … SELECT … FROM input()',
      );
    const text = call.args[0] ? textOf(call.args[0], call, scope) : undefined;
    const columns =
      text === undefined
        ? input.columns.map((c) => newColumn(scope.ctx, c.name, c.type))
        : structure(text, call, scope);
    return input.node(columns);
  },
  format: bindFormat,
  file: bindFileFunction,
  url: bindFileFunction,
  s3: bindFileFunction,
  generateRandom: bindGenerateRandom,
  merge: bindMerge,
  table_changes: bindTableChanges,
  remote: bindRemote,
  remoteSecure: bindRemote,
  cluster: bindRemote,
  clusterAllReplicas: bindRemote,
};

/** Known to ClickHouse, out of reach or not built here. */
const refused: Record<string, 'remote' | 'later'> = Object.fromEntries([
  ...'s3Cluster gcs hdfs hdfsCluster azureBlobStorage azureBlobStorageCluster urlCluster fileCluster mysql postgresql mongodb redis sqlite jdbc odbc iceberg icebergS3 icebergLocal deltaLake hudi executable ytsaurus arrowFlight'
    .split(' ')
    .map((name) => [name, 'remote'] as const),
  ...'dictionary loop fuzzJSON fuzzQuery primes mergeTreeIndex mergeTreeProjection mergeTreeAnalyzeIndexes viewIfPermitted timeSeriesData timeSeriesMetrics timeSeriesTags prometheusQuery prometheusQueryRange'
    .split(' ')
    .map((name) => [name, 'later'] as const),
]);

const anyCase = new Set(['values', 'generate_series']);

export const tableFunctionNames = (): string[] => Object.keys(functions);

/** `f(untuple((1, 2)))` is f(1, 2), and so is `f(t.*)` of such a tuple. */
function spread(call: FunctionCall, scope: Scope): FunctionCall {
  const args = call.args.flatMap((arg): Expression[] => {
    const untupled = arg.kind === 'Function' && arg.name === 'untuple' ? arg.args[0] : undefined;
    const starred: Expression | undefined =
      arg.kind === 'Star' && arg.qualifier
        ? { kind: 'Identifier', parts: arg.qualifier, span: arg.span }
        : undefined;
    const tuple = untupled ?? starred;
    if (tuple?.kind === 'Function' && tuple.name === 'tuple') return tuple.args;
    if (!tuple) return [arg];
    if (tuple.kind === 'Tuple') return tuple.items;
    const elements = tupleElements(bindExpression(tuple, scope).type) ?? [];
    const { span } = tuple;
    return elements.map((_, i): Expression => {
      const index: Expression = { kind: 'Literal', type: 'number', text: String(i + 1), span };
      const of = { name: 'tupleElement', nameSpan: span, distinct: false, span };
      return { kind: 'Function', ...of, args: [tuple, index] };
    });
  });
  return { ...call, args };
}

export function bindTableFunction(
  written: FunctionCall,
  scope: Scope,
  modified: Modified,
): { node: Node; table: string } {
  const call = spread(written, scope);
  if (call.name === 'merge') return { node: bindMerge(call, scope, modified), table: 'merge' };
  if (call.parameters) {
    const text = `Table function ${call.name} has one list of arguments`;
    throw failAt(call.span, 'SYNTAX_ERROR', text);
  }
  const name = anyCase.has(call.name.toLowerCase()) ? call.name.toLowerCase() : call.name;
  const bind = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (bind) return { node: bind(call, scope), table: call.name };
  const why = refused[call.name];
  if (why === 'remote') {
    throw notBuilt(
      call.nameSpan,
      `Table function ${call.name}`,
      'Load the data with /ingest or INSERT … FORMAT',
    );
  }
  if (why) throw notBuilt(call.nameSpan, `Table function ${call.name}`);
  const view = scope.ctx.catalog.find(undefined, call.name);
  if (view?.kind === 'view' && view.parameters) {
    return { node: parameterisedView(scope, view, viewArguments(call, scope)), table: call.name };
  }
  if (view && call.args.length === 0) {
    const found = tableNode(scope, undefined, call.name, call.span, false);
    if (found) return { node: allColumns(scope, found), table: call.name };
  }
  throw unknownTableFunction(call);
}

export const isTableFunction = (name: string): boolean =>
  Object.hasOwn(functions, name) || Object.hasOwn(refused, name);

export function unknownTableFunction(call: FunctionCall): Error {
  const near = suggest(call.name, Object.keys(functions));
  return failAt(call.nameSpan, 'UNKNOWN_FUNCTION', `Unknown table function \`${call.name}\``, {
    ...(near === undefined ? {} : { hint: `Did you mean \`${near}\`?` }),
  });
}

/** `v(a = 1, b = 'x')`: the values as texts that query parameters are read from. */
function viewArguments(call: FunctionCall, scope: Scope): Record<string, string> {
  const values: Record<string, string> = {};
  for (const arg of call.args) {
    const named = arg.kind === 'Binary' && arg.fn === 'equals' && arg.left.kind === 'Identifier';
    const name = named && arg.left.kind === 'Identifier' ? arg.left.parts.at(-1)?.name : undefined;
    if (!named || name === undefined) {
      throw failAt(
        arg.span,
        'UNKNOWN_QUERY_PARAMETER',
        `Write ${call.name}(name = value) for each parameter`,
      );
    }
    const value = constantOf(scope.ctx, bindExpression(arg.right, scope));
    if (!value)
      throw failAt(arg.right.span, 'BAD_ARGUMENTS', `The value of ${name} must be constant`);
    const text = castLit(scope.ctx, value, 'String');
    const isText = value.type === 'String' && typeof text === 'string';
    values[name] = isText ? text.replace(/[\\\t\n\r]/g, escapeTsv) : String(text ?? '\\N');
  }
  return values;
}

const escapeTsv = (c: string): string =>
  c === '\t' ? '\\t' : c === '\n' ? '\\n' : c === '\r' ? '\\r' : '\\\\';

function integerArg(arg: Expression, call: FunctionCall, scope: Scope): number {
  const value = constantNow(scope.ctx, bindExpression(arg, scope));
  if (value?.type === 'String')
    throw failAt(arg.span, 'ILLEGAL_TYPE_OF_ARGUMENT', `${call.name} takes numbers, not texts`);
  const n = value ? (integerOf(value.value) ?? wholeFloat(value.value)) : undefined;
  if (n === undefined)
    throw failAt(arg.span, 'ILLEGAL_TYPE_OF_ARGUMENT', `${call.name} takes constant integers`);
  if (n < 0)
    throw failAt(arg.span, 'ILLEGAL_TYPE_OF_ARGUMENT', `${call.name} takes no negative numbers`);
  return Math.min(n, Number.MAX_SAFE_INTEGER);
}

function wholeFloat(value: LitValue): number | undefined {
  const n = typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isInteger(n) ? n : undefined;
}

function bindNumbers(call: FunctionCall, scope: Scope): Node {
  arity(call, 0, 3);
  const args = call.args.map((arg) => integerArg(arg, call, scope));
  const columns = [newColumn(scope.ctx, 'number', 'UInt64')];
  const [first, second, third] = args;
  if (second !== undefined && first === Number.MAX_SAFE_INTEGER)
    throw notBuilt(call.args[0]?.span ?? call.span, `${call.name} that begins beyond 2^53`);
  if (first === undefined) return { kind: 'numbers', start: 0, step: 1, columns };
  if (second === undefined) return { kind: 'numbers', start: 0, count: first, step: 1, columns };
  if (third === undefined)
    return { kind: 'numbers', start: first, count: second, step: 1, columns };
  if (third === 0)
    throw failAt(call.args[2]?.span, 'BAD_ARGUMENTS', 'The step of numbers cannot be 0');
  // numbers(offset, length, step): every step-th of `length` numbers.
  return { kind: 'numbers', start: first, count: Math.ceil(second / third), step: third, columns };
}

function bindZeros(call: FunctionCall, scope: Scope): Node {
  arity(call, 1, 1);
  const count = integerArg(call.args[0] as Expression, call, scope);
  const input: Node = {
    kind: 'numbers',
    start: 0,
    count,
    step: 1,
    columns: [newColumn(scope.ctx, 'number', 'UInt64')],
  };
  return project(input, [
    { column: newColumn(scope.ctx, 'zero', 'UInt8'), expr: literalExpr('UInt8', '0') },
  ]);
}

function bindSeries(call: FunctionCall, scope: Scope): Node {
  arity(call, 2, 3);
  const [start = 0, stop = 0, step = 1] = call.args.map((arg) => integerArg(arg, call, scope));
  if (step === 0)
    throw failAt(call.args[2]?.span, 'BAD_ARGUMENTS', 'The step of a series cannot be 0');
  const count = stop < start ? 0 : Math.floor((stop - start) / step) + 1;
  return {
    kind: 'numbers',
    start,
    count,
    step,
    columns: [newColumn(scope.ctx, 'generate_series', 'UInt64')],
  };
}

/** values('a UInt8, b String', (1, 'x'), …) or values(1, 2) with columns c1…. */
function bindValuesFunction(call: FunctionCall, scope: Scope): Node {
  const { ctx } = scope;
  const [first] = call.args;
  if (!first) throw failAt(call.span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', 'values takes rows');
  const written =
    first.kind === 'Literal' &&
    first.type === 'string' &&
    call.args.length > 1 &&
    /\s/.test(first.value)
      ? structure(first.value, call, scope)
      : undefined;
  const rows = (written ? call.args.slice(1) : call.args).map((row) =>
    row.kind === 'Tuple' ? row.items : [row],
  );
  const width = written?.length ?? (rows[0] as Expression[]).length;
  const lits = rows.map((row, r) => {
    if (row.length !== width) {
      const text = `Row ${r + 1} of values has ${row.length} values, not ${width}`;
      throw failAt(row[0]?.span ?? call.span, 'NUMBER_OF_COLUMNS_DOESNT_MATCH', text);
    }
    return row.map((item) => {
      const lit = constantOf(ctx, bindExpression(item, scope));
      if (!lit) throw failAt(item.span, 'BAD_ARGUMENTS', 'values takes constants only');
      return lit;
    });
  });
  const columns =
    written ??
    Array.from({ length: width }, (_, i) => {
      const type = supertype(
        ctx,
        lits.map((row) => (row[i] as { type: string }).type),
      );
      if (type === undefined)
        throw failAt(call.span, 'NO_COMMON_TYPE', `Column c${i + 1} of values has no common type`);
      return newColumn(ctx, `c${i + 1}`, type);
    });
  const values = lits.map((row) =>
    row.map((lit, i) => fitting(ctx, call, lit, (columns[i] as { type: string }).type)),
  );
  return { kind: 'values', title: 'values()', columns, rows: values };
}

/** A value of values() as the structure wants it. */
function fitting(ctx: Planning, call: FunctionCall, lit: Lit, type: string): LitValue {
  try {
    return castLit(ctx, lit, type);
  } catch (error) {
    const { code, message } = error as { code?: number; message: string };
    if (code === undefined) throw error;
    throw failAt(call.span, 'TYPE_MISMATCH', `A value of values() is no ${type}: ${message}`);
  }
}

export { columnExpr, convert, resolveCall };
