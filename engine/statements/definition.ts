// CREATE TABLE's elements → the definition the catalog keeps: types canonical, expressions as text,
// everything checked with its place.

import type {
  ColumnDefinition as ColumnAst,
  DataType,
  Expression,
  FunctionCall,
  IndexDefinition as IndexAst,
  OrderItem,
  Span,
  Storage,
  TableElement,
} from '../../sql/ast.ts';
import { print } from '../../sql/print.ts';
import { suggest } from '../../sql/suggest.ts';
import type { ColumnDefinition, IndexDefinition, TableDefinition } from '../catalog/definition.ts';
import { convert } from '../plan/bind-call.ts';
import { bindExpression } from '../plan/bind-expression.ts';
import { failAt, notBuilt } from '../plan/context.ts';
import { columnsOf, type Expr, someExpr } from '../plan/expression.ts';
import { typeText } from '../plan/names.ts';
import { isVolatile } from '../plan/rules/push-down-filter.ts';
import { newScope } from '../plan/scope.ts';
import { isNullable, nullableType, typeHead } from '../plan/types.ts';
import type { Run } from '../query/core.ts';
import { sessionJson } from '../query/core.ts';
import { barePlanning, bindTable } from '../tables/shape.ts';
import { settingText } from './apply-settings.ts';
import { checkName, pointing } from './names.ts';

export function canonicalType(run: Run, type: DataType): string {
  try {
    return run.core.native.canonicalType(typeText(type));
  } catch (error) {
    throw pointing(error, type.nameSpan);
  }
}

const codecs = new Set([
  'NONE',
  'LZ4',
  'LZ4HC',
  'ZSTD',
  'DELTA',
  'DOUBLEDELTA',
  'GORILLA',
  'T64',
  'FPC',
  'GCD',
  'ALP',
  'DEFAULT',
]);

function codecText(list: readonly FunctionCall[]): string {
  for (const codec of list) {
    if (codecs.has(codec.name.toUpperCase())) continue;
    const near = suggest(codec.name, codecs);
    throw failAt(
      codec.nameSpan,
      'UNKNOWN_CODEC',
      `Unknown codec family '${codec.name}'`,
      near ? { hint: `Did you mean \`${near}\`?` } : {},
    );
  }
  return list.map((codec) => print(codec).replace(/\(\)$/, '')).join(', ');
}

const kinds = {
  DEFAULT: 'DEFAULT',
  MATERIALIZED: 'MATERIALIZED',
  ALIAS: 'ALIAS',
  EPHEMERAL: 'EPHEMERAL',
} as const;

/** One column; the type of an expression stands in for a missing type. `others`: columns before it. */
export function columnDefinition(
  run: Run,
  ast: ColumnAst,
  table: TableDefinition,
): ColumnDefinition {
  checkName(ast.name.name, ast.name.span, 'column');
  const { default: written } = ast;
  if (written?.type === 'AUTO_INCREMENT') throw notBuilt(written.span, 'AUTO_INCREMENT');
  if (ast.ttl) throw notBuilt(ast.ttl.span, 'TTL of a column');
  let type = ast.type && canonicalType(run, ast.type);
  if (type === undefined) {
    if (!written?.expr)
      throw failAt(
        ast.span,
        'EMPTY_LIST_OF_COLUMNS_QUERIED',
        `Column ${ast.name.name} has neither a type nor a default`,
      );
    type = bindTable(run.core.native.planner(sessionJson(run)), table).bind(written.expr).type;
  }
  const head = typeHead(type);
  if (head === 'Nothing' || type === 'Nullable(Nothing)' || head === 'Function') {
    throw failAt(
      ast.type?.span ?? ast.span,
      'ILLEGAL_COLUMN',
      `A column cannot have the type ${type}`,
    );
  }
  if (ast.nullable === true) {
    if (isNullable(type) && head === 'Nullable') {
      throw failAt(
        ast.span,
        'ILLEGAL_SYNTAX_FOR_DATA_TYPE',
        `Column ${ast.name.name} is Nullable twice`,
      );
    }
    type = nullableType(type);
  } else if (
    ast.nullable === undefined &&
    run.settings.bool('data_type_default_nullable') &&
    !written
  ) {
    type = nullableType(type);
  }
  const column: { -readonly [K in keyof ColumnDefinition]: ColumnDefinition[K] } = {
    name: ast.name.name,
    type,
  };
  if (written) {
    column.defaultKind = kinds[written.type];
    if (written.expr) column.defaultExpr = print(written.expr);
  }
  if (ast.codec) column.codec = codecText(ast.codec);
  if (ast.comment !== undefined) column.comment = ast.comment;
  return column;
}

