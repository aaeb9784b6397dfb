// INSERT INTO FUNCTION: rows that leave the database, to files, URLs and objects.

import type { FunctionCall, Insert } from '../../../sql/index.ts';
import { fail } from '../../errors.ts';
import { S3, s3Place } from '../../outbound/s3.ts';
import { withoutSecrets } from '../../outbound/secrets.ts';
import { compressionOf, formatOf } from '../../outside/formats.ts';
import { isPattern } from '../../outside/glob.ts';
import { guardOf, type Outside, userFiles } from '../../outside/outside.ts';
import { type Chunks, fileTarget, packed, writeFile } from '../../outside/write.ts';
import { convert } from '../../plan/bind/expression/resolve-call.ts';
import { structure } from '../../plan/bind/from/table-function-arguments.ts';
import { isTableFunction, unknownTableFunction } from '../../plan/bind/from/table-functions.ts';
import {
  type FileArguments,
  fileArguments,
  isFileFunction,
} from '../../plan/bind/from/table-functions-files.ts';
import { newScope, type Scope } from '../../plan/bind/scope.ts';
import { failAt, newColumn, notBuilt } from '../../plan/context.ts';
import { type Column, columnExpr } from '../../plan/expression.ts';
import { type Node, project } from '../../plan/logical.ts';
import { applyOutput, applyQuerySettings } from '../../query/apply-settings.ts';
import { type Answer, done, type PlanText, type Run } from '../../query/core.ts';
import { launch } from '../../query/launch.ts';
import { bindTop, planText, startPlanning } from '../../query/plan-query.ts';

export async function insertFunction(run: Run, ast: Insert): Promise<Answer> {
  const call = ast.tableFunction as FunctionCall;
  if (call.name === 'null') return done;
  if (!isTableFunction(call.name)) throw unknownTableFunction(call);
  const { outside } = run;
  if (!isFileFunction(call.name) || !outside) {
    throw notBuilt(call.span, `INSERT INTO FUNCTION ${call.name}`);
  }
  if (ast.columns) throw notBuilt(ast.span, 'A list of columns in INSERT INTO FUNCTION');
  outside.checkAllowed(call.name);
  if (ast.query) applyQuerySettings(run, ast.query);
  applyOutput(run, ast.output);
  const planning = startPlanning(run);
  const scope = newScope(planning.ctx, call.span);
  const args = fileArguments(call, scope);
  const format = formatFor(run, args, call);
  const shape = args.structure === 'auto' ? undefined : structure(args.structure, call, scope);
  const rows =
    ast.query && !ast.data ? bindTop(planning, ast.query) : await body(run, ast, shape, outside);
  const plan = planText(planning, shape ? shaped(rows, shape, ast, scope) : rows);
  const { rows: count, bytes } = await send(run, args, format, plan);
  return { kind: 'done', rows: count, bytes };
}

function formatFor(run: Run, { format, wanted }: FileArguments, call: FunctionCall): string {
  const path = wanted.kind === 'file' ? wanted.path : wanted.url;
  const { native } = run.core;
  const name = format === 'auto' ? formatOf(path, (n) => native.format(n)) : format;
  const found = name === undefined ? undefined : native.format(name);
  if (found?.output) return found.name;
  if (name === undefined) {
    throw failAt(
      call.span,
      'CANNOT_DETECT_FORMAT',
      `The data format of ${withoutSecrets(path)} cannot be detected`,
      {
        hint: 'Give the format as an argument',
      },
    );
  }
  throw failAt(call.span, 'UNKNOWN_FORMAT', `Unknown format ${name}, or one only for input`);
}

/** Rows that come with the statement lie in a temporary file while they are read. */
async function body(
  run: Run,
  ast: Insert,
  shape: readonly Column[] | undefined,
  outside: Outside,
): Promise<Node> {
  if (!shape) {
    throw failAt(ast.span, 'BAD_ARGUMENTS', 'Rows of an INSERT INTO FUNCTION need a structure', {
      hint: "Write the columns as in file('a.csv', CSV, 'x UInt8, y String'), or use SELECT",
    });
  }
  const format = ast.data?.format ?? run.format ?? 'Values';
  if (!run.core.native.format(format)?.input) {
    throw failAt(ast.data?.formatSpan ?? ast.span, 'UNKNOWN_FORMAT', `Unknown format ${format}`);
  }
  const inline = ast.data ? run.text.slice(ast.data.start, ast.data.end) : '';
  const behind = run.request.data;
  async function* bytes(): AsyncGenerator<Buffer> {
    if (inline !== '') yield Buffer.from(inline);
    if (behind) for await (const piece of behind) yield Buffer.from(piece);
  }
  const { path } = await outside.keep(bytes());
  const compression = inline === '' ? run.request.dataEncoding : undefined;
  const file = { path, shown: 'the body', name: 'body', virtuals: [] };
  return {
    kind: 'files',
    title: 'input',
    format,
    own: shape.length,
    columns: shape,
    files: [compression === undefined ? file : { ...file, compression }],
  };
}

