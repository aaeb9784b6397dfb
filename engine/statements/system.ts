// SYSTEM …: what makes sense here is done, what cannot hurt is accepted, stopping is refused.

import type { System } from '../../sql/index.ts';
import { viewExtra } from '../catalog/views.ts';
import { failAt } from '../plan/context.ts';
import { type Answer, done, type Run } from '../query/core.ts';
import { requireTable } from '../query/names.ts';
import { acceptLog } from '../storage/wal/accept.ts';
import type { Refreshes } from '../views/refresh.ts';
import { refreshRows } from '../views/refresh-rows.ts';
import { adviseRollups } from './rollups/advise.ts';
import { rebuildRollups } from './rollups/rebuild.ts';

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
  const merges = /^(STOP|START) (TTL )?MERGES$/.exec(command);
  if (merges) {
    const { resting } = ast.table
      ? storage.store(requireTable(run, ast.table).id)
      : storage.context;
    const kind = merges[2] ? 'ttl' : 'merges';
    if (merges[1] === 'STOP') resting.add(kind);
    else resting.delete(kind);
    return done;
  }
  if (/^ADVISE ROLLUPS/.test(command)) return advise(run, ast);
  const own = ownCommands[command];
  if (own) {
    await own(run, ast);
    return done;
  }
  if (command === 'FLUSH LOGS') await run.core.logTable?.flush();
  if (command === 'FLUSH LOGS' || command.startsWith('FLUSH')) return done;
  if (accepted.test(command)) return done;
  throw failAt(ast.span, 'NOT_IMPLEMENTED', `SYSTEM ${command} is not implemented yet`);
}

const adviceColumns = [
  ['table', 'String'],
  ['statement', 'String'],
  ['queries', 'UInt64'],
  ['rows_read', 'UInt64'],
  ['rows_then', 'UInt64'],
  ['took_ms', 'UInt64'],
  ['spared_ms', 'UInt64'],
  ['rows', 'UInt64'],
  ['bytes', 'UInt64'],
].map(([name = '', type = '']) => ({ name, type }));

/** Proposals by what they would have spared; each is one statement. */
async function advise(run: Run, ast: System): Promise<Answer> {
  const only = ast.table && requireTable(run, ast.table).definition;
  const rows = (await adviseRollups(run, only)).map((a) => [
    `${a.table.database}.${a.table.name}`,
    a.statement,
    ...[a.queries, a.rowsRead, a.rowsThen, a.tookMs, a.sparedMs, a.rows, a.bytes].map((n) =>
      String(Math.round(n)),
    ),
  ]);
  return { kind: 'rows', columns: adviceColumns, rows };
}

type Own = (run: Run, ast: System) => unknown;

/** Commands about materialised views with REFRESH. */
const view =
  (act: (refreshes: Refreshes, id: number, run: Run) => unknown): Own =>
  (run, ast) => {
    if (!ast.table) throw failAt(ast.span, 'SYNTAX_ERROR', 'The name of a view is missing');
    const table = requireTable(run, ast.table);
    const { refreshes } = run.core;
    if (!refreshes || viewExtra(table.definition)?.refresh === undefined) {
      const { database, name } = table.definition;
      const text = `Refreshable view ${database}.${name} doesn't exist`;
      throw failAt(ast.table.span, 'BAD_ARGUMENTS', text, {
        hint: 'Views made with REFRESH … are refreshed; others see each insert at once',
      });
    }
    return act(refreshes, table.id, run);
  };

/** The statement of a user asks for a refresh; the one that is asked for is the same statement. */
const refresh = view(async (refreshes, id, run) => {
  if (refreshes.viewOf(run.id) !== id) return refreshes.trigger(id);
  const table = run.core.storage.context.catalog.table(id);
  if (table) refreshes.wrote(id, await refreshRows(run, table));
});

/** A table that a damaged log has made read-only takes what can be read, and then writes again. For any
 *  other table there is nothing to restore. */
const restoreReplica: Own = async (run, ast) => {
  if (!ast.table) throw failAt(ast.span, 'SYNTAX_ERROR', 'The name of a table is missing');
  const { storage } = run.core;
  await acceptLog(storage, storage.store(requireTable(run, ast.table).id));
  run.core.plans.clear();
};

/** A view, or every view and projection of a table. */
const rebuild: Own = async (run, ast) => {
  if (!ast.table) throw failAt(ast.span, 'SYNTAX_ERROR', 'The name of a table or view is missing');
  await rebuildRollups(run, requireTable(run, ast.table));
};

const ownCommands: Record<string, Own> = {
  'REBUILD ROLLUP': rebuild,
  'RESTORE REPLICA': restoreReplica,
  'REFRESH VIEW': refresh,
  'WAIT VIEW': view((refreshes, id, run) => refreshes.wait(id, run.signal)),
  'CANCEL VIEW': view((refreshes, id) => refreshes.cancel(id)),
  'STOP VIEW': view((refreshes, id) => refreshes.hold(true, id)),
  'START VIEW': view((refreshes, id) => refreshes.hold(false, id)),
  'STOP VIEWS': (run) => run.core.refreshes?.hold(true),
  'START VIEWS': (run) => run.core.refreshes?.hold(false),
};
