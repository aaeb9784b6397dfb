// system.parts' partition_id: a word for the value of PARTITION BY, as ClickHouse makes it.

import type { TableDefinition } from '../catalog/definition.ts';
import { fail } from '../errors.ts';
import type { PlannerKernel } from '../plan/context.ts';
import type { ExprJson } from '../plan/physical/wire.ts';
import { bindTable, partitionKey } from './shape.ts';

const ids = new WeakMap<TableDefinition, Map<string, string>>();

/** The partition_id of a partition: numbers and dates written out, a hash of everything else. */
export function partitionIdOf(
  kernel: PlannerKernel,
  definition: TableDefinition,
  text: string,
): string {
  const keys = partitionKey(definition);
  if (keys.length === 0) return 'all';
  let known = ids.get(definition);
  if (!known) {
    known = new Map();
    ids.set(definition, known);
  }
  const found = known.get(text);
  if (found !== undefined) return found;
  const binding = bindTable(kernel, definition);
  const id = makeId(
    kernel,
    keys.map((key) => binding.bind(key).type),
    text,
  );
  known.set(text, id);
  return id;
}

const integral = /^(U?Int(8|16|32|64)|Date|Date32|DateTime(\(.*\))?|Enum(8|16)\(.*\)|Bool)$/s;
const plainType = (type: string): string =>
  type.replace(/^(?:LowCardinality|Nullable)\((.*)\)$/s, '$1');

/** Numbers of the kinds of values in the hash. */
const kindOfString = 16;
const kindOf = (type: string): number => (/^(Int|Enum|Date32)/.test(type) ? 2 : 1);

function makeId(kernel: PlannerKernel, types: readonly string[], text: string): string {
  const bare = types.map((type) => plainType(plainType(type)));
  const one = types.length === 1;
  const whole: ExprJson = {
    cast: { lit: { type: 'String', value: text } },
    to: one ? (bare[0] as string) : `Tuple(${bare.join(', ')})`,
  };
  const part = (i: number): ExprJson =>
    one
      ? whole
      : { call: 'tupleElement', args: [whole, { lit: { type: 'UInt8', value: String(i + 1) } }] };
  const value = (expr: ExprJson): string => {
    const lit = kernel.fold({ cast: expr, to: 'String' });
    if (typeof lit?.value !== 'string') throw fail('LOGICAL_ERROR', 'A partition has no value');
    return lit.value;
  };
  const number = (i: number): string =>
    value({ cast: part(i), to: bare[i] === 'UInt64' ? 'UInt64' : 'Int64' });
  try {
    if (bare.every((type) => integral.test(type))) {
      return bare
        .map((type, i) =>
          type === 'Date' ? value({ call: 'toYYYYMMDD', args: [part(i)] }) : number(i),
        )
        .join('-');
    }
    const bytes = bare.map((type, i): Buffer => {
      const eight = Buffer.alloc(8);
      if (integral.test(type)) {
        eight.writeBigUInt64LE(BigInt.asUintN(64, BigInt(number(i))));
        return Buffer.concat([Buffer.from([kindOf(type)]), eight]);
      }
      const content = Buffer.from(value(part(i)));
      eight.writeBigUInt64LE(BigInt(content.length));
      return Buffer.concat([Buffer.from([kindOfString]), eight, content]);
    });
    return hashOf(kernel, Buffer.concat(bytes));
  } catch (error) {
    // NULL, and values that have no text of their own: any stable name will do.
    if (error instanceof TypeError) throw error;
    return hashOf(kernel, Buffer.from(text));
  }
}

function hashOf(kernel: PlannerKernel, bytes: Buffer): string {
  const hex: ExprJson = { lit: { type: 'String', value: bytes.toString('hex') } };
  const hash: ExprJson = { call: 'sipHash128', args: [{ call: 'unhex', args: [hex] }] };
  const lit = kernel.fold({ call: 'lower', args: [{ call: 'hex', args: [hash] }] });
  return String(lit?.value);
}
