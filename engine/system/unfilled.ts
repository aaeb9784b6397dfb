// Columns that ClickHouse has in tables that are here too, about things that are not: they are there for
// those who ask for them, with the value that says nothing. Also other names of columns.

import type { LitValue } from '../plan/physical/wire.ts';
import { typeArguments } from '../plan/types.ts';
import type { SystemColumn, SystemTable } from './table.ts';

/** By table: names and types. */
const unfilled: Record<string, string | undefined> = {
  clusters: `shard_name String, internal_replication UInt8, default_database String,
    errors_count UInt32, slowdowns_count UInt32, estimated_recovery_time UInt32,
    database_shard_name String, database_replica_name String,
    is_shared_catalog_cluster UInt8, is_active Nullable(UInt8),
    unsynced_after_recovery Nullable(UInt8), replication_lag Nullable(UInt32),
    recovery_time Nullable(UInt64)`,
  columns: 'serialization_hint Nullable(String), statistics String',
  data_skipping_indices: `creation Enum8('Explicit' = 0, 'Implicit' = 1),
    data_compressed_bytes UInt64, data_uncompressed_bytes UInt64, marks_bytes UInt64`,
  data_type_families: `description String, syntax String, examples String,
    introduced_in String, related Array(String)`,
  dictionaries: `uuid UUID, origin String, type String, key.names Array(String),
    key.types Array(String), attribute.names Array(String), attribute.types Array(String),
    bytes_allocated UInt64, hierarchical_index_bytes_allocated UInt64, query_count UInt64,
    hit_rate Float64, found_rate Float64, element_count UInt64, load_factor Float64,
    source String, lifetime_min UInt64, lifetime_max UInt64, loading_start_time DateTime,
    last_successful_update_time DateTime, error_count UInt64, loading_duration Float32,
    last_exception String, comment String`,
  disks: `path String, total_space UInt64, unreserved_space UInt64, keep_free_space UInt64,
    object_storage_type String, metadata_type String, is_encrypted UInt8,
    is_read_only UInt8, is_write_once UInt8, is_remote UInt8, is_broken UInt8,
    cache_path String`,
  errors: 'last_error_format_string String, last_error_trace Array(UInt64), query_id String',
  formats: `supports_parallel_parsing UInt8, supports_parallel_formatting UInt8,
    is_tty_friendly UInt8, supports_random_access UInt8, has_schema_inference UInt8,
    has_external_schema UInt8, prefers_large_blocks UInt8, supports_append UInt8,
    supports_subsets_of_columns UInt8, description String, examples String,
    introduced_in String, related Array(String)`,
  functions: 'parameters String, deterministic Nullable(UInt8), higher_order Nullable(UInt8)',
  merges: `bytes_read_uncompressed UInt64, bytes_written_uncompressed UInt64,
    rows_written UInt64, columns_written UInt64, current_projection String,
    current_projection_progress Float64, current_projection_parts_merging UInt64,
    current_projection_parts_remaining UInt64, projections_completed Array(String),
    projections_remaining Array(String)`,
  mutations: 'parts_postpone_reasons Map(String, String), latest_fail_error_code_name String',
  parts: `files UInt64, primary_key_size UInt64, marks_bytes UInt64,
    secondary_indices_compressed_bytes UInt64, secondary_indices_uncompressed_bytes UInt64,
    secondary_indices_marks_bytes UInt64, remove_time DateTime, primary_key_bytes_in_memory UInt64,
    primary_key_bytes_in_memory_allocated UInt64, index_granularity_bytes_in_memory UInt64,
    index_granularity_bytes_in_memory_allocated UInt64, hash_of_all_files String,
    hash_of_uncompressed_files String, uncompressed_hash_of_compressed_files String,
    move_ttl_info.expression Array(String), move_ttl_info.min Array(DateTime),
    move_ttl_info.max Array(DateTime), recompression_ttl_info.expression Array(String),
    recompression_ttl_info.min Array(DateTime), recompression_ttl_info.max Array(DateTime),
    group_by_ttl_info.expression Array(String), group_by_ttl_info.min Array(DateTime),
    group_by_ttl_info.max Array(DateTime), rows_where_ttl_info.expression Array(String),
    rows_where_ttl_info.min Array(DateTime), rows_where_ttl_info.max Array(DateTime),
    creation_tid Tuple(UInt64, UInt64, UUID), removal_tid_lock UInt64,
    removal_tid Tuple(UInt64, UInt64, UUID), creation_csn UInt64, removal_csn UInt64,
    last_removal_attempt_time DateTime, removal_state String`,
  parts_columns: `marks_bytes UInt64, remove_time DateTime, primary_key_bytes_in_memory UInt64,
    primary_key_bytes_in_memory_allocated UInt64, column_bytes_on_disk UInt64,
    column_data_compressed_bytes UInt64, column_data_uncompressed_bytes UInt64,
    column_marks_bytes UInt64, column_modification_time Nullable(DateTime),
    column_ttl_min Nullable(DateTime), column_ttl_max Nullable(DateTime),
    statistics Array(String), estimates.min Nullable(String), estimates.max Nullable(String),
    estimates.cardinality Nullable(UInt64), estimates.null_count Nullable(UInt64),
    substreams Array(String), filenames Array(String), subcolumns.names Array(String),
    subcolumns.types Array(String), subcolumns.serializations Array(String),
    subcolumns.bytes_on_disk Array(UInt64), subcolumns.data_compressed_bytes Array(UInt64),
    subcolumns.data_uncompressed_bytes Array(UInt64), subcolumns.marks_bytes Array(UInt64)`,
  processes: `port UInt16, initial_address IPv6, initial_port UInt16, interface UInt8,
    os_user String, client_hostname String, client_name String,
    client_agent LowCardinality(String), client_revision UInt64,
    client_version_major UInt64, client_version_minor UInt64, client_version_patch UInt64,
    http_method UInt8, http_user_agent String, http_referer String, forwarded_for String,
    quota_key String, distributed_depth UInt64, is_all_data_sent UInt8,
    written_rows UInt64, written_bytes UInt64, normalized_query_hash UInt64,
    thread_ids Array(UInt64), peak_threads_usage UInt64,
    ProfileEvents Map(LowCardinality(String), UInt64),
    Settings Map(LowCardinality(String), LowCardinality(String)), is_internal UInt8`,
  projections: 'settings Map(String, String)',
  storage_policies: `perform_ttl_move_on_insert UInt8,
    load_balancing Enum8('ROUND_ROBIN' = 0, 'LEAST_USED' = 1)`,
  table_engines: `description String, syntax String, examples String, introduced_in String,
    related Array(String)`,
  projection_parts: `parent_uuid UUID, marks UInt64, marks_bytes UInt64, parent_marks UInt64,
    parent_data_compressed_bytes UInt64, parent_data_uncompressed_bytes UInt64,
    parent_marks_bytes UInt64, remove_time DateTime, refcount UInt32, min_date Date,
    max_date Date, min_time DateTime, max_time DateTime, data_version UInt64,
    primary_key_bytes_in_memory UInt64, primary_key_bytes_in_memory_allocated UInt64,
    is_frozen UInt8, path String, hash_of_all_files String, hash_of_uncompressed_files String,
    uncompressed_hash_of_compressed_files String, default_compression_codec String,
    is_broken UInt8, exception_code Int32, exception String`,
  tables: `metadata_version Int32,
    parameterized_view_parameters Array(Tuple(name String, type String)),
    unique_key String, total_marks Nullable(UInt64), active_on_fly_data_mutations UInt64,
    active_on_fly_alter_mutations UInt64, active_on_fly_metadata_mutations UInt64,
    columns_descriptions_cache_size UInt64, lifetime_rows Nullable(UInt64),
    lifetime_bytes Nullable(UInt64), loading_dependencies_database Array(String),
    loading_dependencies_table Array(String), loading_dependent_database Array(String),
    loading_dependent_table Array(String), target_database String, target_table String,
    definer String`,
  users: `id UUID, auth_params Array(String), valid_until Array(DateTime),
    host_ip Array(String), host_names Array(String), host_names_regexp Array(String),
    host_names_like Array(String), default_roles_all UInt8,
    default_roles_list Array(String), default_roles_except Array(String),
    grantees_any UInt8, grantees_list Array(String), grantees_except Array(String)`,
};

