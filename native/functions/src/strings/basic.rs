//! Length, case, parts of strings, padding, repetition, joining.

use super::{count_chars, map_text, to_bool, to_text, to_u64};
use crate::args::{StrOut, arrays, bools, check_bytes, i64s, map_str, string_too_large, strs, u64_col};
use crate::bind::{Bind, Bound, bound};
use crate::cast::{CastMode, cast};
use crate::def::{FunctionDef, f};
use types::codes::{BAD_ARGUMENTS, ILLEGAL_COLUMN};
use types::{Column, Data, Error, Result, Type, match_numeric};

pub const DEFS: &[FunctionDef] = &[
    f("length", "length(value)", "Bytes of a string, or elements of an array or map.", &[("length('abc')", "3")], length).alias_ci(&["OCTET_LENGTH", "CARDINALITY", "LENGTH"]),
    f("empty", "empty(value)", "1 for an empty string, array or map, and a UUID or IPv6 of zeros.", &[("empty('')", "1")], |b| empty(b, true)),
    f("notEmpty", "notEmpty(value)", "1 for a string, array or map that is not empty.", &[("notEmpty('a')", "1")], |b| empty(b, false)),
    f("lower", "lower(s)", "ASCII letters made small.", &[("lower('ABC')", "abc")], |b| ascii_case(b, false)).ci().alias_ci(&["lcase"]),
    f("upper", "upper(s)", "ASCII letters made capital.", &[("upper('abc')", "ABC")], |b| ascii_case(b, true)).ci().alias_ci(&["ucase"]),
    f("initcap", "initcap(s)", "First letter of each word capital, others small (ASCII).", &[("initcap('hello wORLD')", "Hello World")], capitals).ci(),
    f("reverse", "reverse(s)", "The bytes, or the elements of an array, in reverse order.", &[("reverse('abc')", "cba")], reverse).ci(),
    f("concat", "concat(a, b, …)", "Texts put together; other types are written as text, arrays and maps joined.", &[("concat('a', 1)", "a1")], concat).ci().alias(&["concatAssumeInjective"]),
    f("concatWithSeparator", "concatWithSeparator(separator, a, b, …)", "Texts put together with a constant separator between.", &[("concatWithSeparator('-', 'a', 'b')", "a-b")], concat_with).alias_ci(&["concat_ws"]).alias(&["concatWithSeparatorAssumeInjective"]),
    f("repeat", "repeat(s, n)", "The string n times.", &[("repeat('ab', 3)", "ababab")], repeat).ci().alias_ci(&["REPEAT"]),
    f("space", "space(n)", "n spaces.", &[("length(space(3))", "3")], space).ci(),
    f("ascii", "ascii(s)", "Number of the first byte.", &[("ascii('A')", "65")], |b| { b.arity(1, 1)?; b.string(0)?; bound(Type::Int32, |c| { let s = strs(c.col(0)); Ok(crate::args::i32_col((0..c.rows).map(|i| s.at(i).first().map_or(0, |x| i32::from(*x))).collect())) }) }).ci(),
    f("char", "char(n, …)", "A string of the bytes with these numbers.", &[("char(72, 105)", "Hi")], char_of).ci(),
    f("soundex", "soundex(s)", "Soundex code.", &[("soundex('Robert')", "R163")], |b| to_text(b, "soundex", soundex)).ci(),
    f("startsWith", "startsWith(s, prefix)", "1 if the string or array begins with the other.", &[("startsWith('Hello', 'He')", "1")], |b| edge(b, true)).alias(&["startsWithUTF8"]),
    f("endsWith", "endsWith(s, suffix)", "1 if the string or array ends with the other.", &[("endsWith('Hello', 'lo')", "1")], |b| edge(b, false)).alias(&["endsWithUTF8"]),
    f("startsWithCaseInsensitive", "startsWithCaseInsensitive(s, prefix)", "As startsWith, ASCII case ignored.", &[("startsWithCaseInsensitive('Hello', 'HE')", "1")], |b| super::two_to_bool(b, |s, p| s.len() >= p.len() && s[..p.len()].eq_ignore_ascii_case(p))),
    f("endsWithCaseInsensitive", "endsWithCaseInsensitive(s, suffix)", "As endsWith, ASCII case ignored.", &[("endsWithCaseInsensitive('Hello', 'LO')", "1")], |b| super::two_to_bool(b, |s, p| s.len() >= p.len() && s[s.len() - p.len()..].eq_ignore_ascii_case(p))),
    f("startsWithCaseInsensitiveUTF8", "startsWithCaseInsensitiveUTF8(s, prefix)", "As startsWith, case ignored.", &[("startsWithCaseInsensitiveUTF8('Привет', 'ПРИ')", "1")], |b| super::two_to_bool(b, |s, p| lowered(s).starts_with(&lowered(p)))),
    f("endsWithCaseInsensitiveUTF8", "endsWithCaseInsensitiveUTF8(s, suffix)", "As endsWith, case ignored.", &[("endsWithCaseInsensitiveUTF8('Привет', 'ВЕТ')", "1")], |b| super::two_to_bool(b, |s, p| lowered(s).ends_with(&lowered(p)))),
    f("isValidASCII", "isValidASCII(s)", "1 if all bytes are below 128.", &[("isValidASCII('abc')", "1")], |b| to_bool(b, <[u8]>::is_ascii)).alias_ci(&["isASCII"]),
    f("stringBytesUniq", "stringBytesUniq(s)", "Number of distinct bytes.", &[("stringBytesUniq('aab')", "2")], bytes_uniq),
    f("stringBytesEntropy", "stringBytesEntropy(s)", "Shannon entropy of the bytes, in bits.", &[("stringBytesEntropy('ab')", "1")], bytes_entropy),
    f("reverseBySeparator", "reverseBySeparator(s[, separator])", "The parts between separators in reverse order.", &[("reverseBySeparator('www.google.com', '.')", "com.google.www")], reverse_by),
    f("conv", "conv(number, from_base, to_base)", "A number written in another base.", &[("conv('ff', 16, 10)", "255")], conv).ci(),
    f("lengthUTF8", "lengthUTF8(s)", "Number of characters.", &[("lengthUTF8('日本')", "2")], |b| to_u64(b, |s| count_chars(s) as u64)).alias_ci(&["CHAR_LENGTH", "CHARACTER_LENGTH"]),
];

