//! Hash functions over any number of values of any types, checksums and digests.
//!
//! Rules of ClickHouse: numbers are hashed by an integer hash (CityHash, FarmHash, MetroHash) or as their
//! bytes (all others), tuples as their elements, arrays as their size and elements; hashes of several
//! values are combined from the first to the last.

pub mod crypto;
mod farm;
mod kernels;
pub mod more;
pub mod shingles;
mod wide;

use crate::args::{i64s, strs, tuple_columns, u32_col, u64_col, u64s};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use farm::{farm64, fingerprint64};
use kernels::*;
use wide::{Murmur3x128, Sip128, Sip128Reference, Xxh3Wide, any128};
use types::codes::BAD_ARGUMENTS;
use types::{Column, Data, Error, FixedData, Result, Type, match_numeric};

pub use kernels::{city64, murmur3_32, sip128};

/// SipHash-2-4 without a key.
pub fn sip_of(s: &[u8]) -> u64 {
    sip64(s, 0, 0)
}

macro_rules! digest { ($name:literal, $bytes:literal, $example:literal, $of:expr) => {
    f($name, concat!($name, "(s)"), concat!($name, " digest as FixedString."), &[(concat!("hex(", $name, "('abc'))"), $example)], |b| digest(b, $bytes, $of))
} }

