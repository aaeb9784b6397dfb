// Bits that flip in the log of small inserts while the machine is off: whatever they hit, the database
// opens, no row is wrong or there twice, and no more inserts are lost than the bits hit.

import { EngineError } from '../../engine/errors.ts';
import type { SimulatedDisk } from '../../engine/storage/native-files.ts';
import { acceptLog } from '../../engine/storage/wal/accept.ts';
import { type LoggedFrame, readWal } from '../../engine/storage/wal/read.ts';
import type { World } from './machine.ts';
import type { TableModel } from './model.ts';

type Below = (bound: number) => number;

/** Flips up to three bits of one file.
 *  @returns how many inserts may be lost by it */
export function hurtLog({ files, damage }: SimulatedDisk, below: Below): number {
  const { frames, files: logs } = readWal(files, () => 0);
  const file = logs[below(logs.length)];
  if (!file) return 0;
  const mine = frames.filter((frame) => frame.file === file.path);
  const hit = new Set<LoggedFrame>();
  for (let bits = 1 + below(3); bits > 0; bits--) {
    const at = below(file.bytes);
    damage(file.path, at, 1 << below(8));
    for (const frame of mine) if (frame.at <= at && at < frame.end) hit.add(frame);
  }
  const first = mine.find((frame) => hit.has(frame));
  if (!first) return 0;
  // At the end of the last file nothing tells a flipped bit from a write that came half to the disk.
  const proved = file !== logs.at(-1) || mine.some((f) => !hit.has(f) && f.base > first.at);
  return proved ? hit.size : mine.length - mine.indexOf(first);
}

/** Looks at a database whose log was hurt, and lets it go on with what can be read. */
export async function repairLog(world: World, models: readonly TableModel[]): Promise<string[]> {
  const { storage } = world;
  const log = storage.damagedLog;
  if (!log) return [];
  const faults: string[] = [];
  for (const model of models) {
    const id = storage.context.catalog.find('d', model.name)?.id ?? 0;
    const gone = model.in('refused', 'gone');
    // What is missing is counted after the repair: a torn end may have taken it.
    faults.push(...model.faultsOfRead(await world.read(model.name), [], gone));
    if (log.of(id) === undefined) continue;
    const error = await world
      .insert(model.name, [{ id: -1, part: 0, batch: 0 }], {})
      .catch((e) => e);
    const refused = error instanceof EngineError && error.name === 'TABLE_IS_READ_ONLY';
    if (!refused) faults.push(`${model.name} takes rows though its log is damaged: ${error}`);
  }
  for (const id of log.tables()) {
    if (storage.context.catalog.table(id)) await acceptLog(storage, storage.store(id));
  }
  return faults.map((fault) => `damaged log: ${fault}`);
}
