//! Building text from patterns: format, printf, readable numbers.

use crate::args::{f64s, map_str, strs};
use crate::bind::{Bind, Bound, bound};
use crate::cast::{CastMode, cast};
use crate::def::{FunctionDef, f};
use types::codes::{BAD_ARGUMENTS, NUMBER_OF_ARGUMENTS_DOESNT_MATCH};
use types::{Bitmap, Column, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("format", "format(pattern, a, b, …)", "The pattern with {} or {n} replaced by the arguments.", &[("format('{1} {0}', 'a', 'b')", "b a")], format),
    f("printf", "printf(pattern, a, b, …)", "As C's printf: %d %x %o %f %e %g %s %c with flags, width and precision.", &[("printf('%05d', 42)", "00042")], printf),
    f("formatReadableSize", "formatReadableSize(bytes[, digits])", "Bytes with a binary unit.", &[("formatReadableSize(1536)", "1.50 KiB")], |b| readable(b, Scale::Binary)).alias_ci(&["FORMAT_BYTES"]).null_within(usize::MAX),
    f("formatReadableDecimalSize", "formatReadableDecimalSize(bytes[, digits])", "Bytes with a decimal unit.", &[("formatReadableDecimalSize(1500)", "1.50 KB")], |b| readable(b, Scale::Decimal)).null_within(usize::MAX),
    f("formatReadableQuantity", "formatReadableQuantity(n[, digits])", "A number with thousand, million, ….", &[("formatReadableQuantity(1234567)", "1.23 million")], |b| readable(b, Scale::Quantity)).null_within(usize::MAX),
    f("formatReadableTimeDelta", "formatReadableTimeDelta(seconds[, maximum_unit[, minimum_unit]])", "Seconds in years, months, days, hours, minutes and seconds.", &[("formatReadableTimeDelta(90)", "1 minute and 30 seconds")], time_delta),
    f("parseReadableSize", "parseReadableSize(text)", "Bytes of a text such as '1.5 KiB'.", &[("parseReadableSize('1.5 KiB')", "1536")], |b| parse_size(b, 0)),
    f("parseReadableSizeOrNull", "parseReadableSizeOrNull(text)", "As parseReadableSize, NULL if it cannot be read.", &[("parseReadableSizeOrNull('x')", "NULL")], |b| parse_size(b, 1)),
    f("parseReadableSizeOrZero", "parseReadableSizeOrZero(text)", "As parseReadableSize, 0 if it cannot be read.", &[("parseReadableSizeOrZero('x')", "0")], |b| parse_size(b, 2)),
    f("parseTimeDelta", "parseTimeDelta(text)", "Seconds of a text such as '1h 30m'.", &[("parseTimeDelta('1h 30m')", "5400")], parse_delta).null_within(usize::MAX),
];

enum Part {
    Text(Vec<u8>),
    Argument(usize),
}

fn pattern(text: &[u8], arguments: usize) -> Result<Vec<Part>> {
    let bad = |why: &str| Error::new(BAD_ARGUMENTS, format!("Wrong pattern of function format: {why}"));
    let (mut parts, mut literal) = (Vec::new(), Vec::new());
    let (mut next, mut plain, mut numbered) = (0, false, false);
    let mut i = 0;
    while i < text.len() {
        match text[i] {
            b'{' if text.get(i + 1) == Some(&b'{') => {
                literal.push(b'{');
                i += 2;
            }
            b'}' if text.get(i + 1) == Some(&b'}') => {
                literal.push(b'}');
                i += 2;
            }
            b'{' => {
                let end = memchr::memchr(b'}', &text[i..]).ok_or_else(|| bad("an opening { has no closing }"))? + i;
                let name = &text[i + 1..end];
                let k = if name.is_empty() {
                    plain = true;
                    next += 1;
                    next - 1
                } else {
                    numbered = true;
                    std::str::from_utf8(name).ok().and_then(|n| n.parse().ok()).ok_or_else(|| bad("only {} and {number} are known"))?
                };
                if plain && numbered {
                    return Err(bad("{} and {number} cannot be mixed"));
                }
                if k >= arguments {
                    return Err(bad(&format!("it uses argument {k}, but there are {arguments}")));
                }
                if !literal.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut literal)));
                }
                parts.push(Part::Argument(k));
                i = end + 1;
            }
            b'}' => return Err(bad("a closing } has no opening {")),
            x => {
                literal.push(x);
                i += 1;
            }
        }
    }
    parts.push(Part::Text(literal));
    Ok(parts)
}

