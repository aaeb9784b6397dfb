// ENGINE = …: which engines there are, and what their arguments have to be.

import { type Expression, type FunctionCall, print } from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import { nearest } from '../../nearest.ts';
import { constantOf } from '../../plan/bind/expression/constants.ts';
import { bindExpression } from '../../plan/bind/expression/index.ts';
import { newScope } from '../../plan/bind/scope.ts';
import { failAt, notBuilt } from '../../plan/context.ts';
import { columnsOf } from '../../plan/expression.ts';
import { matchingNames } from '../../plan/matching-names.ts';
import { typeHead } from '../../plan/types.ts';
import { type Run, sessionJson } from '../../query/core.ts';
import { startPlanning } from '../../query/plan-query.ts';
import { borrowing, built, madeEngine, plainEngines } from '../../tables/engine-names.ts';
import { baseEngine, columnName, columnNames, meantArgs } from '../../tables/engine-rule.ts';
import { bindTable, partitionKey } from '../../tables/shape.ts';

const later = new Set(
  `GraphiteMergeTree ReplicatedGraphiteMergeTree SharedGraphiteMergeTree
   Distributed Kafka RabbitMQ NATS S3 S3Queue URL File HDFS MySQL PostgreSQL MongoDB Redis SQLite ODBC JDBC
   Dictionary View MaterializedView LiveView WindowView EmbeddedRocksDB KeeperMap Iceberg DeltaLake Hudi
   AzureBlobStorage FileLog Executable ExecutablePool TimeSeries Alias`.split(/\s+/),
);

const counts: Record<string, readonly [number, number]> = {
  MergeTree: [0, 0],
  ReplacingMergeTree: [0, 2],
  SummingMergeTree: [0, 1],
  AggregatingMergeTree: [0, 0],
  CollapsingMergeTree: [1, 1],
  VersionedCollapsingMergeTree: [2, 2],
  Merge: [2, 2],
  Buffer: [9, 12],
  GenerateRandom: [0, 3],
  CoalescingMergeTree: [0, 1],
  Join: [3, 100],
};

export function tableEngine(call: FunctionCall | undefined): { name: string; args: string } {
  if (!call) return { name: 'MergeTree', args: '' };
  const { name } = call;
  const args = call.args.map((arg) => print(arg)).join(', ');
  if (plainEngines.has(name) || built.has(name) || borrowing.has(name) || name === madeEngine) {
    const meant = meantArgs(name, call.args);
    const [least, most] = counts[baseEngine(name)] ?? [0, 0];
    if (meant.length < least || meant.length > most) {
      const wanted = least === most ? `${least}` : `${least} to ${most}`;
      throw failAt(
        meant[most]?.span ?? call.nameSpan,
        'NUMBER_OF_ARGUMENTS_DOESNT_MATCH',
        `Engine ${name} takes ${wanted === '0' ? 'no' : wanted} argument(s), not ${meant.length}`,
      );
    }
    return { name, args };
  }
  if (later.has(name)) {
    throw failAt(call.nameSpan, 'NOT_IMPLEMENTED', `Engine ${name} is not implemented yet`);
  }
  const near = nearest(name, [...built, ...plainEngines, ...later]);
  throw failAt(
    call.nameSpan,
    'UNKNOWN_STORAGE',
    `Unknown table engine ${name}`,
    near ? { hint: `Did you mean \`${near}\`?` } : {},
  );
}

/** Where the rows of a Merge or Buffer come from. */
export function withTarget(
  run: Run,
  table: TableDefinition,
  call: FunctionCall | undefined,
): TableDefinition {
  if (!call || !borrowing.has(call.name)) return table;
  const text = (arg: Expression | undefined): string => {
    const name = columnName(arg);
    if (name !== undefined) return name;
    if (arg?.kind === 'Function' && /^(currentDatabase|database)$/i.test(arg.name))
      return run.database;
    if (!arg || (arg.kind === 'Function' && arg.name === 'REGEXP'))
      throw notBuilt(arg?.span ?? call.span, 'REGEXP of databases');
    const { ctx } = startPlanning(run);
    const value = constantOf(ctx, bindExpression(arg, newScope(ctx, arg.span)))?.value;
    if (typeof value === 'string') return value;
    throw failAt(arg.span, 'BAD_ARGUMENTS', `Engine ${call.name} takes names as constants`);
  };
  if (call.name === 'Buffer') checkBuffer(call.args.slice(2));
  const target = { database: text(call.args[0]) || run.database, table: text(call.args[1]) };
  if (call.name === 'Merge') {
    const span = call.args[1]?.span ?? call.span;
    matchingNames(run.core.native.planner(sessionJson(run)), target.table, [], span);
  }
  return { ...table, extra: { ...table.extra, target } };
}

