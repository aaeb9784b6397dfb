// The settings max_ast_depth and max_ast_elements: how deep and how large the tree of a query may be. Only
// who sets them is held to them; what the parser can bear is bounded anyway.

import { children, type Node, type Query } from '../../sql/index.ts';
import { failAt } from '../plan/context.ts';
import type { Settings } from '../settings/index.ts';

interface Size {
  readonly depth: number;
  readonly nodes: number;
}

function sizeOf(node: Node): Size {
  let depth = 0;
  let nodes = 1;
  for (const child of children(node)) {
    const size = sizeOf(child);
    depth = Math.max(depth, size.depth);
    nodes += size.nodes;
  }
  return { depth: depth + 1, nodes };
}

/** Throws TOO_DEEP_AST or TOO_BIG_AST. */
export function checkTree(query: Query, { changed }: Settings): void {
  const limit = (name: string): number => Number(changed.get(name) ?? 0);
  const [depth, nodes] = [limit('max_ast_depth'), limit('max_ast_elements')];
  if (depth === 0 && nodes === 0) return;
  const size = sizeOf(query);
  if (depth > 0 && size.depth > depth) {
    const text = `The query is nested ${size.depth} levels deep. Maximum: ${depth}`;
    throw failAt(query.span, 'TOO_DEEP_AST', text, { hint: 'Raise max_ast_depth' });
  }
  if (nodes > 0 && size.nodes > nodes) {
    const text = `The query has ${size.nodes} elements. Maximum: ${nodes}`;
    throw failAt(query.span, 'TOO_BIG_AST', text, { hint: 'Raise max_ast_elements' });
  }
}
