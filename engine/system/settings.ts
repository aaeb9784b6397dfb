// system.settings

import type { LitValue } from '../plan/wire.ts';
import { type SettingType, settingDefinitions } from '../settings.ts';
import { clickhouseSettings } from '../settings-clickhouse.ts';
import { columns, flag, type SystemTable } from './table.ts';

const types: Record<SettingType, string> = {
  bool: 'Bool',
  integer: 'UInt64',
  bytes: 'UInt64',
  float: 'Float',
  seconds: 'Seconds',
  text: 'String',
};

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
    const out: LitValue[][] = [];
    for (const [name, d] of settingDefinitions) {
      const value = run.settings.text(name);
      out.push([
        name,
        value,
        flag(value !== d.default),
        d.doc,
        null,
        null,
        [],
        locked,
        types[d.type],
        d.default,
        '',
        '0',
        'Production',
      ]);
    }
    for (const name of clickhouseSettings) {
      // JDBC and Metabase take this one for a sign of the cloud.
      if (settingDefinitions.has(name) || name === 'cloud_mode') continue;
      const value = run.settings.changed.get(name) ?? '';
      out.push([
        name,
        value,
        flag(value !== ''),
        'Accepted without effect here',
        null,
        null,
        [],
        locked,
        'String',
        '',
        '',
        '1',
        'Obsolete',
      ]);
    }
    return out;
  },
};
