// The text behind VALUES as the parser wants it: ClickHouse reads rows without commas between them too.

/** Where a quote or a comment that starts at `from` ends; `from` itself when none starts there. */
function skipped(text: string, from: number): number {
  const c = text[from];
  if (c === "'" || c === '"' || c === '`') {
    let i = from + 1;
    while (i < text.length && text[i] !== c) i += text[i] === '\\' ? 2 : 1;
    return Math.min(i + 1, text.length);
  }
  const ending = text.startsWith('--', from) ? '\n' : text.startsWith('/*', from) ? '*/' : '';
  if (ending === '') return from;
  const end = text.indexOf(ending, from + 2);
  return end < 0 ? text.length : end + ending.length;
}

/** The same rows with a comma between each two; places stay as they are where a blank can give way. */
export function withCommas(text: string): string {
  const places: number[] = [];
  let depth = 0;
  let closed = -1;
  for (let i = 0; i < text.length; ) {
    const next = skipped(text, i);
    if (next > i) {
      i = next;
      continue;
    }
    const c = text[i] as string;
    if (depth === 0 && c === '(' && closed >= 0) places.push(closed);
    if (c === '(' || c === '[' || c === '{') depth++;
    else if (c === ')' || c === ']' || c === '}') depth--;
    if (c === ')' && depth === 0) closed = i + 1;
    else if (!/\s/.test(c)) closed = -1;
    i++;
  }
  if (places.length === 0) return text;
  let out = '';
  let from = 0;
  for (const place of places) {
    out += `${text.slice(from, place)},`;
    from = /\s/.test(text[place] ?? '') ? place + 1 : place;
  }
  return out + text.slice(from);
}
