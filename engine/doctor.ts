// What is wrong with a data directory, what can be done about it, and, if asked, doing it. Nothing is thrown
// away: segments are put aside (DETACH), damaged files of the log go to quarantine/.

import { Catalog } from './catalog/catalog.ts';
import { allSegments } from './catalog/history.ts';
import type { SegmentDescriptor, TableState } from './catalog/state.ts';
import { filesOf } from './catalog/state.ts';
import { type Clock, systemClock } from './clock.ts';
import type { FilesApi } from './files.ts';
import { open } from './index.ts';
import { native } from './native/index.ts';
import { checkDirectory, type Finding } from './storage/integrity/check.ts';
import { Health } from './storage/integrity/health.ts';
import { openFiles } from './storage/native-files.ts';
import { lockDirectory } from './storage/recover.ts';

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
  let found: readonly Diagnosis[];
  try {
    const verify = (file: string) => kernel.segmentCheck({ store: files.store, file });
    found = await diagnose(files, verify, systemClock, repair);
  } finally {
    kernel.forgetStore(files.store);
    unlock();
    files.close();
  }
  const inLog = ({ problem }: Diagnosis) => LOG.test(problem);
  if (!repair || !found.some(inLog)) return found;
  await acceptLogs(dataDir);
  return found.map((each) => (inLog(each) ? { ...each, repaired: true } : each));
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
          ? treatLog(finding)
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

const LOG = /^(wal\/\d{16}\.wal) is damaged at offset \d+/;

/** What can be read of the log is taken by opening the database (`acceptLogs`). */
function treatLog(finding: Finding): Diagnosis {
  const [, path] = LOG.exec(finding.problem) ?? [];
  if (path === undefined) return said(finding, 'Put the file back from a copy of the directory');
  const remedy = `All inserts that can be read are taken; those in the damaged place that were not yet in segments are lost. ${path} is kept in quarantine/ for 7 days`;
  return said(finding, remedy);
}

/** Lets every table that the log has made read-only go on with what can be read. */
async function acceptLogs(dataDir: string): Promise<void> {
  const engine = await open({ dataDir });
  const ask = async (sql: string): Promise<string[]> => {
    const user = { name: 'default' };
    const { chunks } = await engine.query({ sql, format: 'TabSeparatedRaw', user });
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    return Buffer.concat(parts)
      .toString()
      .split('\n')
      .filter((line) => line);
  };
  try {
    const statements = "SELECT remedy FROM system.damage WHERE remedy LIKE 'SYSTEM %'";
    for (const statement of await ask(statements)) await ask(statement);
  } finally {
    await engine.close();
  }
}
