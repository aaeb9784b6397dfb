// Splits what is typed into statements: at `;` outside quotes, comments and brackets' strings.

export interface Split {
  /** Whole statements, without their `;`. */
  statements: string[];
  /** What is not ended yet. */
  rest: string;
}

export function splitStatements(text: string): Split {
  const statements: string[] = [];
  let start = 0;
  let at = 0;
  while (at < text.length) {
    const c = text[at];
    if (c === ';') {
      statements.push(text.slice(start, at));
      at++;
      start = at;
    } else at = afterToken(text, at);
  }
  return { statements: statements.filter((s) => s.trim() !== ''), rest: text.slice(start) };
}

/** The end of the quoted text or comment that begins at `at`, or of the one character. */
function afterToken(text: string, at: number): number {
  const c = text[at];
  if (c === "'" || c === '"' || c === '`') return afterQuoted(text, at, c);
  const two = text.slice(at, at + 2);
  if (two === '--') return upTo(text, '\n', at);
  if (two === '/*') return upTo(text, '*/', at + 2);
  return at + 1;
}

function afterQuoted(text: string, from: number, quote: string): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at + 1;
      at++;
    }
  }
  return text.length;
}

const upTo = (text: string, mark: string, from: number): number => {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at + mark.length;
};

/** True when nothing but blanks and comments is left: Enter then means "run" or nothing at all. */
export const isBlank = (text: string): boolean =>
  text
    .replace(/--[^\n]*(\n|$)/g, '')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .trim() === '';
