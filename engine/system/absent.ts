// Tables of ClickHouse about things that are not here (roles, replicas, quotas, …): their columns, no rows.
// Tools ask them and take an empty answer for what it is.

import type { SystemTable } from './table.ts';
import { columnsOf } from './unfilled.ts';

/** Name, what it would list, its columns. */
const tables: readonly (readonly [string, string, string])[] = [
  ['roles', 'Roles', 'name String, id UUID, storage String'],
  [
    'role_grants',
    'Roles given to users and roles',
    `user_name Nullable(String), role_name Nullable(String), granted_role_name String,
     granted_role_id UUID, granted_role_is_default UInt8, with_admin_option UInt8`,
  ],
  [
    'current_roles',
    'Roles of this session',
    'role_name String, with_admin_option UInt8, is_default UInt8',
  ],
  [
    'enabled_roles',
    'Roles that count in this session',
    'role_name String, with_admin_option UInt8, is_current UInt8, is_default UInt8',
  ],
  [
    'quotas',
    'Quotas',
    `name String, id UUID, storage String, keys Array(Enum8('user_name' = 1, 'ip_address' = 2,
     'forwarded_ip_address' = 3, 'client_key' = 4, 'normalized_query_hash' = 7)), durations
     Array(UInt32), apply_to_all UInt8, apply_to_list Array(String), apply_to_except
     Array(String), ipv4_prefix_bits Nullable(UInt8), ipv6_prefix_bits Nullable(UInt8)`,
  ],
  [
    'quota_usage',
    'Use of quotas by this user',
    `quota_name String, quota_key String, start_time Nullable(DateTime), end_time
     Nullable(DateTime), duration Nullable(UInt32), queries Nullable(UInt64), max_queries
     Nullable(UInt64), query_selects Nullable(UInt64), max_query_selects Nullable(UInt64),
     query_inserts Nullable(UInt64), max_query_inserts Nullable(UInt64), errors
     Nullable(UInt64), max_errors Nullable(UInt64), result_rows Nullable(UInt64),
     max_result_rows Nullable(UInt64), result_bytes Nullable(UInt64), max_result_bytes
     Nullable(UInt64), read_rows Nullable(UInt64), max_read_rows Nullable(UInt64), read_bytes
     Nullable(UInt64), max_read_bytes Nullable(UInt64), execution_time Nullable(Float64),
     max_execution_time Nullable(Float64), written_bytes Nullable(UInt64), max_written_bytes
     Nullable(UInt64), failed_sequential_authentications Nullable(UInt64),
     max_failed_sequential_authentications Nullable(UInt64), queries_per_normalized_hash
     Nullable(UInt64), max_queries_per_normalized_hash Nullable(UInt64)`,
  ],
  [
    'quota_limits',
    'Limits of quotas',
    `quota_name String, duration UInt32, is_randomized_interval UInt8, max_queries
     Nullable(UInt64), max_query_selects Nullable(UInt64), max_query_inserts Nullable(UInt64),
     max_errors Nullable(UInt64), max_result_rows Nullable(UInt64), max_result_bytes
     Nullable(UInt64), max_read_rows Nullable(UInt64), max_read_bytes Nullable(UInt64),
     max_execution_time Nullable(Float64), max_written_bytes Nullable(UInt64),
     max_failed_sequential_authentications Nullable(UInt64), max_queries_per_normalized_hash
     Nullable(UInt64)`,
  ],
  [
    'row_policies',
    'Row policies',
    `name String, short_name String, database String, table String, id UUID, storage String,
     select_filter Nullable(String), is_restrictive UInt8, apply_to_all UInt8, apply_to_list
     Array(String), apply_to_except Array(String)`,
  ],
  [
    'settings_profiles',
    'Profiles of settings',
    `name String, id UUID, storage String, num_elements UInt64, apply_to_all UInt8,
     apply_to_list Array(String), apply_to_except Array(String)`,
  ],
  [
    'settings_profile_elements',
    'Settings of profiles',
    `profile_name Nullable(String), user_name Nullable(String), role_name Nullable(String),
     index UInt64, setting_name Nullable(String), value Nullable(String), min Nullable(String),
     max Nullable(String), writability Nullable(Enum8('WRITABLE' = 0, 'CONST' = 1,
     'CHANGEABLE_IN_READONLY' = 2)), inherit_profile Nullable(String)`,
  ],
  [
    'replicas',
    'Replicated tables',
    `database String, table String, uuid UUID, engine String, is_leader UInt8,
     can_become_leader UInt8, is_readonly UInt8, readonly_start_time Nullable(DateTime),
     is_session_expired UInt8, future_parts UInt32, parts_to_check UInt32, zookeeper_name
     String, zookeeper_path String, replica_name String, replica_path String, columns_version
     Int32, queue_size UInt32, inserts_in_queue UInt32, merges_in_queue UInt32,
     part_mutations_in_queue UInt32, queue_oldest_time DateTime, inserts_oldest_time DateTime,
     merges_oldest_time DateTime, part_mutations_oldest_time DateTime, oldest_part_to_get
     String, oldest_part_to_merge_to String, oldest_part_to_mutate_to String, log_max_index
     UInt64, log_pointer UInt64, last_queue_update DateTime, absolute_delay UInt64,
     total_replicas UInt32, active_replicas UInt32, lost_part_count UInt64,
     last_queue_update_exception String, zookeeper_exception String, replica_is_active
     Map(String, UInt8), readonly_duration Nullable(UInt64)`,
  ],
  [
    'named_collections',
    'Named collections',
    'name String, collection Map(String, String), source String, create_query String',
  ],
  ['macros', 'Substitutions of names', 'macro String, substitution String'],
  [
    'query_cache',
    'Results that are kept',
    `query String, query_id String, is_subquery UInt8, result_size UInt64, tag
     LowCardinality(String), stale UInt8, shared UInt8, compressed UInt8, expires_at DateTime,
     key_hash UInt64`,
  ],
  [
    'asynchronous_inserts',
    'Inserts that wait: an insert is answered when it is stored',
    `query String, database String, table String, format String, first_update DateTime64(6),
     total_bytes UInt64, entries.query_id Array(String), entries.bytes Array(UInt64)`,
  ],
  [
    'distribution_queue',
    'Rows for other servers',
    `database String, table String, data_path String, is_blocked UInt8, error_count UInt64,
     data_files UInt64, data_compressed_bytes UInt64, broken_data_files UInt64,
     broken_data_compressed_bytes UInt64, last_exception String, last_exception_time DateTime`,
  ],
  [
    'moves',
    'Parts that move between disks',
    `database String, table String, elapsed Float64, target_disk_name String, target_disk_path
     String, part_name String, part_size UInt64, thread_id UInt64`,
  ],
  [
    'replicated_fetches',
    'Parts that are fetched',
    `database String, table String, elapsed Float64, progress Float64, result_part_name String,
     result_part_path String, partition_id String, total_size_bytes_compressed UInt64,
     bytes_read_compressed UInt64, source_replica_path String, source_replica_hostname String,
     source_replica_port UInt16, interserver_scheme String, URI String, to_detached UInt8,
     thread_id UInt64`,
  ],
  [
    'replication_queue',
    'Work of replication',
    `database String, table String, replica_name String, position UInt32, node_name String,
     type String, create_time DateTime, required_quorum UInt32, source_replica String,
     new_part_name String, parts_to_merge Array(String), is_detach UInt8,
     is_currently_executing UInt8, num_tries UInt32, last_exception String, last_exception_time
     DateTime, last_attempt_time DateTime, num_postponed UInt32, postpone_reason String,
     last_postpone_time DateTime, merge_type String`,
  ],
  [
    'models',
    'Models',
    'model_path String, type String, loading_start_time DateTime, loading_duration Float32',
  ],
  [
    'schema_inference_cache',
    'Guessed structures that are kept',
    `storage String, source String, format String, additional_format_info String,
     registration_time DateTime, schema Nullable(String), number_of_rows Nullable(UInt64),
     schema_inference_mode Nullable(String)`,
  ],
  [
    'dns_cache',
    'Host names that are kept',
    `hostname String, ip_address String, ip_family Enum8('IPv4' = 0, 'IPv6' = 1, 'UNIX_LOCAL' =
     2), cached_at DateTime`,
  ],
  [
    'kafka_consumers',
    'Consumers',
    `database String, table String, consumer_id String, assignments.topic Array(String),
     assignments.partition_id Array(Int32), assignments.current_offset Array(Int64),
     assignments.intent_size Array(Nullable(Int64)), exceptions.time Array(DateTime),
     exceptions.text Array(String), last_poll_time DateTime, num_messages_read UInt64,
     last_commit_time DateTime, num_commits UInt64, last_rebalance_time DateTime,
     num_rebalance_revocations UInt64, num_rebalance_assignments UInt64, is_currently_used
     UInt8, last_used DateTime64(6), rdkafka_stat String, dependencies Array(Array(String)),
     missing_dependencies Array(Array(String))`,
  ],
  [
    'graphite_retentions',
    'Rules of GraphiteMergeTree',
    `config_name String, rule_type String, regexp String, function String, age UInt64,
     precision UInt64, priority UInt16, is_default UInt8, Tables.database Array(String),
     Tables.table Array(String)`,
  ],
  [
    'detached_tables',
    'Tables that are detached',
    'database String, table String, uuid UUID, metadata_path String, is_permanently UInt8',
  ],
  ['workloads', 'Workloads', 'name String, parent String, create_query String'],
  [
    'resources',
    'Resources',
    `name String, read_disks Array(String), write_disks Array(String), unit String,
     create_query String`,
  ],
  [
    'dropped_tables',
    'Tables that wait to be dropped',
    `index UInt32, database String, table String, uuid UUID, engine String,
     metadata_dropped_path String, table_dropped_time DateTime`,
  ],
  [
    'settings_changes',
    'Defaults that changed between versions',
    `type Enum8('Session' = 0, 'MergeTree' = 1), version String, changes Array(Tuple(name
     String, previous_value String, new_value String, reason String))`,
  ],
  [
    'histogram_metrics',
    'Histograms',
    'metric String, value Float64, description String, labels Map(String, String), name String',
  ],
  [
    'warnings',
    'Warnings of the server',
    'message String, message_format_string LowCardinality(String)',
  ],
  ['contributors', 'Not listed', 'name String'],
  [
    'filesystem_cache',
    'Cached pieces of remote files',
    `cache_name String, cache_base_path String, cache_path String, key String,
     file_segment_range_begin UInt64, file_segment_range_end UInt64, size UInt64, state String,
     finished_download_time DateTime, cache_hits UInt64, references UInt64, downloaded_size
     UInt64, kind String, unbound UInt8, user_id String, segment_type String, file_size
     Nullable(UInt64)`,
  ],
  [
    'user_defined_functions',
    'Functions that run programs',
    `name String, load_status Enum8('Success' = 0, 'Failed' = 1), loading_error_message String,
     last_successful_update_time Nullable(DateTime), loading_duration_ms UInt64, type
     Enum8('executable' = 0, 'executable_pool' = 1), command String, format String, return_type
     String, return_name String, argument_types Array(String), argument_names Array(String),
     max_command_execution_time UInt64, command_termination_timeout UInt64,
     command_read_timeout UInt64, command_write_timeout UInt64, pool_size UInt64,
     send_chunk_header UInt8, execute_direct UInt8, lifetime UInt64, deterministic UInt8`,
  ],
  [
    'dropped_tables_parts',
    'Segments of dropped tables: they go with the table',
    'database String, table String, uuid UUID, name String, rows UInt64, bytes_on_disk UInt64',
  ],
  [
    'stack_trace',
    'Not listed',
    `thread_name String, thread_id UInt64, query_id String, trace Array(UInt64)`,
  ],
  ['dashboards', 'Dashboards', 'dashboard String, title String, query String'],
  [
    'part_moves_between_shards',
    'Parts that move to other servers',
    `database String, table String, task_name String, task_uuid UUID, create_time DateTime,
     part_name String, part_uuid UUID, to_shard String, dst_part_name String, update_time
     DateTime, state String, rollback UInt8, num_tries UInt32, last_exception String`,
  ],
  [
    'licenses',
    'Not listed: see Cargo.lock and package-lock.json',
    'library_name String, license_type String, license_path String, license_text String',
  ],
];

export const absentTables: readonly SystemTable[] = tables.map(([name, doc, text]) => ({
  name,
  doc,
  columns: columnsOf(text),
  rows: () => [],
}));