fn lowered(s: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.len());
    super::lower_utf8(s, &mut out);
    out
}

fn length(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    match b.ty(0) {
        Type::FixedString(n) => {
            let n = u64::from(*n);
            bound(Type::UInt64, move |c| Ok(u64_col(vec![n; c.rows])))
        }
        Type::String => bound(Type::UInt64, |c| Ok(u64_col(lengths(c.col(0), c.rows)))),
        Type::Array(_) | Type::Map(_) => bound(Type::UInt64, |c| {
            let a = arrays(c.col(0))?;
            Ok(u64_col((0..c.rows).map(|i| a.at(i).len() as u64).collect()))
        }),
        _ => Err(b.illegal(0, "String, FixedString, Array or Map")),
    }
}

fn lengths(col: &Column, rows: usize) -> Vec<u64> {
    match &col.data {
        Data::Str(s) => s.offsets.windows(2).map(|w| u64::from(w[1] - w[0])).collect(),
        _ => {
            let s = strs(col);
            (0..rows).map(|i| s.at(i).len() as u64).collect()
        }
    }
}

fn empty(b: &Bind<'_>, want: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    match b.ty(0) {
        Type::String => bound(Type::UInt8, move |c| {
            Ok(match &c.col(0).data {
                Data::Str(s) => crate::args::u8_col(s.offsets.windows(2).map(|w| u8::from((w[0] == w[1]) == want)).collect()),
                _ => {
                    let s = strs(c.col(0));
                    bools(c.rows, |i| s.at(i).is_empty() == want)
                }
            })
        }),
        Type::FixedString(_) => bound(Type::UInt8, move |c| {
            let s = strs(c.col(0));
            Ok(bools(c.rows, |i| s.at(i).iter().all(|b| *b == 0) == want))
        }),
        Type::Array(_) | Type::Map(_) => bound(Type::UInt8, move |c| {
            let a = arrays(c.col(0))?;
            Ok(bools(c.rows, |i| a.at(i).is_empty() == want))
        }),
        Type::Uuid | Type::Ipv4 | Type::Ipv6 => bound(Type::UInt8, move |c| {
            let flat = c.col(0).flat();
            match_numeric!(&flat.data, v, W => Ok(bools(c.rows, |i| crate::args::Number::truth(v[i]) != want)), Err(Error::internal("number expected")))
        }),
        _ => Err(b.illegal(0, "String, FixedString, Array, Map, UUID or IP address")),
    }
}

