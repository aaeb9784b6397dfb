// CREATE DICTIONARY: attributes, SOURCE, LAYOUT, LIFETIME.
import type { CreateDictionary, DictionaryAttribute, DictionaryCall } from '../ast/index.ts';
import { Quoted, Word } from '../lexer.ts';
import type { Mode } from './create.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './expression.ts';
import { parseCallOrName } from './table/call-or-name.ts';
import { parseType } from './type.ts';
import { parseSettingsList } from './window.ts';

export function parseCreateDictionary(p: Cursor, start: number, mode: Mode): CreateDictionary {
  const node: CreateDictionary = {
    kind: 'CreateDictionary',
    mode,
    ifNotExists: p.ifNotExists(),
    name: p.tableName(),
    cluster: p.onCluster(),
    attributes: [],
    primaryKey: [],
    span: { start, end: start },
  };
  if (p.accept('(')) {
    while (p.value !== ')') {
      node.attributes.push(parseAttribute(p));
      if (!p.accept(',')) break;
    }
    p.expect(')');
  }
  for (;;) {
    if (p.acceptAll('PRIMARY', 'KEY')) {
      node.primaryKey = [parseExpression(p, 0)];
      while (p.accept(',')) node.primaryKey.push(parseExpression(p, 0));
      const only = node.primaryKey[0];
      if (node.primaryKey.length === 1 && only?.kind === 'Tuple') node.primaryKey = only.items;
    } else if (p.is('SOURCE')) node.source = parseDictionaryCall(p);
    else if (p.is('LAYOUT')) node.layout = parseDictionaryCall(p);
    else if (p.is('LIFETIME')) node.lifetime = parseDictionaryCall(p);
    else if (p.is('RANGE')) node.range = parseDictionaryCall(p);
    else if (p.accept('SETTINGS')) {
      const open = p.accept('(');
      node.settings = parseSettingsList(p);
      if (open) p.expect(')');
    } else if (p.accept('COMMENT')) node.comment = p.string();
    else break;
  }
  node.span = p.span(start);
  return node;
}

function parseAttribute(p: Cursor): DictionaryAttribute {
  const start = p.start();
  const node: DictionaryAttribute = {
    kind: 'DictionaryAttribute',
    name: p.name(),
    type: parseType(p),
    flags: [],
    span: { start, end: start },
  };
  for (;;) {
    const flag = p.acceptOne('HIERARCHICAL', 'INJECTIVE', 'IS_OBJECT_ID', 'BIDIRECTIONAL');
    if (flag !== undefined) node.flags.push(flag);
    else if (p.accept('DEFAULT')) node.default = parseExpression(p, 0);
    else if (p.accept('EXPRESSION')) node.expression = parseExpression(p, 0);
    else break;
  }
  node.span = p.span(start);
  return node;
}

/** `NAME(…)` whose arguments are literals, calls, or `name value` pairs. */
function parseDictionaryCall(p: Cursor): DictionaryCall {
  p.enter();
  const start = p.start();
  const name = p.name().name;
  const node: DictionaryCall = { kind: 'DictionaryCall', name, args: [], span: p.span(start) };
  if (p.accept('(')) {
    while (p.value !== ')') {
      const literal = p.peek(1) === '(' ? undefined : p.literal();
      node.args.push(literal ?? parseDictionaryCall(p));
      p.accept(',');
    }
    p.expect(')');
  } else {
    node.value = p.literal();
    const named = p.kind === Word || p.kind === Quoted;
    if (node.value === undefined && named) node.value = parseCallOrName(p, 'value');
  }
  node.span = p.span(start);
  p.leave();
  return node;
}
