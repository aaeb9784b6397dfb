//! Searching for fixed texts: places, counts, several at once, tokens, subsequences.

use super::tokens::{is_token, words};
use super::{char_position, count_chars, lower_utf8, two_to_bool};
use crate::args::{array_column, arrays, bools, i64s, strs, u64_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use memchr::memmem::Finder;
use std::borrow::Cow;
use types::codes::{BAD_ARGUMENTS, ILLEGAL_COLUMN, ILLEGAL_TYPE_OF_ARGUMENT};
use types::{Column, Error, Result, Type};

/// How texts are compared and places counted.
#[derive(Clone, Copy)]
struct How {
    any_case: bool,
    utf8: bool,
}

const PLAIN: How = How { any_case: false, utf8: false };
const CASE: How = How { any_case: true, utf8: false };
const UTF8: How = How { any_case: false, utf8: true };
const CASE_UTF8: How = How { any_case: true, utf8: true };

macro_rules! multi { ($($name:literal, $kind:ident, $what:literal);* $(;)?) => { &[$(
    f($name, concat!($name, "(s, needles)"), $what, &[], |b| multi(b, Multi::$kind, PLAIN)),
    f(concat!($name, "CaseInsensitive"), concat!($name, "CaseInsensitive(s, needles)"), concat!($what, " ASCII case is ignored."), &[], |b| multi(b, Multi::$kind, CASE)),
    f(concat!($name, "UTF8"), concat!($name, "UTF8(s, needles)"), concat!($what, " Counted in characters."), &[], |b| multi(b, Multi::$kind, UTF8)),
    f(concat!($name, "CaseInsensitiveUTF8"), concat!($name, "CaseInsensitiveUTF8(s, needles)"), concat!($what, " Case is ignored; counted in characters."), &[], |b| multi(b, Multi::$kind, CASE_UTF8)),
)*] } }

pub const MULTI: &[FunctionDef] = multi! {
    "multiSearchAny", Any, "1 if any of the texts occurs.";
    "multiSearchFirstIndex", Index, "Number of the first text of the list that occurs, 0 if none.";
    "multiSearchFirstPosition", First, "The smallest place of any of the texts (1 = first), 0 if none occurs.";
    "multiSearchAllPositions", All, "The place of each text (1 = first), 0 where it does not occur.";
};

pub const DEFS: &[FunctionDef] = &[
    f("position", "position(s, needle[, start])", "Place of a text (1 = first byte), 0 if it does not occur.", &[("position('Hello', 'l')", "3")], |b| position(b, PLAIN, false)).ci(),
    f("positionCaseInsensitive", "positionCaseInsensitive(s, needle[, start])", "As position, ASCII case ignored.", &[("positionCaseInsensitive('Hello', 'L')", "3")], |b| position(b, CASE, false)).alias_ci(&["instr"]),
    f("positionUTF8", "positionUTF8(s, needle[, start])", "Place of a text in characters.", &[("positionUTF8('Привет', 'в')", "4")], |b| position(b, UTF8, false)),
    f("positionCaseInsensitiveUTF8", "positionCaseInsensitiveUTF8(s, needle[, start])", "Place of a text in characters, case ignored.", &[("positionCaseInsensitiveUTF8('Привет', 'ВЕТ')", "4")], |b| position(b, CASE_UTF8, false)),
    f("locate", "locate(needle, s[, start])", "As position with the needle first.", &[("locate('l', 'Hello')", "3")], |b| position(b, PLAIN, b.session.flag("function_locate_has_mysql_compatible_argument_order", true))).ci(),
    f("countSubstrings", "countSubstrings(s, needle[, start])", "How often a text occurs, without overlaps.", &[("countSubstrings('banana', 'an')", "2")], |b| count(b, PLAIN)).ci(),
    f("countSubstringsCaseInsensitive", "countSubstringsCaseInsensitive(s, needle[, start])", "How often a text occurs, ASCII case ignored.", &[("countSubstringsCaseInsensitive('BaNaNa', 'na')", "2")], |b| count(b, CASE)),
    f("countSubstringsCaseInsensitiveUTF8", "countSubstringsCaseInsensitiveUTF8(s, needle[, start])", "How often a text occurs, case ignored.", &[("countSubstringsCaseInsensitiveUTF8('Ёёж', 'ё')", "2")], |b| count(b, CASE_UTF8)),
    f("hasToken", "hasToken(s, token)", "1 if a word (between characters that are no ASCII letters or digits) occurs.", &[("hasToken('hello big world', 'big')", "1")], |b| token(b, false, false)),
    f("hasTokenCaseInsensitive", "hasTokenCaseInsensitive(s, token)", "As hasToken, ASCII case ignored.", &[("hasTokenCaseInsensitive('Hello BIG', 'big')", "1")], |b| token(b, true, false)),
    f("hasTokenOrNull", "hasTokenOrNull(s, token)", "As hasToken, NULL for a token that is no word.", &[("hasTokenOrNull('a b', 'b c')", "NULL")], |b| token(b, false, true)),
    f("hasTokenCaseInsensitiveOrNull", "hasTokenCaseInsensitiveOrNull(s, token)", "As hasTokenCaseInsensitive, NULL for a token that is no word.", &[("hasTokenCaseInsensitiveOrNull('A', 'a')", "1")], |b| token(b, true, true)),
    f("hasPhrase", "hasPhrase(s, phrase)", "1 if the words of the phrase stand one after another.", &[("hasPhrase('the quick brown fox', 'quick brown')", "1")], |b| two_to_bool(b, phrase)),
    f("hasSubsequence", "hasSubsequence(s, needle)", "1 if the bytes of the needle occur in this order.", &[("hasSubsequence('garbage', 'arg')", "1")], |b| two_to_bool(b, subsequence)),
    f("hasSubsequenceCaseInsensitive", "hasSubsequenceCaseInsensitive(s, needle)", "As hasSubsequence, ASCII case ignored.", &[("hasSubsequenceCaseInsensitive('GARbage', 'ARG')", "1")], |b| two_to_bool(b, |s, n| subsequence(&s.to_ascii_lowercase(), &n.to_ascii_lowercase()))),
    f("hasSubsequenceUTF8", "hasSubsequenceUTF8(s, needle)", "1 if the characters of the needle occur in this order.", &[("hasSubsequenceUTF8('Привет', 'Пвт')", "1")], |b| two_to_bool(b, subsequence_chars)),
    f("hasSubsequenceCaseInsensitiveUTF8", "hasSubsequenceCaseInsensitiveUTF8(s, needle)", "As hasSubsequenceUTF8, case ignored.", &[("hasSubsequenceCaseInsensitiveUTF8('ПРИВЕТ', 'првт')", "1")], |b| two_to_bool(b, |s, n| subsequence_chars(&fold(s, CASE_UTF8), &fold(n, CASE_UTF8)))),
    f("compareSubstrings", "compareSubstrings(a, b, offset_a, offset_b, length)", "-1, 0 or 1: the order of parts of two strings (offsets from 0).", &[("compareSubstrings('Saxony', 'Anglo-Saxon', 0, 6, 5)", "0")], compare_parts),
];

fn fold(s: &[u8], how: How) -> Cow<'_, [u8]> {
    if !how.any_case {
        return Cow::Borrowed(s);
    }
    let mut out = Vec::with_capacity(s.len());
    if how.utf8 {
        lower_utf8(s, &mut out);
    } else {
        out.extend(s.iter().map(u8::to_ascii_lowercase));
    }
    Cow::Owned(out)
}