fn ascii_case(b: &Bind<'_>, upper: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    let change = move |x: &u8| if upper { x.to_ascii_uppercase() } else { x.to_ascii_lowercase() };
    bound(b.ty(0).clone(), move |c| {
        // the entries of a dictionary of FixedStrings are of that width too
        let col = c.col(0).flat();
        Ok(match &col.data {
            Data::Str(s) => {
                let (from, to) = (s.offsets[0] as usize, s.offsets[s.offsets.len() - 1] as usize);
                let bytes: Vec<u8> = s.bytes[from..to].iter().map(change).collect();
                let offsets = s.offsets.iter().map(|o| o - from as u32).collect::<Vec<_>>();
                Data::Str(types::StrData { offsets: offsets.into(), bytes: bytes.into() }).into()
            }
            Data::Fixed(x) => {
                let bytes: Vec<u8> = x.bytes.iter().map(change).collect();
                Data::Fixed(types::FixedData { width: x.width, bytes: bytes.into() }).into()
            }
            _ => return Err(Error::internal("text expected")),
        })
    })
}

/// initcap; a FixedString stays one.
fn capitals(b: &Bind<'_>) -> Result<Bound> {
    if !matches!(b.ty(0), Type::FixedString(_)) {
        return to_text(b, "initcap", initcap);
    }
    b.arity(1, 1)?;
    bound(b.ty(0).clone(), |c| {
        let col = c.col(0).flat();
        let Data::Fixed(x) = &col.data else { return Err(Error::internal("text of one width expected")) };
        let mut bytes = Vec::with_capacity(x.bytes.len());
        x.bytes.chunks(x.width.max(1)).for_each(|row| initcap(row, &mut bytes));
        Ok(Data::Fixed(types::FixedData { width: x.width, bytes: bytes.into() }).into())
    })
}

fn initcap(s: &[u8], out: &mut Vec<u8>) {
    let mut inside = false;
    for x in s {
        out.push(if inside { x.to_ascii_lowercase() } else { x.to_ascii_uppercase() });
        inside = x.is_ascii_alphanumeric();
    }
}

fn reverse(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    if matches!(b.ty(0), Type::Array(_)) {
        return crate::arrays::basic::reverse(b);
    }
    if let Type::Tuple(es) = b.ty(0) {
        let back = Type::Tuple(es.iter().rev().cloned().collect());
        return bound(back, |c| {
            let parts: Vec<Column> = crate::args::tuple_columns(c.col(0))?.iter().rev().map(Column::flat).collect();
            Ok(Data::Tuple(parts.into(), c.rows).into())
        });
    }
    b.string(0)?;
    let fixed = matches!(b.ty(0), Type::FixedString(_));
    bound(b.ty(0).clone(), move |c| {
        if fixed {
            let flat = c.col(0).flat();
            let Data::Fixed(x) = &flat.data else { return Err(Error::internal("fixed strings expected")) };
            let bytes: Vec<u8> = x.bytes.chunks_exact(x.width.max(1)).flat_map(|r| r.iter().rev().copied()).collect();
            return Ok(Data::Fixed(types::FixedData { width: x.width, bytes: bytes.into() }).into());
        }
        map_text(c.col(0), c.rows, "reverse", |s, out| out.extend(s.iter().rev()))
    })
}

fn concat(b: &Bind<'_>) -> Result<Bound> {
    let types = b.types();
    if types.len() > 1 && types.iter().all(|t| matches!(t, Type::Array(_))) {
        return crate::arrays::basic::concat(b);
    }
    if types.len() > 1 && types.iter().all(|t| matches!(t, Type::Map(_))) {
        return crate::maps::concat(b);
    }
    if types.len() > 1 && types.iter().all(|t| matches!(t, Type::Tuple(_))) {
        return crate::tuples::concat(b);
    }
    joined(b, Vec::new(), 0)
}

