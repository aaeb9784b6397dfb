// What declares a table: columns, indexes, projections, constraints, ENGINE … SETTINGS, TTL.
import type {
  Assignment,
  ColumnDefault,
  ColumnDefinition,
  ConstraintDefinition,
  Expression,
  FunctionCall,
  IndexDefinition,
  OrderItem,
  Partition,
  ProjectionDefinition,
  SettingItem,
  Storage,
  TableElement,
  TtlItem,
} from '../ast/index.ts';
import { emptySelect } from '../build.ts';
import { Quoted, Text, Word } from '../lexer.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression, parseExpressionList, withAlias } from './expression.ts';
import { parseGroupBy } from './group-by.ts';
import { call } from './operand.ts';
import { parseOrderBy, parseOrderItem } from './order.ts';
import { parseSelect } from './select.ts';
import { identifier } from './star.ts';
import { parseType } from './type.ts';
import { parseSettingsList } from './window.ts';

/** `name` or `name(args)`, as engines, codecs and index types are written. */
export function parseCallOrName(p: Cursor, expected: string): FunctionCall {
  if ((p.kind === Word || p.kind === Quoted) && p.peek(1) === '(') {
    const start = p.start();
    const name = p.name(expected);
    p.next();
    const args: Expression[] = [];
    let settings: SettingItem[] | undefined;
    while (p.value !== ')') {
      if (p.value === 'SETTINGS' && p.peekKind(1) === Word) {
        p.next();
        settings = parseSettingsList(p);
        break;
      }
      args.push(parseExpression(p, withAlias));
      if (!p.accept(',')) break;
    }
    p.expect(')');
    const node = call(name.name, name.span, args, p.span(start));
    if (settings !== undefined) node.settings = settings;
    return node;
  }
  const name = p.name(expected);
  return call(name.name, name.span, [], name.span);
}

/** `CODEC` is taken: `(Delta, ZSTD(3))`. */
export function parseCodec(p: Cursor): FunctionCall[] {
  p.expect('(');
  const codecs = p.list(() => parseCallOrName(p, 'codec'));
  p.expect(')');
  return codecs;
}

/** `( elements )` of CREATE TABLE. */
export function parseElements(
  p: Cursor,
  typesRequired = true,
): {
  elements: TableElement[];
  primaryKey: Expression[] | undefined;
} {
  p.expect('(');
  const elements: TableElement[] = [];
  let primaryKey: Expression[] | undefined;
  while (p.value !== ')') {
    if (p.value === 'PRIMARY' && p.peek(1) === 'KEY') {
      p.next();
      p.next();
      primaryKey = parseKey(p);
    } else elements.push(parseElement(p, typesRequired));
    if (!p.accept(',')) break;
  }
  if (elements.length === 0) p.fail('column');
  p.expect(')');
  return { elements, primaryKey };
}

function parseElement(p: Cursor, typesRequired: boolean): TableElement {
  const start = p.start();
  const named = p.peekKind(1) === Word || p.peekKind(1) === Quoted;
  if (named) {
    if (p.value === 'INDEX' && !isTypeAhead(p)) {
      p.next();
      return parseIndex(p, start);
    }
    if (p.value === 'PROJECTION' && (p.peek(2) === '(' || p.peek(2) === 'INDEX')) {
      p.next();
      return parseProjection(p, start);
    }
    if (p.value === 'CONSTRAINT' && p.peekKind(2) === Word) {
      p.next();
      return parseConstraint(p, start);
    }
    if (p.value === 'FOREIGN' && p.peek(1) === 'KEY') return parseForeignKey(p, start);
  }
  return parseColumn(p, typesRequired);
}

/** `index UInt8,` is a column named index. */
function isTypeAhead(p: Cursor): boolean {
  return p.peek(2) === ',' || p.peek(2) === ')' || p.peek(2) === 'DEFAULT';
}

/** Behind the word INDEX. */
export function parseIndex(p: Cursor, start: number): IndexDefinition {
  const name = p.dottedName();
  const expr = parseExpression(p, 0);
  return parseIndexRest(p, start, name, expr);
}

export function parseIndexRest(
  p: Cursor,
  start: number,
  name: IndexDefinition['name'],
  expr: Expression,
): IndexDefinition {
  const node: IndexDefinition = { kind: 'IndexDefinition', name, expr, span: p.span(start) };
  if (p.accept('TYPE')) node.type = parseCallOrName(p, 'index type');
  if (p.accept('GRANULARITY')) node.granularity = p.integer();
  node.span = p.span(start);
  return node;
}

