//! Functions of one regular expression: match, extract, replace, count, split.

use super::TextArrays;
use super::re2::{How, Patterns, compile};
use crate::args::{Nums, StrOut, array_column, i64s, map_str, strs, u8_col, u64_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use regex::bytes::Regex;
use types::codes::{BAD_ARGUMENTS, INDEX_OF_POSITIONAL_ARGUMENT_IS_OUT_OF_RANGE};
use types::{Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("match", "match(s, pattern)", "1 if a regular expression matches somewhere.", &[("match('abc', '^a.c$')", "1")], bind_match).total().alias_ci(&["REGEXP_MATCHES"]),
    f("extract", "extract(s, pattern)", "The first match (its first group if there is one).", &[("extract('key=val', '(\\\\w+)=')", "key")], extract).ci(),
    f("extractAll", "extractAll(s, pattern)", "All matches (their first groups).", &[("extractAll('a1b22', '\\\\d+')", "['1','22']")], extract_all),
    f("extractGroups", "extractGroups(s, pattern)", "The groups of the first match.", &[("extractGroups('a=1', '(\\\\w)=(\\\\d)')", "['a','1']")], extract_groups),
    f("extractAllGroupsVertical", "extractAllGroupsVertical(s, pattern)", "For each match the array of its groups.", &[("extractAllGroupsVertical('a=1,b=2', '(\\\\w)=(\\\\d)')", "[['a','1'],['b','2']]")], |b| all_groups(b, false)).alias(&["extractAllGroups"]),
    f("extractAllGroupsHorizontal", "extractAllGroupsHorizontal(s, pattern)", "For each group the array of its matches.", &[("extractAllGroupsHorizontal('a=1,b=2', '(\\\\w)=(\\\\d)')", "[['a','b'],['1','2']]")], |b| all_groups(b, true)),
    f("regexpExtract", "regexpExtract(s, pattern[, group])", "Group 1, or the one given (0 = all), of the first match.", &[("regexpExtract('100-200', '(\\\\d+)-(\\\\d+)', 2)", "200")], regexp_extract).alias_ci(&["REGEXP_EXTRACT", "REGEXP_SUBSTR"]),
    f("regexpPosition", "regexpPosition(s, pattern[, start[, occurrence[, return_end[, flags[, group]]]]])", "Place of a match or of one of its groups (1 = first byte), or of what is behind it; 0 if there is none.", &[("regexpPosition('hello', 'l+')", "3")], regexp_position).alias_ci(&["regexpInstr", "regexp_instr"]),
    f("regexpQuoteMeta", "regexpQuoteMeta(s)", "The text with everything escaped that means something in a regular expression.", &[("regexpQuoteMeta('a.b')", "a\\\\.b")], |b| super::to_text(b, "regexpQuoteMeta", quote)),
    f("replaceRegexpOne", "replaceRegexpOne(s, pattern, replacement)", "The first match replaced; \\1–\\9 are groups, \\0 the match.", &[("replaceRegexpOne('hello', 'l+', '<\\\\0>')", "he<ll>o")], |b| replace(b, false)),
    f("replaceRegexpAll", "replaceRegexpAll(s, pattern, replacement)", "All matches replaced; \\1–\\9 are groups, \\0 the match.", &[("replaceRegexpAll('a1b22', '[0-9]+', '#')", "a#b#")], |b| replace(b, true)).alias_ci(&["REGEXP_REPLACE"]),
    f("countMatches", "countMatches(s, pattern)", "Number of matches that are not empty.", &[("countMatches('a1b22c', '\\\\d+')", "2")], |b| count(b, false)),
    f("countMatchesCaseInsensitive", "countMatchesCaseInsensitive(s, pattern)", "Number of matches, case ignored.", &[("countMatchesCaseInsensitive('AbaB', 'b')", "2")], |b| count(b, true)),
    f("splitByRegexp", "splitByRegexp(pattern, s[, limit])", "The parts between matches.", &[("splitByRegexp('\\\\d+', 'a1b22c')", "['a','b','c']")], split),
];

fn bind_match(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    // A pattern without meaning is a search.
    if let Some(p) = b.constant(1).and_then(|c| c.bytes_at(0))
        && !p.is_empty()
        && p.iter().all(|x| x.is_ascii_alphanumeric() || matches!(x, b' ' | b'_' | b'/' | b':' | b',' | b'=' | b'-' | b'"' | b'@'))
    {
        let finder = memchr::memmem::Finder::new(p).into_owned();
        return bound(Type::UInt8, move |c| {
            if let types::Data::Str(s) = &c.col(0).data {
                return Ok(u8_col(super::like::contains(&finder, &s.offsets, &s.bytes, false)));
            }
            let s = strs(c.col(0));
            Ok(u8_col((0..c.rows).map(|i| u8::from(finder.find(s.at(i)).is_some())).collect()))
        });
    }
    let patterns = Patterns::bind(b, 1, true, false)?;
    bound(Type::UInt8, move |c| {
        let s = strs(c.col(0));
        let mut out = Vec::with_capacity(c.rows);
        patterns.each(c, 1, |i, re| {
            out.push(u8::from(re.is_match(s.at(i))));
            Ok(())
        })?;
        Ok(u8_col(out))
    })
}

fn first_group<'h>(re: &Regex, s: &'h [u8]) -> &'h [u8] {
    if re.captures_len() > 1 {
        return re.captures(s).and_then(|c| c.get(1)).map_or(&[], |m| m.as_bytes());
    }
    re.find(s).map_or(&[], |m| m.as_bytes())
}

