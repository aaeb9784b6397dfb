//! Texts of queries: literals replaced so that queries of one shape are equal, their hashes, and names and
//! literals replaced so that a query can be shown.

use crate::args::{map_str, strs, u64_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use crate::hash::sip_of;
use types::{Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("normalizeQuery", "normalizeQuery(query)", "The query with literals, lists of them and odd names as ?.", &[("normalizeQuery('SELECT 1, 2 FROM t')", "SELECT ?.. FROM t")], |b| normalize(b, false)),
    f("normalizeQueryKeepNames", "normalizeQueryKeepNames(query)", "The query with literals and lists of them as ?.", &[("normalizeQueryKeepNames('SELECT 1 AS a2024')", "SELECT ? AS a2024")], |b| normalize(b, true)),
    f("normalizedQueryHash", "normalizedQueryHash(query)", "A hash that queries of one shape have in common.", &[("normalizedQueryHash('SELECT 1') = normalizedQueryHash('SELECT 2')", "1")], |b| hash(b, false)),
    f("normalizedQueryHashKeepNames", "normalizedQueryHashKeepNames(query)", "As normalizedQueryHash; names count.", &[("normalizedQueryHashKeepNames('SELECT 1') = normalizedQueryHashKeepNames('SELECT 2')", "1")], |b| hash(b, true)),
    f("obfuscateQuery", "obfuscateQuery(query[, tag])", "The query with names and literals replaced, its shape kept.", &[("obfuscateQuery('SELECT 1') != ''", "1")], |b| obfuscate(b, false)).random(),
    f("obfuscateQueryWithSeed", "obfuscateQueryWithSeed(query, seed)", "As obfuscateQuery, always the same for a seed.", &[("obfuscateQueryWithSeed('SELECT a', 1) = obfuscateQueryWithSeed('SELECT a', 1)", "1")], |b| obfuscate(b, true)),
];

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Space,
    Word,
    Quoted,
    Literal,
    Comma,
    Other,
}

/// The pieces of a query; everything is in one of them.
fn pieces(s: &[u8]) -> Vec<(Kind, &[u8])> {
    let mut out = Vec::new();
    let mut at = 0;
    let until = |at: usize, ok: &dyn Fn(u8) -> bool| at + s[at..].iter().take_while(|b| ok(**b)).count();
    while at < s.len() {
        let b = s[at];
        let (kind, end) = match b {
            _ if b.is_ascii_whitespace() => (Kind::Space, until(at, &|b| b.is_ascii_whitespace())),
            b'-' if s[at..].starts_with(b"--") => (Kind::Space, until(at, &|b| b != b'\n')),
            b'/' if s[at..].starts_with(b"/*") => (Kind::Space, memchr::memmem::find(&s[at + 2..], b"*/").map_or(s.len(), |p| at + p + 4)),
            b'\'' => (Kind::Literal, quoted(s, at)),
            b'`' => (Kind::Quoted, quoted(s, at)),
            b'"' => (Kind::Other, quoted(s, at)),
            b'0'..=b'9' => (Kind::Literal, number(s, at)),
            b'$' if heredoc(s, at).is_some() => (Kind::Literal, heredoc(s, at).unwrap_or(at + 1)),
            b'$' if s.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) => (Kind::Other, 1 + until(at + 1, &|b| b.is_ascii_alphanumeric() || b == b'_') - 1),
            _ if b == b'_' || b.is_ascii_alphabetic() || b >= 128 => (Kind::Word, until(at, &|b| b == b'_' || b.is_ascii_alphanumeric() || b >= 128)),
            b',' => (Kind::Comma, at + 1),
            _ => (Kind::Other, at + 1),
        };
        let end = end.clamp(at + 1, s.len());
        out.push((kind, &s[at..end]));
        at = end;
    }
    out
}

