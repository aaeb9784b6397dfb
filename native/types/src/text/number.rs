//! Numbers to text and back: integers to 256 bits, floats as the shortest text that reads back the
//! same, decimals.

use crate::codes::{
    ARGUMENT_OUT_OF_BOUND, CANNOT_PARSE_NUMBER, CANNOT_PARSE_TEXT, VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE,
};
use crate::{Error, I256, Result, U256};

/// What stands at the beginning of a text, read as an integer.
pub struct IntText {
    pub negative: bool,
    /// the magnitude modulo 2^64
    pub low: u64,
    /// digits without leading zeros
    pub digits: usize,
    /// bytes read; 0 = no integer here
    pub used: usize,
    /// where the digits begin
    first: usize,
}

/// Reads sign and digits. `used` is 0 if there is no digit.
#[inline]
pub fn scan_int(s: &[u8]) -> IntText {
    let mut i = 0;
    let mut negative = false;
    if let Some(c @ (b'-' | b'+')) = s.first() {
        negative = *c == b'-';
        i = 1;
    }
    let begin = i;
    while i < s.len() && s[i] == b'0' {
        i += 1;
    }
    let first = i;
    let mut low = 0u64;
    while i < s.len() {
        let d = s[i].wrapping_sub(b'0');
        if d > 9 {
            break;
        }
        low = low.wrapping_mul(10).wrapping_add(u64::from(d));
        i += 1;
    }
    IntText { negative, low, digits: i - first, used: if i == begin { 0 } else { i }, first }
}

impl IntText {
    /// The magnitude, `None` above 2^128.
    fn magnitude128(&self, s: &[u8]) -> Option<u128> {
        if self.digits <= 19 {
            return Some(u128::from(self.low));
        }
        let mut v = 0u128;
        for d in &s[self.first..self.first + self.digits] {
            v = v.checked_mul(10)?.checked_add(u128::from(d - b'0'))?;
        }
        Some(v)
    }
    /// The magnitude modulo 2^256 and whether it is exact.
    fn magnitude256(&self, s: &[u8]) -> (U256, bool) {
        let (mut v, mut exact) = (U256::ZERO, true);
        for d in &s[self.first..self.first + self.digits] {
            let (a, o) = v.overflowing_mul(U256::new(10));
            let (b, p) = a.overflowing_add(U256::from(*d - b'0'));
            (v, exact) = (b, exact && !o && !p);
        }
        (v, exact)
    }
}

/// An integer type that text can be read into.
pub trait ReadInt: Sized + Copy {
    /// `text` is what `scan_int` saw; `strict`: a value out of range is an error, else it wraps.
    fn from_scan(scan: &IntText, text: &[u8], strict: bool) -> Result<Self>;
}

fn range_error(text: &[u8], name: &str) -> Error {
    Error::new(
        VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE,
        format!("Value {} does not fit type {name}", super::cursor::clip(text, 50)),
    )
}
fn minus_error(name: &str) -> Error {
    Error::new(CANNOT_PARSE_NUMBER, format!("Type {name} cannot hold a negative number"))
}

