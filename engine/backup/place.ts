// Where a backup lies: a folder below `backups` of the data directory, or below `backups_path`.
// Nothing else of the disk can be named.

import type { Expression, FunctionCall } from '../../sql/ast.ts';
import { failAt, notBuilt } from '../plan/context.ts';
import type { Core } from '../query/core.ts';
import type { FilesApi } from '../storage/files.ts';
import { openFiles } from '../storage/native-files.ts';

const folder = 'backups';
const nameMax = 200;

/** What BACKUP … TO and RESTORE … FROM name. */
export interface Target {
  readonly kind: 'File' | 'Disk' | 'Memory' | 'Null';
  readonly name: string;
  /** As written, for messages and lists. */
  readonly text: string;
}

export interface Place {
  readonly files: FilesApi;
  /** The folder of the backup below the root of `files`. */
  readonly dir: string;
  close(): void;
}

const kinds = new Map([
  ['file', 'File'],
  ['disk', 'Disk'],
  ['memory', 'Memory'],
  ['null', 'Null'],
] as const);

const textOf = (arg: Expression | undefined): string | undefined =>
  arg?.kind === 'Literal' && arg.type === 'string'
    ? arg.value
    : arg?.kind === 'Identifier'
      ? arg.parts.map((p) => p.name).join('.')
      : undefined;

export function targetOf(ast: FunctionCall): Target {
  const kind = kinds.get(ast.name.toLowerCase() as 'file');
  if (!kind) {
    const hint = "Write File('name') or Disk('backups', 'name')";
    throw notBuilt(ast.span, `BACKUP TO ${ast.name}`, hint);
  }
  const args = ast.args.map(textOf);
  const wanted = kind === 'Null' ? 0 : kind === 'Disk' ? 2 : 1;
  if (args.length !== wanted || args.includes(undefined)) {
    const text = `Backup engine '${kind}' requires ${wanted} argument(s)`;
    throw failAt(ast.span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', text);
  }
  const name = (args.at(-1) ?? '').replace(/\/+$/, '');
  const plain = /^[\w.][\w.~ -]*(\/[\w.][\w.~ -]*)*$/.test(name) && !/(^|\/)\.\.?(\/|$)/.test(name);
  if (kind !== 'Null' && (!plain || name.length > nameMax)) {
    throw failAt(ast.span, 'BAD_ARGUMENTS', `'${name}' cannot be the name of a backup`, {
      hint: 'Letters, digits, _ . - and / between names; the setting backups_path says below which folder',
    });
  }
  const text = `${kind}(${args.map((a) => `'${a}'`).join(', ')})`;
  return { kind, name, text };
}

/** Opens the place of a backup; nothing is made. */
export function openPlace(core: Core, target: Pick<Target, 'kind' | 'name'>): Place {
  const path = core.settings.text('backups_path');
  const { files, catalog } = core.storage.context;
  // What is kept "in memory" is gone with the process.
  const name = target.kind === 'Memory' ? `memory-${catalog.boot}/${target.name}` : target.name;
  if (path === '') return { files, dir: `${folder}/${name}`, close: () => {} };
  const own = openFiles(core.native.files, path);
  return { files: own, dir: name, close: () => own.close() };
}

/** Makes a folder and those above it. */
export function makeDirs(files: FilesApi, dir: string): void {
  for (let at = dir.indexOf('/'); at > 0; at = dir.indexOf('/', at + 1)) {
    files.makeDir(dir.slice(0, at));
  }
  files.makeDir(dir);
}
