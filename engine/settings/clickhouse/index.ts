// ClickHouse's settings with their types and defaults. Those with an effect here are also in ../table/, which may
// give another default. The notation: name=default, separated by spaces; without a default 0; %XX is a byte of one.
import { aliases } from './aliases.ts';
import { bool } from './bool.ts';
import { otherTypes } from './other-types.ts';
import { uint64 } from './uint64.ts';

export interface ClickhouseSetting {
  /** ClickHouse's name of the type, as in system.settings. */
  readonly type: string;
  readonly default: string;
  /** The setting this is another name of. */
  readonly aliasOf?: string;
}

const byType: Record<string, string> = { Bool: bool, UInt64: uint64, ...otherTypes };

const pairs = (text: string): [string, string][] =>
  text
    .trim()
    .split(/\s+/)
    .map((pair) => {
      const [name = '', value = '0'] = pair.split('=');
      return [name, decodeURIComponent(value)];
    });

const aliasOf = new Map(pairs(aliases));

export const clickhouseSettings: ReadonlyMap<string, ClickhouseSetting> = new Map(
  Object.entries(byType).flatMap(([type, text]) =>
    pairs(text).map(([name, value]): [string, ClickhouseSetting] => {
      const alias = aliasOf.get(name);
      return [name, { type, default: value, ...(alias === undefined ? {} : { aliasOf: alias }) }];
    }),
  ),
);