/// The end of a text as `$tag$…$tag$` that begins here.
fn heredoc(s: &[u8], at: usize) -> Option<usize> {
    let name = s[at + 1..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let tag = s.get(at..at + name + 2).filter(|tag| tag.ends_with(b"$"))?;
    let body = at + tag.len();
    memchr::memmem::find(&s[body..], tag).map(|p| body + p + tag.len())
}

fn quoted(s: &[u8], at: usize) -> usize {
    let quote = s[at];
    let mut k = at + 1;
    while k < s.len() {
        if s[k] == b'\\' {
            k += 2;
        } else if s[k] == quote {
            if s.get(k + 1) != Some(&quote) {
                return k + 1;
            }
            k += 2;
        } else {
            k += 1;
        }
    }
    s.len()
}

fn number(s: &[u8], at: usize) -> usize {
    let mut k = at;
    while k < s.len() {
        let sign = matches!(s[k], b'+' | b'-') && k > at && matches!(s[k - 1], b'e' | b'E') && !s[at..k].starts_with(b"0x");
        if s[k].is_ascii_alphanumeric() || s[k] == b'.' || s[k] == b'_' || sign {
            k += 1;
        } else {
            break;
        }
    }
    k
}

/// Names that a program made: long ones, ones with spaces, ones with several digits.
fn odd(name: &[u8]) -> bool {
    name.len() >= 36 || name.iter().filter(|b| b.is_ascii_digit()).count() > 2 || name.iter().any(u8::is_ascii_whitespace)
}

/// Hands out the normalised pieces; a list of literals is one `?` and then `..`.
fn walk(s: &[u8], keep: bool, mut put: impl FnMut(Kind, &[u8])) {
    let all = pieces(s);
    // how many literals ended, each but the first behind a comma and perhaps a sign
    let mut literals = 0;
    let mut comma = false;
    let mut space = false;
    let mut held: Vec<(Kind, &[u8])> = Vec::new();
    for (kind, text) in all {
        match kind {
            Kind::Space => space = true,
            Kind::Literal => {
                if literals > 0 && (comma || held.is_empty()) {
                    literals += 1;
                    if literals == 2 {
                        put(Kind::Comma, b"..");
                    }
                    held.clear();
                } else {
                    for (k, t) in held.drain(..) {
                        put(k, t);
                    }
                    if space {
                        put(Kind::Space, b" ");
                    }
                    put(Kind::Literal, b"?");
                    literals = 1;
                }
                comma = false;
                space = false;
            }
            Kind::Comma if literals > 0 && !comma => {
                if space {
                    held.push((Kind::Space, b" "));
                }
                held.push((kind, text));
                comma = true;
                space = false;
            }
            Kind::Other if comma && matches!(text, b"-" | b"+") => {
                if space {
                    held.push((Kind::Space, b" "));
                }
                held.push((kind, text));
                space = false;
            }
            _ => {
                for (k, t) in held.drain(..) {
                    put(k, t);
                }
                literals = 0;
                comma = false;
                if space {
                    put(Kind::Space, b" ");
                }
                space = false;
                let hidden = !keep && (kind == Kind::Word && odd(text) || kind == Kind::Quoted && odd(&text[1..text.len().max(2) - 1]));
                put(kind, if hidden { b"`?`" } else { text });
            }
        }
    }
    for (k, t) in held {
        put(k, t);
    }
    if space {
        put(Kind::Space, b" ");
    }
}

fn normalize(b: &Bind<'_>, keep: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::String, move |c| {
        let s = strs(c.col(0));
        map_str(c.rows, "normalizeQuery", |i, out| {
            walk(s.at(i).trim_ascii_start(), keep, |_, t| out.extend_from_slice(t));
            Ok(())
        })
    })
}

fn hash(b: &Bind<'_>, keep: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::UInt64, move |c| {
        let s = strs(c.col(0));
        let of = |i: usize| {
            let mut fed = Vec::new();
            walk(s.at(i), keep, |kind, t| match kind {
                Kind::Space => {}
                Kind::Literal => fed.push(0),
                Kind::Comma if t == b".." => fed.push(0),
                _ if t == b"`?`" => fed.push(1),
                _ => fed.extend_from_slice(t),
            });
            sip_of(&fed)
        };
        Ok(u64_col((0..c.rows).map(of).collect()))
    })
}

const KEPT: &[&str] = &[
    "select", "from", "where", "and", "or", "not", "in", "as", "on", "join", "left", "right", "inner", "full", "cross", "group", "by", "order", "having", "limit", "offset", "with", "union", "all", "distinct", "insert", "into", "values", "create", "table", "engine", "between", "like", "is", "null", "case", "when", "then", "else", "end", "interval", "asc", "desc", "settings", "format", "array", "using", "any", "prewhere", "final", "sample", "cast", "exists", "over", "partition", "rows", "range",
];

const WORDS: &[&str] = &["river", "stone", "cloud", "maple", "ember", "harbor", "meadow", "signal", "copper", "lantern", "orchid", "pebble", "summit", "timber", "velvet", "willow"];

fn obfuscate(b: &Bind<'_>, seeded: bool) -> Result<Bound> {
    b.arity(if seeded { 2 } else { 1 }, 2)?;
    b.string(0)?;
    let seed_type = (b.len() == 2).then(|| b.ty(1).clone());
    bound(Type::String, move |c| {
        let s = strs(c.col(0));
        let seeds = match &seed_type {
            Some(t) => {
                let text = crate::cast::cast(c.col(1), t, &Type::String, crate::cast::CastMode::Sql, c.session)?.flat();
                (0..c.rows).map(|i| sip_of(text.bytes_at(i).unwrap_or_default())).collect()
            }
            None => vec![crate::random::Random::new().next(); c.rows],
        };
        map_str(c.rows, "obfuscateQuery", |i, out| {
            for (kind, text) in pieces(s.at(i)) {
                let mut fed = seeds[i].to_le_bytes().to_vec();
                fed.extend_from_slice(text);
                let mut r = crate::random::Random::seeded(sip_of(&fed));
                match kind {
                    Kind::Word if !KEPT.iter().any(|k| text.eq_ignore_ascii_case(k.as_bytes())) && crate::find(&String::from_utf8_lossy(text)).is_err() => {
                        let word = WORDS[r.next() as usize % WORDS.len()];
                        out.extend_from_slice(format!("{word}_{}", r.next() % 1000).as_bytes());
                    }
                    Kind::Quoted => out.extend_from_slice(format!("`{}`", WORDS[r.next() as usize % WORDS.len()]).as_bytes()),
                    Kind::Literal => out.extend(text.iter().enumerate().map(|(k, b)| match b {
                        b'0'..=b'9' if k > 0 || text.len() == 1 => b'0' + (r.next() % 10) as u8,
                        b'1'..=b'9' => b'1' + (r.next() % 9) as u8,
                        b'a'..=b'z' if text[0] == b'\'' => b'a' + (r.next() % 26) as u8,
                        b'A'..=b'Z' if text[0] == b'\'' => b'A' + (r.next() % 26) as u8,
                        b => *b,
                    })),
                    _ => out.extend_from_slice(text),
                }
            }
            Ok(())
        })
    })
}
