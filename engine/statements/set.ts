// SET and USE: what they change lasts as long as the session.

import type { SetSettings, Use } from '../../sql/ast.ts';
import { failAt } from '../plan/context.ts';
import { nameText } from '../plan/scope.ts';
import { type Answer, done, type Run } from '../query/core.ts';
import { startPlanning } from '../query/plan-query.ts';
import { settingDefinitions } from '../settings.ts';
import { requireDatabase } from '../tables/catalog-view.ts';
import { applySettings, settingText } from './apply-settings.ts';

export function setSettings(run: Run, ast: SetSettings): Answer {
  for (const item of ast.settings) {
    if (item.name.startsWith('param_')) {
      run.session?.params.set(item.name.slice('param_'.length), settingText(item.value));
      continue;
    }
    const before = run.settings;
    applySettings(run, [item]);
    if (!run.session) continue;
    const isDefault = item.value.kind === 'Literal' && item.value.type === 'default';
    if (isDefault) run.session.settings.delete(item.name);
    else if (run.settings !== before)
      run.session.settings.set(item.name, run.settings.text(item.name));
    else if (settingDefinitions.has(item.name))
      run.session.settings.set(item.name, run.settings.text(item.name));
  }
  return done;
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
