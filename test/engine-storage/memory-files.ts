// A small disk in memory for tests that need no kernel: what is not synced may be lost.

import { createHash } from 'node:crypto';
import { type FileEntry, FileError, type FilesApi, type WriteFile } from '../../engine/files.ts';

interface Node {
  content: Buffer;
  durable: Buffer;
  poisoned: boolean;
}

export interface MemoryFiles extends FilesApi {
  /** The next `n` syncs fail with EIO. */
  failSyncs(n: number): void;
  setCapacity(bytes: number | undefined): void;
  /** The machine stops after `n` more changing operations; the last one may not happen. */
  crashAfter(n: number | undefined): void;
  readonly operations: number;
  readonly crashed: boolean;
  readonly used: number;
  /** What a new process finds: after a power cut un-synced bytes are there by `keep` (0..1). */
  restart(powerCut: boolean, keep?: () => number): MemoryFiles;
  poke(path: string, change: (bytes: Buffer) => Buffer | undefined): void;
}

export function memoryFiles(
  nodes = new Map<string, Node>(),
  dirs = new Set<string>(),
): MemoryFiles {
  let failing = 0;
  let capacity: number | undefined;
  let stopAt: number | undefined;
  let operations = 0;
  let locked = false;
  let off = false;

  const alive = (path: string) => {
    if (off) throw new FileError('Crashed', 5, path, 'the simulated machine is off');
  };
  const step = (path: string) => {
    alive(path);
    operations++;
    if (stopAt !== undefined && operations >= stopAt) off = true;
    alive(path);
  };
  const find = (path: string): Node => {
    alive(path);
    const node = nodes.get(path);
    if (!node) throw new FileError('NotFound', 2, path, 'no such file');
    return node;
  };
  const used = () => [...nodes.values()].reduce((sum, node) => sum + node.content.length, 0);

  const writer = (path: string): WriteFile => {
    const node = find(path);
    const check = () => {
      step(path);
      if (node.poisoned) throw new FileError('SyncFailed', 5, path, 'fdatasync: EIO');
    };
    const write = (offset: number, bytes: Uint8Array) => {
      check();
      const grown = Math.max(0, offset + bytes.length - node.content.length);
      if (capacity !== undefined && used() + grown > capacity) {
        throw new FileError('DiskFull', 28, path, 'no space left');
      }
      const content = Buffer.alloc(Math.max(node.content.length, offset + bytes.length));
      node.content.copy(content);
      content.set(bytes, offset);
      node.content = content;
    };
    return {
      path,
      length: () => node.content.length,
      append: (bytes) => {
        const at = node.content.length;
        write(at, bytes);
        return at;
      },
      writeAt: write,
      truncate: (length) => {
        check();
        node.content = node.content.subarray(0, length);
      },
      sync: async () => {
        check();
        await Promise.resolve();
        if (failing > 0) {
          failing--;
          node.poisoned = true;
          throw new FileError('SyncFailed', 5, path, 'fdatasync: EIO');
        }
        node.durable = Buffer.from(node.content);
      },
      close: () => {},
    };
  };

  return {
    store: 0,
    read: (path, offset, length) =>
      Buffer.from(find(path).content.subarray(offset, offset + length)),
    readAll: (path) => Buffer.from(find(path).content),
    length: (path) => {
      alive(path);
      return nodes.get(path)?.content.length;
    },
    list: (dir) => {
      alive(dir);
      const entries = new Map<string, FileEntry>();
      const prefix = dir ? `${dir}/` : '';
      for (const [path, node] of nodes) {
        if (!path.startsWith(prefix)) continue;
        const [name = '', ...below] = path.slice(prefix.length).split('/');
        const inside = below.length > 0;
        entries.set(name, { name, dir: inside, len: inside ? 0 : node.content.length });
      }
      if (entries.size === 0 && !dirs.has(dir)) {
        throw new FileError('NotFound', 2, dir, 'no such directory');
      }
      return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    create: (path) => {
      step(path);
      if (nodes.has(path)) throw new FileError('Exists', 17, path, 'the file exists');
      nodes.set(path, { content: Buffer.alloc(0), durable: Buffer.alloc(0), poisoned: false });
      return writer(path);
    },
    openWrite: writer,
    makeDir: (path) => {
      step(path);
      dirs.add(path);
    },
    syncDir: async (path) => step(path),
    remove: (path) => {
      step(path);
      find(path);
      nodes.delete(path);
    },
    freeSpace: () => (capacity === undefined ? 2 ** 40 : Math.max(0, capacity - used())),
    lock: () => {
      if (locked) throw new FileError('Locked', 0, 'lock', 'in use', 1);
      locked = true;
      return () => {
        locked = false;
      };
    },
    checksum: (bytes) => createHash('sha256').update(bytes).digest().readBigUInt64LE(0),
    close: () => {},
    failSyncs: (n) => {
      failing = n;
    },
    setCapacity: (bytes) => {
      capacity = bytes;
    },
    crashAfter: (n) => {
      stopAt = n === undefined ? undefined : operations + n;
    },
    get operations() {
      return operations;
    },
    get crashed() {
      return off;
    },
    get used() {
      return used();
    },
    restart: (powerCut, keep = () => 0) => {
      const next = new Map<string, Node>();
      for (const [path, { content, durable }] of nodes) {
        let left = content;
        if (powerCut && !content.equals(durable)) {
          const cut = durable.length + Math.floor((content.length - durable.length) * keep());
          const grew = content.length > durable.length;
          left = grew ? content.subarray(0, cut) : keep() < 0.5 ? durable : content;
        }
        const bytes = Buffer.from(left);
        next.set(path, { content: bytes, durable: Buffer.from(bytes), poisoned: false });
      }
      return memoryFiles(next, new Set(dirs));
    },
    poke: (path, change) => {
      const node = find(path);
      const bytes = change(Buffer.from(node.content));
      if (!bytes) nodes.delete(path);
      else Object.assign(node, { content: bytes, durable: Buffer.from(bytes) });
    },
  };
}
