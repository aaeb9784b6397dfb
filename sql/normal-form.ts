// The form in which expressions are kept and shown: what has a function's name is written as a call,
// as ClickHouse does in SHOW CREATE and formatQuery.
import type { Expression, FunctionCall, Node } from './ast.ts';
import { print } from './print.ts';
import { transform } from './walk.ts';

function call(name: string, args: Expression[], node: Expression): FunctionCall {
  const { span } = node;
  return { kind: 'Function', name, nameSpan: span, args, distinct: false, span };
}

function normal(node: Expression): Expression {
  const { span } = node;
  switch (node.kind) {
    case 'Interval': {
      const unit = `${node.unit[0]}${node.unit.slice(1).toLowerCase()}`;
      return call(`toInterval${unit}`, [node.value], node);
    }
    case 'Cast': {
      const type = { kind: 'Literal', type: 'string', value: print(node.type), span } as const;
      const { expr } = node;
      const isNumber = node.form === '::' && expr.kind === 'Literal' && expr.type === 'number';
      const value: Expression = isNumber
        ? { kind: 'Literal', type: 'string', value: expr.text, span }
        : expr;
      return call('CAST', [value, type], node);
    }
    case 'Ternary':
      return call('if', [node.condition, node.whenTrue, node.whenFalse], node);
    case 'Case': {
      if (node.operand) return node;
      const otherwise = node.otherwise ?? { kind: 'Literal', type: 'null', span };
      const whens = node.whens.flatMap((when) => [when.when, when.result]);
      return call('multiIf', [...whens, otherwise], node);
    }
    case 'Function': {
      if (!node.form || node.form === 'VIEW') return node;
      const { form: _, ...plain } = node;
      return plain;
    }
    default:
      return node;
  }
}

/** The text of an expression or statement in normal form. */
export const printNormal = (node: Node): string => print(transform(node, normal));