/** The layers of a Buffer and what it waits for, all of which change nothing: rows are handed on at once. */
function checkBuffer(args: readonly Expression[]): void {
  for (const [i, arg] of args.entries()) {
    const text = print(arg);
    if (arg.kind !== 'Literal') {
      const what = `Storage Buffer expects a literal as an argument #${i + 2}, got '${text}' instead`;
      throw failAt(arg.span, 'BAD_ARGUMENTS', what);
    }
    if (arg.type !== 'number')
      throw failAt(arg.span, 'CANNOT_CONVERT_TYPE', `Engine Buffer takes numbers, not ${text}`);
    if (Number(text) < (i === 0 ? 1 : 0))
      throw failAt(arg.span, 'BAD_ARGUMENTS', `Engine Buffer takes positive numbers, not ${text}`);
  }
}

/** Checks the engine's columns against the finished definition. */
export function checkEngine(
  run: Run,
  table: TableDefinition,
  call: FunctionCall | undefined,
): void {
  if (!call) return;
  const args = meantArgs(call.name, call.args);
  const typeOf = (arg: Expression | undefined): string => {
    const name = columnName(arg);
    const column = name === undefined ? undefined : table.columns.find((c) => c.name === name);
    if (column && column.defaultKind !== 'ALIAS' && column.defaultKind !== 'EPHEMERAL')
      return column.type;
    throw failAt(
      arg?.span ?? call.span,
      'NO_SUCH_COLUMN_IN_TABLE',
      `There is no column ${name ?? (arg ? print(arg) : '')} for engine ${call.name}`,
    );
  };
  const wrong = (arg: Expression | undefined, what: string, type: string): never => {
    const name = columnName(arg) ?? '';
    throw failAt(
      arg?.span ?? call.span,
      'BAD_TYPE_OF_FIELD',
      `The ${what} column ${name} of engine ${call.name} cannot have the type ${type}`,
    );
  };
  const sign = (arg: Expression | undefined) => {
    const type = typeOf(arg);
    if (type !== 'Int8') wrong(arg, 'sign', type);
  };
  const version = (arg: Expression | undefined) => {
    const type = typeOf(arg);
    if (!/^U?Int\d+$|^Date(32)?$|^DateTime(64)?$/.test(typeHead(type))) wrong(arg, 'version', type);
  };
  switch (baseEngine(call.name)) {
    case 'ReplacingMergeTree':
      if (args[0]) version(args[0]);
      if (args[1] && typeOf(args[1]) !== 'UInt8') wrong(args[1], 'is_deleted', typeOf(args[1]));
      return;
    case 'CollapsingMergeTree':
      sign(args[0]);
      return;
    case 'VersionedCollapsingMergeTree':
      sign(args[0]);
      version(args[1]);
      return;
    case 'SummingMergeTree':
    case 'CoalescingMergeTree':
      checkSummed(run, table, call, args[0]);
      return;
    case 'AggregatingMergeTree':
      checkAggregated(run, table, call);
      return;
  }
}

/** Columns of the keys, by name. */
function keyColumns(run: Run, table: TableDefinition): Set<string> {
  const binding = bindTable(run.core.native.planner(sessionJson(run)), table);
  const ids = new Set(
    [...table.orderBy, ...partitionKey(table)].flatMap((text) => [
      ...columnsOf(binding.bind(text)),
    ]),
  );
  return new Set(binding.stored.filter((c) => ids.has(c.id)).map((c) => c.name));
}

function checkSummed(
  run: Run,
  table: TableDefinition,
  call: FunctionCall,
  arg: Expression | undefined,
): void {
  if (!arg) return;
  const inKey = keyColumns(run, table);
  for (const name of columnNames(arg)) {
    const there = table.columns.some((c) => c.name === name || c.name.startsWith(`${name}.`));
    if (!there) {
      throw failAt(
        arg.span,
        'NO_SUCH_COLUMN_IN_TABLE',
        `There is no column ${name} for engine ${call.name}`,
      );
    }
    if (inKey.has(name)) {
      const text = `Column ${name} is part of a key and cannot be merged by engine ${call.name}`;
      throw failAt(arg.span, 'BAD_ARGUMENTS', text);
    }
  }
}

function checkAggregated(run: Run, table: TableDefinition, call: FunctionCall): void {
  const inKey = keyColumns(run, table);
  const measured = (type: string) => /^(Simple)?AggregateFunction$/.test(typeHead(type));
  // Without any measure it only keeps one row of each key.
  if (!table.columns.some((c) => measured(c.type))) return;
  const plain = table.columns.find(
    (c) =>
      (c.defaultKind === undefined || c.defaultKind === 'DEFAULT') &&
      !inKey.has(c.name) &&
      !measured(c.type),
  );
  if (!plain) return;
  throw failAt(
    call.span,
    'BAD_ARGUMENTS',
    `Column ${plain.name} of an AggregatingMergeTree is neither in the sorting key nor an AggregateFunction`,
    { hint: `Add it to ORDER BY, or give it the type SimpleAggregateFunction(any, ${plain.type})` },
  );
}
