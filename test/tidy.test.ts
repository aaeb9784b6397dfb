// The house rules that a machine can check: who may know whom, what a file needs, what must not be committed.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter(Boolean);
const known = new Map<string, string>();
const text = (file: string): string => {
  let content = known.get(file);
  if (content === undefined) {
    try {
      content = readFileSync(join(root, file), 'utf8');
    } catch {
      content = ''; // deleted and not committed yet
    }
    known.set(file, content);
  }
  return content;
};
const ours = files.filter((f) => /\.(ts|mjs|rs)$/.test(f) && !f.endsWith('.d.ts'));
const room = (file: string): string => file.split('/')[0] ?? '';

/** Modules that a file imports: packages by name, files as paths in the checkout. */
function imports(file: string): string[] {
  const source = text(file).replace(/^\s*\/\/.*$/gm, '');
  const found = [
    ...source.matchAll(/^(?:import|[^'\n]*\bfrom)\s+'([^'\n]+)';$/gm),
    ...source.matchAll(/\bimport\('([^']+)'\)/g),
  ].map((m) => m[1] ?? '');
  return found.map((name) =>
    name.startsWith('.') ? relative(root, resolve(root, dirname(file), name)) : name,
  );
}

/** Imports of more than types: those that make one module need another when it is loaded. */
function valueImports(file: string): string[] {
  const statements = text(file).matchAll(/^import (?!type )([^;]*?) from '(\.[^']+)';$/gm);
  return [...statements]
    .filter(([, names = '']) => !/^\{(\s*type \w+( as \w+)?,?\s*)+\}$/.test(names))
    .map(([, , name = '']) => relative(root, resolve(root, dirname(file), name)));
}

/** Folders and files of engine/, those that know least first; ARCHITECTURE.md says what each is for. */
const layers = [
  ...[
    'errors',
    'value-texts',
    'files',
    'clock',
    'facade',
    'nearest',
    'wildcards',
    'process-memory',
    'settings',
  ],
  ...['catalog', 'storage', 'ingest', 'outbound', 'outside', 'native', 'plan', 'tables', 'rollups'],
  ...['query', 'views', 'backup', 'system', 'statements', 'requests', 'index', 'doctor', 'check'],
  ...['library-values', 'library'],
];

const offences = (test: (file: string) => string[]): string[] =>
  ours.flatMap((file) => test(file).map((fault) => `${file}: ${fault}`));

describe('who may know whom', () => {
  it('sql imports nothing', () => {
    const bad = offences((file) =>
      room(file) === 'sql' ? imports(file).filter((name) => room(name) !== 'sql') : [],
    );
    expect(bad).toEqual([]);
  });

  it('sql has one door', () => {
    const bad = offences((file) =>
      room(file) === 'sql' || room(file) === 'test'
        ? []
        : imports(file).filter((name) => room(name) === 'sql' && name !== 'sql/index.ts'),
    );
    expect(bad).toEqual([]);
  });

  it('engine knows sql, Node and no HTTP but for the way out', () => {
    const packages = new Set(['apache-arrow']);
    const outbound = new Set(['node:http', 'node:https', 'node:net', 'aws4fetch']);
    const bad = offences((file) =>
      room(file) === 'engine'
        ? imports(file).filter((name) => {
            if (file.startsWith('engine/outbound/') && outbound.has(name)) return false;
            if (name.startsWith('node:')) return /^node:(http|https|net|tls|dgram)$/.test(name);
            return !['engine', 'sql'].includes(room(name)) && !packages.has(name);
          })
        : [],
    );
    expect(bad).toEqual([]);
  });

  it('the layers of the engine know downwards only', () => {
    const level = new Map(layers.map((name, i) => [name, i]));
    const layer = (file: string): string => file.split('/')[1]?.replace(/\.ts$/, '') ?? '';
    const bad = offences((file) => {
      if (room(file) !== 'engine') return [];
      const here = level.get(layer(file));
      if (here === undefined) return [`${layer(file)} is not among the layers`];
      return valueImports(file).filter(
        (name) => room(name) === 'engine' && (level.get(layer(name)) ?? 0) > here,
      );
    });
    expect(bad).toEqual([]);
  });

  it('server knows the facade of the engine and no SQL', () => {
    const doors = new Set(['engine/facade.ts', 'engine/index.ts', 'engine/check.ts']);
    const bad = offences((file) =>
      room(file) === 'server'
        ? imports(file).filter(
            (name) => room(name) === 'sql' || (room(name) === 'engine' && !doors.has(name)),
          )
        : [],
    );
    expect(bad).toEqual([]);
  });

  it('nothing imports tests and benches', () => {
    const bad = offences((file) =>
      ['sql', 'engine', 'server'].includes(room(file))
        ? imports(file).filter((name) => ['test', 'bench', 'scripts'].includes(room(name)))
        : [],
    );
    expect(bad).toEqual([]);
  });

  it('napi is named in the addon only', () => {
    const bad = files.filter(
      (file) =>
        /^native\/(?!addon\/).*(\.rs|Cargo\.toml)$/.test(file) &&
        file !== 'native/Cargo.toml' &&
        /\bnapi\b/.test(text(file).replace(/\/\/.*$/gm, '')),
    );
    expect(bad).toEqual([]);
  });

  it('crates depend downwards only', () => {
    const order = [
      'types',
      'files',
      'storage',
      'functions',
      'aggregates',
      'formats',
      'exec',
      'addon',
    ];
    const bad: string[] = [];
    for (const [level, name] of order.entries()) {
      const manifest = text(`native/${name}/Cargo.toml`);
      const [, dependencies = ''] = manifest.split(/^\[dependencies\]$/m);
      for (const above of order.slice(level + 1)) {
        if (new RegExp(`^${above}\\b`, 'm').test(dependencies.split(/^\[/m)[0] ?? '')) {
          bad.push(`${name} depends on ${above}`);
        }
      }
    }
    expect(bad).toEqual([]);
  });
});

const functionLines = 115;

/** Functions at the margin of a TypeScript file, with their lengths. */
function functionsOf(file: string): { name: string; lines: number }[] {
  const lines = text(file).split('\n');
  return lines.flatMap((line, i) => {
    const name = /^(?:export )?(?:async )?function\*? (\w+)/.exec(line)?.[1];
    const end = lines.indexOf('}', i);
    return name === undefined || end < 0 ? [] : [{ name, lines: end - i + 1 }];
  });
}

describe('files', () => {
  it('say what they are for', () => {
    const bad = ours.filter((file) => {
      const first = text(file)
        .replace(/^#!.*\n/, '')
        .trimStart();
      const configuration = /(^|\/)(build\.rs|vitest\.config\.ts|tests\.rs|.*\.test\.ts)$/.test(
        file,
      );
      return first !== '' && !configuration && !/^(\/\/|\/\*|#!\[)/.test(first);
    });
    expect(bad).toEqual([]);
  });

  it('are of a length that one reads', () => {
    const bad = offences((file) => {
      const lines = text(file).split('\n').length - 1;
      const most = file.endsWith('.rs') ? 580 : 470;
      return lines <= most ? [] : [`${lines} lines, at most ${most}`];
    });
    expect(bad).toEqual([]);
  });

  it('hold functions of a length that one reads', () => {
    const bad = offences((file) =>
      /^(sql|engine|server)\//.test(file)
        ? functionsOf(file)
            .filter(({ lines }) => lines > functionLines)
            .map(({ name, lines }) => `${name} has ${lines} lines, at most ${functionLines}`)
        : [],
    );
    expect(bad).toEqual([]);
  });

  it('hold no left-overs', () => {
    const mark = new RegExp(
      `\\b(${['TO', 'DO'].join('')}|FIX${'ME'}|XX${'X'})\\b|\\b(todo|unimplemented)!\\(`,
    );
    const lonely = new RegExp(
      `\\b(it|test|describe)\\.(${['on', 'ly'].join('')}|skip)\\(|#\\[ignore\\]`,
    );
    const bad = offences((file) => {
      if (file === 'test/tidy.test.ts') return [];
      return text(file)
        .split('\n')
        .filter((line) => mark.test(line) || lonely.test(line));
    });
    expect(bad).toEqual([]);
  });

  it('name no machine', () => {
    const path = new RegExp(`(^|[^.\\w/])/(${['work', 'root', 'home'].join('|')})/\\w`);
    const bad = files.filter(
      (file) =>
        /\.(ts|mjs|rs|md|json|toml|sql|test)$/.test(file) &&
        path.test(text(file)) &&
        file !== 'test/tidy.test.ts',
    );
    expect(bad).toEqual([]);
  });

  it('are not generated ones or large ones', () => {
    expect(files.filter((f) => /(^|\/)(node_modules|dist|target)\//.test(f))).toEqual([]);
    expect(files.filter((f) => Buffer.byteLength(text(f)) > 1_000_000)).toEqual([]);
  });
});

describe('documents', () => {
  /** Whether some file has these pieces in its path; a crate's name may stand for its sources. */
  const isThere = (path: string): boolean =>
    files.some((file) =>
      [`/${file}`, `/${file.replace(/^native\/(\w+)\/src\//, '$1/')}`].some((whole) => {
        const at = whole.indexOf(`/${path}`);
        return at >= 0 && /^($|\/|\.\w+)/.test(whole.slice(at + 1 + path.length));
      }),
    );
  it('name files that are there', () => {
    const named = ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'README.md', 'MANUAL.md'].flatMap((file) =>
      [...text(file).matchAll(/`(\w[\w.-]*(?:\/[\w.-]+)*)\/?`/g)].map((match) => match[1] ?? ''),
    );
    const paths = named.filter((name) => name.includes('/') || /\.(ts|rs|mjs|md)$/.test(name));
    expect(paths.length).toBeGreaterThan(50);
    expect(paths.filter((path) => !isThere(path))).toEqual([]);
  });
});

describe('packages', () => {
  const { dependencies } = JSON.parse(text('package.json')) as {
    dependencies: Record<string, string>;
  };
  it('have a reason in CONTRIBUTING.md', () => {
    const reasons = text('CONTRIBUTING.md');
    const named = Object.keys(dependencies).filter((name) => !reasons.includes(name));
    expect(named).toEqual([]);
  });
  it('run no install script of ours', () => {
    const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
    expect(Object.keys(scripts).filter((n) => /^(pre|post)?install$|^prepare$/.test(n))).toEqual(
      [],
    );
  });
});
