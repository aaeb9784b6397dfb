//! Bit operations on integers and strings.

use crate::args::{Nums, bools, i64s, strs, u8_col, u16_col, u64s};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use crate::integer::Integer;
use crate::lanes::{Lane, map, zip};
use types::codes::{NOT_IMPLEMENTED, ARGUMENT_OUT_OF_BOUND, PARAMETER_OUT_OF_BOUND};
use types::{Data, Error, FixedData, Result, Type, match_numeric};

pub const DEFS: &[FunctionDef] = &[
    f("bitAnd", "bitAnd(a, b)", "Bits that are set in both.", &[("bitAnd(12, 10)", "8")], |b| two(b, Op::And)).total(),
    f("bitOr", "bitOr(a, b)", "Bits that are set in either.", &[("bitOr(12, 10)", "14")], |b| two(b, Op::Or)).total(),
    f("bitXor", "bitXor(a, b)", "Bits that are set in one only.", &[("bitXor(12, 10)", "6")], |b| two(b, Op::Xor)).total(),
    f("bitNot", "bitNot(a)", "All bits turned.", &[("bitNot(toUInt8(1))", "254")], not).total(),
    f("bitShiftLeft", "bitShiftLeft(a, n)", "Bits moved to the left.", &[("bitShiftLeft(1, 3)", "8")], |b| shift(b, Shift::Left)),
    f("bitShiftRight", "bitShiftRight(a, n)", "Bits moved to the right.", &[("bitShiftRight(8, 3)", "1")], |b| shift(b, Shift::Right)),
    f("bitRotateLeft", "bitRotateLeft(a, n)", "Bits moved to the left, around the end.", &[("bitRotateLeft(toUInt8(129), 1)", "3")], |b| shift(b, Shift::RotateLeft)),
    f("bitRotateRight", "bitRotateRight(a, n)", "Bits moved to the right, around the end.", &[("bitRotateRight(toUInt8(3), 1)", "129")], |b| shift(b, Shift::RotateRight)),
    f("bitTest", "bitTest(a, place)", "The bit at a place (0 is the lowest).", &[("bitTest(5, 2)", "1")], test),
    f("bitTestAll", "bitTestAll(a, place, …)", "1 if all these bits are set.", &[("bitTestAll(5, 0, 2)", "1")], |b| test_many(b, true)),
    f("bitTestAny", "bitTestAny(a, place, …)", "1 if any of these bits is set.", &[("bitTestAny(5, 1, 2)", "1")], |b| test_many(b, false)),
    f("bitCount", "bitCount(a)", "Number of bits that are set.", &[("bitCount(7)", "3")], count),
    f("bitHammingDistance", "bitHammingDistance(a, b)", "Number of bits that differ.", &[("bitHammingDistance(1, 2)", "2")], hamming),
    f("byteHammingDistance", "byteHammingDistance(a, b)", "Number of bytes that differ.", &[("byteHammingDistance('abc', 'abd')", "1")], byte_hamming).alias(&["mismatches"]),
    f("bitSlice", "bitSlice(s, offset[, length])", "Bits of a string from a place (1 is the first).", &[("bin(bitSlice(bin('a'), 1, 8))", "00110000")], slice),
    f("byteSwap", "byteSwap(n)", "The bytes of an integer in reverse order.", &[("byteSwap(3351772109)", "3455829959")], swap).ci(),
];

#[derive(Clone, Copy)]
enum Op {
    And,
    Or,
    Xor,
}

/// Result of bit operations on two integers: the wider width, signed if either is.
fn result(a: &Type, b: &Type) -> Option<Type> {
    let shape = |t: &Type| match t {
        Type::Float32 | Type::Float64 => Some((64, true)),
        Type::Ipv4 => Some((32, false)),
        Type::Ipv6 => Some((128, false)),
        t => t.int_bits(),
    };
    let ((x, sx), (y, sy)) = (shape(a)?, shape(b)?);
    Some(Type::int_of(x.max(y), sx || sy))
}

macro_rules! with_int { ($ty:expr, $R:ident => $body:expr, $other:expr) => {
    match $ty {
        Type::UInt8 | Type::Bool => { type $R = u8; $body }
        Type::UInt16 => { type $R = u16; $body }
        Type::UInt32 => { type $R = u32; $body }
        Type::UInt64 => { type $R = u64; $body }
        Type::UInt128 => { type $R = u128; $body }
        Type::UInt256 => { type $R = types::U256; $body }
        Type::Int8 => { type $R = i8; $body }
        Type::Int16 => { type $R = i16; $body }
        Type::Int32 => { type $R = i32; $body }
        Type::Int64 => { type $R = i64; $body }
        Type::Int128 => { type $R = i128; $body }
        Type::Int256 => { type $R = types::I256; $body }
        _ => $other,
    }
} }

