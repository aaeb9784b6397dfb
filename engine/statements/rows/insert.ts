// INSERT: VALUES, FORMAT with data inline or behind, and SELECT.

import { type Insert, suggest } from '../../../sql/index.ts';
import type { ColumnDefinition, TableDefinition } from '../../catalog/definition.ts';
import { EngineError } from '../../errors.ts';
import { failAt, notBuilt } from '../../plan/context.ts';
import { matchingNames } from '../../plan/matching-names.ts';
import { applyOutput, applyQuerySettings, applySettings } from '../../query/apply-settings.ts';
import { type Answer, count, done, type Run, sessionJson } from '../../query/core.ts';
import { nameOf, requireTable } from '../../query/names.ts';
import { bindTop, startPlanning } from '../../query/plan-query.ts';
import { insertable } from '../../query/stored-rows.ts';
import { insertHow } from '../../query/write-rows.ts';
import { insertTarget, viewRows } from '../../views/fan-out.ts';
import { current, same } from './current-columns.ts';
import { ingestSpec } from './ingest-spec.ts';
import { insertExpressions } from './insert-expressions.ts';
import { insertFunction } from './insert-function.ts';
import { inputOf, offerInput } from './insert-input.ts';
import { checkConstraintTypes, checkParts } from './insert-limits.ts';
import { inserted, insertPlan, takesNothing, tokenOf, unlessAltered } from './insert-select.ts';
import { KeptRows } from './kept-rows.ts';

export async function insert(run: Run, ast: Insert): Promise<Answer> {
  applySettings(run, ast.settings);
  if (ast.output?.settings) applySettings(run, ast.output.settings);
  if (ast.infile !== undefined)
    throw notBuilt(
      ast.span,
      'INSERT … FROM INFILE',
      'Send the file as the body, or use colonnade ingest',
    );
  count(run.core, 'InsertQuery');
  if (ast.tableFunction) return insertFunction(run, ast);
  if (!ast.table) throw failAt(ast.span, 'SYNTAX_ERROR', 'INSERT INTO needs a table');
  const written = requireTable(run, ast.table).definition;
  const definition = insertTarget(run, written);
  if (/^(View|Merge|GenerateRandom)$/.test(definition.engine.name)) {
    throw failAt(
      ast.table.span,
      'NOT_IMPLEMENTED',
      `A ${definition.engine.name} takes no rows: insert into the table behind it`,
    );
  }
  const columns = listedColumns(run, definition, ast, written);
  checkConstraintTypes(run, definition);
  checkParts(run, definition);
  if (ast.query) {
    applyQuerySettings(run, ast.query);
    // Those of the INSERT come first.
    applySettings(run, ast.settings);
    applyOutput(run, ast.output);
    const { query, table } = ast;
    const input = await inputOf(run, ast);
    const outcome = await unlessAltered(async () => {
      const named = requireTable(run, table).definition;
      const now = insertTarget(run, named);
      const names = listedColumns(run, now, ast, named).map((c) => c.name);
      const planning = startPlanning(run);
      if (input) offerInput(planning.ctx, now, input);
      return insertPlan(run, now, names, planning, bindTop(planning, query), query.span);
    });
    return inserted(outcome);
  }
  return insertData(run, ast, definition, columns);
}