const indexTypes = new Set([
  'minmax',
  'set',
  'bloom_filter',
  'ngrambf_v1',
  'tokenbf_v1',
  'sparse_grams',
  'text',
  'full_text',
  'inverted',
  'vector_similarity',
  'hypothesis',
]);
const indexesBuilt = new Set(['minmax', 'bloom_filter', 'set', 'ngrambf_v1', 'tokenbf_v1']);

export function indexDefinition(ast: IndexAst): IndexDefinition {
  const type = ast.type?.name ?? 'minmax';
  const span = ast.type?.nameSpan ?? ast.span;
  if (!indexTypes.has(type)) {
    const near = suggest(type, indexesBuilt);
    throw failAt(
      span,
      'INCORRECT_QUERY',
      `Unknown index type '${type}'`,
      near ? { hint: `Did you mean \`${near}\`?` } : {},
    );
  }
  if (!indexesBuilt.has(type)) throw notBuilt(span, `Index type ${type}`);
  return {
    name: ast.name.name,
    expr: print(ast.expr),
    type: ast.type ? print(ast.type).replace(/\(\)$/, '') : 'minmax',
    granularity: ast.granularity ?? 1,
  };
}

export interface Elements {
  columns: ColumnAst[];
  indexes: IndexAst[];
}

/** `n Nested(a T, b U)` is the columns `n.a Array(T)` and `n.b Array(U)`. */
function flattened(column: ColumnAst): ColumnAst[] {
  const { type } = column;
  if (type?.name.toLowerCase() !== 'nested') return [column];
  return (type.args ?? []).flatMap((field): ColumnAst[] => {
    if (field.kind !== 'TypeField')
      throw failAt(field.span, 'ILLEGAL_SYNTAX_FOR_DATA_TYPE', 'Nested takes names with types');
    const name = { ...column.name, name: `${column.name.name}.${field.name.name}` };
    const array: DataType = {
      kind: 'DataType',
      name: 'Array',
      nameSpan: field.span,
      span: field.span,
      args: [field.type],
    };
    return [{ ...column, name, type: array }];
  });
}

/** Sorts out what is built from what is not. */
export function sortElements(elements: readonly TableElement[]): Elements {
  const columns: ColumnAst[] = [];
  const indexes: IndexAst[] = [];
  for (const element of elements) {
    switch (element.kind) {
      case 'ColumnDefinition':
        columns.push(...flattened(element));
        break;
      case 'IndexDefinition':
        indexes.push(element);
        break;
      case 'ProjectionDefinition':
        throw notBuilt(element.span, 'PROJECTION');
      case 'ConstraintDefinition':
        if (element.type === 'CHECK') throw notBuilt(element.span, 'CONSTRAINT … CHECK');
        break;
      case 'ForeignKeyDefinition':
        break;
    }
  }
  return { columns, indexes };
}

/** Adds columns one by one, so that each may use those before it, and checks all defaults at the end. */
export function withColumns(
  run: Run,
  table: TableDefinition,
  columns: readonly ColumnAst[],
): TableDefinition {
  let next = table;
  const names = new Map(table.columns.map((c) => [c.name.toLowerCase(), c.name]));
  const untyped = columns.filter((c) => !c.type);
  const typed = columns.filter((c) => c.type);
  const made = new Map<ColumnAst, ColumnDefinition>();
  // Columns without a type may use any that have one.
  for (const ast of [...typed, ...untyped]) {
    if (names.get(ast.name.name.toLowerCase()) === ast.name.name) {
      throw failAt(ast.name.span, 'ILLEGAL_COLUMN', `Column ${ast.name.name} is there twice`);
    }
    names.set(ast.name.name.toLowerCase(), ast.name.name);
    const column = columnDefinition(run, ast, next);
    made.set(ast, column);
    next = { ...next, columns: [...next.columns, column] };
  }
  const order = [...table.columns, ...columns.map((ast) => made.get(ast) as ColumnDefinition)];
  next = { ...next, columns: order };
  for (const ast of columns) checkDefault(run, next, ast);
  return next;
}

/** A default must bind, be able to become the column's type, and hold no aggregate or subquery. */
export function checkDefault(run: Run, table: TableDefinition, ast: ColumnAst): void {
  const written = ast.default;
  if (!written?.expr) return;
  const column = table.columns.find((c) => c.name === ast.name.name) as ColumnDefinition;
  const binding = bindTable(run.core.native.planner(sessionJson(run)), table, run.settings);
  const others = {
    ...table,
    columns: table.columns.filter((c) => c !== column || c.defaultKind === 'ALIAS'),
  };
  void others;
  const expr = binding.bind(written.expr);
  plainExpression(expr, written.expr, `The ${written.type} of ${column.name}`);
  const own = binding.stored.find((c) => c.name === column.name);
  if (own && columnsOf(expr).has(own.id)) {
    throw failAt(
      written.expr.span,
      'CYCLIC_ALIASES',
      `The ${written.type} of ${column.name} uses the column itself`,
    );
  }
  checkConversion(run, expr, column.type, written.expr.span);
  if (columnsOf(expr).size === 0 && !isVolatile(expr) && someLiteral(expr)) {
    try {
      binding.ctx.kernel.fold(binding.json(convert(expr, column.type)));
    } catch (error) {
      throw pointing(error, written.expr.span);
    }
  }
}

