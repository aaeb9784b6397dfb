#!/usr/bin/env node
// The entry of the command line: names the commands, loads each one's code when it is called.
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { EXIT, exitCodeOf, report } from './cli/failure.ts';

const pair = (value: string, before: Record<string, string> = {}): Record<string, string> => {
  const at = value.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('expected NAME=VALUE.');
  return { ...before, [value.slice(0, at)]: value.slice(at + 1) };
};

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

const setOption = (): Option =>
  new Option('--set <name=value>', 'a setting for every query; may be repeated').argParser(pair);

function targetOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--data <dir>', 'a data directory that no server has open').conflicts('url'),
    )
    .option('--url <url>', 'a server, such as http://127.0.0.1:8123 (user:password@ for its login)')
    .option('--database <name>', 'database of names without one', 'default')
    .option('--format <name>', 'output format; a table on a terminal, JSON otherwise')
    .addOption(setOption());
}

function listenOptions(command: Command): Command {
  return command
    .option('--host <address>', 'address to listen on (127.0.0.1)')
    .option('--http-port <port>', 'HTTP port (8123); 0 takes any free one, off none')
    .option('--native-port <port>', 'port of the native protocol (9000); not built yet')
    .option('--druid-ports <ports>', 'more HTTP ports (8081,8082,8888); off for none')
    .option('--config <file>', 'config file, JSON')
    .option('--user <name>', 'name of the first user (default)')
    .option('--password-file <file>', 'file with the password of the first user')
    .option('--cors-origins <origins>', 'origins of web pages that may use the server')
    .option('--log-level <level>', 'debug, info, warn, error or silent')
    .addOption(setOption());
}

const program = new Command('colonnade')
  .description('A column store that speaks ClickHouse SQL: a server, a shell, a library.')
  .version(version())
  .showHelpAfterError('(colonnade --help shows what there is)')
  .showSuggestionAfterError()
  .helpCommand(false)
  .exitOverride()
  .addHelpText(
    'after',
    `
Examples:
  colonnade demo                                    a ready-made data set, served
  colonnade serve --data ./db                       a server on a directory
  colonnade query "SELECT 1"                        one statement, no server
  colonnade ingest events rows.ndjson.gz --create   load a file, infer the table
  colonnade shell --url http://127.0.0.1:8123       interactive

Exit codes: 0 done, 1 a statement failed, 2 wrong usage, 3 no server or no directory, 130 interrupted.`,
  );

listenOptions(
  program
    .command('serve')
    .description('start the server on a data directory')
    .option('--data <dir>', 'data directory, made if missing (colonnade-data)'),
)
  .addHelpText(
    'after',
    `
Every option is also a variable (COLONNADE_HTTP_PORT) and a key of the config file (http_port).
Examples:
  colonnade serve --data ./db
  COLONNADE_PASSWORD=… colonnade serve --data ./db --host 0.0.0.0
  colonnade serve --data ./db --http-port 0 --native-port off --druid-ports off`,
  )
  .action(async (options) => finish((await import('./cli/serve.ts')).serveCommand(options)));

listenOptions(
  program
    .command('demo')
    .description('serve a ready-made data set and print what to try')
    .option('--data <dir>', 'directory of the demo; a temporary one without it')
    .option('--rows <number>', 'rows of the generated table', '1000000'),
)
  .addHelpText('after', '\nExample:\n  colonnade demo --data ./demo --http-port 8200')
  .action(async (options) => finish((await import('./cli/demo.ts')).demoCommand(options)));

targetOptions(
  program
    .command('query')
    .description('run one statement; rows of an INSERT … FORMAT come from standard input')
    .argument('[sql]', 'the statement; read from standard input without it')
    .option('--param <name=value>', 'value of {name:Type}; may be repeated', pair),
)
  .addHelpText(
    'after',
    `
Examples:
  colonnade query "SELECT version()"
  colonnade query --data ./db --format CSV "SELECT * FROM events LIMIT 10" > events.csv
  colonnade query --url http://127.0.0.1:8123 "INSERT INTO events FORMAT CSVWithNames" < events.csv
  colonnade query --param day=2024-01-01 "SELECT count() FROM events WHERE day = {day:Date}"`,
  )
  .action(async (sql, options) =>
    finish((await import('./cli/query.ts')).queryCommand(sql, options)),
  );