fn format(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    b.string(0)?;
    let parts = pattern(b.const_bytes(0)?, b.len() - 1)?;
    let types = b.types();
    bound(Type::String, move |c| {
        let columns = (1..types.len())
            .map(|i| if types[i].is_string() { Ok(c.col(i).clone()) } else { cast(c.col(i), &types[i], &Type::String, CastMode::Function, c.session) })
            .collect::<Result<Vec<_>>>()?;
        let texts: Vec<_> = columns.iter().map(strs).collect();
        map_str(c.rows, "format", |i, out| {
            for p in &parts {
                match p {
                    Part::Text(t) => out.extend_from_slice(t),
                    Part::Argument(k) => out.extend_from_slice(texts[*k].at(i)),
                }
            }
            Ok(())
        })
    })
}

#[derive(Clone, Default)]
struct Directive {
    literal: Vec<u8>,
    minus: bool,
    plus: bool,
    space: bool,
    zero: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    kind: u8,
}

fn directives(text: &[u8]) -> Result<Vec<Directive>> {
    let bad = || Error::new(BAD_ARGUMENTS, "Wrong pattern of function printf: expected % [flags] [width] [.precision] and one of d i u x X o f F e E g G s c a");
    let mut out = Vec::new();
    let mut literal = Vec::new();
    let mut i = 0;
    while i < text.len() {
        if text[i] != b'%' {
            literal.push(text[i]);
            i += 1;
            continue;
        }
        i += 1;
        if text.get(i) == Some(&b'%') {
            literal.push(b'%');
            i += 1;
            continue;
        }
        let mut d = Directive { literal: std::mem::take(&mut literal), ..Directive::default() };
        while let Some(x) = text.get(i) {
            match x {
                b'-' => d.minus = true,
                b'+' => d.plus = true,
                b' ' => d.space = true,
                b'0' => d.zero = true,
                b'#' => d.alternate = true,
                _ => break,
            }
            i += 1;
        }
        let number = |i: &mut usize| {
            let mut n = 0usize;
            while let Some(x) = text.get(*i).filter(|x| x.is_ascii_digit()) {
                n = (n * 10 + (x - b'0') as usize).min(10_000);
                *i += 1;
            }
            n
        };
        d.width = number(&mut i);
        if text.get(i) == Some(&b'.') {
            i += 1;
            d.precision = Some(number(&mut i));
        }
        d.kind = *text.get(i).filter(|x| b"diuxXofFeEgGscaA".contains(x)).ok_or_else(bad)?;
        i += 1;
        out.push(d);
    }
    out.push(Directive { literal, ..Directive::default() });
    Ok(out)
}

fn exponent(v: f64, precision: usize, upper: bool) -> String {
    let s = format!("{v:.precision$e}");
    let (m, e) = s.split_once('e').unwrap_or((&s, "0"));
    let (sign, digits) = e.strip_prefix('-').map_or(('+', e), |d| ('-', d));
    format!("{m}{}{sign}{digits:0>2}", if upper { 'E' } else { 'e' })
}

fn general(v: f64, precision: usize, upper: bool) -> String {
    let p = precision.max(1);
    let x = if v == 0.0 { 0 } else { v.abs().log10().floor() as i32 };
    let shown = if x < -4 || x >= p as i32 {
        exponent(v, p - 1, upper)
    } else {
        format!("{v:.*}", (p as i32 - 1 - x).max(0) as usize)
    };
    if !shown.contains('.') {
        return shown;
    }
    match shown.split_once(['e', 'E']) {
        Some((m, e)) => format!("{}{}{e}", m.trim_end_matches('0').trim_end_matches('.'), if upper { 'E' } else { 'e' }),
        None => shown.trim_end_matches('0').trim_end_matches('.').to_string(),
    }
}

