// JavaScript values in the text forms that SQL reads them from.

/** Numbers that are none have names of their own. */
export function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

/** The moment in UTC to the millisecond, as DateTime64(3) is written. */
export const momentText = (date: Date): string =>
  date.toISOString().replace('T', ' ').replace('Z', '');

/** The same without a fraction of zero, so that a DateTime can be read from it. */
export const dateText = (date: Date): string => momentText(date).replace(/\.000$/, '');

/** A value inside an array or a map: texts and dates are quoted, plain objects are maps. */
export function nestedText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (value instanceof Date) return `'${dateText(value)}'`;
  if (Array.isArray(value)) return `[${value.map(nestedText).join(',')}]`;
  if (typeof value === 'object') {
    const pairs = Object.entries(value).map(([key, v]) => `${nestedText(key)}:${nestedText(v)}`);
    return `{${pairs.join(',')}}`;
  }
  if (typeof value === 'number') return numberText(value);
  return typeof value === 'string' ? `'${value.replace(/[\\']/g, '\\$&')}'` : String(value);
}
