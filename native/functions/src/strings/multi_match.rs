//! Several regular expressions at once, matched exactly or up to a number of edits.

use super::fuzzy::Machine;
use super::re2::compile;
use crate::args::{array_column, arrays, i64s, strs, u8_col, u64_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use regex::bytes::Regex;
use std::collections::HashMap;
use std::sync::Arc;
use types::codes::{FUNCTION_NOT_ALLOWED, ILLEGAL_COLUMN};
use types::{Column, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("multiMatchAny", "multiMatchAny(s, patterns)", "1 if any of the regular expressions matches.", &[("multiMatchAny('abc', ['x', 'b'])", "1")], |b| exact(b, Gives::Any)),
    f("multiMatchAnyIndex", "multiMatchAnyIndex(s, patterns)", "Number of a regular expression that matches, 0 if none.", &[("multiMatchAnyIndex('abc', ['x', 'b'])", "2")], |b| exact(b, Gives::Index)),
    f("multiMatchAllIndices", "multiMatchAllIndices(s, patterns)", "Numbers of all regular expressions that match.", &[("multiMatchAllIndices('abc', ['a', 'x', 'b'])", "[1,3]")], |b| exact(b, Gives::All)),
    f("multiFuzzyMatchAny", "multiFuzzyMatchAny(haystack, distance, patterns)", "1 if any pattern matches within a number of edits.", &[("multiFuzzyMatchAny('hello', 1, ['hallo'])", "1")], |b| fuzzy(b, Gives::Any)),
    f("multiFuzzyMatchAnyIndex", "multiFuzzyMatchAnyIndex(haystack, distance, patterns)", "Place of a pattern that matches within a number of edits, else 0.", &[("multiFuzzyMatchAnyIndex('hello', 1, ['zzzzz', 'hxllo'])", "2")], |b| fuzzy(b, Gives::Index)),
    f("multiFuzzyMatchAllIndices", "multiFuzzyMatchAllIndices(haystack, distance, patterns)", "Places of all patterns that match within a number of edits.", &[("multiFuzzyMatchAllIndices('hello', 2, ['hexxo', 'hello', 'qqqqq'])", "[1,2]")], |b| fuzzy(b, Gives::All)),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Gives {
    Any,
    Index,
    All,
}

enum Pattern {
    Exact(Regex),
    Edits(Machine),
}

impl Pattern {
    fn matches(&self, s: &[u8]) -> bool {
        match self {
            Pattern::Exact(re) => re.is_match(s),
            Pattern::Edits(m) => m.matches(s),
        }
    }
}

/// How patterns become automata, and how long they may be (0 = as they like).
#[derive(Clone, Copy)]
struct Compiler {
    length_max: u64,
    total_max: u64,
}

impl Compiler {
    /// Errors: `FUNCTION_NOT_ALLOWED` where the settings say so.
    fn new(b: &Bind<'_>) -> Result<Self> {
        if !b.session.flag("allow_hyperscan", true) {
            return Err(Error::new(FUNCTION_NOT_ALLOWED, format!("Function {} is disabled by the setting allow_hyperscan", b.name)));
        }
        let limit = |name| b.session.number(name, 0);
        Ok(Compiler { length_max: limit("max_hyperscan_regexp_length"), total_max: limit("max_hyperscan_regexp_total_length") })
    }

    fn all(self, patterns: &[&[u8]], edits: Option<usize>) -> Result<Vec<Pattern>> {
        let total: u64 = patterns.iter().map(|p| p.len() as u64).sum();
        let longest = patterns.iter().map(|p| p.len() as u64).max().unwrap_or(0);
        if self.length_max > 0 && longest > self.length_max || self.total_max > 0 && total > self.total_max {
            return Err(Error::bad_arguments("Regular expressions are longer than max_hyperscan_regexp_length or max_hyperscan_regexp_total_length allows"));
        }
        let one = |p: &&[u8]| match edits {
            None => compile(p, true, false).map(Pattern::Exact).map_err(|e| Error::bad_arguments(e.message())),
            Some(edits) => Machine::new(&String::from_utf8_lossy(p), edits).map(Pattern::Edits),
        };
        patterns.iter().map(one).collect()
    }
}

fn texts(b: &Bind<'_>, i: usize) -> Result<()> {
    match b.array(i)?.base() {
        Type::String | Type::FixedString(_) | Type::Nothing => Ok(()),
        _ => Err(b.illegal(i, "Array(String)")),
    }
}

fn exact(b: &Bind<'_>, gives: Gives) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    texts(b, 1)?;
    search(b, gives, 1, None)
}

fn fuzzy(b: &Bind<'_>, gives: Gives) -> Result<Bound> {
    const EDITS_MAX: u64 = 32;
    b.arity(3, 3)?;
    b.plain_string(0)?;
    b.unsigned(1)?;
    texts(b, 2)?;
    let edits = b.constant(1).map(|c| i64s(c).at(0) as u64).filter(|n| *n <= u64::from(u32::MAX));
    let edits = edits.ok_or_else(|| Error::new(ILLEGAL_COLUMN, format!("The distance of function {} must be a constant that fits UInt32", b.name)))?;
    if edits > EDITS_MAX {
        return Err(Error::bad_arguments(format!("The distance of function {} must not be larger than {EDITS_MAX}", b.name)));
    }
    search(b, gives, 2, Some(edits as usize))
}

fn search(b: &Bind<'_>, gives: Gives, at: usize, edits: Option<usize>) -> Result<Bound> {
    let compiler = Compiler::new(b)?;
    let constant = match b.constant(at) {
        Some(c) => {
            let list = c.flat();
            let a = arrays(&list)?;
            let patterns: Vec<&[u8]> = a.at(0).map(|k| a.values.bytes_at(k).unwrap_or_default()).collect();
            Some(Arc::new(compiler.all(&patterns, edits)?))
        }
        None => None,
    };
    let ty = match gives {
        Gives::Any => Type::UInt8,
        Gives::Index => Type::UInt64,
        Gives::All => Type::array(Type::UInt64),
    };
    bound(ty, move |c| match &constant {
        Some(patterns) => answer(gives, c.col(0), c.rows, |_| Ok(patterns.clone())),
        None => {
            let (a, mut known) = (arrays(c.col(at))?, HashMap::new());
            let values = strs(a.values);
            answer(gives, c.col(0), c.rows, |i| {
                let list: Vec<&[u8]> = a.at(i).map(|k| values.at(k)).collect();
                if let Some(patterns) = known.get(&list) {
                    return Ok(Arc::clone(patterns));
                }
                let patterns = Arc::new(compiler.all(&list, edits)?);
                if known.len() >= 256 {
                    known.clear();
                }
                known.insert(list, patterns.clone());
                Ok(patterns)
            })
        }
    })
}

fn answer(gives: Gives, haystack: &Column, rows: usize, mut patterns: impl FnMut(usize) -> Result<Arc<Vec<Pattern>>>) -> Result<Column> {
    let s = strs(haystack);
    let (mut offsets, mut out) = (vec![0u32], Vec::with_capacity(rows));
    for i in 0..rows {
        let patterns = patterns(i)?;
        let mut hits = patterns.iter().enumerate().filter(|(_, p)| p.matches(s.at(i))).map(|(k, _)| k as u64 + 1);
        match gives {
            Gives::All => out.extend(hits),
            _ => out.push(hits.next().unwrap_or(0)),
        }
        offsets.push(out.len() as u32);
    }
    Ok(match gives {
        Gives::Any => u8_col(out.into_iter().map(|k| u8::from(k > 0)).collect()),
        Gives::Index => u64_col(out),
        Gives::All => array_column(offsets, u64_col(out)),
    })
}
