// The only door to the addon: JSON and numbers on its side, typed functions and EngineErrors on ours.
import type { Engine } from '../facade.ts';
import type { FunctionTable, PlannerKernel } from '../plan/context.ts';
import type { SessionJson } from '../plan/physical/wire.ts';
import type { IngestKernel, Kernel } from '../storage/kernel.ts';
import type { FilesBinding } from '../storage/native-files.ts';
import { type Addon, loadAddon } from './addon.ts';
import { later, sync } from './failures.ts';
import { plannerKernel } from './planner.ts';
import { type QueryKernel, queryKernel } from './queries.ts';
import { questions } from './questions.ts';
import {
  composite,
  type FormatEntry,
  Functions,
  formatsByName,
  type RawRegistry,
  type Registry,
} from './registry.ts';
import { rowsKernel } from './rows.ts';

export { platformName } from './addon.ts';
export type { NodeMeasure, QueryProgress } from './queries.ts';
export { composite, type FormatEntry } from './registry.ts';

/** The kernel with all its faces. */
export interface Native extends Kernel, IngestKernel, QueryKernel {
  readonly registry: Registry;
  readonly functions: FunctionTable;
  readonly files: FilesBinding;
  /** The planner's face; folding needs the session's time zone. */
  planner(session: SessionJson): PlannerKernel;
  /** Canonical name of a type. Throws UNKNOWN_TYPE. */
  canonicalType(text: string): string;
  format(name: string): FormatEntry | undefined;
  /** Verifies every checksum of a segment; throws CORRUPTED_DATA with file and offset. */
  segmentCheck(segment: { store: number; file: string }): Promise<void>;
  /** Limits in bytes; before the first table is opened. 0 = none. */
  configure(memoryBytes: number, cacheBytes: number): void;
  metrics(): Record<string, number>;
  /** Least supertype. Throws NO_COMMON_TYPE. */
  commonType(types: readonly string[]): string;
  /** Packs or unpacks a stream. Throws when it is broken or grows beyond the limit. */
  coder: Engine['coder'];
}

function wrap(addon: Addon): Native {
  const raw = JSON.parse(addon.registry()) as RawRegistry;
  const registry: Registry = { ...raw, functions: [...raw.functions, ...(raw.aggregates ?? [])] };
  const functions = new Functions(registry);
  const formats = formatsByName(registry.formats);
  const format = (name: string): FormatEntry | undefined => formats.get(name.toLowerCase());
  const asked = questions(addon, [...registry.types.map((t) => t.name), ...composite]);
  return {
    ...queryKernel(addon),
    ...rowsKernel(addon),
    registry,
    functions,
    files: addon,
    format,
    canonicalType: asked.canonicalType,
    commonType: asked.commonType,
    planner: (session) => plannerKernel(addon, asked, { functions, format }, session),
    segmentCheck: ({ store, file }) => later(addon.checkSegment(store, file)),
    configure: (memoryBytes, cacheBytes) => addon.configure(memoryBytes, cacheBytes),
    metrics: () => JSON.parse(addon.metrics()) as Record<string, number>,
    coder: (to, how, limit) => {
      const unpack = to === 'unpack';
      const coder = sync(
        () => new addon.Coder(unpack, how, unpack ? 0 : limit, unpack ? limit : 0),
      );
      return {
        push: (bytes) => later(coder.push(bytes)),
        finish: () => later(coder.finish()),
      };
    },
  };
}

let loaded: Native | undefined;

/** The kernel of this process. Throws when there is none for the platform. */
export function native(): Native {
  loaded ??= wrap(loadAddon());
  return loaded;
}
