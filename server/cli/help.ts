// colonnade help: the manual out of the engine's own tables, so that it cannot drift from what runs.
import type { Command } from 'commander';
import { didYouMean } from '../suggest.ts';
import { type Connection, connect, textOf } from './connection.ts';
import { EXIT } from './failure.ts';

type Row = Record<string, unknown>;

interface Topic {
  table: string;
  /** Column that names an entry. */
  key: string;
  list: string;
  about: string;
  show(row: Row): string[];
}

const text = (value: unknown): string =>
  value === null || value === undefined ? '' : String(value);

const TOPICS: Readonly<Record<string, Topic>> = {
  functions: {
    table: 'system.functions',
    key: 'name',
    list: 'SELECT name FROM system.functions ORDER BY lower(name)',
    about: 'functions and aggregate functions',
    show: (r) => [
      text(r.name),
      text(r.syntax ?? r.signature),
      '',
      text(r.description),
      text(r.examples) && `\nExample: ${text(r.examples)}`,
    ],
  },
  settings: {
    table: 'system.settings',
    key: 'name',
    list: 'SELECT name FROM system.settings WHERE is_obsolete = 0 ORDER BY name',
    about: 'settings with an effect (SET, SETTINGS, URL parameters)',
    show: (r) => [
      `${text(r.name)} = ${text(r.value)}  (${text(r.type)}, default ${text(r.default)})`,
      '',
      text(r.description),
    ],
  },
  formats: {
    table: 'system.formats',
    key: 'name',
    list: 'SELECT name FROM system.formats ORDER BY name',
    about: 'input and output formats',
    show: (r) => [
      text(r.name),
      `input: ${Number(r.is_input) ? 'yes' : 'no'}, output: ${Number(r.is_output) ? 'yes' : 'no'}`,
      text(r.content_type),
    ],
  },
  types: {
    table: 'system.data_type_families',
    key: 'name',
    list: "SELECT name FROM system.data_type_families WHERE alias_to = '' ORDER BY name",
    about: 'data types',
    show: (r) => [text(r.name), text(r.alias_to) && `another name of ${text(r.alias_to)}`],
  },
  engines: {
    table: 'system.table_engines',
    key: 'name',
    list: 'SELECT name FROM system.table_engines ORDER BY name',
    about: 'table engines',
    show: (r) => [text(r.name)],
  },
  'table-functions': {
    table: 'system.table_functions',
    key: 'name',
    list: 'SELECT name FROM system.table_functions ORDER BY name',
    about: 'table functions',
    show: (r) => [text(r.name), text(r.description)],
  },
  'system-tables': {
    table: "(SELECT name, comment FROM system.tables WHERE database = 'system')",
    key: 'name',
    list: "SELECT name FROM system.tables WHERE database = 'system' ORDER BY name",
    about: 'tables that tell about the server (DESCRIBE system.NAME)',
    show: (r) => [`system.${text(r.name)}`, text(r.comment)],
  },
  errors: {
    table: 'system.errors',
    key: 'name',
    list: 'SELECT name FROM system.errors ORDER BY name SETTINGS system_events_show_zero_values = 1',
    about: 'errors by name and code',
    show: (r) => [`${text(r.code)} ${text(r.name)}`, text(r.last_error_message)],
  },
};

export async function helpCommand(words: readonly string[], program: Command): Promise<number> {
  const [word, name] = words;
  if (word === undefined) {
    program.outputHelp();
    print(['', 'Topics of colonnade help:']);
    for (const [topic, t] of Object.entries(TOPICS)) print([`  ${topic.padEnd(16)} ${t.about}`]);
    print([
      '  NAME             any function, setting, format, type, engine, system table or error',
    ]);
    return EXIT.done;
  }
  const command = program.commands.find((c) => c.name() === word);
  if (command !== undefined) {
    command.outputHelp();
    return EXIT.done;
  }
  const connection = await connect({});
  try {
    const topic = Object.hasOwn(TOPICS, word) ? TOPICS[word] : undefined;
    if (topic !== undefined && name === undefined) return await list(connection, topic);
    return await entry(connection, name ?? word, topic);
  } finally {
    await connection.close();
  }
}

async function rows(connection: Connection, sql: string, name?: string): Promise<Row[]> {
  const params = name === undefined ? {} : { params: { name } };
  const answer = await connection.query({ sql, format: 'JSON', ...params });
  return (JSON.parse(await textOf(answer)) as { data: Row[] }).data;
}

async function list(connection: Connection, topic: Topic): Promise<number> {
  const names = (await rows(connection, topic.list)).map((r) => text(r[topic.key]));
  print(columns([...new Set(names)], process.stdout.columns ?? 100));
  return EXIT.done;
}

async function entry(connection: Connection, name: string, only?: Topic): Promise<number> {
  const known: string[] = [];
  for (const topic of only === undefined ? Object.values(TOPICS) : [only]) {
    const where = `lower(${topic.key}) = lower({name:String})`;
    // system.errors has a row for each error only with the setting.
    const sql = `SELECT * FROM ${topic.table} WHERE ${where} LIMIT 1 SETTINGS system_events_show_zero_values = 1`;
    const [row] = await rows(connection, sql, name);
    if (row !== undefined) {
      print(topic.show(row).filter((line) => line !== ''));
      return EXIT.done;
    }
    known.push(...(await rows(connection, topic.list)).map((r) => text(r[topic.key])));
  }
  const hint = didYouMean(name, known);
  process.stderr.write(`colonnade: nothing goes by the name ${name}.${hint ? ` ${hint}.` : ''}\n`);
  return EXIT.failed;
}

const print = (lines: readonly string[]): void => {
  process.stdout.write(`${lines.join('\n')}\n`);
};

function columns(names: readonly string[], width: number): string[] {
  const cell = Math.max(1, ...names.map((n) => n.length)) + 2;
  const perLine = Math.max(1, Math.floor(width / cell));
  const lines: string[] = [];
  for (let i = 0; i < names.length; i += perLine) {
    lines.push(
      names
        .slice(i, i + perLine)
        .map((n) => n.padEnd(cell))
        .join('')
        .trimEnd(),
    );
  }
  return lines;
}
