// The table that is made of the rows that come for it: columns from the beginning of the body, sorted by time.

import type { ColumnDefinition, TableDefinition } from '../catalog/definition.ts';
import { EngineError, fail } from '../errors.ts';
import type { IngestRequest, IngestResult } from '../facade.ts';
import { baseType } from '../plan/types.ts';
import type { Run } from '../query/core.ts';
import { emptyDefinition } from '../statements/create/table.ts';
import { createTableSql } from '../tables/create-sql.ts';

const sampleBytesMax = 1 << 20;
/** Their columns are named at the end of the file: all of it is needed before the first row. */
const wholeFormats: ReadonlySet<string> = new Set(['Parquet', 'Arrow', 'JSON', 'JSONCompact']);
const wholeBytesMax = 1 << 30;
/** The beginning of a body, and a body that still has it. */
export async function sample(
  body: AsyncIterable<Uint8Array>,
  format: string,
  signal: AbortSignal,
): Promise<{ bytes: Buffer; body: AsyncIterable<Uint8Array> }> {
  const bytesMax = wholeFormats.has(format) ? wholeBytesMax : sampleBytesMax;
  const iterator = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < bytesMax) {
    const next = await iterator.next();
    signal.throwIfAborted();
    if (next.done) break;
    chunks.push(next.value);
    size += next.value.length;
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield* chunks;
    for (let next = await iterator.next(); !next.done; next = await iterator.next())
      yield next.value;
  }
  return { bytes: Buffer.concat(chunks), body: whole() };
}

const timeName = /^(ts|time|timestamp|event_?time|created(_?at)?|date|datetime|at|when)$/i;

/** ORDER BY the timestamp when there is one: the best named, else the first. */
function orderOf(columns: readonly { name: string; type: string }[]): string[] {
  const times = columns.filter((c) => /^DateTime/.test(c.type) || /^Date(32)?$/.test(c.type));
  const moments = times.filter((c) => /^DateTime/.test(c.type));
  const list = moments.length > 0 ? moments : times;
  const best = list.find((c) => timeName.test(c.name)) ?? list[0];
  return best ? [best.name] : [];
}

export async function createFrom(
  run: Run,
  request: IngestRequest,
  format: string,
  bytes: Buffer,
): Promise<IngestResult['created']> {
  const { core } = run;
  if (!/^[^\0\n]{1,255}$/.test(request.table))
    throw fail('BAD_ARGUMENTS', 'The name of a table has 1 to 255 bytes');
  const spec = {
    format,
    settings: run.settings.forKernel(),
    timezone: 'UTC',
    ...(request.encoding ? { encoding: request.encoding } : {}),
  };
  const fields = await inferred(run, spec, bytes);
  const columns: ColumnDefinition[] = fields.map(({ name, type }) => ({ name, type }));
  if (columns.length === 0) {
    throw fail('CANNOT_EXTRACT_TABLE_STRUCTURE', 'No columns can be inferred from the body', {
      hint: 'Create the table first',
    });
  }
  const names = new Set(columns.map((c) => c.name));
  if (names.size < columns.length)
    throw fail('DUPLICATE_COLUMN', 'A name of a column is there twice');
  const orderBy = orderOf(columns).filter((name) => !baseType(name).startsWith('Nullable'));
  const definition: TableDefinition = {
    ...emptyDefinition(run.database, request.table),
    columns,
    orderBy: orderBy.map((name) =>
      /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name.replace(/[\\`]/g, '\\$&')}\``,
    ),
  };
  const { catalog } = core.storage.context;
  const created = { ...definition, id: catalog.reserveTableId() };
  try {
    await catalog.commit({ ddl: [{ op: 'createTable', definition: created }] });
  } catch (error) {
    // Another request made it meanwhile.
    if (!(error instanceof EngineError) || error.name !== 'TABLE_ALREADY_EXISTS') throw error;
    return undefined;
  }
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    orderBy: definition.orderBy.length > 0 ? definition.orderBy.join(', ') : 'tuple()',
    sql: createTableSql(created, true),
  };
}

async function inferred(
  run: Run,
  spec: object,
  bytes: Buffer,
): Promise<{ name: string; type: string }[]> {
  return run.core.native.inferSchema(spec, bytes);
}
