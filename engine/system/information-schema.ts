// information_schema: views over the system tables, each column under its small and its capital name.

import { parseStatement, type Query } from '../../sql/index.ts';
import type { TableColumn, ViewTable } from '../plan/context.ts';

type Column = readonly [name: string, type: string, expression: string];
interface Definition {
  readonly columns: readonly Column[];
  readonly from: string;
}

const text = (...names: string[]): Column[] => names.map((n) => [n, 'String', "''"]);
const nothing = (...names: string[]): Column[] => names.map((n) => [n, 'Nullable(String)', 'NULL']);
const no = "Enum8('NO' = 0, 'YES' = 1)";

const definitions: Record<string, Definition> = {
  tables: {
    columns: [
      ['table_catalog', 'String', 'database'],
      ['table_schema', 'String', 'database'],
      ['table_name', 'String', 'name'],
      [
        'table_type',
        'String',
        "multiIf(is_temporary, 'LOCAL TEMPORARY', engine LIKE '%View', 'VIEW', engine LIKE 'System%', 'SYSTEM VIEW', has_own_data = 0, 'FOREIGN TABLE', 'BASE TABLE')",
      ],
      ['table_rows', 'Nullable(UInt64)', 'total_rows'],
      ['data_length', 'Nullable(UInt64)', 'total_bytes'],
      ['index_length', 'Nullable(UInt64)', '0'],
      ['table_collation', 'Nullable(String)', "'utf8mb4_0900_ai_ci'"],
      ['table_comment', 'Nullable(String)', 'comment'],
    ],
    from: 'system.tables',
  },
  columns: {
    columns: [
      ['table_catalog', 'String', 'database'],
      ['table_schema', 'String', 'database'],
      ['table_name', 'String', 'table'],
      ['column_name', 'String', 'name'],
      ['ordinal_position', 'UInt64', 'position'],
      ['column_default', 'String', 'default_expression'],
      ['is_nullable', 'String', "toString(type LIKE 'Nullable(%)')"],
      ['data_type', 'String', 'type'],
      ['character_maximum_length', 'Nullable(UInt64)', 'character_octet_length'],
      ['character_octet_length', 'Nullable(UInt64)', 'character_octet_length'],
      ['numeric_precision', 'Nullable(UInt64)', 'numeric_precision'],
      ['numeric_precision_radix', 'Nullable(UInt64)', 'numeric_precision_radix'],
      ['numeric_scale', 'Nullable(UInt64)', 'numeric_scale'],
      ['datetime_precision', 'Nullable(UInt64)', 'datetime_precision'],
      ...nothing('character_set_catalog', 'character_set_schema', 'character_set_name'),
      ...nothing('collation_catalog', 'collation_schema', 'collation_name'),
      ...nothing('domain_catalog', 'domain_schema', 'domain_name'),
      [
        'extra',
        'Nullable(String)',
        "transform(default_kind, ['DEFAULT', 'MATERIALIZED', 'ALIAS'], ['DEFAULT_GENERATED', 'STORED GENERATED', 'VIRTUAL GENERATED'], '')",
      ],
      ['column_comment', 'String', 'comment'],
      ['column_type', 'String', 'type'],
    ],
    from: 'system.columns',
  },
  schemata: {
    columns: [
      ['catalog_name', 'String', 'name'],
      ['schema_name', 'String', 'name'],
      ['schema_owner', 'String', "'default'"],
      ...nothing('default_character_set_catalog', 'default_character_set_schema'),
      ...nothing('default_character_set_name', 'sql_path'),
    ],
    from: 'system.databases',
  },
  views: {
    columns: [
      ['table_catalog', 'String', 'database'],
      ['table_schema', 'String', 'database'],
      ['table_name', 'String', 'name'],
      ['view_definition', 'String', 'as_select'],
      ['check_option', 'String', "'NONE'"],
      ['is_updatable', no, '0'],
      ['is_insertable_into', no, "engine = 'MaterializedView'"],
      ['is_trigger_updatable', no, '0'],
      ['is_trigger_deletable', no, '0'],
      ['is_trigger_insertable_into', no, '0'],
    ],
    from: "system.tables WHERE engine LIKE '%View'",
  },
  key_column_usage: {
    columns: [
      ['constraint_catalog', 'String', "'def'"],
      ['constraint_schema', 'String', 'database'],
      ['constraint_name', 'Nullable(String)', "'PRIMARY'"],
      ['table_catalog', 'String', "'def'"],
      ['table_schema', 'String', 'database'],
      ['table_name', 'String', 'table'],
      ['column_name', 'Nullable(String)', 'name'],
      ['ordinal_position', 'UInt32', '1'],
      ['position_in_unique_constraint', 'Nullable(UInt32)', 'NULL'],
      ...nothing('referenced_table_schema', 'referenced_table_name', 'referenced_column_name'),
    ],
    from: 'system.columns WHERE is_in_primary_key',
  },
  referential_constraints: {
    columns: [
      ...text('constraint_catalog', 'constraint_schema'),
      ...nothing('constraint_name'),
      ...text('unique_constraint_catalog', 'unique_constraint_schema'),
      ...nothing('unique_constraint_name'),
      ...text('match_option', 'update_rule', 'delete_rule', 'table_name', 'referenced_table_name'),
    ],
    from: 'system.one WHERE 0',
  },
  statistics: {
    columns: [
      ...text('table_catalog', 'table_schema', 'table_name'),
      ['non_unique', 'Int32', '0'],
      ...text('index_schema'),
      ...nothing('index_name'),
      ['seq_in_index', 'UInt32', '0'],
      ...nothing('column_name', 'collation'),
      ['cardinality', 'Nullable(Int64)', 'NULL'],
      ['sub_part', 'Nullable(Int64)', 'NULL'],
      ...nothing('packed'),
      ...text('nullable', 'index_type', 'comment', 'index_comment', 'is_visible'),
      ...nothing('expression'),
    ],
    from: 'system.one WHERE 0',
  },
  engines: {
    columns: [
      ['engine', 'String', 'name'],
      ['support', 'String', "'YES'"],
    ],
    from: 'system.table_engines',
  },
  character_sets: {
    columns: [['character_set_name', 'String', 'name']],
    from: "(SELECT arrayJoin(['utf8', 'utf8mb4']) AS name)",
  },
  collations: {
    columns: [['collation_name', 'String', 'name']],
    from: 'system.collations',
  },
};

