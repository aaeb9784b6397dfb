// Canonical type names taken apart. The kernel owns what types mean; the planner only needs their
// outer shape: is it Nullable, what does an Array hold, which elements has a Tuple.

const cache = new Map<string, string[]>();

/** Top-level arguments between the parentheses of a type name: `Map(A, B)` → [`A`, `B`]. */
export function typeArguments(type: string): string[] {
  const known = cache.get(type);
  if (known) return known;
  const open = type.indexOf('(');
  if (open < 0 || !type.endsWith(')')) return [];
  const parts = splitAtCommas(type.slice(open + 1, -1));
  if (cache.size > 10_000) cache.clear();
  cache.set(type, parts);
  return parts;
}

/** Parts between the commas that stand in no parentheses and no quotes, trimmed; empty ones are left out. */
export function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (quote) {
      if (c === '\\') i++;
      else if (c === quote) quote = '';
    } else if (c === "'" || c === '`' || c === '"') quote = c;
    else if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (c === ',' && depth === 0) {
      parts.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  parts.push(text.slice(from).trim());
  return parts.filter((part) => part !== '');
}

/** `Nullable(UInt8)` → `Nullable`. */
export function typeHead(type: string): string {
  const open = type.indexOf('(');
  return open < 0 ? type : type.slice(0, open);
}

const first = (type: string): string => typeArguments(type)[0] ?? 'Nothing';

export function withoutLowCardinality(type: string): string {
  return typeHead(type) === 'LowCardinality' ? first(type) : type;
}

export function isNullable(type: string): boolean {
  return typeHead(withoutLowCardinality(type)) === 'Nullable';
}

/** Without LowCardinality and Nullable around it. */
export function baseType(type: string): string {
  const plain = withoutLowCardinality(type);
  return typeHead(plain) === 'Nullable' ? first(plain) : plain;
}

const neverNullable = new Set(['Array', 'Map', 'AggregateFunction', 'Nullable']);

export function nullableType(type: string): string {
  const head = typeHead(type);
  if (head === 'LowCardinality') {
    const inner = first(type);
    return isNullable(inner) ? type : `LowCardinality(Nullable(${inner}))`;
  }
  return neverNullable.has(head) ? type : `Nullable(${type})`;
}

export function arrayElementType(type: string): string | undefined {
  return typeHead(type) === 'Array' ? first(type) : undefined;
}

/** What ARRAY JOIN makes of a value of this type; undefined when it is no array or map. */
export function unfoldedType(type: string): string | undefined {
  if (typeHead(type) === 'Map') {
    const [key, value] = typeArguments(type);
    return `Tuple(keys ${key}, values ${value})`;
  }
  return arrayElementType(type);
}

export interface TupleElement {
  /** Empty in an unnamed tuple. */
  name: string;
  type: string;
}

export function tupleElements(type: string): TupleElement[] | undefined {
  if (typeHead(type) !== 'Tuple') return undefined;
  return typeArguments(type).map((text) => {
    const quoted = /^`((?:[^`\\]|\\.)*)`\s+(.*)$/s.exec(text);
    if (quoted)
      return { name: (quoted[1] as string).replace(/\\(.)/g, '$1'), type: quoted[2] as string };
    const named = /^([A-Za-z_][A-Za-z0-9_]*)\s+([A-Z].*)$/s.exec(text);
    if (named) return { name: named[1] as string, type: named[2] as string };
    return { name: '', type: text };
  });
}

/** The name of a type with the elements of named tuples a line each, as DESCRIBE shows it. */
export function prettyType(type: string, indent = 0): string {
  const list = typeArguments(type);
  const head = typeHead(type);
  if (head === 'Tuple' && tupleElements(type)?.[0]?.name) {
    const margin = ' '.repeat(4 * (indent + 1));
    const lines = list.map((text, i) => {
      const own = tupleElements(type)?.[i]?.type ?? text;
      return `${margin}${text.slice(0, text.length - own.length)}${prettyType(own, indent + 1)}`;
    });
    return `Tuple(\n${lines.join(',\n')})`;
  }
  if (!/^(Array|Map|Tuple)$/.test(head)) return type;
  return `${head}(${list.map((inner) => prettyType(inner, indent)).join(', ')})`;
}

const withInner = /^(Array|Map|Nullable|Variant|(Simple)?AggregateFunction)$/;

/** A type in a definition as SHOW CREATE prints it: tuples of several elements one element a line.
 *  @param indent how far the definition's own lines stand in */
export function typeInLines(type: string, indent: number): string {
  const list = typeArguments(type);
  const head = typeHead(type);
  if (head !== 'Tuple')
    return withInner.test(head)
      ? `${head}(${list.map((inner) => typeInLines(inner, indent)).join(', ')})`
      : type;
  const inside = list.length > 1 ? indent + 4 : indent;
  const elements = list.map((text, i) => {
    const own = tupleElements(type)?.[i]?.type ?? text;
    return `${text.slice(0, text.length - own.length)}${typeInLines(own, inside)}`;
  });
  if (elements.length < 2) return `Tuple(${elements.join('')})`;
  const margin = ' '.repeat(inside);
  return `Tuple(\n${elements.map((text) => margin + text).join(',\n')})`;
}

const integers = /^U?Int(8|16|32|64|128|256)$/;

export const isInteger = (type: string): boolean => integers.test(type);
export const isNumber = (type: string): boolean =>
  isInteger(type) || /^(Float(32|64)|BFloat16|Decimal(\(.*\))?)$/.test(type);

/** A time without a zone that is made of one with a zone keeps it: CAST(t AS DateTime). */
export function inZoneOf(type: string, from: string): string {
  const zone = /^(?:LowCardinality\(|Nullable\()*DateTime(?:64)?\((?:\d+, )?('[^']+')\)+$/.exec(
    from,
  )?.[1];
  const bare = /^((?:LowCardinality\(|Nullable\()*)DateTime(?:64\((\d+)\))?(\)*)$/.exec(type);
  if (zone === undefined || !bare) return type;
  const [, before, digits, behind] = bare;
  const time = digits === undefined ? `DateTime(${zone})` : `DateTime64(${digits}, ${zone})`;
  return `${before}${time}${behind}`;
}
