// colonnade shell: statements from a terminal (or a pipe), with history, completion and a few commands.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { Completer } from './completer.ts';
import { type Connection, connect, type TargetOptions } from './connection.ts';
import { EXIT, exitCodeOf, report } from './failure.ts';
import { defaultFormat, runStatement } from './query.ts';
import { isBlank, splitStatements } from './statements.ts';
import { seconds } from './terminal.ts';

export interface ShellOptions extends TargetOptions {
  format?: string;
  database?: string;
}

const HISTORY_MAX = 1000;
const historyFile = join(homedir(), '.colonnade_history');

const HELP = `A statement ends with ; and may take several lines. Tab completes, the arrows find older statements.
  \\?            this page
  \\l            databases
  \\d [TABLE]    tables, or the columns of one
  \\f FORMAT     output format (${'PrettyCompact, Vertical, JSON, CSV, …'})
  \\x            one column a line, on and off
  \\timing       how long statements take, on and off
  \\q            leave (Ctrl-D too); Ctrl-C stops a running statement
`;

export async function shellCommand(options: ShellOptions): Promise<number> {
  const connection = await connect(options);
  const shell = new Shell(connection, options);
  try {
    return await shell.run();
  } finally {
    await connection.close();
  }
}

class Shell {
  readonly #connection: Connection;
  readonly #interactive = process.stdin.isTTY === true;
  #format: string;
  #before: string;
  #timing = true;
  #database: string | undefined;
  #text = '';
  #running: AbortController | undefined;
  #exitCode: number = EXIT.done;

  constructor(connection: Connection, options: ShellOptions) {
    this.#connection = connection;
    this.#format = options.format ?? defaultFormat();
    this.#before = this.#format;
    this.#database = options.database;
  }

  async run(): Promise<number> {
    const completer = new Completer(this.#connection);
    const rl = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: this.#interactive,
      historySize: HISTORY_MAX,
      history: this.#interactive ? readHistory() : [],
      completer: (line: string, done: (e: null, r: [string[], string]) => void) => {
        completer.complete(line).then((found) => done(null, found));
      },
    });
    if (this.#interactive) {
      process.stdout.write(`Connected to ${this.#connection.label}. \\? shows help.\n`);
    }
    rl.on('SIGINT', () => this.#interrupt(rl));
    this.#prompt(rl);
    for await (const line of rl) {
      const goesOn = await this.#line(line);
      if (!goesOn || (this.#exitCode !== EXIT.done && !this.#interactive)) break;
      this.#prompt(rl);
    }
    if (!this.#interactive && !isBlank(this.#text) && this.#exitCode === EXIT.done) {
      await this.#statement(this.#text);
    }
    rl.close();
    return this.#interactive ? EXIT.done : this.#exitCode;
  }

  #prompt(rl: Interface): void {
    if (!this.#interactive) return;
    rl.setPrompt(this.#text === '' ? 'colonnade> ' : '       ... ');
    rl.prompt();
  }

  /** Ctrl-C: stops what runs, else drops what was typed. */
  #interrupt(rl: Interface): void {
    if (this.#running !== undefined) {
      this.#running.abort();
      return;
    }
    this.#text = '';
    process.stdout.write('\n');
    rl.write(null, { ctrl: true, name: 'u' });
    this.#prompt(rl);
  }

  /** @returns false to leave */
  async #line(line: string): Promise<boolean> {
    if (this.#text === '' && line.trimStart().startsWith('\\')) return this.#command(line.trim());
    if (this.#text === '' && /^\s*(quit|exit)\s*;?\s*$/i.test(line)) return false;
    this.#text += `${line}\n`;
    const { statements, rest } = splitStatements(this.#text);
    this.#text = isBlank(rest) ? '' : rest;
    for (const sql of statements) {
      if (this.#interactive) remember(`${sql.trim()};`);
      await this.#statement(sql.trim());
      if (this.#exitCode !== EXIT.done && !this.#interactive) break;
    }
    return true;
  }

  async #statement(sql: string): Promise<void> {
    this.#running = new AbortController();
    const from = performance.now();
    let wrote = false;
    try {
      await runStatement(
        this.#connection,
        {
          sql,
          format: this.#format,
          signal: this.#running.signal,
          ...(this.#database && { database: this.#database }),
        },
        (chunk) => {
          wrote = true;
          if (process.stdout.write(chunk)) return undefined;
          return new Promise((done) => process.stdout.once('drain', () => done()));
        },
      );
      this.#exitCode = EXIT.done;
      const use = /^use\s+[`"]?(\w+)[`"]?$/i.exec(sql)?.[1];
      if (use !== undefined) this.#database = use;
      if (this.#interactive && this.#timing) {
        process.stdout.write(`${wrote ? '' : 'Done. '}${seconds(performance.now() - from)}\n`);
      }
    } catch (error) {
      if (this.#running.signal.aborted) process.stderr.write('Stopped.\n');
      else report(error, sql);
      this.#exitCode = exitCodeOf(error);
    } finally {
      this.#running = undefined;
    }
  }

  async #command(text: string): Promise<boolean> {
    const [name, argument] = text.split(/\s+/, 2);
    if (name === '\\q') return false;
    if (name === '\\l') await this.#statement('SHOW DATABASES');
    else if (name === '\\d' && argument === undefined) await this.#statement('SHOW TABLES');
    else if (name === '\\d') await this.#statement(`DESCRIBE TABLE ${argument}`);
    else if (name === '\\timing') this.#timing = !this.#timing;
    else if (name === '\\f' && argument !== undefined) this.#format = argument;
    else if (name === '\\x') this.#toggleVertical();
    else process.stdout.write(HELP);
    return true;
  }

  #toggleVertical(): void {
    if (this.#format === 'Vertical') this.#format = this.#before;
    else {
      this.#before = this.#format;
      this.#format = 'Vertical';
    }
  }
}

function readHistory(): string[] {
  if (!existsSync(historyFile)) return [];
  const lines = readFileSync(historyFile, 'utf8').split('\n').filter(Boolean);
  return lines.slice(-HISTORY_MAX).reverse();
}

/** One line a statement; statements that may hold secrets are not kept. */
function remember(sql: string): void {
  if (/\b(password|identified|secret|key)\b/i.test(sql)) return;
  try {
    appendFileSync(historyFile, `${sql.replace(/\s+/g, ' ')}\n`, { mode: 0o600 });
  } catch {
    // A read-only home: the shell works without history.
  }
}
