// Where the rows of an INSERT begin inside a byte stream: bytes after `FORMAT name` or `VALUES` may be
// binary and any number of gigabytes, so they must not become part of the statement's text.
// Works on latin1 text (one character a byte). This is no parser: what it does not recognise stays text.

export type Split =
  /** Nothing follows the statement that is not its text. */
  | { kind: 'text' }
  /** The statement ends before `dataStart`; rows follow. */
  | { kind: 'insert'; dataStart: number; values: boolean }
  /** An INSERT so far; more bytes may decide. */
  | { kind: 'open' };

interface Token {
  kind: 'word' | 'quoted' | 'open' | 'close' | 'other' | 'end';
  start: number;
  end: number;
}

const BLANK = /[\s\0]/;
const WORD = /[A-Za-z0-9_\x80-\xff]/;

export function splitInsert(text: string): Split {
  let token = next(text, 0);
  if (!isWord(text, token, 'INSERT')) return { kind: token.kind === 'end' ? 'open' : 'text' };
  token = next(text, token.end);
  if (isWord(text, token, 'INTO')) token = next(text, token.end);
  if (isWord(text, token, 'TABLE') || isWord(text, token, 'FUNCTION'))
    token = next(text, token.end);
  token = skipName(text, token);
  let depth = 0;
  let selects = false;
  while (token.kind !== 'end') {
    if (token.kind === 'open') depth++;
    else if (token.kind === 'close') depth--;
    else if (token.kind === 'word' && depth === 0) {
      const word = text.slice(token.start, token.end).toUpperCase();
      if (word === 'SELECT' || word === 'WITH' || word === 'FROM' || word === 'WATCH')
        selects = true;
      if (word === 'VALUES' && !selects)
        return { kind: 'insert', dataStart: token.end, values: true };
      if (word === 'FORMAT') {
        const name = next(text, token.end);
        if (name.kind === 'word' && name.end < text.length)
          return afterFormat(text, token, name, selects);
      }
    }
    token = next(text, token.end);
  }
  return { kind: selects ? 'text' : 'open' };
}

function afterFormat(text: string, format: Token, name: Token, selects: boolean): Split {
  if (selects && !/\binput\s*\(/i.test(text.slice(0, format.start))) return { kind: 'text' };
  if (text.slice(name.start, name.end).toUpperCase() === 'VALUES') {
    return { kind: 'insert', dataStart: name.end, values: true };
  }
  let at = name.end;
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\f') at++;
  if (text[at] === ';') return { kind: 'text' };
  if (text[at] === '\r') at++;
  if (text[at] === '\n') at++;
  return { kind: 'insert', dataStart: at, values: false };
}

/** Steps over `name`, `db.name` or a quoted form, so that a table called format is no clause. */
function skipName(text: string, first: Token): Token {
  let token = first;
  for (;;) {
    if (token.kind !== 'word' && token.kind !== 'quoted') return token;
    token = next(text, token.end);
    if (token.kind !== 'other' || text[token.start] !== '.') return token;
    token = next(text, token.end);
  }
}

const isWord = (text: string, token: Token, word: string): boolean =>
  token.kind === 'word' && text.slice(token.start, token.end).toUpperCase() === word;

function next(text: string, from: number): Token {
  const start = skipBlank(text, from);
  const c = text[start];
  if (c === undefined) return { kind: 'end', start, end: start };
  if (c === "'" || c === '"' || c === '`')
    return { kind: 'quoted', start, end: quoteEnd(text, start) };
  if (c === '(' || c === '[' || c === '{') return { kind: 'open', start, end: start + 1 };
  if (c === ')' || c === ']' || c === '}') return { kind: 'close', start, end: start + 1 };
  if (c === '$') return { kind: 'quoted', start, end: heredocEnd(text, start) };
  if (!WORD.test(c)) return { kind: 'other', start, end: start + 1 };
  let end = start + 1;
  while (end < text.length && WORD.test(text[end] ?? '')) end++;
  return { kind: 'word', start, end };
}

function skipBlank(text: string, from: number): number {
  let at = from;
  for (;;) {
    while (at < text.length && BLANK.test(text[at] ?? '')) at++;
    const two = text.slice(at, at + 2);
    if (two === '--' || two === '//' || two === '# ' || two === '#!') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end + 1;
    } else if (two === '/*') {
      const end = text.indexOf('*/', at + 2);
      at = end < 0 ? text.length : end + 2;
    } else if (text.startsWith('\xEF\xBB\xBF', at)) at += 3;
    else return at;
  }
}

function quoteEnd(text: string, start: number): number {
  const quote = text[start];
  let at = start + 1;
  while (at < text.length) {
    if (text[at] === '\\') at += 2;
    else if (text[at] !== quote) at++;
    else if (text[at + 1] === quote) at += 2;
    else return at + 1;
  }
  return text.length;
}

function heredocEnd(text: string, start: number): number {
  const tag = /^\$[A-Za-z0-9_]*\$/.exec(text.slice(start, start + 128))?.[0];
  if (tag === undefined) return start + 1;
  const end = text.indexOf(tag, start + tag.length);
  return end < 0 ? text.length : end + tag.length;
}
