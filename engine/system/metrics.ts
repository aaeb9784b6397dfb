// system.metrics and system.events, and the same figures for /metrics.

import type { Metric } from '../facade.ts';
import type { LitValue } from '../plan/physical/wire.ts';
import { processMemory } from '../process-memory.ts';
import type { Core } from '../query/core.ts';
import { columns, type SystemTable } from './table.ts';

interface Gauge {
  name: string;
  value: number;
  doc: string;
}

export function gauges(core: Core): Gauge[] {
  const { storage } = core;
  const { state } = storage.context.catalog;
  let segments = 0;
  let rows = 0;
  let bytes = 0;
  for (const table of state.tables.values()) {
    segments += table.segments.length;
    for (const s of table.segments) {
      rows += s.rows;
      bytes += s.bytes;
    }
  }
  return [
    { name: 'Query', value: core.processes.size, doc: 'Statements that run' },
    {
      name: 'QueryQueued',
      value: core.admission.waiting,
      doc: 'Statements that wait for their turn',
    },
    { name: 'Merge', value: storage.merges.running.length, doc: 'Merges in the background' },
    { name: 'PartsActive', value: segments, doc: 'Segments of all tables' },
    { name: 'TotalRowsOnDisk', value: rows, doc: 'Rows in segments' },
    { name: 'TotalBytesOnDisk', value: bytes, doc: 'Bytes of segments' },
    {
      name: 'MemtableBytes',
      value: storage.memtableBytes,
      doc: 'Bytes of rows that wait in memory for a segment',
    },
    {
      name: 'WriteAheadLogBytes',
      value: storage.wal.bytes,
      doc: 'Bytes of the log of small inserts',
    },
    { name: 'Tables', value: state.tables.size, doc: 'Tables and views' },
    { name: 'Databases', value: state.databases.size, doc: 'Databases that exist' },
    { name: 'StatementCacheEntries', value: core.plans.size, doc: 'Plans that are kept' },
    { name: 'Sessions', value: core.sessions.size, doc: 'Sessions with state' },
    {
      name: 'MemoryResident',
      value: processMemory().rss,
      doc: 'Bytes of memory of the process',
    },
  ];
}

export const counterDocs: Record<string, string> = {
  Query: 'Statements that were begun',
  SelectQuery: 'SELECTs that were begun',
  InsertQuery: 'INSERTs that were begun',
  FailedQuery: 'Statements that failed',
  FailedSelectQuery: 'SELECTs that failed',
  FailedInsertQuery: 'INSERTs that failed',
  Merge: 'Merges that were begun by OPTIMIZE',
  OverflowThrow: 'Statements that failed at a limit',
  InsertedRows: 'Rows that were stored',
  InsertedBytes: 'Bytes of rows that were stored',
};

export const metrics: SystemTable = {
  name: 'metrics',
  doc: 'Figures of this moment',
  columns: columns(
    ['metric', 'String', 'Name'],
    ['value', 'Int64', 'Value now'],
    ['description', 'String', 'What it counts'],
    ['name', 'String', 'As metric'],
  ),
  rows: (run) =>
    gauges(run.core).map((g): LitValue[] => [g.name, String(Math.round(g.value)), g.doc, g.name]),
};

export const events: SystemTable = {
  name: 'events',
  doc: 'What has happened since the start, counted',
  columns: columns(
    ['event', 'String', 'Name'],
    ['value', 'UInt64', 'How often'],
    ['description', 'String', 'What it counts'],
    ['name', 'String', 'As event'],
  ),
  rows: (run) => {
    const zeros = run.settings.bool('system_events_show_zero_values');
    const names = new Set([
      ...run.core.counters.keys(),
      ...(zeros ? Object.keys(counterDocs) : []),
    ]);
    return [...names].map((name): LitValue[] => [
      name,
      String(run.core.counters.get(name) ?? 0),
      counterDocs[name] ?? '',
      name,
    ]);
  },
};

const snake = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();

export function allMetrics(core: Core): Metric[] {
  const now = gauges(core).map(
    (g): Metric => ({
      name: `colonnade_${snake(g.name)}`,
      value: g.value,
      help: g.doc,
      type: 'gauge',
    }),
  );
  const since = [...core.counters].map(
    ([name, value]): Metric => ({
      name: `colonnade_${snake(name)}_total`,
      value,
      help: counterDocs[name] ?? name,
      type: 'counter',
    }),
  );
  return [...now, ...since];
}
