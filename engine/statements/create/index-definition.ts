// INDEX clauses of CREATE and ALTER TABLE.

import {
  type IndexDefinition as IndexAst,
  print,
  printNormal,
  type Span,
  suggest,
} from '../../../sql/index.ts';
import type { IndexDefinition } from '../../catalog/definition.ts';
import { atPlace } from '../../plan/bind/from/as-of.ts';
import { failAt, notBuilt } from '../../plan/context.ts';
import { columnsOf, type Expr, someExpr } from '../../plan/expression.ts';
import { indexesBuilt, keptIndex } from '../../tables/skip-index.ts';
import { inParentheses } from './written-keys.ts';

const indexTypes = new Set([
  'minmax',
  'set',
  'bloom_filter',
  'ngrambf_v1',
  'tokenbf_v1',
  'sparse_grams',
  'text',
  'full_text',
  'inverted',
  'vector_similarity',
  'hypothesis',
]);

/** The indexes of a CREATE TABLE, each with a name of its own. */
export function indexDefinitions(list: readonly IndexAst[], text: string): IndexDefinition[] {
  const names = new Set<string>();
  return list.map((ast) => {
    const { name } = ast.name;
    if (names.has(name)) throw failAt(ast.span, 'ILLEGAL_INDEX', `Index ${name} is there twice`);
    names.add(name);
    return indexDefinition(ast, text);
  });
}

/** @param text of the statement, for what stands around the expression */
export function indexDefinition(ast: IndexAst, text: string): IndexDefinition {
  const type = ast.type?.name ?? 'minmax';
  const span = ast.type?.nameSpan ?? ast.span;
  if (!indexTypes.has(type)) {
    const near = suggest(type, indexesBuilt);
    throw failAt(
      span,
      'INCORRECT_QUERY',
      `Unknown index type '${type}'`,
      near ? { hint: `Did you mean \`${near}\`?` } : {},
    );
  }
  if (type === 'hypothesis') {
    const text = "Index of type 'hypothesis' is no longer supported";
    throw failAt(span, 'ILLEGAL_INDEX', text, {
      hint: 'CONSTRAINT … ASSUME says what rows are like',
    });
  }
  if (!indexesBuilt.has(type)) throw notBuilt(span, `Index type ${type}`);
  const written = ast.type ? print(ast.type).replace(/\(\)$/, '') : 'minmax';
  atPlace(span, () => keptIndex(written));
  checkFilterSize(ast);
  checkShare(ast);
  if (ast.granularity === 0)
    throw failAt(ast.span, 'BAD_ARGUMENTS', 'GRANULARITY of an index is a positive whole number');
  return {
    name: ast.name.name,
    expr: printNormal(ast.expr),
    type: written,
    granularity: ast.granularity ?? 1,
    ...(inParentheses(text, ast.expr.span) ? { wrapped: true } : {}),
  };
}

/** An index is over what is in the rows. */
export function checkIndexed(expr: Expr, span: Span): void {
  if (someExpr(expr, (e) => e.kind === 'aggregate' || e.kind === 'window')) {
    const text = 'An index cannot be over aggregates or windows';
    throw failAt(span, 'ILLEGAL_AGGREGATION', text);
  }
  if (columnsOf(expr).size === 0)
    throw failAt(span, 'INCORRECT_QUERY', 'An index cannot be over constants');
}

/** Bytes of a filter of tokens or n-grams, its hash functions, and a seed. */
function checkFilterSize({ type, span }: IndexAst): void {
  if (!type || !/^(tokenbf|ngrambf)_v1$/.test(type.name)) return;
  const numbers = type.args.map((arg) =>
    arg.kind === 'Literal' && arg.type === 'number' ? Number(arg.text) : Number.NaN,
  );
  const [bytes = 0, hashes = 0] = type.name === 'ngrambf_v1' ? numbers.slice(1) : numbers;
  const count = type.name === 'ngrambf_v1' ? 4 : 3;
  const good = numbers.length === count && numbers.every((n) => Number.isInteger(n) && n >= 0);
  if (good && bytes >= 1 && bytes <= 1 << 26 && hashes >= 1 && hashes <= 256) return;
  throw failAt(span, 'BAD_ARGUMENTS', `${type.name} takes ${count} whole numbers`, {
    hint: 'As in tokenbf_v1(256, 2, 0): bytes of a filter, hash functions, a seed',
  });
}

/** Of a bloom_filter: how often it may be wrong. */
function checkShare({ type, span }: IndexAst): void {
  const [share] = type?.name === 'bloom_filter' ? type.args : [];
  if (!share) return;
  const value = share.kind === 'Literal' && share.type === 'number' ? Number(share.text) : NaN;
  if (value > 0 && value < 1) return;
  throw failAt(span, 'BAD_ARGUMENTS', 'bloom_filter takes a number between 0 and 1', {
    hint: 'As in bloom_filter(0.01): one of a hundred blocks is read for nothing',
  });
}
