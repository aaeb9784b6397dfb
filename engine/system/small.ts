// The small system tables: errors, formats, data_type_families, table_functions, table_engines,
// build_options, clusters, merges, disks and others that clients look at.

import { errorCounts, errorTable } from '../errors.ts';
import { composite, platformName } from '../native/index.ts';
import { tableFunctionNames } from '../plan/bind/from/table-functions.ts';
import type { LitValue } from '../plan/physical/wire.ts';
import { indexItems } from '../tables/create-sql.ts';
import { visibleDatabases } from '../tables/databases.ts';
import { engineNames } from '../tables/engine-names.ts';
import { columns, dateTime, flag, type SystemTable } from './table.ts';

export const errors: SystemTable = {
  name: 'errors',
  doc: 'Failures that were answered since the start; all, with system_events_show_zero_values = 1',
  columns: columns(
    ['name', 'String', 'Name'],
    ['code', 'Int32', 'Code'],
    ['value', 'UInt64', 'How often'],
    ['last_error_time', 'DateTime', 'When last'],
    ['last_error_message', 'String', 'Message then'],
    ['remote', 'UInt8', 'Always 0'],
  ),
  rows: ({ settings }) => {
    const zeros = settings.bool('system_events_show_zero_values') ? errorTable.keys() : [];
    return [...new Set([...errorCounts.keys(), ...zeros])].map((name): LitValue[] => {
      const { count, lastMs, last } = errorCounts.get(name) ?? { count: 0, lastMs: 0, last: '' };
      const code = String(errorTable.get(name)?.code ?? 0);
      return [name, code, String(count), dateTime(lastMs), last, '0'];
    });
  },
};

export const formats: SystemTable = {
  name: 'formats',
  doc: 'Formats of input and output',
  columns: columns(
    ['name', 'String', 'Name'],
    ['is_input', 'UInt8', 'Rows can be read in it'],
    ['is_output', 'UInt8', 'Results can be written in it'],
    ['content_type', 'String', 'Content-Type of answers'],
  ),
  rows: (run) => {
    const { native } = run.core;
    const all = native.registry.formats.map((f) => ({ ...f, written: f.name }));
    for (const written of otherFormatNames) {
      const format = native.format(written);
      if (format && format.name !== written) all.push({ ...format, written });
    }
    return all.map((f): LitValue[] => [f.written, flag(f.input), flag(f.output), f.contentType]);
  },
};

/** Names that formats have beside their own. */
const otherFormatNames =
  'TSV TSVWithNames TSVWithNamesAndTypes TSVRaw TSVRawWithNames TSVRawWithNamesAndTypes Raw RawWithNames RawWithNamesAndTypes JSONL JSONLines NDJSON PrettyJSONLines PrettyNDJSON MD'.split(
    ' ',
  );

const intervals =
  'Nanosecond Microsecond Millisecond Second Minute Hour Day Week Month Quarter Year'
    .split(' ')
    .map((unit) => `Interval${unit}`);

const sameWord = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

export const dataTypes: SystemTable = {
  name: 'data_type_families',
  doc: 'Types and their other names',
  columns: columns(
    ['name', 'String', 'Name'],
    ['case_insensitive', 'UInt8', 'Whether any case will do'],
    ['alias_to', 'String', 'The type that this is another name of'],
  ),
  rows(run) {
    const { types } = run.core.native.registry;
    // Names that differ in their case alone are one name, of any case.
    const cased = new Set(types.flatMap((t) => (sameWord(t.name, t.aliasOf) ? [t.aliasOf] : [])));
    const rows = types
      .filter((t) => !sameWord(t.name, t.aliasOf))
      .map((t): LitValue[] => [t.name, flag(t.caseInsensitive || cased.has(t.name)), t.aliasOf]);
    const there = new Set(rows.map(([name]) => name));
    const more = [...composite, ...intervals, 'Enum'].filter((name) => !there.has(name));
    return [
      ...rows,
      ...more.map((name): LitValue[] => [name, flag(/^(Decimal|DateTime)/.test(name)), '']),
    ];
  },
};

export const tableFunctions: SystemTable = {
  name: 'table_functions',
  doc: 'Table functions',
  columns: columns(
    ['name', 'String', 'Name'],
    ['description', 'String', 'Not written'],
    ['allow_readonly', 'UInt8', 'Whether readers may use it'],
  ),
  rows: () => tableFunctionNames().map((name): LitValue[] => [name, '', '1']),
};

