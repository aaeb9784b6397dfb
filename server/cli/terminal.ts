// Small pieces of terminal output: numbers for people, a line that is written over while work runs.

export const isTerminal = (stream: NodeJS.WriteStream): boolean => stream.isTTY === true;

const UNITS: readonly [number, string][] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** 1234567 → `1.23 M`. */
export function short(n: number): string {
  for (const [size, unit] of UNITS) if (n >= size) return `${(n / size).toPrecision(3)} ${unit}`;
  return String(Math.round(n));
}

export const bytes = (n: number): string => `${short(n)}B`;
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
export const grouped = (n: number): string => n.toLocaleString('en-US');

/** A line on standard error that shows how far work is; only on a terminal, only after `afterMs`. */
export class ProgressLine {
  readonly #started = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #shown = false;
  #over = false;

  constructor(text: (elapsedMs: number) => string | Promise<string>, afterMs = 1000) {
    if (!isTerminal(process.stderr)) return;
    const tick = async (): Promise<void> => {
      const line = await text(performance.now() - this.#started);
      if (this.#over) return;
      const width = (process.stderr.columns ?? 80) - 1;
      process.stderr.write(`\r\x1b[2K${Array.from(line).slice(0, width).join('')}`);
      this.#shown = true;
      this.#timer = setTimeout(() => void tick(), 120);
    };
    this.#timer = setTimeout(() => void tick(), afterMs);
  }

  get elapsedMs(): number {
    return performance.now() - this.#started;
  }

  /** Takes the line away. */
  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    if (this.#shown) process.stderr.write('\r\x1b[2K');
    this.#shown = false;
  }
}

/** `[#####     ]` for a share from 0 to 1. */
export function bar(share: number, width = 24): string {
  const full = Math.round(Math.max(0, Math.min(1, share)) * width);
  return `[${'#'.repeat(full)}${' '.repeat(width - full)}]`;
}