pub const DEFS: &[FunctionDef] = &[
    f("cityHash64", "cityHash64(a, …)", "CityHash 1.0.2 of any values.", &[("cityHash64('a')", "2603192927274642682")], any::<City>),
    f("farmHash64", "farmHash64(a, …)", "FarmHash of any values.", &[("farmHash64('a')", "12917804110809363939")], any::<Farm>),
    f("farmFingerprint64", "farmFingerprint64(a, …)", "FarmHash's fingerprint of any values.", &[("farmFingerprint64('a')", "12917804110809363939")], any::<Fingerprint>),
    f("metroHash64", "metroHash64(a, …)", "MetroHash of any values.", &[("metroHash64('a')", "6759146875928959315")], any::<Metro>),
    f("sipHash64", "sipHash64(a, …)", "SipHash-2-4 of any values.", &[], any::<Sip>),
    f("xxHash32", "xxHash32(a, …)", "xxHash, 32 bits.", &[("xxHash32('a')", "1426945110")], any::<Xx32>),
    f("xxHash64", "xxHash64(a, …)", "xxHash, 64 bits.", &[("xxHash64('a')", "15154266338359012955")], any::<Xx64>),
    f("xxh3", "xxh3(a, …)", "XXH3, 64 bits.", &[("xxh3('a')", "16629034431890738719")], any::<Xxh3>),
    f("wyHash64", "wyHash64(a, …)", "wyhash of any values.", &[("wyHash64('a')", "7852112099385141351")], any::<Wy>),
    f("murmurHash2_32", "murmurHash2_32(a, …)", "MurmurHash2, 32 bits.", &[("murmurHash2_32('a')", "2456313694")], any::<Murmur2x32>),
    f("murmurHash2_64", "murmurHash2_64(a, …)", "MurmurHash2, 64 bits.", &[("murmurHash2_64('a')", "510903276987443985")], any::<Murmur2x64>),
    f("gccMurmurHash", "gccMurmurHash(a, …)", "MurmurHash2 with gcc's seed.", &[("gccMurmurHash('a')", "4993892634952068459")], any::<Gcc>),
    f("kafkaMurmurHash", "kafkaMurmurHash(a, …)", "MurmurHash2 with Kafka's seed.", &[("kafkaMurmurHash('a')", "584102524")], any::<Kafka>),
    f("murmurHash3_32", "murmurHash3_32(a, …)", "MurmurHash3, 32 bits.", &[("murmurHash3_32('a')", "1009084850")], any::<Murmur3x32>),
    f("murmurHash3_64", "murmurHash3_64(a, …)", "MurmurHash3, 64 bits.", &[], any::<Murmur3x64>),
    f("halfMD5", "halfMD5(a, …)", "The first 64 bits of MD5.", &[], any::<HalfMd5>),
    f("sipHash128", "sipHash128(a, …)", "SipHash of 128 bits as FixedString(16).", &[("hex(sipHash128('abc'))", "B6B415A2DA966B6C685A65E54C12A353")], any128::<Sip128>),
    f("sipHash128Reference", "sipHash128Reference(a, …)", "SipHash-2-4-128 as its authors define it.", &[("hex(sipHash128Reference('abc'))", "6C95DEC302962FA8CA5E69C1D5D15478")], any128::<Sip128Reference>),
    f("murmurHash3_128", "murmurHash3_128(a, …)", "MurmurHash3, 128 bits as FixedString(16).", &[("hex(murmurHash3_128('abc'))", "6778AD3F3F3F96B4522DCA264174A23B")], any128::<Murmur3x128>),
    f("xxh3_128", "xxh3_128(a, …)", "XXH3, 128 bits.", &[("hex(xxh3_128('abc'))", "06B05AB6733A618578AF5F94892F3950")], any128::<Xxh3Wide>),
    f("sipHash64Keyed", "sipHash64Keyed((k0, k1), a, …)", "SipHash-2-4 with a key.", &[("sipHash64Keyed((toUInt64(1), toUInt64(2)), 'abc')", "15085598991770005917")], keyed),
    f("intHash32", "intHash32(n)", "A 32-bit hash of an integer.", &[("intHash32(1)", "1343103100")], |b| { int_arg(b)?; bound(Type::UInt32, |c| { let v = u64s(c.col(0)); Ok(u32_col((0..c.rows).map(|i| int_hash32(v.at(i))).collect())) }) }),
    f("intHash64", "intHash64(n)", "A 64-bit hash of an integer.", &[("intHash64(1)", "10577349846663553072")], |b| { int_arg(b)?; bound(Type::UInt64, |c| { let v = u64s(c.col(0)); Ok(u64_col((0..c.rows).map(|i| int_hash64(v.at(i))).collect())) }) }),
    f("CRC32", "CRC32(s)", "CRC-32 as in zlib.", &[("CRC32('123456789')", "3421780262")], |b| crc32(b, crc32fast::hash)).ci(),
    f("CRC32IEEE", "CRC32IEEE(s)", "CRC-32 without inversions.", &[("CRC32IEEE('123456789')", "771566984")], |b| crc32(b, |s| crc_plain::<32>(s, 0xedb8_8320) as u32)).ci(),
    f("CRC64", "CRC64(s)", "CRC-64 (ECMA).", &[("CRC64('123456789')", "3142526161514925194")], |b| crate::strings::to_u64(b, |s| crc_plain::<64>(s, 0xc96c_5795_d787_0f42))).ci(),
    digest!("MD4", 16, "A448017AAF21D8525FC10AE87AA6729D", |s| { use md4::Digest; md4::Md4::digest(s).to_vec() }),
    digest!("MD5", 16, "900150983CD24FB0D6963F7D28E17F72", |s| { use md5::Digest; md5::Md5::digest(s).to_vec() }),
    digest!("SHA1", 20, "A9993E364706816ABA3E25717850C26C9CD0D89D", |s| { use sha1::Digest; sha1::Sha1::digest(s).to_vec() }),
    digest!("SHA224", 28, "23097D223405D8228642A477BDA255B32AADBCE4BDA0B3F7E36C9DA7", |s| { use sha2::Digest; sha2::Sha224::digest(s).to_vec() }),
    digest!("SHA256", 32, "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", |s| { use sha2::Digest; sha2::Sha256::digest(s).to_vec() }),
    f("SHA384", "SHA384(s)", "SHA384 digest as FixedString.", &[], |b| digest(b, 48, |s| { use sha2::Digest; sha2::Sha384::digest(s).to_vec() })),
    f("SHA512", "SHA512(s)", "SHA512 digest as FixedString.", &[], |b| digest(b, 64, |s| { use sha2::Digest; sha2::Sha512::digest(s).to_vec() })),
    digest!("SHA512_256", 32, "53048E2681941EF99B2E29B76B4C7DABE4C2D0C634FC6D46E0E2F13107E7AF23", |s| { use sha2::Digest; sha2::Sha512_256::digest(s).to_vec() }),
    digest!("RIPEMD160", 20, "8EB208F7E05D987A9B044A8E98C6B087F15A0BFC", |s| { use ripemd::Digest; ripemd::Ripemd160::digest(s).to_vec() }),
    digest!("keccak256", 32, "4E03657AEA45A94FC7D47BA826C8D667C0D1E6E33A64A036EC44F58FA12D6C45", |s| { use sha3::Digest; sha3::Keccak256::digest(s).to_vec() }),
    f("javaHash", "javaHash(x)", "Java's hashCode of a string or integer.", &[("javaHash('abc')", "96354")], java_hash),
    f("javaHashUTF16LE", "javaHashUTF16LE(s)", "Java's hashCode of UTF-16LE bytes.", &[], java16),
    f("hiveHash", "hiveHash(s)", "Hive's hash: javaHash of the bytes, without the sign.", &[("hiveHash('abc')", "96354")], |b| of_bytes(b, |s| Ok(java(s) & 0x7fff_ffff))),
    f("jumpConsistentHash", "jumpConsistentHash(hash, buckets)", "Bucket by jump consistent hashing.", &[("jumpConsistentHash(18446744073709551615, 12)", "10")], jump),
    f("URLHash", "URLHash(url[, level])", "Hash of a URL without a trailing slash, ? or #, or of its first levels.", &[], url_hash),
];

