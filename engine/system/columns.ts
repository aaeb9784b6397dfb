// system.columns

import type { LitValue } from '../plan/physical/wire.ts';
import { baseType, typeArguments, typeHead } from '../plan/types.ts';
import type { Run } from '../query/core.ts';
import { informationSchemas, visibleDatabases } from '../tables/databases.ts';
import { partitionKey } from '../tables/shape.ts';
import { informationColumns, informationTables } from './information-schema.ts';
import { nodeTables } from './numbers.ts';
import { columns as describe, flag, type SystemTable } from './table.ts';

const bits = /^(U)?Int(\d+)$/;

/** character_octet_length, numeric_precision, radix, scale, datetime_precision. */
function measures(type: string): LitValue[] {
  const base = baseType(type);
  const head = typeHead(base);
  const int = bits.exec(base);
  if (int) return [null, String(Number(int[2])), '2', '0', null];
  if (base === 'Bool') return [null, '8', '2', '0', null];
  if (head === 'Decimal') {
    const [precision = null, scale = '0'] = typeArguments(base);
    return [null, precision, '10', scale, null];
  }
  if (head === 'DateTime64') return [null, null, null, null, typeArguments(base)[0] ?? '3'];
  if (head === 'DateTime' || base === 'Date' || base === 'Date32')
    return [null, null, null, null, '0'];
  if (head === 'FixedString') return [typeArguments(base)[0] ?? null, null, null, null, null];
  return [null, null, null, null, null];
}

/** @param all the tables of the database system, this one among them */
export const columns = (all: () => readonly SystemTable[]): SystemTable => ({
  name: 'columns',
  doc: 'Columns of all tables',
  columns: describe(
    ['database', 'String', 'Database'],
    ['table', 'String', 'Table'],
    ['name', 'String', 'Column'],
    ['type', 'String', 'Canonical name of its type'],
    ['position', 'UInt64', 'Place in the table, from 1'],
    ['default_kind', 'String', 'DEFAULT, MATERIALIZED, ALIAS, EPHEMERAL or empty'],
    ['default_expression', 'String', 'Expression of the default'],
    ['data_compressed_bytes', 'UInt64', 'Not measured by column: 0'],
    ['data_uncompressed_bytes', 'UInt64', 'Not measured by column: 0'],
    ['marks_bytes', 'UInt64', '0'],
    ['comment', 'String', 'COMMENT of the column'],
    ['is_in_partition_key', 'UInt8', 'PARTITION BY uses it'],
    ['is_in_sorting_key', 'UInt8', 'ORDER BY uses it'],
    ['is_in_primary_key', 'UInt8', 'PRIMARY KEY uses it'],
    ['is_in_sampling_key', 'UInt8', 'SAMPLE BY uses it'],
    ['compression_codec', 'String', 'CODEC of the column'],
    ['character_octet_length', 'Nullable(UInt64)', 'Bytes of a FixedString'],
    ['numeric_precision', 'Nullable(UInt64)', 'Bits or digits of a number'],
    ['numeric_precision_radix', 'Nullable(UInt64)', '2 for bits, 10 for digits'],
    ['numeric_scale', 'Nullable(UInt64)', 'Digits behind the point'],
    ['datetime_precision', 'Nullable(UInt64)', 'Digits of the seconds'],
  ),
  rows(run: Run) {
    const { state } = run.core.storage.context.catalog;
    const out: LitValue[][] = [];
    for (const database of visibleDatabases(state)) {
      for (const [table, id] of state.databases.get(database)?.tables ?? []) {
        const d = state.tables.get(id)?.definition;
        if (!d || table.includes('\n')) continue;
        const uses = (texts: readonly string[], name: string): string =>
          flag(
            texts.some(
              (text) =>
                text === name || new RegExp(`(^|[^\\w.])${escaped(name)}($|[^\\w(])`).test(text),
            ),
          );
        d.columns.forEach((c, i) => {
          out.push([
            database,
            table,
            c.name,
            c.type,
            String(i + 1),
            c.defaultKind ?? '',
            c.defaultExpr ?? '',
            '0',
            '0',
            '0',
            c.comment ?? '',
            uses(partitionKey(d), c.name),
            uses(d.orderBy, c.name),
            uses(d.primaryKey ?? d.orderBy, c.name),
            uses(d.sampleBy === undefined ? [] : [d.sampleBy], c.name),
            c.codec === undefined ? '' : `CODEC(${c.codec})`,
            ...measures(c.type),
          ]);
        });
      }
    }
    const known = [
      ...all().map((t) => ({ ...t, database: 'system' })),
      ...[...nodeTables.values()].map(({ database, name, columns }) => ({
        database,
        name,
        columns: columns.map((c) => ({ ...c, doc: '' })),
      })),
      ...informationSchemas.flatMap((database) =>
        informationTables.map((name) => ({
          database,
          name,
          columns: informationColumns(name).map((c) => ({ ...c, doc: '' })),
        })),
      ),
    ];
    for (const table of known) {
      table.columns.forEach((c, i) => {
        out.push([
          table.database,
          table.name,
          c.name,
          c.type,
          String(i + 1),
          '',
          '',
          '0',
          '0',
          '0',
          c.doc,
          '0',
          '0',
          '0',
          '0',
          '',
          ...measures(c.type),
        ]);
      });
    }
    return out;
  },
});

const escaped = (name: string): string => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
