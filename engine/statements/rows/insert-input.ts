// INSERT INTO t SELECT … FROM input('…') FORMAT f, with the rows behind the statement: they are read
// as those of format() are, whole, by the query that input() stands in.

import type { Insert } from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import { fail } from '../../errors.ts';
import { failAt, type Planning } from '../../plan/context.ts';
import type { Run } from '../../query/core.ts';
import { insertable } from '../../query/stored-rows.ts';

/** Bytes that input() holds: its query may read them in any order, so they do not stream. */
const inputBytesMax = 256 << 20;

export interface InputData {
  readonly format: string;
  readonly data: Buffer;
}

/** The rows behind an INSERT … SELECT; undefined where none are. */
export async function inputOf(run: Run, ast: Insert): Promise<InputData | undefined> {
  if (!ast.data) return undefined;
  const format = run.core.native.format(ast.data.format);
  if (!format?.input) {
    throw failAt(
      ast.data.formatSpan,
      format ? 'FORMAT_IS_NOT_SUITABLE_FOR_INPUT' : 'UNKNOWN_FORMAT',
      format ? `Format ${format.name} is only for output` : `Unknown format ${ast.data.format}`,
    );
  }
  const parts: Uint8Array[] = [Buffer.from(run.text.slice(ast.data.start, ast.data.end))];
  let bytes = parts[0]?.length ?? 0;
  for await (const part of run.request.data ?? []) {
    bytes += part.length;
    if (bytes > inputBytesMax) {
      throw fail('TOO_MANY_BYTES', `input() takes at most ${inputBytesMax} bytes`, {
        hint: 'Insert the rows into a table of engine Null with a materialized view, in pieces of any size',
      });
    }
    parts.push(part);
  }
  return { format: format.name, data: Buffer.concat(parts) };
}

/** Lets input() of a plan give these rows. */
export function offerInput(ctx: Planning, target: TableDefinition, rows: InputData): void {
  ctx.input = {
    columns: insertable(target),
    node: (columns) => ({ kind: 'values', title: 'input', columns, rows: [], written: rows }),
  };
}