/// A hash of bytes and how two hashes are combined.
trait Hash: 'static {
    const BITS32: bool = false;
    /// numbers by the integer hash instead of their bytes
    const INTEGERS: bool = false;
    fn bytes(s: &[u8]) -> u64;
    fn combine(a: u64, b: u64) -> u64;
}

fn pair(a: u64, b: u64) -> [u8; 16] {
    (u128::from(a) | u128::from(b) << 64).to_le_bytes()
}

macro_rules! hashes { ($($name:ident { $($body:tt)* })*) => { $(struct $name; impl Hash for $name { $($body)* })* } }
hashes! {
    City { const INTEGERS: bool = true; fn bytes(s: &[u8]) -> u64 { city64(s) } fn combine(a: u64, b: u64) -> u64 { hash_128_to_64(a, b) } }
    Farm { const INTEGERS: bool = true; fn bytes(s: &[u8]) -> u64 { farm64(s) } fn combine(a: u64, b: u64) -> u64 { hash_128_to_64(a, b) } }
    Fingerprint { const INTEGERS: bool = true; fn bytes(s: &[u8]) -> u64 { fingerprint64(s) } fn combine(a: u64, b: u64) -> u64 { fingerprint(a, b) } }
    Metro { const INTEGERS: bool = true; fn bytes(s: &[u8]) -> u64 { metro64(s) } fn combine(a: u64, b: u64) -> u64 { hash_128_to_64(a, b) } }
    Sip { fn bytes(s: &[u8]) -> u64 { sip64(s, 0, 0) } fn combine(a: u64, b: u64) -> u64 { sip64(&pair(a, b), 0, 0) } }
    Xx32 { const BITS32: bool = true; fn bytes(s: &[u8]) -> u64 { xxhash_rust::xxh32::xxh32(s, 0).into() } fn combine(a: u64, b: u64) -> u64 { u64::from(int_hash32(a)) ^ b } }
    Xx64 { fn bytes(s: &[u8]) -> u64 { xxhash_rust::xxh64::xxh64(s, 0) } fn combine(a: u64, b: u64) -> u64 { hash_128_to_64(a, b) } }
    Xxh3 { fn bytes(s: &[u8]) -> u64 { xxhash_rust::xxh3::xxh3_64(s) } fn combine(a: u64, b: u64) -> u64 { hash_128_to_64(a, b) } }
    Wy { fn bytes(s: &[u8]) -> u64 { more::wy64(s) } fn combine(a: u64, b: u64) -> u64 { Self::bytes(&pair(a, b)) } }
    Murmur2x32 { const BITS32: bool = true; fn bytes(s: &[u8]) -> u64 { murmur2_32(s, 0).into() } fn combine(a: u64, b: u64) -> u64 { u64::from(int_hash32(a)) ^ b } }
    Murmur2x64 { fn bytes(s: &[u8]) -> u64 { murmur2_64(s, 0) } fn combine(a: u64, b: u64) -> u64 { int_hash64(a) ^ b } }
    Gcc { fn bytes(s: &[u8]) -> u64 { murmur2_64(s, 0xc70f_6907) } fn combine(a: u64, b: u64) -> u64 { int_hash64(a) ^ b } }
    Kafka { const BITS32: bool = true; fn bytes(s: &[u8]) -> u64 { u64::from(murmur2_32(s, 0x9747_b28c) & 0x7fff_ffff) } fn combine(a: u64, b: u64) -> u64 { u64::from(int_hash32(a)) ^ b } }
    Murmur3x32 { const BITS32: bool = true; fn bytes(s: &[u8]) -> u64 { murmur3_32(s).into() } fn combine(a: u64, b: u64) -> u64 { u64::from(int_hash32(a)) ^ b } }
    Murmur3x64 { fn bytes(s: &[u8]) -> u64 { let (a, b) = murmur3_128(s); a ^ b } fn combine(a: u64, b: u64) -> u64 { int_hash64(a) ^ b } }
    HalfMd5 {
        fn bytes(s: &[u8]) -> u64 {
            use md5::Digest;
            md5::Md5::digest(s)[..8].try_into().map_or(0, u64::from_be_bytes)
        }
        fn combine(a: u64, b: u64) -> u64 { Self::bytes(&pair(a, b)) }
    }
}

