// What EXPLAIN AST prints is made of: labels, with others below them.

export interface Branch {
  readonly label: string;
  readonly below: readonly Branch[];
  /** Stands behind the label, before the count of what is below. */
  readonly alias?: string;
}

export const branch = (label: string, ...below: readonly (Branch | undefined)[]): Branch => ({
  label,
  below: below.filter((one) => one !== undefined),
});

export const expressionList = (below: readonly Branch[]): Branch => ({
  label: 'ExpressionList',
  below,
});

/** A list that is left out when there is nothing in it. */
export const listIfAny = (below: readonly Branch[]): Branch | undefined =>
  below.length === 0 ? undefined : expressionList(below);

export const identifier = (name: string): Branch => branch(`Identifier ${name}`);

/** Deeper trees are cut off: nobody reads them, and a stack has an end. */
const depthMax = 1000;

/** One line each, a blank in front for each level. */
export function branchLines(root: Branch): string[] {
  const lines: string[] = [];
  const visit = ({ label, alias, below }: Branch, depth: number): void => {
    const named = alias === undefined ? label : `${label} (alias ${alias})`;
    const count = below.length === 0 ? '' : ` (children ${below.length})`;
    lines.push(`${' '.repeat(depth)}${named}${count}`);
    if (depth < depthMax) for (const one of below) visit(one, depth + 1);
  };
  visit(root, 0);
  return lines;
}