/// All arguments from `first` as text, with a separator between.
fn joined(b: &Bind<'_>, separator: Vec<u8>, first: usize) -> Result<Bound> {
    let types = b.types();
    if let Some(i) = (first..types.len()).find(|i| matches!(types[*i], Type::AggregateFunction(_))) {
        return Err(b.illegal(i, "a type that can be written as text"));
    }
    bound(Type::String, move |c| {
        let columns = (first..types.len())
            .map(|i| if types[i].is_string() { Ok(c.col(i).clone()) } else { cast(c.col(i), &types[i], &Type::String, CastMode::Function, c.session) })
            .collect::<Result<Vec<_>>>()?;
        let parts: Vec<_> = columns.iter().map(strs).collect();
        let total = parts.iter().map(|p| p.total(c.rows)).fold(separator.len().saturating_mul(parts.len()).saturating_mul(c.rows), usize::saturating_add);
        check_bytes("concat", total)?;
        let mut out = StrOut::new(c.rows, total);
        for i in 0..c.rows {
            for (k, p) in parts.iter().enumerate() {
                if k > 0 && !separator.is_empty() {
                    out.bytes.extend_from_slice(&separator);
                }
                out.bytes.extend_from_slice(p.at(i));
            }
            out.end_row();
        }
        Ok(out.column())
    })
}

fn concat_with(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    b.string(0)?;
    let separator = b.constant(0).ok_or_else(|| Error::new(ILLEGAL_COLUMN, format!("Argument 1 of function {} (the separator) must be constant", b.name)))?;
    joined(b, separator.bytes_at(0).unwrap_or_default().to_vec(), 1)
}

const REPEAT_MAX: i64 = 1_000_000;

fn repeat(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    b.integer(1)?;
    bound(Type::String, |c| {
        let (s, n) = (strs(c.col(0)), i64s(c.col(1)));
        let mut total = 0usize;
        for i in 0..c.rows {
            let times = n.at(i).max(0);
            if times > REPEAT_MAX {
                return Err(Error::new(types::codes::TOO_LARGE_STRING_SIZE, format!("Too many times to repeat ({times}), maximum is: {REPEAT_MAX}")));
            }
            total = total.saturating_add(s.at(i).len().saturating_mul(times as usize));
        }
        check_bytes("repeat", total)?;
        map_str(c.rows, "repeat", |i, out| {
            for _ in 0..n.at(i).max(0) {
                out.extend_from_slice(s.at(i));
            }
            Ok(())
        })
    })
}

fn space(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.integer(0)?;
    bound(Type::String, |c| {
        let n = i64s(c.col(0));
        map_str(c.rows, "space", |i, out| {
            let k = n.at(i).max(0);
            if k > REPEAT_MAX {
                return Err(string_too_large("space", REPEAT_MAX as usize));
            }
            out.resize(out.len() + k as usize, b' ');
            Ok(())
        })
    })
}

fn char_of(b: &Bind<'_>) -> Result<Bound> {
    if b.is_empty() {
        return Err(Error::new(types::codes::TOO_FEW_ARGUMENTS_FOR_FUNCTION, "Function char needs at least one argument"));
    }
    for i in 0..b.len() {
        b.no_decimal(i)?;
        if b.ty(i).int_bits().is_some_and(|x| x.0 > 64) {
            return Err(Error::new(types::codes::ILLEGAL_COLUMN, format!("Illegal column {} of argument {} of function char: expected a number of up to 64 bits", b.ty(i), i + 1)));
        }
    }
    let types = b.types();
    bound(Type::String, move |c| {
        let ints: Vec<_> = (0..types.len()).map(|i| if types[i].is_float() { cast(c.col(i), &types[i], &Type::Int64, CastMode::Sql, c.session) } else { Ok(c.col(i).clone()) }).collect::<Result<_>>()?;
        let values: Vec<_> = ints.iter().map(i64s).collect();
        map_str(c.rows, "char", |i, out| {
            out.extend(values.iter().map(|v| v.at(i) as u8));
            Ok(())
        })
    })
}

