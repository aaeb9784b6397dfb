//! RE2's syntax on the linear-time engine of the `regex` crate.
//!
//! RE2's `\d \w \s \b` are ASCII; the translation below says so.

use crate::codes::CANNOT_COMPILE_REGEXP;
use crate::{Error, Result};
use regex::bytes::{Regex, RegexBuilder};

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
    matches!(
        c,
        '\\' | '.'
            | '+'
            | '*'
            | '?'
            | '('
            | ')'
            | '|'
            | '['
            | ']'
            | '{'
            | '}'
            | '^'
            | '$'
            | '#'
            | '&'
            | '-'
            | '~'
    )
}

/// Compiles a pattern of at most 64 KiB into at most 16 MiB. `dot_line`: `.` also matches a line end.
/// Errors: `CANNOT_COMPILE_REGEXP`.
pub fn compile(pattern: &[u8], dot_line: bool, any_case: bool) -> Result<Regex> {
    let fail = |why: &str| {
        Error::new(
            CANNOT_COMPILE_REGEXP,
            format!(
                "Cannot compile regular expression '{}': {why}",
                String::from_utf8_lossy(&pattern[..pattern.len().min(200)])
            ),
        )
    };
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
