// CODEC(…) of columns: which there are, what they take, and how they are written down. Values are stored in
// encodings that the kernel chooses; codecs are kept for what SHOW CREATE says.

import { type FunctionCall, print, suggest } from '../../../sql/index.ts';
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

/** Codecs of numbers make nothing of texts. */
export function checkCodec(list: readonly FunctionCall[], type: string): void {
  const inner = type.replace(/^((Array|Nullable|LowCardinality)\()+/, '');
  if (!/^(String|JSON|Object|AggregateFunction)/.test(inner)) return;
  // Told how wide its numbers are, Delta takes bytes too.
  const codec = list.find((c) => numeric.has(c.name.toUpperCase()) && c.args.length === 0);
  if (!codec) return;
  throw failAt(
    codec.nameSpan,
    'BAD_ARGUMENTS',
    `Codec ${codec.name} is only applicable for data types of fixed size, not ${type}`,
    { hint: 'Use LZ4 or ZSTD' },
  );
}

/** What a codec without a parameter means for the type. */
function impliedLevel(name: string, type: string): number | undefined {
  const upper = name.toUpperCase();
  if (upper === 'ZSTD') return 1;
  if (upper === 'LZ4HC') return 9;
  if (upper !== 'DELTA' && upper !== 'GORILLA') return undefined;
  const inner = type.replace(/^((Array|Nullable|LowCardinality)\()+/, '').replace(/\)+$/, '');
  const [, bits] = /^(?:U?Int|Float|BFloat)(\d+)$/.exec(inner) ?? [];
  if (bits !== undefined) return Math.min(8, Number(bits) / 8);
  const sizes: Record<string, number> = { Bool: 1, Date: 2, Date32: 4, DateTime: 4, DateTime64: 8 };
  return sizes[typeHead(inner)] ?? 1;
}

/** Numbers, and those that the codec has. */
function checkCodecArguments(codec: FunctionCall): void {
  const bounds: Record<string, readonly [number, number]> = {
    ZSTD: [1, 22],
    LZ4HC: [0, 12],
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
  const [least, most] = bounds[name] ?? [];
  if (least === undefined || most === undefined) return;
  const value = first.kind === 'Literal' && first.type === 'number' ? Number(first.text) : NaN;
  if (value >= least && value <= most) return;
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
