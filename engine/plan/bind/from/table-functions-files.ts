// Table functions over files: file(), url(), s3(), and FROM 'file.parquet'.

import type { Expression, FunctionCall, Identifier, Span } from '../../../../sql/index.ts';
import type { EngineError } from '../../../errors.ts';
import { compressionOf, formatOf, NoSuchMethod } from '../../../outside/formats.ts';
import { isPattern } from '../../../outside/glob.ts';
import { notThere } from '../../../outside/user-files.ts';
import {
  failAt,
  type NamedFile,
  newColumn,
  notBuilt,
  SpannedError,
  type Wanted,
} from '../../context.ts';
import type { Column } from '../../expression.ts';
import type { FilesNode } from '../../logical.ts';
import type { LitValue } from '../../physical/wire.ts';
import { nameText, type Scope } from '../scope.ts';
import { atPlace } from './as-of.ts';
import { structure, textOf } from './table-function-arguments.ts';

/** The arguments of a function over files, as far as they were given. */
export interface FileArguments {
  readonly wanted: Wanted;
  readonly format: string;
  readonly structure: string;
  readonly compression: string;
}

const signatures: Readonly<Record<string, string>> = {
  file: 'path[, format[, structure[, compression]]]',
  url: "url[, format[, structure]][, headers('name' = 'value')]",
  s3: 'url[, NOSIGN | key, secret[, session]][, format[, structure[, compression]]]',
};

export const isFileFunction = (name: string): boolean => Object.hasOwn(signatures, name);

/** Reads the arguments. Formats may be written without quotes. */
export function fileArguments(call: FunctionCall, scope: Scope): FileArguments {
  const isHeaders = (a: Expression): a is FunctionCall =>
    a.kind === 'Function' && a.name === 'headers';
  const headers = Object.fromEntries(
    call.args.filter(isHeaders).flatMap((h) => h.args.map((a) => headerOf(a, call, scope))),
  );
  const texts = call.args
    .filter((a) => !isHeaders(a))
    .map((a) =>
      a.kind === 'Identifier' && a.parts.length === 1
        ? nameText(scope.ctx, (a as Identifier).parts[0] as Identifier['parts'][0])
        : textOf(a, call, scope),
    );
  const [path, ...rest] = texts;
  if (path === undefined || rest.length > 6) throw badSignature(call);
  const { keys, left } = call.name === 's3' ? keysOf(rest, scope) : { keys: undefined, left: rest };
  if (left.length > 3) throw badSignature(call);
  const [format = 'auto', shape = 'auto', compression = 'auto'] = left;
  const formats = (name: string) => scope.ctx.kernel.format(name);
  const named = format === 'auto' ? formatOf(path, formats) : formats(format)?.name;
  const ranged = named === 'Parquet' ? { ranged: true } : {};
  const wanted: Wanted =
    call.name === 'url'
      ? { kind: 'url', url: path, headers, ...ranged }
      : call.name === 's3'
        ? { kind: 's3', url: path, ...(keys ? { keys } : {}), ...ranged }
        : { kind: 'file', path };
  return { wanted, format, structure: shape, compression };
}

function badSignature(call: FunctionCall): Error {
  const text = `${call.name} is called as ${call.name}(${signatures[call.name]})`;
  return failAt(call.span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', text);
}

function headerOf(arg: Expression, call: FunctionCall, scope: Scope): [string, string] {
  if (arg.kind !== 'Binary' || arg.fn !== 'equals') {
    throw failAt(arg.span, 'BAD_ARGUMENTS', "headers are written headers('name' = 'value')");
  }
  const name = textOf(arg.left, call, scope).toLowerCase();
  const value = textOf(arg.right, call, scope);
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[^\t\x20-\x7e]/.test(value)) {
    throw failAt(arg.span, 'BAD_ARGUMENTS', `${name} cannot be sent as a header`);
  }
  return [name, value];
}

/** What stands between the URL and the format. */
function keysOf(
  rest: readonly string[],
  scope: Scope,
): { keys?: { key: string; secret: string; session?: string }; left: string[] } {
  const isFormat = (t: string | undefined): boolean =>
    t === 'auto' || (t !== undefined && scope.ctx.kernel.format(t) !== undefined);
  const [first, second, third] = rest;
  if (first === undefined || isFormat(first)) return { left: [...rest] };
  if (first.toUpperCase() === 'NOSIGN') return { left: rest.slice(1) };
  const keys = { key: first, secret: second ?? '' };
  if (third === undefined || isFormat(third)) return { keys, left: rest.slice(2) };
  return { keys: { ...keys, session: third }, left: rest.slice(3) };
}

const virtualColumns = [
  ['_path', 'LowCardinality(String)'],
  ['_file', 'LowCardinality(String)'],
  ['_size', 'Nullable(UInt64)'],
  ['_time', 'Nullable(DateTime)'],
] as const;

const valuesOf = (file: NamedFile): LitValue[] => [
  file.shown,
  file.name,
  file.bytes === undefined ? null : String(file.bytes),
  file.timeMs === undefined ? null : String(Math.floor(file.timeMs / 1000)),
];

