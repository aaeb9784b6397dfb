// system.functions

import { parseExpression, print } from '../../sql/index.ts';
import { identifierText } from '../plan/bind/names.ts';
import type { LitValue } from '../plan/physical/wire.ts';
import { columns, flag, type SystemTable } from './table.ts';

export const functions: SystemTable = {
  name: 'functions',
  doc: 'Functions and aggregates, with their documentation',
  columns: columns(
    ['name', 'String', 'Name'],
    ['is_aggregate', 'UInt8', 'Whether it is an aggregate'],
    ['case_insensitive', 'UInt8', 'Whether any case will do'],
    ['alias_to', 'String', 'The function that this is another name of'],
    ['create_query', 'String', 'Statement that made a user-defined function'],
    [
      'origin',
      "Enum8('System' = 0, 'SQLUserDefined' = 1, 'ExecutableUserDefined' = 2)",
      'Who made it',
    ],
    ['description', 'String', 'What it does'],
    ['syntax', 'String', 'How it is written'],
    ['arguments', 'String', 'Its arguments'],
    ['returned_value', 'String', 'What it gives'],
    ['examples', 'String', 'Examples with results'],
    ['introduced_in', 'String', 'Not known'],
    ['categories', 'String', 'Family'],
  ),
  rows(run) {
    const out: LitValue[][] = [];
    for (const f of run.core.native.registry.functions) {
      const examples = f.examples.map(([sql, result]) => `${sql} → ${result}`).join('\n');
      const [, args = '', returned = ''] =
        /^[^(]*(?:\([^)]*\))?\((.*)\)\s*(?:→|->)?\s*(.*)$/.exec(f.signature) ?? [];
      const line = (name: string, alias: string, anyCase: boolean): LitValue[] => [
        name,
        flag(f.kind === 'aggregate'),
        flag(anyCase),
        alias,
        '',
        'System',
        f.description,
        f.signature,
        args,
        returned,
        examples,
        '',
        f.category,
      ];
      out.push(line(f.name, '', f.caseInsensitive));
      for (const alias of f.aliases) out.push(line(alias, f.name, f.caseInsensitive));
      for (const alias of f.aliasesAnyCase ?? []) out.push(line(alias, f.name, true));
    }
    for (const [name, value] of run.core.storage.context.catalog.state.objects.get('function') ??
      []) {
      const { lambda } = value as { lambda: string };
      out.push([
        name,
        '0',
        '0',
        '',
        `CREATE FUNCTION ${identifierText(name)} AS ${shownLambda(lambda)}`,
        'SQLUserDefined',
        '',
        '',
        '',
        '',
        '',
        '',
        '',
      ]);
    }
    return out;
  },
};

/** A lambda as ClickHouse shows it: operators behind the arrow stand in parentheses. */
function shownLambda(text: string): string {
  const lambda = parseExpression(text);
  if (
    lambda.kind !== 'Lambda' ||
    !/^(Binary|Chain|Unary|In|IsNull|Between)$/.test(lambda.body.kind)
  )
    return text;
  const body = print(lambda.body);
  return `${text.slice(0, text.length - body.length)}(${body})`;
}