const NO_ARGUMENTS: u64 = 0xe28d_bde7_fe22_e41c;
/// What a NULL inside an array or a tuple counts as; 32-bit hashes take its low half, 128-bit ones both words.
const NULL: u64 = 0xc58a_d2da_03d9_a871;
const NULL_WIDE: u128 = 0x5715_f196_cbea_7a40 << 64 | NULL as u128;

/// Farm's way to combine two hashes.
fn fingerprint(low: u64, high: u64) -> u64 {
    const K: u64 = 0x9ddf_ea08_eb38_2d69;
    let a = (low ^ high).wrapping_mul(K);
    let a = a ^ a >> 47;
    let b = (high ^ a).wrapping_mul(K);
    let b = (b ^ b >> 44).wrapping_mul(K);
    (b ^ b >> 41).wrapping_mul(K)
}

/// Bytes of a number as ClickHouse keeps it: IPv6 in network order, others low byte first.
fn stored(raw: &mut [u8], ty: &Type) {
    if *ty == Type::Ipv6 {
        raw.reverse();
    }
}

/// A BFloat16 is hashed as the two bytes it is.
fn as_stored(col: Column, ty: &Type) -> Column {
    if *ty == Type::BFloat16 { types::bfloat::bits_column(&col) } else { col }
}

/// NULLs get the hash of NULL.
fn mark_nulls<T: Copy>(col: &Column, hashes: &mut [T], null: T) {
    match (&col.data, col.null_mask()) {
        (Data::Nothing(_), _) => hashes.fill(null),
        (_, Some(mask)) => mask.ones().into_iter().for_each(|i| hashes[i as usize] = null),
        _ => {}
    }
}

