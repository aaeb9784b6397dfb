// Two answers in TSVWithNamesAndTypes: are they the same rows, types and names?

export interface Answer {
  names: string[];
  types: string[];
  rows: string[][];
}

export const parseAnswer = (text: string): Answer => {
  const [names = [], types = [], ...rows] = text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.split('\t'));
  return { names, types, rows };
};

/** Digits of a sum of floats depend on the order of its rows; those of Float32 are few. */
const near = (a: string, b: string, type = ''): boolean => {
  if (a === b) return true;
  const x = Number(a);
  const y = Number(b);
  if (a === '' || b === '' || Number.isNaN(x) || Number.isNaN(y)) return false;
  // the deviation of equal floats is the root of the smallest difference
  if (Math.abs(x) < 1e-5 && Math.abs(y) < 1e-5) return true;
  const digits = type.includes('Float32') ? 1e-4 : 1e-9;
  return Math.abs(x - y) <= digits * Math.max(Math.abs(x), Math.abs(y), 1);
};

const sameRow = (a: readonly string[], b: readonly string[], types: readonly string[]): boolean =>
  a.length === b.length && a.every((cell, i) => near(cell, b[i] ?? '', types[i]));

const sameRows = (
  a: readonly string[][],
  b: readonly string[][],
  types: readonly string[],
): boolean => a.length === b.length && a.every((row, i) => sameRow(row, b[i] ?? [], types));

const sorted = (rows: readonly string[][]): string[][] =>
  [...rows].sort((a, b) => (a.join('\t') < b.join('\t') ? -1 : 1));

/** @returns what differs, or undefined */
export function difference(ours: Answer, theirs: Answer, ordered: boolean): string | undefined {
  if (ours.names.join('\t') !== theirs.names.join('\t')) {
    return `names: ${ours.names.join(', ')} | ${theirs.names.join(', ')}`;
  }
  if (ours.types.join('\t') !== theirs.types.join('\t')) {
    return `types: ${ours.types.join(', ')} | ${theirs.types.join(', ')}`;
  }
  if (ours.rows.length !== theirs.rows.length) {
    return `${ours.rows.length} rows | ${theirs.rows.length} rows`;
  }
  const same = (a: string[][], b: string[][]): boolean => sameRows(a, b, ours.types);
  if (ordered && same(ours.rows, theirs.rows)) return undefined;
  if (same(sorted(ours.rows), sorted(theirs.rows))) return ordered ? 'order' : undefined;
  const a = ordered ? ours.rows : sorted(ours.rows);
  const b = ordered ? theirs.rows : sorted(theirs.rows);
  const at = a.findIndex((row, i) => !sameRow(row, b[i] ?? [], ours.types));
  return `row ${at + 1}: ${a[at]?.join(', ')} | ${b[at]?.join(', ')}`;
}