fn extract(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    let patterns = Patterns::bind(b, 1, true, false)?;
    bound(Type::String, move |c| {
        let s = strs(c.col(0));
        let mut out = StrOut::new(c.rows, c.rows * 8);
        patterns.each(c, 1, |i, re| {
            out.push(first_group(re, s.at(i)));
            Ok(())
        })?;
        out.finish("extract")
    })
}

fn extract_all(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 3)?;
    b.string(0)?;
    let patterns = Patterns::bind(b, 1, true, false)?;
    bound(Type::array(Type::String), move |c| {
        let s = strs(c.col(0));
        let mut out = TextArrays::new(c.rows);
        patterns.each(c, 1, |i, re| {
            if re.captures_len() > 1 {
                // An empty match ends the search.
                let matches = re.captures_iter(s.at(i)).take_while(|m| m.get(0).is_some_and(|whole| !whole.is_empty()));
                matches.for_each(|m| out.push(m.get(1).map_or(&[], |g| g.as_bytes())));
            } else {
                re.find_iter(s.at(i)).take_while(|m| !m.is_empty()).for_each(|m| out.push(m.as_bytes()));
            }
            out.end_row()
        })?;
        Ok(out.finish())
    })
}

fn need_groups(re: &Regex, name: &str) -> Result<usize> {
    match re.captures_len() - 1 {
        0 => Err(Error::new(BAD_ARGUMENTS, format!("There are no groups in the regular expression of function {name}"))),
        n => Ok(n),
    }
}

fn extract_groups(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    let re = compile(b.const_bytes(1)?, true, false)?;
    let groups = need_groups(&re, b.name)?;
    bound(Type::array(Type::String), move |c| {
        let s = strs(c.col(0));
        let mut out = TextArrays::new(c.rows);
        for i in 0..c.rows {
            if let Some(m) = re.captures(s.at(i)) {
                (1..=groups).for_each(|g| out.push(m.get(g).map_or(&[], |x| x.as_bytes())));
            }
            out.end_row()?;
        }
        Ok(out.finish())
    })
}