function checkConversion(run: Run, expr: Expr, type: string, span: Span): void {
  if (expr.type === type) return;
  const planning = barePlanning(run.core.native.planner(sessionJson(run)));
  const constant = { type: 'String', value: type };
  try {
    planning.kernel.resolveFunction('CAST', [{ type: expr.type }, { type: 'String', constant }]);
  } catch (error) {
    throw pointing(error, span);
  }
  void convert;
}

/** Defaults that are a plain value are tried out at once. */
const someLiteral = (expr: Expr): boolean =>
  expr.kind === 'literal' || (expr.kind === 'cast' && someLiteral(expr.expr));

export function plainExpression(expr: Expr, ast: Expression, what: string): void {
  if (someExpr(expr, (e) => e.kind === 'aggregate' || e.kind === 'window' || e.kind === 'unfold')) {
    throw failAt(ast.span, 'BAD_ARGUMENTS', `${what} cannot use aggregates, windows or arrayJoin`);
  }
}

function keyExpressions(
  run: Run,
  table: TableDefinition,
  list: readonly Expression[],
  clause: string,
): string[] {
  const binding = bindTable(run.core.native.planner(sessionJson(run)), table);
  return list.map((ast) => {
    const expr = binding.bind(ast);
    plainExpression(expr, ast, clause);
    if (isVolatile(expr))
      throw failAt(ast.span, 'BAD_ARGUMENTS', `${clause} must give the same value each time`);
    if (columnsOf(expr).size === 0)
      throw failAt(ast.span, 'BAD_ARGUMENTS', `${clause} cannot be a constant`);
    if (
      clause !== 'PARTITION BY' &&
      isNullable(expr.type) &&
      table.settings.allow_nullable_key !== '1'
    ) {
      throw failAt(ast.span, 'ILLEGAL_COLUMN', `${clause} holds a Nullable expression`, {
        hint: 'Use assumeNotNull or ifNull, or SETTINGS allow_nullable_key = 1',
      });
    }
    const head = typeHead(expr.type);
    if (head === 'AggregateFunction' || head === 'Function') {
      throw failAt(
        ast.span,
        'ILLEGAL_COLUMN',
        `${clause} cannot hold a value of type ${expr.type}`,
      );
    }
    return print(ast);
  });
}

/** `(a, b)` and `tuple(a, b)` are lists; `tuple()` and `()` are empty. */
export function keyList(ast: Expression): Expression[] {
  if (ast.kind === 'Tuple') return ast.items;
  if (ast.kind === 'Function' && ast.name === 'tuple') return ast.args;
  return [ast];
}

function sortItems(items: readonly OrderItem[]): Expression[] {
  return items.flatMap((item) => {
    if (item.direction === 'DESC') throw notBuilt(item.span, 'DESC in the ORDER BY of a table');
    return keyList(item.expr);
  });
}

/** Keys, partition and settings of a storage clause. */
export function withStorage(
  run: Run,
  table: TableDefinition,
  storage: Storage | undefined,
  inner: readonly Expression[] | undefined,
): TableDefinition {
  let next = table;
  const settings: Record<string, string> = { ...table.settings };
  for (const item of storage?.settings ?? [])
    settings[item.name] = tableSetting(item.name, item.nameSpan, settingText(item.value));
  next = { ...next, settings };
  if (storage?.ttl) throw notBuilt(storage.ttl[0]?.span ?? storage.span, 'TTL');
  const primary = storage?.primaryKey?.flatMap(keyList) ?? inner?.flatMap(keyList);
  const order = storage?.orderBy ? sortItems(storage.orderBy) : primary;
  const orderBy = order ? keyExpressions(run, next, order, 'ORDER BY') : next.orderBy;
  next = { ...next, orderBy };
  if (primary && storage?.orderBy) {
    const primaryKey = keyExpressions(run, next, primary, 'PRIMARY KEY');
    const isPrefix = primaryKey.every((text, i) => text === orderBy[i]);
    if (!isPrefix) {
      const span = primary[0]?.span ?? storage.span;
      throw failAt(span, 'BAD_ARGUMENTS', 'PRIMARY KEY must be a beginning of ORDER BY');
    }
    next = { ...next, primaryKey };
  }
  if (storage?.partitionBy) {
    const list = keyList(storage.partitionBy);
    const partitionKey = keyExpressions(run, next, list, 'PARTITION BY');
    if (partitionKey.length > 0) {
      next = {
        ...next,
        partitionBy: print(storage.partitionBy),
        extra: { ...next.extra, partitionKey },
      };
    }
  }
  if (storage?.sampleBy) {
    keyExpressions(run, next, [storage.sampleBy], 'SAMPLE BY');
    next = { ...next, sampleBy: print(storage.sampleBy) };
  }
  return next;
}

