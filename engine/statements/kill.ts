// KILL QUERY and KILL MUTATION WHERE …: the condition is asked of system.processes and system.mutations.

import { type Kill, parseStatement } from '../../sql/index.ts';
import { failAt, notBuilt } from '../plan/context.ts';
import type { LitValue } from '../plan/physical/wire.ts';
import type { Answer, Run } from '../query/core.ts';
import { internalRows } from '../query/internal.ts';
import { refuseCluster } from '../query/names.ts';
import { bindTop, planText, startPlanning } from '../query/plan-query.ts';
import { killed } from '../query/processes.ts';

const mutationColumns = ['kill_status', 'database', 'table', 'mutation_id', 'command'].map(
  (name) => ({ name, type: 'String' }),
);

/** What has not begun to be committed is called off; nothing of it stays. */
async function killMutation(run: Run, ast: Kill): Promise<Answer> {
  const base = parseStatement('SELECT mutation_id FROM system.mutations');
  if (base.kind !== 'QueryStatement' || base.query.kind !== 'Select') {
    throw failAt(ast.span, 'LOGICAL_ERROR', 'KILL cannot be planned');
  }
  const planning = startPlanning(run);
  const plan = planText(planning, bindTop(planning, { ...base.query, where: ast.where }));
  const ids = new Set((await internalRows(run, plan)).map((row) => row[0]));
  const { mutations } = run.core.storage;
  const chosen = mutations.list().filter((m) => ids.has(m.id) && m.state === 'running');
  const test = ast.mode === 'TEST';
  if (!test) for (const entry of chosen) mutations.kill(entry);
  const rows = chosen.map((m): LitValue[] => [
    test ? 'unknown_status' : 'waiting',
    m.database,
    m.table,
    m.id,
    m.command,
  ]);
  return { kind: 'rows', columns: mutationColumns, rows };
}

const columns = [
  { name: 'kill_status', type: 'String' },
  { name: 'query_id', type: 'String' },
  { name: 'user', type: 'String' },
  { name: 'query', type: 'String' },
];

export async function kill(run: Run, ast: Kill): Promise<Answer> {
  refuseCluster(ast.cluster, ast.span);
  if (ast.object === 'MUTATION') return killMutation(run, ast);
  if (ast.object !== 'QUERY') throw notBuilt(ast.span, `KILL ${ast.object}`);
  const base = parseStatement('SELECT __key FROM system.processes');
  if (base.kind !== 'QueryStatement' || base.query.kind !== 'Select') {
    throw failAt(ast.span, 'LOGICAL_ERROR', 'KILL cannot be planned');
  }
  const planning = startPlanning(run);
  const plan = planText(planning, bindTop(planning, { ...base.query, where: ast.where }));
  const keys = new Set((await internalRows(run, plan)).map((row) => row[0]));
  const chosen = run.core.processes
    .list()
    .filter(
      (p) =>
        keys.has(p.key) && p.key !== run.key && (!run.user.readonly || p.user === run.user.name),
    );
  const test = ast.mode === 'TEST';
  if (!test) for (const process of chosen) process.cancel(killed());
  if (ast.mode === 'SYNC') {
    const stop = new Promise<void>((resolve) =>
      run.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    await Promise.race([Promise.all(chosen.map((p) => p.gone)), stop]);
  }
  const status = test ? 'unknown_status' : ast.mode === 'SYNC' ? 'finished' : 'waiting';
  const rows = chosen.map((p): LitValue[] => [status, p.id, p.user, p.text]);
  return { kind: 'rows', columns, rows };
}
