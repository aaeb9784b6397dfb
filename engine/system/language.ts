// System tables about the language and what it can do: keywords, combinators, time zones, collations, codecs, …

import { keywords as words } from '../../sql/index.ts';
import type { LitValue } from '../plan/physical/wire.ts';
import { mergeTreeSettings } from '../settings/merge-tree.ts';
import { columns, flag, type SystemTable } from './table.ts';
import { timeZones } from './time-zones.ts';

const documented = columns(
  ['description', 'String', 'What it does'],
  ['syntax', 'String', 'How it is written'],
  ['examples', 'String', 'Examples'],
  ['introduced_in', 'String', 'Not known'],
  ['related', 'Array(String)', 'What is like it'],
);
const document = (text: string, syntax = ''): LitValue[] => [text, syntax, '', '', []];

const suffixes: Record<string, string> = {
  ArgMax: 'The aggregate over the rows with the greatest last argument',
  ArgMin: 'The aggregate over the rows with the least last argument',
  Array: 'The arguments are arrays: their elements are aggregated',
  Distinct: 'Each different set of arguments counts once',
  ForEach: 'Arrays are aggregated element by element',
  If: 'Only rows whose last argument holds are aggregated',
  Map: 'The values of a map are aggregated by key',
  Merge: 'States are merged and finished',
  Null: 'How NULLs are skipped',
  OrDefault: 'The default of the type when there are no rows',
  OrNull: 'NULL when there are no rows',
  Resample: 'The aggregate by ranges of the last argument',
  SimpleState: 'The result as a SimpleAggregateFunction',
  State: 'The state instead of the result',
};

export const combinators: SystemTable = {
  name: 'aggregate_function_combinators',
  doc: 'Suffixes of aggregate functions',
  columns: [
    ...columns(['name', 'String', 'Suffix'], ['is_internal', 'UInt8', 'Not for queries']),
    ...documented,
  ],
  rows: () =>
    Object.entries(suffixes).map(([name, text]) => [
      name,
      flag(name === 'Null'),
      ...document(text, `<aggregate>${name}(…)`),
    ]),
};

export const keywords: SystemTable = {
  name: 'keywords',
  doc: 'Words of the grammar',
  columns: columns(['keyword', 'String', 'The word']),
  rows: () => words.map((word) => [word]),
};

export const collations: SystemTable = {
  name: 'collations',
  doc: 'Languages that texts can be ordered for',
  columns: columns(['name', 'String', 'Name'], ['language', 'Nullable(String)', 'In English']),
  rows: () => {
    const names = new Intl.DisplayNames('en', { type: 'language' });
    const two = 'abcdefghijklmnopqrstuvwxyz';
    const codes = [...two].flatMap((a) => [...two].map((b) => a + b));
    return Intl.Collator.supportedLocalesOf(codes).map((code) => [code, names.of(code) ?? null]);
  },
};

export const databaseEngines: SystemTable = {
  name: 'database_engines',
  doc: 'Engines of databases',
  columns: [...columns(['name', 'String', 'Name']), ...documented],
  rows: () => [['Atomic', ...document('Renames and exchanges are one step', 'ENGINE = Atomic')]],
};

const codecList: readonly (readonly [string, number, boolean, boolean, boolean, string])[] = [
  ['NONE', 2, false, false, false, 'No compression'],
  ['LZ4', 130, true, true, false, 'Fast compression'],
  ['LZ4HC', 130, true, true, false, 'Slower compression that reads as fast as LZ4'],
  ['ZSTD', 144, true, true, false, 'Strong compression'],
  ['Multiple', 145, false, false, false, 'Several codecs in a row'],
  ['Delta', 146, false, false, false, 'Differences of neighbours'],
  ['T64', 147, true, false, false, 'Leaves out bits that no value uses'],
  ['DoubleDelta', 148, true, false, true, 'Differences of differences'],
  ['Gorilla', 149, true, false, true, 'XOR of neighbours'],
  ['FPC', 152, true, false, true, 'Predicted floating point numbers'],
  ['GCD', 154, false, false, false, 'Divides by the greatest common divisor'],
];

export const codecs: SystemTable = {
  name: 'codecs',
  doc: 'Codecs of columns. All are accepted; segments choose encodings by what the values are',
  columns: columns(
    ['name', 'String', 'Name'],
    ['method_byte', 'UInt8', 'Its number'],
    ['is_compression', 'UInt8', 'Makes values smaller'],
    ['is_generic_compression', 'UInt8', 'For any bytes'],
    ['is_encryption', 'UInt8', 'Always 0'],
    ['is_timeseries_codec', 'UInt8', 'For series of measurements'],
    ['is_experimental', 'UInt8', 'Always 0'],
    ['description', 'String', 'What it does'],
  ),
  rows: () =>
    codecList.map(([name, byte, packs, generic, series, text]) => [
      name,
      String(byte),
      flag(packs),
      flag(generic),
      '0',
      flag(series),
      '0',
      text,
    ]),
};

const indexKinds: Record<string, string> = {
  minmax: 'Least and greatest value',
  set: 'Distinct values up to a number',
  bloom_filter: 'Bloom filter of values',
  tokenbf_v1: 'Bloom filter of words',
  ngrambf_v1: 'Bloom filter of n-grams',
};

export const indexTypes: SystemTable = {
  name: 'data_skipping_index_types',
  doc: 'Kinds of skipping indexes',
  columns: [...columns(['name', 'String', 'Name']), ...documented],
  rows: () => Object.entries(indexKinds).map(([name, text]) => [name, ...document(text)]),
};

export const tokenizers: SystemTable = {
  name: 'tokenizers',
  doc: 'Ways to cut texts into tokens',
  columns: columns(['name', 'String', 'Name']),
  rows: () => [['array'], ['ngrams'], ['splitByNonAlpha'], ['splitByString']],
};

const tableSettings = (name: string): SystemTable => ({
  name,
  doc: 'Settings that a table may have',
  columns: columns(
    ['name', 'String', 'Name'],
    ['value', 'String', 'Value of a table without it'],
    ['default', 'String', 'As value'],
    ['changed', 'UInt8', 'Always 0'],
    ['description', 'String', 'What it is about'],
    ['min', 'Nullable(String)', 'Least value'],
    ['max', 'Nullable(String)', 'Greatest value'],
    ['disallowed_values', 'Array(String)', 'Values that are refused'],
    ['readonly', 'UInt8', '1: it cannot be changed'],
    ['type', 'String', 'Type'],
    ['is_obsolete', 'UInt8', '1: without effect'],
    [
      'tier',
      "Enum8('Production' = 0, 'Obsolete' = 4, 'Experimental' = 8, 'Beta' = 12)",
      'How settled it is',
    ],
  ),
  rows: (run) =>
    [...mergeTreeSettings].map(([name_, s]) => [
      name_,
      s.default,
      s.default,
      '0',
      `Of MergeTree tables: ${name_.replaceAll('_', ' ')}`,
      null,
      null,
      [],
      flag(run.readonly === 1),
      s.type,
      '0',
      'Production',
    ]),
});

export const languageTables: readonly SystemTable[] = [
  combinators,
  keywords,
  timeZones,
  collations,
  databaseEngines,
  codecs,
  indexTypes,
  tokenizers,
  tableSettings('merge_tree_settings'),
  tableSettings('replicated_merge_tree_settings'),
];
