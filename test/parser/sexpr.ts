// Trees as compact s-expressions, for golden files and comparisons: spans, absent parts, `false`
// and empty lists are left out.
import type { Node } from '../../sql/index.ts';

const isSpan = (key: string): boolean => key === 'span' || key.endsWith('Span');

function value(item: unknown): string {
  if (Array.isArray(item)) return `[${item.map(value).join(' ')}]`;
  if (typeof item === 'string') return /^[\w.]+$/.test(item) ? item : JSON.stringify(item);
  if (typeof item !== 'object' || item === null) return String(item);
  return sexpr(item as Node);
}

/** `(Binary + fn=plus left=(Identifier [a]) right=1)`. */
export function sexpr(node: Node): string {
  const fields = node as unknown as Record<string, unknown>;
  if (node.kind === 'Name' && !node.quoted && node.parameter === undefined)
    return node.name || '""';
  if (node.kind === 'Literal') {
    if (node.type === 'number') return node.text;
    if (node.type === 'string' && node.bytes === undefined)
      return `'${JSON.stringify(node.value).slice(1, -1)}'`;
  }
  if (
    node.kind === 'Identifier' &&
    node.parts.every((part) => !part.quoted && part.parameter === undefined)
  ) {
    return `@${node.parts.map((part) => part.name).join('.')}`;
  }
  const parts: string[] = [];
  for (const [key, item] of Object.entries(fields)) {
    if (key === 'kind' || isSpan(key) || item === undefined || item === false) continue;
    if (Array.isArray(item) && item.length === 0 && key !== 'args' && key !== 'items') continue;
    parts.push(`${key}=${value(item)}`);
  }
  const inner = parts.length === 0 ? '' : ` ${parts.join(' ')}`;
  return `(${typeof fields.kind === 'string' ? fields.kind : ''}${inner})`;
}

/** A tree without spans and absent parts, keys in order: equal trees are deeply equal. */
export function bare(item: unknown): unknown {
  if (Array.isArray(item)) return item.map(bare);
  if (typeof item !== 'object' || item === null) return item;
  return Object.fromEntries(
    Object.entries(item)
      .filter(([key, part]) => !isSpan(key) && key !== 'data' && part !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, bare(part)]),
  );
}
