// The parser's place in the tokens: look, take, expect, fail. Grammar functions in this folder take
// a Cursor. A failure is a cheap `Failure`; statements.ts then parses once more with `trace` on to
// learn what could have stood there, and makes the error that users see.
import type { Literal, Name, Span, StringLiteral, TableName } from '../ast/index.ts';
import { decodeIdentifier, decodeString } from '../escape.ts';
import { Broken, End, Lexer, Numeric, Quoted, Text, Word } from '../lexer.ts';

/** Thrown at the token that does not fit. Not an Error: no stack to collect. */
export class Failure {
  readonly index: number;
  readonly expected: string | undefined;
  readonly message: string | undefined;
  constructor(index: number, expected?: string, message?: string) {
    this.index = index;
    this.expected = expected;
    this.message = message;
  }
}
/** Thrown when the depth limit is passed; index is the token's. */
export class TooDeep {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

/** Tokens before the failing one whose expectations are kept. */
const traceWindow = 8;

export class Cursor {
  readonly text: string;
  readonly lexer: Lexer;
  readonly depthMax: number;
  /** Token index → what was looked for there; only in the second parse, after a failure. */
  readonly trace: Map<number, Set<string>> | undefined;
  /** Tokens taken as keywords in the tracing parse: they are not misspelt. */
  readonly taken = new Set<number>();
  private traceTop = -1;
  index = 0;
  /** Kind and value of the current token. */
  kind = 0;
  value = '';
  depth = 0;
  /** `?` seen so far. */
  positionals = 0;
  /** Values data of an INSERT end at its `;` instead of the end of the text. */
  readonly splitData: boolean;

  constructor(text: string, options: { depthMax: number; splitData: boolean; trace: boolean }) {
    this.text = text;
    this.lexer = new Lexer(text);
    this.depthMax = options.depthMax;
    this.splitData = options.splitData;
    this.trace = options.trace ? new Map() : undefined;
    this.seek(0);
  }

  /** Goes to the token with an index; lexes up to it. */
  seek(index: number): void {
    const lexer = this.lexer;
    while (lexer.kinds.length <= index) lexer.advance();
    this.index = index;
    this.kind = lexer.kinds[index] as number;
    this.value = lexer.values[index] as string;
  }

  next(): void {
    this.seek(this.index + 1);
  }

  /** Value of the token `ahead` places after the current one. */
  peek(ahead = 1): string {
    const lexer = this.lexer;
    const index = this.index + ahead;
    while (lexer.kinds.length <= index) lexer.advance();
    return lexer.values[index] as string;
  }

  peekKind(ahead = 1): number {
    const lexer = this.lexer;
    const index = this.index + ahead;
    while (lexer.kinds.length <= index) lexer.advance();
    return lexer.kinds[index] as number;
  }

  /** Offset where the current token starts. */
  start(): number {
    return this.lexer.starts[this.index] as number;
  }
  end(): number {
    return this.lexer.ends[this.index] as number;
  }
  /** Offset where the token before the current one ends. */
  lastEnd(): number {
    return this.index === 0 ? 0 : (this.lexer.ends[this.index - 1] as number);
  }
  /** From an offset to the end of the last token taken. */
  span(start: number): Span {
    return { start, end: Math.max(start, this.lastEnd()) };
  }
  tokenSpan(): Span {
    return { start: this.start(), end: this.end() };
  }
  tokenText(): string {
    return this.text.slice(this.start(), this.end());
  }

  note(expected: string, index = this.index): void {
    const trace = this.trace;
    if (trace === undefined) return;
    if (index > this.traceTop) {
      for (let i = Math.max(0, this.traceTop - traceWindow); i < index - traceWindow; i++) {
        trace.delete(i);
      }
      this.traceTop = index;
    }
    let known = trace.get(index);
    if (known === undefined) {
      known = new Set();
      trace.set(index, known);
    }
    known.add(expected);
  }

