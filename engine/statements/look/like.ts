// LIKE patterns over names, for TRUNCATE ALL TABLES … LIKE.
import { literal, type Step, wildcard } from '../../wildcards.ts';

const anyOne: Step = { fits: () => true, many: false };
const anyText: Step = { fits: () => true, many: true };

/** `%` any text, `_` one character, `\` before either means itself. */
export function likePattern(pattern: string, caseInsensitive = false): (name: string) => boolean {
  const fold = (text: string): string => (caseInsensitive ? text.toLowerCase() : text);
  const steps: Step[] = [];
  let escaped = false;
  for (const c of fold(pattern)) {
    if (escaped) steps.push(literal(c));
    else if (c === '%') steps.push(anyText);
    else if (c === '_') steps.push(anyOne);
    else if (c !== '\\') steps.push(literal(c));
    escaped = !escaped && c === '\\';
  }
  if (escaped) steps.push(literal('\\'));
  const fits = wildcard(steps);
  return (name) => fits(fold(name));
}
