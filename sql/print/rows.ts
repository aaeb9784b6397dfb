// Text of statements that change rows.
import type { Insert, MergeWhen } from '../ast/index.ts';
import type { Visitor } from '../walk.ts';
import {
  bareName,
  cluster,
  list,
  names,
  plain,
  plainOf,
  printName,
  printTableName,
  settingsClause,
  style,
  text,
  words,
} from './base.ts';
import { print } from './index.ts';

function printInsert(node: Insert): string {
  const head = words(
    'INSERT INTO',
    node.table && printTableName(node.table),
    node.tableFunction && `FUNCTION ${print(node.tableFunction)}`,
    plainOf('PARTITION BY', node.partitionBy),
    node.columns && `(${node.columns.map(print).join(', ')})`,
    text('FROM INFILE', node.infile),
    text('COMPRESSION', node.compression),
    settingsClause(node.settings),
    node.query && print(node.query),
  );
  if (node.data === undefined) return head;
  const { format } = node.data;
  if (style.full) return `${head} FORMAT ${bareName(format)}`;
  return format === 'Values' ? `${head} VALUES ` : `${head} FORMAT ${bareName(format)}\n`;
}

function printMergeWhen(node: MergeWhen): string {
  const values = node.values && `VALUES (${list(node.values)})`;
  return words(
    'WHEN',
    !node.matched && 'NOT',
    'MATCHED',
    node.bySource && 'BY SOURCE',
    node.condition && `AND ${plain(node.condition)}`,
    'THEN',
    node.action === 'NOTHING' ? 'DO NOTHING' : node.action,
    node.action === 'UPDATE' && 'SET',
    node.all && '*',
    node.assignments?.map(print).join(', '),
    node.columns && `(${names(node.columns)})`,
    values,
  );
}

export const rowsPrinters = {
  Insert: printInsert,
  Delete: (node) =>
    words(
      `DELETE FROM ${printTableName(node.table)}`,
      cluster(node.cluster),
      node.partition && `IN ${print(node.partition)}`,
      plainOf('WHERE', node.where),
      settingsClause(node.settings),
    ),
  Update: (node) =>
    words(
      `UPDATE ${printTableName(node.table)}`,
      cluster(node.cluster),
      `SET ${node.assignments.map(print).join(', ')}`,
      node.partition && `IN ${print(node.partition)}`,
      plainOf('WHERE', node.where),
      settingsClause(node.settings),
    ),
  Merge: (node) =>
    words(
      `MERGE INTO ${printTableName(node.into)}`,
      node.alias && `AS ${printName(node.alias)}`,
      `USING ${print(node.using)} ON ${plain(node.on)}`,
      ...node.whens.map(print),
      settingsClause(node.settings),
    ),
  MergeWhen: printMergeWhen,
} satisfies Partial<Visitor<string>>;
