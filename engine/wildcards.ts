// Patterns with wildcards over names: of LIKE in SHOW and TRUNCATE, and of paths. A regular expression would try
// all ways to share a text among many wildcards; here each character is looked at once by each step.

/** A step of a pattern takes one character that fits, or any number of them. */
export interface Step {
  fits(character: string): boolean;
  many: boolean;
}

export const literal = (character: string): Step => ({ fits: (c) => c === character, many: false });

/** Whether the steps take a whole text, in O(text × steps). */
export function wildcard(steps: readonly Step[]): (text: string) => boolean {
  const end = steps.length;
  /** Adds a place, and those behind steps that may take nothing. */
  const enter = (places: Set<number>, from: number): void => {
    let place = from;
    places.add(place);
    while (steps[place]?.many) places.add(++place);
  };
  return (text) => {
    let places = new Set<number>();
    enter(places, 0);
    for (const c of text) {
      const next = new Set<number>();
      for (const place of places) {
        const step = steps[place];
        if (step?.fits(c)) enter(next, step.many ? place : place + 1);
      }
      if (next.size === 0) return false;
      places = next;
    }
    return places.has(end);
  };
}
