// LIKE patterns over names, for SHOW … LIKE and TRUNCATE … LIKE.

/** `%` any text, `_` one character, `\` before either means itself. */
export function likePattern(pattern: string, caseInsensitive = false): RegExp {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    if (c === '%') source += '[\\s\\S]*';
    else if (c === '_') source += '[\\s\\S]';
    else {
      const literal = c === '\\' && i + 1 < pattern.length ? (pattern[++i] as string) : c;
      source += literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    }
  }
  return new RegExp(`^${source}$`, caseInsensitive ? 'iu' : 'u');
}