fn any<H: Hash>(b: &Bind<'_>) -> Result<Bound> {
    let types = b.types();
    hashable(b)?;
    bound(if H::BITS32 { Type::UInt32 } else { Type::UInt64 }, move |c| {
        let mut state: Vec<u64> = Vec::new();
        for (i, t) in types.iter().enumerate() {
            feed::<H>(&c.col(i).flat(), t, c.rows, &mut state, H::bytes, H::combine, H::INTEGERS, H::BITS32);
        }
        if state.is_empty() {
            state = vec![NO_ARGUMENTS; c.rows];
        }
        Ok(if H::BITS32 { u32_col(state.into_iter().map(|x| x as u32).collect()) } else { u64_col(state) })
    })
}

fn hashable(b: &Bind<'_>) -> Result<()> {
    match (0..b.len()).find(|i| matches!(b.ty(*i), Type::Function)) {
        Some(i) => Err(b.illegal(i, "a value")),
        None => Ok(()),
    }
}

fn add<T: Copy>(state: &mut Vec<T>, hashes: Vec<T>, combine: impl Fn(T, T) -> T) {
    if state.is_empty() {
        *state = hashes;
        return;
    }
    for (s, h) in state.iter_mut().zip(hashes) {
        *s = combine(*s, h);
    }
}

fn feed<H>(col: &Column, ty: &Type, rows: usize, state: &mut Vec<u64>, bytes: impl Fn(&[u8]) -> u64 + Copy, combine: impl Fn(u64, u64) -> u64 + Copy, integers: bool, narrow: bool) {
    let ty = crate::cast::strip_nullable(ty);
    let col = as_stored(col.flat(), ty);
    let null = if narrow { NULL & u64::from(u32::MAX) } else { NULL };
    match (&col.data, ty) {
        (Data::Tuple(cs, _), Type::Tuple(es)) => {
            for (x, e) in cs.iter().zip(es.iter()) {
                feed::<H>(x, &e.1, rows, state, bytes, combine, integers, narrow);
            }
        }
        (Data::Array(a), _) => {
            let inner = match ty {
                Type::Array(t) => t.as_ref().clone(),
                Type::Map(kv) => Type::map_entry(kv),
                _ => Type::Nothing,
            };
            let mut elements: Vec<u64> = Vec::new();
            let n = a.values.len();
            feed::<H>(&a.values, &inner, n, &mut elements, bytes, combine, integers, narrow);
            let mut out = Vec::with_capacity(rows);
            for (i, w) in a.offsets.windows(2).enumerate() {
                let size = u64::from(w[1] - w[0]);
                let mut h = if narrow { u64::from(int_hash32(size)) } else { int_hash64(size) };
                if let Some(s) = state.get(i) {
                    h = combine(*s, h);
                }
                for k in w[0]..w[1] {
                    h = combine(h, elements.get(k as usize).copied().unwrap_or(0));
                }
                out.push(h);
            }
            *state = out;
        }
        (Data::Str(_) | Data::Fixed(_), _) => {
            let s = strs(&col);
            let mut hashes: Vec<u64> = (0..rows).map(|i| bytes(s.at(i))).collect();
            mark_nulls(&col, &mut hashes, null);
            add(state, hashes, combine);
        }
        _ => {
            let mut hashes: Vec<u64> = match_numeric!(&col.data, v, W => v.iter().map(|x| {
                let mut raw = x.to_le_bytes();
                stored(&mut raw, ty);
                if integers && raw.len() <= 8 && !matches!(ty, Type::Decimal(..) | Type::DateTime64(..) | Type::Interval(_) | Type::BFloat16) {
                    let mut wide = [0u8; 8];
                    wide[..raw.len()].copy_from_slice(&raw);
                    int_hash64(u64::from_le_bytes(wide))
                } else {
                    bytes(&raw)
                }
            }).collect(), vec![0; rows]);
            mark_nulls(&col, &mut hashes, null);
            add(state, hashes, combine);
        }
    }
}

