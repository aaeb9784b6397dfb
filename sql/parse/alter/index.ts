// ALTER TABLE and ALTER DATABASE: commands by their first word.

import type { AlterCommand, AlterDatabase, AlterTable, Statement } from '../../ast/index.ts';
import { parseAccessAlter } from '../access/index.ts';
import type { Cursor } from '../cursor.ts';
import { parseInPartition } from '../table/partition.ts';
import { parseSettingsList } from '../window.ts';
import { parseAlterColumn, parseComment, parseRename } from './column.ts';
import { type Parse, span } from './command.ts';
import {
  parseAdd,
  parseClear,
  parseDrop,
  parseMaterialize,
  parseModify,
  parseRemove,
} from './definition.ts';
import {
  parseAttach,
  parseExport,
  parseFetch,
  parseFreeze,
  parseMove,
  parsePartitionCommand,
  parseReplace,
} from './partition.ts';
import { parseApply, parseDelete, parseUpdate } from './rows.ts';

/** At ALTER. */
export function parseAlter(p: Cursor): Statement {
  const start = p.start();
  p.expect('ALTER');
  const temporary = p.value === 'TEMPORARY' && p.accept('TEMPORARY');
  if (p.accept('TABLE')) return parseAlterTable(p, start, temporary);
  if (p.accept('DATABASE')) return parseAlterDatabase(p, start);
  return parseAccessAlter(p, start) ?? p.fail('TABLE');
}

function parseAlterDatabase(p: Cursor, start: number): AlterDatabase {
  const node: AlterDatabase = {
    kind: 'AlterDatabase',
    name: p.name('database name'),
    cluster: p.onCluster(),
    span: { start, end: start },
  };
  if (p.acceptAll('MODIFY', 'COMMENT')) node.comment = p.string();
  else {
    p.expectAll('MODIFY', 'SETTING');
    node.settings = parseSettingsList(p);
  }
  node.span = p.span(start);
  return node;
}

function parseAlterTable(p: Cursor, start: number, temporary: boolean): AlterTable {
  const ifExists = p.ifExists();
  const name = p.tableName();
  const cluster = p.onCluster();
  const commands = [parseClosedCommand(p)];
  while (p.accept(',')) commands.push(parseClosedCommand(p));
  return {
    kind: 'AlterTable',
    temporary,
    ifExists,
    name,
    cluster,
    commands,
    span: p.span(start),
  };
}

/** A command may stand in parentheses. */
function parseClosedCommand(p: Cursor): AlterCommand {
  if (p.value !== '(') return parseCommand(p);
  p.next();
  const command = parseCommand(p);
  p.expect(')');
  return command;
}

function parseCommand(p: Cursor): AlterCommand {
  const start = p.start();
  const parse = commands.get(p.value);
  if (parse === undefined) {
    if (p.trace !== undefined) for (const word of commands.keys()) p.note(word);
    return p.fail();
  }
  p.next();
  const command = parse(p, start);
  command.span = p.span(start);
  return command;
}

const commands: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ['ADD', parseAdd],
  ['DROP', parseDrop],
  ['CLEAR', parseClear],
  ['MODIFY', parseModify],
  [
    'ALTER',
    (p, start) => {
      p.expect('COLUMN');
      return parseAlterColumn(p, start);
    },
  ],
  ['RENAME', parseRename],
  ['COMMENT', parseComment],
  ['MATERIALIZE', parseMaterialize],
  ['UPDATE', parseUpdate],
  ['DELETE', parseDelete],
  ['REMOVE', parseRemove],
  [
    'RESET',
    (p, start) => {
      p.expectOne('SETTING', 'SETTINGS');
      return { kind: 'ResetSetting', names: p.list(() => p.dottedName().name), span: span(start) };
    },
  ],
  ['DETACH', (p, start) => parsePartitionCommand(p, start, 'DETACH')],
  ['FORGET', (p, start) => parsePartitionCommand(p, start, 'FORGET')],
  ['ATTACH', parseAttach],
  ['MOVE', parseMove],
  ['REPLACE', parseReplace],
  ['FETCH', parseFetch],
  ['FREEZE', parseFreeze('FREEZE')],
  ['UNFREEZE', parseFreeze('UNFREEZE')],
  ['APPLY', parseApply],
  ['EXPORT', parseExport],
  [
    'REWRITE',
    (p, start) => {
      p.expect('PARTS');
      return { kind: 'RewriteParts', partition: parseInPartition(p), span: span(start) };
    },
  ],
]);
