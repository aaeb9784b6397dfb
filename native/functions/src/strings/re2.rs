//! RE2's syntax on the linear-time engine of the `regex` crate.
//!
//! RE2's `\d \w \s \b` are ASCII; the translation below says so. `.` matches line ends in match, extract*
//! and replaceRegexp*, as in ClickHouse.

use crate::args::strs;
use crate::bind::{Bind, Ctx};
use regex::bytes::{Regex, RegexBuilder};
use std::collections::HashMap;
use std::sync::Arc;
use types::codes::CANNOT_COMPILE_REGEXP;
use types::{Error, Result};

const PATTERN_BYTES_MAX: usize = 1 << 16;

/// RE2's classes in this engine's words.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut class = 0usize;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let Some(n) = chars.next() else {
                    out.push('\\');
                    break;
                };
                match (n, class > 0) {
                    ('d', false) => out.push_str("[0-9]"),
                    ('D', false) => out.push_str("[^0-9]"),
                    ('w', false) => out.push_str("[0-9A-Za-z_]"),
                    ('W', false) => out.push_str("[^0-9A-Za-z_]"),
                    ('s', false) => out.push_str("[\\t\\n\\x0C\\r ]"),
                    ('S', false) => out.push_str("[^\\t\\n\\x0C\\r ]"),
                    ('b', false) => out.push_str("(?-u:\\b)"),
                    ('B', false) => out.push_str("(?-u:\\B)"),
                    ('Z', false) => out.push_str("\\z"),
                    ('C', false) => out.push_str("(?s-u:.)"),
                    ('Q', false) => {
                        let mut quoted = String::new();
                        while let Some(q) = chars.next() {
                            if q == '\\' && chars.peek() == Some(&'E') {
                                chars.next();
                                break;
                            }
                            quoted.push(q);
                        }
                        out.push_str(&regex::escape(&quoted));
                    }
                    ('d', true) => out.push_str("0-9"),
                    ('w', true) => out.push_str("0-9A-Za-z_"),
                    ('s', true) => out.push_str("\\t\\n\\x0C\\r "),
                    ('D', true) => out.push_str("[^0-9]"),
                    ('W', true) => out.push_str("[^0-9A-Za-z_]"),
                    ('S', true) => out.push_str("[^\\t\\n\\x0C\\r ]"),
                    // Escaped punctuation that this engine would not take.
                    (n, _) if n.is_ascii_punctuation() => {
                        if regex_syntax_meta(n) {
                            out.push('\\');
                        }
                        out.push(n);
                    }
                    (n, _) => {
                        out.push('\\');
                        out.push(n);
                    }
                }
            }
            // An empty list of flags does nothing.
            '(' if class == 0 && chars.clone().take(2).eq(['?', ')']) => {
                chars.nth(1);
                out.push_str("(?:)");
            }
            '[' if class == 0 => {
                class = 1;
                out.push('[');
                if chars.peek() == Some(&'^') {
                    chars.next();
                    out.push('^');
                }
                if chars.peek() == Some(&']') {
                    chars.next();
                    out.push_str("\\]");
                }
            }
            '[' if chars.peek() == Some(&':') => {
                // [:alpha:] inside a class
                out.push('[');
                for x in chars.by_ref() {
                    out.push(x);
                    if x == ']' {
                        break;
                    }
                }
            }
            '[' => out.push_str("\\["),
            ']' if class > 0 => {
                class = 0;
                out.push(']');
            }
            '&' | '~' if class > 0 => {
                out.push('\\');
                out.push(c);
            }
            '-' if class > 0 && chars.peek() == Some(&'-') => out.push_str("\\-"),
            c => out.push(c),
        }
    }
    out
}

fn regex_syntax_meta(c: char) -> bool {
    matches!(c, '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' | '#' | '&' | '-' | '~')
}

/// Compiles a pattern. Errors: `CANNOT_COMPILE_REGEXP`.
pub fn compile(pattern: &[u8], dot_line: bool, any_case: bool) -> Result<Regex> {
    let fail = |why: &str| Error::new(CANNOT_COMPILE_REGEXP, format!("Cannot compile regular expression '{}': {why}", String::from_utf8_lossy(&pattern[..pattern.len().min(200)])));
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(fail("it is too long"));
    }
    let text = std::str::from_utf8(pattern).map_err(|_| fail("it is not valid UTF-8"))?;
    RegexBuilder::new(&translate(text))
        .dot_matches_new_line(dot_line)
        .case_insensitive(any_case)
        .size_limit(16 << 20)
        .build()
        .map_err(|e| fail(e.to_string().lines().last().unwrap_or_default()))
}

/// A constant pattern compiled once, or patterns by row.
pub enum Patterns {
    One(Arc<Regex>),
    Many { dot_line: bool, any_case: bool },
}

impl Patterns {
    pub fn bind(b: &Bind<'_>, i: usize, dot_line: bool, any_case: bool) -> Result<Patterns> {
        b.string(i)?;
        Ok(match b.constant(i) {
            Some(c) => Patterns::One(Arc::new(compile(c.bytes_at(0).unwrap_or_default(), dot_line, any_case)?)),
            None => Patterns::Many { dot_line, any_case },
        })
    }
    /// Calls `f` for each row with its regular expression.
    pub fn each(&self, c: &Ctx<'_>, at: usize, mut f: impl FnMut(usize, &Regex) -> Result<()>) -> Result<()> {
        match self {
            Patterns::One(re) => {
                for i in 0..c.rows {
                    f(i, re)?;
                }
            }
            Patterns::Many { dot_line, any_case } => {
                let p = strs(c.col(at));
                let mut known: HashMap<&[u8], Regex> = HashMap::new();
                for i in 0..c.rows {
                    let pattern = p.at(i);
                    if !known.contains_key(pattern) {
                        if known.len() >= 256 {
                            known.clear();
                        }
                        known.insert(pattern, compile(pattern, *dot_line, *any_case)?);
                    }
                    if let Some(re) = known.get(pattern) {
                        f(i, re)?;
                    }
                }
            }
        }
        Ok(())
    }
}
