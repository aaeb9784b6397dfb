// Damages bytes as disks, networks and bad programs do: flipped bits, cut ends, pieces twice or gone, and numbers that
// say that far more follows than does. The same seed always damages in the same way.
import type { Random } from '../generated/random.ts';

/** Lengths that a reader must not believe, as varints and as fixed numbers. */
const lengths: readonly Buffer[] = [
  Buffer.from('ffffffff0f', 'hex'),
  Buffer.from('ffffffffffffffff7f', 'hex'),
  Buffer.from('80808080808080808001', 'hex'),
  Buffer.from('ffffffff', 'hex'),
  Buffer.from('ffffff7f', 'hex'),
  Buffer.from('ffffffffffffff7f', 'hex'),
  Buffer.from('0000000001000000', 'hex'),
  Buffer.from('00000080', 'hex'),
];

type Change = (bytes: Buffer, at: number, random: Random) => Buffer;

const changes: readonly (readonly [number, Change])[] = [
  [
    6,
    (bytes, at, random) => {
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(8));
      return bytes;
    },
  ],
  [
    3,
    (bytes, at, random) => {
      bytes[at] = random.pick([0, 1, 127, 128, 255]);
      return bytes;
    },
  ],
  [
    6,
    (bytes, at, random) => {
      random.pick(lengths).copy(bytes, at);
      return bytes;
    },
  ],
  [2, (bytes, at) => bytes.subarray(0, at)],
  [
    1,
    (bytes, at, random) =>
      Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.int(8))]),
  ],
  [
    1,
    (bytes, at, random) =>
      Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - random.int(40)))]),
  ],
];

/** @returns a copy of the bytes with one to three changes */
export function damageBytes(good: Buffer, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(good);
  for (let left = 1 + random.int(3); left > 0 && bytes.length > 0; left--) {
    // Headers and footers say how much there is.
    const edge = Math.min(bytes.length, 64);
    const at = random.weighted([
      [2, random.int(bytes.length)],
      [1, random.int(edge)],
      [1, bytes.length - 1 - random.int(edge)],
    ] as const);
    bytes = random.weighted(changes)(bytes, at, random);
  }
  return bytes;
}
