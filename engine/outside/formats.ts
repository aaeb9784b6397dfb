// The format and the compression of a file by its name, as ClickHouse tells them.

import type { FormatEntry } from '../native/index.ts';

const byExtension: Readonly<Record<string, string>> = {
  csv: 'CSV',
  tsv: 'TSV',
  tab: 'TSV',
  json: 'JSON',
  jsonl: 'JSONEachRow',
  ndjson: 'JSONEachRow',
  parquet: 'Parquet',
  pq: 'Parquet',
  arrow: 'Arrow',
  feather: 'Arrow',
  native: 'Native',
  xml: 'XML',
  md: 'Markdown',
  txt: 'TabSeparated',
};

/** How extensions and the last argument of file() name a compression, as the kernel calls it. */
const compressions: Readonly<Record<string, string>> = {
  gz: 'gzip',
  gzip: 'gzip',
  zst: 'zstd',
  zstd: 'zstd',
  lz4: 'lz4',
  deflate: 'deflate',
};
const otherCompressions = new Set(['br', 'brotli', 'xz', 'lzma', 'bz2', 'snappy']);

const extensionOf = (path: string): { rest: string; extension: string } => {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/[?#].*$/, '');
  const at = name.lastIndexOf('.');
  return at < 0
    ? { rest: name, extension: '' }
    : { rest: name.slice(0, at), extension: name.slice(at + 1).toLowerCase() };
};

/** undefined: plain. `wanted` is the argument of the statement; throws the name of an unknown method. */
export function compressionOf(path: string, wanted = 'auto'): string | undefined {
  const method = wanted.toLowerCase();
  if (method === 'none') return undefined;
  const name = method === 'auto' || method === '' ? extensionOf(path).extension : method;
  const known = compressions[name];
  if (known) return known;
  if (otherCompressions.has(name) || (method !== 'auto' && method !== ''))
    throw new NoSuchMethod(name);
  return undefined;
}

/** A compression that is not there. */
export class NoSuchMethod extends Error {}

/** The format that a path's extension names. */
export function formatOf(
  path: string,
  registry: (name: string) => FormatEntry | undefined,
): string | undefined {
  const { rest, extension } = extensionOf(path);
  const packed = compressions[extension] !== undefined || otherCompressions.has(extension);
  const inner = packed ? extensionOf(rest).extension : extension;
  if (inner === '') return undefined;
  return byExtension[inner] ?? registry(inner)?.name;
}
