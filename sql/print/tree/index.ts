// EXPLAIN AST: the tree of a statement as ClickHouse shows its own. It follows from the text alone.
import type {
  CreateTable,
  CreateView,
  Explain,
  Expression,
  Insert,
  Show,
  Statement,
  TableName,
} from '../../ast/index.ts';
import { quoteString } from '../../escape.ts';
import { castText } from '../../parse/cast-source.ts';
import { children, transform } from '../../walk.ts';
import { print } from '../index.ts';
import { functional } from '../normal-form.ts';
import { type Branch, branch, branchLines, expressionList, identifier } from './branch.ts';
import { dotted, expression, expressions, type Growing } from './expression.ts';
import { tableExpression, unionQuery } from './query.ts';
import {
  alterCommand,
  assignments,
  columnsDefinition,
  partition,
  storageDefinition,
} from './table.ts';

const parts = ({ database, table }: TableName): Branch[] =>
  (database ? [database, table] : [table]).map((name) => identifier(dotted([name])));

/** Database and table behind the word of a statement: the blank between them is always there. */
const place = ({ database, table }: TableName): string =>
  `${database ? dotted([database]) : ''} ${dotted([table])}`;

/** A statement about one table, which stands behind what else there is. */
const about = (word: string, name: TableName, ...before: (Branch | undefined)[]): Branch =>
  branch(`${word} ${place(name)}`, ...before, ...parts(name));

const databaseOnly = (word: string, name: TableName): Branch =>
  branch(`${word} ${dotted([name.table])} `, identifier(dotted([name.table])));

/** `literal::Type` reads the text of the literal. */
function castsOfText(node: Expression, text: string): Expression {
  if (node.kind !== 'Cast' || node.form !== '::') return node;
  const { expr } = node;
  const value = castText(expr, () => text.slice(expr.span.start, expr.span.end) || print(expr));
  if (value === undefined) return node;
  return { ...node, expr: { kind: 'Literal', type: 'string', value, span: expr.span } };
}

/** The lines of EXPLAIN AST.
 *  @param text that the statement's places count in */
export function treeLines(statement: Statement, text: string): string[] {
  const written = transform(statement, (node) => castsOfText(node, text));
  const at: Growing = { text, depth: 0, query: (query, deeper) => unionQuery(query, deeper) };
  return branchLines(statementTree(functional(written), at));
}

function insertTree(node: Insert, at: Growing): Branch {
  const columns = node.columns && expressionList(expressions(node.columns, at));
  const table = node.table ? parts(node.table) : [];
  return branch(
    'InsertQuery  ',
    ...(node.tableFunction ? [expression(node.tableFunction, at)] : table),
    columns,
    node.query && unionQuery(node.query, at),
    node.settings && branch('Set'),
  );
}

const comment = (text: string | undefined): Branch | undefined =>
  text === undefined ? undefined : branch(`Literal ${quoteString(text)}`);

const tableTree = (node: CreateTable, at: Growing): Branch =>
  branch(
    `CreateQuery ${place(node.name).trimStart()}`,
    ...parts(node.name),
    columnsDefinition(node.elements, at),
    storageDefinition(node.storage, node.primaryKey, at),
    node.asFunction && expression(node.asFunction, at),
    node.query && unionQuery(node.query, at),
    comment(node.comment),
  );

function viewTree(node: CreateView, at: Growing): Branch {
  const inner = storageDefinition(node.storage, node.primaryKey, at);
  return branch(
    `CreateQuery ${place(node.name).trimStart()}`,
    ...parts(node.name),
    columnsDefinition(node.elements, at),
    unionQuery(node.query, at),
    node.type === 'MATERIALIZED' ? branch('ViewTargets', inner) : undefined,
    comment(node.comment),
  );
}

