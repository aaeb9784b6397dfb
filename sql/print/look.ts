// Text of statements that look at what is there.
import type { Show } from '../ast/index.ts';
import type { Visitor } from '../walk.ts';
import { printPrivileges } from './access.ts';
import {
  names,
  plainOf,
  printLike,
  printName,
  printTableName,
  settings,
  settingsClause,
  words,
} from './base.ts';
import { print } from './index.ts';

function printShow(node: Show): string {
  const object = /^(?:COLUMNS|INDEXES)$/.test(node.type) ? 'FROM' : undefined;
  const name = node.name === undefined ? undefined : printTableName(node.name);
  const listed = node.names === undefined ? undefined : names(node.names);
  const on = listed !== undefined || node.roles !== undefined ? 'ON' : object;
  return words(
    'SHOW',
    node.extended && 'EXTENDED',
    node.full && 'FULL',
    node.changed && 'CHANGED',
    node.temporary && node.type === 'TABLES' && 'TEMPORARY',
    node.temporary && node.type !== 'TABLES'
      ? node.type.replace('CREATE', 'CREATE TEMPORARY')
      : node.type,
    listed,
    node.from && `FROM ${printName(node.from)}`,
    node.roles && `FOR ${print(node.roles)}`,
    name !== undefined && words(on ?? (node.type === 'PRIVILEGES' ? 'ON' : ''), name),
    ...node.flags,
    printLike(node),
    plainOf('WHERE', node.where),
    plainOf('LIMIT', node.limit),
  );
}

export const lookPrinters = {
  Show: printShow,
  Describe: (node) =>
    words(
      'DESCRIBE',
      node.mode !== 'COLUMNS' && node.mode,
      'TABLE',
      print(node.source),
      plainOf('LIMIT', node.limit),
      settingsClause(node.settings),
    ),
  Summarize: (node) => `SUMMARIZE ${print(node.source)}`,
  ExistsStatement: (node) =>
    words('EXISTS', node.temporary && 'TEMPORARY', node.object, printTableName(node.name)),
  Explain: (node) =>
    words(
      'EXPLAIN',
      node.mode,
      node.settings && settings(node.settings),
      node.statement && print(node.statement),
    ),
  Check: (node) =>
    words(
      'CHECK',
      node.object,
      node.privileges && printPrivileges(node.privileges),
      node.name && printTableName(node.name),
      node.partition && print(node.partition),
      settingsClause(node.settings),
    ),
} satisfies Partial<Visitor<string>>;
