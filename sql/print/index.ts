// Trees → canonical text on one line. parse(print(tree)) gives the tree back (spans aside), which
// is a property test. Parentheses are put where precedence needs them.
import type { Node } from '../ast/index.ts';
import { type Visitor, visit } from '../walk.ts';
import { expressionPrinters } from './expression.ts';
import { queryPrinters } from './query.ts';
import { statementPrinters } from './statement.ts';
import { tablePrinters } from './table.ts';

const printers: Visitor<string> = {
  ...expressionPrinters,
  ...queryPrinters,
  ...tablePrinters,
  ...statementPrinters,
};

/** Canonical SQL of any node. Pure. */
export function print(node: Node): string {
  const text = visit(node, printers);
  // what every statement can end with: INTO OUTFILE, FORMAT, SETTINGS
  return 'output' in node && node.output !== undefined ? `${text} ${print(node.output)}` : text;
}