/// Addresses are the numbers that they are.
fn is_address(t: &Type) -> bool {
    matches!(t, Type::Ipv4 | Type::Ipv6)
}

fn no_lane() -> Error {
    Error::internal("integer expected")
}

fn two(b: &Bind<'_>, op: Op) -> Result<Bound> {
    b.arity(2, 2)?;
    if let (Type::FixedString(n), Type::FixedString(m)) = (b.ty(0), b.ty(1))
        && n == m
    {
        let width = *n as usize;
        return bound(b.ty(0).clone(), move |c| {
            let (x, y) = (strs(c.col(0)), strs(c.col(1)));
            let bytes: Vec<u8> = (0..c.rows)
                .flat_map(|i| {
                    x.at(i).iter().zip(y.at(i)).map(|(p, q)| match op {
                        Op::And => p & q,
                        Op::Or => p | q,
                        Op::Xor => p ^ q,
                    }).collect::<Vec<_>>()
                })
                .collect();
            Ok(Data::Fixed(FixedData { width, bytes: bytes.into() }).into())
        });
    }
    for i in 0..2 {
        b.check(i, b.ty(i).is_integer() || is_address(b.ty(i)), "an integer")?;
    }
    let ty = result(b.ty(0), b.ty(1)).ok_or_else(|| b.illegal(1, "an integer"))?;
    let kernel = ty.clone();
    bound(ty, move |c| {
        let (x, y) = (c.col(0), c.col(1));
        Ok(with_int!(&kernel, R => R::column(match op {
            Op::And => zip::<R, R>(x, y, c.rows, Integer::and),
            Op::Or => zip::<R, R>(x, y, c.rows, Integer::or),
            Op::Xor => zip::<R, R>(x, y, c.rows, Integer::xor),
        }), return Err(no_lane())))
    })
}

