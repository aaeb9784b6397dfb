// URL parameters and JSON fields → the strings the engine takes.
import { badRequest } from './request-error.ts';

/** The one value of a parameter, undefined when it is absent. @throws BAD_ARGUMENTS when it is given twice */
export function single(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name);
  if (values.length > 1) throw badRequest(`The parameter ${name} is given ${values.length} times`);
  return values[0];
}

/** A switch in a URL: 0, 1, true, false. */
export function flag(query: URLSearchParams, name: string): boolean {
  const value = single(query, name);
  if (value === undefined || value === '0' || value === 'false') return false;
  if (value === '1' || value === 'true') return true;
  throw badRequest(`The parameter ${name} is 0 or 1, not ${clip(value)}`);
}

export const clip = (text: string, length = 60): string => {
  const plain = text.replace(/[^\x20-\x7e]+/g, '?');
  return plain.length > length ? `${plain.slice(0, length)}…` : plain;
};

/** What of the URL goes to the engine: `param_x` as parameter x, all else that is not reserved as a setting. */
export function settingsAndParams(
  query: URLSearchParams,
  reserved: ReadonlySet<string>,
): { settings: Record<string, string>; params: Record<string, string> } {
  const settings = new Map<string, string>();
  const params = new Map<string, string>();
  for (const [name, value] of query) {
    if (name.startsWith('param_')) params.set(name.slice('param_'.length), value);
    else if (!reserved.has(name)) settings.set(name, value);
  }
  return { settings: Object.fromEntries(settings), params: Object.fromEntries(params) };
}

/** An id that may stand in a response header and in a log line. */
export function checkQueryId(id: string | undefined): string | undefined {
  if (id === undefined || id === '') return undefined;
  if (id.length > 512) throw badRequest('query_id is longer than 512 characters');
  for (const c of id) {
    const code = c.codePointAt(0) ?? 0;
    if (code < 32 || code === 127) throw badRequest('query_id holds a control character');
  }
  return id;
}

/** A header value made of printable ASCII only. */
export const headerText = (text: string): string =>
  text.replace(/[^\x20-\x7e]/gu, (c) =>
    Array.from(Buffer.from(c), (b) => `%${b.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );

/** Values of `settings` in a JSON body: texts, numbers and switches. */
export function settingText(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number') return String(value);
  throw badRequest(`The setting ${clip(name)} must be a text, a number, true or false`);
}

/** Values of `params` in a JSON body, in the escaped text that `{name:Type}` is read from. */
export function paramText(name: string, value: unknown): string {
  if (typeof value === 'string') return value.replace(/[\\\t\n\r]/g, escapeChar);
  if (value === null) return '\\N';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'object') return nestedText(name, value, 0);
  throw badRequest(`The parameter ${clip(name)} cannot be sent as JSON`);
}

function nestedText(name: string, value: unknown, depth: number): string {
  if (depth > 20) throw badRequest(`The parameter ${clip(name)} is nested too deeply`);
  if (value === null) return 'NULL';
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return String(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((v) => nestedText(name, v, depth + 1)).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const items = Object.entries(value).map(
      ([key, v]) => `${quoted(key)}:${nestedText(name, v, depth + 1)}`,
    );
    return `{${items.join(',')}}`;
  }
  throw badRequest(`The parameter ${clip(name)} cannot be sent as JSON`);
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
const escapeChar = (c: string): string =>
  c === '\t' ? '\\t' : c === '\n' ? '\\n' : c === '\r' ? '\\r' : '\\\\';