/// 1-based place in bytes or characters.
fn place(s: &[u8], byte: usize, how: How) -> u64 {
    (if how.utf8 { count_chars(&s[..byte]) } else { byte }) as u64 + 1
}

fn position(b: &Bind<'_>, how: How, swapped: bool) -> Result<Bound> {
    b.arity(2, 3)?;
    let (h, n) = if swapped { (1, 0) } else { (0, 1) };
    let hay_text = b.ty(h).is_string() || matches!(b.ty(h), Type::Enum8(_) | Type::Enum16(_));
    if !hay_text {
        return Err(b.illegal(h, "String, FixedString or Enum"));
    }
    b.string(n)?;
    let has_start = b.len() == 3;
    if has_start && !matches!(b.ty(2).int_bits(), Some((_, false))) && !b.ty(2).is_integer() {
        return Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, format!("Illegal type {} of argument 3 of function {}: expected an unsigned integer", b.ty(2), b.name)));
    }
    let hay_type = b.ty(h).clone();
    let constant = b.constant(n).and_then(|c| c.bytes_at(0)).map(|x| Finder::new(fold(x, how).as_ref()).into_owned());
    bound(Type::UInt64, move |c| {
        let hay = if hay_type.is_string() { c.col(h).clone() } else { crate::cast::cast(c.col(h), &hay_type, &Type::String, crate::cast::CastMode::Sql, c.session)? };
        let (s, needle) = (strs(&hay), strs(c.col(n)));
        let start = has_start.then(|| i64s(c.col(2)));
        Ok(u64_col(
            (0..c.rows)
                .map(|i| {
                    let text = fold(s.at(i), how);
                    let want = needle.at(i);
                    let from = start.as_ref().map_or(0, |v| v.at(i).saturating_sub(1).max(0) as usize);
                    let units = if how.utf8 { count_chars(&text) } else { text.len() };
                    if want.is_empty() {
                        return if start.is_none() { 1 } else if from <= units { from as u64 + 1 } else { 0 };
                    }
                    if from > units {
                        return 0;
                    }
                    let skip = if how.utf8 { char_position(&text, from) } else { from };
                    let hit = match &constant {
                        Some(f) => f.find(&text[skip..]),
                        None => memchr::memmem::find(&text[skip..], &fold(want, how)),
                    };
                    hit.map_or(0, |p| place(&text, skip + p, how))
                })
                .collect(),
        ))
    })
}