impl Directive {
    fn put(&self, body: &str, numeric: bool, out: &mut Vec<u8>) {
        let (sign, digits) = match body.strip_prefix('-') {
            Some(d) if numeric => ("-", d),
            _ if numeric && self.plus => ("+", body),
            _ if numeric && self.space => (" ", body),
            _ => ("", body),
        };
        let missing = self.width.saturating_sub(sign.len() + digits.len());
        if self.minus {
            out.extend_from_slice(sign.as_bytes());
            out.extend_from_slice(digits.as_bytes());
            out.resize(out.len() + missing, b' ');
        } else if self.zero && numeric {
            out.extend_from_slice(sign.as_bytes());
            out.resize(out.len() + missing, b'0');
            out.extend_from_slice(digits.as_bytes());
        } else {
            out.resize(out.len() + missing, b' ');
            out.extend_from_slice(sign.as_bytes());
            out.extend_from_slice(digits.as_bytes());
        }
    }
}

fn printf(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    let list = directives(b.const_bytes(0)?)?;
    if list.len() != b.len() {
        return Err(Error::new(NUMBER_OF_ARGUMENTS_DOESNT_MATCH, format!("Pattern of function printf takes {} arguments, not {}", list.len() - 1, b.len() - 1)));
    }
    for (k, d) in list.iter().enumerate().take(list.len() - 1) {
        let t = b.ty(k + 1);
        let fits = match d.kind {
            b's' => t.is_string(),
            b'd' | b'i' | b'u' | b'x' | b'X' | b'o' | b'c' => t.is_integer(),
            _ => t.is_number(),
        };
        if !fits {
            return Err(Error::new(BAD_ARGUMENTS, format!("Argument {} of function printf has type {t}, which %{} cannot write", k + 2, d.kind as char)));
        }
    }
    let types = b.types();
    bound(Type::String, move |c| {
        map_str(c.rows, "printf", |i, out| {
            for (k, d) in list.iter().enumerate() {
                out.extend_from_slice(&d.literal);
                if d.kind == 0 {
                    continue;
                }
                let (col, ty) = (c.col(k + 1), &types[k + 1]);
                match d.kind {
                    b's' => {
                        let s = String::from_utf8_lossy(strs(col).at(i)).into_owned();
                        let s = d.precision.map_or(s.as_str(), |p| s.get(..p).unwrap_or(&s)).to_string();
                        d.put(&s, false, out);
                    }
                    b'd' | b'i' | b'u' | b'c' | b'x' | b'X' | b'o' => {
                        let v = crate::args::i128s(col).at(i);
                        let bits = ty.fixed_width().unwrap_or(8) as u32 * 8;
                        let unsigned = if v < 0 && bits < 128 { (v + (1i128 << bits.max(32))) as u128 } else { v as u128 };
                        let mut body = match d.kind {
                            b'c' => (v as u8 as char).to_string(),
                            b'x' => format!("{unsigned:x}"),
                            b'X' => format!("{unsigned:X}"),
                            b'o' => format!("{unsigned:o}"),
                            _ => v.to_string(),
                        };
                        if d.alternate && v != 0 {
                            body = match d.kind { b'x' => format!("0x{body}"), b'X' => format!("0X{body}"), b'o' => format!("0{body}"), _ => body };
                        }
                        if let Some(p) = d.precision {
                            let digits = body.trim_start_matches('-').len();
                            if digits < p {
                                let sign = if body.starts_with('-') { "-" } else { "" };
                                body = format!("{sign}{}{}", "0".repeat(p - digits), body.trim_start_matches('-'));
                            }
                        }
                        d.put(&body, d.kind != b'c', out);
                    }
                    _ => {
                        let v = f64s(col, ty).at(i);
                        let p = d.precision.unwrap_or(6);
                        let body = if !v.is_finite() {
                            if v.is_nan() { "nan".into() } else if v < 0.0 { "-inf".into() } else { "inf".to_string() }
                        } else {
                            match d.kind {
                                b'f' | b'F' => format!("{v:.p$}"),
                                b'e' | b'E' => exponent(v, p, d.kind == b'E'),
                                _ => general(v, p, d.kind == b'G'),
                            }
                        };
                        d.put(&body, v.is_finite(), out);
                    }
                }
            }
            Ok(())
        })
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scale {
    Binary,
    Decimal,
    Quantity,
}

fn readable(b: &Bind<'_>, scale: Scale) -> Result<Bound> {
    b.arity(1, 2)?;
    b.number(0)?;
    if b.len() > 1 {
        b.check(1, *b.ty(1) == Type::UInt8, "a constant UInt8, the number of digits behind the point")?;
    }
    let precision = if b.len() > 1 { b.const_int(1)? as usize } else { 2 };
    let ty = b.ty(0).clone();
    bound(Type::String, move |c| {
        let v = f64s(c.col(0), &ty);
        let (base, units): (f64, &[&str]) = match scale {
            Scale::Binary => (1024.0, &[" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB", " ZiB", " YiB"]),
            Scale::Decimal => (1000.0, &[" B", " KB", " MB", " GB", " TB", " PB", " EB", " ZB", " YB"]),
            Scale::Quantity => (1000.0, &["", " thousand", " million", " billion", " trillion", " quadrillion", " quintillion", " sextillion", " septillion", " octillion", " nonillion", " decillion", " undecillion", " duodecillion", " tredecillion", " quattuordecillion", " quindecillion", " sexdecillion", " septendecillion", " octodecillion", " novemdecillion", " vigintillion"]),
        };
        map_str(c.rows, "formatReadableSize", |i, out| {
            let mut x = v.at(i);
            let mut k = 0;
            while k + 1 < units.len() && x.abs() >= base {
                x /= base;
                k += 1;
            }
            if x.is_finite() {
                out.extend_from_slice(format!("{x:.precision$}{}", units[k]).as_bytes());
            } else {
                types::text::number::write_f64(x, out);
                out.extend_from_slice(units[if x.is_nan() { 0 } else { k }].as_bytes());
            }
            Ok(())
        })
    })
}

fn time_delta(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 3)?;
    let size = match b.ty(0) {
        Type::Interval(kind) => match kind.nanos() {
            Some(ns) => ns as f64 * 1e-9,
            None => return Err(Error::bad_arguments("Months, quarters and years have no number of seconds: function formatReadableTimeDelta takes intervals of weeks and less")),
        },
        _ => {
            b.number(0)?;
            1.0
        }
    };
    const UNITS: [(&str, f64); 9] = [("year", 31_536_000.0), ("month", 2_635_200.0), ("day", 86_400.0), ("hour", 3_600.0), ("minute", 60.0), ("second", 1.0), ("millisecond", 1e-3), ("microsecond", 1e-6), ("nanosecond", 1e-9)];
    let unit = |i: usize, default: usize| -> Result<usize> {
        if b.len() <= i {
            return Ok(default);
        }
        let name = b.const_str(i)?;
        UNITS.iter().position(|u| name.strip_suffix('s') == Some(u.0)).ok_or_else(|| {
            Error::new(BAD_ARGUMENTS, format!("Unexpected unit '{name}' of function formatReadableTimeDelta: use years, months, days, hours, minutes, seconds, milliseconds, microseconds or nanoseconds"))
        })
    };
    let (first, last) = (unit(1, 0)?, unit(2, 5)?);
    if first > last {
        return Err(Error::new(BAD_ARGUMENTS, "The maximum unit of function formatReadableTimeDelta must not be smaller than the minimum unit"));
    }
    let ty = b.ty(0).clone();
    bound(Type::String, move |c| {
        let v = f64s(c.col(0), &ty);
        map_str(c.rows, "formatReadableTimeDelta", |i, out| {
            let x = v.at(i) * size;
            if !x.is_finite() {
                types::text::number::write_f64(x, out);
                return Ok(());
            }
            if x < 0.0 {
                out.push(b'-');
            }
            let mut left = x.abs();
            // Above, a float knows no single seconds: only the largest unit is told.
            let last = if left >= 9_007_199_254_740_992.0 { first } else { last };
            let mut parts: Vec<String> = Vec::new();
            for (k, (name, size)) in UNITS.iter().enumerate().take(last + 1).skip(first) {
                let n = if *size < 1.0 { (left / size + 1e-6).floor() } else { (left / size).floor() };
                left -= n * size;
                if n > 0.0 || (parts.is_empty() && k == last) {
                    let mut number = Vec::new();
                    types::text::number::write_f64(n, &mut number);
                    parts.push(format!("{} {name}{}", String::from_utf8_lossy(&number), if n == 1.0 { "" } else { "s" }));
                }
            }
            match parts.split_last() {
                Some((end, rest)) if !rest.is_empty() => out.extend_from_slice(format!("{} and {end}", rest.join(", ")).as_bytes()),
                Some((end, _)) => out.extend_from_slice(end.as_bytes()),
                None => {}
            }
            Ok(())
        })
    })
}

fn size_of(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let n = text.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let value: f64 = text[..n].parse().ok()?;
    let factor: f64 = match text[n..].trim().to_ascii_lowercase().as_str() {
        "b" => 1.0,
        "kib" => 1024.0,
        "mib" => 1024f64.powi(2),
        "gib" => 1024f64.powi(3),
        "tib" => 1024f64.powi(4),
        "pib" => 1024f64.powi(5),
        "eib" => 1024f64.powi(6),
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        "pb" => 1e15,
        "eb" => 1e18,
        _ => return None,
    };
    let bytes = (value * factor).ceil();
    (bytes < 1.8e19).then_some(bytes as u64)
}

fn parse_size(b: &Bind<'_>, how: u8) -> Result<Bound> {
    b.arity(1, 1)?;
    b.plain_string(0)?;
    let ty = if how == 1 { Type::nullable(Type::UInt64) } else { Type::UInt64 };
    bound(ty, move |c| {
        let s = strs(c.col(0));
        let mut bad = Bitmap::new(c.rows, false);
        let mut out = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let text = String::from_utf8_lossy(s.at(i));
            match size_of(&text) {
                Some(v) => out.push(v),
                None if how == 0 => return Err(Error::new(if text.trim_start().starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) { types::codes::CANNOT_PARSE_TEXT } else { types::codes::CANNOT_PARSE_NUMBER }, format!("Invalid expression for function parseReadableSize - \"{text}\": expected a number and a unit such as KiB or MB"))),
                None => {
                    bad.set(i, true);
                    out.push(0);
                }
            }
        }
        let col = crate::args::u64_col(out);
        Ok(if how == 1 { Column::new(col.data, Some(bad)) } else { col })
    })
}

