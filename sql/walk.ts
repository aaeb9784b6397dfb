// Walking and rewriting trees. No recursion on the tree: chains of 100,000 operators are left-deep.
import type { Expression, Kind, Node, NodeOf } from './ast/index.ts';

/** One function for every kind: a kind that is not handled does not compile. */
export type Visitor<T> = { [K in Kind]: (node: NodeOf<K>) => T };

export function visit<T>(node: Node, visitor: Visitor<T>): T {
  return (visitor[node.kind] as (node: Node) => T)(node);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isNode = (value: object): value is Node => 'kind' in value && typeof value.kind === 'string';

/** The nodes right below a node, in the order of its fields. */
export function children(node: Node): Node[] {
  const found: Node[] = [];
  for (const [key, value] of Object.entries(node)) if (key !== 'span') collect(value, found);
  return found;
}

/** Plain objects and lists between nodes (pairs, places) are looked through. */
function collect(value: unknown, found: Node[]): void {
  if (Array.isArray(value)) for (const item of value) collect(item, found);
  else if (isObject(value)) {
    if (isNode(value)) found.push(value);
    else
      for (const [key, item] of Object.entries(value))
        if (!key.endsWith('pan')) collect(item, found);
  }
}

/** Calls `enter` on a node and all below it, parents first, in order. A `false` from `enter`
 *  skips what is below. `leave` is called behind a node's children. */
export function walk(
  root: Node,
  enter: (node: Node, parent: Node | undefined) => boolean | undefined,
  leave?: (node: Node, parent: Node | undefined) => void,
): void {
  const stack: { node: Node; parent: Node | undefined; left: boolean }[] = [
    { node: root, parent: undefined, left: false },
  ];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.left) {
      leave?.(top.node, top.parent);
      continue;
    }
    const below = enter(top.node, top.parent) !== false;
    if (leave !== undefined) stack.push({ ...top, left: true });
    if (!below) continue;
    const list = children(top.node);
    for (let i = list.length - 1; i >= 0; i--) {
      stack.push({ node: list[i] as Node, parent: top.node, left: false });
    }
  }
}

/** A copy of a tree in which `change` has replaced expressions, children first. What `change`
 *  returns takes the place of the (already copied) expression it was given. */
export function transform<T extends Node>(root: T, change: (node: Expression) => Expression): T {
  const copies = new Map<Node, Node>();
  walk(
    root,
    () => true,
    (node) => {
      const copy = copyFields(node, copies);
      copies.set(node, isExpression(copy) ? change(copy) : copy);
    },
  );
  return copies.get(root) as T;
}

type Copies = ReadonlyMap<object, Node>;

function copyFields<T extends object>(source: T, copies: Copies): T {
  const fields = Object.entries(source).map(([key, value]) => [key, copyValue(value, copies)]);
  return Object.fromEntries(fields) as T;
}

function copyValue(value: unknown, copies: Copies): unknown {
  if (Array.isArray(value)) return value.map((item) => copyValue(item, copies));
  if (!isObject(value)) return value;
  return copies.get(value) ?? copyFields(value, copies);
}

const expressionKinds: ReadonlySet<string> = new Set<Expression['kind']>([
  'Literal',
  'Identifier',
  'Star',
  'ColumnsMatcher',
  'Function',
  'Lambda',
  'Binary',
  'Chain',
  'Unary',
  'Ternary',
  'Case',
  'Cast',
  'Interval',
  'Between',
  'In',
  'IsNull',
  'Quantified',
  'Exists',
  'Subquery',
  'Tuple',
  'Array',
  'Map',
  'Index',
  'TupleAccess',
  'Parameter',
  'Positional',
  'Alias',
]);

export function isExpression(node: Node): node is Expression {
  return expressionKinds.has(node.kind);
}