fn count(b: &Bind<'_>, how: How) -> Result<Bound> {
    b.arity(2, 3)?;
    b.string(0)?;
    b.string(1)?;
    let has_start = b.len() == 3;
    if has_start {
        b.integer(2)?;
    }
    bound(Type::UInt64, move |c| {
        let (s, n) = (strs(c.col(0)), strs(c.col(1)));
        let start = has_start.then(|| i64s(c.col(2)));
        let constant = n.as_const().map(|x| fold(x, how).into_owned());
        let finder = constant.as_ref().map(Finder::new);
        Ok(u64_col(
            (0..c.rows)
                .map(|i| {
                    let text = fold(s.at(i), how);
                    let skip = start.as_ref().map_or(0, |v| v.at(i).saturating_sub(1).max(0) as usize);
                    let skip = if how.utf8 { char_position(&text, skip) } else { skip.min(text.len()) };
                    if n.at(i).is_empty() {
                        return 0;
                    }
                    match &finder {
                        Some(f) => f.find_iter(&text[skip..]).count() as u64,
                        None => memchr::memmem::find_iter(&text[skip..], &*fold(n.at(i), how)).count() as u64,
                    }
                })
                .collect(),
        ))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Multi {
    Any,
    Index,
    First,
    All,
}

fn multi(b: &Bind<'_>, kind: Multi, how: How) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    if !b.array(1)?.base().is_string() {
        return Err(b.illegal(1, "Array(String)"));
    }
    let ty = match kind {
        Multi::Any => Type::UInt8,
        Multi::All => Type::array(Type::UInt64),
        _ => Type::UInt64,
    };
    bound(ty, move |c| {
        let s = strs(c.col(0));
        let list = arrays(c.col(1))?;
        let needles = strs(list.values);
        let constant = c.col(1).is_const();
        if !constant && c.col(0).is_const() {
            return Err(Error::new(
                ILLEGAL_COLUMN,
                "Needles that differ by row cannot be sought in a constant text: make it a column with materialize()",
            ));
        }
        let prepared: Vec<Finder<'static>> = if constant { list.at(0).map(|k| Finder::new(fold(needles.at(k), how).as_ref()).into_owned()).collect() } else { Vec::new() };
        let mut offsets = vec![0u32];
        let mut out: Vec<u64> = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let text = fold(s.at(i), how);
            let own: Vec<Finder<'static>> = if constant { Vec::new() } else { list.at(i).map(|k| Finder::new(fold(needles.at(k), how).as_ref()).into_owned()).collect() };
            let finders = if constant { &prepared } else { &own };
            let mut hits = finders.iter().map(|f| f.find(&text));
            match kind {
                Multi::Any => out.push(u64::from(hits.any(|h| h.is_some()))),
                Multi::Index => out.push(hits.position(|h| h.is_some()).map_or(0, |k| k as u64 + 1)),
                Multi::First => out.push(hits.flatten().min().map_or(0, |p| place(&text, p, how))),
                Multi::All => {
                    out.extend(hits.map(|h| h.map_or(0, |p| place(&text, p, how))));
                    offsets.push(out.len() as u32);
                }
            }
        }
        Ok(match kind {
            Multi::Any => bools(c.rows, |i| out[i] != 0),
            Multi::All => array_column(offsets, u64_col(out)),
            _ => u64_col(out),
        })
    })
}

fn token(b: &Bind<'_>, any_case: bool, or_null: bool) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    let needle = b.const_bytes(1)?.to_vec();
    let valid = needle.iter().all(|x| is_token(*x));
    if !valid {
        if or_null {
            return bound(Type::nullable(Type::UInt8), |c| Ok(Column::null_of(&Type::UInt8, c.rows)));
        }
        return Err(Error::new(BAD_ARGUMENTS, format!("Needle of function {} must not contain whitespace or separator characters", b.name)));
    }
    let ty = if or_null { Type::nullable(Type::UInt8) } else { Type::UInt8 };
    let finder = Finder::new(&needle).into_owned();
    bound(ty, move |c| {
        let s = strs(c.col(0));
        Ok(bools(c.rows, |i| {
            let text = s.at(i);
            if needle.is_empty() {
                return false;
            }
            if any_case {
                return words(text).any(|w| w.eq_ignore_ascii_case(&needle));
            }
            finder.find_iter(text).any(|p| {
                let end = p + needle.len();
                (p == 0 || !is_token(text[p - 1])) && (end == text.len() || !is_token(text[end]))
            })
        }))
    })
}

fn phrase(s: &[u8], phrase: &[u8]) -> bool {
    let text: Vec<&[u8]> = words(s).collect();
    let want: Vec<&[u8]> = words(phrase).collect();
    !want.is_empty() && text.windows(want.len()).any(|w| w == want.as_slice())
}

fn subsequence(s: &[u8], n: &[u8]) -> bool {
    let mut rest = s.iter();
    n.iter().all(|x| rest.any(|y| y == x))
}

fn subsequence_chars(s: &[u8], n: &[u8]) -> bool {
    let mut rest = super::split::chars(s);
    super::split::chars(n).all(|x| rest.any(|y| y == x))
}

fn compare_parts(b: &Bind<'_>) -> Result<Bound> {
    b.arity(5, 5)?;
    b.string(0)?;
    b.string(1)?;
    for i in 2..5 {
        b.integer(i)?;
    }
    bound(Type::Int8, |c| {
        let (x, y) = (strs(c.col(0)), strs(c.col(1)));
        let (ox, oy, l) = (i64s(c.col(2)), i64s(c.col(3)), i64s(c.col(4)));
        let part = |s: &[u8], o: i64, n: i64| {
            let start = (o.max(0) as usize).min(s.len());
            let end = start.saturating_add(n.max(0) as usize).min(s.len());
            s[start..end].to_vec()
        };
        Ok(crate::args::i8_col((0..c.rows).map(|i| part(x.at(i), ox.at(i), l.at(i)).cmp(&part(y.at(i), oy.at(i), l.at(i))) as i8).collect()))
    })
}