// ---- 128 bits ---------------------------------------------------------------------------------

/// The first argument is a tuple of two UInt64.
fn key_argument(b: &Bind<'_>) -> Result<()> {
    b.arity(1, usize::MAX)?;
    match b.ty(0) {
        Type::Tuple(es) if es.len() == 2 && es.iter().all(|e| e.1 == Type::UInt64) => Ok(()),
        _ => Err(Error::new(BAD_ARGUMENTS, format!("First argument (the key) of function {} must be a tuple of two UInt64", b.name))),
    }
}

fn keyed(b: &Bind<'_>) -> Result<Bound> {
    key_argument(b)?;
    let types = b.types();
    bound(Type::UInt64, move |c| {
        let keys = tuple_columns(c.col(0))?;
        let (k0, k1) = (u64s(&keys[0]), u64s(&keys[1]));
        let mut out = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let (a, b) = (k0.at(i), k1.at(i));
            let mut state = Vec::new();
            for (k, t) in types.iter().enumerate().skip(1) {
                feed::<Sip>(&c.col(k).slice(i, 1), t, 1, &mut state, |s| sip64(s, a, b), |x, y| sip64(&pair(x, y), a, b), false, false);
            }
            out.push(state.first().copied().unwrap_or(NO_ARGUMENTS));
        }
        Ok(u64_col(out))
    })
}

// ---- one value --------------------------------------------------------------------------------

fn int_arg(b: &Bind<'_>) -> Result<()> {
    b.arity(1, 1)?;
    let t = b.ty(0);
    if t.int_bits().is_some_and(|x| x.0 <= 64) || matches!(t, Type::Decimal(0..=18, _) | Type::Date | Type::Date32 | Type::DateTime(_) | Type::Ipv4) { Ok(()) } else { Err(b.illegal(0, "an integer, Date or DateTime")) }
}

fn crc32(b: &Bind<'_>, of: fn(&[u8]) -> u32) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::UInt32, move |c| {
        let s = strs(c.col(0));
        Ok(u32_col((0..c.rows).map(|i| of(s.at(i))).collect()))
    })
}

fn digest(b: &Bind<'_>, width: usize, of: fn(&[u8]) -> Vec<u8>) -> Result<Bound> {
    b.arity(1, 1)?;
    if !(b.ty(0).is_string() || matches!(b.ty(0), Type::Ipv6)) {
        return Err(b.illegal(0, "String or FixedString"));
    }
    let v6 = matches!(b.ty(0), Type::Ipv6);
    bound(Type::FixedString(width as u32), move |c| {
        let mut bytes = Vec::with_capacity(c.rows * width);
        if v6 {
            let flat = c.col(0).flat();
            if let Data::U128(v) = &flat.data {
                v.iter().for_each(|x| bytes.extend(of(&x.to_be_bytes())));
            }
        } else {
            let s = strs(c.col(0));
            (0..c.rows).for_each(|i| bytes.extend(of(s.at(i))));
        }
        Ok(Data::Fixed(FixedData { width, bytes: bytes.into() }).into())
    })
}

fn java(s: &[u8]) -> i32 {
    s.iter().fold(0i32, |h, x| h.wrapping_mul(31).wrapping_add(i32::from(*x as i8)))
}

/// Java's hash of UTF-16: units of two bytes.
/// These hashes are not combined, and know no arrays.
fn one_value(b: &Bind<'_>) -> Result<()> {
    if b.len() == 1 && !matches!(b.ty(0), Type::Array(_) | Type::Tuple(_) | Type::Map(_)) {
        return Ok(());
    }
    b.arity(1, usize::MAX)?;
    Err(Error::not_implemented(format!("{} is not combineable: it takes one value", b.name)))
}