macro_rules! read_small { ($($t:ty, $wide:ty, $name:literal, $signed:literal);* $(;)?) => { $(
impl ReadInt for $t {
    #[inline]
    fn from_scan(scan: &IntText, text: &[u8], strict: bool) -> Result<Self> {
        if !$signed && scan.negative && scan.low != 0 {
            return Err(minus_error($name));
        }
        let wrapped = if scan.negative { scan.low.wrapping_neg() } else { scan.low } as $t;
        if strict {
            let fits = scan.digits <= 19 && {
                let v = if scan.negative { -i128::from(scan.low) } else { i128::from(scan.low) };
                v >= <$t>::MIN as i128 && v <= <$t>::MAX as i128
            };
            if !fits && !(scan.digits == 20 && scan.magnitude128(text).is_some_and(|m| !scan.negative && m <= <$t>::MAX as u128)) {
                return Err(range_error(&text[..scan.used], $name));
            }
        }
        Ok(wrapped)
    }
}
)* } }
read_small! {
    u8, u64, "UInt8", false; u16, u64, "UInt16", false; u32, u64, "UInt32", false; u64, u64, "UInt64", false;
    i8, i64, "Int8", true; i16, i64, "Int16", true; i32, i64, "Int32", true; i64, i64, "Int64", true;
}
impl ReadInt for u128 {
    fn from_scan(scan: &IntText, text: &[u8], strict: bool) -> Result<Self> {
        if scan.negative && scan.digits > 0 {
            return Err(minus_error("UInt128"));
        }
        match scan.magnitude128(text) {
            Some(v) => Ok(v),
            None if strict => Err(range_error(&text[..scan.used], "UInt128")),
            None => Ok(scan.magnitude256(text).0.as_u128()),
        }
    }
}
impl ReadInt for i128 {
    fn from_scan(scan: &IntText, text: &[u8], strict: bool) -> Result<Self> {
        let m = match scan.magnitude128(text) {
            Some(v) if v <= i128::MAX as u128 + u128::from(scan.negative) => v,
            _ if strict => return Err(range_error(&text[..scan.used], "Int128")),
            Some(v) => v,
            None => scan.magnitude256(text).0.as_u128(),
        };
        Ok(if scan.negative { m.wrapping_neg() } else { m } as i128)
    }
}
impl ReadInt for U256 {
    fn from_scan(scan: &IntText, text: &[u8], strict: bool) -> Result<Self> {
        if scan.negative && scan.digits > 0 {
            return Err(minus_error("UInt256"));
        }
        let (v, exact) = scan.magnitude256(text);
        if strict && !exact { Err(range_error(&text[..scan.used], "UInt256")) } else { Ok(v) }
    }
}
impl ReadInt for I256 {
    fn from_scan(scan: &IntText, text: &[u8], strict: bool) -> Result<Self> {
        let (v, exact) = scan.magnitude256(text);
        let limit = I256::MAX.as_u256() + U256::from(u8::from(scan.negative));
        if strict && (!exact || v > limit) {
            return Err(range_error(&text[..scan.used], "Int256"));
        }
        let v = v.as_i256();
        Ok(if scan.negative { v.wrapping_neg() } else { v })
    }
}

/// A float at the beginning of `s` and the bytes it takes. Takes `inf`, `+inf`, `-infinity`, `nan` in any case.
/// Errors: `CANNOT_PARSE_NUMBER`.
pub fn scan_float(s: &[u8]) -> Result<(f64, usize)> {
    scan_with(s, |t| fast_float2::parse_partial::<f64, _>(t).ok())
}
/// As `scan_float`, rounded once to 32 bits.
pub fn scan_float32(s: &[u8]) -> Result<(f32, usize)> {
    scan_with(s, |t| fast_float2::parse_partial::<f32, _>(t).ok())
}
fn scan_with<F>(s: &[u8], parse: impl Fn(&[u8]) -> Option<(F, usize)>) -> Result<(F, usize)> {
    let plus = usize::from(s.first() == Some(&b'+') && s.get(1).is_some_and(|b| *b != b'-' && *b != b'+'));
    match parse(&s[plus..]) {
        Some((v, n)) if n > 0 => Ok((v, n + plus)),
        _ => Err(Error::new(
            CANNOT_PARSE_NUMBER,
            format!("Cannot read a floating point value from '{}'", super::cursor::clip(s, 50)),
        )),
    }
}

/// Digits and place of the point: value = 0.d1d2… × 10^point. `text` is ryu's form.
fn digits_of(text: &str, digits: &mut [u8; 40]) -> (usize, i32) {
    let (mantissa, exponent) = match text.split_once('e') {
        Some((m, e)) => (m, e.parse().unwrap_or(0)),
        None => (text, 0),
    };
    let (mut n, mut point, mut seen_point) = (0usize, 0i32, false);
    for b in mantissa.bytes() {
        match b {
            b'.' => seen_point = true,
            b'-' => {}
            _ => {
                if n == 0 && b == b'0' {
                    if seen_point {
                        point -= 1;
                    }
                    continue;
                }
                if !seen_point {
                    point += 1;
                }
                if n < digits.len() {
                    digits[n] = b;
                    n += 1;
                }
            }
        }
    }
    while n > 0 && digits[n - 1] == b'0' {
        n -= 1;
    }
    (n, point + exponent)
}