/** The rows as the structure wants them. */
function shaped(node: Node, shape: readonly Column[], ast: Insert, scope: Scope): Node {
  if (node.columns === shape) return node;
  if (node.columns.length !== shape.length) {
    const text = `The query gives ${node.columns.length} column(s), the structure has ${shape.length}`;
    throw failAt(ast.query?.span ?? ast.span, 'NUMBER_OF_COLUMNS_DOESNT_MATCH', text);
  }
  return project(
    node,
    shape.map(({ name, type }, i) => ({
      column: newColumn(scope.ctx, name, type),
      expr: convert(columnExpr(node.columns[i] as Column), type),
    })),
  );
}

/** Formats whose end says that nothing follows. */
const closed =
  /^(Parquet|Arrow$|JSON(Strings|Compact|CompactStrings|Columns\w*|CompactColumns|ObjectEachRow)?$|XML|Template|CustomSeparated)/;

async function send(
  run: Run,
  args: FileArguments,
  format: string,
  plan: PlanText,
): Promise<{ rows: number; bytes: number }> {
  const { core, settings, signal } = run;
  const { wanted } = args;
  const path = wanted.kind === 'file' ? wanted.path : wanted.url;
  const method = compressionOf(path, args.compression);
  const chunks = (as: string): Chunks => packed(core, rowsAs(run, plan, as), method);
  let bytes = 0;
  if (wanted.kind === 'file') {
    const target = fileTarget(userFiles(core, settings), wanted.path, {
      appends: !closed.test(format),
      truncate: settings.bool('engine_file_truncate_on_insert'),
      several: settings.bool('engine_file_allow_create_multiple_files'),
    });
    // Names stand at the start of a file only.
    const plain = target.append ? format.replace(/WithNames(AndTypes)?$/, '') : format;
    bytes = await writeFile(target, wanted.path, chunks(plain));
  } else if (isPattern(path)) {
    throw fail(
      'DATABASE_ACCESS_DENIED',
      `Rows cannot be written to a pattern: ${withoutSecrets(path)}`,
    );
  } else if (wanted.kind === 'url') {
    const type = core.native.format(format)?.contentType ?? 'application/octet-stream';
    const headers = { 'content-type': type, ...wanted.headers };
    const guard = guardOf(core, settings);
    const answer = await guard.call(path, {
      method: 'POST',
      headers,
      body: chunks(format),
      signal,
    });
    for await (const piece of answer.body) bytes += piece.length;
    if (answer.status >= 300) {
      const text = `Received error from remote server ${withoutSecrets(path)}. HTTP status code: ${answer.status}`;
      throw fail('RECEIVED_ERROR_FROM_REMOTE_IO_SERVER', text);
    }
  } else {
    const place = s3Place(path);
    const tries = settings.number('http_max_tries');
    const s3 = new S3(guardOf(core, settings), place, wanted.keys, tries, signal);
    if (!settings.bool('s3_truncate_on_insert') && (await s3.length(place.key)) !== undefined) {
      throw fail('BAD_ARGUMENTS', `Object ${place.key} already exists`, {
        hint: 's3_truncate_on_insert = 1 replaces it',
      });
    }
    bytes = await s3.put(place.key, chunks(format));
  }
  return { rows: core.native.queryProgress(run.key)?.resultRows ?? 0, bytes };
}

/** The rows of a plan in a format. */
async function* rowsAs(run: Run, plan: PlanText, format: string): Chunks {
  const { native } = run.core;
  const settings = run.settings.forKernel();
  const { text, release } = launch(run, plan, { kind: 'format', format, settings });
  const onAbort = (): void => {
    if (run.process.cancelled) native.cancelQuery(run.key, run.process.cancelled);
  };
  run.signal.addEventListener('abort', onAbort);
  try {
    const start = await native.startQuery(text, run.key);
    if (start.first) yield start.first;
    for (let last = start.last; !last; ) {
      const chunk = await native.nextChunk(run.key);
      if (chunk) yield chunk;
      else last = true;
    }
  } finally {
    run.signal.removeEventListener('abort', onAbort);
    release();
  }
}
