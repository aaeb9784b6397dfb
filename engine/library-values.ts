// Values of the library's results: JSON as the engine writes it → JavaScript, by the column's type.

export interface Column {
  name: string;
  /** Canonical type, such as `Array(Nullable(UInt64))`. */
  type: string;
}

/** Undefined: the JSON value is already what it should be. */
export type Converter = ((value: unknown) => unknown) | undefined;

/** @param type canonical name of a type */
export function converterOf(type: string): Converter {
  const open = type.indexOf('(');
  const name = open < 0 ? type : type.slice(0, open);
  const inside = open < 0 ? '' : type.slice(open + 1, -1);
  if (/^U?Int(64|128|256)$/.test(name)) return integer;
  if (/^B?Float(16|32|64)$/.test(name)) return float;
  if (name === 'Decimal') return decimal;
  if (name === 'Nullable' || name === 'LowCardinality') return orNull(converterOf(inside));
  if (name === 'Array') return ofArray(converterOf(inside));
  if (name === 'Map') return ofMap(converterOf(splitTypes(inside)[1] ?? 'String'));
  if (name === 'Tuple') return ofTuple(splitTypes(inside));
  return undefined;
}

/** A number while it is exact, a bigint beyond. */
function integer(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const n = Number(value);
  return Number.isSafeInteger(n) ? n : BigInt(value);
}

const denormals = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
]);

const float = (value: unknown): unknown =>
  typeof value === 'string' ? (denormals.get(value) ?? Number(value)) : value;

/** A double holds any 15 digits exactly enough to be written as them again. */
function decimal(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const digits = value.replace(/^-?0*\.?0*|\./g, '').length;
  return digits <= 15 ? Number(value) : value;
}

const orNull = (f: Converter): Converter =>
  f === undefined ? undefined : (value) => (value === null ? null : f(value));

const ofArray = (f: Converter): Converter =>
  f === undefined ? undefined : (value) => (Array.isArray(value) ? value.map(f) : value);

const ofMap = (f: Converter): Converter =>
  f === undefined
    ? undefined
    : (value) =>
        typeof value === 'object' && value !== null
          ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, f(v)]))
          : value;

function ofTuple(elements: readonly string[]): Converter {
  const fields = elements.map((element) => {
    const named = /^(`(?:[^`\\]|\\.)*`|[A-Za-z_]\w*) +(.+)$/s.exec(element);
    return { name: named?.[1]?.replace(/^`|`$/g, ''), f: converterOf(named?.[2] ?? element) };
  });
  if (fields.every((field) => field.f === undefined)) return undefined;
  return (value) => {
    if (Array.isArray(value)) return value.map((v, i) => fields[i]?.f?.(v) ?? v);
    if (typeof value !== 'object' || value === null) return value;
    const byName = new Map(fields.map((field) => [field.name, field.f]));
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, byName.get(k)?.(v) ?? v]));
  };
}

/** Splits at commas outside brackets and quotes. */
function splitTypes(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  let quote = '';
  for (let i = 0; i < list.length; i++) {
    const c = list[i] ?? '';
    if (quote !== '') {
      if (c === '\\') i++;
      else if (c === quote) quote = '';
    } else if (c === "'" || c === '`') quote = c;
    else if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (c === ',' && depth === 0) {
      parts.push(list.slice(from, i).trim());
      from = i + 1;
    }
  }
  parts.push(list.slice(from).trim());
  return parts;
}