fn write_shortest(text: &str, negative: bool, out: &mut Vec<u8>) {
    let mut digits = [0u8; 40];
    let (n, point) = digits_of(text, &mut digits);
    let d = &digits[..n];
    if negative {
        out.push(b'-');
    }
    if n == 0 {
        out.push(b'0');
    } else if point > 0 && point <= 21 {
        let p = point as usize;
        if n <= p {
            out.extend_from_slice(d);
            out.resize(out.len() + p - n, b'0');
        } else {
            out.extend_from_slice(&d[..p]);
            out.push(b'.');
            out.extend_from_slice(&d[p..]);
        }
    } else if point <= 0 && point > -6 {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + (-point) as usize, b'0');
        out.extend_from_slice(d);
    } else {
        out.push(d[0]);
        if n > 1 {
            out.push(b'.');
            out.extend_from_slice(&d[1..]);
        }
        out.push(b'e');
        write_int(point - 1, out);
    }
}

#[inline]
pub fn write_int<I: itoa::Integer>(v: I, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(v).as_bytes());
}

/// ClickHouse's float text: shortest, plain from 1e-6 up to 1e21, `inf`, `-inf`, `nan`.
pub fn write_f64(v: f64, out: &mut Vec<u8>) {
    if v.is_nan() {
        return out.extend_from_slice(b"nan");
    }
    if v.is_infinite() {
        return out.extend_from_slice(if v < 0.0 { b"-inf" } else { b"inf" });
    }
    if v.abs() < 1e15 && v == v.trunc() {
        if v == 0.0 && v.is_sign_negative() {
            out.push(b'-');
        }
        return write_int(v as i64, out);
    }
    write_shortest(ryu::Buffer::new().format_finite(v), v.is_sign_negative(), out);
}
/// As `write_f64`, shortest for 32 bits.
pub fn write_f32(v: f32, out: &mut Vec<u8>) {
    if !v.is_finite() || (v.abs() < 16_777_216.0 && v == v.trunc()) {
        return write_f64(f64::from(v), out);
    }
    write_shortest(ryu::Buffer::new().format_finite(v), v.is_sign_negative(), out);
}

pub fn write_i256(v: I256, out: &mut Vec<u8>) {
    match i128::try_from(v) {
        Ok(small) => write_int(small, out),
        Err(_) => out.extend_from_slice(v.to_string().as_bytes()),
    }
}
pub fn write_u256(v: U256, out: &mut Vec<u8>) {
    match u128::try_from(v) {
        Ok(small) => write_int(small, out),
        Err(_) => out.extend_from_slice(v.to_string().as_bytes()),
    }
}

/// `digits` = magnitude's digits without sign.
fn write_scaled(negative: bool, digits: &[u8], scale: usize, trailing_zeros: bool, out: &mut Vec<u8>) {
    if negative {
        out.push(b'-');
    }
    let (whole, fraction_digits) = digits.split_at(digits.len().saturating_sub(scale));
    out.extend_from_slice(if whole.is_empty() { b"0" } else { whole });
    let keep = if trailing_zeros {
        fraction_digits.len()
    } else {
        fraction_digits.iter().rposition(|d| *d != b'0').map_or(0, |p| p + 1)
    };
    if keep > 0 || (trailing_zeros && scale > 0) {
        out.push(b'.');
        out.resize(out.len() + scale - fraction_digits.len(), b'0');
        out.extend_from_slice(&fraction_digits[..keep]);
    }
}
/// Makes the float written behind `from` have at most so many digits behind its point; very small ones keep
/// their shortest form, very large ones get all their digits.
pub fn round_written(v: f64, digits: u8, from: usize, out: &mut Vec<u8>) {
    let text = &out[from..];
    let fraction = text.iter().position(|b| *b == b'.').map_or(0, |point| text.len() - point - 1);
    let large = v.is_finite() && v.abs() >= 1e21;
    if !large && (fraction <= digits.into() || v.abs() < 1e-6) {
        return;
    }
    let text = format!("{v:.*}", usize::from(digits));
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    out.truncate(from);
    out.extend_from_slice(if text == "-0" { b"0" } else { text.as_bytes() });
}
/// A decimal: `v` × 10^-scale.
pub fn write_decimal(v: i128, scale: u8, trailing_zeros: bool, out: &mut Vec<u8>) {
    let mut b = itoa::Buffer::new();
    write_scaled(v < 0, b.format(v.unsigned_abs()).as_bytes(), scale.into(), trailing_zeros, out);
}
pub fn write_decimal256(v: I256, scale: u8, trailing_zeros: bool, out: &mut Vec<u8>) {
    match i128::try_from(v) {
        Ok(small) => write_decimal(small, scale, trailing_zeros, out),
        Err(_) => {
            let text = v.to_string();
            write_scaled(
                v < I256::ZERO,
                text.trim_start_matches('-').as_bytes(),
                scale.into(),
                trailing_zeros,
                out,
            );
        }
    }
}