fn not(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    if let Type::FixedString(n) = b.ty(0) {
        let width = *n as usize;
        return bound(b.ty(0).clone(), move |c| {
            let x = strs(c.col(0));
            let bytes: Vec<u8> = (0..c.rows).flat_map(|i| x.at(i).iter().map(|p| !p).collect::<Vec<_>>()).collect();
            Ok(Data::Fixed(FixedData { width, bytes: bytes.into() }).into())
        });
    }
    if *b.ty(0) == Type::String {
        return bound(Type::String, |c| {
            let x = strs(c.col(0));
            crate::args::map_str(c.rows, "bitNot", |i, out| {
                out.extend(x.at(i).iter().map(|p| !p));
                Ok(())
            })
        });
    }
    b.no_decimal(0)?;
    // A float stands for its whole part.
    let kernel = match b.ty(0) {
        Type::Float32 | Type::BFloat16 => Type::Int32,
        Type::Float64 => Type::Int64,
        t => t.clone(),
    };
    let ty = if kernel == Type::Bool { Type::UInt8 } else { kernel.clone() };
    bound(ty, move |c| Ok(with_int!(&kernel, R => R::column(map::<R, R>(c.col(0), c.rows, Integer::not)), return Err(no_lane()))))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shift {
    Left,
    Right,
    RotateLeft,
    RotateRight,
}

fn shift(b: &Bind<'_>, how: Shift) -> Result<Bound> {
    b.arity(2, 2)?;
    b.integer(1)?;
    if b.ty(0).is_string() {
        if matches!(how, Shift::RotateLeft | Shift::RotateRight) {
            return Err(b.illegal(0, "an integer"));
        }
        return shift_text(b, how == Shift::Left);
    }
    b.check(0, b.ty(0).is_integer() || is_address(b.ty(0)), "an integer")?;
    if b.ty(1).int_bits().is_some_and(|x| x.0 > 64) {
        return Err(Error::new(NOT_IMPLEMENTED, format!("{} is not implemented for big integers as second argument", b.name)));
    }
    if matches!(how, Shift::RotateLeft | Shift::RotateRight) && b.ty(0).int_bits().is_some_and(|x| x.0 > 64) {
        return Err(Error::new(NOT_IMPLEMENTED, format!("{} is not implemented for big integers: shift both ways and combine with bitOr", b.name)));
    }
    let ty = result(b.ty(0), b.ty(1)).ok_or_else(|| b.illegal(1, "an integer"))?;
    let kernel = ty.clone();
    let width = u64::from(ty.int_bits().map_or(64, |x| x.0)).min(b.ty(0).fixed_width().map_or(64, |w| w as u64 * 8));
    bound(ty, move |c| {
        let n = i64s(c.col(1));
        if matches!(how, Shift::Left | Shift::Right) {
            not_negative(&n, c.rows)?;
        }
        Ok(with_int!(&kernel, R => {
            let x = map::<R, R>(c.col(0), c.rows, |v| v);
            R::column(x.into_iter().enumerate().map(|(i, v)| match how {
                // All bits are moved out, also those of a sign.
                Shift::Left | Shift::Right if n.at(i) as u64 >= width => R::default(),
                Shift::Left => v.shl(n.at(i) as u64),
                Shift::Right => v.shr(n.at(i) as u64),
                Shift::RotateLeft => v.rotl(n.at(i).rem_euclid(R::BITS.into()) as u32),
                Shift::RotateRight => v.rotl((i64::from(R::BITS) - n.at(i).rem_euclid(R::BITS.into())) as u32),
            }).collect())
        }, return Err(no_lane())))
    })
}

fn not_negative(n: &Nums<'_, i64>, rows: usize) -> Result<()> {
    if (0..rows).any(|i| n.at(i) < 0) {
        return Err(Error::new(ARGUMENT_OUT_OF_BOUND, "The number of shift positions needs to be a non-negative value"));
    }
    Ok(())
}

/// Shifts the bits of a string, whose first byte holds the highest.
fn shift_text(b: &Bind<'_>, left: bool) -> Result<Bound> {
    let fixed = matches!(b.ty(0), Type::FixedString(_));
    let ty = b.ty(0).clone();
    let target = ty.clone();
    bound(ty, move |c| {
        let (s, n) = (strs(c.col(0)), i64s(c.col(1)));
        not_negative(&n, c.rows)?;
        let zeros = vec![0; if let Type::FixedString(w) = &target { *w as usize } else { 0 }];
        let mut out = types::ColumnBuilder::new(&target);
        for i in 0..c.rows {
            let (text, k) = (s.at(i), n.at(i));
            if k as u64 >= text.len() as u64 * 8 {
                out.push_bytes(if fixed { &zeros[..text.len()] } else { &[] });
                continue;
            }
            let (bytes, bits) = (k as usize / 8, k as u32 % 8);
            let bit = |j: usize| text.get(j).copied().unwrap_or(0);
            let mut v = Vec::new();
            if left {
                // A String grows, a FixedString keeps its width.
                if !fixed && bits > 0 && !text.is_empty() {
                    let head = text[0] >> (8 - bits);
                    if head != 0 {
                        v.push(head);
                    }
                }
                let from = if fixed { bytes } else { 0 };
                for j in from..text.len() {
                    v.push(((u16::from(bit(j)) << bits) as u8) | if bits > 0 { (u16::from(bit(j + 1)) >> (8 - bits)) as u8 } else { 0 });
                }
                v.resize(if fixed { text.len() } else { v.len() + bytes }, 0);
            } else {
                if fixed {
                    v.resize(bytes, 0);
                }
                for j in 0..text.len() - bytes {
                    let before = if j > 0 { bit(j - 1) } else { 0 };
                    v.push(bit(j) >> bits | if bits > 0 { ((u16::from(before)) << (8 - bits)) as u8 } else { 0 });
                }
                if !fixed && v.first() == Some(&0) && v.len() > 1 {
                    v.remove(0);
                }
            }
            out.push_bytes(&v);
        }
        Ok(out.finish())
    })
}

fn test(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.integer(0)?;
    b.integer(1)?;
    if (0..2).any(|i| b.ty(i).int_bits().is_some_and(|x| x.0 > 64)) {
        return Err(Error::new(NOT_IMPLEMENTED, "bitTest is not implemented for big integers: take 64 bits with bitShiftRight and a cast first"));
    }
    let width = i64::from(b.ty(0).int_bits().map_or(64, |x| x.0));
    let ty = b.ty(0).clone();
    bound(Type::UInt8, move |c| {
        let n = i64s(c.col(1));
        if let Some(bad) = (0..c.rows).map(|i| n.at(i)).find(|k| *k < 0 || *k >= width.max(8)) {
            return Err(Error::new(PARAMETER_OUT_OF_BOUND, format!("The bit position {bad} of function bitTest is out of bounds for {ty}")));
        }
        let v = crate::args::i256s(c.col(0));
        Ok(bools(c.rows, |i| (v.at(i) >> (n.at(i) as u32)) & types::I256::ONE != types::I256::ZERO))
    })
}

fn test_many(b: &Bind<'_>, all: bool) -> Result<Bound> {
    b.arity(2, usize::MAX)?;
    for i in 0..b.len() {
        b.integer(i)?;
    }
    bound(Type::UInt8, move |c| {
        let v = i64s(c.col(0));
        let places: Vec<_> = (1..c.len()).map(|k| i64s(c.col(k))).collect();
        Ok(bools(c.rows, |i| {
            let mut set = places.iter().map(|p| (0..64).contains(&p.at(i)) && v.at(i) >> p.at(i) & 1 != 0);
            if all { set.all(|x| x) } else { set.any(|x| x) }
        }))
    })
}

fn count(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    if b.ty(0).is_string() {
        return bound(Type::UInt64, |c| {
            let s = strs(c.col(0));
            Ok(crate::args::u64_col((0..c.rows).map(|i| s.at(i).iter().map(|x| u64::from(x.count_ones())).sum()).collect()))
        });
    }
    if !(b.ty(0).is_integer() || b.ty(0).is_float()) {
        return Err(b.illegal(0, "an integer, a float or a string"));
    }
    let wide = b.ty(0).fixed_width().is_some_and(|w| w > 16);
    bound(if wide { Type::UInt16 } else { Type::UInt8 }, move |c| {
        let flat = c.col(0).flat();
        let ones: Vec<u32> = match_numeric!(&flat.data, v, W => v.iter().map(|x| x.to_le_bytes().iter().map(|p| p.count_ones()).sum()).collect(), return Err(no_lane()));
        Ok(if wide { u16_col(ones.into_iter().map(|x| x as u16).collect()) } else { u8_col(ones.into_iter().map(|x| x as u8).collect()) })
    })
}

fn hamming(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    if b.ty(0).is_string() && b.ty(1).is_string() {
        return byte_distance(0, |x, y| (x ^ y).count_ones() as u64);
    }
    for i in 0..2 {
        if *b.ty(i) != Type::Ipv4 {
            b.no_decimal(i)?;
        }
    }
    bound(Type::UInt8, |c| {
        let (x, y) = (u64s(c.col(0)), u64s(c.col(1)));
        Ok(u8_col((0..c.rows).map(|i| (x.at(i) ^ y.at(i)).count_ones() as u8).collect()))
    })
}

fn byte_hamming(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    b.string(1)?;
    byte_distance(1, |x, y| u64::from(x != y))
}

/// What `of` says of every pair of bytes; bytes beyond the shorter string count one each.
/// `least`: what a byte beside nothing counts at least.
fn byte_distance(least: u64, of: fn(u8, u8) -> u64) -> Result<Bound> {
    bound(Type::UInt64, move |c| {
        let (x, y) = (strs(c.col(0)), strs(c.col(1)));
        let out = (0..c.rows)
            .map(|i| {
                let (a, b) = (x.at(i), y.at(i));
                // The longer text goes on beside nothing.
                let rest = if a.len() > b.len() { &a[b.len()..] } else { &b[a.len()..] };
                a.iter().zip(b).map(|(p, q)| of(*p, *q)).sum::<u64>() + rest.iter().map(|p| of(*p, 0).max(least)).sum::<u64>()
            })
            .collect();
        Ok(crate::args::u64_col(out))
    })
}

fn slice(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 3)?;
    b.string(0)?;
    b.integer(1)?;
    let has_length = b.len() == 3;
    if has_length {
        b.integer(2)?;
    }
    bound(Type::String, move |c| {
        let (s, o) = (strs(c.col(0)), i64s(c.col(1)));
        let l = has_length.then(|| i64s(c.col(2)));
        crate::args::map_str(c.rows, "bitSlice", |i, out| {
            let text = s.at(i);
            let n = text.len() as i64 * 8;
            let offset = o.at(i);
            let start = if offset > 0 { offset - 1 } else if offset < 0 { n + offset } else { return Ok(()) };
            let end = match l.as_ref().map(|l| l.at(i)) {
                None => n,
                Some(k) if k < 0 => n + k,
                Some(k) => start.saturating_add(k),
            };
            let (start, end) = (start.clamp(0, n) as usize, end.clamp(0, n) as usize);
            if start >= end {
                return Ok(());
            }
            let bit = |k: usize| text[k / 8] >> (7 - k % 8) & 1;
            // Filled up with zeros behind to whole bytes.
            let count = end - start;
            let mut byte = 0u8;
            for k in 0..count.next_multiple_of(8) {
                byte = byte << 1 | if k < count { bit(start + k) } else { 0 };
                if k % 8 == 7 {
                    out.push(byte);
                    byte = 0;
                }
            }
            Ok(())
        })
    })
}

fn swap(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    if b.ty(0).is_float() {
        return Err(Error::new(NOT_IMPLEMENTED, "byteSwap is not implemented for floats: reinterpret them as integers first"));
    }
    b.integer(0)?;
    let kernel = if *b.ty(0) == Type::Bool { Type::UInt8 } else { b.ty(0).clone() };
    bound(kernel.clone(), move |c| {
        Ok(with_int!(&kernel, R => R::column(map::<R, R>(c.col(0), c.rows, |x| x.swap_bytes())), return Err(no_lane())))
    })
}
