// SETTINGS of a table: which there are, which may change, and values that would keep a table from working.

import { type SettingItem, type Span, suggest } from '../../../sql/index.ts';
import { atPlace } from '../../plan/bind/from/as-of.ts';
import { failAt } from '../../plan/context.ts';
import { isKnownSetting } from '../../settings/index.ts';
import { mergeTreeSettings } from '../../settings/merge-tree.ts';
import { settingValue } from '../../settings/values.ts';
import { joinTableSettings } from '../../tables/join-engine.ts';

/** What was decided when the table was made. */
const fixedSettings = new Set([
  'index_granularity',
  'index_granularity_bytes',
  'enable_mixed_granularity_parts',
  'storage_policy',
  'disk',
]);

/** A setting that ALTER changes. */
export function changedSetting(name: string, span: Span, value: string): string {
  if (fixedSettings.has(name)) {
    throw failAt(span, 'READONLY_SETTING', `Setting '${name}' is readonly for storage MergeTree`);
  }
  return tableSetting(name, span, value);
}

/** Values that would keep a table from working. */
function checkSane(name: string, span: Span, value: string): void {
  if (name === 'index_granularity' && Number(value) < 1) {
    throw failAt(span, 'BAD_ARGUMENTS', `${name}: value ${value} makes no sense`);
  }
  if (/^number_of_free_entries_in_pool_to_/.test(name) && Number(value) > 32) {
    const text = `The value of '${name}' setting (${value}) is greater than the value of 'background_pool_size' (32)`;
    throw failAt(span, 'BAD_ARGUMENTS', text);
  }
}

/** Granules are not smaller than the table says itself. */
export function checkGranularity(settings: Readonly<Record<string, string>>, span: Span): void {
  const bytes = Number(settings.index_granularity_bytes ?? 0);
  const least = Number(settings.min_index_granularity_bytes ?? 1024);
  if (bytes === 0 || bytes >= least) return;
  const text = `index_granularity_bytes: ${bytes} is lower than specified min_index_granularity_bytes: ${least}`;
  throw failAt(span, 'BAD_ARGUMENTS', text);
}

/** Engines whose settings ClickHouse does not look at, and those of Memory. */
const heedless = /^(Log|TinyLog|StripeLog|Null)$/;
const memorySettings = /^((min|max)_(rows|bytes)_to_keep|compress)$/;

/** SETTINGS behind the engine: those of the query itself, which ClickHouse looks for among them, and the table's. */
export function settingsByOwner(items: readonly SettingItem[]): {
  query: SettingItem[];
  table: SettingItem[];
} {
  const ofQuery = ({ name }: SettingItem): boolean =>
    isKnownSetting(name) &&
    !mergeTreeSettings.has(name) &&
    !joinTableSettings.has(name) &&
    !memorySettings.test(name);
  return { query: items.filter(ofQuery), table: items.filter((item) => !ofQuery(item)) };
}

/** The value of a table's setting; UNKNOWN_SETTING for a name that ClickHouse does not know. */
export function tableSetting(name: string, span: Span, value: string, engine = ''): string {
  if (engine === 'Join') {
    if (joinTableSettings.has(name)) return value;
    throw failAt(span, 'BAD_ARGUMENTS', `Unknown setting ${name} for storage Join`);
  }
  if (name === 'persistent' && engine === 'Set') return value;
  if (heedless.test(engine)) return value;
  if (engine === 'Memory' && memorySettings.test(name)) return value;
  const known = mergeTreeSettings.get(name);
  if (known) {
    const normal = atPlace(span, () => settingValue(name, known.type, value, known.default));
    checkSane(name, span, value);
    // Sizes are kept as numbers: 10Mi is read nowhere else.
    return /^\d+[kmgt]i?$/i.test(value) ? normal : value;
  }
  const near = suggest(name, mergeTreeSettings.keys());
  throw failAt(
    span,
    'UNKNOWN_SETTING',
    `Unknown setting '${name}' for storage MergeTree`,
    near ? { hint: `Did you mean \`${near}\`?` } : {},
  );
}