/** Behind the word PROJECTION. */
export function parseProjection(p: Cursor, start: number): ProjectionDefinition {
  const name = p.name('projection');
  const node: ProjectionDefinition = { kind: 'ProjectionDefinition', name, span: p.span(start) };
  if (p.accept('INDEX')) {
    const expr = parseExpression(p, 0);
    p.expect('TYPE');
    node.index = { expr, type: parseCallOrName(p, 'index type') };
  } else {
    p.expect('(');
    node.query = parseProjectionQuery(p);
    p.expect(')');
  }
  if (p.value === 'WITH' && p.peek(1) === 'SETTINGS') {
    p.next();
    p.next();
    p.expect('(');
    node.settings = parseSettingsList(p);
    p.expect(')');
  }
  node.span = p.span(start);
  return node;
}

/** `[WITH …] SELECT columns [GROUP BY …] [ORDER BY …]`. */
function parseProjectionQuery(p: Cursor): ProjectionDefinition['query'] {
  if (p.value === 'SELECT') return parseSelect(p);
  const start = p.start();
  const node = emptySelect({ start, end: start });
  if (p.accept('WITH')) {
    const at = p.start();
    const items = parseExpressionList(p).map((expr) => {
      if (expr.kind !== 'Alias') return p.fail('AS');
      return {
        kind: 'CommonExpression' as const,
        name: expr.alias,
        expr: expr.expr,
        span: expr.span,
      };
    });
    const select = parseSelect(p);
    select.with = { kind: 'With', recursive: false, items, span: p.span(at) };
    return select;
  }
  p.expect('SELECT');
  node.columns = parseExpressionList(p);
  if (p.acceptAll('GROUP', 'BY')) node.groupBy = parseGroupBy(p);
  const at = p.start();
  if (p.acceptAll('ORDER', 'BY')) node.orderBy = parseOrderBy(p, at);
  node.span = p.span(start);
  return node;
}

/** Behind the word CONSTRAINT. */
export function parseConstraint(p: Cursor, start: number): ConstraintDefinition | TableElement {
  const name = p.name('constraint');
  if (p.value === 'FOREIGN') return { ...parseForeignKey(p, start), name };
  const type = p.expectOne('CHECK', 'ASSUME');
  const expr = parseExpression(p, 0);
  return { kind: 'ConstraintDefinition', name, type, expr, span: p.span(start) };
}

function parseForeignKey(
  p: Cursor,
  start: number,
): TableElement & { kind: 'ForeignKeyDefinition' } {
  const names = () => {
    p.expect('(');
    const list = p.list(() => p.name());
    p.expect(')');
    return list;
  };
  p.expectAll('FOREIGN', 'KEY');
  const columns = names();
  p.expect('REFERENCES');
  const table = p.tableName();
  const references = names();
  while (p.accept('ON')) {
    p.expectOne('DELETE', 'UPDATE');
    if (p.accept('SET')) p.expectOne('NULL', 'DEFAULT');
    else if (p.accept('NO')) p.expect('ACTION');
    else p.expectOne('CASCADE', 'RESTRICT');
  }
  return { kind: 'ForeignKeyDefinition', columns, table, references, span: p.span(start) };
}

/** Words that can follow a column's name where its type is missing. */
const afterColumnName = new Set([
  'DEFAULT',
  'MATERIALIZED',
  'ALIAS',
  'EPHEMERAL',
  'CODEC',
  'TTL',
  'COMMENT',
  'PRIMARY',
  'NULL',
  'NOT',
  'COLLATE',
  'STATISTICS',
  'SETTINGS',
  'AUTO_INCREMENT',
  'FIRST',
  'AFTER',
  'REMOVE',
  'MODIFY',
  'RESET',
  'TYPE',
]);
const isColumnWord = (p: Cursor): boolean =>
  p.kind === Word && afterColumnName.has(p.value) && p.peek(1) !== '.';

