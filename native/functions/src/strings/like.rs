//! LIKE, ILIKE and their negations. A constant pattern is taken apart once: fixed texts between `%`
//! are searched with memmem, all else becomes a regular expression.

use crate::args::{Strs, strs, u8_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use memchr::memmem::Finder;
use regex::bytes::Regex;
use std::borrow::Cow;
use std::collections::HashMap;
use types::codes::{CANNOT_COMPILE_REGEXP, CANNOT_PARSE_ESCAPE_SEQUENCE};
use types::{Column, Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("like", "like(s, pattern[, escape])", "1 if the string matches: % stands for any run, _ for one character; \\ escapes, or the character given.", &[("'abc' LIKE 'a%'", "1")], |b| bind(b, false, false)).total(),
    f("notLike", "notLike(s, pattern)", "1 if the string does not match.", &[("'abc' NOT LIKE '%c'", "0")], |b| bind(b, false, true)).total(),
    f("ilike", "ilike(s, pattern)", "As like, case ignored.", &[("'ABC' ILIKE 'a%'", "1")], |b| bind(b, true, false)).total(),
    f("notILike", "notILike(s, pattern)", "1 if the string does not match, case ignored.", &[("'abc' NOT ILIKE 'ABC'", "0")], |b| bind(b, true, true)).total(),
];

enum Piece {
    Text(Vec<u8>),
    One,
    Any,
}

fn pieces(pattern: &[u8]) -> Result<Vec<Piece>> {
    let mut out: Vec<Piece> = Vec::new();
    let mut text = Vec::new();
    let mut i = 0;
    while i < pattern.len() {
        match pattern[i] {
            b'%' | b'_' => {
                if !text.is_empty() {
                    out.push(Piece::Text(std::mem::take(&mut text)));
                }
                if pattern[i] == b'_' {
                    out.push(Piece::One);
                } else if !matches!(out.last(), Some(Piece::Any)) {
                    out.push(Piece::Any);
                }
            }
            b'\\' => {
                i += 1;
                match pattern.get(i) {
                    None => return Err(Error::new(CANNOT_PARSE_ESCAPE_SEQUENCE, "Invalid escape sequence at the end of a LIKE pattern: write \\\\ for a backslash")),
                    Some(x @ (b'%' | b'_' | b'\\')) => text.push(*x),
                    Some(x) => text.extend_from_slice(&[b'\\', *x]),
                }
            }
            x => text.push(x),
        }
        i += 1;
    }
    if !text.is_empty() {
        out.push(Piece::Text(text));
    }
    Ok(out)
}

/// A prepared pattern.
pub enum Matcher {
    /// everything matches
    All,
    Contains(Finder<'static>),
    /// starts, middle texts in order, ends; `exact` = no `%` at all
    Parts { prefix: Vec<u8>, middle: Vec<Finder<'static>>, suffix: Vec<u8>, exact: bool },
    Regex(Regex),
}

impl Matcher {
    pub fn new(pattern: &[u8], any_case: bool) -> Result<Matcher> {
        let pieces = pieces(pattern)?;
        let plain = !any_case && !pieces.iter().any(|p| matches!(p, Piece::One));
        if plain {
            if let [Piece::Any] = pieces.as_slice() {
                return Ok(Matcher::All);
            }
            if let [Piece::Any, Piece::Text(t), Piece::Any] = pieces.as_slice() {
                return Ok(Matcher::Contains(Finder::new(t).into_owned()));
            }
            let n = pieces.len();
            let (mut prefix, mut suffix, mut middle) = (Vec::new(), Vec::new(), Vec::new());
            let exact = !pieces.iter().any(|p| matches!(p, Piece::Any));
            for (k, p) in pieces.into_iter().enumerate() {
                if let Piece::Text(t) = p {
                    if k == 0 {
                        prefix = t;
                    } else if k + 1 == n {
                        suffix = t;
                    } else {
                        middle.push(Finder::new(&t).into_owned());
                    }
                }
            }
            return Ok(Matcher::Parts { prefix, middle, suffix, exact });
        }
        let mut re = String::from(if any_case { "(?is)\\A" } else { "(?s)\\A" });
        for p in &pieces {
            match p {
                Piece::Any => re.push_str("(?s-u:.*)"),
                Piece::One => re.push('.'),
                Piece::Text(t) => match std::str::from_utf8(t) {
                    Ok(s) => re.push_str(&regex::escape(s)),
                    Err(_) => {
                        for x in t {
                            re.push_str(&format!("(?-u:\\x{x:02x})"));
                        }
                    }
                },
            }
        }
        re.push_str("\\z");
        Regex::new(&re).map(Matcher::Regex).map_err(|e| Error::new(CANNOT_COMPILE_REGEXP, format!("Cannot compile the LIKE pattern: {e}")))
    }

    pub fn matches(&self, s: &[u8]) -> bool {
        match self {
            Matcher::All => true,
            Matcher::Contains(f) => f.find(s).is_some(),
            Matcher::Parts { prefix, suffix, middle, exact } => {
                if *exact {
                    return s == prefix.as_slice();
                }
                if s.len() < prefix.len() + suffix.len() || !s.starts_with(prefix) || !s.ends_with(suffix) {
                    return false;
                }
                let mut rest = &s[prefix.len()..s.len() - suffix.len()];
                for f in middle {
                    match f.find(rest) {
                        Some(p) => rest = &rest[p + f.needle().len()..],
                        None => return false,
                    }
                }
                true
            }
            Matcher::Regex(re) => re.is_match(s),
        }
    }
}

fn bind(b: &Bind<'_>, any_case: bool, negate: bool) -> Result<Bound> {
    b.arity(2, 3)?;
    b.string(0)?;
    b.string(1)?;
    let escape = escape_of(b)?;
    if let Some(pattern) = b.constant(1) {
        let m = Matcher::new(&with_backslashes(pattern.bytes_at(0).unwrap_or_default(), escape)?, any_case)?;
        return bound(Type::UInt8, move |c| Ok(run(&m, c.col(0), c.rows, negate)));
    }
    bound(Type::UInt8, move |c| {
        let (s, p) = (strs(c.col(0)), strs(c.col(1)));
        let mut known: HashMap<&[u8], Matcher> = HashMap::new();
        let mut out = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let pattern = p.at(i);
            if !known.contains_key(pattern) {
                if known.len() > 1000 {
                    known.clear();
                }
                known.insert(pattern, Matcher::new(&with_backslashes(pattern, escape)?, any_case)?);
            }
            out.push(u8::from(known.get(pattern).is_some_and(|m| m.matches(s.at(i))) != negate));
        }
        Ok(u8_col(out))
    })
}

/// The third argument, if it is there.
fn escape_of(b: &Bind<'_>) -> Result<Option<u8>> {
    if b.len() < 3 {
        return Ok(None);
    }
    match b.const_bytes(2)? {
        [c] if c.is_ascii() => Ok(Some(*c)),
        other => Err(Error::bad_arguments(format!("The ESCAPE argument of function {} must be a single ASCII character, got '{}'", b.name, String::from_utf8_lossy(other)))),
    }
}

/// A pattern with an escape character of its own, written with backslashes.
fn with_backslashes(pattern: &[u8], escape: Option<u8>) -> Result<Cow<'_, [u8]>> {
    let Some(escape) = escape.filter(|c| *c != b'\\') else { return Ok(Cow::Borrowed(pattern)) };
    let mut out = Vec::with_capacity(pattern.len() + 8);
    let mut rest = pattern.iter().copied();
    while let Some(x) = rest.next() {
        if x != escape {
            out.extend_from_slice(if x == b'\\' { b"\\\\" } else { std::slice::from_ref(&x) });
            continue;
        }
        match rest.next() {
            Some(y @ (b'%' | b'_')) => out.extend_from_slice(&[b'\\', y]),
            Some(y) if y == escape => out.push(y),
            _ => {
                let text = String::from_utf8_lossy(pattern);
                let c = char::from(escape);
                return Err(Error::new(CANNOT_PARSE_ESCAPE_SEQUENCE, format!("Invalid escape sequence in LIKE pattern '{text}': the escape character {c} must be followed by '%', '_', or itself")));
            }
        }
    }
    Ok(Cow::Owned(out))
}

fn run(m: &Matcher, col: &Column, rows: usize, negate: bool) -> Column {
    if let Data::Str(s) = &col.data {
        match m {
            Matcher::Contains(finder) => return u8_col(contains(finder, &s.offsets, &s.bytes, negate)),
            // only rows that have one of the texts are looked at
            Matcher::Parts { middle, .. } if !middle.is_empty() => {
                let longest = middle.iter().max_by_key(|f| f.needle().len()).unwrap_or(&middle[0]);
                let whole = |row: &[u8]| m.matches(row);
                return u8_col(rows_with(longest, whole, &s.offsets, &s.bytes, negate));
            }
            _ => {}
        }
    }
    let s: Strs<'_> = strs(col);
    u8_col((0..rows).map(|i| u8::from(m.matches(s.at(i)) != negate)).collect())
}

/// Searches all rows as one text; a hit that crosses rows does not count.
pub fn contains(finder: &Finder<'_>, offsets: &[u32], bytes: &[u8], negate: bool) -> Vec<u8> {
    rows_with(finder, |_| true, offsets, bytes, negate)
}

/// The same; `also` has to hold for a row with a hit.
fn rows_with(finder: &Finder<'_>, also: impl Fn(&[u8]) -> bool, offsets: &[u32], bytes: &[u8], negate: bool) -> Vec<u8> {
    let rows = offsets.len() - 1;
    let mut out = vec![u8::from(negate); rows];
    let n = finder.needle().len();
    let end = offsets[rows] as usize;
    let (mut at, mut row) = (offsets[0] as usize, 0);
    while at < end {
        let Some(hit) = finder.find(&bytes[at..end]) else { break };
        let hit = at + hit;
        while offsets[row + 1] as usize <= hit {
            row += 1;
        }
        if hit + n <= offsets[row + 1] as usize {
            if also(&bytes[offsets[row] as usize..offsets[row + 1] as usize]) {
                out[row] = u8::from(!negate);
            }
            at = offsets[row + 1] as usize;
        } else {
            at = hit + 1;
        }
    }
    out
}
