// CODEC(…) of columns: which there are, what they take, and how they are written down. Values are stored in
// encodings that the kernel chooses; codecs are kept for what SHOW CREATE says.

import { type FunctionCall, print, suggest } from '../../../sql/index.ts';
import type { ErrorName } from '../../errors.ts';
import { failAt } from '../../plan/context.ts';
import { typeHead } from '../../plan/types.ts';

const codecs = new Set([
  'NONE',
  'LZ4',
  'LZ4HC',
  'ZSTD',
  'DELTA',
  'DOUBLEDELTA',
  'GORILLA',
  'T64',
  'FPC',
  'GCD',
  'ALP',
  'DEFAULT',
]);

const numeric = new Set(['DELTA', 'DOUBLEDELTA', 'GORILLA', 'T64', 'FPC', 'GCD', 'ALP']);
const generic = new Set(['LZ4', 'LZ4HC', 'ZSTD', 'DEFAULT']);

/** The types that a codec is made for, and what ClickHouse says of others. */
const fits: Readonly<Record<string, readonly [RegExp, ErrorName]>> = {
  T64: [/^(U?Int(8|16|32|64)$|Bool|Date|Enum|IPv4|Decimal)/, 'ILLEGAL_SYNTAX_FOR_CODEC_TYPE'],
  FPC: [/^Float/, 'BAD_ARGUMENTS'],
  GCD: [/^(U?Int\d+$|Decimal|Date)/, 'BAD_ARGUMENTS'],
};

const innerType = (type: string): string => {
  const wrapped = /^(?:Array|Nullable|LowCardinality)\((.*)\)$/.exec(type)?.[1];
  return wrapped === undefined ? type : innerType(wrapped);
};

/** Codecs that make nothing of the type, or nothing of each other.
 *  @param suspicious combinations that only seem to be a mistake are allowed */
export function checkCodec(list: readonly FunctionCall[], type: string, suspicious: boolean): void {
  const inner = innerType(type);
  const upper = list.map((codec) => codec.name.toUpperCase());
  for (const [i, codec] of list.entries()) {
    const [fit, code] = fits[upper[i] ?? ''] ?? [];
    if (!fit || !code || fit.test(inner)) continue;
    throw failAt(codec.nameSpan, code, `Codec ${codec.name} is not supported for type ${inner}`, {
      hint: 'Use LZ4 or ZSTD',
    });
  }
  if (/^(String|JSON|Object|AggregateFunction)/.test(inner)) {
    // Told how wide its numbers are, Delta takes bytes too.
    const at = list.findIndex((c, i) => numeric.has(upper[i] ?? '') && c.args.length === 0);
    const codec = list[at];
    if (!codec) return;
    throw failAt(
      codec.nameSpan,
      'BAD_ARGUMENTS',
      `Codec ${codec.name} is only applicable for data types of fixed size, not ${type}`,
      { hint: 'Use LZ4 or ZSTD' },
    );
  }
  const [first] = list;
  const wrong = suspicious ? undefined : meaningless(upper, inner);
  if (first && wrong !== undefined)
    throw failAt(first.nameSpan, 'BAD_ARGUMENTS', wrong, {
      hint: 'SET allow_suspicious_codecs = 1 to have it all the same',
    });
}

function meaningless(upper: readonly string[], inner: string): string | undefined {
  if (upper.length > 1 && upper.includes('NONE'))
    return 'It does not make sense to have codec NONE along with others';
  if (upper.slice(0, -1).some((name) => generic.has(name)))
    return 'A transformation behind a generic codec is meaningless';
  if (upper.includes('GORILLA') && !/^Float/.test(inner))
    return 'Gorilla is for floating-point columns';
  return upper.every((name) => name === 'DELTA' || name === 'GCD')
    ? 'The codec does not compress anything: put LZ4 or ZSTD behind it'
    : undefined;
}

/** What a codec without a parameter means for the type. */
function impliedLevel(name: string, type: string): number | undefined {
  const upper = name.toUpperCase();
  if (upper === 'ZSTD') return 1;
  if (upper === 'LZ4HC') return 9;
  if (upper === 'FPC') return 12;
  if (upper !== 'DELTA' && upper !== 'GORILLA') return undefined;
  const inner = innerType(type);
  const [, bits] = /^(?:U?Int|Float|BFloat)(\d+)$/.exec(inner) ?? [];
  if (bits !== undefined) return Math.min(8, Number(bits) / 8);
  const sizes: Record<string, number> = { Bool: 1, Date: 2, Date32: 4, DateTime: 4, DateTime64: 8 };
  return sizes[typeHead(inner)] ?? 1;
}

/** Numbers, and those that the codec has. */
function checkCodecArguments(codec: FunctionCall): void {
  const bounds: Record<string, readonly [number, number]> = {
    ZSTD: [1, 22],
    FPC: [1, 28],
    DELTA: [1, 8],
    DOUBLEDELTA: [1, 8],
    GORILLA: [1, 8],
  };
  const name = codec.name.toUpperCase();
  const [first] = codec.args;
  if (!first) return;
  if (name === 'DEFAULT') {
    throw failAt(first.span, 'BAD_ARGUMENTS', 'The codec Default takes no arguments');
  }
  if (name === 'LZ4' || name === 'NONE') {
    const text = `${name} codec must not have arguments`;
    throw failAt(first.span, 'DATA_TYPE_CANNOT_HAVE_ARGUMENTS', text);
  }
  if (name === 'T64') {
    const known =
      first.kind === 'Literal' && first.type === 'string' && /^(bit|byte)$/.test(first.value);
    if (known) return;
    throw failAt(first.span, 'ILLEGAL_CODEC_PARAMETER', "T64 takes 'bit' or 'byte'");
  }
  const [least, most] = bounds[name] ?? [];
  if (least === undefined || most === undefined) return;
  const value = first.kind === 'Literal' && first.type === 'number' ? Number(first.text) : NaN;
  const width = name === 'DELTA' || name === 'DOUBLEDELTA' || name === 'GORILLA';
  const fine = !width || [1, 2, 4, 8].includes(value);
  if (value >= least && value <= most && fine) return;
  throw failAt(
    first.span,
    'ILLEGAL_CODEC_PARAMETER',
    `Codec ${codec.name} takes a number from ${least} to ${most}`,
  );
}

export function codecText(list: readonly FunctionCall[], type: string): string {
  for (const codec of list) {
    if (codecs.has(codec.name.toUpperCase())) continue;
    const near = suggest(codec.name, codecs);
    throw failAt(
      codec.nameSpan,
      'UNKNOWN_CODEC',
      `Unknown codec family '${codec.name}'`,
      near ? { hint: `Did you mean \`${near}\`?` } : {},
    );
  }
  for (const codec of list) checkCodecArguments(codec);
  return list
    .map((codec) => {
      const text = print(codec).replace(/\(\)$/, '');
      const implied = codec.args.length > 0 ? undefined : impliedLevel(codec.name, type);
      return implied === undefined ? text : `${text}(${implied})`;
    })
    .join(', ');
}