fn delta_of(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let n = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let value: f64 = rest[..n].parse().ok()?;
        rest = rest[n..].trim_start();
        let w = rest.find(|c: char| !c.is_ascii_alphabetic() && c != 'μ' && c != 'µ').unwrap_or(rest.len());
        let size = match rest[..w].to_ascii_lowercase().as_str() {
            "years" | "year" | "yr" | "y" => 31_536_000.0,
            "months" | "month" | "mo" => 2_635_200.0,
            "weeks" | "week" | "w" => 604_800.0,
            "days" | "day" | "d" => 86_400.0,
            "hours" | "hour" | "hr" | "h" => 3_600.0,
            "minutes" | "minute" | "min" | "m" => 60.0,
            "seconds" | "second" | "sec" | "s" => 1.0,
            "milliseconds" | "millisecond" | "millisec" | "ms" => 1e-3,
            "microseconds" | "microsecond" | "microsec" | "us" | "μs" | "µs" => 1e-6,
            "nanoseconds" | "nanosecond" | "nanosec" | "ns" => 1e-9,
            _ => return None,
        };
        total += value * size;
        rest = rest[w..].trim_start_matches([' ', ';', '-', '+', ',', ':']);
        rest = rest.strip_prefix("and ").unwrap_or(rest).trim_start();
    }
    Some(total)
}

fn parse_delta(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::Float64, |c| {
        let s = strs(c.col(0));
        let v = (0..c.rows)
            .map(|i| {
                let text = String::from_utf8_lossy(s.at(i));
                delta_of(&text).ok_or_else(|| Error::new(BAD_ARGUMENTS, format!("Invalid expression for function parseTimeDelta, expected numbers with units: '{text}'")))
            })
            .collect::<Result<Vec<f64>>>()?;
        Ok(crate::args::f64_col(v))
    })
}
