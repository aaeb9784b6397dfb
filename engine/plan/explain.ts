// Plans and trees as indented text.

import type { NodeMeasure } from '../native/index.ts';
import { quoteString } from './bind/names.ts';
import type { Planning } from './context.ts';
import { rowsGuess } from './estimate.ts';
import type { Expr, SortExpr } from './expression.ts';
import { inputs, type Node } from './logical.ts';

const infix: Record<string, string> = {
  plus: '+',
  minus: '-',
  multiply: '*',
  divide: '/',
  modulo: '%',
  equals: '=',
  notEquals: '!=',
  less: '<',
  lessOrEquals: '<=',
  greater: '>',
  greaterOrEquals: '>=',
  and: 'AND',
  or: 'OR',
};

function literal(value: unknown, type: string): string {
  if (value === null) return 'NULL';
  if (Array.isArray(value)) {
    const shown = value
      .slice(0, 10)
      .map((v) => literal(v, type.includes('String') ? 'String' : ''));
    return `[${shown.join(', ')}${value.length > 10 ? ', …' : ''}]`;
  }
  if (typeof value === 'string')
    return /^(U?Int|Float|Decimal)/.test(type) || type === ''
      ? value
      : quoteString(value.slice(0, 100));
  return String(value);
}

export function exprText(expr: Expr, deep = 0): string {
  if (deep > 30) return '…';
  const text = (e: Expr): string => exprText(e, deep + 1);
  switch (expr.kind) {
    case 'column':
      return expr.name;
    case 'literal':
      return literal(expr.value, expr.type);
    case 'call': {
      const op = infix[expr.name];
      if (op && expr.args.length >= 2) {
        const sides = expr.args.map((a) => {
          const inner = a.kind === 'call' && infix[a.name] ? `(${text(a)})` : text(a);
          return inner;
        });
        return sides.join(` ${op} `);
      }
      return `${expr.name}(${expr.args.map(text).join(', ')})`;
    }
    case 'aggregate':
    case 'window':
    case 'grouping':
      return `${expr.kind === 'grouping' ? 'grouping' : expr.name}(${expr.args.map(text).join(', ')})`;
    case 'lambda':
      return `(${expr.params.map((p) => `p${p.id}`).join(', ')}) -> ${text(expr.body)}`;
    case 'cast':
      return `CAST(${text(expr.expr)}, '${expr.type}')`;
    case 'in': {
      const set =
        'values' in expr.set
          ? literal(expr.set.values.value, expr.set.values.type)
          : `subquery ${expr.set.subquery + 1}`;
      return `${text(expr.expr)} ${expr.negated ? 'NOT IN' : 'IN'} ${set}`;
    }
    case 'scalar':
      return `(subquery ${expr.subquery + 1})`;
    case 'correlated':
      return `${expr.use}(correlated subquery)`;
    case 'unfold':
      return `arrayJoin(${text(expr.expr)})`;
  }
}

const list = (exprs: readonly Expr[]): string => exprs.map((e) => exprText(e)).join(', ');
const order = (keys: readonly SortExpr[]): string =>
  keys
    .map(
      (k) => `${exprText(k.expr)} ${k.desc ? 'DESC' : 'ASC'}${k.nullsFirst ? ' NULLS FIRST' : ''}`,
    )
    .join(', ');