fn all_groups(b: &Bind<'_>, horizontal: bool) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    let re = compile(b.const_bytes(1)?, true, false)?;
    let groups = need_groups(&re, b.name)?;
    let most = if horizontal { b.session.number("regexp_max_matches_per_row", 1000) as usize } else { usize::MAX - 1 };
    bound(Type::array(Type::array(Type::String)), move |c| {
        let s = strs(c.col(0));
        let mut inner = TextArrays::new(c.rows);
        let mut offsets = vec![0u32];
        let mut rows = 0u32;
        for i in 0..c.rows {
            let text = s.at(i);
            // Behind the last byte nothing is sought.
            let within = |m: &regex::bytes::Captures<'_>| m.get(0).is_some_and(|whole| whole.start() < text.len());
            let found: Vec<_> = re.captures_iter(text).take_while(within).take(most + 1).collect();
            if horizontal && found.len() > most {
                return Err(Error::new(types::codes::TOO_LARGE_ARRAY_SIZE, format!("Too many matches per row (> {most}) in the result of function extractAllGroupsHorizontal: regexp_max_matches_per_row is the limit")));
            }
            let get = |m: &regex::bytes::Captures<'_>, g: usize, inner: &mut TextArrays| inner.push(m.get(g).map_or(&[], |x| x.as_bytes()));
            if horizontal {
                for g in 1..=groups {
                    found.iter().for_each(|m| get(m, g, &mut inner));
                    inner.end_row()?;
                    rows += 1;
                }
            } else {
                for m in &found {
                    (1..=groups).for_each(|g| get(m, g, &mut inner));
                    inner.end_row()?;
                    rows += 1;
                }
            }
            offsets.push(rows);
        }
        Ok(array_column(offsets, inner.finish()))
    })
}

fn regexp_extract(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 3)?;
    b.string(0)?;
    let re = compile(b.const_bytes(1)?, true, false)?;
    let has_index = b.len() == 3;
    if has_index {
        b.integer(2)?;
    }
    let groups = re.captures_len() as i64 - 1;
    bound(Type::String, move |c| {
        let s = strs(c.col(0));
        let index = has_index.then(|| i64s(c.col(2)));
        map_str(c.rows, "regexpExtract", |i, out| {
            let g = index.as_ref().map_or(i64::from(groups > 0), |v| v.at(i));
            if g < 0 || g > groups {
                return Err(Error::new(INDEX_OF_POSITIONAL_ARGUMENT_IS_OUT_OF_RANGE, format!("Index {g} of function regexpExtract is out of range: the pattern has {groups} groups")));
            }
            if let Some(m) = re.captures(s.at(i)).and_then(|m| m.get(g as usize)) {
                out.extend_from_slice(m.as_bytes());
            }
            Ok(())
        })
    })
}

fn regexp_position(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 7)?;
    b.string(0)?;
    for i in (2..b.len()).filter(|i| *i != 5) {
        b.integer(i)?;
    }
    let flags = if b.len() > 5 { b.const_bytes(5)?.to_vec() } else { Vec::new() };
    let patterns = Patterns::bind_how(b, 1, position_flags(&flags)?)?;
    let n = b.len();
    bound(Type::UInt64, move |c| {
        let s = strs(c.col(0));
        let whole = |i: usize| (n > i).then(|| i64s(c.col(i)));
        let (start, nth, end, group) = (whole(2), whole(3), whole(4), whole(6));
        let mut out = Vec::with_capacity(c.rows);
        patterns.each(c, 1, |i, re| {
            let text = s.at(i);
            let of = |v: &Option<Nums<'_, i64>>, default: i64| v.as_ref().map_or(default, |v| v.at(i));
            let (position, occurrence) = (at_least_one("position", of(&start, 1))?, at_least_one("occurrence", of(&nth, 1))?);
            let behind = match of(&end, 0) {
                0 => false,
                1 => true,
                x => return Err(Error::bad_arguments(format!("Argument 'return_option' for function regexpPosition must be 0 or 1, got {x}"))),
            };
            let groups = re.captures_len() - 1;
            let group = of(&group, 0);
            let Some(group) = usize::try_from(group).ok().filter(|g| *g <= groups) else {
                let text = format!("Argument 'subexpression' value {group} of function regexpPosition is out of range: the pattern has {groups} groups");
                return Err(Error::new(INDEX_OF_POSITIONAL_ARGUMENT_IS_OUT_OF_RANGE, text));
            };
            let rest = text.get(position - 1..).unwrap_or_default();
            let found = match group {
                0 => re.find_iter(rest).nth(occurrence - 1),
                g => re.captures_iter(rest).nth(occurrence - 1).and_then(|m| m.get(g)),
            };
            out.push(found.map_or(0, |m| (position + if behind { m.end() } else { m.start() }) as u64));
            Ok(())
        })?;
        Ok(u64_col(out))
    })
}

fn at_least_one(what: &str, n: i64) -> Result<usize> {
    usize::try_from(n).ok().filter(|n| *n > 0).ok_or_else(|| Error::bad_arguments(format!("Argument '{what}' for function regexpPosition must be at least 1, got {n}")))
}

