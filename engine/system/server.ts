// System tables about the server: its settings, users' directories, storage, constraints, slow figures.

import { cpus, freemem, loadavg, totalmem } from 'node:os';
import type { LitValue } from '../plan/physical/wire.ts';
import { visibleDatabases } from '../tables/databases.ts';
import { gauges } from './metrics.ts';
import { columns, type SystemTable } from './table.ts';

export const asynchronousMetrics: SystemTable = {
  name: 'asynchronous_metrics',
  doc: 'Figures of the machine and of what is stored',
  columns: columns(
    ['metric', 'String', 'Name'],
    ['value', 'Float64', 'Value now'],
    ['description', 'String', 'What it is'],
  ),
  rows(run) {
    const [one = 0, five = 0, fifteen = 0] = loadavg();
    const found = new Map(gauges(run.core).map((g) => [g.name, g.value]));
    const get = (name: string): number => found.get(name) ?? 0;
    const list: [string, number, string][] = [
      ['Uptime', (run.core.clock.now() - run.core.startedMs) / 1000, 'Seconds since the start'],
      ['LoadAverage1', one, 'Load of the last minute'],
      ['LoadAverage5', five, 'Load of the last 5 minutes'],
      ['LoadAverage15', fifteen, 'Load of the last 15 minutes'],
      ['MemoryResident', get('MemoryResident'), 'Bytes of memory of the process'],
      ['OSMemoryTotal', totalmem(), 'Bytes of memory of the machine'],
      ['OSMemoryAvailable', freemem(), 'Bytes of memory that are free'],
      ['NumberOfPhysicalCPUs', cpus().length, 'Processors'],
      ['NumberOfDatabases', get('Databases'), 'Databases that exist'],
      ['NumberOfTables', get('Tables'), 'Tables and views'],
      ['TotalPartsOfMergeTreeTables', get('PartsActive'), 'Segments of all tables'],
      ['TotalRowsOfMergeTreeTables', get('TotalRowsOnDisk'), 'Rows in segments'],
      ['TotalBytesOfMergeTreeTables', get('TotalBytesOnDisk'), 'Bytes of segments'],
    ];
    return list.map(([name, value, doc]): LitValue[] => [name, String(value), doc]);
  },
};

export const constraints: SystemTable = {
  name: 'constraints',
  doc: 'Constraints of all tables',
  columns: columns(
    ['database', 'String', 'Database'],
    ['table', 'String', 'Table'],
    ['name', 'String', 'Name'],
    ['type', "Enum8('CHECK' = 0, 'ASSUME' = 1)", 'Checked or taken for granted'],
    ['expression', 'String', 'What holds'],
  ),
  rows(run) {
    const { state } = run.core.storage.context.catalog;
    return visibleDatabases(state).flatMap((database) =>
      [...(state.databases.get(database)?.tables ?? [])].flatMap(([table, id]) => {
        const list = state.tables.get(id)?.definition.extra?.constraints;
        if (!Array.isArray(list)) return [];
        return (list as { name: string; type: string; expr: string }[]).map((c): LitValue[] => [
          database,
          table,
          c.name,
          c.type,
          c.expr,
        ]);
      }),
    );
  },
};

export const storagePolicies: SystemTable = {
  name: 'storage_policies',
  doc: 'Where tables lie: in the one directory',
  columns: columns(
    ['policy_name', 'String', 'Name'],
    ['volume_name', 'String', 'Volume'],
    ['volume_priority', 'UInt64', 'Place of the volume'],
    ['disks', 'Array(String)', 'Disks'],
    ['volume_type', "Enum8('JBOD' = 0, 'SINGLE_DISK' = 1, 'UNKNOWN' = 2)", 'Kind'],
    ['max_data_part_size', 'UInt64', '0: no limit'],
    ['move_factor', 'Float32', 'Not used'],
    ['prefer_not_to_merge', 'UInt8', 'Always 0'],
  ),
  rows: () => [['default', 'default', '1', ['default'], 'SINGLE_DISK', '0', '0', '0']],
};

export const userDirectories: SystemTable = {
  name: 'user_directories',
  doc: 'Where users are kept',
  columns: columns(
    ['name', 'String', 'Name'],
    ['type', 'String', 'Kind'],
    ['params', 'String', 'Details'],
    ['precedence', 'UInt64', 'Order of asking'],
  ),
  rows: () => [['configuration', 'users_xml', '{}', '1']],
};

export const serverSettings: SystemTable = {
  name: 'server_settings',
  doc: 'Limits of the server',
  columns: columns(
    ['name', 'String', 'Name'],
    ['value', 'String', 'Value now'],
    ['default', 'String', 'Value without configuration'],
    ['changed', 'UInt8', 'Whether they differ'],
    ['description', 'String', 'What it does'],
    ['type', 'String', 'Type'],
    [
      'changeable_without_restart',
      "Enum8('No' = 0, 'IncreaseOnly' = 1, 'DecreaseOnly' = 2, 'Yes' = 3)",
      'Whether it can change while the server runs',
    ],
    ['is_obsolete', 'UInt8', 'Always 0'],
  ),
  rows: (run) =>
    ['max_server_memory', 'max_concurrent_queries', 'max_queued_queries', 'max_body_bytes'].map(
      (name): LitValue[] => {
        const value = run.core.settings.text(name);
        const changed = run.core.settings.changed.has(name) ? '1' : '0';
        return [name, value, value, changed, '', 'UInt64', 'No', '0'];
      },
    ),
};

export const userProcesses: SystemTable = {
  name: 'user_processes',
  doc: 'Memory of the statements of each user',
  columns: columns(
    ['user', 'String', 'User'],
    ['memory_usage', 'Int64', 'Bytes now'],
    ['peak_memory_usage', 'Int64', 'Most bytes'],
  ),
  rows(run) {
    const all = new Map<string, [number, number]>();
    for (const p of run.core.processes.list()) {
      const { memory, peakMemory } = p.progress();
      const [now, peak] = all.get(p.user) ?? [0, 0];
      all.set(p.user, [now + memory, peak + peakMemory]);
    }
    return [...all].map(([user, [now, peak]]) => [user, String(now), String(peak)]);
  },
};

export const serverTables: readonly SystemTable[] = [
  asynchronousMetrics,
  constraints,
  storagePolicies,
  userDirectories,
  serverSettings,
  userProcesses,
];
