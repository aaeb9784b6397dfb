// Runs the suites one after the other and adds up what they say: `N passed, N failed`.
import { spawn } from 'node:child_process';

/** Ends a child that takes longer than `minutes`, with all that it has started.
 *  @returns what takes that back */
function endAfter(minutes, child) {
  const end = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // it has ended in this moment
    }
  };
  const timer = setTimeout(() => {
    console.error(`ended after ${minutes} minutes`);
    end();
  }, minutes * 60_000);
  // a group of its own does not hear Ctrl-C
  const interrupted = () => {
    end();
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  return () => {
    clearTimeout(timer);
    process.off('SIGINT', interrupted);
  };
}

/** Runs a command with its output shown, and gives {code, text, seconds}; standard output and error together.
 *  @param minutes how long it may take; without them, as long as it wants */
export function show(command, args, options = {}, minutes = undefined) {
  return new Promise((done) => {
    const from = Date.now();
    const stdio = ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { stdio, detached: minutes !== undefined, ...options });
    const inTime = minutes === undefined ? () => {} : endAfter(minutes, child);
    let text = '';
    for (const [stream, out] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      stream.on('data', (piece) => {
        text = (text + piece).slice(-4_000_000);
        out.write(piece);
      });
    }
    const end = (code) => {
      inTime();
      done({ code, text, seconds: Math.round((Date.now() - from) / 1000) });
    };
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`);
      end(-1);
    });
    child.on('close', (code) => end(code ?? -1));
  });
}

const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
const sum = (matches) => matches.reduce((n, m) => n + Number(m), 0);
const numbers = (text, pattern) => [...text.matchAll(pattern)].map((m) => m[1]);

/** What a suite says about itself, by the form of its closing lines. */
export const counters = {
  cargo: (text) => ({
    passed: sum(numbers(text, /^test result: \w+\. (\d+) passed/gm)),
    failed: sum(numbers(text, /^test result: \w+\. \d+ passed; (\d+) failed/gm)),
  }),
  vitest: (text) => {
    const line = /^\s*Tests\s+(.*)$/m.exec(text.replace(COLOURS, ''))?.[1] ?? '';
    return {
      passed: Number(/(\d+) passed/.exec(line)?.[1] ?? 0),
      failed: Number(/(\d+) failed/.exec(line)?.[1] ?? 0),
    };
  },
  closing: (text) => {
    const all = [...text.matchAll(/^(\d+) passed, (\d+) failed\s*$/gm)].at(-1);
    return { passed: Number(all?.[1] ?? 0), failed: Number(all?.[2] ?? 0) };
  },
  /** A command that is one check by itself. */
  single: (_text, code) => ({ passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 }),
};

function verdictOf(suite, text, code) {
  const counted = suite.count(text, code);
  if (code !== 0 && counted.failed === 0) counted.failed = 1;
  return counted;
}

/** @param suites {name, command, args, count, options?}[]; a suite that fails without naming a failure counts one */
export async function tally(suites) {
  let passed = 0;
  let failed = 0;
  const lines = [];
  for (const suite of suites) {
    console.log(`\n=== ${suite.name}`);
    let { code, text, seconds } = await show(
      suite.command,
      suite.args,
      suite.options,
      suite.minutes,
    );
    let counted = verdictOf(suite, text, code);
    for (let tries = suite.tries ?? 1; tries > 1 && counted.failed > 0; tries--) {
      console.log(`\n=== ${suite.name}, again`);
      ({ code, text, seconds } = await show(
        suite.command,
        suite.args,
        suite.options,
        suite.minutes,
      ));
      counted = verdictOf(suite, text, code);
    }
    if (!suite.shown) {
      passed += counted.passed;
      failed += counted.failed;
    }
    const bad = suite.shown ? 'open' : 'FAIL';
    const verdict = counted.failed === 0 ? 'ok  ' : bad;
    lines.push(
      `${verdict} ${suite.name}: ${counted.passed} passed, ${counted.failed} failed, ${seconds} s`,
    );
  }
  console.log(`\n${lines.join('\n')}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0;
}
