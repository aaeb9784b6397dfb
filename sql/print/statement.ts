// Text of statements; those of access control are in access.ts.
import type {
  Backup,
  BackupItem,
  CreateDictionary,
  CreateTable,
  CreateView,
  DictionaryCall,
  Drop,
  Insert,
  MergeWhen,
  Rename,
  Show,
  Statement,
  TableElement,
} from '../ast/index.ts';
import { quoteString } from '../escape.ts';
import type { Visitor } from '../walk.ts';
import { accessPrinters, printPrivileges } from './access.ts';
import {
  after,
  bareName,
  cluster,
  list,
  names,
  plain,
  plainOf,
  printName,
  printTableName,
  settings,
  settingsClause,
  style,
  text,
  words,
} from './base.ts';
import { print } from './index.ts';
import { callOrName, key } from './table.ts';

const exists = (node: { ifExists: boolean }): string | false => node.ifExists && 'IF EXISTS';
const missing = (node: { ifNotExists: boolean }): string | false =>
  node.ifNotExists && 'IF NOT EXISTS';

/** Every printer of a statement, with what all statements can end with. */
function withOutput<N extends Statement>(printer: (node: N) => string): (node: N) => string {
  return (node) =>
    node.output === undefined ? printer(node) : `${printer(node)} ${print(node.output)}`;
}

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

function printLike(node: Drop | Show): string | undefined {
  const { like } = node;
  if (like === undefined) return undefined;
  return words(
    like.negated && 'NOT',
    like.caseInsensitive ? 'ILIKE' : 'LIKE',
    quoteString(like.pattern),
  );
}

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

type Printers = Pick<Visitor<string>, Statement['kind']>;
const statements: Printers = {
  ...accessPrinters,
  QueryStatement: (node) => print(node.query),
  Insert: printInsert,
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
  Drop: printDrop,
  Rename: printRename,
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
  Check: (node) =>
    words(
      'CHECK',
      node.object,
      node.privileges && printPrivileges(node.privileges),
      node.name && printTableName(node.name),
      node.partition && print(node.partition),
      settingsClause(node.settings),
    ),
  Vacuum: (node) =>
    words(
      'VACUUM',
      printTableName(node.table),
      node.retain?.kind === 'Interval' && `RETAIN ${print(node.retain.value)} HOURS`,
      node.dryRun && 'DRY RUN',
    ),
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
  Backup: printBackup,
  RestoreVersion: (node) =>
    words(
      `RESTORE TABLE ${printTableName(node.table)} TO`,
      plainOf('VERSION AS OF', node.version),
      plainOf('TIMESTAMP AS OF', node.timestamp),
    ),
};

const wrapped = Object.fromEntries(
  Object.entries(statements).map(([kind, printer]) => [
    kind,
    withOutput(printer as (node: Statement) => string),
  ]),
) as unknown as Printers;

export const statementPrinters = {
  ...wrapped,
  DictionaryAttribute: (node) =>
    words(
      printName(node.name),
      print(node.type),
      plainOf('DEFAULT', node.default),
      plainOf('EXPRESSION', node.expression),
      ...node.flags,
    ),
  DictionaryCall: printDictionaryCall,
  RoleSet: accessPrinters.RoleSet,
  AuthMethod: accessPrinters.AuthMethod,
  HostRule: accessPrinters.HostRule,
  ProfileSetting: accessPrinters.ProfileSetting,
  QuotaLimit: accessPrinters.QuotaLimit,
  GrantTarget: accessPrinters.GrantTarget,
  Privilege: accessPrinters.Privilege,
  MergeWhen: printMergeWhen,
  BackupItem: printBackupItem,
} satisfies Partial<Visitor<string>>;
