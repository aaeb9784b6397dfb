//! Strings to arrays of parts and back.

use super::TextArrays;
use super::tokens::gram_size;
use crate::args::{arrays, map_str, strs};
use crate::bind::{Bind, Bound, bound};
use crate::cast::{CastMode, cast};
use crate::def::{FunctionDef, f};
use types::codes::BAD_ARGUMENTS;
use types::{Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("splitByChar", "splitByChar(separator, s[, limit])", "The parts between a byte.", &[("splitByChar(',', 'a,b')", "['a','b']")], |b| by_text(b, true)),
    f("splitByString", "splitByString(separator, s[, limit])", "The parts between a text; single characters for ''.", &[("splitByString(', ', 'a, b')", "['a','b']")], |b| by_text(b, false)),
    f("splitByWhitespace", "splitByWhitespace(s[, limit])", "The words between white space.", &[("splitByWhitespace(' a  b ')", "['a','b']")], |b| by_class(b, |x| x.is_ascii_whitespace() || x == 11)),
    f("splitByNonAlpha", "splitByNonAlpha(s[, limit])", "The words between white space and punctuation.", &[("splitByNonAlpha('a-b c')", "['a','b','c']")], |b| by_class(b, |x| x.is_ascii_whitespace() || x.is_ascii_punctuation())),
    f("alphaTokens", "alphaTokens(s[, limit])", "The runs of ASCII letters.", &[("alphaTokens('abc1de')", "['abc','de']")], |b| by_class(b, |x| !x.is_ascii_alphabetic())).alias(&["splitByAlpha"]),
    f("arrayStringConcat", "arrayStringConcat(array[, separator])", "The elements as text, with a separator between; NULLs are left out.", &[("arrayStringConcat(['a', 'b'], '-')", "a-b")], join).alias_ci(&["array_to_string"]),
    f("ngrams", "ngrams(s, n)", "All runs of n characters.", &[("ngrams('hello', 3)", "['hel','ell','llo']")], |b| { b.arity(2, 2)?; let n = size(b, 1)?; grams(b, n) }),
];

/// How many parts are wanted and what happens to the rest.
pub struct Limit {
    max: usize,
    with_rest: bool,
}

impl Limit {
    pub fn bind(b: &Bind<'_>, i: usize) -> Result<Limit> {
        let max = if b.len() > i { b.const_int(i)? } else { 0 };
        Ok(Limit { max: if max <= 0 { usize::MAX } else { max as usize }, with_rest: b.session.flag("splitby_max_substrings_includes_remaining_string", false) })
    }
    pub fn push(&self, pieces: &[&[u8]], text: &[u8], out: &mut TextArrays) {
        if pieces.len() <= self.max {
            pieces.iter().for_each(|p| out.push(p));
            return;
        }
        if self.with_rest {
            pieces[..self.max - 1].iter().for_each(|p| out.push(p));
            let start = pieces[self.max - 1].as_ptr() as usize - text.as_ptr() as usize;
            out.push(&text[start..]);
        } else {
            pieces[..self.max].iter().for_each(|p| out.push(p));
        }
    }
}

pub fn chars(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= text.len() {
            return None;
        }
        let end = at + 1 + text[at + 1..].iter().take_while(|b| super::is_continuation(**b)).count();
        let piece = &text[at..end];
        at = end;
        Some(piece)
    })
}

fn by_text(b: &Bind<'_>, one: bool) -> Result<Bound> {
    b.arity(2, 3)?;
    b.string(0)?;
    b.string(1)?;
    let separator = b.const_bytes(0)?.to_vec();
    if one && separator.len() != 1 {
        return Err(Error::new(BAD_ARGUMENTS, "Separator of function splitByChar must be one byte"));
    }
    let limit = Limit::bind(b, 2)?;
    bound(Type::array(Type::String), move |c| {
        let s = strs(c.col(1));
        let finder = memchr::memmem::Finder::new(&separator);
        let mut out = TextArrays::new(c.rows);
        let mut pieces: Vec<&[u8]> = Vec::new();
        for i in 0..c.rows {
            let text = s.at(i);
            pieces.clear();
            if separator.is_empty() {
                pieces.extend(chars(text));
            } else {
                let mut from = 0;
                for p in finder.find_iter(text) {
                    pieces.push(&text[from..p]);
                    from = p + separator.len();
                }
                pieces.push(&text[from..]);
            }
            limit.push(&pieces, text, &mut out);
            out.end_row()?;
        }
        Ok(out.finish())
    })
}

fn by_class(b: &Bind<'_>, separates: fn(u8) -> bool) -> Result<Bound> {
    b.arity(1, 2)?;
    b.string(0)?;
    let limit = Limit::bind(b, 1)?;
    bound(Type::array(Type::String), move |c| {
        let s = strs(c.col(0));
        let mut out = TextArrays::new(c.rows);
        for i in 0..c.rows {
            let text = s.at(i);
            let pieces: Vec<&[u8]> = text.split(|x| separates(*x)).filter(|p| !p.is_empty()).collect();
            limit.push(&pieces, text, &mut out);
            out.end_row()?;
        }
        Ok(out.finish())
    })
}

fn join(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    let element = b.array(0)?.clone();
    let text = if element.is_nullable() { Type::nullable(Type::String) } else { Type::String };
    if b.len() == 2 {
        b.string(1)?;
    }
    let separator = if b.len() == 2 { b.const_bytes(1)?.to_vec() } else { Vec::new() };
    bound(Type::String, move |c| {
        let flat = c.col(0).flat();
        let a = arrays(&flat)?;
        let values = if element.base().is_string() { a.values.clone() } else { cast(a.values, &element, &text, CastMode::Function, c.session)?.flat() };
        let s = strs(&values);
        map_str(c.rows, "arrayStringConcat", |i, out| {
            let mut first = true;
            for k in a.at(i) {
                if values.is_null(k) {
                    continue;
                }
                if !first {
                    out.extend_from_slice(&separator);
                }
                first = false;
                out.extend_from_slice(s.at(k));
            }
            Ok(())
        })
    })
}

fn size(b: &Bind<'_>, i: usize) -> Result<usize> {
    gram_size(b.const_int(i)?)
}

fn grams(b: &Bind<'_>, n: usize) -> Result<Bound> {
    b.string(0)?;
    bound(Type::array(Type::String), move |c| {
        let s = strs(c.col(0));
        let mut out = TextArrays::new(c.rows);
        for i in 0..c.rows {
            super::tokens::grams(s.at(i), n, |g| out.push(g));
            out.end_row()?;
        }
        Ok(out.finish())
    })
}

