//! Words of texts: the tokenizers, tokens(), and whether all or any of some words occur.

use super::TextArrays;
use crate::args::{Strs, arrays, bools, strs};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use types::codes::{BAD_ARGUMENTS, ILLEGAL_COLUMN};
use types::{Column, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("tokens", "tokens(s[, tokenizer[, …]])", "The words of a text ('splitByNonAlpha'), or its parts by 'ngrams', 'splitByString', 'array'.", &[("tokens('a,b c')", "['a','b','c']")], tokens),
    f("hasAnyTokens", "hasAnyTokens(s, tokens[, tokenizer])", "1 if any of the words occurs in a text or in one of an array of texts.", &[("hasAnyTokens('quick brown fox', ['fox', 'dog'])", "1")], |b| has(b, false)).alias(&["hasAnyToken"]),
    f("hasAllTokens", "hasAllTokens(s, tokens[, tokenizer])", "1 if all of the words occur in a text or in an array of texts.", &[("hasAllTokens('quick brown fox', ['fox', 'dog'])", "0")], |b| has(b, true)).alias(&["hasAllToken"]),
];

/// Letters and digits of ASCII, and all bytes of other characters.
pub fn is_token(x: u8) -> bool {
    x.is_ascii_alphanumeric() || x >= 0x80
}

/// Runs of bytes that are tokens.
pub fn words(s: &[u8]) -> impl Iterator<Item = &[u8]> {
    s.split(|x| !is_token(*x)).filter(|w| !w.is_empty())
}

/// Runs of n characters.
pub fn grams<'a>(text: &'a [u8], n: usize, mut found: impl FnMut(&'a [u8])) {
    let starts: Vec<usize> = (0..text.len()).filter(|k| !super::is_continuation(text[*k])).chain([text.len()]).collect();
    starts.windows(n + 1).for_each(|w| found(&text[w[0]..w[n]]));
}

/// The length of n-grams as a number.
pub fn gram_size(n: i64) -> Result<usize> {
    usize::try_from(n).ok().filter(|n| *n > 0).ok_or_else(|| Error::bad_arguments(format!("Size of ngrams must be positive, not {n}")))
}

/// How a text is taken apart.
enum Tokenizer {
    Words,
    Grams(usize),
    /// the text itself
    Whole,
    /// what stands between any of these
    Between(Vec<Vec<u8>>),
}

impl Tokenizer {
    /// The argument `i`: a name, with its own argument behind it or in parentheses: `ngrams(3)`.
    fn bind(b: &Bind<'_>, i: usize) -> Result<Tokenizer> {
        if b.len() <= i {
            return Ok(Tokenizer::Words);
        }
        let text = b.const_str(i)?;
        let (name, inner) = match text.split_once('(') {
            Some((name, rest)) => (name, rest.strip_suffix(')')),
            None => (text, None),
        };
        match name {
            "splitByNonAlpha" | "default" => Ok(Tokenizer::Words),
            "array" | "noop" => Ok(Tokenizer::Whole),
            "ngrams" => match inner.map(str::trim).filter(|n| !n.is_empty()) {
                Some(n) => {
                    let n = n.parse().map_err(|_| Error::bad_arguments(format!("Size of ngrams must be a number, not {n}")))?;
                    gram_size(n).map(Tokenizer::Grams)
                }
                None if b.len() > i + 1 => gram_size(b.const_int(i + 1)?).map(Tokenizer::Grams),
                None => Ok(Tokenizer::Grams(3)),
            },
            "splitByString" | "split" => {
                if let Some(list) = inner {
                    return Ok(Tokenizer::Between(quoted(list)));
                }
                if b.len() <= i + 1 {
                    return Ok(Tokenizer::Between(vec![b" ".to_vec()]));
                }
                let list = b.need_constant(i + 1)?.flat();
                let a = arrays(&list)?;
                Ok(Tokenizer::Between(a.at(0).filter_map(|k| a.values.bytes_at(k).map(<[u8]>::to_vec)).filter(|s| !s.is_empty()).collect()))
            }
            _ => Err(Error::new(BAD_ARGUMENTS, format!("Function {} knows no tokenizer '{name}': use splitByNonAlpha, splitByString, ngrams or array", b.name))),
        }
    }

