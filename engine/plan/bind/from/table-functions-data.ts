// Table functions that make or gather rows: format, generateRandom, merge, remote and cluster of this
// server.

import { randomInt } from 'node:crypto';
import type { Expression, FunctionCall, Identifier } from '../../../../sql/index.ts';
import { failAt, newColumn, notBuilt } from '../../context.ts';
import { type Column, type Expr, literalExpr } from '../../expression.ts';
import { type Node, project } from '../../logical.ts';
import { matchingNames } from '../../matching-names.ts';
import { typeArguments, typeHead } from '../../types.ts';
import { supertype } from '../common-type.ts';
import { constantOf } from '../expression/constants.ts';
import { bindExpression } from '../expression/index.ts';
import { convert } from '../expression/resolve-call.ts';
import { makeSource, nameText, newScope, plainColumn, type Scope } from '../scope.ts';
import { allColumns, type FoundTable, tableNode } from './index.ts';
import { arity, bytesOf, structure, textOf } from './table-function-arguments.ts';
import { type Modified, withModifiers } from './table-modifiers.ts';

/** format(CSV[, 'a UInt8'], '1\n2'). */
export function bindFormat(call: FunctionCall, scope: Scope): Node {
  arity(call, 2, 3);
  const { ctx } = scope;
  const [first] = call.args;
  const format =
    first?.kind === 'Identifier' && first.parts.length === 1
      ? nameText(ctx, (first as Identifier).parts[0] as Identifier['parts'][0])
      : textOf(first, call, scope);
  const data = bytesOf(call.args[call.args.length - 1], call, scope);
  const written = call.args.length === 3 ? textOf(call.args[1], call, scope) : 'auto';
  const columns =
    written === 'auto'
      ? ctx.kernel.infer(format, data).map((c) => newColumn(ctx, c.name, c.type))
      : structure(written, call, scope);
  return {
    kind: 'values',
    title: `format ${format}`,
    columns,
    rows: [],
    written: { format, data },
  };
}

/** How long random values become, and what makes one differ from the next. */
interface Chance {
  readonly strings: number;
  readonly arrays: number;
  readonly salt: () => string;
  /** What a value depends on beside its salt: the row, and places in arrays around it. */
  readonly of: string;
}

