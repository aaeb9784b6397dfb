// Which settings there are: those with an effect (table/), the rest of ClickHouse's, which are accepted, and
// names that users make up. Any other name is an error with the nearest one.
import { suggest } from '../../sql/index.ts';
import { fail } from '../errors.ts';
import { clickhouseSettings } from './clickhouse/index.ts';
import type { SettingDefinition, SettingRow, SettingType } from './definition.ts';
import { asClickhouse } from './table/as-clickhouse.ts';
import { formats } from './table/formats.ts';
import { limits } from './table/limits.ts';
import { meaning } from './table/meaning.ts';
import { own } from './table/own.ts';
import { tables } from './table/tables.ts';
import { settingValue } from './values.ts';

const written = [limits, meaning, tables, formats, own]
  .flatMap(Object.entries<SettingRow>)
  .map(([name, [type, value, doc, mark]]): [string, SettingDefinition] => [
    name,
    {
      type,
      default: value,
      doc,
      ...(mark === 'own' ? { own: true as const } : {}),
      ...(mark === 'kernel' ? { kernel: true as const } : {}),
    },
  ]);

const taken = Object.entries(asClickhouse).map(([name, doc]): [string, SettingDefinition] => {
  const known = clickhouseSettings.get(name);
  const type = known?.type === 'Bool' ? 'bool' : 'text';
  return [name, { type, default: known?.default ?? '', doc }];
});

/** Settings with an effect here, by name. */
export const settingDefinitions: ReadonlyMap<string, SettingDefinition> = new Map([
  ...taken,
  ...written,
]);

/** Names that users may make up, as ClickHouse's own configuration allows. */
const custom = /^(SQL_|custom_)\w+$/;

export const isCustomSetting = (name: string): boolean => custom.test(name);

export const isKnownSetting = (name: string): boolean =>
  settingDefinitions.has(name) || clickhouseSettings.has(name) || isCustomSetting(name);

export function unknownSetting(name: string): Error {
  const near = suggest(name, [...settingDefinitions.keys(), ...clickhouseSettings.keys()]);
  return fail('UNKNOWN_SETTING', `Unknown setting '${name}'`, {
    ...(near === undefined ? {} : { hint: `Did you mean \`${near}\`?` }),
  });
}

const ownTypes: Record<SettingType, string> = {
  bool: 'Bool',
  integer: 'UInt64',
  bytes: 'UInt64',
  float: 'Float',
  seconds: 'Seconds',
  text: 'String',
};

/** The type of a known setting by ClickHouse's name for it. */
export function settingTypeOf(name: string): string {
  const known = clickhouseSettings.get(name);
  if (known) return known.type;
  const own = settingDefinitions.get(name);
  return own ? ownTypes[own.type] : 'Custom';
}

export const settingDefault = (name: string): string =>
  settingDefinitions.get(name)?.default ?? clickhouseSettings.get(name)?.default ?? '';

/** Other names of a setting mean the one. */
export const canonicalSetting = (name: string): string =>
  clickhouseSettings.get(name)?.aliasOf ?? name;

/** The value as it is kept; throws for one that does not fit. */
export function normaliseSetting(name: string, value: string): string {
  if (!isKnownSetting(name)) throw unknownSetting(name);
  return settingValue(name, settingTypeOf(name), value, settingDefault(name));
}