/** Settings of tables that ClickHouse knows; all are accepted, none changes what a query answers. */
const tableSettings = new Set(
  `index_granularity index_granularity_bytes min_bytes_for_wide_part min_rows_for_wide_part min_bytes_for_compact_part
   enable_mixed_granularity_parts merge_with_ttl_timeout ttl_only_drop_parts storage_policy disk allow_nullable_key
   fsync_after_insert fsync_part_directory auto_statistics_types non_replicated_deduplication_window
   replicated_deduplication_window replicated_deduplication_window_seconds parts_to_throw_insert parts_to_delay_insert
   max_parts_in_total max_partitions_to_read merge_max_block_size max_bytes_to_merge_at_max_space_in_pool
   max_bytes_to_merge_at_min_space_in_pool old_parts_lifetime number_of_free_entries_in_pool_to_execute_mutation
   number_of_mutations_to_throw number_of_mutations_to_delay min_age_to_force_merge_seconds
   min_age_to_force_merge_on_partition_only use_minimalistic_part_header_in_zookeeper compress_marks
   compress_primary_key deduplicate_merge_projection_mode lightweight_mutation_projection_mode primary_key_lazy_load
   ratio_of_defaults_for_sparse_serialization enable_vertical_merge_algorithm vertical_merge_algorithm_min_rows_to_activate
   vertical_merge_algorithm_min_columns_to_activate min_compress_block_size max_compress_block_size
   min_merge_bytes_to_use_direct_io enable_block_number_column enable_block_offset_column add_minmax_index_for_numeric_columns
   add_minmax_index_for_string_columns columns_and_secondary_indices_sizes_lazy_calculation default_compression_codec
   prewarm_mark_cache assign_part_uuids write_final_mark max_suspicious_broken_parts max_suspicious_broken_parts_bytes
   check_sample_column_is_correct remove_empty_parts in_memory_parts_enable_wal cleanup_delay_period
   merge_tree_clear_old_parts_interval_seconds min_rows_to_fsync_after_merge min_compressed_bytes_to_fsync_after_merge
   max_number_of_merges_with_ttl_in_pool concurrent_part_removal_threshold max_concurrent_queries min_marks_to_honor_max_concurrent_queries
   max_avg_part_size_for_too_many_parts inactive_parts_to_throw_insert inactive_parts_to_delay_insert
   materialize_ttl_recalculate_only max_part_loading_threads always_use_copy_instead_of_hardlinks
   exclude_deleted_rows_for_part_size_in_merge load_existing_rows_count_for_old_parts serialization_info_version
   string_serialization_version nullable_serialization_version allow_experimental_replacing_merge_with_cleanup
   allow_remote_fs_zero_copy_replication min_free_disk_bytes_to_perform_insert min_free_disk_ratio_to_perform_insert
   object_serialization_version dynamic_serialization_version marks_compression_codec primary_key_compression_codec
   marks_compress_block_size primary_key_compress_block_size initialization_retry_period min_delay_to_insert_ms
   max_delay_to_insert sleep_before_commit_local_part_in_replicated_table_ms optimize_row_order
   materialize_skip_indexes_on_merge escape_index_filenames escape_variant_subcolumn_filenames search_orphaned_parts_disks
   enable_max_bytes_limit_for_min_age_to_force_merge merge_selecting_sleep_ms max_replicated_merges_in_queue
   compact_parts_max_bytes_to_buffer use_adaptive_write_buffer_for_dynamic_subcolumns max_file_name_length
   replace_long_file_name_to_hash index_granularity_bytes use_const_adaptive_granularity enable_index_granularity_compression
   min_rows_to_keep max_rows_to_keep min_bytes_to_keep max_bytes_to_keep compress`
    .split(/\s+/)
    .filter(Boolean),
);

export function tableSetting(name: string, span: Span, value: string): string {
  if (tableSettings.has(name)) return value;
  const near = suggest(name, tableSettings);
  throw failAt(
    span,
    'UNKNOWN_SETTING',
    `Unknown setting '${name}' for storage MergeTree`,
    near ? { hint: `Did you mean \`${near}\`?` } : {},
  );
}

export { bindExpression, newScope };
