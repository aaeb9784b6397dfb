// Rows that did not fit, kept in a table beside.

import type { ColumnDefinition, TableDefinition } from '../catalog/definition.ts';
import { EngineError, fail } from '../errors.ts';
import type { Run } from '../query/core.ts';
import { insertable } from '../query/stored-rows.ts';
import { emptyDefinition } from '../statements/create/table.ts';
import { ingestSpec } from '../statements/rows/ingest-spec.ts';
import type { RejectedRow } from '../storage/kernel.ts';

/** Keeps rejected rows in a table beside, made when it is first needed. */
export async function quarantine(
  run: Run,
  definition: TableDefinition,
  rejected: readonly RejectedRow[],
): Promise<void> {
  const { core } = run;
  const { catalog } = core.storage.context;
  const name = `${definition.name}_quarantine`;
  if (!catalog.find(definition.database, name)) {
    const columns: ColumnDefinition[] = [
      { name: 'time', type: 'DateTime' },
      { name: 'query_id', type: 'String' },
      { name: 'row', type: 'UInt64' },
      { name: 'column', type: 'String' },
      { name: 'code', type: 'LowCardinality(String)' },
      { name: 'message', type: 'String' },
      { name: 'raw', type: 'String' },
    ];
    const table = {
      ...emptyDefinition(definition.database, name),
      columns,
      orderBy: ['time'],
      id: catalog.reserveTableId(),
    };
    await catalog
      .commit({ ddl: [{ op: 'createTable', definition: table }] })
      .catch((error: unknown) => {
        if (!(error instanceof EngineError) || error.name !== 'TABLE_ALREADY_EXISTS') throw error;
      });
  }
  const table = catalog.find(definition.database, name);
  if (!table) throw fail('UNKNOWN_TABLE', `Table ${name} was dropped`);
  const time = Math.floor(run.nowMs / 1000);
  const lines = rejected.map((r) =>
    JSON.stringify({
      time,
      query_id: run.id,
      row: r.row,
      column: r.column ?? '',
      code: r.code,
      message: r.message,
      raw: r.raw ?? '',
    }),
  );
  const body = Buffer.from(lines.join('\n'));
  async function* once(): AsyncGenerator<Uint8Array> {
    yield body;
  }
  await core.inserter.insert({
    table: () => table.definition,
    spec: (now) =>
      ingestSpec(run, now, insertable(now), {
        format: 'JSONEachRow',
        strict: false,
        skipErrors: false,
        hash: false,
      }),
    body: once(),
  });
}