/** By table: another name of a column, and the column. No part of \`*\`. */
const ofPart = [
  ['bytes', 'bytes_on_disk'],
  ['marks_size', 'marks_bytes'],
  ['part_name', 'name'],
] as const;
const aliases: Record<string, readonly (readonly [string, string])[] | undefined> = {
  clusters: [['name', 'cluster']],
  columns: [['column', 'name']],
  databases: [['database', 'name']],
  parts: ofPart,
  tables: [['active_parts', 'parts']],
  parts_columns: ofPart,
  projection_parts: ofPart,
};

/** `a UInt8, b String` as columns without a description. */
export function columnsOf(text: string): SystemColumn[] {
  return typeArguments(`Tuple(${text.replace(/\s+/g, ' ')})`).map((part) => {
    const space = part.indexOf(' ');
    return { name: part.slice(0, space), type: part.slice(space + 1), doc: '' };
  });
}

/** The value of a type that says nothing. */
function emptyOf(type: string): LitValue {
  if (type.startsWith('Nullable(')) return null;
  if (/^(Array|Map)\(/.test(type)) return [];
  if (type.startsWith('Tuple(')) return typeArguments(type).map(emptyOf);
  if (/^(LowCardinality\()?String/.test(type)) return '';
  if (type === 'DateTime') return '1970-01-01 00:00:00';
  if (type === 'Date') return '1970-01-01';
  if (type === 'UUID') return '00000000-0000-0000-0000-000000000000';
  if (type === 'IPv6') return '::';
  return /^Enum8\('([^']*)'/.exec(type)?.[1] ?? '0';
}

/** The table with these columns behind its own. */
export function completed(table: SystemTable): SystemTable {
  const more = columnsOf(unfilled[table.name] ?? '').filter(
    ({ name }) => name !== '' && !table.columns.some((c) => c.name === name),
  );
  const all = [...table.columns, ...more];
  const named = (aliases[table.name] ?? []).map(([name, of]) => {
    const at = all.findIndex((c) => c.name === of);
    const column: SystemColumn = { name, type: all[at]?.type ?? 'String', doc: of, hidden: true };
    return { column, at };
  });
  if (more.length === 0 && named.length === 0) return table;
  const empty = more.map((c) => emptyOf(c.type));
  return {
    ...table,
    columns: [...all, ...named.map((n) => n.column)],
    rows: (run) =>
      table.rows(run).map((row) => {
        const whole = [...row, ...empty];
        return [...whole, ...named.map((n) => whole[n.at] as LitValue)];
      }),
  };
}
