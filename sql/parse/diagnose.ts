// A failed parse → the error that users see: where, what was found, what was expected, and the
// keyword that was probably meant.

import { placeOf, SqlSyntaxError } from '../error.ts';
import { Broken, End, Quoted, Word } from '../lexer.ts';
import { editDistance } from '../suggest.ts';
import { type Cursor, Failure } from './cursor.ts';

const foundMax = 60;

/** Expectations that read as descriptions come first only when nothing else is near. */
function shown(words: Iterable<string>): string[] {
  const list = [...words].filter((word) => !word.startsWith('~'));
  const describing = list.filter((word) => word !== word.toUpperCase() || /^\W/.test(word));
  const keywords = list.filter((word) => !describing.includes(word));
  return [...describing, ...keywords];
}

/** Edits that still make a misspelling: a short keyword is near to too many words. */
const editsMax = (length: number): number => (length <= 4 ? 1 : length <= 8 ? 2 : 3);

interface Misspelling {
  index: number;
  keyword: string;
  distance: number;
}

/** The nearest keyword that could have stood at the token, if it is near enough. */
function nearest(p: Cursor, index: number, expected: Iterable<string>): Misspelling | undefined {
  const { lexer } = p;
  if (lexer.kinds[index] !== Word) return undefined;
  const word = p.text.slice(lexer.starts[index], lexer.ends[index]).toUpperCase();
  if (word.length < 2 || word.length > 30) return undefined;
  let best: Misspelling | undefined;
  for (const phrase of expected) {
    const bare = phrase.startsWith('~') ? phrase.slice(1) : phrase;
    const keyword = bare.split(' ')[0] as string;
    if (!/^[A-Z_]{2,}$/.test(keyword) || keyword === word) continue;
    const limit = Math.min(editsMax(Math.max(word.length, keyword.length)), word.length - 1);
    const distance = editDistance(word, keyword, limit);
    if (distance > limit || (best !== undefined && distance >= best.distance)) continue;
    best = { index, keyword, distance };
  }
  return best;
}

/** The failing token, or one of the two before it (taken as a name where a keyword was meant). */
function findMisspelling(p: Cursor, failure: Failure): Misspelling | undefined {
  const trace = p.trace;
  if (trace === undefined) return undefined;
  const here = trace.get(failure.index) ?? new Set<string>();
  let best = nearest(p, failure.index, here);
  for (let back = 1; back <= 2; back++) {
    const index = failure.index - back;
    if (index < 0 || p.lexer.values[index] === ';') break;
    // An alias is optional: what may follow it may also stand in its place.
    const expected = [...(trace.get(index) ?? []), ...(back === 1 ? here : [])];
    const known = [...expected].some((word) => word.replace('~', '') === p.lexer.values[index]);
    if (known || p.taken.has(index)) continue;
    const candidate = nearest(p, index, expected);
    if (candidate !== undefined && (best === undefined || candidate.distance < best.distance)) {
      best = candidate;
    }
  }
  return best;
}

const brokenMessages: Readonly<Record<string, string>> = {
  string: "a string that is not closed with '",
  identifier: 'a quoted name that is not closed',
  comment: 'a comment that is not closed with */',
  number: 'a number that is none',
  character: 'a character that is not part of SQL',
};

/** `GROUP country`: the parse goes back to GROUP, the fault is where BY was looked for. */
function furthest(p: Cursor, failure: Failure): Failure {
  if (failure.message !== undefined) return failure;
  const last = Math.max(failure.index, ...(p.trace?.keys() ?? []));
  return last === failure.index ? failure : new Failure(last);
}

/** `p` is the cursor of the tracing parse that ended with `failure`. */
export function diagnose(p: Cursor, thrown: Failure): SqlSyntaxError {
  const failure = furthest(p, thrown);
  p.seek(failure.index);
  const broken = firstBroken(p, failure.index);
  const index = broken ?? failure.index;
  const misspelling =
    broken === undefined && failure.message === undefined ? findMisspelling(p, failure) : undefined;
  const at = misspelling?.index ?? index;
  p.seek(at);
  const atEnd = p.kind === End;
  const place = placeOf(p.text, { start: p.start(), end: Math.min(p.end(), p.start() + 10_000) });
  const raw = atEnd ? 'end of query' : cut(p.text.slice(p.start(), p.end()));
  const expected = expectations(p, at, failure, misspelling);
  const where = `(line ${place.line}, col ${place.column})`;
  // In quotes: clients take the first capitals alone in parentheses for the name of the error.
  const token = atEnd ? raw : `'${raw}'`;
  let message = `Syntax error: failed at position ${place.position + 1} (${token}) ${where}`;
  if (broken !== undefined) message += `: ${brokenMessages[p.value] ?? 'not a token'}`;
  else if (failure.message !== undefined) message += `: ${failure.message}`;
  else if (expected.length > 0) {
    const list = expected.join(', ');
    message += `. ${expected.length === 1 ? 'Expected' : 'Expected one of:'} ${list}`;
  }
  const hint = misspelling?.keyword;
  if (hint !== undefined) message += `. Did you mean ${hint}?`;
  return new SqlSyntaxError({ message, place, found: raw, expected, hint });
}

/** The token's first line, shortened. */
function cut(token: string): string {
  const line = token.slice(0, foundMax + 1).split('\n')[0] as string;
  return line.length < token.length ? `${line.slice(0, foundMax)}…` : line;
}

/** An unclosed string or comment at or right before the failing token explains everything. */
function firstBroken(p: Cursor, index: number): number | undefined {
  return p.lexer.kinds[index] === Broken ? index : undefined;
}

function expectations(
  p: Cursor,
  at: number,
  failure: Failure,
  misspelling: Misspelling | undefined,
): string[] {
  const list = new Set<string>();
  if (misspelling !== undefined) list.add(misspelling.keyword);
  else if (failure.expected !== undefined) list.add(failure.expected);
  for (const word of shown(p.trace?.get(at) ?? [])) list.add(word);
  // A name in quotes where a keyword could stand needs no list of identifiers.
  if (p.kind === Quoted) list.delete('identifier');
  return [...list].slice(0, 5).map((word) => (/^\W+$/.test(word) ? `'${word}'` : word));
}