targetOptions(program.command('shell').description('interactive; \\? shows its commands'))
  .addHelpText('after', '\nExample:\n  colonnade shell --data ./db')
  .action(async (options) => finish((await import('./cli/shell.ts')).shellCommand(options)));

program
  .command('ingest')
  .description('load CSV, TSV, NDJSON, Parquet and Arrow files (gzip, zstd and lz4 too)')
  .argument('<table>')
  .argument('<files...>', 'files; - is standard input')
  .addOption(
    new Option('--data <dir>', 'a data directory that no server has open').conflicts('url'),
  )
  .option('--url <url>', 'the server', 'http://127.0.0.1:8123')
  .option('--database <name>', 'database of the table')
  .option('--format <name>', 'input format; without it by the name of the file')
  .option('--create', 'infer and create the table when it is missing')
  .option('--token <text>', 'names the insert, so that a retry is not stored twice')
  .addOption(
    new Option('--on-error <how>', 'what a row that does not fit does').choices([
      'fail',
      'skip',
      'quarantine',
    ]),
  )
  .addOption(setOption())
  .addHelpText(
    'after',
    `
Examples:
  colonnade ingest flights flights-3m.parquet --create
  colonnade ingest events logs/*.ndjson.gz --url http://127.0.0.1:8123
  cat rows.csv | colonnade ingest events - --format CSVWithNames`,
  )
  .action(async (table, files, options) =>
    finish((await import('./cli/ingest.ts')).ingestCommand(table, files, options)),
  );

program
  .command('check')
  .description('verify every checksum of a data directory and say what is damaged')
  .argument('<dir>')
  .action(async (dir) => finish((await import('./cli/check.ts')).checkCommand(dir)));

program
  .command('help')
  .description('the manual: functions, settings, formats, errors, or any of their names')
  .argument('[topic...]')
  .addHelpText(
    'after',
    '\nExamples:\n  colonnade help functions\n  colonnade help quantile\n  colonnade help max_memory_usage',
  )
  .action(async (topic) => finish((await import('./cli/help.ts')).helpCommand(topic, program)));

program
  .command('backup')
  .description('backups are made by the statement BACKUP; this looks at them')
  .command('verify')
  .description('read every file of a backup and compare it with its hash')
  .argument('<folder or URL>')
  .addHelpText(
    'after',
    '\nExamples:\n  colonnade backup verify ./db/backups/monday\n  AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… colonnade backup verify https://host/bucket/monday',
  )
  .action(async (dir) => finish((await import('./cli/backup.ts')).verifyCommand(dir)));

program
  .command('doctor')
  .description('say what is wrong with a data directory and what would be done about it')
  .argument('<dir>')
  .option('--repair', 'do it; nothing is thrown away')
  .action(async (dir, options) =>
    finish((await import('./cli/doctor.ts')).doctorCommand(dir, options.repair === true)),
  );

for (const name of ['restore']) {
  program
    .command(name)
    .description('not built yet')
    .argument('[arguments...]')
    .allowUnknownOption()
    .action(() => {
      process.stderr.write(
        `Code: 48. colonnade ${name} is not built yet. Stop the server and copy its data directory instead. (NOT_IMPLEMENTED)\n`,
      );
      process.exitCode = EXIT.failed;
    });
}

async function finish(work: Promise<number>): Promise<void> {
  process.exitCode = await work;
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  } else {
    report(error);
    process.exitCode = exitCodeOf(error);
  }
}
// Timers and sockets of libraries must not keep a finished command alive; output that is
// still on its way to a pipe is waited for.
await new Promise<void>((done) => process.stdout.write('', () => done()));
process.exit();
