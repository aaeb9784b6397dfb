// Calls of user-defined functions written out: their parameters become the arguments as they are written.

import {
  type Expression,
  type FunctionCall,
  type Lambda,
  type Node,
  transform,
  walk,
} from '../../../../sql/index.ts';
import { failAt } from '../../context.ts';

/** The body of a lambda with these arguments in the place of its parameters. */
export function substituted(lambda: Lambda, args: readonly Expression[]): Expression {
  const values = new Map(lambda.params.map((param, i) => [param.name, args[i] as Expression]));
  return transform(lambda.body, (node) => {
    const called = node.kind === 'Function' ? values.get(node.name) : undefined;
    const name = called?.kind === 'Identifier' ? called.parts[0]?.name : undefined;
    if (node.kind === 'Function' && name !== undefined) return { ...node, name };
    if (node.kind !== 'Identifier' || node.parts.length !== 1) return node;
    return values.get(node.parts[0]?.name ?? '') ?? node;
  });
}

/** Whether there are queries or aliases in it, which bring names of their own. */
export const hasOwnNames = (root: Node): boolean =>
  some(root, (node) => node.kind === 'Alias') || hasQuery(root);

export const hasQuery = (root: Node): boolean =>
  some(root, (node) => /^(Subquery|Exists|Quantified|Select)$/.test(node.kind));

function some(root: Node, test: (node: Node) => boolean): boolean {
  let found = false;
  walk(root, (node) => {
    found ||= test(node);
    return !found;
  });
  return found;
}

const depthMax = 100;
const callsMax = 10_000;

/** A definition without calls of user-defined functions: it does not change when they do. */
export function withoutFunctions<T extends Node>(
  root: T,
  functions: ReadonlyMap<string, Lambda>,
): T {
  if (functions.size === 0) return root;
  let count = 0;
  const inline = (node: Expression, depth: number): Expression => {
    if (node.kind !== 'Function') return node;
    const lambda = functions.get(node.name);
    if (!lambda || lambda.params.length !== node.args.length) return node;
    if (depth > depthMax || ++count > callsMax) throw tooDeep(node);
    return transform(substituted(lambda, node.args), (inner) => inline(inner, depth + 1));
  };
  return transform(root, (node) => inline(node, 0));
}

const tooDeep = (call: FunctionCall): Error =>
  failAt(call.span, 'UNSUPPORTED_METHOD', `${call.name} calls itself`);
