// SETTINGS of a statement, FORMAT and INTO OUTFILE: what a statement says about itself.

import {
  type Expression,
  type Output,
  type Query,
  type SettingItem,
  suggest,
} from '../../sql/index.ts';
import { EngineError } from '../errors.ts';
import { failAt } from '../plan/context.ts';
import { canonicalSetting, type Settings, settingTypeOf } from '../settings/index.ts';
import type { Run } from './core.ts';

/** The value of a setting as text. */
export function settingText(value: Expression): string {
  switch (value.kind) {
    case 'Literal':
      if (value.type === 'number') return value.text;
      if (value.type === 'string') return value.value;
      if (value.type === 'bool') return value.value ? '1' : '0';
      return '';
    case 'Identifier':
      return value.parts.map((p) => p.name).join('.');
    case 'Unary':
      if (value.fn === 'negate') return `-${settingText(value.operand)}`;
      break;
    case 'Array':
      return `[${value.items.map((e) => settingText(e)).join(',')}]`;
    case 'Map':
      return `{${value.keys.map((k, i) => `'${settingText(k)}':'${settingText(value.values[i] as Expression)}'`).join(',')}}`;
    default:
  }
  throw failAt(value.span, 'BAD_ARGUMENTS', 'The value of a setting must be a literal');
}

/** Settings that say how the answer is sent, not what it is: readers may set them. */
const transport =
  /^(enable_http_compression|http_|send_progress_in_http|wait_end_of_query|output_format_|format_|default_format|log_comment)/;

export function applySettings(run: Run, items: readonly SettingItem[] | undefined): void {
  for (const item of items ?? []) {
    const isDefault = item.value.kind === 'Literal' && item.value.type === 'default';
    const isNull = item.value.kind === 'Literal' && item.value.type === 'null';
    if (isNull && settingTypeOf(item.name) !== 'String') {
      throw failAt(
        item.value.span,
        'CANNOT_CONVERT_TYPE',
        `Setting ${item.name} takes a value, not NULL`,
        { hint: 'DEFAULT brings the default back' },
      );
    }
    let next: Settings;
    try {
      next = isDefault
        ? run.settings.without([item.name])
        : run.settings.with([[item.name, settingText(item.value)]]);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      const span = error.name === 'UNKNOWN_SETTING' ? item.nameSpan : item.value.span;
      throw failAt(
        span,
        error.name as 'UNKNOWN_SETTING',
        error.message,
        error.hint ? { hint: error.hint } : {},
      );
    }
    const name = canonicalSetting(item.name);
    const same = next.text(name) === run.settings.text(name);
    if (run.readonly === 1 && !same && !transport.test(name)) {
      throw failAt(
        item.nameSpan,
        'READONLY',
        `Cannot modify '${item.name}' setting in readonly mode`,
      );
    }
    run.settings = next;
  }
}

/** SETTINGS of the outermost SELECT hold for the whole statement. */
export function applyQuerySettings(run: Run, query: Query): void {
  if (query.kind === 'Select') applySettings(run, query.settings);
  else if (query.kind === 'SetOperation') {
    applySettings(run, query.settings);
    const last = query.queries[query.queries.length - 1];
    if (last?.kind === 'Select') applySettings(run, last.settings);
  }
}

export function applyOutput(run: Run, output: Output | undefined): void {
  if (!output) return;
  if (output.outfile !== undefined) {
    throw failAt(output.span, 'NOT_IMPLEMENTED', 'INTO OUTFILE is not implemented yet', {
      hint: 'Let the client write the answer to a file, as in colonnade query … > file',
    });
  }
  applySettings(run, output.settings);
  const { format } = output;
  if (!format) return;
  const known = run.core.native.format(format.name);
  if (!known) {
    const near = suggest(
      format.name,
      run.core.native.registry.formats.map((f) => f.name),
    );
    throw failAt(
      format.span,
      'UNKNOWN_FORMAT',
      `Unknown format ${format.name}`,
      near ? { hint: `Did you mean \`${near}\`?` } : {},
    );
  }
  if (!known.output)
    throw failAt(format.span, 'UNKNOWN_FORMAT', `Format ${known.name} is only for input`);
  run.format = known.name;
}