/** An expression for a value of a type, the same for the same seed. */
function randomOf(type: string, chance: Chance): string | undefined {
  const { strings, arrays, salt, of } = chance;
  const head = typeHead(type);
  const inner = typeArguments(type);
  const word = (): string => `sipHash64(${salt()}, ${of})`;
  const part = (t: string | undefined): string | undefined =>
    t === undefined ? undefined : randomOf(t, chance);
  const all = (
    list: (string | undefined)[],
    text: (parts: string[]) => string,
  ): string | undefined => (list.includes(undefined) ? undefined : text(list as string[]));
  const characters = (length: string): string => {
    const byte = `toUInt8(32 + sipHash64(${salt()}, ${of}, j) % 95)`;
    return `arrayStringConcat(arrayMap(j -> char(${byte}), range(${length})))`;
  };
  const second = (): string => `toUInt32(${word()} % 4294967296)`;
  if (/^U?Int(8|16|32|64)$/.test(type)) return `reinterpret(${word()}, '${type}')`;
  if (/^U?Int(128|256)$/.test(type)) return `CAST(${word()} AS ${type}) * ${word()}`;
  if (type === 'Bool') return `CAST(${word()} % 2 AS Bool)`;
  if (/^Float/.test(type)) {
    return `CAST((toInt64(${word()} % 2000001) - 1000000) / ((${word()} % 1000) + 1) AS ${type})`;
  }
  if (type === 'String') return characters(`toUInt64(${word()} % ${strings + 1})`);
  if (head === 'FixedString') return `toFixedString(${characters(String(inner[0]))}, ${inner[0]})`;
  if (type === 'Date') return `toDate(toUInt16(${word()} % 65536))`;
  if (type === 'Date32') return `toDate32(toInt32(${word()} % 100000) - 20000)`;
  if (head === 'DateTime' || head === 'DateTime64') return `CAST(${second()} AS ${type})`;
  if (head === 'Decimal') return `CAST(toInt32(${word()} % 1000) AS ${type})`;
  if (head === 'Enum8' || head === 'Enum16') {
    const names = inner.map((entry) => entry.replace(/\s*=\s*-?\d+\s*$/, ''));
    return `CAST([${names.join(', ')}][${word()} % ${names.length} + 1] AS ${type})`;
  }
  if (type === 'UUID')
    return `reinterpretAsUUID(concat(reinterpretAsString(${word()}), reinterpretAsString(${word()})))`;
  if (type === 'IPv4') return `CAST(${second()} AS IPv4)`;
  if (type === 'IPv6') return `toIPv6(IPv4NumToString(${second()}))`;
  if (head === 'Nullable')
    return all([part(inner[0])], ([v]) => `if(${word()} % 16 = 0, NULL, ${v})`);
  if (head === 'LowCardinality') return part(inner[0]);
  if (head === 'Array') {
    const depth = `i${of.length}`;
    const length = `toUInt64(${word()} % ${arrays + 1})`;
    const element = randomOf(inner[0] as string, { ...chance, of: `${of}, ${depth}` });
    return all([element], ([v]) => `arrayMap(${depth} -> ${v}, range(${length}))`);
  }
  if (head === 'Tuple')
    return all(
      inner.map((t) => part(t.replace(/^(`[^`]*`|\w+) (?=\w)/, ''))),
      (parts) => `tuple(${parts.join(', ')})`,
    );
  if (head === 'Map') return all(inner.map(part), ([k, v]) => `map(${k}, ${v})`);
  return undefined;
}

/** generateRandom('a UInt8'[, seed[, longest string[, longest array]]]): endless rows. */
export function bindGenerateRandom(call: FunctionCall, scope: Scope): Node {
  arity(call, 0, 4);
  const { ctx } = scope;
  const number = (arg: Expression | undefined): number | undefined => {
    if (!arg) return undefined;
    const value = constantOf(ctx, bindExpression(arg, scope))?.value;
    if (value === null) return undefined;
    const n = Number(value);
    if (Number.isInteger(n) && n >= 0 && n <= 2 ** 53) return n;
    throw failAt(arg.span, 'BAD_ARGUMENTS', `${call.name} takes constant whole numbers here`);
  };
  const text =
    call.args.length === 0 ? 'c1 String, c2 Int64, c3 Float64' : textOf(call.args[0], call, scope);
  const columns = structure(text, call, scope);
  const seed = number(call.args[1]) ?? randomInt(2 ** 40);
  const lengths = { strings: number(call.args[2]) ?? 10, arrays: number(call.args[3]) ?? 10 };
  const rowNumber = newColumn(ctx, 'number', 'UInt64');
  const base: Node = { kind: 'numbers', start: 0, step: 1, columns: [rowNumber] };
  ctx.cacheable = false;
  const inner = newScope(ctx, call.span);
  inner.sources = [makeSource({}, [plainColumn(rowNumber)])];
  // Columns of one Nested have arrays of the same lengths.
  const salts = new Map<string, number>();
  let next = 0;
  const items = columns.map((column, distinct) => {
    const nested = /^(\w+)\./.exec(column.name)?.[1];
    let own = nested === undefined ? next++ * 1000 : (salts.get(nested) ?? next++ * 1000);
    if (nested !== undefined) salts.set(nested, own);
    let first = nested !== undefined;
    const salt = (): string => {
      if (!first) return `${seed}, ${++own}, ${nested === undefined ? 0 : distinct}`;
      first = false;
      return `${seed}, ${own}, 0`;
    };
    const chance = { ...lengths, salt, of: 'number' };
    const sql = randomOf(column.type, chance);
    if (sql === undefined) throw notBuilt(call.span, `${call.name} of ${column.type}`);
    return { column, expr: convert(bindExpression(ctx.parseExpression(sql), inner), column.type) };
  });
  return project(base, items);
}

/** merge(['db',] 'tables'): the rows of all tables that match, with _database and _table. */
export function bindMerge(call: FunctionCall, scope: Scope, modified?: Modified): Node {
  arity(call, 1, 2);
  const { ctx } = scope;
  const texts = call.args.map((arg) => databaseText(arg, call, scope));
  const database = texts.length === 2 ? texts[0] || undefined : undefined;
  const pattern = texts[texts.length - 1] as string;
  const places = ctx.catalog.tables(database);
  const names = places.map(({ name }) => name);
  const matched = matchingNames(ctx.kernel, pattern, names, call.span);
  const found = places
    .filter(({ name }) => matched.has(name))
    .flatMap((place) => tableNode(scope, place.database, place.name, call.span, true) ?? [])
    .map((one): FoundTable => {
      if (!modified) return one;
      return { ...one, node: withModifiers(scope, modified, one.node, one.source, one.table) };
    });
  if (found.length === 0) {
    throw failAt(call.span, 'CANNOT_EXTRACT_TABLE_STRUCTURE', `No table matches ${pattern}`);
  }
  return unionOf(scope, call, found);
}

function databaseText(arg: Expression, call: FunctionCall, scope: Scope): string {
  if (arg.kind === 'Identifier' && arg.parts.length === 1)
    return nameText(scope.ctx, (arg as Identifier).parts[0] as Identifier['parts'][0]);
  if (arg.kind === 'Function' && arg.name === 'REGEXP') {
    throw notBuilt(arg.span, 'merge over several databases');
  }
  return textOf(arg, call, scope);
}

function unionOf(scope: Scope, call: FunctionCall, found: readonly FoundTable[]): Node {
  const { ctx } = scope;
  const types = new Map<string, string[]>();
  const nodes = found.map(({ source }) => source.columns.filter((c) => !c.hidden));
  for (const columns of nodes)
    for (const c of columns) types.set(c.name, [...(types.get(c.name) ?? []), c.type]);
  const wanted = [...types].map(([name, list]) => {
    const type = supertype(ctx, list);
    if (type !== undefined) return { name, type };
    const text = `Column ${name} has no common type: ${[...new Set(list)].join(', ')}`;
    throw failAt(call.span, 'NO_COMMON_TYPE', text);
  });
  const inputs = found.map(({ node, source, table }, i) => {
    const own = new Map((nodes[i] ?? []).map((c) => [c.name, c]));
    const value = (name: string, type: string): Expr => {
      const column = own.get(name);
      return column ? convert(column.expr(), type) : defaultOf(scope, type, call);
    };
    const factor = source.byName.get('_sample_factor');
    return project(node, [
      ...wanted.map(({ name, type }) => ({
        column: newColumn(ctx, name, type),
        expr: value(name, type),
      })),
      {
        column: newColumn(ctx, '_database', 'LowCardinality(String)'),
        expr: convert(literalExpr('String', table?.database ?? ''), 'LowCardinality(String)'),
      },
      {
        column: newColumn(ctx, '_table', 'LowCardinality(String)'),
        expr: convert(literalExpr('String', table?.name ?? ''), 'LowCardinality(String)'),
      },
      {
        column: newColumn(ctx, '_sample_factor', 'Float64'),
        expr: convert(factor?.expr() ?? literalExpr('Float64', '1'), 'Float64'),
      },
    ]);
  });
  const columns = (inputs[0] as Node).columns.map((c): Column => newColumn(ctx, c.name, c.type));
  return { kind: 'union', inputs, columns };
}

function defaultOf(scope: Scope, type: string, call: FunctionCall): Expr {
  const inner = newScope(scope.ctx, call.span);
  const quoted = type.replace(/[\\']/g, '\\$&');
  return bindExpression(scope.ctx.parseExpression(`defaultValueOfTypeName('${quoted}')`), inner);
}

const thisServer = /^(127(\.\d+){3}|localhost|\[?::1\]?)(:\d+)?$/;

/** remote('127.0.0.1', db.table), cluster('default', db, table): only this server is there. */
export function bindRemote(call: FunctionCall, scope: Scope): Node {
  arity(call, 2, 7);
  const [where, ...rest] = call.args as [Expression, ...Expression[]];
  const address = databaseText(where, call, scope);
  const isCluster = call.name.startsWith('cluster');
  if (isCluster ? address !== 'default' : !address.split(',').every((a) => thisServer.test(a))) {
    const text = isCluster ? `Requested cluster '${address}' not found` : `Reading from ${address}`;
    if (isCluster) throw failAt(where.span, 'CLUSTER_DOESNT_EXIST', text);
    throw notBuilt(where.span, text, 'Only 127.0.0.1, localhost and [::1] are there');
  }
  const [first, second] = rest;
  if (first?.kind === 'Function' && first.name === 'view' && first.args[0]?.kind === 'Subquery')
    throw notBuilt(first.span, `${call.name} of view()`);
  const parts =
    first?.kind === 'Identifier' && first.parts.length === 2
      ? first.parts.map((p) => nameText(scope.ctx, p))
      : [first, second].flatMap((arg) => (arg ? [databaseText(arg, call, scope)] : []));
  const dotted = parts.length === 1 ? (parts[0] as string).split('.') : parts;
  const [database, table] = dotted.length > 1 ? dotted : [undefined, dotted[0]];
  const found = tableNode(scope, database, table ?? '', (first ?? where).span, false);
  if (!found) throw new Error('plan: tableNode answers or throws');
  return allColumns(scope, found);
}
