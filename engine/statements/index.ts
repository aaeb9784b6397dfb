// Every kind of statement and who runs it; what is not built is refused by name and place.

import type { QueryStatement, Statement, TableName } from '../../sql/index.ts';
import { EngineError, fail } from '../errors.ts';
import { failAt } from '../plan/context.ts';
import { type Answer, done, type Run } from '../query/core.ts';
import { alterTable } from './alter/table.ts';
import { backup } from './backup.ts';
import { createDatabase, createFunction } from './create/database.ts';
import { createTable } from './create/table.ts';
import { createView } from './create/view.ts';
import { drop } from './drop.ts';
import { createIndex } from './index-statements.ts';
import { kill } from './kill.ts';
import { check } from './look/check-table.ts';
import { describe, exists } from './look/describe.ts';
import { explain } from './look/explain.ts';
import { restoreToVersion, vacuum } from './look/history.ts';
import { show } from './look/show.ts';
import { summarize } from './look/summarize.ts';
import { optimize } from './optimize.ts';
import { rename } from './rename.ts';
import { deleteRows } from './rows/change-rows.ts';
import { insert } from './rows/insert.ts';
import { mergeInto } from './rows/merge-into.ts';
import { updateRows } from './rows/update-rows.ts';
import { select } from './select.ts';
import { setSettings, use } from './set.ts';
import { system } from './system.ts';

type Kind = Statement['kind'];
type Handler<K extends Kind> = (
  run: Run,
  ast: Extract<Statement, { kind: K }>,
) => Answer | Promise<Answer>;

const notYet =
  (what: string) =>
  (_: Run, ast: Statement): Answer => {
    throw failAt(ast.span, 'NOT_IMPLEMENTED', `${what} is not implemented yet`);
  };

const alreadyExists = /^(TABLE|DATABASE)_ALREADY_EXISTS$/;

/** IF NOT EXISTS holds at the commit too: another statement may have made it since this one looked. */
const unlessMade =
  <S extends Statement & { readonly ifNotExists: boolean }>(
    create: (run: Run, ast: S) => Promise<Answer>,
  ) =>
  (run: Run, ast: S): Promise<Answer> =>
    create(run, ast).catch((error: unknown) => {
      if (ast.ifNotExists && error instanceof EngineError && alreadyExists.test(error.name))
        return done;
      throw error;
    });

/** Who asks for segments or partitions sees all rows in some: those in memory are written first. */
const looksAtParts = /\b_?parts?(ition_id)?\b|\b_part\w*/i;

function selectSettled(run: Run, ast: QueryStatement): Answer | Promise<Answer> {
  if (!looksAtParts.test(run.text)) return select(run, ast);
  return settle(run).then(() => select(run, ast));
}

async function settle({ core: { storage } }: Run): Promise<void> {
  for (const store of [...storage.stores]) {
    const table = storage.context.catalog.table(store.id);
    if (!table?.definition.partitionBy || store.memory.rows === 0) continue;
    await storage.flusher.flush(store).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      storage.context.logger.warn({ table: store.id, reason }, 'rows stay in memory');
    });
  }
}

const handlers: { [K in Kind]: Handler<K> } = {
  QueryStatement: selectSettled,
  Insert: insert,
  CreateTable: unlessMade(createTable),
  CreateView: unlessMade(createView),
  CreateDatabase: unlessMade(createDatabase),
  CreateFunction: createFunction,
  CreateIndex: createIndex,
  CreateDictionary: notYet('CREATE DICTIONARY'),
  AccessEntity: notYet('Managing users, roles and profiles'),
  RowPolicy: notYet('CREATE ROW POLICY'),
  Quota: notYet('CREATE QUOTA'),
  Grant: notYet('GRANT and REVOKE'),
  SetRole: notYet('SET ROLE'),
  DropAccess: notYet('Dropping users, roles and policies'),
  NamedCollection: notYet('CREATE NAMED COLLECTION'),
  Drop: drop,
  Rename: rename,
  AlterTable: alterTable,
  AlterDatabase: notYet('ALTER DATABASE'),
  Delete: deleteRows,
  Update: updateRows,
  Merge: mergeInto,
  Optimize: optimize,
  Check: check,
  Vacuum: vacuum,
  Show: show,
  Describe: describe,
  Summarize: summarize,
  ExistsStatement: exists,
  Explain: explain,
  Use: use,
  Set: setSettings,
  Kill: kill,
  System: system,
  Transaction: notYet('Transactions'),
  Backup: backup,
  RestoreVersion: restoreToVersion,
};

export function runStatement(run: Run, ast: Statement): Answer | Promise<Answer> {
  const handler = handlers[ast.kind] as (run: Run, ast: Statement) => Answer | Promise<Answer>;
  return handler(run, ast);
}

const reads = new Set<Kind>([
  'QueryStatement',
  'Show',
  'Describe',
  'Summarize',
  'ExistsStatement',
  'Explain',
  'Use',
  'Check',
]);

const definitions = new Set<Kind>([
  'CreateTable',
  'CreateView',
  'CreateDatabase',
  'CreateFunction',
  'CreateIndex',
  'Drop',
  'Rename',
  'AlterTable',
  'AlterDatabase',
]);

/** What a session makes for itself is no change: readonly = 2 lets it through. */
function isTemporary(run: Run, ast: Statement): boolean {
  if (run.readonly === 1 && run.request.readonly) return false;
  const own = (name: TableName | undefined): boolean =>
    name !== undefined && !name.database && run.session?.temporary.has(name.table.name) === true;
  if (ast.kind === 'CreateTable') return ast.temporary === true;
  if (ast.kind === 'Insert') return own(ast.table);
  return ast.kind === 'Drop' && ast.names.length > 0 && ast.names.every(own);
}

/** A read-only user, request or setting lets only reads through (and SET, with 2). */
export function checkAllowed(run: Run, ast: Statement): void {
  const asksBack = ast.kind === 'Set' && ast.settings.some((item) => item.name === 'allow_ddl');
  if ((definitions.has(ast.kind) || asksBack) && !run.settings.bool('allow_ddl')) {
    throw fail('QUERY_IS_PROHIBITED', 'Statements that define or drop are off (allow_ddl = 0)');
  }
  if (isTemporary(run, ast)) return;
  if (run.readonly === 0 || reads.has(ast.kind)) return;
  if (run.readonly === 2 && ast.kind === 'Set') return;
  const why = run.request.readonly
    ? 'requests other than POST may only read'
    : run.user.readonly
      ? `user ${run.user.name} may only read`
      : 'the setting readonly is on';
  throw fail('READONLY', `Cannot execute this statement in readonly mode: ${why}`);
}
