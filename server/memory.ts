// Gives memory back after unusual requests. V8 lets garbage lie until its heap has doubled, which after one
// huge statement means hundreds of idle megabytes; a collection at a quiet moment returns them.
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const LOOK_MS = 1000;
/** Below this much there is nothing worth a pause of some 20 ms. */
const HEAP_BYTES = 64 * 2 ** 20;
/** Growth since the last collection that makes another one worth it. */
const GROWTH = 1.5;

function heapBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

/** Looks once a second, collects when the heap has grown beyond its last size. @returns a function that stops it */
export function collectGarbage(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let after = 0;
  const timer = setInterval(() => {
    const used = heapBytes();
    if (used < HEAP_BYTES || used < GROWTH * after) return;
    collect();
    after = heapBytes();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