/** `requireType`: an ADD COLUMN or CREATE needs a type or a default. */
export function parseColumn(p: Cursor, requireType = true): ColumnDefinition {
  const start = p.start();
  const name = p.dottedName();
  const node: ColumnDefinition = {
    kind: 'ColumnDefinition',
    name,
    primaryKey: false,
    span: p.span(start),
  };
  if ((p.kind === Word || p.kind === Quoted) && !isColumnWord(p)) node.type = parseType(p);
  parseColumnRest(p, node);
  if (requireType && node.type === undefined && node.default === undefined) p.fail('data type');
  node.span = p.span(start);
  return node;
}

function parseColumnRest(p: Cursor, node: ColumnDefinition): void {
  for (;;) {
    const start = p.start();
    if (p.accept('NULL')) node.nullable = true;
    else if (p.acceptAll('NOT', 'NULL')) node.nullable = false;
    else if (node.default === undefined && isDefaultWord(p)) node.default = parseDefault(p, start);
    else if (p.accept('COMMENT')) node.comment = p.string();
    else if (p.accept('CODEC')) node.codec = parseCodec(p);
    else if (p.accept('STATISTICS')) node.statistics = parseCodec(p);
    else if (p.accept('TTL')) node.ttl = parseExpression(p, 0);
    else if (p.accept('COLLATE')) node.collate = p.nameOrString('collation').name;
    else if (p.acceptAll('PRIMARY', 'KEY')) node.primaryKey = true;
    else if (p.value === 'SETTINGS' && p.peek(1) === '(') {
      p.next();
      p.next();
      node.settings = parseSettingsList(p);
      p.expect(')');
    } else return;
  }
}

const defaults = ['DEFAULT', 'MATERIALIZED', 'ALIAS', 'EPHEMERAL', 'AUTO_INCREMENT'] as const;
function isDefaultWord(p: Cursor): boolean {
  if (p.trace !== undefined) for (const word of defaults) p.note(word);
  return (defaults as readonly string[]).includes(p.value);
}

function parseDefault(p: Cursor, start: number): ColumnDefault {
  const type = p.expectOne(...defaults);
  const bare =
    type === 'AUTO_INCREMENT' ||
    (type === 'EPHEMERAL' && (p.value === ',' || p.value === ')' || p.atEnd() || isColumnWord(p)));
  const expr = bare ? undefined : parseExpression(p, 0);
  return { kind: 'ColumnDefault', type, expr, span: p.span(start) };
}

/** A key: `a`, `(a, b)`, `tuple()`; its columns. */
export function parseKey(p: Cursor): Expression[] {
  const expr = parseExpression(p, 0);
  if (expr.kind === 'Tuple') return expr.items;
  if (expr.kind === 'Function' && expr.name === 'tuple' && expr.args.length === 0) return [];
  return [expr];
}

/** A sorting key: like `parseKey`, with ASC and DESC. */
export function parseSortingKey(p: Cursor): OrderItem[] {
  if (p.value !== '(') return fromKey([parseOrderItem(p, 0)]);
  const start = p.index;
  p.next();
  if (p.is(')')) {
    p.next();
    return [];
  }
  const items = p.list(() => parseOrderItem(p));
  if (p.is(',') && p.peek(1) === ')') p.next();
  p.expect(')');
  const plain = items.every((item) => item.direction === undefined);
  // `(a + 1) * 2` began with a parenthesis too.
  if (plain && !endsKey(p)) {
    p.seek(start);
    return fromKey([parseOrderItem(p, 0)]);
  }
  return items;
}

function fromKey(items: OrderItem[]): OrderItem[] {
  const expr = items[0]?.expr;
  if (expr?.kind === 'Function' && expr.name === 'tuple' && expr.args.length === 0) return [];
  if (expr?.kind !== 'Tuple') return items;
  return expr.items.map((item) => ({ kind: 'OrderItem', expr: item, span: item.span }));
}

function endsKey(p: Cursor): boolean {
  return p.atEnd() || p.kind === Word || p.value === ')' || p.value === ',';
}

