// system.settings

import type { LitValue } from '../plan/physical/wire.ts';
import { clickhouseSettings } from '../settings/clickhouse/index.ts';
import { settingDefault, settingDefinitions, settingTypeOf } from '../settings/index.ts';
import { columns, flag, type SystemTable } from './table.ts';

export const settings: SystemTable = {
  name: 'settings',
  doc: 'Settings with the values they have in this session',
  columns: columns(
    ['name', 'String', 'Name'],
    ['value', 'String', 'Value now'],
    ['changed', 'UInt8', 'Whether it differs from the default'],
    ['description', 'String', 'What it does'],
    ['min', 'Nullable(String)', 'Least value'],
    ['max', 'Nullable(String)', 'Greatest value'],
    ['disallowed_values', 'Array(String)', 'Values that are refused'],
    ['readonly', 'UInt8', '1: this user cannot change it'],
    ['type', 'String', 'Type'],
    ['default', 'String', 'Value without SET'],
    ['alias_for', 'String', 'Setting that this is another name of'],
    ['is_obsolete', 'UInt8', '1: accepted without effect'],
    [
      'tier',
      "Enum8('Production' = 0, 'Obsolete' = 4, 'Experimental' = 8, 'Beta' = 12)",
      'How settled it is',
    ],
  ),
  rows(run) {
    const locked = flag(run.readonly === 1);
    const names = new Set([
      ...settingDefinitions.keys(),
      ...clickhouseSettings.keys(),
      ...run.settings.changed.keys(),
    ]);
    // JDBC and Metabase take this one for a sign of the cloud.
    names.delete('cloud_mode');
    return [...names].map((name): LitValue[] => {
      const definition = settingDefinitions.get(name);
      return [
        name,
        run.settings.text(name),
        flag(run.settings.changed.has(name)),
        definition?.doc ?? 'Accepted without effect here',
        null,
        null,
        [],
        locked,
        settingTypeOf(name),
        settingDefault(name),
        clickhouseSettings.get(name)?.aliasOf ?? '',
        flag(!definition),
        definition ? 'Production' : 'Obsolete',
      ];
    });
  },
};