/** The columns an INSERT names, or all that take values. */
function listedColumns(
  run: Run,
  definition: TableDefinition,
  ast: Insert,
  written: TableDefinition,
): ColumnDefinition[] {
  if (!ast.columns) {
    if (written.engine.name !== 'Buffer') return insertable(definition);
    // Rows of a Buffer may have fewer columns than its target's.
    const own = new Set(written.columns.map(({ name }) => name));
    return insertable(definition).filter(({ name }) => own.has(name));
  }
  const names = definition.columns.map((c) => c.name);
  const chosen: ColumnDefinition[] = [];
  for (const item of ast.columns) {
    if (item.kind === 'Identifier') {
      const parts = item.parts.map((p) => nameOf(run, p));
      const name = parts.join('.');
      const column =
        definition.columns.find((c) => c.name === name) ??
        definition.columns.find(
          (c) => parts.length === 2 && parts[0] === definition.name && c.name === parts[1],
        );
      if (!column) {
        const near = suggest(name, names);
        throw failAt(
          item.span,
          'NO_SUCH_COLUMN_IN_TABLE',
          `There is no column ${name} in table ${definition.name}`,
          near ? { hint: `Did you mean \`${near}\`?` } : {},
        );
      }
      if (column.defaultKind === 'MATERIALIZED' || column.defaultKind === 'ALIAS') {
        throw failAt(
          item.span,
          column.defaultKind === 'ALIAS' ? 'NO_SUCH_COLUMN_IN_TABLE' : 'ILLEGAL_COLUMN',
          `Column ${name} is ${column.defaultKind}: it takes no values`,
        );
      }
      if (chosen.includes(column))
        throw failAt(item.span, 'DUPLICATE_COLUMN', `Column ${name} is there twice`);
      chosen.push(column);
      continue;
    }
    const [qualifier] = item.qualifier ?? [];
    if (qualifier && nameOf(run, qualifier) !== definition.name) {
      const text = `There is no table \`${qualifier.name}\` to take columns of`;
      throw failAt(item.span, 'UNKNOWN_IDENTIFIER', text);
    }
    const except = new Set(
      item.transformers.flatMap((t) => {
        if (t.kind === 'ExceptTransformer')
          return t.columns.map((c) => c.parts.map((p) => p.name).join('.'));
        throw notBuilt(t.span, 'REPLACE and APPLY in the columns of INSERT');
      }),
    );
    const columns = insertable(definition);
    const matched =
      item.kind === 'ColumnsMatcher' && item.pattern !== undefined
        ? matchingNames(
            run.core.native.planner(sessionJson(run)),
            item.pattern,
            columns.map((column) => column.name),
            item.span,
          )
        : undefined;
    for (const column of columns) {
      if (
        !except.has(column.name) &&
        matched?.has(column.name) !== false &&
        !chosen.includes(column)
      )
        chosen.push(column);
    }
  }
  return chosen;
}

async function insertData(
  run: Run,
  ast: Insert,
  definition: TableDefinition,
  columns: readonly ColumnDefinition[],
): Promise<Answer> {
  const written = ast.data?.format ?? run.format ?? 'Values';
  const format = run.core.native.format(written);
  if (!format?.input) {
    const names = run.core.native.registry.formats.filter((f) => f.input).map((f) => f.name);
    const near = suggest(written, names);
    const text = format ? `Format ${format.name} is only for output` : `Unknown format ${written}`;
    throw failAt(
      ast.data?.formatSpan,
      format ? 'FORMAT_IS_NOT_SUITABLE_FOR_INPUT' : 'UNKNOWN_FORMAT',
      text,
      near ? { hint: `Did you mean \`${near}\`?` } : {},
    );
  }
  const inline = ast.data ? run.text.slice(ast.data.start, ast.data.end) : '';
  const behind = run.request.data;
  // A body may be empty, a statement without one may not.
  if (inline.trim() === '' && !behind) {
    if (format.name === 'Values' && run.settings.bool('throw_if_no_data_to_insert'))
      throw failAt(
        ast.data?.formatSpan ?? ast.span,
        'NO_DATA_TO_INSERT',
        'INSERT has no rows behind it',
      );
    return done;
  }
  if (takesNothing(run, definition)) {
    if (behind) for await (const _ of behind) run.signal.throwIfAborted();
    return done;
  }
  const encoding = inline === '' ? run.request.dataEncoding : undefined;
  const token = tokenOf(run);
  const options = {
    format: format.name,
    encoding,
    strict: false,
    skipErrors: false,
    hash: token !== undefined,
  };
  const values = format.name === 'Values' && encoding === undefined;
  const rows = new KeptRows(
    bytesOf(inline, behind),
    values ? run.settings.number('max_values_expressions_bytes') : 0,
  );
  const request = {
    table: () => current(run, definition),
    spec: (now: TableDefinition) =>
      ingestSpec(run, now, now === definition ? columns : same(now, columns), options),
    body: rows,
    encoded: encoding !== undefined,
    token,
    signal: run.signal,
    views: viewRows(run),
    how: insertHow(run),
  };
  try {
    const outcome = await run.core.inserter.insert(request);
    count(run.core, 'InsertedRows', outcome.rows);
    count(run.core, 'InsertedBytes', outcome.bytes);
    return inserted(outcome);
  } catch (error) {
    if (format.name === 'Values' && isBadMap(error, columns))
      throw failAt(ast.data?.formatSpan, 'SYNTAX_ERROR', (error as Error).message);
    if (!values || !computes(run)) throw error;
    // Only rows that cannot be read are tried as expressions: nothing is stored twice.
    if (!(error instanceof EngineError) || error.fault !== 'client') throw error;
    if (error.name === 'INSERT_WAS_DEDUPLICATED') throw error;
    if (isNumberTooLong(error)) throw error;
    if (/a row has \d+ values/.test(error.message)) {
      throw failAt(ast.data?.formatSpan, 'SYNTAX_ERROR', error.message);
    }
    const text = await rows.whole();
    if (text === undefined) throw tooLongForExpressions(run, error);
    try {
      return await insertExpressions(
        run,
        ast,
        definition,
        columns,
        { text, inline: !behind },
        error,
      );
    } catch (later) {
      throw inRows(later, ast);
    }
  } finally {
    await rows.close();
  }
}

