// ALTER TABLE … COLUMN: what a column becomes, where it stands, what it is called.

import type { AlterCommand, ColumnPlace, Name } from '../../ast/index.ts';
import { Word } from '../../lexer.ts';
import type { Cursor } from '../cursor.ts';
import { parseColumn } from '../table/column.ts';
import { parseType } from '../type.ts';
import { parseSettingsList } from '../window.ts';
import { type Parse, span } from './command.ts';

export function parsePlace(p: Cursor): ColumnPlace | undefined {
  if (p.accept('FIRST')) return { first: true };
  return p.accept('AFTER') ? { after: p.dottedName() } : undefined;
}

const removable = [
  'DEFAULT',
  'MATERIALIZED',
  'ALIAS',
  'EPHEMERAL',
  'COMMENT',
  'CODEC',
  'TTL',
  'SETTINGS',
] as const;

/** What may follow ALTER COLUMN c beside TYPE. */
const alterWords = new Set<string>([
  ...removable,
  ...['REMOVE', 'MODIFY', 'RESET', 'FIRST', 'AFTER', 'NULL', 'NOT'],
]);

/** Behind ALTER COLUMN: `c TYPE t` of standard SQL, or what MODIFY COLUMN takes. */
export function parseAlterColumn(p: Cursor, start: number): AlterCommand {
  const ifExists = p.ifExists();
  const at = p.start();
  const probe = p.index;
  const name = p.dottedName();
  if (p.value !== 'TYPE' && p.kind === Word && !alterWords.has(p.value)) p.fail('TYPE');
  if (!p.accept('TYPE')) {
    p.seek(probe);
    return parseModified(p, start, ifExists);
  }
  const type = parseType(p);
  const column = {
    kind: 'ColumnDefinition' as const,
    name,
    type,
    primaryKey: false,
    span: p.span(at),
  };
  return { kind: 'ModifyColumn', ifExists, column, place: parsePlace(p), span: span(start) };
}

/** Behind MODIFY COLUMN. */
export function parseModifyColumn(p: Cursor, start: number): AlterCommand {
  return parseModified(p, start, p.ifExists());
}

function parseModified(p: Cursor, start: number, ifExists: boolean): AlterCommand {
  const column = parseColumn(p, false);
  const node: AlterCommand & { kind: 'ModifyColumn' } = {
    kind: 'ModifyColumn',
    ifExists,
    column,
    span: span(start),
  };
  const bare = column.type === undefined && column.default === undefined;
  if (!bare && ['REMOVE', 'RESET'].includes(p.value)) p.failWith(`${p.value} stands alone`);
  if (p.accept('REMOVE')) node.remove = p.expectOne(...removable);
  else if (p.acceptAll('MODIFY', 'SETTING')) node.modifySettings = parseSettingsList(p);
  else if (p.acceptAll('RESET', 'SETTING')) node.resetSettings = p.list(() => p.dottedName().name);
  node.place = parsePlace(p);
  return node;
}

export const parseRename: Parse = (p, start) => {
  p.expect('COLUMN');
  const ifExists = p.ifExists();
  const name = p.dottedName();
  p.expect('TO');
  return { kind: 'RenameColumn', ifExists, name, to: p.dottedName(), span: span(start) };
};

export const parseComment: Parse = (p, start) => {
  p.expect('COLUMN');
  const ifExists = p.ifExists();
  const name: Name = p.dottedName();
  return { kind: 'CommentColumn', ifExists, name, comment: p.string(), span: span(start) };
};
