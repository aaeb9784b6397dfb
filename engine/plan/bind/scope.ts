// Names → columns. A scope is what the expressions of one SELECT can see: the tables of FROM,
// aliases from anywhere in the query, WITH expressions, common tables, and the query around it.

import {
  type CommonTable,
  type Expression,
  type Identifier,
  type Name,
  print,
  type Query,
  type Span,
  suggest,
  suggestColumn,
  type WindowSpec,
} from '../../../sql/index.ts';
import { failAt, type Planning } from '../context.ts';
import type { Column, Expr } from '../expression.ts';
import { columnExpr } from '../expression.ts';

/** A column that a table of FROM offers. */
export interface SourceColumn {
  readonly name: string;
  readonly type: string;
  /** Made on first use for ALIAS columns. */
  readonly expr: () => Expr;
  /** Not part of `*`. */
  readonly hidden: boolean;
}
export interface Source {
  readonly alias?: string;
  readonly database?: string;
  readonly table?: string;
  readonly columns: readonly SourceColumn[];
  readonly byName: ReadonlyMap<string, SourceColumn>;
}

/** A column that USING made of two. */
export interface MergedColumn extends SourceColumn {
  /** Key of the left column's expression, if the name alone means that one too. */
  readonly left?: string;
}

/** A column of `*`: the n-th of a table, or one that USING made. */
export type StarItem =
  | { readonly table: number; readonly at: number }
  | { readonly merged: string };

export interface AliasEntry {
  readonly name: string;
  readonly ast: Expression;
  /** Where it is bound: WITH expressions of an outer query keep their own scope. */
  readonly scope: Scope;
  bound?: Expr;
  binding: boolean;
}

export interface CommonEntry {
  readonly table: CommonTable;
  readonly scope: Scope;
  /** Set while the step of a recursive common table is bound: what it reads of itself. */
  working?: { table: number; columns: readonly { name: string; type: string }[] };
  uses: number;
}

export interface Scope {
  readonly ctx: Planning;
  readonly parent?: Scope;
  sources: readonly Source[];
  /** Columns merged by USING, found before those of single tables. */
  merged: ReadonlyMap<string, MergedColumn>;
  /** What `*` shows, where that is not the tables' columns one after the other. */
  star?: readonly StarItem[] | undefined;
  readonly aliases: Map<string, AliasEntry>;
  readonly commons: Map<string, CommonEntry>;
  readonly windows: Map<string, WindowSpec>;
  readonly span: Span;
  /** The edge of a subquery in an expression: what is read across it, by the key of the value. */
  readonly across?: Map<string, { column: Column; value: Expr }>;
}

/** Lambda parameters and inlined arguments in sight, innermost first. */
export type Locals = ReadonlyMap<string, Expr> | undefined;

export function newScope(ctx: Planning, span: Span, parent?: Scope): Scope {
  return {
    ctx,
    ...(parent ? { parent } : {}),
    sources: [],
    merged: new Map(),
    aliases: new Map(),
    commons: new Map(),
    windows: new Map(),
    span,
  };
}

export function makeSource(
  parts: { alias?: string; database?: string; table?: string },
  columns: readonly SourceColumn[],
): Source {
  const byName = new Map<string, SourceColumn>();
  for (const column of columns) if (!byName.has(column.name)) byName.set(column.name, column);
  return { ...parts, columns, byName };
}

export function plainColumn(column: Column, hidden = false): SourceColumn {
  return { name: column.name, type: column.type, expr: () => columnExpr(column), hidden };
}

/** A name's text, with `{x:Identifier}` filled in. */
export function nameText(ctx: Planning, name: Name): string {
  if (name.parameter === undefined) return name.name;
  const value = ctx.params[name.parameter];
  if (value === undefined) {
    throw failAt(
      name.span,
      'UNKNOWN_QUERY_PARAMETER',
      `Query parameter \`${name.parameter}\` was not set`,
      { hint: `Send it as param_${name.parameter}` },
    );
  }
  ctx.cacheable = false;
  return value;
}

export function identifierParts(ctx: Planning, identifier: Identifier): string[] {
  return identifier.parts.map((part) => nameText(ctx, part));
}

/** Whether the first `n` parts of a dotted name mean this table. */
function qualifies(source: Source, parts: readonly string[], n: number): boolean {
  if (n === 1) {
    if (source.alias !== undefined) return source.alias === parts[0] || source.table === parts[0];
    return source.table === parts[0];
  }
  return n === 2 && source.database === parts[0] && source.table === parts[1];
}

export interface FoundColumn {
  readonly column: SourceColumn;
  readonly source: Source | undefined;
  /** How many parts of the name were used; the rest names elements inside the value. */
  readonly used: number;
}