/** ENGINE, PARTITION BY, ORDER BY, PRIMARY KEY, SAMPLE BY, TTL, SETTINGS; undefined when none. */
export function parseStorage(p: Cursor): Storage | undefined {
  const start = p.start();
  const node: Storage = { kind: 'Storage', span: { start, end: start } };
  for (;;) {
    if (node.engine === undefined && p.accept('ENGINE')) {
      p.accept('=');
      node.engine = parseCallOrName(p, 'table engine');
    } else if (!node.partitionBy && p.acceptAll('PARTITION', 'BY'))
      node.partitionBy = parseExpression(p, 0);
    else if (!node.orderBy && p.acceptAll('ORDER', 'BY')) node.orderBy = parseSortingKey(p);
    else if (!node.primaryKey && p.acceptAll('PRIMARY', 'KEY')) node.primaryKey = parseKey(p);
    else if (!node.sampleBy && p.acceptAll('SAMPLE', 'BY')) node.sampleBy = parseExpression(p, 0);
    else if (!node.ttl && p.accept('TTL')) node.ttl = parseTtl(p);
    else if (!node.settings && p.accept('SETTINGS')) node.settings = parseSettingsList(p);
    else break;
  }
  if (p.lastEnd() <= start) return undefined;
  node.span = p.span(start);
  return node;
}

/** Behind the word TTL. */
export function parseTtl(p: Cursor): TtlItem[] {
  return p.list(() => parseTtlItem(p));
}

function parseTtlItem(p: Cursor): TtlItem {
  const start = p.start();
  const node: TtlItem = {
    kind: 'TtlItem',
    expr: parseExpression(p, 0),
    action: 'DELETE',
    ifExists: false,
    span: { start, end: start },
  };
  if (p.accept('TO')) {
    node.action = p.expectOne('DISK', 'VOLUME');
    node.ifExists = p.ifExists();
    node.destination = p.string();
  } else if (p.accept('RECOMPRESS')) {
    node.action = 'RECOMPRESS';
    p.expect('CODEC');
    node.codec = parseCodec(p);
  } else if (p.acceptAll('GROUP', 'BY')) {
    node.action = 'GROUP BY';
    node.groupBy = [parseExpression(p, 0)];
    while (p.accept(',')) node.groupBy.push(parseExpression(p, 0));
    if (p.accept('SET')) node.set = parseAssignments(p);
  } else p.accept('DELETE');
  if (p.accept('WHERE')) node.where = parseExpression(p, 0);
  node.span = p.span(start);
  return node;
}

export function parseAssignments(p: Cursor): Assignment[] {
  const list = [parseAssignment(p)];
  while (p.value === ',') {
    // A comma may also begin the next command or TTL item.
    if (!(p.peekKind(1) === Word || p.peekKind(1) === Quoted) || !assigns(p)) break;
    p.next();
    list.push(parseAssignment(p));
  }
  return list;
}

function assigns(p: Cursor): boolean {
  let ahead = 2;
  while (p.peek(ahead) === '.') ahead += 2;
  return p.peek(ahead) === '=';
}

export function parseAssignment(p: Cursor): Assignment {
  const start = p.start();
  const column = identifier(p);
  p.expect('=');
  const at = p.start();
  let value: Expression;
  if (p.value === 'DEFAULT') {
    p.next();
    value = { kind: 'Literal', type: 'default', span: p.span(at) };
  } else value = parseExpression(p, 0);
  return { kind: 'Assignment', column, value, span: p.span(start) };
}

/** `PARTITION expr | ID 'x' | ALL` or `PART 'name'`; the cursor is at the word. */
export function parsePartition(p: Cursor): Partition {
  const start = p.start();
  if (p.accept('PART')) {
    const expr = parseExpression(p, 0);
    return { kind: 'Partition', type: 'PART', expr, span: p.span(start) };
  }
  p.expect('PARTITION');
  if (p.value === 'ALL') {
    p.next();
    return { kind: 'Partition', type: 'ALL', span: p.span(start) };
  }
  if (p.value === 'ID' && p.peekKind(1) === Text) {
    p.next();
    return { kind: 'Partition', type: 'ID', id: p.string(), span: p.span(start) };
  }
  if (p.value === 'ID' && p.peek(1) === '{') {
    p.next();
    const expr = parseExpression(p, 0);
    return { kind: 'Partition', type: 'ID', expr, span: p.span(start) };
  }
  const expr = parseExpression(p, 0);
  return { kind: 'Partition', type: 'EXPR', expr, span: p.span(start) };
}

/** IN PARTITION …. */
export function parseInPartition(p: Cursor): Partition | undefined {
  if (p.value !== 'IN' || p.peek(1) !== 'PARTITION') {
    if (p.trace !== undefined) p.note('IN PARTITION');
    return undefined;
  }
  p.next();
  return parsePartition(p);
}
