// Text of CREATE: tables, views, databases, functions, indexes, dictionaries.
import type {
  CreateDictionary,
  CreateTable,
  CreateView,
  DictionaryCall,
  TableElement,
} from '../ast/index.ts';
import type { Visitor } from '../walk.ts';
import {
  after,
  bareName,
  cluster,
  missing,
  plain,
  plainOf,
  printName,
  printTableName,
  settings,
  settingsClause,
  text,
  words,
} from './base.ts';
import { print } from './index.ts';
import { callOrName, key } from './table.ts';

const prefixes: Readonly<Record<TableElement['kind'], string>> = {
  ColumnDefinition: '',
  ForeignKeyDefinition: '',
  IndexDefinition: 'INDEX ',
  ProjectionDefinition: 'PROJECTION ',
  ConstraintDefinition: 'CONSTRAINT ',
};
function elements(node: CreateTable | CreateView): string | undefined {
  if (node.elements === undefined) return undefined;
  const parts = node.elements.map((element) => prefixes[element.kind] + print(element));
  if (node.primaryKey !== undefined) parts.push(`PRIMARY KEY ${key(node.primaryKey)}`);
  return `(${parts.join(', ')})`;
}

function printCreateTable(node: CreateTable): string {
  const as = node.empty ? 'EMPTY AS' : 'AS';
  return words(
    node.mode,
    node.temporary && 'TEMPORARY',
    'TABLE',
    missing(node),
    printTableName(node.name),
    text('UUID', node.uuid),
    text('FROM', node.fromPath),
    cluster(node.cluster),
    elements(node),
    node.asTable && `${node.clone ? 'CLONE AS' : 'AS'} ${printTableName(node.asTable)}`,
    node.asFunction && `AS ${print(node.asFunction)}`,
    node.storage && print(node.storage),
    text('COMMENT', node.comment),
    node.query && `${as} ${print(node.query)}`,
  );
}

function printCreateView(node: CreateView): string {
  return words(
    node.mode,
    node.temporary && 'TEMPORARY',
    node.type === 'VIEW' ? 'VIEW' : `${node.type} VIEW`,
    missing(node),
    printTableName(node.name),
    text('UUID', node.uuid),
    cluster(node.cluster),
    node.refresh && print(node.refresh),
    node.to && `TO ${printTableName(node.to)}`,
    elements(node),
    node.storage && print(node.storage),
    node.populate && 'POPULATE',
    node.empty && 'EMPTY',
    node.definer !== undefined && `DEFINER = ${bareName(node.definer)}`,
    after('SQL SECURITY', node.security),
    text('COMMENT', node.comment),
    'AS',
    print(node.query),
  );
}

function printCreateDictionary(node: CreateDictionary): string {
  const attributes = node.attributes.map(print).join(', ');
  return words(
    node.mode,
    'DICTIONARY',
    missing(node),
    printTableName(node.name),
    cluster(node.cluster),
    attributes !== '' && `(${attributes})`,
    node.primaryKey.length > 0 && `PRIMARY KEY ${node.primaryKey.map(plain).join(', ')}`,
    ...[node.source, node.layout, node.lifetime, node.range].map((part) => part && print(part)),
    node.settings && `SETTINGS (${settings(node.settings)})`,
    text('COMMENT', node.comment),
  );
}

function printDictionaryCall(node: DictionaryCall): string {
  if (node.value !== undefined) {
    const { value } = node;
    return `${node.name} ${value.kind === 'Function' ? callOrName(value) : print(value)}`;
  }
  return `${node.name}(${node.args.map(print).join(' ')})`;
}

export const createPrinters = {
  CreateTable: printCreateTable,
  CreateView: printCreateView,
  CreateDatabase: (node) =>
    words(
      node.mode,
      'DATABASE',
      missing(node),
      printName(node.name),
      text('UUID', node.uuid),
      cluster(node.cluster),
      node.engine && `ENGINE = ${callOrName(node.engine)}`,
      settingsClause(node.settings),
      text('COMMENT', node.comment),
    ),
  CreateFunction: (node) =>
    words(
      node.orReplace ? 'CREATE OR REPLACE FUNCTION' : 'CREATE FUNCTION',
      missing(node),
      printName(node.name),
      cluster(node.cluster),
      'AS',
      print(node.lambda),
    ),
  CreateIndex: (node) =>
    words(
      node.unique ? 'CREATE UNIQUE INDEX' : 'CREATE INDEX',
      missing(node),
      printName(node.index.name),
      'ON',
      printTableName(node.table),
      cluster(node.cluster),
      print(node.index).slice(printName(node.index.name).length + 1),
    ),
  CreateDictionary: printCreateDictionary,
  DictionaryAttribute: (node) =>
    words(
      printName(node.name),
      print(node.type),
      plainOf('DEFAULT', node.default),
      plainOf('EXPRESSION', node.expression),
      ...node.flags,
    ),
  DictionaryCall: printDictionaryCall,
} satisfies Partial<Visitor<string>>;
