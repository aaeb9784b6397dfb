// What is wrong with a data directory, what can be done about it, and, if asked, doing it. Nothing is thrown
// away: segments are put aside (DETACH), files of the log are copied to quarantine/ before they are cut.

import { Catalog } from './catalog/catalog.ts';
import { allSegments } from './catalog/history.ts';
import type { SegmentDescriptor, TableState } from './catalog/state.ts';
import { filesOf } from './catalog/state.ts';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import { native } from './native.ts';
import { checkDirectory, type Finding } from './storage/check.ts';
import type { FilesApi } from './storage/files.ts';
import { Health } from './storage/health.ts';
import { openFiles } from './storage/native-files.ts';
import { copyToQuarantine } from './storage/quarantine.ts';
import { lockDirectory } from './storage/recover.ts';
import { WAL_DIR } from './storage/wal.ts';

export interface Diagnosis {
  readonly table?: string;
  readonly problem: string;
  /** What is done about it, or what only a person can do. */
  readonly remedy: string;
  readonly repaired: boolean;
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** Throws when another process has the directory. */
export async function doctor(dataDir: string, repair: boolean): Promise<readonly Diagnosis[]> {
  const kernel = native();
  const files = openFiles(kernel.files, dataDir);
  const unlock = lockDirectory(files);
  try {
    const verify = (file: string) => kernel.segmentCheck({ store: files.store, file });
    return await diagnose(files, verify, systemClock, repair);
  } finally {
    kernel.forgetStore(files.store);
    unlock();
    files.close();
  }
}

/** @param verify reads a whole segment and throws when a checksum does not hold */
export async function diagnose(
  files: FilesApi,
  verify: (file: string) => Promise<void>,
  clock: Clock,
  repair: boolean,
): Promise<readonly Diagnosis[]> {
  const { findings } = await checkDirectory(files, verify);
  if (findings.length === 0) return [];
  const catalogIsBad = findings.some(({ file }) => file === 'catalog');
  if (catalogIsBad) return findings.map((finding) => said(finding, restoreCatalog));
  const catalog = await Catalog.open(files, new Health(quiet), clock);
  try {
    const out: Diagnosis[] = [];
    for (const finding of findings) {
      out.push(
        finding.table === undefined
          ? await treatLog(files, finding, clock, repair)
          : await treatSegment(files, catalog, finding, repair),
      );
    }
    return out;
  } finally {
    await catalog.close();
  }
}

const restoreCatalog =
  'Nothing is changed while the catalog is damaged: put catalog/ back from a backup or a copy of the directory';

const said = ({ problem, table }: Finding, remedy: string, repaired = false): Diagnosis => ({
  problem,
  remedy,
  repaired,
  ...(table === undefined ? {} : { table }),
});

/** The segment's rows are taken out of the table; its file stays, so that a good copy can be attached. */
async function treatSegment(
  files: FilesApi,
  catalog: Catalog,
  finding: Finding,
  repair: boolean,
): Promise<Diagnosis> {
  const found = owner(catalog, finding.file);
  if (!found) return said(finding, 'Already taken out of its table', repair);
  const { table, segment } = found;
  const live = table.segments.includes(segment);
  const gone = files.length(segment.file) === undefined;
  const rows = `its ${segment.rows} rows`;
  if (!live) return said(finding, `Only older versions of the table have ${rows}: nothing to do`);
  const remedy = gone
    ? `${rows} are taken out of the table: the file is gone; a backup may have them`
    : `${rows} are put aside as by DETACH PART; once the file is restored, ATTACH PART brings them back`;
  if (!repair) return said(finding, remedy);
  const change = gone ? { remove: [segment.file] } : { detach: [segment.file] };
  await catalog.commit({ tables: [{ id: table.definition.id, ...change, operation: 'REPAIR' }] });
  return said(finding, remedy, true);
}

function owner(
  catalog: Catalog,
  file: string,
): { table: TableState; segment: SegmentDescriptor } | undefined {
  for (const table of catalog.state.tables.values()) {
    const segment =
      table.segments.find((one) => filesOf(one).some((each) => each.file === file)) ??
      [...allSegments(table)].find((one) => filesOf(one).some((each) => each.file === file));
    if (segment) return { table, segment };
  }
  return undefined;
}

/** The log is cut where it cannot be read; what stood behind is copied first. */
async function treatLog(
  files: FilesApi,
  finding: Finding,
  clock: Clock,
  repair: boolean,
): Promise<Diagnosis> {
  const [, path, at] = /(wal\/\d{16}\.wal) is damaged at offset (\d+)/.exec(finding.problem) ?? [];
  if (path === undefined || at === undefined) {
    return said(finding, 'Put the file back from a copy of the directory');
  }
  const later = files
    .list(WAL_DIR)
    .map(({ name }) => `${WAL_DIR}/${name}`)
    .filter((file) => file > path);
  const remedy = `The log ends at offset ${at} of ${path}; inserts behind it that were not yet in segments are lost. The files are kept in quarantine/ for 7 days`;
  if (!repair) return said(finding, remedy);
  for (const file of [path, ...later]) await copyToQuarantine(files, file, clock.now());
  for (const file of later.reverse()) files.remove(file);
  if (Number(at) === 0) files.remove(path);
  else {
    const handle = files.openWrite(path);
    try {
      handle.truncate(Number(at));
      await handle.sync();
    } finally {
      handle.close();
    }
  }
  await files.syncDir(WAL_DIR);
  return said(finding, remedy, true);
}
