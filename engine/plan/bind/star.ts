// `*`, `t.*`, COLUMNS('re') and their EXCEPT, REPLACE and APPLY: a list of bound columns with names.

import {
  type ColumnsMatcher,
  type ColumnTransformer,
  type Expression,
  type Identifier,
  type Star,
  suggest,
} from '../../../sql/index.ts';
import { failAt } from '../context.ts';
import type { Expr } from '../expression.ts';
import { matchingNames } from '../matching-names.ts';
import { baseType, tupleElements } from '../types.ts';
import { callByName } from './expression/call.ts';
import { elementOf } from './expression/identifier.ts';
import { bindExpression } from './expression/index.ts';
import { columnName } from './names.ts';
import {
  findColumn,
  findSource,
  identifierParts,
  nameText,
  type Scope,
  type Source,
  type SourceColumn,
} from './scope.ts';
import { shortestName } from './shortest-name.ts';

export interface NamedExpr {
  name: string;
  expr: Expr;
}

interface Candidate {
  /** Name inside its table, which EXCEPT, REPLACE and patterns look at. */
  column: string;
  name: string;
  /** What APPLY shows inside its own name, where REPLACE changed the column. */
  inner?: string;
  expr: Expr;
}

export function expandColumns(ast: Star | ColumnsMatcher, scope: Scope): NamedExpr[] {
  const tuple = ast.kind === 'Star' && ast.source ? ast : tupleColumn(ast, scope);
  let items: Candidate[] = tuple ? tupleItems(tuple, scope) : select(ast, scope);
  for (const transformer of ast.transformers) items = transform(transformer, items, scope);
  return items;
}

function tupleItems(ast: Star, scope: Scope): Candidate[] {
  const value = bindExpression(ast.source as Expression, scope);
  const elements = tupleElements(baseType(value.type));
  if (!elements) throw failAt(ast.span, 'TYPE_MISMATCH', `.* needs a Tuple, not ${value.type}`);
  return elements.map((element, i) => {
    const name = element.name || String(i + 1);
    return { column: name, name, expr: elementOf(scope, value, name, ast.span) };
  });
}

/** `p.*` where p is a Tuple column, not a table. */
function tupleColumn(ast: Star | ColumnsMatcher, scope: Scope): Star | undefined {
  if (ast.kind !== 'Star' || !ast.qualifier) return undefined;
  const parts = ast.qualifier.map((part) => nameText(scope.ctx, part));
  if (findSource(scope, parts)) return undefined;
  const known = findColumn(scope, parts, ast.span) ?? scope.aliases.get(parts[0] as string);
  if (!known) return undefined;
  const source: Expression = { kind: 'Identifier', parts: ast.qualifier, span: ast.span };
  return { ...ast, source };
}

function sourcesOf(ast: Star | ColumnsMatcher, scope: Scope): readonly Source[] {
  if (!ast.qualifier) return scope.sources;
  const parts = ast.qualifier.map((part) => nameText(scope.ctx, part));
  const source = findSource(scope, parts);
  if (source) return [source];
  const names = scope.sources.flatMap((s) => [s.alias, s.table].filter((n) => n !== undefined));
  const near = suggest(parts.join('.'), names);
  throw failAt(ast.span, 'UNKNOWN_IDENTIFIER', `There is no table \`${parts.join('.')}\` in FROM`, {
    ...(near === undefined ? {} : { hint: `Did you mean \`${near}\`?` }),
  });
}

