// SYSTEM …: what makes sense here is done, what cannot hurt is accepted, stopping is refused.

import type { System } from '../../sql/ast.ts';
import { failAt } from '../plan/context.ts';
import { type Answer, done, type Run } from '../query/core.ts';
import { requireTable } from './names.ts';

const accepted =
  /^(RELOAD|FLUSH|START|STOP|DROP|CLEAR|SYNC|WAIT|RESTORE|RESTART|ENABLE|DISABLE|PREWARM|NOTIFY|UNFREEZE|JEMALLOC|LOAD|UNLOAD)\b/;

export async function system(run: Run, ast: System): Promise<Answer> {
  const { command } = ast;
  if (/^(SHUTDOWN|KILL|SUSPEND)/.test(command)) {
    throw failAt(ast.span, 'ACCESS_DENIED', `SYSTEM ${command} is refused`, {
      hint: 'Stop the server with a signal (SIGTERM)',
    });
  }
  if (/^(STOP|START) LISTEN/.test(command))
    throw failAt(ast.span, 'NOT_IMPLEMENTED', `SYSTEM ${command} is not implemented yet`);
  const { storage } = run.core;
  if (/^DROP (QUERY|COMPILED|MARK|UNCOMPRESSED|INDEX|MMAP|DNS|SCHEMA)/.test(command)) {
    run.core.plans.clear();
    run.core.syntax.clear();
    return done;
  }
  if ((command === 'STOP MERGES' || command === 'START MERGES') && ast.table) {
    const store = storage.store(requireTable(run, ast.table).id);
    const held = held_.has(store);
    if (command === 'STOP MERGES' && !held) {
      held_.add(store);
      store.mergesHeld++;
    } else if (command === 'START MERGES' && held) {
      held_.delete(store);
      store.mergesHeld--;
    }
    return done;
  }
  if (command === 'FLUSH LOGS' || command.startsWith('FLUSH')) return done;
  if (accepted.test(command)) return done;
  throw failAt(ast.span, 'NOT_IMPLEMENTED', `SYSTEM ${command} is not implemented yet`);
}

/** Tables whose merges a statement has stopped. */
const held_ = new WeakSet<object>();