/** Expressions of VALUES are computed row by row or by templates; both can be switched off. */
const computes = ({ settings }: Run): boolean =>
  settings.bool('input_format_values_interpret_expressions') ||
  settings.bool('input_format_values_deduce_templates_of_expressions');

/** Rows that are read as they come hold plain values only. */
function tooLongForExpressions(run: Run, error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  const bytes = run.settings.number('max_values_expressions_bytes');
  const hint = `Expressions are computed in VALUES of up to ${bytes} bytes: send fewer rows at once, or raise max_values_expressions_bytes`;
  const { name, code, fault, message } = error;
  return new EngineError(name, code, fault, message, { hint: error.hint ?? hint });
}

/** A map in braces that cannot be read: as an expression, which is tried next, it is none. */
function isBadMap(error: unknown, columns: readonly ColumnDefinition[]): boolean {
  if (!(error instanceof EngineError)) return false;
  const name = /column '([^']*)', value '\{/.exec(error.message)?.[1];
  const column = name === undefined ? undefined : columns.find((c) => c.name === name);
  const reads = /^(SYNTAX_ERROR|CANNOT_(READ|PARSE))/.test(error.name);
  return reads && column?.type.startsWith('Map(') === true;
}

/** A bare number of too many digits: as an expression it would be one too. Texts are converted. */
function isNumberTooLong(error: unknown): boolean {
  if (!(error instanceof EngineError) || error.name !== 'ARGUMENT_OUT_OF_BOUND') return false;
  return /value '-?\d[^']*': Decimal /.test(error.message);
}

/** A syntax error always has a place: that of the rows, when nothing better is known. */
function inRows(error: unknown, ast: Insert): unknown {
  if (!(error instanceof EngineError) || error.position !== undefined || !ast.data) return error;
  if (error.name !== 'SYNTAX_ERROR' && error.name !== 'CANNOT_PARSE_INPUT_ASSERTION_FAILED')
    return error;
  const { start, end } = ast.data;
  return failAt({ start, end: Math.max(end, start) }, 'SYNTAX_ERROR', error.message);
}

async function* bytesOf(
  inline: string,
  behind: AsyncIterable<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array> {
  if (inline !== '') yield Buffer.from(inline);
  if (behind) yield* behind;
}
