// What BACKUP … TO and RESTORE … FROM name.

import type { Expression, FunctionCall } from '../../sql/index.ts';
import { s3Place } from '../outbound/s3.ts';
import { withoutSecrets } from '../outbound/secrets.ts';
import { failAt, notBuilt } from '../plan/context.ts';

const nameMax = 200;
const urlMax = 2000;

export interface Target {
  readonly kind: 'File' | 'Disk' | 'Memory' | 'Null' | 'S3';
  /** A folder, or the URL that all objects of a backup begin with. */
  readonly name: string;
  /** As written, for messages and lists: without secrets. */
  readonly text: string;
  readonly keys?: { readonly key: string; readonly secret: string };
}

const kinds = new Map([
  ['file', 'File'],
  ['disk', 'Disk'],
  ['memory', 'Memory'],
  ['null', 'Null'],
  ['s3', 'S3'],
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
    const hint = "Write File('name'), Disk('backups', 'name') or S3('url', 'key', 'secret')";
    throw notBuilt(ast.span, `BACKUP TO ${ast.name}`, hint);
  }
  const args = ast.args.map(textOf);
  if (kind === 'S3') return objectTarget(ast, args);
  const wanted = kind === 'Null' ? 0 : kind === 'Disk' ? 2 : 1;
  if (args.length !== wanted || args.includes(undefined)) throw wrongNumber(ast, kind, `${wanted}`);
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

const wrongNumber = (ast: FunctionCall, kind: string, wanted: string): Error =>
  failAt(
    ast.span,
    'NUMBER_OF_ARGUMENTS_DOESNT_MATCH',
    `Backup engine '${kind}' requires ${wanted} argument(s)`,
  );

/** S3('url'[, 'key', 'secret']). */
function objectTarget(ast: FunctionCall, args: readonly (string | undefined)[]): Target {
  const [url, key, secret] = args;
  if ((args.length !== 1 && args.length !== 3) || args.includes(undefined) || url === undefined) {
    throw wrongNumber(ast, 'S3', '1 or 3');
  }
  const name = url.replace(/\/+$/, '');
  const place = s3Place(name);
  if (place.key === '' || name.length > urlMax || /[?#*]|(^|\/)\.\.?(\/|$)/.test(place.key)) {
    const text = `'${withoutSecrets(name)}' cannot be the place of a backup`;
    throw failAt(ast.span, 'BAD_ARGUMENTS', text, {
      hint: 'Write the URL of a bucket and a name in it: http://host:port/bucket/name',
    });
  }
  const shown = `'${withoutSecrets(name)}'`;
  if (key === undefined || secret === undefined) return { kind: 'S3', name, text: `S3(${shown})` };
  return {
    kind: 'S3',
    name,
    text: `S3(${shown}, '${key}', '[HIDDEN]')`,
    keys: { key, secret },
  };
}
