//! Parts of strings: cut out, trimmed, filled up, replaced by position.

use super::{char_position, count_chars, map_text, to_text};
use crate::args::{StrOut, i64s, map_str, string_too_large, strs};
use crate::bind::{Bind, Bound, bound};
use crate::cast::{CastMode, cast};
use crate::def::{FunctionDef, f};
use types::codes::{ZERO_ARRAY_OR_TUPLE_INDEX, BAD_ARGUMENTS, INDEX_OF_POSITIONAL_ARGUMENT_IS_OUT_OF_RANGE, NUMBER_OF_ARGUMENTS_DOESNT_MATCH};
use types::{Column, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("substring", "substring(s, offset[, length])", "Bytes from a place (1 is the first, negative from the end).", &[("substring('Hello', 2, 3)", "ell")], |b| substring(b, false)).ci().alias_ci(&["substr", "mid"]).alias(&["byteSlice"]),
    f("substringUTF8", "substringUTF8(s, offset[, length])", "Characters from a place (1 is the first, negative from the end).", &[("substringUTF8('日本語', 2)", "本語")], |b| substring(b, true)),
    f("left", "left(s, n)", "The first n bytes (all but the last -n if negative).", &[("left('Hello', 2)", "He")], |b| side(b, true, false)).ci(),
    f("leftUTF8", "leftUTF8(s, n)", "The first n characters.", &[("leftUTF8('日本語', 2)", "日本")], |b| side(b, true, true)),
    f("right", "right(s, n)", "The last n bytes (all but the first -n if negative).", &[("right('Hello', 2)", "lo")], |b| side(b, false, false)).ci(),
    f("rightUTF8", "rightUTF8(s, n)", "The last n characters.", &[("rightUTF8('日本語', 2)", "本語")], |b| side(b, false, true)),
    f("trimLeft", "trimLeft(s[, characters])", "Without spaces, or the given characters, at the start.", &[("trimLeft('  a')", "a")], |b| trim(b, true, false)).alias_ci(&["ltrim"]),
    f("trimRight", "trimRight(s[, characters])", "Without spaces, or the given characters, at the end.", &[("trimRight('a  ')", "a")], |b| trim(b, false, true)).alias_ci(&["rtrim"]),
    f("trimBoth", "trimBoth(s[, characters])", "Without spaces, or the given characters, at both ends.", &[("trimBoth('  a  ')", "a")], |b| trim(b, true, true)).alias_ci(&["trim"]),
    f("leftPad", "leftPad(s, length[, fill])", "Filled up at the start to a number of bytes, or cut to it.", &[("leftPad('5', 3, '0')", "005")], |b| pad(b, true, false)).ci().alias_ci(&["lpad"]),
    f("leftPadUTF8", "leftPadUTF8(s, length[, fill])", "Filled up at the start to a number of characters.", &[("leftPadUTF8('né', 4, '-')", "--né")], |b| pad(b, true, true)),
    f("rightPad", "rightPad(s, length[, fill])", "Filled up at the end to a number of bytes, or cut to it.", &[("rightPad('5', 3, '0')", "500")], |b| pad(b, false, false)).ci().alias_ci(&["rpad"]),
    f("rightPadUTF8", "rightPadUTF8(s, length[, fill])", "Filled up at the end to a number of characters.", &[("rightPadUTF8('né', 4, '-')", "né--")], |b| pad(b, false, true)),
    f("substringIndex", "substringIndex(s, delimiter, n)", "What stands before the n-th delimiter (behind the n-th from the end if negative).", &[("substringIndex('www.example.com', '.', 2)", "www.example")], substring_index).alias_ci(&["SUBSTRING_INDEX"]).alias(&["substringIndexUTF8"]),
    f("appendTrailingCharIfAbsent", "appendTrailingCharIfAbsent(s, c)", "The string with a character at its end, if it is not empty and has it not yet.", &[("appendTrailingCharIfAbsent('a', '/')", "a/")], append_char),
    f("firstLine", "firstLine(s)", "The first line.", &[("firstLine('a\\nb')", "a")], |b| to_text(b, "firstLine", |s, out| { let end = memchr::memchr2(b'\n', b'\r', s).unwrap_or(s.len()); out.extend_from_slice(&s[..end]); })),
    f("basename", "basename(path)", "What stands behind the last slash or backslash.", &[("basename('/usr/bin/x.txt')", "x.txt")], |b| to_text(b, "basename", |s, out| out.extend_from_slice(&s[memchr::memrchr2(b'/', b'\\', s).map_or(0, |p| p + 1)..]))),
    f("overlay", "overlay(s, replacement, offset[, length])", "The string with bytes from a place replaced.", &[("overlay('Spark SQL', '_', 6)", "Spark_SQL")], |b| overlay(b, false)).ci(),
    f("overlayUTF8", "overlayUTF8(s, replacement, offset[, length])", "The string with characters from a place replaced.", &[("overlayUTF8('Spark SQL', '_', 6)", "Spark_SQL")], |b| overlay(b, true)).ci(),
];

