// CHECK TABLE, CHECK ALL TABLES and CHECK ROLLUP: every file of a segment is read and verified; a log that
// the table lacks rows of is told too.

import type { Check } from '../../../sql/index.ts';
import { segmentName } from '../../catalog/blocks.ts';
import { filesOf, type SegmentDescriptor, type TableState } from '../../catalog/state.ts';
import { EngineError } from '../../errors.ts';
import { notBuilt } from '../../plan/context.ts';
import type { LitValue } from '../../plan/physical/wire.ts';
import { applySettings } from '../../query/apply-settings.ts';
import type { Answer, Run } from '../../query/core.ts';
import { requireTable } from '../../query/names.ts';
import { partitionFilter } from '../../query/partition.ts';
import { visibleDatabases } from '../../tables/databases.ts';
import { checkRollups } from '../rollups/check.ts';

const columnsOf = (...list: readonly (readonly [string, string])[]) =>
  list.map(([name, type]) => ({ name, type }));

const place = [
  ['database', 'String'],
  ['table', 'String'],
] as const;
const verdict = [
  ['part_path', 'String'],
  ['is_passed', 'UInt8'],
  ['message', 'String'],
] as const;

export async function check(run: Run, ast: Check): Promise<Answer> {
  applySettings(run, ast.settings);
  if (ast.object === 'ROLLUP' && ast.name) return checkRollup(run, requireTable(run, ast.name));
  if (ast.object === 'ALL TABLES') return checkAll(run);
  if (ast.object !== 'TABLE' || !ast.name) throw notBuilt(ast.span, `CHECK ${ast.object}`);
  const table = requireTable(run, ast.name);
  if (table.definition.engine.name === 'Buffer')
    throw notBuilt(ast.name.span, 'CHECK of a Buffer', 'Check its target');
  const chosen = ast.partition && ast.partition.type !== 'ALL' ? ast.partition : undefined;
  const only = chosen && (await partitionFilter(run, table.definition, chosen));
  const rows = await checkTable(run, table.id, only);
  if (run.settings.text('check_query_single_value_result') === '0') {
    return { kind: 'rows', columns: columnsOf(...verdict), rows };
  }
  const good = rows.every(([, passed]) => passed === '1');
  return { kind: 'rows', columns: columnsOf(['result', 'UInt8']), rows: [[good ? '1' : '0']] };
}

async function checkAll(run: Run): Promise<Answer> {
  const { catalog } = run.core.storage.context;
  const rows: LitValue[][] = [];
  for (const database of visibleDatabases(catalog.state)) {
    for (const [name, id] of catalog.state.databases.get(database)?.tables ?? []) {
      // It may have been dropped since.
      if (!catalog.table(id) || name.includes('\n')) continue;
      const found = await checkTable(run, id);
      rows.push(...found.map((row): LitValue[] => [database, name, ...row]));
    }
  }
  return { kind: 'rows', columns: columnsOf(...place, ...verdict), rows };
}

/** Name, whether it passed, and what is wrong, of each segment. */
async function checkTable(
  run: Run,
  id: number,
  only: (partition: string) => boolean = () => true,
): Promise<string[][]> {
  const { storage } = run.core;
  // Rows in memory are checked as what they become.
  await storage.flusher.flush(storage.store(id));
  const lost = storage.damagedLog?.of(id);
  const rows = lost ? [[lost.file, '0', `damaged at offset ${lost.offset}: ${lost.why}`]] : [];
  // Merges and other statements go on; what they let go of stays until it is read.
  const pin = storage.context.catalog.pin(storage.store(id).table);
  try {
    for (const segment of pin.table.segments) {
      if (!only(segment.partition)) continue;
      run.signal.throwIfAborted();
      rows.push([segmentName(segment), ...(await checkSegment(run, segment))]);
    }
  } finally {
    pin.release();
  }
  return rows;
}

async function checkSegment(run: Run, segment: SegmentDescriptor): Promise<[string, string]> {
  const { store } = run.core.storage.context.files;
  try {
    for (const { file } of filesOf(segment)) await run.core.native.segmentCheck({ store, file });
    return ['1', ''];
  } catch (error) {
    if (!(error instanceof EngineError) || error.name === 'NOT_IMPLEMENTED') throw error;
    return ['0', error.message];
  }
}

async function checkRollup(run: Run, table: TableState): Promise<Answer> {
  const reports = await checkRollups(run, table);
  const columns = columnsOf(
    ['name', 'String'],
    ['kind', 'String'],
    ['is_passed', 'Bool'],
    ['groups', 'UInt64'],
    ['differing', 'UInt64'],
    ['message', 'String'],
  );
  const rows = reports.map((r): LitValue[] => [
    r.name,
    r.kind,
    r.passed,
    String(r.groups),
    String(r.differing),
    r.message,
  ]);
  return { kind: 'rows', columns, rows };
}
