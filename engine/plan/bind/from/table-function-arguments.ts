// Arguments of table functions: constant texts, structures, how many there are.

import type { Expression, FunctionCall } from '../../../../sql/index.ts';
import { failAt, newColumn } from '../../context.ts';
import type { Column } from '../../expression.ts';
import { splitAtCommas } from '../../types.ts';
import { constantNow } from '../expression/constants.ts';
import { bindExpression } from '../expression/index.ts';
import { resolveCall } from '../expression/resolve-call.ts';
import type { Scope } from '../scope.ts';

export function arity(call: FunctionCall, least: number, most: number): void {
  if (call.args.length >= least && call.args.length <= most) return;
  const text = `Table function ${call.name} takes ${least === most ? least : `${least} to ${most}`} argument(s), ${call.args.length} given`;
  throw failAt(call.span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', text);
}

export function textOf(arg: Expression | undefined, call: FunctionCall, scope: Scope): string {
  const value = arg && constantNow(scope.ctx, bindExpression(arg, scope));
  if (typeof value?.value === 'string' && value.type === 'String') return value.value;
  throw failAt(
    arg?.span ?? call.span,
    'BAD_ARGUMENTS',
    `${call.name} takes a structure such as 'a UInt8, b String'`,
  );
}

/** A text that may be bytes of any kind: constants cross as text, in which such bytes are lost. */
export function bytesOf(arg: Expression | undefined, call: FunctionCall, scope: Scope): Buffer {
  const text = textOf(arg, call, scope);
  if (!arg || !text.includes('\u{FFFD}')) return Buffer.from(text);
  const digits = resolveCall(scope, 'hex', [bindExpression(arg, scope)], arg.span);
  return Buffer.from(String(constantNow(scope.ctx, digits)?.value), 'hex');
}

/** `a UInt8, b String` → columns. */
export function structure(text: string, call: FunctionCall, scope: Scope): Column[] {
  const columns = splitAtCommas(text).map((part) => {
    const match = /^\s*(`[^`]+`|"[^"]+"|[A-Za-z_][\w.]*)\s+([\s\S]+?)\s*$/.exec(part);
    if (!match)
      throw failAt(call.span, 'SYNTAX_ERROR', `'${part.trim()}' is not a name and a type`);
    const name = (match[1] as string).replace(/^[`"]|[`"]$/g, '');
    return newColumn(scope.ctx, name, scope.ctx.kernel.canonicalType(match[2] as string));
  });
  if (columns.length === 0)
    throw failAt(call.span, 'BAD_ARGUMENTS', 'The structure has no columns');
  return columns;
}
