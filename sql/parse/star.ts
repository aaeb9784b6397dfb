// `*`, `t.*`, `COLUMNS(…)` and what changes their columns: EXCEPT, REPLACE, APPLY.
import type {
  Alias,
  ColumnsMatcher,
  ColumnTransformer,
  Expression,
  Identifier,
  Lambda,
  Name,
  Star,
} from '../ast/index.ts';
import { Text, Word } from '../lexer.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression, withAlias } from './expression.ts';
import { startsQuery } from './select.ts';

/** Behind `*` (taken), or at the word COLUMNS. */
export function parseStar(
  p: Cursor,
  start: number,
  qualifier: Name[] | undefined,
): Star | ColumnsMatcher {
  let node: Star | ColumnsMatcher = {
    kind: 'Star',
    qualifier,
    transformers: [],
    span: p.span(start),
  };
  if (p.value === 'COLUMNS' && p.peek(1) === '(' && p.text[p.lastEnd() - 1] !== '*') {
    node = parseColumns(p, start, qualifier);
  }
  parseTransformers(p, node, start);
  return node;
}

export function parseTransformers(p: Cursor, node: Star | ColumnsMatcher, start: number): void {
  for (;;) {
    const transformer = parseTransformer(p);
    if (transformer === undefined) break;
    node.transformers.push(transformer);
  }
  node.span = p.span(start);
}

function parseColumns(p: Cursor, start: number, qualifier: Name[] | undefined): ColumnsMatcher {
  p.next();
  p.next();
  let pattern: string | undefined;
  let columns: Identifier[] | undefined;
  if (p.kind === Text) pattern = p.string();
  else columns = p.list(() => identifier(p));
  p.expect(')');
  return {
    kind: 'ColumnsMatcher',
    qualifier,
    pattern,
    columns,
    transformers: [],
    span: p.span(start),
  };
}

/** `a.b.c` as a column. */
export function identifier(p: Cursor): Identifier {
  const start = p.start();
  const parts = [p.name('column')];
  while (p.value === '.') {
    p.next();
    parts.push(p.name('column'));
  }
  return { kind: 'Identifier', parts, span: p.span(start) };
}

function parseTransformer(p: Cursor): ColumnTransformer | undefined {
  const start = p.start();
  const word = p.value;
  if (word === 'APPLY') return parseApply(p, start);
  if (word === 'EXCEPT' || word === 'EXCLUDE') {
    const next = p.peek(1);
    // EXCEPT that joins queries.
    if (next === 'ALL' || next === 'DISTINCT' || startsQuery(p, 1)) return undefined;
    if (next === '(' && startsQuery(p, 2)) return undefined;
    return parseExcept(p, start);
  }
  if (word === 'REPLACE') return parseReplace(p, start);
  if (p.trace !== undefined) for (const w of ['EXCEPT', 'REPLACE', 'APPLY']) p.note(`~${w}`);
  return undefined;
}

function acceptStrict(p: Cursor): boolean {
  if (p.value !== 'STRICT' || !(p.peek(1) === '(' || p.peekKind(1) === Word)) return false;
  p.next();
  return true;
}

function parseExcept(p: Cursor, start: number): ColumnTransformer {
  p.next();
  const strict = acceptStrict(p);
  let pattern: string | undefined;
  let columns: Identifier[] = [];
  const open = p.accept('(');
  if (p.kind === Text) pattern = p.string();
  else columns = open ? p.list(() => identifier(p)) : [identifier(p)];
  if (open) p.expect(')');
  return { kind: 'ExceptTransformer', strict, pattern, columns, span: p.span(start) };
}

function parseReplace(p: Cursor, start: number): ColumnTransformer {
  p.next();
  const strict = acceptStrict(p);
  const item = (): Alias => {
    const expr: Expression = parseExpression(p, withAlias);
    return expr.kind === 'Alias' ? expr : p.fail('AS');
  };
  let items: Alias[];
  if (p.accept('(')) {
    items = p.list(item);
    p.expect(')');
  } else items = [item()];
  return { kind: 'ReplaceTransformer', strict, items, span: p.span(start) };
}

/** `lambda(tuple(x), body)` is how ClickHouse writes `x -> body` as a call. */
function lambdaOf(p: Cursor, [head, body, ...more]: readonly Expression[], start: number): Lambda {
  const params = head?.kind === 'Function' && head.name === 'tuple' ? head.args : [];
  const [param] = params;
  const name = param?.kind === 'Identifier' && params.length === 1 ? param.parts[0] : undefined;
  if (name === undefined || body === undefined || more.length > 0)
    return p.failWith('APPLY takes a lambda of one parameter: lambda(tuple(x), x + 1)');
  return { kind: 'Lambda', params: [name], body, span: p.span(start) };
}

function parseApply(p: Cursor, start: number): ColumnTransformer {
  p.next();
  const open = p.accept('(');
  let prefix: string | undefined;
  const after = (): void => {
    if (open && p.accept(',')) prefix = p.string();
    if (open) p.expect(')');
  };
  if (p.peek(1) === '->' || p.value === '(') {
    const lambda = parseExpression(p, 0);
    if (lambda.kind !== 'Lambda') return p.fail('->');
    after();
    return { kind: 'ApplyTransformer', lambda, prefix, span: p.span(start) };
  }
  const name = p.name('function');
  let parameters: Expression[] | undefined;
  if (p.accept('(')) {
    parameters = p.value === ')' ? [] : p.list(() => parseExpression(p, 0));
    p.expect(')');
  }
  after();
  const lambda = name.name === 'lambda' ? lambdaOf(p, parameters ?? [], start) : undefined;
  if (lambda) return { kind: 'ApplyTransformer', lambda, prefix, span: p.span(start) };
  return { kind: 'ApplyTransformer', name, parameters, prefix, span: p.span(start) };
}
