// Characters → tokens, one at a time and only as far as the parser asks, so that the data behind
// an INSERT is never lexed. Tokens live in parallel arrays; offsets are UTF-16 units.
import { keywordBySpelling } from './keywords.ts';

/** Token kinds. A symbol's value is its text; a word's value is its upper case; others have ''. */
export const End = 0;
export const Word = 1;
export const Quoted = 2;
export const Text = 3;
export const Numeric = 4;
export const Symbol_ = 5;
export const Broken = 6;

const wordCharacter = new Uint8Array(128);
for (let c = 0; c < 128; c++) {
  if (/[A-Za-z0-9_$]/.test(String.fromCharCode(c))) wordCharacter[c] = 1;
}
const isWordCharacter = (c: number): boolean => c < 128 && wordCharacter[c] === 1;
const isDigit = (c: number): boolean => c >= 48 && c <= 57;
const isHexDigit = (c: number): boolean =>
  isDigit(c) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102);
const isUnicodeBlank = (c: number): boolean =>
  c === 0xa0 ||
  c === 0x1680 ||
  (c >= 0x2000 && c <= 0x200f) ||
  c === 0x2028 ||
  c === 0x2029 ||
  c === 0x202f ||
  c === 0x205f ||
  c === 0x2060 ||
  c === 0x3000 ||
  c === 0xfeff ||
  c === 0x180e ||
  c === 0x85;

const one = new Map<number, string>(
  Array.from('()[]{},;+*/%=<>.:?-|@^&~!', (c) => [c.charCodeAt(0), c]),
);
const long = ['<=>', '==', '!=', '<>', '<=', '>=', '||', '::', '->', '@@'];
const longByFirst = new Map<number, string[]>();
for (const s of long) {
  const first = s.charCodeAt(0);
  longByFirst.set(first, [...(longByFirst.get(first) ?? []), s]);
}
const wordLengthMax = 64;

