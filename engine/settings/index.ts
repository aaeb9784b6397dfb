// The settings of a session or a statement: an immutable value over the defaults.
import {
  canonicalSetting,
  isKnownSetting,
  normaliseSetting,
  settingDefault,
  unknownSetting,
} from './names.ts';

export {
  canonicalSetting,
  isCustomSetting,
  isKnownSetting,
  settingDefault,
  settingDefinitions,
  settingTypeOf,
  unknownSetting,
} from './names.ts';

export interface Settings {
  text(name: string): string;
  bool(name: string): boolean;
  /** Whole numbers, bytes and seconds; what a double cannot count (2^53 and more) is 2^53 - 1. */
  number(name: string): number;
  /** Those that were set, without defaults. */
  readonly changed: ReadonlyMap<string, string>;
  /** Further values over these; names and values are checked. */
  with(more: Iterable<readonly [string, string]>): Settings;
  /** The defaults again for these. */
  without(names: Iterable<string>): Settings;
  /** The changed ones, for the kernel. */
  forKernel(): Record<string, string>;
  /** A text that is equal for equal settings, for caches. */
  readonly key: string;
}

function make(changed: ReadonlyMap<string, string>): Settings {
  const text = (name: string): string => changed.get(name) ?? settingDefault(name);
  let key: string | undefined;
  let kernel: Record<string, string> | undefined;
  return {
    text,
    bool: (name) => text(name) === '1',
    number: (name) => Math.min(Number(text(name)) || 0, Number.MAX_SAFE_INTEGER),
    changed,
    with(more) {
      let next: Map<string, string> | undefined;
      for (const [written, value] of more) {
        const name = canonicalSetting(written);
        const normal = normaliseSetting(name, value);
        if ((next ?? changed).get(name) === normal) continue;
        next ??= new Map(changed);
        next.set(name, normal);
      }
      return next ? make(next) : this;
    },
    without(names) {
      const next = new Map(changed);
      for (const name of names) {
        if (!isKnownSetting(name)) throw unknownSetting(name);
        next.delete(canonicalSetting(name));
      }
      return next.size === changed.size ? this : make(next);
    },
    forKernel() {
      kernel ??= Object.fromEntries([...changed].filter(([name]) => !engineOnly.has(name)));
      return kernel;
    },
    get key() {
      key ??= [...changed]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([n, v]) => `${n}=${v}`)
        .join('\n');
      return key;
    },
  };
}

/** What the engine does alone; the token is handed over only where rows are to be hashed. */
const engineOnly = new Set(['insert_deduplication_token', 'log_comment']);

export const defaultSettings: Settings = make(new Map());
