// Quoted text ↔ values: strings, identifiers, heredocs, hexadecimal and binary literals.

const simple: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  r: '\r',
  n: '\n',
  t: '\t',
  0: '\0',
  a: '\x07',
  v: '\v',
  e: '\x1b',
};
/** These lose their backslash; any other unknown escape keeps it (`'\d'` is two characters). */
const bare = '\\\'"`/=';

/** A string's value. `bytes` (hexadecimal) is there when it is not valid UTF-8. */
export interface Decoded {
  value: string;
  bytes?: string;
}

/** The value of a string token: '…' with escapes, $tag$…$tag$, x'…', b'…', ‘…’. */
export function decodeString(text: string, start: number, end: number): Decoded {
  const first = text.charCodeAt(start);
  if (first === 36) {
    const tag = text.indexOf('$', start + 1) + 1 - start;
    return { value: text.slice(start + tag, end - tag) };
  }
  if (first === 0x2018) return { value: text.slice(start + 1, end - 1) };
  if (first !== 39) return fromBytes(first | 32, text.slice(start + 2, end - 1));
  return decodeQuoted(text.slice(start + 1, end - 1), "'");
}

/** The name inside `…`, "…" or “…”. */
export function decodeIdentifier(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  const quote = text[start] as string;
  return quote === '“' ? inner : decodeQuoted(inner, quote).value;
}

function decodeQuoted(inner: string, quote: string): Decoded {
  if (!inner.includes('\\') && !inner.includes(quote)) return { value: inner };
  let value = '';
  let highBytes = false;
  for (let i = 0; i < inner.length; ) {
    const c = inner[i] as string;
    if (c === quote) {
      value += quote;
      i += 2;
    } else if (c !== '\\') {
      let next = i + 1;
      while (next < inner.length && inner[next] !== '\\' && inner[next] !== quote) next++;
      value += inner.slice(i, next);
      i = next;
    } else {
      const code = inner[i + 1] as string;
      const byte =
        code === 'x' ? /^[0-9a-fA-F]{2}/.exec(inner.slice(i + 2, i + 4))?.[0] : undefined;
      if (byte !== undefined) {
        const n = Number.parseInt(byte, 16);
        // Bytes above 0x7f wait in a private range until all is known.
        if (n >= 0x80) highBytes = true;
        value += n < 0x80 ? String.fromCharCode(n) : String.fromCharCode(0xdc00 + n);
        i += 4;
      } else if (code === 'N') i += 2;
      else {
        value += simple[code] ?? (bare.includes(code) || code < ' ' ? code : `\\${code}`);
        i += 2;
      }
    }
  }
  return highBytes ? joinBytes(value) : { value };
}

/** Lone low surrogates DC80…DCFF stand for bytes; the rest is text. */
function joinBytes(mixed: string): Decoded {
  const parts: Buffer[] = [];
  let from = 0;
  for (let i = 0; i <= mixed.length; i++) {
    const c = mixed.charCodeAt(i);
    const high = mixed.charCodeAt(i - 1);
    const lone = c >= 0xdc80 && c <= 0xdcff && !(i > from && high >= 0xd800 && high <= 0xdbff);
    if (!lone && i < mixed.length) continue;
    if (i > from) parts.push(Buffer.from(mixed.slice(from, i)));
    if (lone) parts.push(Buffer.from([c - 0xdc00]));
    from = i + 1;
  }
  return fromBuffer(Buffer.concat(parts));
}

function fromBuffer(buffer: Buffer): Decoded {
  const value = buffer.toString('utf8');
  return Buffer.from(value).equals(buffer) ? { value } : { value, bytes: buffer.toString('hex') };
}

function fromBytes(base: number, digits: string): Decoded {
  const size = base === 120 ? 2 : 8;
  const padded = digits.padStart(Math.ceil(digits.length / size) * size, '0');
  const bytes: number[] = [];
  for (let i = 0; i < padded.length; i += size) {
    bytes.push(Number.parseInt(padded.slice(i, i + size), base === 120 ? 16 : 2) & 0xff);
  }
  return fromBuffer(Buffer.from(bytes));
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\b': '\\b',
  '\f': '\\f',
  '\r': '\\r',
  '\n': '\\n',
  '\t': '\\t',
  '\0': '\\0',
};

/** `'text'` with ClickHouse's escapes. */
export function quoteString(value: string): string {
  return `'${value.replace(/[\\'\b\f\r\n\t\0]/g, (c) => escapes[c] as string)}'`;
}

/** `'\xff…'` for bytes that are no text. */
export function quoteBytes(hex: string): string {
  return `'${hex.replace(/../g, '\\x$&')}'`;
}

/** A name in backquotes. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replace(/[\\`\b\f\r\n\t\0]/g, (c) => (c === '`' ? '\\`' : (escapes[c] as string)))}\``;
}
