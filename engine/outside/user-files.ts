// What the paths of file() mean: files below one folder, or any file of this machine for its own user. Below
// the folder no symbolic link is followed, and nothing that a message says shows where the folder lies.

import { type Dirent, lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { basename, isAbsolute, normalize, relative, resolve } from 'node:path';
import { EngineError, fail } from '../errors.ts';
import type { NamedFile } from '../plan/context.ts';
import { alternatives, isPattern, pathPattern, tooMany } from './glob.ts';

export interface UserFiles {
  /** The folder, or the working directory of a local user. */
  readonly root: string;
  /** Any file of this machine may be named. */
  readonly anywhere: boolean;
  /** Files that one pattern may name. */
  readonly most: number;
}

/** A path below the root, without `.` and `..`. Throws for one that leads out of it. */
export function inside(files: UserFiles, path: string): string {
  if (path === '' || path.includes('\0') || path.length > 4096) {
    throw fail('BAD_ARGUMENTS', 'The path of a file has 1 to 4096 bytes and no zero byte');
  }
  if (files.anywhere) return resolve(files.root, path);
  const full = isAbsolute(path) ? normalize(path) : normalize(resolve(files.root, path));
  const below = relative(files.root, full);
  if (below === '' || below.startsWith('..') || isAbsolute(below)) {
    // Without the path: an answer must not say again where things lie on this machine.
    throw fail('DATABASE_ACCESS_DENIED', 'The file is not inside the folder of user files', {
      hint: "The server's setting user_files_path says which folder that is; paths are relative to it",
    });
  }
  return below;
}

/** The files of a path or pattern, in the order of their names. */
export function named(files: UserFiles, path: string): NamedFile[] {
  const out = new Map<string, NamedFile>();
  for (const one of alternatives(path, files.most)) {
    for (const file of isPattern(one) ? matching(files, one) : [single(files, one)]) {
      if (file) out.set(file.path, file);
      if (out.size > files.most) throw tooMany(files.most);
    }
  }
  // A pattern of alternatives may name files that are not there; a plain path may not.
  return [...out.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

export const notThere = (path: string): EngineError =>
  new EngineError('FILE_DOESNT_EXIST', 107, 'missing', `File ${path} doesn't exist`);

const fullOf = (files: UserFiles, path: string): string =>
  files.anywhere ? path : resolve(files.root, path);

function single(files: UserFiles, written: string): NamedFile | undefined {
  const path = inside(files, written);
  let stat: Stats;
  try {
    stat = files.anywhere ? statSync(path) : statBelow(files, path);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    return undefined;
  }
  if (!stat.isFile()) {
    throw fail('DATABASE_ACCESS_DENIED', `${written} is not a plain file`);
  }
  return fileOf(files, path, stat);
}

/** Refuses links at every name on the way; the kernel does so again when it opens the file. */
export function statBelow(files: UserFiles, path: string): Stats {
  let at = files.root;
  let stat: Stats | undefined;
  for (const name of path.split('/')) {
    at = `${at}/${name}`;
    stat = lstatSync(at);
    if (stat.isSymbolicLink()) {
      throw fail('DATABASE_ACCESS_DENIED', `${path} is a symbolic link, or lies behind one`);
    }
  }
  if (!stat) throw notThere(path);
  return stat;
}

function fileOf(files: UserFiles, path: string, stat: Stats): NamedFile {
  return {
    ...(files.anywhere ? {} : { root: files.root }),
    path,
    shown: path,
    name: basename(path),
    bytes: stat.size,
    timeMs: stat.mtimeMs,
  };
}

const deepest = 32;
const looksMax = 100_000;

/** Walks the folders that a pattern leads through. */
function matching(files: UserFiles, written: string): NamedFile[] {
  const path = inside(files, written);
  const names = path.split('/');
  const out: NamedFile[] = [];
  let looks = 0;
  const entries = (dir: string): Dirent[] => {
    try {
      const list = readdirSync(fullOf(files, dir || '.'), { withFileTypes: true });
      looks += list.length + 1;
      if (looks > looksMax) throw tooMany(looksMax);
      return list.filter((e) => files.anywhere || !e.isSymbolicLink());
    } catch (error) {
      if (error instanceof EngineError) throw error;
      return [];
    }
  };
  const walk = (dir: string, at: number, depth: number): void => {
    if (depth > deepest || out.length > files.most) return;
    const name = names[at] ?? '';
    const last = at === names.length - 1;
    const below = (entry: string): string => (dir === '' ? entry : `${dir}/${entry}`);
    if (name === '**') {
      if (!last) walk(dir, at + 1, depth);
      for (const entry of entries(dir)) {
        if (entry.isDirectory()) walk(below(entry.name), at, depth + 1);
        else if (last && entry.isFile()) take(below(entry.name));
      }
      return;
    }
    if (!isPattern(name)) {
      if (last) take(below(name));
      else walk(name === '' && dir === '' ? '/' : below(name), at + 1, depth + 1);
      return;
    }
    const fits = pathPattern(name);
    for (const entry of entries(dir)) {
      if (!fits(entry.name) || (entry.name.startsWith('.') && !name.startsWith('.'))) continue;
      if (last) {
        if (!entry.isDirectory()) take(below(entry.name));
      } else if (entry.isDirectory() || entry.isSymbolicLink())
        walk(below(entry.name), at + 1, depth + 1);
    }
  };
  const take = (found: string): void => {
    const full = found.replace(/^\/\/+/, '/');
    try {
      const stat = files.anywhere ? statSync(full) : statBelow(files, full);
      if (stat.isFile()) out.push(fileOf(files, full, stat));
    } catch {
      // Gone meanwhile, or a link.
    }
  };
  walk('', 0, 0);
  return out;
}