function statementTree(node: Statement, at: Growing): Branch {
  switch (node.kind) {
    case 'QueryStatement': {
      const { output } = node;
      const file = output?.outfile;
      return unionQuery(
        node.query,
        at,
        file === undefined ? undefined : branch(`Literal ${quoteString(file)}`),
        output?.settings && branch('Set'),
        output?.format && identifier(output.format.name),
      );
    }
    case 'Insert':
      return insertTree(node, at);
    case 'CreateTable':
      return tableTree(node, at);
    case 'CreateView':
      return viewTree(node, at);
    case 'CreateDatabase':
      return branch(
        `CreateQuery ${dotted([node.name])} `,
        identifier(dotted([node.name])),
        node.engine && branch('Storage definition', branch(`Function ${node.engine.name}`)),
      );
    case 'CreateFunction': {
      const name = dotted([node.name]);
      return branch(
        `CreateSQLFunctionQuery ${name}`,
        identifier(name),
        expression(node.lambda, at),
      );
    }
    case 'Drop': {
      const [name] = node.names;
      if (!name) return branch('DropQuery');
      const word = { DROP: 'Drop', DETACH: 'Detach', TRUNCATE: 'Truncate', UNDROP: 'Undrop' };
      const head = `${word[node.action]}Query`;
      return node.object === 'DATABASE' ? databaseOnly(head, name) : about(head, name);
    }
    case 'Rename':
      return branch(
        'Rename',
        ...node.pairs.flatMap(({ from, to }) => [...parts(from), ...parts(to)]),
      );
    case 'AlterTable': {
      const commands = expressionList(node.commands.map((one) => alterCommand(one, at)));
      const set = node.output?.settings && branch('Set');
      return branch(`AlterQuery ${place(node.name)}`, commands, ...parts(node.name), set);
    }
    case 'Delete':
      return about(
        'DeleteQuery',
        node.table,
        partition(node.partition, at),
        expression(node.where, at),
      );
    case 'Update':
      return branch(
        `UpdateQuery ${place(node.table)}`,
        ...parts(node.table),
        expression(node.where, at),
        assignments(node.assignments, at),
      );
    case 'Optimize': {
      const flags = `${node.final ? '_final' : ''}${node.deduplicate ? '_deduplicate' : ''}`;
      const only = partition(node.partition, at);
      return branch(`OptimizeQuery ${place(node.table)}${flags}`, only, ...parts(node.table));
    }
    case 'Check':
      return node.name
        ? about('CheckQuery', node.name, partition(node.partition, at))
        : branch('CheckQuery');
    case 'Show':
      return showTree(node);
    case 'Describe':
      return branch('DescribeQuery', tableExpression(node.source, at));
    case 'ExistsStatement': {
      const { object } = node;
      const word = `Exists${object[0]}${object.slice(1).toLowerCase()}Query`;
      return object === 'DATABASE' ? databaseOnly(word, node.name) : about(word, node.name);
    }
    case 'Explain':
      return explainTree(node, at);
    case 'Set':
      return branch('Set');
    case 'Use': {
      const name = dotted([node.database]);
      return branch(`UseQuery ${name}`, identifier(name));
    }
    case 'System':
      return branch('SYSTEM query');
    case 'Kill': {
      const where = expression(node.where, at);
      const id = where.label.replace(/ /g, '_');
      return branch(`KillQueryQuery ${id} ${node.mode}`, where);
    }
    default:
      return plainTree(node, at);
  }
}

const showWords: Readonly<Record<string, string>> = {
  COLUMNS: 'ShowColumns',
  FIELDS: 'ShowColumns',
  FUNCTIONS: 'ShowFunctions',
  INDEX: 'ShowIndexes',
  INDEXES: 'ShowIndexes',
  INDICES: 'ShowIndexes',
  KEYS: 'ShowIndexes',
  PROCESSLIST: 'ShowProcesslistQuery',
  ENGINES: 'ShowEngineQuery',
  SETTING: 'ShowSetting',
  GRANTS: 'ShowGrantsQuery',
};

function showTree(node: Show): Branch {
  const { type, name } = node;
  if (!type.startsWith('CREATE') || !name) return branch(showWords[type] ?? 'ShowTables');
  if (type === 'CREATE DATABASE') return databaseOnly('ShowCreateDatabaseQuery', name);
  return about(`ShowCreate${type === 'CREATE VIEW' ? 'View' : 'Table'}Query`, name);
}

function explainTree({ mode = 'PLAN', settings, statement }: Explain, at: Growing): Branch {
  return branch(
    `Explain EXPLAIN${mode === 'PLAN' ? '' : ` ${mode}`}`,
    settings && settings.length > 0 ? branch('Set') : undefined,
    statement && statementTree(statement, at),
  );
}

/** Statements that ClickHouse does not have, or that nobody looks at: kinds of nodes. */
function plainTree(node: Statement, at: Growing): Branch {
  const below = children(node).flatMap((child) =>
    child.kind === 'Name' || child.kind === 'TableName' || child.kind === 'Output'
      ? []
      : [branch(child.kind)],
  );
  return at.depth > 0 ? branch(node.kind) : branch(node.kind, ...below);
}