/** Looks a dotted name up among the tables of this scope; longest table qualifier last. */
export function findColumn(
  scope: Scope,
  parts: readonly string[],
  span: Span,
): FoundColumn | undefined {
  const lengths = [...Array(parts.length).keys()].map((i) => parts.length - i);
  const direct = (n: number): FoundColumn | undefined => {
    const name = parts.slice(0, n).join('.');
    const merged = scope.merged.get(name);
    if (merged) return { column: merged, source: undefined, used: n };
    const hits = scope.sources.filter((s) => s.byName.has(name));
    const [hit, second] = hits;
    if (!hit) return undefined;
    const preferLeft =
      scope.sources.length === 2 && scope.ctx.settings.bool('single_join_prefer_left_table');
    if (second && !preferLeft) {
      const where = hits.map((s) => s.alias ?? s.table ?? '(subquery)').join(', ');
      throw failAt(
        span,
        'AMBIGUOUS_IDENTIFIER',
        `Column \`${name}\` is in several tables: ${where}`,
        {
          hint: `Write the table before it, as in ${hit.alias ?? hit.table ?? 't'}.${name}`,
        },
      );
    }
    return { column: hit.byName.get(name) as SourceColumn, source: hit, used: n };
  };
  const whole = direct(parts.length);
  if (whole) return whole;
  for (const qualifier of [1, 2]) {
    if (parts.length <= qualifier) break;
    // An alias beats the name of a table that has another alias.
    const byAlias = scope.sources.filter((s) => qualifier === 1 && s.alias === parts[0]);
    const candidates = byAlias.length > 0 ? byAlias : scope.sources;
    for (const source of candidates) {
      if (!qualifies(source, parts, qualifier)) continue;
      for (let n = parts.length; n > qualifier; n--) {
        const column = source.byName.get(parts.slice(qualifier, n).join('.'));
        if (column) return { column, source, used: n };
      }
    }
  }
  for (const n of lengths.slice(1)) {
    const found = direct(n);
    if (found) return found;
  }
  return undefined;
}

/** The tables that `t.*` or `db.t.*` means. */
export function findSource(scope: Scope, parts: readonly string[]): Source | undefined {
  const exact = scope.sources.find((s) => parts.length === 1 && s.alias === parts[0]);
  return exact ?? scope.sources.find((s) => qualifies(s, parts, parts.length));
}

export function findCommon(scope: Scope | undefined, name: string): CommonEntry | undefined {
  for (let s = scope; s; s = s.parent) {
    const found = s.commons.get(name);
    if (found) return found;
  }
  return undefined;
}

/** `places`: where each part stands; the failure points at the part that is unknown. */
export function unknownIdentifier(
  scope: Scope,
  parts: readonly string[],
  whole: Span,
  places: readonly { span: Span }[] = [],
): Error {
  const name = parts.join('.');
  const table = parts.length > 1 ? findSource(scope, parts.slice(0, -1)) : undefined;
  const last = parts[parts.length - 1] as string;
  const span =
    (table && places[parts.length - 1]?.span) ??
    (parts.length > 1 ? places[0]?.span : undefined) ??
    whole;
  let near: string | undefined;
  if (table) {
    const column = suggest(last, table.byName.keys());
    if (column) near = [...parts.slice(0, -1), column].join('.');
  } else if (parts.length > 1) {
    const names = scope.sources.flatMap((s) => [s.alias, s.table].filter((n) => n !== undefined));
    const head = suggest(parts[0] as string, names);
    const source = head === undefined ? undefined : findSource(scope, [head]);
    if (head !== undefined && source?.byName.has(last)) near = `${head}.${last}`;
    near ??= suggest(last, allNames(scope));
  } else near = suggestColumn(name, allNames(scope));
  return failAt(span, 'UNKNOWN_IDENTIFIER', `Unknown expression identifier \`${name}\``, {
    ...(near === undefined || near === name ? {} : { hint: `Did you mean \`${near}\`?` }),
  });
}

function* allNames(scope: Scope): Generator<string> {
  for (const source of scope.sources) yield* source.byName.keys();
  for (let s: Scope | undefined = scope; s; s = s.parent) yield* s.aliases.keys();
}

/** Names every alias inside an expression, not those of queries within it. */
export function collectAliases(scope: Scope, ast: Expression | undefined): void {
  if (!ast) return;
  walkExpressions(ast, (node) => {
    if (node.kind !== 'Alias') return;
    const name = nameText(scope.ctx, node.alias);
    const known = scope.aliases.get(name);
    if (known) {
      if (
        known.ast !== node.expr &&
        known.scope === scope &&
        print(known.ast) !== print(node.expr)
      ) {
        throw failAt(
          node.span,
          'MULTIPLE_EXPRESSIONS_FOR_ALIAS',
          `Alias \`${name}\` names two different expressions`,
        );
      }
      return;
    }
    scope.aliases.set(name, { name, ast: node.expr, scope, binding: false });
  });
}

const queryKinds = new Set(['Select', 'SetOperation', 'Values', 'DataType', 'ReplaceTransformer']);

/** Visits an expression and everything inside it except queries. Iterative: depth is no limit. */
export function walkExpressions(root: Expression, visit: (node: Expression) => void): void {
  const stack: unknown[] = [root];
  while (stack.length > 0) {
    const node = stack.pop();
    if (Array.isArray(node)) {
      for (let i = node.length - 1; i >= 0; i--) stack.push(node[i]);
      continue;
    }
    if (node === null || typeof node !== 'object') continue;
    const kind = (node as { kind?: string }).kind;
    if (kind === undefined || queryKinds.has(kind)) continue;
    visit(node as Expression);
    const values = Object.values(node);
    for (let i = values.length - 1; i >= 0; i--) {
      if (values[i] !== null && typeof values[i] === 'object') stack.push(values[i]);
    }
  }
}

/** Whether a query reads the table `name`. */
export function readsTable(query: Query, name: string): boolean {
  const stack: unknown[] = [query];
  while (stack.length > 0) {
    const node = stack.pop();
    if (node === null || typeof node !== 'object') continue;
    const table = node as {
      kind?: string;
      name?: { database?: unknown; table?: { name: string } };
    };
    if (table.kind === 'Table' && !table.name?.database && table.name?.table?.name === name)
      return true;
    stack.push(...Object.values(node));
  }
  return false;
}
