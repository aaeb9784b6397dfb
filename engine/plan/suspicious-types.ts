// Types that are allowed but seldom meant: refused in columns and in CAST unless a setting says otherwise.
import type { Span } from '../../sql/index.ts';
import type { Settings } from '../settings/index.ts';
import { failAt } from './context.ts';

export function refuseSuspicious(settings: Settings, type: string, span: Span): void {
  const low = /LowCardinality\((?:Nullable\()?(?!Nullable|String|FixedString)(\w+)/.exec(type);
  if (low && !settings.bool('allow_suspicious_low_cardinality_types')) {
    throw failAt(
      span,
      'SUSPICIOUS_TYPE_FOR_LOW_CARDINALITY',
      `LowCardinality of ${low[1]} makes a column slower and larger`,
      { hint: `Write ${low[1]}, or set allow_suspicious_low_cardinality_types = 1` },
    );
  }
  if (/Nullable\(Tuple\(/.test(type) && !settings.bool('enable_nullable_tuple_type')) {
    throw failAt(span, 'ILLEGAL_COLUMN', 'A tuple that may be NULL is no type of a column', {
      hint: 'Make its elements Nullable, or set enable_nullable_tuple_type = 1 for a CAST',
    });
  }
  const long = /FixedString\((\d+)\)/.exec(type);
  if (long && Number(long[1]) > 256 && !settings.bool('allow_suspicious_fixed_string_types')) {
    throw failAt(
      span,
      'ILLEGAL_COLUMN',
      `A FixedString(${long[1]}) stores ${long[1]} bytes in every row`,
      { hint: 'Write String, or set allow_suspicious_fixed_string_types = 1' },
    );
  }
}