/// Half-open range of units for an offset and length as ClickHouse reads them.
fn range(n: i64, offset: i64, length: Option<i64>) -> (usize, usize) {
    let (start, mut end) = if offset > 0 {
        let s = offset - 1;
        (s, length.map_or(n, |l| if l < 0 { n.saturating_add(l) } else { s.saturating_add(l) }))
    } else if offset < 0 {
        let s = n.saturating_add(offset);
        (s, length.map_or(n, |l| if l < 0 { n.saturating_add(l) } else { s.saturating_add(l) }))
    } else {
        return (0, 0);
    };
    let start = start.max(0);
    end = end.clamp(0, n);
    if start >= end { (0, 0) } else { (start as usize, end as usize) }
}

fn substring(b: &Bind<'_>, utf8: bool) -> Result<Bound> {
    b.arity(2, 3)?;
    if !utf8 && matches!(b.ty(0), Type::Enum8(_) | Type::Enum16(_)) {
        let from = b.ty(0).clone();
        let has_length = b.len() == 3;
        return bound(Type::String, move |c| {
            let names = cast(c.col(0), &from, &Type::String, CastMode::Sql, c.session)?;
            cut(&names, c.col(1), has_length.then(|| c.col(2)), c.rows, false)
        });
    }
    b.string(0)?;
    b.integer(1)?;
    if b.len() == 3 {
        b.integer(2)?;
    }
    let has_length = b.len() == 3;
    let constant = |i: usize| i >= b.len() || b.constant(i).is_some();
    if b.constant(0).is_none() && constant(2) && b.constant(1).is_some_and(|o| i64s(o).at(0) == 0) {
        return Err(Error::new(ZERO_ARRAY_OR_TUPLE_INDEX, format!("Indices in strings are 1-based: function {} has no place 0", b.name)));
    }
    bound(Type::String, move |c| cut(c.col(0), c.col(1), has_length.then(|| c.col(2)), c.rows, utf8))
}

fn cut(s: &Column, offset: &Column, length: Option<&Column>, rows: usize, utf8: bool) -> Result<Column> {
    let (s, o, l) = (strs(s), i64s(offset), length.map(i64s));
    let mut out = StrOut::new(rows, 0);
    for i in 0..rows {
        let text = s.at(i);
        let len = l.as_ref().map(|l| l.at(i));
        if utf8 && !text.is_ascii() && o.at(i) > 0 && len.is_none_or(|l| l >= 0) {
            let start = skip_chars(text, 0, o.at(i) - 1);
            let end = len.map_or(text.len(), |l| skip_chars(text, start, l));
            out.push(&text[start..end]);
        } else if utf8 && !text.is_ascii() {
            // Unlike in bytes, a place before the first character is the first one.
            let total = count_chars(text) as i64;
            let (x, y) = range(total, o.at(i).max(-total), len);
            out.push(&text[char_position(text, x)..char_position(text, y)]);
        } else {
            let (x, y) = range(text.len() as i64, o.at(i), len);
            out.push(&text[x..y]);
        }
    }
    out.finish("substring")
}

/// The position `n` characters after `at`, each as long as its first byte says (also where it lies).
fn skip_chars(text: &[u8], mut at: usize, n: i64) -> usize {
    for _ in 0..n.min(text.len() as i64) {
        at += match text.get(at) {
            None => return text.len(),
            Some(0xC0..=0xDF) => 2,
            Some(0xE0..=0xEF) => 3,
            Some(0xF0..=0xF7) => 4,
            Some(_) => 1,
        };
    }
    at.min(text.len())
}

fn side(b: &Bind<'_>, left: bool, utf8: bool) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    b.integer(1)?;
    bound(Type::String, move |c| {
        let (s, n) = (strs(c.col(0)), i64s(c.col(1)));
        map_str(c.rows, "left", |i, out| {
            let text = s.at(i);
            let total = if utf8 { count_chars(text) } else { text.len() } as i64;
            let want = n.at(i);
            let keep = if want < 0 { total.saturating_add(want) } else { want }.clamp(0, total) as usize;
            let at = |k: usize| if utf8 { char_position(text, k) } else { k };
            out.extend_from_slice(if left { &text[..at(keep)] } else { &text[at(total as usize - keep)..] });
            Ok(())
        })
    })
}

fn trim(b: &Bind<'_>, left: bool, right: bool) -> Result<Bound> {
    b.arity(1, 2)?;
    b.string(0)?;
    let mut set = [false; 256];
    if b.len() == 2 {
        for x in b.const_bytes(1)? {
            set[*x as usize] = true;
        }
    } else {
        set[b' ' as usize] = true;
    }
    bound(Type::String, move |c| {
        map_text(c.col(0), c.rows, "trim", |s, out| {
            let start = if left { s.iter().position(|x| !set[*x as usize]).unwrap_or(s.len()) } else { 0 };
            let end = if right { s.iter().rposition(|x| !set[*x as usize]).map_or(start, |p| p + 1) } else { s.len() };
            out.extend_from_slice(&s[start..end.max(start)]);
        })
    })
}

const PAD_MAX: i64 = 1 << 24;