/// Reads a decimal at the beginning of `s` (sign, digits, point, exponent): the value × 10^scale and
/// the bytes read. Digits beyond the scale are cut off.
/// Errors: `CANNOT_PARSE_TEXT`; `ARGUMENT_OUT_OF_BOUND` for more than `precision` digits.
pub fn scan_decimal(s: &[u8], precision: u8, scale: u8) -> Result<(I256, usize)> {
    let bad = || {
        Error::new(CANNOT_PARSE_TEXT, format!("Cannot parse '{}' as a decimal", super::cursor::clip(s, 50)))
    };
    let mut i = 0;
    let negative = s.first() == Some(&b'-');
    if matches!(s.first(), Some(b'-' | b'+')) {
        i = 1;
    }
    // Digits with leading zeros dropped; more than 80 of them cannot matter beyond their number.
    let mut kept = [0u8; 80];
    let (mut n, mut dropped, mut exponent, mut any, mut point) = (0usize, 0i64, 0i64, false, false);
    while let Some(&b) = s.get(i) {
        match b {
            b'0'..=b'9' => {
                any = true;
                if point {
                    exponent -= 1;
                }
                if n < kept.len() {
                    if n > 0 || b != b'0' {
                        kept[n] = b - b'0';
                        n += 1;
                    }
                } else {
                    dropped += 1;
                }
            }
            b'.' if !point => point = true,
            _ => break,
        }
        i += 1;
    }
    if !any && !matches!(s.get(i), Some(b'e' | b'E')) {
        return Err(bad());
    }
    if let Some(b'e' | b'E') = s.get(i) {
        let scan = scan_int(&s[i + 1..]);
        if scan.used > 0 {
            if scan.digits > 6 {
                return Err(Error::new(ARGUMENT_OUT_OF_BOUND, "Exponent of a decimal is too large"));
            }
            exponent += if scan.negative { -(scan.low as i64) } else { scan.low as i64 };
            i += 1 + scan.used;
        } else {
            return Err(Error::new(
                CANNOT_PARSE_NUMBER,
                "Cannot parse the exponent of a decimal: digits must follow the e",
            ));
        }
    }
    let shift = exponent + dropped + i64::from(scale);
    let mut digits = n as i64;
    if shift < 0 {
        digits = (digits + shift).max(0);
    }
    let digits = digits as usize;
    let zeros = if digits == 0 || n == 0 { 0 } else { shift.max(0) };
    if digits as i64 + zeros > i64::from(precision) {
        return Err(Error::new(
            ARGUMENT_OUT_OF_BOUND,
            format!(
                "Decimal {} does not fit Decimal({precision}, {scale})",
                super::cursor::clip(&s[..i], 50)
            ),
        ));
    }
    let value = if digits as i64 + zeros <= 18 {
        let mut v = 0i64;
        kept[..digits].iter().for_each(|d| v = v * 10 + i64::from(*d));
        (0..zeros).for_each(|_| v *= 10);
        I256::from(v)
    } else {
        let mut v = I256::ZERO;
        let ten = I256::new(10);
        kept[..digits].iter().for_each(|d| v = v * ten + I256::from(*d));
        (0..zeros).for_each(|_| v *= ten);
        v
    };
    Ok((if negative { -value } else { value }, i))
}