  /** Is the current token this keyword (upper case) or symbol? */
  is(value: string): boolean {
    if (this.value === value) return true;
    if (this.trace !== undefined) this.note(value);
    return false;
  }

  /** Takes the keyword or symbol if it is there. */
  accept(value: string): boolean {
    if (this.value === value) {
      if (this.trace !== undefined) this.taken.add(this.index);
      this.seek(this.index + 1);
      return true;
    }
    if (this.trace !== undefined) this.note(value);
    return false;
  }

  /** Takes all of the words, or none. */
  acceptAll(...words: string[]): boolean {
    for (let i = 0; i < words.length; i++) {
      if (this.peek(i) !== words[i]) {
        if (this.trace !== undefined) {
          if (i === 0) this.note(words.join(' '));
          else this.note(words.slice(i).join(' '), this.index + i);
        }
        return false;
      }
    }
    if (this.trace !== undefined) for (const i of words.keys()) this.taken.add(this.index + i);
    this.seek(this.index + words.length);
    return true;
  }

  /** Takes the first of the words that is there. */
  acceptOne<T extends string>(...words: readonly T[]): T | undefined {
    for (const word of words) {
      if (this.value === word) {
        if (this.trace !== undefined) this.taken.add(this.index);
        this.next();
        return word;
      }
    }
    if (this.trace !== undefined) for (const word of words) this.note(word);
    return undefined;
  }

  expect(value: string): void {
    if (!this.accept(value)) this.fail(value);
  }
  expectAll(...words: string[]): void {
    for (const word of words) this.expect(word);
  }
  expectOne<T extends string>(...words: readonly T[]): T {
    return this.acceptOne(...words) ?? this.fail(words[0]);
  }

  fail(expected?: string): never {
    if (expected !== undefined) this.note(expected);
    throw new Failure(this.index, expected);
  }

  /** Fails with an explanation instead of a list of expectations. */
  failWith(message: string, index = this.index): never {
    throw new Failure(index, undefined, message);
  }

  /** To be balanced with `leave`, except when failing. */
  enter(): void {
    if (++this.depth > this.depthMax) throw new TooDeep(this.index);
  }
  leave(): void {
    this.depth--;
  }
  /** For loops that deepen the tree: `count` levels beside the current depth. */
  checkDepth(count: number): void {
    if (this.depth + count > this.depthMax) throw new TooDeep(this.index);
  }