    fn each<'a>(&self, s: &'a [u8], mut found: impl FnMut(&'a [u8])) {
        match self {
            Tokenizer::Words => words(s).for_each(found),
            Tokenizer::Grams(n) => grams(s, *n, found),
            Tokenizer::Whole => found(s),
            Tokenizer::Between(separators) => {
                let mut rest = s;
                loop {
                    let next = separators.iter().filter_map(|x| memchr::memmem::find(rest, x).map(|p| (p, x.len()))).min_by_key(|p| (p.0, usize::MAX - p.1));
                    let Some((p, n)) = next else { break };
                    if p > 0 {
                        found(&rest[..p]);
                    }
                    rest = &rest[p + n..];
                }
                if !rest.is_empty() {
                    found(rest);
                }
            }
        }
    }
}

/// The texts of `['a', 'b']`.
fn quoted(list: &str) -> Vec<Vec<u8>> {
    list.split('\'').skip(1).step_by(2).filter(|t| !t.is_empty()).map(|t| t.as_bytes().to_vec()).collect()
}

fn tokens(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 3)?;
    b.string(0)?;
    let tokenizer = Tokenizer::bind(b, 1)?;
    bound(Type::array(Type::String), move |c| {
        let s = strs(c.col(0));
        let mut out = TextArrays::new(c.rows);
        for i in 0..c.rows {
            tokenizer.each(s.at(i), |t| out.push(t));
            out.end_row()?;
        }
        Ok(out.finish())
    })
}

fn has(b: &Bind<'_>, all: bool) -> Result<Bound> {
    b.arity(2, 3)?;
    let in_array = match b.ty(0) {
        Type::Array(inner) if inner.base().is_string() => true,
        Type::Array(_) => return Err(b.illegal(0, "String, FixedString or an array of them")),
        _ => {
            b.string(0)?;
            false
        }
    };
    let from_text = b.ty(1).is_string();
    if !from_text && !matches!(b.ty(1), Type::Array(_)) {
        return Err(b.illegal(1, "a constant String or Array(String)"));
    }
    let Some(column) = b.constant(1).map(Column::flat) else {
        return Err(Error::new(ILLEGAL_COLUMN, format!("The tokens of function {} must be constant", b.name)));
    };
    let tokenizer = Tokenizer::bind(b, 2)?;
    let mut wanted: Vec<Vec<u8>> = Vec::new();
    if from_text {
        tokenizer.each(column.bytes_at(0).unwrap_or_default(), |t| wanted.push(t.to_vec()));
    } else {
        let a = arrays(&column)?;
        wanted.extend(a.at(0).filter_map(|k| a.values.bytes_at(k).map(<[u8]>::to_vec)));
    }
    let search = Search { tokenizer, wanted, all };
    bound(Type::UInt8, move |c| {
        let mut found = Vec::new();
        if !in_array {
            let s = strs(c.col(0));
            return Ok(bools(c.rows, |i| search.holds(&s, i..i + 1, &mut found)));
        }
        let a = arrays(c.col(0))?;
        let s = strs(a.values);
        Ok(bools(c.rows, |i| search.holds(&s, a.at(i), &mut found)))
    })
}

struct Search {
    tokenizer: Tokenizer,
    wanted: Vec<Vec<u8>>,
    all: bool,
}

impl Search {
    /// In some texts taken together, each of which is taken apart once. `found`: room for which of the words occur.
    fn holds(&self, texts: &Strs<'_>, rows: std::ops::Range<usize>, found: &mut Vec<bool>) -> bool {
        found.clear();
        found.resize(self.wanted.len(), false);
        for k in rows {
            self.tokenizer.each(texts.at(k), |t| {
                for (found, w) in found.iter_mut().zip(&self.wanted) {
                    *found |= t == w.as_slice();
                }
            });
        }
        !found.is_empty() && if self.all { found.iter().all(|f| *f) } else { found.contains(&true) }
    }
}
