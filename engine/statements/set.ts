// SET and USE: what they change lasts as long as the session.

import type { SetSettings, SettingItem, Use } from '../../sql/index.ts';
import { nameText } from '../plan/bind/scope.ts';
import { failAt } from '../plan/context.ts';
import { applySettings, settingText } from '../query/apply-settings.ts';
import { type Answer, done, type Run } from '../query/core.ts';
import { startPlanning } from '../query/plan-query.ts';
import { canonicalSetting } from '../settings/index.ts';
import { requireDatabase } from '../tables/databases.ts';

export function setSettings(run: Run, ast: SetSettings): Answer {
  for (const item of ast.settings) {
    if (item.name.startsWith('param_')) {
      run.session?.params.set(item.name.slice('param_'.length), parameterText(run, item));
      continue;
    }
    applySettings(run, [item]);
    if (!run.session) continue;
    const name = canonicalSetting(item.name);
    const value = run.settings.changed.get(name);
    if (value === undefined) run.session.settings.delete(name);
    else run.session.settings.set(name, value);
  }
  return done;
}

/** A parameter is read when it is used: collections stay as they are written. */
function parameterText(run: Run, item: SettingItem): string {
  const isCollection = /^(Array|Map|Tuple|Function)$/.test(item.value.kind);
  if (!isCollection) return settingText(item.value);
  return run.text.slice(item.nameSpan.end, item.span.end).replace(/^\s*=\s*/, '');
}

export function use(run: Run, ast: Use): Answer {
  const name = nameText(startPlanning(run).ctx, ast.database);
  try {
    requireDatabase(run.core.storage.context.catalog.state, name);
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    throw failAt(ast.database.span, 'UNKNOWN_DATABASE', message, hint ? { hint } : {});
  }
  if (run.session) run.session.database = name;
  return done;
}