export const tableEngines: SystemTable = {
  name: 'table_engines',
  doc: 'Table engines',
  columns: columns(
    ['name', 'String', 'Name'],
    ['supports_settings', 'UInt8', 'Takes SETTINGS'],
    ['supports_skipping_indices', 'UInt8', 'Takes INDEX'],
    ['supports_projections', 'UInt8', 'Takes PROJECTION'],
    ['supports_sort_order', 'UInt8', 'Takes ORDER BY'],
    ['supports_ttl', 'UInt8', 'Takes TTL'],
    ['supports_replication', 'UInt8', 'Named Replicated: there is one replica'],
    ['supports_deduplication', 'UInt8', 'Names of inserts are kept'],
    ['supports_parallel_insert', 'UInt8', 'Inserts run side by side'],
  ),
  rows: () =>
    engineNames.map((name): LitValue[] => {
      const tree = flag(name.endsWith('MergeTree'));
      const replicated = flag(name.startsWith('Replicated'));
      const settings = flag(/MergeTree$|Log$|^(Join|Memory|Set)$/.test(name));
      const parallel = flag(/MergeTree$|^(Buffer|Memory|Null)$/.test(name));
      return [name, settings, tree, tree, tree, tree, replicated, replicated, parallel];
    }),
};

export const buildOptions: SystemTable = {
  name: 'build_options',
  doc: 'How this build was made',
  columns: columns(['name', 'String', 'Name'], ['value', 'String', 'Value']),
  rows: (run) => [
    ['VERSION_FULL', `colonnade ${run.core.version}`],
    ['VERSION_DESCRIBE', run.core.version],
    ['SYSTEM', platformName()],
    ['NODE', process.version],
  ],
};

const nothing = (name: string, doc: string, ...list: [string, string, string][]): SystemTable => ({
  name,
  doc,
  columns: columns(...list),
  rows: () => [],
});

export const clusters = nothing(
  'clusters',
  'Clusters: there are none',
  ['cluster', 'String', 'Name'],
  ['shard_num', 'UInt32', 'Shard'],
  ['shard_weight', 'UInt32', 'Weight'],
  ['replica_num', 'UInt32', 'Replica'],
  ['host_name', 'String', 'Host'],
  ['host_address', 'String', 'Address'],
  ['port', 'UInt16', 'Port'],
  ['is_local', 'UInt8', 'This server'],
  ['user', 'String', 'User'],
);

export const dictionaries = nothing(
  'dictionaries',
  'Dictionaries: there are none',
  ['database', 'String', 'Database'],
  ['name', 'String', 'Name'],
  ['status', 'String', 'Status'],
);

export const grants = nothing(
  'grants',
  'Grants: there are none yet',
  ['user_name', 'Nullable(String)', 'User'],
  ['role_name', 'Nullable(String)', 'Role'],
  ['access_type', 'String', 'Privilege'],
  ['database', 'Nullable(String)', 'Database'],
  ['table', 'Nullable(String)', 'Table'],
);

export const users: SystemTable = {
  name: 'users',
  doc: 'Users',
  columns: columns(
    ['name', 'String', 'Name'],
    ['storage', 'String', 'Where it is kept'],
    ['default_database', 'String', 'Database'],
  ),
  rows: (run) => [[run.user.name, 'server', '']],
};

export const disks: SystemTable = {
  name: 'disks',
  doc: 'Where the data lies',
  columns: columns(
    ['name', 'String', 'Name'],
    ['type', 'String', 'Kind'],
    ['free_space', 'UInt64', 'Free bytes'],
  ),
  rows: (run) => [
    [
      'default',
      'Local',
      String(Math.max(0, Math.floor(run.core.storage.context.files.freeSpace()))),
    ],
  ],
};

export const indices: SystemTable = {
  name: 'data_skipping_indices',
  doc: 'Declared indexes of all tables',
  columns: columns(
    ['database', 'String', 'Database'],
    ['table', 'String', 'Table'],
    ['name', 'String', 'Name'],
    ['type', 'String', 'Kind'],
    ['type_full', 'String', 'Kind with arguments'],
    ['expr', 'String', 'Expression'],
    ['granularity', 'UInt64', 'As declared'],
  ),
  rows(run) {
    const { state } = run.core.storage.context.catalog;
    return visibleDatabases(state).flatMap((database) =>
      [...(state.databases.get(database)?.tables ?? [])].flatMap(([table, id]) =>
        (state.tables.get(id)?.definition.indexes ?? []).map((i): LitValue[] => [
          database,
          table,
          i.name,
          i.type.replace(/\(.*$/, ''),
          i.type,
          indexItems(i),
          String(i.granularity),
        ]),
      ),
    );
  },
};
