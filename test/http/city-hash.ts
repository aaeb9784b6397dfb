// CityHash128 of version 1.0.2, written once more for the tests: the checksum of ClickHouse's compressed
// blocks. Slow, and meant for a few kilobytes.

const k0 = 0xc3a5c85c97cb3127n;
const k1 = 0xb492b66fbe98f273n;
const k2 = 0x9ae16a3b2f90404fn;
const k3 = 0xc949d7c7509e6557n;

const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const turn = (x: bigint, by: bigint): bigint => u64((x >> by) | (x << (64n - by)));
const fold = (x: bigint): bigint => x ^ (x >> 47n);

function ofTwo(u: bigint, v: bigint): bigint {
  const by = 0x9ddfea08eb382d69n;
  const a = fold(u64((u ^ v) * by));
  return u64(fold(u64((v ^ a) * by)) * by);
}

type Pair = [bigint, bigint];

function shortest(s: Buffer): bigint {
  const n = BigInt(s.length);
  if (s.length > 8) {
    const last = s.readBigUInt64LE(s.length - 8);
    return ofTwo(s.readBigUInt64LE(0), turn(u64(last + n), n)) ^ last;
  }
  if (s.length >= 4)
    return ofTwo(n + (BigInt(s.readUInt32LE(0)) << 3n), BigInt(s.readUInt32LE(s.length - 4)));
  if (s.length === 0) return k2;
  const [a, b, c] = [0, s.length >> 1, s.length - 1].map((i) => BigInt(s[i] as number)) as [
    bigint,
    bigint,
    bigint,
  ];
  return u64(fold(u64((a + (b << 8n)) * k2) ^ u64((n + (c << 2n)) * k3)) * k2);
}

function weak(s: Buffer, at: number, a0: bigint, b0: bigint): Pair {
  const [w, x, y, z] = [0, 8, 16, 24].map((i) => s.readBigUInt64LE(at + i)) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const a = u64(a0 + w);
  const sum = u64(a + x + y);
  const b = u64(turn(u64(b0 + a + z), 21n) + turn(sum, 44n) + a);
  return [u64(sum + z), b];
}

function short(s: Buffer, seed: Pair): Pair {
  let [a, b] = seed;
  let c: bigint;
  let d: bigint;
  const n = s.length;
  if (n <= 16) {
    a = u64(fold(u64(a * k1)) * k1);
    c = u64(b * k1 + shortest(s));
    d = fold(u64(a + (n >= 8 ? s.readBigUInt64LE(0) : c)));
  } else {
    c = ofTwo(u64(s.readBigUInt64LE(n - 8) + k1), a);
    d = ofTwo(u64(b + BigInt(n)), u64(c + s.readBigUInt64LE(n - 16)));
    a = u64(a + d);
    for (let at = 0; at + 16 < n; at += 16) {
      a = u64((a ^ u64(fold(u64(s.readBigUInt64LE(at) * k1)) * k1)) * k1);
      b ^= a;
      c = u64((c ^ u64(fold(u64(s.readBigUInt64LE(at + 8) * k1)) * k1)) * k1);
      d ^= c;
    }
  }
  a = ofTwo(a, c);
  b = ofTwo(d, b);
  return [a ^ b, ofTwo(b, a)];
}

function seeded(s: Buffer, seed: Pair): Pair {
  if (s.length < 128) return short(s, seed);
  let [x, y] = seed;
  let z = u64(BigInt(s.length) * k1);
  const first = u64(turn(y ^ k1, 49n) * k1 + s.readBigUInt64LE(0));
  let v: Pair = [first, u64(turn(first, 42n) * k1 + s.readBigUInt64LE(8))];
  let w: Pair = [
    u64(turn(u64(y + z), 35n) * k1 + x),
    u64(turn(u64(x + s.readBigUInt64LE(88)), 53n) * k1),
  ];
  let at = 0;
  for (; s.length - at >= 128; ) {
    for (let twice = 0; twice < 2; twice++, at += 64) {
      x = u64(turn(u64(x + y + v[0] + s.readBigUInt64LE(at + 16)), 37n) * k1) ^ w[1];
      y = u64(turn(u64(y + v[1] + s.readBigUInt64LE(at + 48)), 42n) * k1) ^ v[0];
      z = turn(z ^ w[0], 33n);
      v = weak(s, at, u64(v[1] * k1), u64(x + w[0]));
      w = weak(s, at + 32, u64(z + w[1]), y);
      [z, x] = [x, z];
    }
  }
  y = u64(y + turn(w[0], 37n) * k0 + z);
  x = u64(x + turn(u64(v[0] + z), 49n) * k0);
  for (let done = 32; done < s.length - at + 32; done += 32) {
    const from = s.length - done;
    y = u64(turn(u64(y - x), 42n) * k0 + v[1]);
    w = [u64(w[0] + s.readBigUInt64LE(from + 16)), w[1]];
    x = u64(turn(x, 49n) * k0 + w[0]);
    w = [u64(w[0] + v[0]), w[1]];
    v = weak(s, from, v[0], v[1]);
  }
  x = ofTwo(x, v[0]);
  y = ofTwo(y, w[0]);
  return [u64(ofTwo(u64(x + v[1]), w[1]) + y), ofTwo(u64(x + w[1]), u64(y + v[1]))];
}

/** 16 bytes, as they stand before a block. */
export function cityHash128(s: Buffer): Buffer {
  const n = BigInt(s.length);
  let pair: Pair;
  if (s.length >= 16)
    pair = seeded(s.subarray(16), [s.readBigUInt64LE(0) ^ k3, s.readBigUInt64LE(8)]);
  else if (s.length >= 8)
    pair = seeded(Buffer.alloc(0), [
      s.readBigUInt64LE(0) ^ u64(n * k0),
      s.readBigUInt64LE(s.length - 8) ^ k1,
    ]);
  else pair = seeded(s, [k0, k1]);
  const out = Buffer.alloc(16);
  out.writeBigUInt64LE(pair[0], 0);
  out.writeBigUInt64LE(pair[1], 8);
  return out;
}
