// Settings of ClickHouse of all types but Bool and UInt64, by type and in the notation of index.ts.

export const otherTypes: Record<string, string> = {
  String: `
    additional_result_filter= ai_function_embedding_default_credentials=
    ai_function_text_default_credentials= bool_false_representation=false
    bool_true_representation=true chdb_client_name= cluster_for_parallel_replicas=
    column_names_for_schema_inference= compatibility= count_distinct_implementation=uniqExact
    default_view_definer=CURRENT_USER distributed_cache_file_cache_name=
    distributed_plan_force_exchange_kind= errors_output_format=CSV
    exclude_materialize_skip_indexes_on_insert= filesystem_cache_name=
    force_data_skipping_indices= force_optimize_projection_name=
    format_csv_null_representation=%5CN format_custom_field_delimiter=%09
    format_custom_result_after_delimiter= format_custom_result_before_delimiter=
    format_custom_row_after_delimiter=%0A format_custom_row_before_delimiter=
    format_custom_row_between_delimiter= format_json_object_each_row_column_for_object_name=
    format_regexp= format_schema= format_schema_message_name= format_schema_source=file
    format_template_resultset= format_template_resultset_format= format_template_row=
    format_template_row_format= format_template_rows_between_delimiter=%0A
    format_tsv_null_representation=%5CN function_implementation=
    iceberg_metadata_compression_method= ignore_data_skipping_indices=
    implicit_table_at_top_level= input_format_mysql_dump_table_name=
    input_format_orc_reader_time_zone_name=GMT input_format_record_errors_file_path=
    insert_deduplication_token= local_filesystem_read_method=pread_threadpool log_comment=
    metrics_perf_events_list= network_compression_method=LZ4 output_format_avro_codec=
    output_format_avro_confluent_subject= output_format_avro_string_column_pattern=
    output_format_image_terminal_mode= output_format_orc_writer_time_zone_name=GMT
    output_format_pretty_grid_charset=UTF-8 output_format_schema=
    output_format_sql_insert_table_name=table parallel_replicas_custom_key= polyglot_dialect=
    preferred_optimize_projection_name= promql_database= promql_table= query_cache_tag=
    remote_filesystem_read_method=threadpool rename_files_after_processing=
    s3queue_default_zookeeper_path=/clickhouse/s3queue/ schema_inference_hints=
    send_logs_source_regexp= stream_like_engine_insert_queue= temporary_files_codec=LZ4
    trace_profile_events_list= url_base= workload=default
  `,
  Float: `
    ast_fuzzer_runs=0 background_merges_mutations_concurrency_ratio=2
    backup_restore_keeper_fault_injection_probability=0 backup_restore_s3_retry_jitter_factor=0.1
    create_replicated_merge_tree_fault_injection_probability=0 ignore_drop_queries_probability=0
    input_format_allow_errors_ratio=0 insert_keeper_fault_injection_probability=0
    log_queries_probability=1 max_os_cpu_wait_time_ratio_to_throw=0
    max_rand_distribution_parameter=1000000 max_skip_unavailable_shards_ratio=0
    max_streams_for_union_step_to_max_threads_ratio=8 max_streams_multiplier_for_merge_tables=5
    max_streams_to_max_threads_ratio=1 memory_profiler_sample_probability=0
    memory_tracker_fault_probability=0
    merge_tree_read_split_ranges_into_intersecting_and_non_intersecting_injection_probability=0
    min_filtered_ratio_for_lazy_final=0.5 min_free_disk_ratio_to_perform_insert=0
    min_hit_rate_to_use_consecutive_keys_optimization=0.5 min_os_cpu_wait_time_ratio_to_throw=0
    opentelemetry_start_trace_probability=0 parallel_replicas_single_task_marks_count_multiplier=2
    postgresql_fault_injection_probability=0 remerge_sort_lowered_memory_bytes_ratio=2
    s3queue_keeper_fault_injection_probability=0 text_index_density_threshold=0.2
    text_index_hint_max_selectivity=0.2 text_index_lazy_intersection_density_threshold=0.2
    totals_auto_threshold=0.5 vector_search_index_fetch_multiplier=1
    vector_search_postfilter_multiplier=1
  `,
  Milliseconds: `
    async_insert_busy_timeout_max_ms=200 async_insert_busy_timeout_min_ms=50
    async_insert_busy_timeout_ms=200 async_insert_cleanup_timeout_ms=1000
    async_insert_poll_timeout_ms=10 async_insert_stale_timeout_ms=0
    connect_timeout_with_failover_ms=1000 connect_timeout_with_failover_secure_ms=1000
    connection_pool_max_wait_ms=0 distributed_background_insert_max_sleep_time_ms=30000
    distributed_background_insert_sleep_time_ms=100
    distributed_directory_monitor_max_sleep_time_ms=30000
    distributed_directory_monitor_sleep_time_ms=100 handshake_timeout_ms=10000
    hedged_connection_timeout_ms=50 insert_quorum_timeout=600000 kafka_max_wait_ms=5000
    log_queries_min_query_duration_ms=0 low_priority_query_wait_time_ms=1000
    parallel_replicas_connect_timeout_ms=300 query_cache_min_query_duration=0 queue_max_wait_ms=0
    rabbitmq_max_wait_ms=5000 read_backoff_min_interval_between_events_ms=1000
    read_backoff_min_latency_ms=1000 receive_data_timeout_ms=2000
    replace_running_query_max_wait_ms=5000 sleep_after_receiving_query_ms=0
    sleep_in_send_data_ms=0 sleep_in_send_tables_status_ms=0
    storage_system_stack_trace_pipe_read_timeout_ms=100 stream_flush_interval_ms=7500
    stream_poll_timeout_ms=500
  `,
  Seconds: `
    connect_timeout=10 distributed_replica_error_half_life=60 drain_timeout=3
    http_connection_timeout=1 http_headers_read_timeout=30 http_receive_timeout=30
    http_send_timeout=30 iceberg_compaction_data_cleanup=10800 iceberg_compaction_delay_bias=10800
    live_view_heartbeat_interval=15 lock_acquire_timeout=120 max_estimated_execution_time=0
    max_execution_time=0 max_execution_time_leaf=0 periodic_live_view_refresh=60
    query_cache_ttl=60 receive_timeout=300 send_timeout=300 tcp_keep_alive_timeout=290
    temporary_live_view_timeout=1 timeout_before_checking_execution_speed=10
    wait_for_async_insert_timeout=120 wait_for_window_view_fire_signal_timeout=10
    window_view_clean_interval=60 window_view_heartbeat_interval=15
  `,
  Int64: `
    annoy_index_search_k_nodes=-1 delta_lake_snapshot_end_version=-1
    delta_lake_snapshot_start_version=-1 delta_lake_snapshot_version=-1
    distributed_ddl_task_timeout=180 http_zlib_compression_level=3
    iceberg_expire_default_max_ref_age_ms=9223372036854775807
    iceberg_expire_default_max_snapshot_age_ms=432000000
    iceberg_expire_default_min_snapshots_to_keep=1 iceberg_snapshot_id=0 iceberg_timestamp_ms=0
    ignore_cold_parts_seconds=0 input_format_orc_row_batch_size=100000
    max_limit_for_ann_queries=-1 max_partitions_to_read=-1 network_zstd_compression_level=1
    optimize_const_name_size=256 paimon_target_snapshot_id=-1 pandas_analyze_sample=10000
    prefer_warmed_unmerged_parts_seconds=0 query_metric_log_interval=-1 read_priority=0
    replication_wait_for_inactive_replica_timeout=120 zstd_window_log_max=0
  `,
  NonZeroUInt64: `
    ai_function_embedding_max_batch_size=100 apply_patch_parts_join_cache_buckets=8
    delta_lake_insert_max_bytes_in_data_file=1073741824
    delta_lake_insert_max_rows_in_data_file=1000000 distributed_plan_default_reader_bucket_count=8
    distributed_plan_default_shuffle_join_bucket_count=8
    filesystem_prefetch_max_memory_usage=1073741824 grace_hash_join_initial_buckets=1
    grace_hash_join_max_buckets=1024 input_format_parquet_max_block_size=65409
    max_block_size=65409 max_insert_block_size=1048449 max_insert_block_size_rows=1048449
    max_parallel_replicas=1000 max_read_buffer_size=1048576 merge_tree_min_read_task_size=8
    min_chunk_bytes_for_parallel_parsing=10485760 output_format_parquet_batch_size=1024
    temporary_files_buffer_size=1048576
  `,
  Double: `
    async_insert_busy_timeout_decrease_rate=0.2 async_insert_busy_timeout_increase_rate=0.2
    join_runtime_bloom_filter_max_ratio_of_set_bits=0.7
    join_runtime_filter_pass_ratio_threshold_for_disabling=0.7
    max_bytes_ratio_before_external_group_by=0.5 max_bytes_ratio_before_external_join=0.5
    max_bytes_ratio_before_external_sort=0.5 output_format_orc_dictionary_key_size_threshold=0
    output_format_parquet_bloom_filter_bits_per_value=10.5
    short_circuit_function_evaluation_for_nulls_threshold=1
  `,
  OverflowMode: `
    distinct_overflow_mode=throw join_overflow_mode=throw read_overflow_mode=throw
    read_overflow_mode_leaf=throw result_overflow_mode=throw set_overflow_mode=throw
    sort_overflow_mode=throw timeout_overflow_mode_leaf=throw
    transfer_overflow_mode=throw
  `,
  MaxThreads: `
    max_alter_threads=auto(2) max_download_threads=4 max_final_threads=auto(2)
    max_parsing_threads=auto(2) max_threads=auto(2)
  `,
  UInt64Auto: `
    insert_quorum=0 max_dynamic_subcolumns_in_json_type_parsing=auto
    output_format_pretty_color=auto output_format_pretty_glue_chunks=auto
    schema_inference_make_columns_nullable=3
  `,
  Char: `
    format_csv_delimiter=, input_format_hive_text_collection_items_delimiter=
    input_format_hive_text_fields_delimiter= input_format_hive_text_map_keys_delimiter=
  `,
  BoolAuto: `
    dictionary_lazy_load=auto insert_select_deduplicate=auto query_plan_join_swap_table=auto
  `,
  FloatAuto: `
    evaluation_time=auto opentelemetry_start_keeper_trace_probability=auto
    promql_evaluation_time=auto
  `,
  Int32: `
    os_thread_priority=0 os_threads_nice_value_materialized_view=0 os_threads_nice_value_query=0
  `,
  SetOperationMode: 'except_default_mode=ALL intersect_default_mode=ALL union_default_mode=',
  DateTimeInputFormat: `
    cast_string_to_date_time_mode=best_effort date_time_input_format=best_effort
  `,
  DefaultTableEngine: 'default_table_engine=MergeTree default_temporary_table_engine=Memory',
  EscapingRule: 'format_custom_escaping_rule=Escaped format_regexp_escaping_rule=Raw',
  Map: 'additional_table_filters={} http_response_headers={}',
  SQLSecurityType: `
    default_materialized_view_sql_security=DEFINER default_normal_view_sql_security=INVOKER
  `,
  AggregateFunctionInputFormat: 'aggregate_function_input_format=state',
  AlterUpdateMode: 'alter_update_mode=heavy',
  ArrowCompression: 'output_format_arrow_compression_method=lz4_frame',
  ArrowFlightDescriptorType: 'arrow_flight_request_descriptor_type=path',
  CapnProtoEnumComparingMode: 'format_capn_proto_enum_comparising_mode=by_values',
  DateTimeOutputFormat: 'date_time_output_format=simple',
  DateTimeOverflowBehavior: 'date_time_overflow_behavior=ignore',
  DecorrelationJoinKind: 'correlated_subqueries_default_join_kind=right',
  DeduplicateInsertMode: 'deduplicate_insert=enable',
  DeduplicateInsertSelectMode: 'deduplicate_insert_select=enable_when_possible',
  DefaultDatabaseEngine: 'default_database_engine=Atomic',
  Dialect: 'dialect=clickhouse',
  DistributedCacheLogMode: 'distributed_cache_log_mode=on_error',
  DistributedCachePoolBehaviourOnLimit: 'distributed_cache_pool_behaviour_on_limit=wait',
  DistributedDDLOutputMode: 'distributed_ddl_output_mode=throw',
  DistributedProductMode: 'distributed_product_mode=deny',
  ExplainQueryPlanDefault: 'explain_query_plan_default=pretty',
  FileLikeEngineDefaultPartitionStrategy: 'file_like_engine_default_partition_strategy=hive',
  GeoJSONUnsupportedGeometryHandling: `
    input_format_geojson_unsupported_geometry_handling=throw
  `,
  GeoToH3ArgumentOrder: 'geotoh3_argument_order=lat_lon',
  IcebergMetadataLogLevel: 'iceberg_metadata_log_level=none',
  IdentifierQuotingRule: 'show_create_query_identifier_quoting_rule=when_necessary',
  IdentifierQuotingStyle: 'show_create_query_identifier_quoting_style=Backticks',
  InputFormatColumnMatchingCaseSensitivity: 'input_format_column_name_matching_mode=auto',
  IntervalOutputFormat: 'interval_output_format=numeric',
  JemallocProfileFormat: 'jemalloc_profile_text_output_format=collapsed',
  JoinAlgorithm: 'join_algorithm=direct,parallel_hash,hash',
  JoinOrderAlgorithm: 'query_plan_optimize_join_order_algorithm=greedy',
  JoinStrictness: 'join_default_strictness=ALL',
  LightweightDeleteMode: 'lightweight_delete_mode=alter_update',
  LightweightMutationProjectionMode: 'lightweight_mutation_projection_mode=throw',
  LoadBalancing: 'load_balancing=random',
  LocalFSReadMethod: 'storage_file_read_method=pread',
  LogQueriesType: 'log_queries_min_type=QUERY_START',
  LogsLevel: 'send_logs_level=fatal',
  MsgPackUUIDRepresentation: 'output_format_msgpack_uuid_representation=ext',
  MySQLDataTypesSupport: `
    mysql_datatypes_support_level=decimal,datetime64,date2Date32,geometry
  `,
  ORCCompression: 'output_format_orc_compression_method=zstd',
  ObjectStorageGranularityLevel: 'cluster_table_function_split_granularity=file',
  OverflowModeGroupBy: 'group_by_overflow_mode=throw',
  ParallelReplicasCustomKeyFilterType: 'parallel_replicas_custom_key_filter_type=default',
  ParallelReplicasMode: 'parallel_replicas_mode=read_tasks',
  ParquetCompression: 'output_format_parquet_compression_method=zstd',
  ParquetVersion: 'output_format_parquet_version=2.latest',
  QueryResultCacheNondeterministicFunctionHandling: `
    query_cache_nondeterministic_function_handling=throw
  `,
  QueryResultCacheSystemTableHandling: 'query_cache_system_table_handling=throw',
  S3UriStyle: 's3_uri_style=auto',
  SchemaInferenceMode: 'schema_inference_mode=default',
  ShortCircuitFunctionEvaluation: 'short_circuit_function_evaluation=enable',
  SkipUnavailableShardsMode: 'skip_unavailable_shards_mode=unavailable_or_table_missing',
  SnappyMode: 'snappy_mode=basic',
  StreamingHandleErrorMode: 'handle_kafka_error_mode=default',
  TextIndexPostingListApplyMode: 'text_index_posting_list_apply_mode=materialize',
  Timezone: 'session_timezone=',
  TotalsMode: 'totals_mode=after_having_exclusive',
  TransactionsWaitCSNMode: 'wait_changes_become_visible_after_commit_mode=wait_unknown',
  URI: 'format_avro_schema_registry_url=',
  UpdateParallelMode: 'update_parallel_mode=auto',
  VectorSearchFilterStrategy: 'vector_search_filter_strategy=auto',
};
