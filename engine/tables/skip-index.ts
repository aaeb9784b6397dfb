// What the kernel keeps for a skip index, by the type as it was written. An index can only spare reading, so
// arguments that tune ClickHouse's filters (sizes, seeds) are accepted and change nothing.

import { type Expression, type FunctionCall, parseExpression } from '../../sql/index.ts';
import { type ErrorName, fail } from '../errors.ts';

export interface KeptIndex {
  readonly indexType: 'minmax' | 'bloom_filter' | 'tokens' | 'postings';
  readonly falsePositiveRate?: number;
  /** What texts are cut into, as the kernel writes it. */
  readonly tokenizer?: string;
}

interface Written {
  readonly name: string;
  readonly args: readonly Expression[];
}

const bad = (text: string, code: ErrorName = 'BAD_ARGUMENTS'): Error => fail(code, text);

function parsed(type: string): Written {
  // Names of types may be keywords: only the arguments are an expression.
  const [, name = '', args = ''] = /^(\w+)\s*(?:\((.*)\))?$/s.exec(type) ?? [];
  if (args.trim() === '') return { name, args: [] };
  const call = parseExpression(`f(${args})`);
  return { name, args: call.kind === 'Function' ? call.args : [] };
}

const numberOf = (arg: Expression | undefined): number =>
  arg?.kind === 'Literal' && arg.type === 'number' ? Number(arg.text) : Number.NaN;

const hex = (text: string): string => Buffer.from(text).toString('hex');

/** The tokenizer of a text index: a name, or a call with its arguments. */
function tokenizerOf(arg: Expression): string {
  const call = arg.kind === 'Function' ? (arg as FunctionCall) : undefined;
  const name =
    call?.name ??
    (arg.kind === 'Identifier' ? arg.parts.map((p) => p.name).join('.') : undefined) ??
    (arg.kind === 'Literal' && arg.type === 'string' ? arg.value : '');
  const first = call?.args[0];
  switch (name) {
    case 'splitByNonAlpha':
      return 'words';
    case 'array':
      return 'whole';
    case 'ngrams':
    case 'sparseGrams': {
      const n = first ? numberOf(first) : 3;
      if (!(n >= 1))
        throw bad(`Incorrect parameter of tokenizer '${name}': ngram length must be at least 1`);
      return `grams ${Math.min(n, 200)}`;
    }
    case 'splitByString': {
      const items = first?.kind === 'Array' ? first.items : [];
      const texts = items.flatMap((i) =>
        i.kind === 'Literal' && i.type === 'string' ? [i.value] : [],
      );
      if (first && (texts.length !== items.length || texts.length === 0 || texts.includes(''))) {
        throw bad(`Incorrect parameter of tokenizer 'splitByString': separators are texts`);
      }
      return `split ${(first ? texts : [' ']).map(hex).join(' ')}`;
    }
    default:
      throw bad(`Unknown tokenizer: '${name}'`);
  }
}

/** Arguments `name = value` of a text index. */
function textTokenizer(args: readonly Expression[]): string {
  for (const arg of args) {
    if (arg.kind !== 'Binary' || arg.fn !== 'equals' || arg.left.kind !== 'Identifier') {
      throw bad('Arguments of a text index are written name = value');
    }
    if (arg.left.parts[0]?.name === 'tokenizer') return tokenizerOf(arg.right);
  }
  throw bad("Text index argument 'tokenizer' is required");
}

/** Words, or n-grams of so many characters. */
const oldTextTokenizer = ([n]: readonly Expression[]): string =>
  numberOf(n) >= 1 ? `grams ${Math.min(numberOf(n), 200)}` : 'words';

function filterArguments({ name, args }: Written): readonly Expression[] {
  const wanted = name === 'ngrambf_v1' ? 4 : 3;
  const short = name.replace('_v1', '');
  if (args.length !== wanted) throw bad(`\`${short}\` index must have exactly ${wanted} arguments`);
  const [size, hashes] = args.slice(-3).map(numberOf);
  if (wanted === 4 && !(numberOf(args[0]) >= 1)) throw bad('ngram length must be at least 1');
  if (size === 0) throw bad('The size of bloom filter cannot be zero');
  if (hashes === 0) throw bad('The number of hash functions cannot be zero');
  return args;
}

const kept: Readonly<Record<string, (written: Written) => KeptIndex>> = {
  minmax: () => ({ indexType: 'minmax' }),
  bloom_filter: ({ args }) => {
    const rate = numberOf(args[0]);
    return {
      indexType: 'bloom_filter',
      ...(rate > 0 && rate < 1 ? { falsePositiveRate: rate } : {}),
    };
  },
  // Of a set of values a filter is kept: it answers equality and IN.
  set: ({ args }) => {
    if (args.length === 1) return { indexType: 'bloom_filter' };
    throw bad('set takes one argument: how many values it may hold, 0 = any', 'INCORRECT_QUERY');
  },
  tokenbf_v1: (written) => {
    filterArguments(written);
    return { indexType: 'tokens', tokenizer: 'words' };
  },
  ngrambf_v1: (written) => {
    const n = numberOf(filterArguments(written)[0]);
    return { indexType: 'tokens', tokenizer: `grams ${Math.min(n, 200)}` };
  },
  text: ({ args }) => ({ indexType: 'postings', tokenizer: textTokenizer(args) }),
  inverted: ({ args }) => ({ indexType: 'postings', tokenizer: oldTextTokenizer(args) }),
  full_text: ({ args }) => ({ indexType: 'postings', tokenizer: oldTextTokenizer(args) }),
};

/** Types of indexes that are there. */
export const indexesBuilt: ReadonlySet<string> = new Set(Object.keys(kept));

/** Throws BAD_ARGUMENTS for arguments that do not fit. */
export function keptIndex(type: string): KeptIndex | undefined {
  const written = parsed(type);
  return kept[written.name]?.(written);
}

/** The same of a table that is there: what it was made with may have been looked at less closely. */
export function storedIndex(type: string): KeptIndex | undefined {
  try {
    return keptIndex(type);
  } catch {
    return undefined;
  }
}

const textual = /^(Array\()?(LowCardinality\(|Nullable\()*(String|FixedString)\b/;
const hashed = /^(LowCardinality\(|Nullable\()*(String|U?Int(8|16|32|64)|Date|DateTime|UUID)\b/;

/** Whether an index of the kind can be kept over values of the type. */
export function fitsIndex(
  { indexType, tokenizer }: KeptIndex,
  written: string,
  type: string,
): boolean {
  if (indexType === 'minmax') return true;
  // A fixed string has zeros behind it that a condition leaves out.
  if (/FixedString/.test(type) && tokenizer !== undefined && !/^(words|grams)/.test(tokenizer))
    return false;
  if (tokenizer !== undefined) return textual.test(type);
  return !written.startsWith('set') || hashed.test(type);
}

/** The index types whose values must be texts. */
export function checkIndexType(type: string, valueType: string): void {
  const index = keptIndex(type);
  if (index?.tokenizer === undefined || textual.test(valueType)) return;
  if (/^Tuple/.test(valueType)) {
    throw bad('Text index must be created on a single column', 'INCORRECT_NUMBER_OF_COLUMNS');
  }
  throw bad(
    index.indexType === 'postings'
      ? `Text index must be created on columns of type with base type of String or FixedString, got: ${valueType}`
      : 'Ngram and token bloom filter indexes can only be used with column types `String`, `FixedString`, `LowCardinality(String)`, `LowCardinality(FixedString)`, `Array(String)` or `Array(FixedString)`',
  );
}
