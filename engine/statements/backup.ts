// BACKUP … TO and RESTORE … FROM.

import { randomUUID } from 'node:crypto';
import type { Backup, SettingItem } from '../../sql/index.ts';
import { createBackup } from '../backup/create.ts';
import { restoreBackup } from '../backup/restore.ts';
import { type Target, targetOf } from '../backup/target.ts';
import { EngineError, fail } from '../errors.ts';
import { failAt } from '../plan/context.ts';
import type { Answer, Run } from '../query/core.ts';
import { refuseCluster } from '../query/names.ts';

/** Settings that change nothing here: a backup is a folder of segments, which are compressed. */
const accepted =
  /^(compression_(method|level)|deduplicate_files|check_parts|check_projection_parts|create_(table|database)|allow_different_(table|database)_def|restore_broken_parts_as_detached|use_same_s3_credentials_for_base_backup|log_comment|max_backup_bandwidth|s3_storage_class)$/;

interface Options {
  base: Target | undefined;
  asynchronous: boolean;
  structureOnly: boolean;
  intoFilled: boolean;
  id: string;
}

function optionsOf(ast: Backup): Options {
  const options: Options = {
    base: undefined,
    asynchronous: ast.mode === 'ASYNC',
    structureOnly: false,
    intoFilled: false,
    id: randomUUID(),
  };
  for (const item of ast.settings ?? []) {
    const { name, value } = item;
    if (name === 'base_backup' && value.kind === 'Function') options.base = targetOf(value);
    else if (name === 'async') options.asynchronous = isOn(item);
    else if (name === 'structure_only') options.structureOnly = isOn(item);
    else if (name === 'allow_non_empty_tables') options.intoFilled = isOn(item);
    else if (name === 'id' && value.kind === 'Literal' && value.type === 'string') {
      options.id = value.value;
    } else if (!accepted.test(name)) {
      throw failAt(item.span, 'UNKNOWN_SETTING', `Unknown setting of a backup: ${name}`, {
        hint: 'Known are base_backup, async, id, structure_only, allow_non_empty_tables',
      });
    }
  }
  return options;
}

const isOn = ({ value }: SettingItem): boolean =>
  value.kind === 'Literal' &&
  (value.type === 'bool' ? value.value : value.type === 'number' && value.text !== '0');

export async function backup(run: Run, ast: Backup): Promise<Answer> {
  refuseCluster(ast.cluster, ast.span);
  const target = targetOf(ast.target);
  const { base, asynchronous, id, ...how } = optionsOf(ast);
  const sort = ({ kind }: Target): string => (kind === 'Disk' ? 'File' : kind);
  if (base && sort(base) !== sort(target)) {
    throw fail('WRONG_BASE_BACKUP', `${target.text} cannot be based on ${base.text}`);
  }
  const { backups, clock } = run.core;
  const making = ast.action === 'BACKUP';
  if (making && backups.isBusy(target.text)) {
    throw fail('BACKUP_ALREADY_EXISTS', `Backup ${target.text} is being written`);
  }
  const entry = backups.add({
    id,
    name: target.text,
    base: base?.text ?? '',
    queryId: run.id,
    status: making ? 'CREATING_BACKUP' : 'RESTORING',
    error: '',
    startMs: run.nowMs,
    endMs: 0,
    written: undefined,
  });
  // The client of one that goes on in the background may leave.
  const signal = asynchronous ? new AbortController().signal : run.signal;
  const work = async (): Promise<void> => {
    try {
      entry.written = making
        ? await createBackup(run, ast, id, target, base, signal)
        : await restoreBackup(run, ast, target, how, signal);
      entry.status = making ? 'BACKUP_CREATED' : 'RESTORED';
    } catch (error) {
      entry.status = making ? 'BACKUP_FAILED' : 'RESTORE_FAILED';
      const failure = (error as { error?: unknown }).error ?? error;
      entry.error = failure instanceof Error ? failure.message : String(failure);
      throw error;
    } finally {
      entry.endMs = clock.now();
    }
  };
  if (asynchronous) {
    work().catch((error: unknown) => {
      const reason = error instanceof EngineError ? error.message : String(error);
      run.core.logger.warn({ backup: target.text, reason }, 'a backup or restore failed');
    });
  } else await work();
  return {
    kind: 'rows',
    columns: [
      { name: 'id', type: 'String' },
      { name: 'status', type: 'String' },
    ],
    rows: [[id, entry.status]],
  };
}
