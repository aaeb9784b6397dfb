// What the process holds of memory. The system tells it by a file, which a process short of descriptors
// cannot open: then the last answer has to do.

let last: NodeJS.MemoryUsage = { rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 };

export function processMemory(): NodeJS.MemoryUsage {
  try {
    last = process.memoryUsage();
  } catch {
    // EMFILE
  }
  return last;
}
