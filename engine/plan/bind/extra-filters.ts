// Filters that settings add: additional_table_filters to tables of FROM, additional_result_filter to the
// result of the whole query.

import { type Expression, SqlSyntaxError } from '../../../sql/index.ts';
import { failAt, type Planning } from '../context.ts';
import { filter, type Node } from '../logical.ts';
import { condition } from './conditions.ts';
import { bindExpression } from './expression/index.ts';
import { makeSource, newScope, plainColumn, type Scope, type Source } from './scope.ts';

const parsed = new Map<string, ReadonlyMap<string, string>>();

/** Text of a setting as an expression. What is wrong with it has no place in the statement. */
function parsedAs(ctx: Planning, text: string, scope: Scope): Expression {
  try {
    return ctx.parseExpression(text);
  } catch (error) {
    if (!(error instanceof SqlSyntaxError)) throw error;
    throw failAt(scope.span, 'SYNTAX_ERROR', `A filter of the settings: ${error.message}`);
  }
}

/** The pairs of a map such as {'t': 'x != 1'}. */
function pairsOf(ctx: Planning, text: string, scope: Scope): ReadonlyMap<string, string> {
  const known = parsed.get(text);
  if (known) return known;
  const bad = (): Error =>
    failAt(
      scope.span,
      'BAD_ARGUMENTS',
      "additional_table_filters takes a map from tables to conditions, such as {'t': 'x != 1'}",
    );
  const ast = parsedAs(ctx, text, scope);
  if (ast.kind !== 'Map') throw bad();
  const pairs = new Map<string, string>();
  ast.keys.forEach((key, i) => {
    const value = ast.values[i];
    if (key.kind !== 'Literal' || key.type !== 'string') throw bad();
    if (value?.kind !== 'Literal' || value.type !== 'string') throw bad();
    pairs.set(key.value, value.value);
  });
  if (parsed.size >= 100) parsed.clear();
  parsed.set(text, pairs);
  return pairs;
}

function filtered(scope: Scope, node: Node, source: Source, text: string): Node {
  const inner = newScope(scope.ctx, scope.span);
  inner.sources = [source];
  const ast = parsedAs(scope.ctx, text, scope);
  return filter(node, condition(bindExpression(ast, inner), ast, 'A filter of the settings'));
}

/** A table of FROM with the filter that additional_table_filters has for it. */
export function withTableFilter(scope: Scope, node: Node, source: Source): Node {
  const text = scope.ctx.settings.text('additional_table_filters');
  if (text === '' || text === '{}' || source.table === undefined) return node;
  const pairs = pairsOf(scope.ctx, text, scope);
  const names = [`${source.database}.${source.table}`, source.table, source.alias];
  for (const name of names) {
    const condition_ = name === undefined ? undefined : pairs.get(name);
    if (condition_ !== undefined) return filtered(scope, node, source, condition_);
  }
  return node;
}

/** The result with the filter that additional_result_filter has for it. */
export function withResultFilter(scope: Scope, node: Node): Node {
  const text = scope.ctx.settings.text('additional_result_filter');
  if (text === '') return node;
  const columns = node.columns.map((c) => plainColumn(c));
  return filtered(scope, node, makeSource({}, columns), text);
}