export const bindFileFunction = (call: FunctionCall, scope: Scope): FilesNode =>
  filesNode(call.name, fileArguments(call, scope), call.span, scope, call);

/** FROM 'file.parquet'. */
export const bindFilePath = (path: string, span: Span, scope: Scope): FilesNode =>
  filesNode(
    'file',
    { wanted: { kind: 'file', path }, format: 'auto', structure: 'auto', compression: 'auto' },
    span,
    scope,
  );

function filesNode(
  title: string,
  args: FileArguments,
  span: Span,
  scope: Scope,
  call?: FunctionCall,
): FilesNode {
  const { ctx } = scope;
  if (!ctx.outside) throw notBuilt(span, `${title}() in the definition of a table`);
  ctx.cacheable = false;
  const path = args.wanted.kind === 'file' ? args.wanted.path : args.wanted.url;
  const found = atPlace(span, () => ctx.outside?.files(args.wanted, ctx.settings) ?? []);
  const packed = found.map((file): NamedFile => {
    const compression = atPlace(span, () => methodOf(file.name, args.compression, span));
    return compression === undefined ? file : { ...file, compression };
  });
  const hasShape = args.structure !== 'auto';
  if (packed.length === 0 && !(hasShape && isPattern(path)))
    throw nothingThere(span, path, hasShape);
  const { format, columns } = atPlace(span, () => shapeOf(args, packed, path, span, scope, call));
  const own = new Set(columns.map((c) => c.name));
  const virtual = virtualColumns.filter(([name]) => !own.has(name));
  const added = virtual.map(([name, type]) => newColumn(ctx, name, type));
  const at = virtual.map((v) => virtualColumns.indexOf(v));
  return {
    kind: 'files',
    title,
    format,
    own: columns.length,
    columns: [...columns, ...added],
    files: packed.map((file) => {
      const values = valuesOf(file);
      return { ...file, virtuals: at.map((i) => values[i] ?? null) };
    }),
  };
}

function methodOf(name: string, wanted: string, span: Span): string | undefined {
  try {
    return compressionOf(name, wanted);
  } catch (error) {
    if (!(error instanceof NoSuchMethod)) throw error;
    throw failAt(span, 'NOT_IMPLEMENTED', `Unknown compression method '${error.message}'`, {
      hint: 'gzip, zstd, lz4 and deflate can be read here',
    });
  }
}

function nothingThere(span: Span, path: string, hasShape: boolean): Error {
  if (isPattern(path)) {
    const text = `The table structure cannot be extracted: no file matches ${path}`;
    return failAt(span, 'CANNOT_EXTRACT_TABLE_STRUCTURE', text, {
      hint: 'Give the format and the structure, or another pattern',
    });
  }
  if (hasShape) return new SpannedError(notThere(path), span);
  return failAt(span, 'CANNOT_STAT', `Cannot stat file ${path}: it does not exist`, {
    hint: 'Paths are relative to the folder of user files (user_files_path)',
  });
}

interface Shape {
  readonly format: string;
  readonly columns: Column[];
}

function shapeOf(
  args: FileArguments,
  files: readonly NamedFile[],
  path: string,
  span: Span,
  scope: Scope,
  call: FunctionCall | undefined,
): Shape {
  const { ctx } = scope;
  const guessed = args.format === 'auto' ? formatOf(path, (n) => ctx.kernel.format(n)) : undefined;
  const name =
    args.format === 'auto'
      ? (guessed ?? formatOf(files[0]?.name ?? '', (n) => ctx.kernel.format(n)))
      : args.format;
  if (name === undefined) {
    throw failAt(span, 'CANNOT_DETECT_FORMAT', `The data format of ${path} cannot be detected`, {
      hint: 'Give the format as the second argument',
    });
  }
  const format = ctx.kernel.format(name);
  if (!format) throw failAt(span, 'UNKNOWN_FORMAT', `Unknown format ${name}`);
  if (args.structure !== 'auto' && call) {
    return { format: format.name, columns: structure(args.structure, call, scope) };
  }
  const infer = (as: string): Shape => ({
    format: as,
    columns: firstShape(as, files, scope).map((c) => newColumn(ctx, c.name, c.type)),
  });
  try {
    return infer(format.name);
  } catch (error) {
    // A .json file may hold one document or a row a line.
    if (args.format !== 'auto' || format.name !== 'JSON') throw error;
    return infer('JSONEachRow');
  }
}

/** The columns of the first file that has some. */
function firstShape(
  format: string,
  files: readonly NamedFile[],
  scope: Scope,
): { name: string; type: string }[] {
  let failure: unknown;
  for (const file of files) {
    if (file.bytes === 0) continue;
    try {
      return scope.ctx.kernel.inferFile(format, file);
    } catch (error) {
      failure ??= error;
      if ((error as EngineError).name !== 'CANNOT_EXTRACT_TABLE_STRUCTURE') break;
    }
  }
  if (failure !== undefined) throw failure;
  throw failAt(scope.span, 'CANNOT_EXTRACT_TABLE_STRUCTURE', 'The files are empty', {
    hint: 'Give the structure as the third argument',
  });
}
