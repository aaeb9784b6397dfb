// `literal::Type`: ClickHouse reads the value from the literal's text, not from its number, so that
// `0.1::Decimal(38, 30)` is exact and `20200101::Date` is a day.
import type { Expression } from '../ast/index.ts';

const decimalNumber = /^-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;

/** The text that a cast reads, undefined where it reads the expression's value.
 *  @param written the operand as it is written; asked for literals only */
export function castText(operand: Expression, written: () => string): string | undefined {
  if (operand.kind === 'Literal') {
    if (operand.type !== 'number') return undefined;
    const text = written();
    return decimalNumber.test(text) ? text : undefined;
  }
  if ((operand.kind !== 'Array' && operand.kind !== 'Tuple') || !isWritten(operand, 0)) {
    return undefined;
  }
  // Quotes within texts are doubled in SQL only: values with them are read as values.
  const text = written();
  return /''|--|\/\*/.test(text) ? undefined : text;
}

/** Lists of numbers and texts, at any depth. */
function isWritten(node: Expression, depth: number): boolean {
  if (node.kind === 'Array' || node.kind === 'Tuple') {
    return depth < 20 && node.items.every((item) => isWritten(item, depth + 1));
  }
  return node.kind === 'Literal' && (node.type === 'number' || node.type === 'string');
}
