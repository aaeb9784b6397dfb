// ClickHouse's settings of MergeTree tables with their types and defaults, in the notation of
// clickhouse/index.ts. A table may have them; those with an effect are obeyed where they are read.

const byType: Record<string, string> = {
  UInt64: `
    check_delay_period=60 cleanup_delay_period=30 cleanup_delay_period_random_add=10
    cleanup_thread_preferred_points_per_iteration=150 cleanup_threads=128
    compact_parts_max_bytes_to_buffer=134217728
    compact_parts_merge_max_bytes_to_prefetch_part=16777216 concurrent_part_removal_threshold=100
    concurrent_part_removal_threshold_for_remote_disk=16 dead_blobs_to_delay_insert=100000
    dead_blobs_to_throw_insert=1000000
    distributed_index_analysis_min_indexes_bytes_to_activate=1073741824
    distributed_index_analysis_min_parts_to_activate=10 enable_vertical_merge_algorithm=1
    finished_mutations_to_keep=100 inactive_parts_to_delay_insert=0
    inactive_parts_to_throw_insert=0 index_granularity=8192 index_granularity_bytes=10485760
    kill_delay_period=30 kill_delay_period_random_add=10 kill_threads=128
    map_buckets_min_avg_size=32 max_avg_part_size_for_too_many_parts=1073741824
    max_bytes_to_merge_at_max_space_in_pool=161061273600
    max_bytes_to_merge_at_min_space_in_pool=1048576 max_cleanup_delay_period=300
    max_compress_block_size=0 max_concurrent_queries=0 max_delay_to_insert=1
    max_delay_to_mutate_ms=1000 max_digestion_size_per_segment=268435456 max_file_name_length=127
    max_files_to_modify_in_alter_columns=75 max_files_to_remove_in_alter_columns=50
    max_merge_delayed_streams_for_parallel_write=40 max_merge_selecting_sleep_ms=60000
    max_number_of_merges_with_ttl_in_pool=2 max_number_of_mutations_for_replica=0
    max_parts_in_total=100000 max_parts_to_merge_at_once=100
    max_postpone_time_for_failed_mutations_ms=300000
    max_postpone_time_for_failed_replicated_fetches_ms=60000
    max_postpone_time_for_failed_replicated_merges_ms=60000
    max_postpone_time_for_failed_replicated_tasks_ms=300000 max_projections=25
    max_replicated_fetches_network_bandwidth=0 max_replicated_logs_to_keep=1000
    max_replicated_merges_in_queue=1000 max_replicated_merges_with_ttl_in_queue=1
    max_replicated_mutations_in_queue=8 max_replicated_sends_network_bandwidth=0
    max_suspicious_broken_parts=100 max_suspicious_broken_parts_bytes=1073741824
    max_uncompressed_bytes_in_patches=32212254720 merge_max_block_size_bytes=10485760
    merge_max_bytes_to_prewarm_cache=1073741824 merge_selecting_sleep_ms=5000
    merge_selector_blurry_base_scale_factor=0
    merge_selector_heuristic_to_lower_max_parts_to_merge_at_once_exponent=5
    merge_selector_window_size=1000 merge_total_max_bytes_to_prewarm_cache=16106127360
    merge_tree_clear_old_broken_detached_parts_ttl_timeout_seconds=2592000
    merge_tree_clear_old_parts_interval_seconds=1
    merge_tree_clear_old_temporary_directories_interval_seconds=60
    merge_tree_enable_clear_old_broken_detached=0 min_absolute_delay_to_close=0
    min_age_to_force_merge_seconds=0 min_bytes_for_compact_part=0
    min_bytes_for_full_part_storage=0 min_bytes_for_wide_part=10485760
    min_bytes_to_prewarm_caches=0 min_bytes_to_rebalance_partition_over_jbod=0
    min_columns_to_activate_adaptive_write_buffer=500 min_compress_block_size=0
    min_compressed_bytes_to_fsync_after_fetch=0 min_compressed_bytes_to_fsync_after_merge=0
    min_delay_to_insert_ms=10 min_delay_to_mutate_ms=10 min_free_disk_bytes_to_perform_insert=0
    min_index_granularity_bytes=1024 min_marks_to_honor_max_concurrent_queries=0
    min_merge_bytes_to_use_direct_io=10737418240 min_parts_to_merge_at_once=0
    min_relative_delay_to_close=300 min_relative_delay_to_measure=120
    min_relative_delay_to_yield_leadership=120 min_replicated_logs_to_keep=10
    min_rows_for_compact_part=0 min_rows_for_full_part_storage=0 min_rows_for_wide_part=0
    min_rows_to_fsync_after_merge=0 non_replicated_deduplication_window=0
    number_of_free_entries_in_pool_to_execute_mutation=0
    number_of_free_entries_in_pool_to_execute_optimize_entire_partition=0
    number_of_free_entries_in_pool_to_lower_max_size_of_merge=0 number_of_mutations_to_delay=500
    number_of_mutations_to_throw=1000 number_of_partitions_to_consider_for_merge=10
    packed_skip_index_max_bytes=0 part_moves_between_shards_delay_seconds=30
    part_moves_between_shards_enable=0 parts_to_delay_insert=1000 parts_to_throw_insert=3000
    prefer_fetch_merged_part_size_threshold=10737418240 reduce_blocking_parts_sleep_ms=5000
    replicated_deduplication_window=10000 replicated_deduplication_window_for_async_inserts=10000
    replicated_deduplication_window_seconds=3600
    replicated_deduplication_window_seconds_for_async_inserts=604800
    replicated_fetches_min_part_level=0 replicated_fetches_min_part_level_timeout_seconds=300
    replicated_max_mutations_in_one_entry=10000 replicated_max_parallel_fetches=0
    replicated_max_parallel_fetches_for_host=15 replicated_max_parallel_fetches_for_table=0
    replicated_max_parallel_sends=0 replicated_max_parallel_sends_for_table=0
    shared_merge_tree_idle_parts_update_seconds=3600
    shared_merge_tree_initial_parts_update_backoff_ms=50
    shared_merge_tree_interserver_http_connection_timeout_ms=100
    shared_merge_tree_interserver_http_timeout_ms=10000
    shared_merge_tree_leader_update_period_random_add_seconds=10
    shared_merge_tree_leader_update_period_seconds=30
    shared_merge_tree_max_outdated_parts_to_process_at_once=1000
    shared_merge_tree_max_parts_update_backoff_ms=5000
    shared_merge_tree_max_parts_update_leaders_in_total=6
    shared_merge_tree_max_parts_update_leaders_per_az=2
    shared_merge_tree_max_replicas_for_parts_deletion=10
    shared_merge_tree_max_replicas_to_merge_parts_for_each_parts_range=5
    shared_merge_tree_max_suspicious_broken_parts=0
    shared_merge_tree_max_suspicious_broken_parts_bytes=0
    shared_merge_tree_merge_coordinator_max_merge_request_size=20
    shared_merge_tree_outdated_parts_group_size=2 shared_merge_tree_parts_load_batch_size=32
    shared_merge_tree_postpone_next_merge_for_locally_merged_parts_ms=0
    shared_merge_tree_postpone_next_merge_for_locally_merged_parts_rows_threshold=1000000
    shared_merge_tree_range_for_merge_window_size=10
    shared_merge_tree_virtual_parts_discovery_batch=1 simultaneous_parts_removal_limit=0
    sleep_before_loading_outdated_parts_ms=0 vertical_merge_algorithm_min_bytes_to_activate=0
    vertical_merge_algorithm_min_columns_to_activate=11
    vertical_merge_algorithm_min_rows_to_activate=131072 write_ahead_log_bytes_to_fsync=104857600
    write_ahead_log_interval_ms_to_fsync=100 write_ahead_log_max_bytes=1073741824
    zero_copy_concurrent_part_removal_max_split_times=5
    zero_copy_merge_mutation_min_parts_size_sleep_before_lock=1073741824
    zero_copy_merge_mutation_min_parts_size_sleep_no_scale_before_lock=0
  `,
  Bool: `
    add_implicit_sign_column_constraint_for_collapsing_engine
    add_minmax_index_for_block_number_column add_minmax_index_for_block_offset_column
    add_minmax_index_for_numeric_columns add_minmax_index_for_string_columns
    add_minmax_index_for_temporal_columns allow_coalescing_columns_in_partition_or_order_key
    allow_commit_order_projection allow_dimensions_outside_sorting_key
    allow_experimental_replacing_merge_with_cleanup allow_experimental_reverse_key
    allow_experimental_text_index_phrase_search allow_floating_point_partition_key
    allow_minmax_index_for_json allow_nullable_key allow_part_offset_column_in_projections=1
    allow_reduce_blocking_parts_task=1 allow_remote_fs_zero_copy_replication
    allow_summing_columns_in_partition_or_order_key allow_suspicious_indices
    allow_tuple_element_aggregation allow_vertical_merges_from_compact_to_wide_parts=1
    always_fetch_merged_part always_use_copy_instead_of_hardlinks apply_patches_on_merge=1
    assign_part_uuids async_insert cache_populated_by_fetch check_sample_column_is_correct=1
    columns_and_secondary_indices_sizes_lazy_calculation=1
    compatibility_allow_sampling_expression_not_in_primary_key compress_marks=1
    compress_per_column_in_compact_parts=1 compress_primary_key=1
    compute_exact_num_defaults_for_sparse_columns detach_not_byte_identical_parts
    detach_old_local_parts_when_cloning_replica=1
    disable_detach_partition_for_zero_copy_replication=1
    disable_fetch_partition_for_zero_copy_replication=1
    disable_freeze_partition_for_zero_copy_replication=1 enable_block_number_column
    enable_block_offset_column enable_index_granularity_compression=1
    enable_max_bytes_limit_for_min_age_to_force_merge=1 enable_mixed_granularity_parts=1
    enable_replacing_merge_with_cleanup_for_min_age_to_force_merge
    enable_the_endpoint_id_with_zookeeper_name_prefix
    enforce_index_structure_match_on_partition_manipulation escape_index_filenames=1
    escape_variant_subcolumn_filenames=1 exclude_deleted_rows_for_part_size_in_merge
    force_read_through_cache_for_merges fsync_after_insert fsync_part_directory
    in_memory_parts_enable_wal=1 in_memory_parts_insert_sync
    load_existing_rows_count_for_old_parts materialize_projections_on_insert=1
    materialize_projections_on_merge materialize_skip_indexes_on_merge=1
    materialize_statistics_on_merge=1 materialize_ttl_recalculate_only
    merge_selector_enable_heuristic_to_lower_max_parts_to_merge_at_once=1
    merge_selector_enable_heuristic_to_remove_small_parts_at_right=1
    min_age_to_force_merge_on_partition_only notify_newest_block_number optimize_row_order
    prewarm_mark_cache prewarm_primary_key_cache primary_key_lazy_load=1
    propagate_types_serialization_versions_to_nested_types=1
    remote_fs_zero_copy_path_compatible_mode remove_empty_parts=1
    remove_rolled_back_parts_immediately=1 remove_unused_patch_parts=1
    replace_long_file_name_to_hash=1 replicated_can_become_leader=1 share_nested_offsets=1
    shared_merge_tree_activate_coordinated_merges_tasks
    shared_merge_tree_create_per_replica_metadata_nodes
    shared_merge_tree_disable_merges_and_mutations_assignment
    shared_merge_tree_enable_automatic_empty_partitions_cleanup=1
    shared_merge_tree_enable_coordinated_merges=1
    shared_merge_tree_enable_keeper_parts_extra_data=1
    shared_merge_tree_enable_outdated_parts_check=1
    shared_merge_tree_read_virtual_parts_from_leader=1
    shared_merge_tree_try_fetch_part_in_memory_data_from_replicas
    shared_merge_tree_try_fetch_part_in_memory_data_from_replicas_on_startup
    shared_merge_tree_use_metadata_hints_cache=1
    shared_merge_tree_use_outdated_parts_compact_format=1
    shared_merge_tree_use_too_many_parts_count_from_virtual_parts
    shared_merge_tree_use_zookeeper_connection_pool
    shared_merge_tree_virtual_parts_partition_atomic_discovery=1 table_disk table_readonly
    text_index_dictionary_block_frontcoding_compression=1 ttl_only_drop_parts
    use_adaptive_write_buffer_for_dynamic_subcolumns=1 use_async_block_ids_cache=1
    use_compact_variant_discriminators_serialization=1 use_const_adaptive_granularity
    use_metadata_cache use_minimalistic_checksums_in_zookeeper=1
    use_minimalistic_part_header_in_zookeeper=1 use_primary_key_cache
    vertical_merge_optimize_lightweight_delete=1 vertical_merge_optimize_ttl_delete=1
    vertical_merge_remote_filesystem_prefetch=1 write_final_mark=1
    write_marks_for_substreams_in_compact_parts=1
  `,
  Seconds: `
    execute_merges_on_single_replica_time_threshold=0 initialization_retry_period=60
    lock_acquire_timeout_for_background_operations=120 old_parts_lifetime=0
    prefer_fetch_merged_part_time_threshold=3600 refresh_parts_interval=0
    refresh_statistics_interval=300
    remote_fs_execute_merges_on_single_replica_time_threshold=10800
    replicated_fetches_http_connection_timeout=0 replicated_fetches_http_receive_timeout=0
    replicated_fetches_http_send_timeout=0 shared_merge_tree_empty_partition_lifetime=86400
    shared_merge_tree_inactive_replica_cutoff_seconds=0
    shared_merge_tree_replica_set_max_lifetime_seconds=1800 temporary_directories_lifetime=86400
    try_fetch_recompressed_part_timeout=7200 zookeeper_session_expiration_check_period=60
  `,
  Float: `
    fault_probability_after_part_commit=0 fault_probability_before_part_commit=0
    map_buckets_coefficient=1 merge_selecting_sleep_slowdown_factor=1.2 merge_selector_base=5
    min_free_disk_ratio_to_perform_insert=0
    primary_key_ratio_of_unique_prefix_values_to_skip_suffix_columns=0.9
    ratio_of_defaults_for_sparse_serialization=0.9375 replicated_max_ratio_of_wrong_parts=0.5
    shared_merge_tree_merge_coordinator_factor=1.1
    shared_merge_tree_partitions_hint_ratio_to_reload_merge_pred_for_mutations=0.5
    zero_copy_concurrent_part_removal_max_postpone_ratio=0.05
  `,
  Milliseconds: `
    async_block_ids_cache_update_wait_ms=100 background_task_preferred_step_execution_time_ms=50
    deduplication_hashes_cache_update_wait_ms=100
    shared_merge_tree_merge_coordinator_election_check_period_ms=30000
    shared_merge_tree_merge_coordinator_fetch_fresh_metadata_period_ms=10000
    shared_merge_tree_merge_coordinator_max_period_ms=10000
    shared_merge_tree_merge_coordinator_min_period_ms=1
    shared_merge_tree_merge_worker_fast_timeout_ms=100
    shared_merge_tree_merge_worker_regular_timeout_ms=10000
    shared_merge_tree_update_replica_flags_delay_ms=30000
    sleep_before_commit_local_part_in_replicated_table_ms=0
    wait_for_unique_parts_send_before_shutdown_ms=0
  `,
  String: `
    auto_statistics_types=basic,%20uniq_v2 cache_populated_by_fetch_filename_regexp=
    columns_to_prewarm_mark_cache= default_compression_codec= disk=
    exclude_materialize_skip_indexes_on_merge= marks_compression_codec=ZSTD(3) merge_workload=
    mutation_workload= primary_key_compression_codec=ZSTD(3)
    remote_fs_zero_copy_zookeeper_path=/clickhouse/zero_copy storage_policy=default
  `,
  NonZeroUInt64: `
    adaptive_write_buffer_initial_size=16384
    clone_replica_zookeeper_create_get_part_batch_size=100
    compact_parts_max_granules_to_buffer=128 marks_compress_block_size=65536 max_buckets_in_map=32
    merge_max_block_size=8192 object_shared_data_buckets_for_compact_part=8
    object_shared_data_buckets_for_wide_part=32 primary_key_compress_block_size=65536
    text_index_dictionary_block_size=512 text_index_posting_list_block_size=1048576
  `,
  Int64: `
    max_partitions_to_read=-1 merge_with_recompression_ttl_timeout=14400
    merge_with_ttl_timeout=14400 shared_merge_tree_memo_ids_remove_timeout_seconds=1800
  `,
  UInt64Auto: `
    merge_max_dynamic_subcolumns_in_compact_part=auto
    merge_max_dynamic_subcolumns_in_wide_part=auto
    shared_merge_tree_merge_coordinator_merges_prepare_count=auto
  `,
  MaxThreads: 'max_part_loading_threads=auto(2) max_part_removal_threads=auto(2)',
  MergeTreeMapSerializationVersion: `
    map_serialization_version=basic map_serialization_version_for_zero_level_parts=basic
  `,
  MergeTreeObjectSharedDataSerializationVersion: `
    object_shared_data_serialization_version=advanced
    object_shared_data_serialization_version_for_zero_level_parts=map_with_buckets
  `,
  UInt32: 'min_level_for_full_part_storage=0 min_level_for_wide_part=0',
  AlterColumnSecondaryIndexMode: 'alter_column_secondary_index_mode=rebuild',
  CleanDeletedRows: 'clean_deleted_rows=Never',
  DeduplicateMergeProjectionMode: 'deduplicate_merge_projection_mode=throw',
  LightweightMutationProjectionMode: 'lightweight_mutation_projection_mode=throw',
  MergeCoordinatorDistributionAlgorithm: `
    shared_merge_tree_merge_coordinator_distribution_algorithm=water_filling
  `,
  MergeSelectorAlgorithm: 'merge_selector_algorithm=Simple',
  MergeTreeDynamicSerializationVersion: 'dynamic_serialization_version=v3',
  MergeTreeMapBucketsStrategy: 'map_buckets_strategy=sqrt',
  MergeTreeNullableSerializationVersion: 'nullable_serialization_version=basic',
  MergeTreeObjectSerializationVersion: 'object_serialization_version=v3',
  MergeTreePartMinMaxIndexColumns: 'part_minmax_index_columns=partition_key_only',
  MergeTreeSerializationInfoVersion: 'serialization_info_version=with_types',
  MergeTreeStringSerializationVersion: 'string_serialization_version=with_size_stream',
  SearchOrphanedPartsDisks: 'search_orphaned_parts_disks=any',
  TextIndexPostingListCodec: 'text_index_posting_list_codec=none',
};

export interface TableSetting {
  readonly type: string;
  readonly default: string;
}

/** Our own: how long older versions of a table are kept, in seconds, and how many at most. */
const ourOwn: Record<string, string> = { UInt64: 'history_retention=0 history_versions=1000' };

export const mergeTreeSettings: ReadonlyMap<string, TableSetting> = new Map(
  [...Object.entries(byType), ...Object.entries(ourOwn)].flatMap(([type, text]) =>
    text
      .trim()
      .split(/\s+/)
      .map((pair): [string, TableSetting] => {
        const [name = '', value = '0'] = pair.split('=');
        return [name, { type, default: decodeURIComponent(value) }];
      }),
  ),
);