function title(node: Node): string {
  switch (node.kind) {
    case 'scan': {
      const columns =
        node.names.length > 8
          ? `${node.names.slice(0, 8).join(', ')}, … ${node.names.length} columns`
          : node.names.join(', ');
      const filter = node.filter ? ` where ${exprText(node.filter)}` : '';
      return `Scan ${node.table.title} (${columns})${filter}`;
    }
    case 'one':
      return 'One row';
    case 'numbers':
      return `Numbers from ${node.start}${node.count === undefined ? ' without end' : `, ${node.count}`}${node.step === 1 ? '' : ` step ${node.step}`}`;
    case 'values':
      return `Rows of ${node.title}`;
    case 'files':
      return `Files of ${node.title}() as ${node.format}, ${node.files.length} in all`;
    case 'batch':
      return 'Rows in memory';
    case 'shared':
      return `Rows of subquery ${node.subquery + 1}`;
    case 'recursive':
      return `Recursive ${node.name}`;
    case 'working':
      return `Last rows of ${node.name}`;
    case 'filter':
      return `Filter ${exprText(node.predicate)}`;
    case 'project': {
      const shown = node.items.slice(0, 20).map(({ column, expr }) => {
        const text = exprText(expr);
        return text === column.name ? text : `${text} AS ${column.name}`;
      });
      return `Project ${shown.join(', ')}${node.items.length > 20 ? `, … ${node.items.length} in all` : ''}`;
    }
    case 'aggregate': {
      const aggregates = node.aggregates.slice(0, 20).map((a) => `${a.name}(${list(a.args)})`);
      const keys = node.keys.length > 0 ? ` by ${list(node.keys.map((k) => k.expr))}` : '';
      const any = node.anyGroups === undefined ? '' : `, any ${node.anyGroups} groups`;
      const sets = node.sets ? `, ${node.sets.length} grouping sets` : '';
      return `Aggregate ${aggregates.join(', ')}${keys}${sets}${any}${node.totals ? ', with totals' : ''}`;
    }
    case 'sort':
      return `Sort ${order(node.keys)}${node.limit === undefined ? '' : `, first ${node.limit}`}`;
    case 'limit':
      return `Limit ${node.limit ?? 'all'}${node.offset ? ` offset ${node.offset}` : ''}${node.ties ? ' with ties' : ''}`;
    case 'limitBy':
      return `Limit ${node.limit} by ${list(node.keys)}${node.offset ? ` offset ${node.offset}` : ''}`;
    case 'distinct':
      return `Distinct${node.keys ? ` ${list(node.keys)}` : ''}${node.limit === undefined ? '' : `, first ${node.limit}`}`;
    case 'union':
      return 'Union';
    case 'setOperation':
      return `${node.operation === 'intersect' ? 'Intersect' : 'Except'}${node.all ? ' all' : ''}`;
    case 'join': {
      const keys = node.leftKeys.map(
        (l, i) => `${exprText(l)} = ${exprText(node.rightKeys[i] as Expr)}`,
      );
      const residual = node.residual ? [exprText(node.residual)] : [];
      const on = [...keys, ...residual].join(' AND ');
      return `Join ${node.join}${node.strictness === 'any' ? ' any' : ''}${on ? ` on ${on}` : ''}`;
    }
    case 'window': {
      const calls = node.calls.map((c) => `${c.name}(${list(c.args)})`).join(', ');
      const partition = node.partition.length > 0 ? ` partition by ${list(node.partition)}` : '';
      const by = node.order.length > 0 ? ` order by ${order(node.order)}` : '';
      return `Window ${calls}${partition}${by}`;
    }
    case 'arrayJoin':
      return `${node.left ? 'Left array join' : 'Array join'} ${list(node.arrays.map((a) => a.expr))}`;
    case 'fill':
      return 'Fill';
  }
}

/** One line a node; `measured` belongs to the nodes in the same order. */
export function explainPlan(
  _ctx: Planning,
  root: Node,
  subqueries: readonly Node[],
  measured?: readonly NodeMeasure[],
): string[] {
  const lines: string[] = [];
  let at = 0;
  const visit = (node: Node, depth: number): void => {
    const m = measured?.[at++];
    const estimate = Math.round(rowsGuess(node));
    const rows = Number.isFinite(estimate) && estimate > 0 ? `≈ ${estimate} rows` : '';
    const real = m ? `${m.rows} rows, ${(m.ns / 1e6).toFixed(2)} ms` : '';
    const notes = [rows, real].filter((t) => t !== '').join('; ');
    lines.push(`${'  '.repeat(depth)}${title(node)}${notes ? `  [${notes}]` : ''}`);
    for (const input of inputs(node)) visit(input, depth + 1);
  };
  visit(root, 0);
  subqueries.forEach((node, i) => {
    lines.push(`Subquery ${i + 1}`);
    visit(node, 1);
  });
  return lines;
}
