// Who runs next when not everybody can.
import { describe, expect, it } from 'vitest';
import { manualClock } from '../engine/clock.ts';
import { Admission } from '../engine/query/admission.ts';
import { Durations } from '../engine/query/durations.ts';

function queue(waitMs = 60_000) {
  const clock = manualClock(1_000_000);
  const admission = new Admission({ runningMax: 1, waitingMax: 3, waitMs }, clock);
  const order: string[] = [];
  /** Runs a statement alone, so that its duration is known. */
  const once = (text: string, ms: number): void => {
    const leave = admission.tryEnter(text);
    clock.advance(ms);
    leave?.();
  };
  const wait = (text: string): Promise<() => void> =>
    admission.enter(text, undefined).then((leave) => {
      order.push(text);
      return leave;
    });
  return { clock, admission, order, once, wait };
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the queue', () => {
  it('lets short statements go first', async () => {
    const { admission, order, once, wait } = queue();
    once('SELECT long(1)', 5_000);
    once('SELECT short(1)', 5);
    const leave = admission.tryEnter('SELECT 1');
    const [long, short] = [wait('SELECT long(2)'), wait('SELECT short(2)')];
    leave?.();
    (await short)();
    (await long)();
    expect(order).toEqual(['SELECT short(2)', 'SELECT long(2)']);
  });

  it('passes nobody by for longer than the difference', async () => {
    const { clock, admission, order, once, wait } = queue();
    once('SELECT long(1)', 5_000);
    once('SELECT short(1)', 5);
    const leave = admission.tryEnter('SELECT 1');
    const long = wait('SELECT long(2)');
    clock.advance(5_000);
    const short = wait('SELECT short(2)');
    leave?.();
    (await long)();
    (await short)();
    expect(order).toEqual(['SELECT long(2)', 'SELECT short(2)']);
  });

  it('is bounded in length and in time', async () => {
    const { clock, admission, wait } = queue(100);
    admission.tryEnter('SELECT 1');
    const waiting = [wait('a'), wait('b'), wait('c')].map((each) =>
      each.catch((error: unknown) => (error as { name: string }).name),
    );
    await expect(wait('d')).rejects.toMatchObject({ name: 'TOO_MANY_SIMULTANEOUS_QUERIES' });
    clock.advance(100);
    await settled();
    expect(await Promise.all(waiting)).toEqual(Array(3).fill('TOO_MANY_SIMULTANEOUS_QUERIES'));
    expect(admission.waiting).toBe(0);
  });
});

describe('durations', () => {
  it('are those of statements alike, and the mean for others', () => {
    const durations = new Durations(2);
    expect(durations.expected('SELECT 1')).toBe(0);
    durations.note("SELECT count() FROM t WHERE a = 7 AND b = 'x'", 10);
    durations.note('SELECT  2', 30);
    expect(durations.expected("SELECT count() FROM t WHERE a = 12.5 AND b = 'it''s'")).toBe(10);
    expect(durations.expected('SELECT sum(a) FROM t')).toBe(20);
    durations.note('SHOW TABLES', 2);
    expect(durations.expected('SELECT count() FROM t WHERE a = 7 AND b = 0')).toBe(16);
  });
});