/// A hash of a value's bytes as they are stored.
fn of_bytes(b: &Bind<'_>, of: fn(&[u8]) -> Result<i32>) -> Result<Bound> {
    one_value(b)?;
    hashable(b)?;
    let ty = b.ty(0).clone();
    bound(Type::Int32, move |c| {
        let flat = as_stored(c.col(0).flat(), &ty);
        let out: Result<Vec<i32>> = match_numeric!(&flat.data, v, W => v.iter().map(|x| {
            let mut raw = x.to_le_bytes();
            stored(&mut raw, &ty);
            of(&raw)
        }).collect(), {
            let s = strs(&flat);
            (0..c.rows).map(|i| of(s.at(i))).collect()
        });
        Ok(crate::args::i32_col(out?))
    })
}

fn java16(b: &Bind<'_>) -> Result<Bound> {
    of_bytes(b, |text| {
        if text.len() % 2 != 0 {
            return Err(Error::new(BAD_ARGUMENTS, "Arguments of javaHashUTF16LE must be in the form of UTF-16"));
        }
        Ok(text.chunks_exact(2).fold(0i32, |h, p| h.wrapping_mul(31).wrapping_add(i32::from(u16::from_le_bytes([p[0], p[1]])))))
    })
}

fn java_hash(b: &Bind<'_>) -> Result<Bound> {
    one_value(b)?;
    let long = matches!(b.ty(0), Type::Int64);
    if b.ty(0).int_bits().is_some_and(|(bits, signed)| !signed && bits <= 64) || matches!(b.ty(0), Type::Date | Type::DateTime(_)) {
        return Err(Error::not_implemented("Unsigned types are not supported by javaHash: convert the number to a signed type"));
    }
    if !matches!(b.ty(0), Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64 | Type::Enum8(_) | Type::Enum16(_) | Type::Date32) {
        return of_bytes(b, |s| Ok(java(s)));
    }
    bound(Type::Int32, move |c| {
        let v = i64s(c.col(0));
        Ok(crate::args::i32_col((0..c.rows).map(|i| if long { (v.at(i) ^ ((v.at(i) as u64) >> 32) as i64) as i32 } else { v.at(i) as i32 }).collect()))
    })
}

fn buckets(b: &Bind<'_>, max: i64) -> Result<()> {
    b.arity(2, 2)?;
    b.integer(0)?;
    b.integer(1)?;
    let n = b.const_int(1)?;
    if n <= 0 || n > max {
        return Err(Error::new(BAD_ARGUMENTS, format!("The number of buckets of function {} must be between 1 and {max}, not {n}", b.name)));
    }
    Ok(())
}

fn jump(b: &Bind<'_>) -> Result<Bound> {
    buckets(b, i32::MAX.into())?;
    let n = b.const_int(1)?;
    bound(Type::Int32, move |c| {
        let v = u64s(c.col(0));
        Ok(crate::args::i32_col(
            (0..c.rows)
                .map(|i| {
                    let mut key = v.at(i);
                    let (mut at, mut next) = (0i64, 0i64);
                    while next < n {
                        at = next;
                        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
                        next = ((at + 1) as f64 * ((1u64 << 31) as f64 / ((key >> 33) + 1) as f64)) as i64;
                    }
                    at as i32
                })
                .collect(),
        ))
    })
}

fn url_hash(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    b.plain_string(0)?;
    let leveled = b.len() == 2;
    if leveled {
        b.integer(1)?;
    }
    bound(Type::UInt64, move |c| {
        let s = strs(c.col(0));
        let level = leveled.then(|| u64s(c.col(1)));
        Ok(u64_col(
            (0..c.rows)
                .map(|i| {
                    let url = s.at(i);
                    let part = match &level {
                        Some(l) => {
                            let parts = crate::url::hierarchy(url);
                            parts.get(l.at(i) as usize).copied().unwrap_or(&[])
                        }
                        None => url,
                    };
                    let end = match part.last() {
                        Some(b'/' | b'?' | b'#') => part.len() - 1,
                        _ => part.len(),
                    };
                    city64(&part[..end])
                })
                .collect(),
        ))
    })
}
