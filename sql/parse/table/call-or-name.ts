// `name` or `name(args)`, as engines, codecs and types of indexes are written.

import type { Expression, FunctionCall, SettingItem } from '../../ast/index.ts';
import { Quoted, Word } from '../../lexer.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression, withAlias } from '../expression.ts';
import { call } from '../operand.ts';
import { parseSettingsList } from '../window.ts';

/** `name` or `name(args)`, as engines, codecs and index types are written. */
export function parseCallOrName(p: Cursor, expected: string): FunctionCall {
  if ((p.kind === Word || p.kind === Quoted) && p.peek(1) === '(') {
    const start = p.start();
    const name = p.name(expected);
    p.next();
    const args: Expression[] = [];
    let settings: SettingItem[] | undefined;
    while (p.value !== ')') {
      if (p.value === 'SETTINGS' && p.peekKind(1) === Word) {
        p.next();
        settings = parseSettingsList(p);
        break;
      }
      args.push(parseExpression(p, withAlias));
      if (!p.accept(',')) break;
    }
    p.expect(')');
    const node = call(name.name, name.span, args, p.span(start));
    if (settings !== undefined) node.settings = settings;
    return node;
  }
  const name = p.name(expected);
  return call(name.name, name.span, [], name.span);
}

/** `CODEC` is taken: `(Delta, ZSTD(3))`. */
export function parseCodec(p: Cursor): FunctionCall[] {
  p.expect('(');
  const codecs = p.list(() => parseCallOrName(p, 'codec'));
  p.expect(')');
  return codecs;
}