function select(ast: Star | ColumnsMatcher, scope: Scope): Candidate[] {
  if (ast.kind === 'ColumnsMatcher' && ast.columns) {
    return ast.columns.map((identifier: Identifier) => {
      const name = columnName(identifier, scope);
      return { column: name, name, expr: bindExpression(identifier, scope) };
    });
  }
  const sources = sourcesOf(ast, scope);
  if (sources.length === 0) {
    throw failAt(ast.span, 'UNKNOWN_TABLE', 'There is no FROM that * could take columns from');
  }
  const pattern = ast.kind === 'ColumnsMatcher' ? ast.pattern : undefined;
  const all = sources.flatMap((source) => source.columns.map((c) => c.name));
  const matched =
    pattern === undefined ? undefined : matchingNames(scope.ctx.kernel, pattern, all, ast.span);
  const named = (name: string, column: SourceColumn, source: Source | undefined): Candidate[] => {
    if (column.hidden || matched?.has(name) === false) return [];
    const expr = column.expr();
    const shown = source ? shortestName(scope, name, source, expr.key) : name;
    return [{ column: name, name: shown, expr }];
  };
  if (ast.qualifier || !scope.star)
    return sources.flatMap((source) => source.columns.flatMap((c) => named(c.name, c, source)));
  return scope.star.flatMap((item) => {
    if ('merged' in item)
      return named(item.merged, scope.merged.get(item.merged) as SourceColumn, undefined);
    const source = scope.sources[item.table] as Source;
    const column = source.columns[item.at] as SourceColumn;
    return named(column.name, column, source);
  });
}

function transform(t: ColumnTransformer, items: Candidate[], scope: Scope): Candidate[] {
  if (t.kind === 'ExceptTransformer') {
    if (t.pattern !== undefined) {
      const names = items.map((item) => item.column);
      const matched = matchingNames(scope.ctx.kernel, t.pattern, names, t.span);
      return items.filter((item) => !matched.has(item.column));
    }
    const names = t.columns.map((c) => identifierParts(scope.ctx, c).at(-1) as string);
    if (t.strict) {
      names.forEach((name, i) => {
        if (!items.some((item) => item.column === name)) {
          const near = suggest(
            name,
            items.map((item) => item.column),
          );
          const hint = near === undefined ? {} : { hint: `Did you mean \`${near}\`?` };
          const span = t.columns[i]?.span ?? t.span;
          throw failAt(
            span,
            'BAD_ARGUMENTS',
            `EXCEPT STRICT: there is no column \`${name}\``,
            hint,
          );
        }
      });
    }
    const gone = new Set(names);
    return items.filter((item) => !gone.has(item.column));
  }
  if (t.kind === 'ReplaceTransformer') {
    const by = new Map(t.items.map((item) => [nameText(scope.ctx, item.alias), item]));
    for (const [name, item] of by) {
      if (t.strict && !items.some((i) => i.column === name)) {
        const text = `REPLACE STRICT: there is no column \`${name}\``;
        throw failAt(item.alias.span, 'BAD_ARGUMENTS', text);
      }
    }
    return items.map((item) => {
      const replacement = by.get(item.column);
      if (!replacement) return item;
      const expr = bindReplacement(replacement.expr, item, scope);
      return { ...item, inner: columnName(replacement.expr, scope), expr };
    });
  }
  return items.map((item) => {
    const inner = item.inner ?? item.name;
    if (t.lambda) {
      const param = t.lambda.params[0]?.name ?? '';
      const locals = new Map([[param, item.expr]]);
      const name = renamed(columnName(t.lambda.body, scope), param, inner);
      return { column: item.column, name, expr: bindExpression(t.lambda.body, scope, locals) };
    }
    const fn = t.name ? nameText(scope.ctx, t.name) : '';
    const expr = callByName(scope, fn, t.parameters ?? [], [item.expr], t.span);
    const params = t.parameters
      ? `(${t.parameters.map((p) => columnName(p, scope)).join(', ')})`
      : '';
    const name = t.prefix === undefined ? `${fn}${params}(${inner})` : `${t.prefix}${item.name}`;
    return { column: item.column, name, expr };
  });
}

/** Inside REPLACE (expr AS x), x means the column, not the alias. */
function bindReplacement(ast: Expression, item: Candidate, scope: Scope): Expr {
  return bindExpression(ast, scope, new Map([[item.column, item.expr]]));
}

function renamed(text: string, param: string, name: string): string {
  return param ? text.replaceAll(new RegExp(`\\b${param}\\b`, 'g'), () => name) : text;
}