fn pad(b: &Bind<'_>, left: bool, utf8: bool) -> Result<Bound> {
    b.arity(2, 3)?;
    b.string(0)?;
    b.integer(1)?;
    let fill: Vec<u8> = if b.len() == 3 { b.const_bytes(2)?.to_vec() } else { b" ".to_vec() };
    let fill = if fill.is_empty() { b" ".to_vec() } else { fill };
    bound(Type::String, move |c| {
        let (s, n) = (strs(c.col(0)), i64s(c.col(1)));
        let fill_chars = if utf8 { count_chars(&fill) } else { fill.len() };
        map_str(c.rows, "leftPad", |i, out| {
            let want = n.at(i);
            if want < 0 {
                return Err(Error::new(INDEX_OF_POSITIONAL_ARGUMENT_IS_OUT_OF_RANGE, format!("Length of padding must not be negative, but is {want}")));
            }
            if want > PAD_MAX {
                return Err(string_too_large("leftPad", PAD_MAX as usize));
            }
            let text = s.at(i);
            let have = if utf8 { count_chars(text) } else { text.len() };
            let want = want as usize;
            if want <= have {
                out.extend_from_slice(&text[..if utf8 { char_position(text, want) } else { want }]);
                return Ok(());
            }
            let filling = |out: &mut Vec<u8>| {
                let mut missing = want - have;
                while missing >= fill_chars {
                    out.extend_from_slice(&fill);
                    missing -= fill_chars;
                }
                out.extend_from_slice(&fill[..if utf8 { char_position(&fill, missing) } else { missing }]);
            };
            if left {
                filling(out);
                out.extend_from_slice(text);
            } else {
                out.extend_from_slice(text);
                filling(out);
            }
            Ok(())
        })
    })
}

fn substring_index(b: &Bind<'_>) -> Result<Bound> {
    b.arity(3, 3)?;
    b.string(0)?;
    b.integer(2)?;
    let delimiter = b.const_bytes(1)?.to_vec();
    if !b.name.contains("UTF8") && delimiter.len() != 1 && count_chars(&delimiter) != 1 {
        return Err(Error::new(BAD_ARGUMENTS, "The delimiter of function substringIndex must be one character"));
    }
    bound(Type::String, move |c| {
        let (s, n) = (strs(c.col(0)), i64s(c.col(2)));
        let finder = memchr::memmem::Finder::new(&delimiter);
        map_str(c.rows, "substringIndex", |i, out| {
            let (text, k) = (s.at(i), n.at(i));
            if k > 0 {
                let end = finder.find_iter(text).nth(k as usize - 1).unwrap_or(text.len());
                out.extend_from_slice(&text[..end]);
            } else if k < 0 {
                let hits: Vec<usize> = finder.find_iter(text).collect();
                let back = k.unsigned_abs() as usize;
                let start = if back <= hits.len() { hits[hits.len() - back] + delimiter.len() } else { 0 };
                out.extend_from_slice(&text[start..]);
            }
            Ok(())
        })
    })
}

fn append_char(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.plain_string(0)?;
    let [x] = *b.const_bytes(1)? else {
        return Err(Error::new(BAD_ARGUMENTS, "Second argument of function appendTrailingCharIfAbsent must be a one-character string"));
    };
    bound(Type::String, move |c| {
        map_text(c.col(0), c.rows, "appendTrailingCharIfAbsent", |s, out| {
            out.extend_from_slice(s);
            if !s.is_empty() && s.last() != Some(&x) {
                out.push(x);
            }
        })
    })
}

fn overlay(b: &Bind<'_>, utf8: bool) -> Result<Bound> {
    if !(3..=4).contains(&b.len()) {
        return Err(Error::new(NUMBER_OF_ARGUMENTS_DOESNT_MATCH, format!("Function {} takes 3 or 4 arguments, not {}", b.name, b.len())));
    }
    b.string(0)?;
    b.string(1)?;
    b.integer(2)?;
    let has_length = b.len() == 4;
    if has_length {
        b.integer(3)?;
    }
    bound(Type::String, move |c| {
        let (s, r, o) = (strs(c.col(0)), strs(c.col(1)), i64s(c.col(2)));
        let l = has_length.then(|| i64s(c.col(3)));
        map_str(c.rows, "overlay", |i, out| {
            let (text, with) = (s.at(i), r.at(i));
            let n = if utf8 { count_chars(text) } else { text.len() } as i64;
            let at = |k: i64| if utf8 { char_position(text, k as usize) } else { k as usize };
            let offset = o.at(i);
            let start = if offset > 0 { (offset - 1).min(n) } else if offset < 0 { n.saturating_add(offset).max(0) } else { 0 };
            let start = if offset == 0 { 0 } else { start };
            let default = if utf8 { count_chars(with) } else { with.len() } as i64;
            let length = match &l {
                Some(l) if l.at(i) >= 0 => l.at(i),
                _ => default,
            };
            let end = start.saturating_add(length).min(n);
            out.extend_from_slice(&text[..at(start)]);
            out.extend_from_slice(with);
            out.extend_from_slice(&text[at(end)..]);
            Ok(())
        })
    })
}
