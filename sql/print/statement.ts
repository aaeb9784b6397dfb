// Text of statements; CREATE, those that change rows, that look and of access control have files of their own.
import type { Backup, BackupItem, Drop, Rename } from '../ast/index.ts';
import type { Visitor } from '../walk.ts';
import { accessPrinters } from './access.ts';
import {
  cluster,
  exists,
  list,
  names,
  plainOf,
  printLike,
  printName,
  printTableName,
  settings,
  settingsClause,
  text,
  words,
} from './base.ts';
import { createPrinters } from './create.ts';
import { print } from './index.ts';
import { lookPrinters } from './look.ts';
import { rowsPrinters } from './rows.ts';
import { callOrName, key } from './table.ts';

function printDrop(node: Drop): string {
  const list = node.names.map(printTableName).join(', ');
  if (node.allTables) {
    return words(
      'TRUNCATE ALL TABLES FROM',
      exists(node),
      list,
      printLike(node),
      cluster(node.cluster),
    );
  }
  return words(
    node.action,
    node.temporary && 'TEMPORARY',
    node.object,
    exists(node),
    node.ifEmpty && 'IF EMPTY',
    list,
    node.on && `ON ${printTableName(node.on)}`,
    text('UUID', node.uuid),
    cluster(node.cluster),
    node.permanently && 'PERMANENTLY',
    node.sync && 'SYNC',
    settingsClause(node.settings),
  );
}

function printRename(node: Rename): string {
  const link = node.action === 'RENAME' ? 'TO' : 'AND';
  const pairs = node.pairs.map(
    (pair) => `${printTableName(pair.from)} ${link} ${printTableName(pair.to)}`,
  );
  return words(node.action, node.object, exists(node), pairs.join(', '), cluster(node.cluster));
}

function printBackupItem(node: BackupItem): string {
  return words(
    node.object,
    node.name && printTableName(node.name),
    node.as && `AS ${printTableName(node.as)}`,
    node.partitions &&
      `PARTITIONS ${node.partitions.map((p) => print(p).replace(/^PARTITION /, '')).join(', ')}`,
    node.exceptTables && `EXCEPT TABLES ${node.exceptTables.map(printTableName).join(', ')}`,
    node.exceptDatabases && `EXCEPT DATABASES ${names(node.exceptDatabases)}`,
  );
}

function printBackup(node: Backup): string {
  return words(
    node.action,
    node.items.map(print).join(', '),
    cluster(node.cluster),
    node.action === 'BACKUP' ? 'TO' : 'FROM',
    callOrName(node.target),
    settingsClause(node.settings),
    node.mode,
  );
}

export const statementPrinters = {
  ...accessPrinters,
  ...createPrinters,
  ...lookPrinters,
  ...rowsPrinters,
  QueryStatement: (node) => print(node.query),
  AlterTable: (node) =>
    words(
      'ALTER',
      node.temporary && 'TEMPORARY',
      'TABLE',
      exists(node),
      printTableName(node.name),
      cluster(node.cluster),
      node.commands.map((command) => `(${print(command)})`).join(', '),
    ),
  AlterDatabase: (node) =>
    words(
      'ALTER DATABASE',
      printName(node.name),
      cluster(node.cluster),
      node.settings && `MODIFY SETTING ${settings(node.settings)}`,
      text('MODIFY COMMENT', node.comment),
    ),
  Vacuum: (node) =>
    words(
      'VACUUM',
      printTableName(node.table),
      node.retain?.kind === 'Interval' && `RETAIN ${print(node.retain.value)} HOURS`,
      node.dryRun && 'DRY RUN',
    ),
  Use: (node) => `USE ${printName(node.database)}`,
  Set: (node) => `SET ${settings(node.settings)}`,
  Kill: (node) =>
    words('KILL', node.object, cluster(node.cluster), plainOf('WHERE', node.where), node.mode),
  System: (node) =>
    words(
      'SYSTEM',
      node.command,
      node.table && printTableName(node.table),
      ...node.args.map((arg) => (arg.kind === 'Name' ? printName(arg) : print(arg))),
      cluster(node.cluster),
      settingsClause(node.settings),
    ),
  Transaction: (node) =>
    node.action === 'SNAPSHOT'
      ? words('SET TRANSACTION SNAPSHOT', node.snapshot && print(node.snapshot))
      : `${node.action} TRANSACTION`,
  RestoreVersion: (node) =>
    words(
      `RESTORE TABLE ${printTableName(node.table)} TO`,
      plainOf('VERSION AS OF', node.version),
      plainOf('TIMESTAMP AS OF', node.timestamp),
    ),
  Drop: printDrop,
  Rename: printRename,
  Optimize: (node) =>
    words(
      `OPTIMIZE TABLE ${printTableName(node.table)}`,
      cluster(node.cluster),
      node.partition && print(node.partition),
      node.dryRun && 'DRY RUN',
      node.final && 'FINAL',
      node.deduplicate &&
        words('DEDUPLICATE', node.deduplicate.length > 0 && `BY ${list(node.deduplicate)}`),
      node.cleanup && 'CLEANUP',
      node.zorderBy && `ZORDER BY ${key(node.zorderBy)}`,
      settingsClause(node.settings),
    ),
  Backup: printBackup,
  BackupItem: printBackupItem,
} satisfies Partial<Visitor<string>>;