/// The flags of regexpPosition; of two that contradict each other the last one counts.
fn position_flags(flags: &[u8]) -> Result<How> {
    let mut how = How::default();
    for flag in flags {
        match flag {
            b'i' => how.any_case = true,
            b'c' => how.any_case = false,
            b's' => how.dot_line = true,
            b'n' => how.dot_line = false,
            b'm' => how.lines = true,
            x => {
                let text = format!("Unknown regex flag '{}' for function regexpPosition: 'i', 'c', 'm', 'n' and 's' are known", char::from(*x));
                return Err(Error::bad_arguments(text));
            }
        }
    }
    Ok(how)
}

fn quote(s: &[u8], out: &mut Vec<u8>) {
    for &x in s {
        match x {
            0 | b'\\' | b'(' | b')' | b'^' | b'$' | b'.' | b'[' | b']' | b'?' | b'*' | b'+' | b'{' | b':' | b'-' | b'|' => out.extend_from_slice(&[b'\\', x]),
            x => out.push(x),
        }
    }
}

/// A replacement: texts and group numbers.
pub struct Replacement(Vec<(Vec<u8>, Option<usize>)>);

impl Replacement {
    fn parse(text: &[u8], groups: usize) -> Result<Replacement> {
        let mut parts = Vec::new();
        let mut literal = Vec::new();
        let mut i = 0;
        while i < text.len() {
            if text[i] == b'\\' && i + 1 < text.len() {
                let n = text[i + 1];
                if n.is_ascii_digit() {
                    let g = (n - b'0') as usize;
                    if g > groups {
                        return Err(Error::new(BAD_ARGUMENTS, format!("Invalid replacement: it refers to group \\{g}, but the regular expression has {groups}")));
                    }
                    parts.push((std::mem::take(&mut literal), Some(g)));
                    i += 2;
                    continue;
                }
                if n == b'\\' {
                    literal.push(b'\\');
                    i += 2;
                    continue;
                }
            }
            literal.push(text[i]);
            i += 1;
        }
        parts.push((literal, None));
        Ok(Replacement(parts))
    }
    fn simple(&self) -> bool {
        self.0.iter().all(|p| p.1.unwrap_or(0) == 0)
    }
}

/// Whether one match of the pattern always takes the whole text: `^…$`.
fn anchored(pattern: &[u8]) -> bool {
    pattern.first() == Some(&b'^') && pattern.last() == Some(&b'$') && !pattern.contains(&b'|')
}

/// What stands before the `.*$` of a pattern `^….*$`: the rest of the text then needs no automaton.
fn head_of(pattern: &[u8]) -> Option<&[u8]> {
    let head = pattern.strip_suffix(b".*$")?;
    let flags = pattern.windows(3).any(|w| w.starts_with(b"(?") && w[2] != b':');
    let escaped = head.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1;
    (anchored(pattern) && !flags && !escaped).then_some(head)
}

/// `substitute` by the head of `^….*$`.
fn substitute_whole(head: &Regex, r: &Replacement, s: &[u8], locations: &mut regex::bytes::CaptureLocations, out: &mut Vec<u8>) {
    let hit = if r.simple() { head.find(s) } else { head.captures_read(locations, s) };
    if hit.is_none() {
        out.extend_from_slice(s);
        return;
    }
    for (literal, group) in &r.0 {
        out.extend_from_slice(literal);
        match group {
            Some(0) => out.extend_from_slice(s),
            Some(g) => out.extend(locations.get(*g).into_iter().flat_map(|(x, y)| &s[x..y])),
            None => {}
        }
    }
}