export class Lexer {
  readonly text: string;
  readonly kinds: number[] = [];
  readonly values: string[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** Where the next token is looked for. */
  private at: number;

  constructor(text: string, from = 0) {
    this.text = text;
    this.at = from;
  }

  /** Lexes one more token. At the end of the text it appends End again and again. */
  advance(): void {
    const text = this.text;
    const start = this.skipBlanks();
    if (start < 0) return;
    if (start >= text.length) {
      this.push(End, '', text.length, text.length);
      return;
    }
    const c = text.charCodeAt(start);
    if (isDigit(c)) this.number(start);
    else if (isWordCharacter(c)) this.word(start, c);
    else if (c === 39 || c === 34 || c === 96) {
      this.quoted(start, start, c, c === 39 ? Text : Quoted);
    } else if (c === 46 && this.startsFraction(start)) this.number(start);
    else this.symbol(start, c);
  }

  /** Drops tokens from index on and goes on lexing at an offset: after inline data. */
  restart(index: number, offset: number): void {
    this.kinds.length = index;
    this.values.length = index;
    this.starts.length = index;
    this.ends.length = index;
    this.at = offset;
  }

  private push(kind: number, value: string, start: number, end: number): void {
    this.kinds.push(kind);
    this.values.push(value);
    this.starts.push(start);
    this.ends.push(end);
    this.at = end;
  }

  /** Offset of the next token; -1 after pushing a comment that never ends. */
  private skipBlanks(): number {
    const text = this.text;
    let at = this.at;
    for (;;) {
      const c = text.charCodeAt(at);
      if (c === 32 || (c >= 9 && c <= 13) || c === 0) at++;
      else if (c === 45 && text.charCodeAt(at + 1) === 45) at = this.lineEnd(at);
      else if (c === 47) {
        const next = text.charCodeAt(at + 1);
        if (next === 47) at = this.lineEnd(at);
        else if (next === 42) {
          const end = this.commentEnd(at);
          if (end < 0) {
            this.push(Broken, 'comment', at, text.length);
            return -1;
          }
          at = end;
        } else return at;
      } else if (c === 35) {
        const next = text.charCodeAt(at + 1);
        if (next !== 32 && next !== 33) return at;
        at = this.lineEnd(at);
      } else if (c > 127 && isUnicodeBlank(c)) at++;
      else return at;
    }
  }

  private lineEnd(at: number): number {
    const end = this.text.indexOf('\n', at);
    return end < 0 ? this.text.length : end;
  }

  /** Comments nest. */
  private commentEnd(start: number): number {
    const text = this.text;
    let depth = 1;
    let at = start + 2;
    let close = text.indexOf('*/', at);
    let open = text.indexOf('/*', at);
    while (close >= 0) {
      if (open >= 0 && open < close) {
        depth++;
        at = open + 2;
      } else {
        at = close + 2;
        if (--depth === 0) return at;
      }
      if (close >= 0 && close < at) close = text.indexOf('*/', at);
      if (open >= 0 && open < at) open = text.indexOf('/*', at);
    }
    return -1;
  }

  private word(start: number, first: number): void {
    const text = this.text;
    const second = text.charCodeAt(start + 1);
    if (second === 39) {
      // x'4142' and b'0101'.
      if (first === 120 || first === 88 || first === 98 || first === 66) {
        this.quoted(start, start + 1, 39, Text);
        return;
      }
    }
    if (first === 36 && this.heredoc(start)) return;
    let end = start + 1;
    while (isWordCharacter(text.charCodeAt(end))) end++;
    this.pushWord(start, end);
  }

  private pushWord(start: number, end: number): void {
    const raw = this.text.slice(start, end);
    const value =
      raw.length > wordLengthMax ? '\0long' : (keywordBySpelling.get(raw) ?? raw.toUpperCase());
    this.push(Word, value, start, end);
  }

  /** `$tag$ … $tag$`. */
  private heredoc(start: number): boolean {
    const text = this.text;
    let end = start + 1;
    while (isWordCharacter(text.charCodeAt(end)) && text.charCodeAt(end) !== 36) end++;
    if (text.charCodeAt(end) !== 36) return false;
    const tag = text.slice(start, end + 1);
    const close = text.indexOf(tag, end + 1);
    if (close < 0) return false;
    this.push(Text, '', start, close + tag.length);
    return true;
  }

  private quoted(start: number, open: number, quote: number, kind: number): void {
    const text = this.text;
    let at = open + 1;
    for (;;) {
      const c = text.charCodeAt(at);
      if (c === quote) {
        if (text.charCodeAt(at + 1) !== quote) break;
        at += 2;
      } else if (c === 92) at += 2;
      else if (at >= text.length) {
        this.push(Broken, kind === Text ? 'string' : 'identifier', start, text.length);
        return;
      } else at++;
    }
    this.push(kind, '', start, at + 1);
  }

  /** Behind `.` or `.-` only digits make the number: `t.1.2`, `t.-1.2`. */
  private previousIsDot(start: number): boolean {
    let last = this.values.length - 1;
    let at = start;
    if (this.values[last] === '-' && this.ends[last] === at) at = this.starts[last--] as number;
    return last >= 0 && this.values[last] === '.' && this.ends[last] === at;
  }

  /** `.5` is a number unless something stands before it that could have an element. */
  private startsFraction(start: number): boolean {
    if (!isDigit(this.text.charCodeAt(start + 1))) return false;
    const last = this.kinds.length - 1;
    if (last < 0 || this.ends[last] !== start) return true;
    const kind = this.kinds[last];
    const value = this.values[last];
    return (
      !(kind === Word || kind === Quoted || kind === Numeric || kind === Text) &&
      value !== ')' &&
      value !== ']' &&
      value !== '}' &&
      value !== '.'
    );
  }

  private number(start: number): void {
    const text = this.text;
    let at = start;
    const digits = (test: (c: number) => boolean): void => {
      while (
        test(text.charCodeAt(at)) ||
        (text.charCodeAt(at) === 95 && at > start && test(text.charCodeAt(at + 1)))
      )
        at++;
    };
    if (this.previousIsDot(start)) {
      while (isDigit(text.charCodeAt(at))) at++;
    } else {
      const mark = text.charCodeAt(start) === 48 ? text.charCodeAt(start + 1) | 32 : 0;
      if (mark === 120 && isHexDigit(text.charCodeAt(start + 2))) {
        at += 2;
        digits(isHexDigit);
        if (text.charCodeAt(at) === 46) {
          at++;
          digits(isHexDigit);
        }
        at = this.exponent(at, 112);
      } else if (mark === 98 && (text.charCodeAt(start + 2) & ~1) === 48) {
        at += 2;
        digits((c) => c === 48 || c === 49);
      } else {
        digits(isDigit);
        if (text.charCodeAt(at) === 46) {
          at++;
          digits(isDigit);
        }
        at = this.exponent(at, 101);
      }
    }
    if (isWordCharacter(text.charCodeAt(at))) {
      // `1st_table` is a word; `1.5x` is nothing.
      const plain = !text.slice(start, at).includes('.');
      while (isWordCharacter(text.charCodeAt(at))) at++;
      if (plain) this.pushWord(start, at);
      else this.push(Broken, 'number', start, at);
      return;
    }
    this.push(Numeric, '', start, at);
  }

  private exponent(at: number, letter: number): number {
    const text = this.text;
    if ((text.charCodeAt(at) | 32) !== letter) return at;
    let end = at + 1;
    if (text.charCodeAt(end) === 43 || text.charCodeAt(end) === 45) end++;
    if (!isDigit(text.charCodeAt(end))) return at;
    while (
      isDigit(text.charCodeAt(end)) ||
      (text.charCodeAt(end) === 95 && isDigit(text.charCodeAt(end + 1)))
    ) {
      end++;
    }
    return end;
  }

  private symbol(start: number, c: number): void {
    const text = this.text;
    for (const candidate of longByFirst.get(c) ?? []) {
      if (text.startsWith(candidate, start)) {
        this.push(Symbol_, candidate, start, start + candidate.length);
        return;
      }
    }
    const symbol = one.get(c);
    if (symbol !== undefined) this.push(Symbol_, symbol, start, start + 1);
    else if (c === 0x2212) this.push(Symbol_, '-', start, start + 1);
    else if (c === 92 && text.charCodeAt(start + 1) === 71) {
      this.push(Symbol_, ';', start, start + 2);
    } else if (c === 0x2018 || c === 0x201c) this.curly(start, c);
    else {
      const size = (text.codePointAt(start) as number) > 0xffff ? 2 : 1;
      this.push(Broken, 'character', start, start + size);
    }
  }

  /** ‘text’ and “name”, which editors make of straight quotes. No escapes inside. */
  private curly(start: number, open: number): void {
    const kind = open === 0x2018 ? Text : Quoted;
    const close = this.text.indexOf(String.fromCharCode(open + 1), start + 1);
    if (close < 0) {
      this.push(Broken, kind === Text ? 'string' : 'identifier', start, this.text.length);
    } else this.push(kind, '', start, close + 1);
  }
}
