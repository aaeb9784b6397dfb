// ALTER TABLE of a materialised view: its query, its schedule, its comment.

import type { AlterTable } from '../../../sql/index.ts';
import type { TableState } from '../../catalog/state.ts';
import { viewExtra } from '../../catalog/views.ts';
import { failAt } from '../../plan/context.ts';
import { type Answer, done, type Run } from '../../query/core.ts';
import { alter } from '../../storage/mutations/mutations.ts';
import { type RefreshPlan, refreshText } from '../../views/schedule.ts';
import { modifyQuery } from '../create/materialized-view.ts';

export async function alterView(run: Run, ast: AlterTable, table: TableState): Promise<Answer> {
  const { storage } = run.core;
  for (const command of ast.commands) {
    switch (command.kind) {
      case 'ModifyQuery':
        await modifyQuery(run, table, command.query);
        break;
      case 'ModifyRefresh': {
        if (!viewExtra(table.definition).refresh) {
          const text = `View ${table.definition.name} is fed by inserts, not refreshed`;
          throw failAt(command.span, 'INCORRECT_QUERY', text, {
            hint: 'Make it anew with REFRESH …',
          });
        }
        const refresh = refreshText(run, command.refresh);
        const before = viewExtra(table.definition).refresh as RefreshPlan;
        if (refresh.append !== before.append) {
          const text = 'Adding or removing APPEND is not supported';
          throw failAt(command.span, 'NOT_IMPLEMENTED', text, { hint: 'Make the view anew' });
        }
        await alter(storage, storage.store(table.id), (now) => ({
          ...now,
          extra: { ...now.extra, refresh },
        }));
        run.core.refreshes?.changed();
        break;
      }
      case 'ModifyComment': {
        const { comment } = command;
        await alter(storage, storage.store(table.id), (now) => ({ ...now, comment }));
        break;
      }
      default: {
        const what = command.kind.replace(/([a-z])([A-Z])/g, '$1 $2').toUpperCase();
        throw failAt(
          command.span,
          'NOT_IMPLEMENTED',
          `ALTER … ${what} is not supported by a materialized view`,
          { hint: 'Alter the target table, or MODIFY QUERY' },
        );
      }
    }
  }
  return done;
}