fn replace(b: &Bind<'_>, all: bool) -> Result<Bound> {
    b.arity(3, 3)?;
    b.string(0)?;
    b.string(2)?;
    let bad = |e: Error| Error::new(BAD_ARGUMENTS, e.message());
    let constant = |i: usize| b.constant(i).and_then(|c| c.bytes_at(0)).map(<[u8]>::to_vec);
    if let (Some(p), Some(r)) = (constant(1), constant(2)) {
        let re = compile(&p, true, false).map_err(bad)?;
        let replacement = Replacement::parse(&r, re.captures_len() - 1)?;
        let all = all && !anchored(&p);
        let head = head_of(&p).and_then(|h| compile(h, true, false).ok());
        let head = head.filter(|h| h.captures_len() == re.captures_len());
        return bound(Type::String, move |c| {
            let s = strs(c.col(0));
            let mut locations = re.capture_locations();
            let mut of_head = head.as_ref().map(|h| (h, h.capture_locations()));
            map_str(c.rows, "replaceRegexp", |i, out| {
                match &mut of_head {
                    Some((head, locations)) => substitute_whole(head, &replacement, s.at(i), locations, out),
                    None => substitute(&re, &replacement, s.at(i), all, &mut locations, out),
                }
                Ok(())
            })
        });
    }
    let patterns = Patterns::bind(b, 1, true, false).map_err(bad)?;
    bound(Type::String, move |c| {
        let (s, r) = (strs(c.col(0)), strs(c.col(2)));
        let mut out = StrOut::new(c.rows, s.total(c.rows));
        patterns.each(c, 1, |i, re| {
            let replacement = Replacement::parse(r.at(i), re.captures_len() - 1)?;
            let mut locations = re.capture_locations();
            substitute(re, &replacement, s.at(i), all, &mut locations, &mut out.bytes);
            out.end_row();
            out.check("replaceRegexp")
        })?;
        Ok(out.column())
    })
}

fn substitute(re: &Regex, r: &Replacement, s: &[u8], all: bool, locations: &mut regex::bytes::CaptureLocations, out: &mut Vec<u8>) {
    if re.as_str().is_empty() {
        out.extend_from_slice(s);
        return;
    }
    let mut at = 0;
    let mut copied = 0;
    let simple = r.simple();
    while at <= s.len() {
        let hit = if simple {
            re.find_at(s, at)
        } else {
            re.captures_read_at(locations, s, at)
        };
        let Some(m) = hit else { break };
        out.extend_from_slice(&s[copied..m.start()]);
        for (literal, group) in &r.0 {
            out.extend_from_slice(literal);
            match group {
                Some(0) => out.extend_from_slice(m.as_bytes()),
                Some(g) => {
                    if let Some((x, y)) = locations.get(*g) {
                        out.extend_from_slice(&s[x..y]);
                    }
                }
                None => {}
            }
        }
        copied = m.end();
        if !all {
            break;
        }
        if m.is_empty() {
            // An empty match: one byte goes on unchanged.
            if let Some(x) = s.get(m.end()) {
                out.push(*x);
            }
            copied = (m.end() + 1).min(s.len());
            at = m.end() + 1;
        } else {
            at = m.end();
        }
    }
    out.extend_from_slice(&s[copied.min(s.len())..]);
}

fn count(b: &Bind<'_>, any_case: bool) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    b.need_constant(1)?;
    let patterns = Patterns::bind(b, 1, true, any_case)?;
    bound(Type::UInt64, move |c| {
        let s = strs(c.col(0));
        let mut out = Vec::with_capacity(c.rows);
        patterns.each(c, 1, |i, re| {
            out.push(re.find_iter(s.at(i)).filter(|m| !m.is_empty()).count() as u64);
            Ok(())
        })?;
        Ok(u64_col(out))
    })
}

fn split(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 3)?;
    b.string(1)?;
    let pattern = b.const_bytes(0)?.to_vec();
    let re = if pattern.is_empty() { None } else { Some(compile(&pattern, true, false)?) };
    let limit = super::split::Limit::bind(b, 2)?;
    bound(Type::array(Type::String), move |c| {
        let s = strs(c.col(1));
        let mut out = TextArrays::new(c.rows);
        for i in 0..c.rows {
            let text = s.at(i);
            let mut pieces: Vec<&[u8]> = Vec::new();
            match &re {
                None => pieces.extend(super::split::chars(text)),
                Some(re) => {
                    let mut from = 0;
                    for m in re.find_iter(text) {
                        if m.is_empty() {
                            continue;
                        }
                        pieces.push(&text[from..m.start()]);
                        from = m.end();
                    }
                    pieces.push(&text[from..]);
                }
            }
            limit.push(&pieces, text, &mut out);
            out.end_row()?;
        }
        Ok(out.finish())
    })
}
