// ALTER TABLE MODIFY SETTING and RESET SETTING.
import { failAt } from '../../plan/context.ts';
import { settingText } from '../../query/apply-settings.ts';
import { mergeTreeSettings } from '../../settings/merge-tree.ts';
import { changedSetting } from '../create/table-settings.ts';
import type { Altering, CommandOf, Step } from './step.ts';

/** The settings, with those behind them that are not among them. */
const withImplied = (
  settings: Readonly<Record<string, string>>,
  implied: Readonly<Record<string, string>>,
): Record<string, string> => {
  const missing = Object.entries(implied).filter(([name]) => !(name in settings));
  return { ...settings, ...Object.fromEntries(missing) };
};

export function modifySetting(command: CommandOf<'ModifySetting'>, { definition }: Altering): Step {
  const added: Record<string, string> = {};
  const mixed = command.settings.find((s) => s.name === 'enable_mixed_granularity_parts');
  if (mixed && definition.extra?.deprecated) {
    const text = 'A table with the deprecated form of its engine has granules of one size';
    throw failAt(mixed.nameSpan, 'BAD_ARGUMENTS', text);
  }
  for (const item of command.settings)
    added[item.name] = changedSetting(item.name, item.nameSpan, settingText(item.value));
  // As CREATE would have written it down.
  const merges = /MergeTree$/.test(definition.engine.name);
  const implied: Record<string, string> = merges ? { index_granularity: '8192' } : {};
  return {
    define: (d) => ({ ...d, settings: { ...withImplied(d.settings, implied), ...added } }),
  };
}

export function resetSetting(command: CommandOf<'ResetSetting'>): Step {
  const gone = new Set(command.names);
  const unknown = command.names.find((name) => !mergeTreeSettings.has(name));
  if (unknown !== undefined) {
    const text = `Cannot reset setting '${unknown}': tables of the MergeTree family have none of that name`;
    throw failAt(command.span, 'BAD_ARGUMENTS', text);
  }
  return {
    define: (d) => ({
      ...d,
      settings: Object.fromEntries(Object.entries(d.settings).filter(([n]) => !gone.has(n))),
    }),
  };
}