  /** Tries a parse; on failure goes back and returns undefined. */
  attempt<T>(parse: () => T | undefined): T | undefined {
    const { index, depth, positionals } = this;
    try {
      const result = parse();
      if (result !== undefined) return result;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
    this.depth = depth;
    this.positionals = positionals;
    this.seek(index);
    return undefined;
  }

  isWord(): boolean {
    return this.kind === Word;
  }
  isString(): boolean {
    return this.kind === Text;
  }
  isNumber(): boolean {
    return this.kind === Numeric;
  }
  isBroken(): boolean {
    return this.kind === Broken;
  }
  /** End of the statement: `;` or end of the text. */
  atEnd(): boolean {
    return this.kind === End || this.value === ';';
  }
  /** Could a name stand here? */
  isName(): boolean {
    return (
      this.kind === Word ||
      this.kind === Quoted ||
      (this.value === '{' && this.peekKind(1) === Word && this.peek(2) === ':')
    );
  }

  /** A name: a word, a quoted identifier or `{x:Identifier}`. */
  name(expected = 'identifier'): Name {
    const span = this.tokenSpan();
    if (this.kind === Word) {
      const name = this.text.slice(span.start, span.end);
      this.next();
      return { kind: 'Name', name, quoted: false, span };
    }
    if (this.kind === Quoted) {
      const name = decodeIdentifier(this.text, span.start, span.end);
      this.next();
      return { kind: 'Name', name, quoted: true, span };
    }
    if (this.value === '{' && this.peekKind(1) === Word && this.peek(2) === ':') {
      const start = this.start();
      this.next();
      const parameter = this.tokenText();
      this.next();
      this.expect(':');
      if (!this.is('IDENTIFIER')) this.fail('Identifier');
      this.next();
      this.expect('}');
      return { kind: 'Name', name: '', quoted: false, parameter, span: this.span(start) };
    }
    return this.fail(expected);
  }

  /** A name that may also be written as a string: users, clusters, formats. */
  nameOrString(expected = 'identifier'): Name {
    if (this.kind !== Text) return this.name(expected);
    const span = this.tokenSpan();
    return { kind: 'Name', name: this.string(), quoted: true, span };
  }

  /** `a.b` as one Name, for nested columns and collections. */
  dottedName(): Name {
    const first = this.name();
    if (this.value !== '.') return first;
    let name = first.name;
    let quoted = first.quoted;
    while (this.value === '.') {
      this.next();
      const part = this.name();
      name += `.${part.name}`;
      quoted ||= part.quoted;
    }
    return { ...first, name, quoted, span: this.span(first.span.start) };
  }

  /** `[database.]table`. */
  tableName(): TableName {
    const start = this.start();
    const first = this.name('table name');
    if (this.value !== '.') return { kind: 'TableName', table: first, span: first.span };
    this.next();
    const table = this.name('table name');
    return { kind: 'TableName', database: first, table, span: this.span(start) };
  }

  string(expected = 'string'): string {
    if (this.kind !== Text) this.fail(expected);
    const { value } = decodeString(this.text, this.start(), this.end());
    this.next();
    return value;
  }

  stringLiteral(): StringLiteral {
    if (this.kind !== Text) this.fail('string');
    const span = this.tokenSpan();
    const { value, bytes } = decodeString(this.text, span.start, span.end);
    this.next();
    return bytes === undefined
      ? { kind: 'Literal', type: 'string', value, span }
      : { kind: 'Literal', type: 'string', value, bytes, span };
  }

  /** Text of a number token without underscores. */
  numberText(): string {
    if (this.kind !== Numeric) this.fail('number');
    const text = this.tokenText();
    this.next();
    return text.includes('_') ? text.replaceAll('_', '') : text;
  }

  /** `[-] number`, a string, NULL, TRUE or FALSE; undefined when there is none. */
  literal(): Literal | undefined {
    const start = this.start();
    if (this.kind === Text) return this.stringLiteral();
    if (this.kind === Numeric) {
      return { kind: 'Literal', type: 'number', text: this.numberText(), span: this.span(start) };
    }
    if ((this.value === '-' || this.value === '+') && this.peekKind(1) === Numeric) {
      const sign = this.value === '-' ? '-' : '';
      this.next();
      const text = sign + this.numberText();
      return { kind: 'Literal', type: 'number', text, span: this.span(start) };
    }
    if (this.value === 'NULL') {
      this.next();
      return { kind: 'Literal', type: 'null', span: this.span(start) };
    }
    if (this.value === 'TRUE' || this.value === 'FALSE') {
      const value = this.value === 'TRUE';
      this.next();
      return { kind: 'Literal', type: 'bool', value, span: this.span(start) };
    }
    return undefined;
  }

  /** A whole number that a clause needs as such. */
  integer(): number {
    const index = this.index;
    const text = this.numberText();
    const value = Number(text);
    if (!Number.isSafeInteger(value)) this.failWith('a whole number is expected', index);
    return value;
  }

  /** One or more, separated by commas. */
  list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.accept(',')) items.push(item());
    return items;
  }

  /** `ON CLUSTER name`. */
  onCluster(): string | undefined {
    return this.acceptAll('ON', 'CLUSTER') ? this.nameOrString('cluster name').name : undefined;
  }
  ifNotExists(): boolean {
    return this.acceptAll('IF', 'NOT', 'EXISTS');
  }
  ifExists(): boolean {
    return this.acceptAll('IF', 'EXISTS');
  }
}
