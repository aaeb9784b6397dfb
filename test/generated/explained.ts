// Differences that are meant: what the query contains, and why the answers differ.
export const explained: readonly (readonly [RegExp, string])[] = [];