export const informationTables: readonly string[] = Object.keys(definitions).flatMap((name) => [
  name,
  name.toUpperCase(),
]);

const capital = ([name, type]: Column): TableColumn => ({ name: name.toUpperCase(), type });

export const informationColumns = (name: string): TableColumn[] => {
  const columns = definitions[name.toLowerCase()]?.columns ?? [];
  return [...columns.map(([n, type]) => ({ name: n, type })), ...columns.map(capital)];
};

const queries = new Map<string, Query>();

function queryOf(name: string, { columns, from }: Definition): Query {
  let query = queries.get(name);
  if (!query) {
    const list = columns.map(
      ([n, type, e]) => `CAST((${e}), '${type.replaceAll("'", "\\'")}') AS ${n}`,
    );
    const again = columns.map(([n]) => `${n} AS ${n.toUpperCase()}`);
    const statement = parseStatement(
      `SELECT ${[...list, ...again].join(', ')} FROM ${from} SETTINGS prefer_column_name_to_alias = 1`,
    );
    if (statement.kind !== 'QueryStatement') throw new Error(`information_schema.${name}`);
    query = statement.query;
    queries.set(name, query);
  }
  return query;
}

/** A table of information_schema as the planner sees it. */
export function informationTable(database: string, name: string): ViewTable | undefined {
  const known = informationTables.includes(name);
  const definition = known ? definitions[name.toLowerCase()] : undefined;
  if (!definition) return undefined;
  const query = queryOf(name.toLowerCase(), definition);
  return { kind: 'view', database, name, columns: informationColumns(name), query };
}