/// Vowels, h, w, y and what is no letter stand between two letters of one code.
fn soundex(s: &[u8], out: &mut Vec<u8>) {
    const CODES: &[u8; 26] = b"01230120022455012623010202";
    let code = |x: &u8| if x.is_ascii_alphabetic() { CODES[(x.to_ascii_uppercase() - b'A') as usize] } else { b'0' };
    let start = out.len();
    if let Some(at) = s.iter().position(u8::is_ascii_alphabetic) {
        out.push(s[at].to_ascii_uppercase());
        let mut last = code(&s[at]);
        for k in s[at + 1..].iter().map(code) {
            if k != b'0' && k != last {
                out.push(k);
            }
            last = k;
            if out.len() - start == 4 {
                break;
            }
        }
    }
    out.resize(start + 4, b'0');
}

fn edge(b: &Bind<'_>, start: bool) -> Result<Bound> {
    b.arity(2, 2)?;
    if matches!((b.ty(0), b.ty(1)), (Type::Array(_), Type::Array(_))) {
        return crate::arrays::basic::edge(b, start);
    }
    super::two_to_bool(b, move |s, p| if start { s.starts_with(p) } else { s.ends_with(p) })
}

fn bytes_uniq(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::UInt16, |c| {
        let s = strs(c.col(0));
        Ok(crate::args::u16_col(
            (0..c.rows)
                .map(|i| {
                    let mut seen = [false; 256];
                    s.at(i).iter().for_each(|x| seen[*x as usize] = true);
                    seen.iter().filter(|x| **x).count() as u16
                })
                .collect(),
        ))
    })
}

fn bytes_entropy(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::Float64, |c| {
        let s = strs(c.col(0));
        Ok(crate::args::f64_col(
            (0..c.rows)
                .map(|i| {
                    let mut counts = [0u32; 256];
                    s.at(i).iter().for_each(|x| counts[*x as usize] += 1);
                    let n = s.at(i).len() as f64;
                    counts.iter().filter(|k| **k > 0).map(|k| { let p = f64::from(*k) / n; -p * p.log2() }).fold(0.0, |a: f64, x| a + x)
                })
                .collect(),
        ))
    })
}

fn reverse_by(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    b.string(0)?;
    let separator = if b.len() == 2 { b.const_bytes(1)?.to_vec() } else { b".".to_vec() };
    if separator.is_empty() {
        return bound(Type::String, |c| map_text(c.col(0), c.rows, "reverseBySeparator", |s, out| out.extend(s.iter().rev())));
    }
    bound(Type::String, move |c| {
        let finder = memchr::memmem::Finder::new(&separator);
        map_text(c.col(0), c.rows, "reverseBySeparator", |s, out| {
            let mut end = s.len();
            let hits: Vec<usize> = finder.find_iter(s).collect();
            for h in hits.into_iter().rev() {
                out.extend_from_slice(&s[h + separator.len()..end]);
                out.extend_from_slice(&separator);
                end = h;
            }
            out.extend_from_slice(&s[..end]);
        })
    })
}

fn conv(b: &Bind<'_>) -> Result<Bound> {
    b.arity(3, 3)?;
    let types = b.types();
    for i in 1..3 {
        b.integer(i)?;
    }
    bound(Type::String, move |c| {
        let text = cast(c.col(0), &types[0], &Type::String, CastMode::Function, c.session)?;
        let (s, from, to) = (strs(&text), i64s(c.col(1)), i64s(c.col(2)));
        map_str(c.rows, "conv", |i, out| {
            let (f, t) = (from.at(i), to.at(i));
            if !(2..=36).contains(&f) || !(2..=36).contains(&t.abs()) {
                return Err(Error::new(BAD_ARGUMENTS, "Bases of function conv must be between 2 and 36"));
            }
            let raw = s.at(i).trim_ascii();
            let (negative, digits) = match raw.first() {
                Some(b'-') => (true, &raw[1..]),
                _ => (false, raw),
            };
            let mut v: u64 = 0;
            for x in digits {
                let Some(d) = (*x as char).to_digit(f as u32) else { break };
                v = v.checked_mul(f as u64).and_then(|v| v.checked_add(d.into())).unwrap_or(u64::MAX);
            }
            if negative {
                v = v.wrapping_neg();
            }
            let base = t.unsigned_abs();
            let mut buffer = Vec::new();
            loop {
                buffer.push(std::char::from_digit((v % base) as u32, 36).unwrap_or('0').to_ascii_uppercase() as u8);
                v /= base;
                if v == 0 {
                    break;
                }
            }
            out.extend(buffer.iter().rev());
            Ok(())
        })
    })
}
