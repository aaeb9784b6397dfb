// The form in which expressions are kept and shown: what has a function's name is written as a call,
// as ClickHouse does in SHOW CREATE and formatQuery.
import type {
  BinaryFunction,
  BinaryOperator,
  Expression,
  FunctionCall,
  Node,
} from '../ast/index.ts';
import { transform } from '../walk.ts';
import { inFull } from './base.ts';
import { print } from './index.ts';

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
      return call('CAST', [node.expr, type], node);
    }
    case 'Ternary':
      return call('if', [node.condition, node.whenTrue, node.whenFalse], node);
    case 'Case': {
      const otherwise = node.otherwise ?? { kind: 'Literal', type: 'null', span };
      const whens = node.whens.flatMap((when) => [when.when, when.result]);
      if (node.operand)
        return call('caseWithExpression', [node.operand, ...whens, otherwise], node);
      return call('multiIf', [...whens, otherwise], node);
    }
    case 'Chain':
      return node.op === '||' ? call('concat', node.operands, node) : node;
    case 'Between': {
      const side = (op: BinaryOperator, fn: BinaryFunction, right: Expression): Expression => {
        return { kind: 'Binary', op, fn, opSpan: span, left: node.expr, right, span };
      };
      const operands = node.negated
        ? [side('<', 'less', node.low), side('>', 'greater', node.high)]
        : [side('>=', 'greaterOrEquals', node.low), side('<=', 'lessOrEquals', node.high)];
      return node.negated
        ? { kind: 'Chain', op: 'OR', fn: 'or', operands, span }
        : { kind: 'Chain', op: 'AND', fn: 'and', operands, span };
    }
    case 'Function': {
      const { form, filter, ...plain } = node;
      if (form === 'VIEW') return node;
      if (plain.name === 'cast' && plain.args.length === 2) plain.name = 'CAST';
      if (plain.distinct) {
        plain.name += 'Distinct';
        plain.distinct = false;
      }
      if (!filter) return plain;
      return { ...plain, name: `${plain.name}If`, args: [...plain.args, filter] };
    }
    default:
      return node;
  }
}

/** Operators as the calls that they are. */
function called(node: Expression): Expression {
  const { span } = node;
  switch (node.kind) {
    case 'Binary':
      return call(node.fn, [node.left, node.right], node);
    case 'Chain':
      return call(node.fn, node.operands, node);
    case 'Unary':
      return call(node.fn, [node.operand], node);
    case 'IsNull':
      return call(node.negated ? 'isNotNull' : 'isNull', [node.expr], node);
    case 'Index':
      return call('arrayElement', [node.expr, node.index], node);
    case 'In': {
      const name = node.negated ? 'notIn' : 'in';
      const { source } = node;
      const only = source.kind === 'Tuple' && source.items.length === 1 ? source.items[0] : source;
      const full = node.global ? `global${name[0]?.toUpperCase()}${name.slice(1)}` : name;
      return call(full, [node.expr, only ?? source], node);
    }
    case 'TupleAccess': {
      if (node.name !== undefined) return node;
      const index: Expression = {
        kind: 'Literal',
        type: 'number',
        text: String(node.index ?? 1),
        span,
      };
      return call('tupleElement', [node.expr, index], node);
    }
    case 'Lambda': {
      const params = node.params.map((p): Expression => ({ kind: 'Identifier', parts: [p], span }));
      return call('lambda', [call('tuple', params, node), node.body], node);
    }
    default:
      return node;
  }
}

/** The tree in normal form, without operators. */
export const functional = <T extends Node>(node: T): T => transform(normalised(node), called);

/** The tree in normal form. */
export const normalised = <T extends Node>(node: T): T => transform(node, normal);

/** The text of an expression or statement in normal form. */
export const printNormal = (node: Node): string => inFull(() => print(normalised(node)));
