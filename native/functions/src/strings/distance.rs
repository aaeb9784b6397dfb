//! How far texts are from each other, and key-value texts.

use super::split::chars;
use crate::args::{StrOut, array_column, f64_col, strs, u64_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use std::collections::HashSet;
use types::codes::{BAD_ARGUMENTS, TOO_LARGE_STRING_SIZE};
use types::{Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("editDistance", "editDistance(a, b)", "Levenshtein distance in bytes.", &[("editDistance('clickhouse', 'mouse')", "6")], |b| count(b, false, levenshtein)).alias(&["levenshteinDistance"]),
    f("editDistanceUTF8", "editDistanceUTF8(a, b)", "Levenshtein distance in characters.", &[("editDistanceUTF8('мир', 'пир')", "1")], |b| count(b, true, levenshtein)).alias(&["levenshteinDistanceUTF8"]),
    f("damerauLevenshteinDistance", "damerauLevenshteinDistance(a, b)", "As editDistance; exchanged neighbours count once.", &[("damerauLevenshteinDistance('ab', 'ba')", "1")], |b| count(b, false, damerau)),
    f("jaroSimilarity", "jaroSimilarity(a, b)", "Jaro similarity, 0 to 1.", &[("round(jaroSimilarity('clickhouse', 'click'), 4)", "0.8333")], |b| ratio(b, jaro)),
    f("jaroWinklerSimilarity", "jaroWinklerSimilarity(a, b)", "Jaro-Winkler similarity, 0 to 1.", &[("round(jaroWinklerSimilarity('clickhouse', 'click'), 4)", "0.9")], |b| ratio(b, |x, y| { let j = jaro(x, y); if j <= 0.7 { return j; } let p = x.iter().zip(y).take(4).take_while(|(a, b)| a == b).count() as f64; j + p * 0.1 * (1.0 - j) })),
    f("stringJaccardIndex", "stringJaccardIndex(a, b)", "Jaccard index of the sets of bytes.", &[("round(stringJaccardIndex('clickhouse', 'mouse'), 4)", "0.4")], |b| ratio(b, |x, y| jaccard(&x.chunks(1).collect(), &y.chunks(1).collect()))),
    f("stringJaccardIndexUTF8", "stringJaccardIndexUTF8(a, b)", "Jaccard index of the sets of characters.", &[], |b| ratio(b, |x, y| jaccard(&chars(x).collect(), &chars(y).collect()))),
    f("extractKeyValuePairs", "extractKeyValuePairs(s[, delimiter[, pair_delimiters[, quote]]])", "A map of the key:value pairs of a text.", &[("extractKeyValuePairs('a:1, b:2')", "{'a':'1','b':'2'}")], |b| key_values(b, false)).alias(&["str_to_map", "mapFromString"]),
    f("extractKeyValuePairsWithEscaping", "extractKeyValuePairsWithEscaping(s[, delimiter[, pair_delimiters[, quote]]])", "As extractKeyValuePairs with escapes \\n, \\t, \\x0A ….", &[], |b| key_values(b, true)),
];

const LENGTH_MAX: usize = 1 << 16;

fn units(s: &[u8], utf8: bool) -> Vec<u32> {
    if !utf8 {
        return s.iter().map(|x| u32::from(*x)).collect();
    }
    String::from_utf8_lossy(s).chars().map(u32::from).collect()
}

fn count(b: &Bind<'_>, utf8: bool, of: fn(&[u32], &[u32]) -> usize) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    b.string(1)?;
    bound(Type::UInt64, move |c| {
        let (x, y) = (strs(c.col(0)), strs(c.col(1)));
        let mut out = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let (a, b) = (x.at(i), y.at(i));
            if a.len() > LENGTH_MAX || b.len() > LENGTH_MAX {
                return Err(Error::new(TOO_LARGE_STRING_SIZE, format!("The strings of function editDistance must not be longer than {LENGTH_MAX} bytes")));
            }
            if utf8 && (std::str::from_utf8(a).is_err() || std::str::from_utf8(b).is_err()) {
                return Err(Error::new(BAD_ARGUMENTS, "The strings of function editDistanceUTF8 must be valid UTF-8"));
            }
            // Beside an empty string ClickHouse counts bytes.
            let utf8 = utf8 && !a.is_empty() && !b.is_empty();
            out.push(of(&units(a, utf8), &units(b, utf8)) as u64);
        }
        Ok(u64_col(out))
    })
}

fn levenshtein(a: &[u32], b: &[u32]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let up = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != y)).min(up + 1).min(row[j] + 1);
            diagonal = up;
        }
    }
    row[b.len()]
}

fn damerau(a: &[u32], b: &[u32]) -> usize {
    let n = b.len() + 1;
    let (mut before, mut last): (Vec<usize>, Vec<usize>) = (vec![0; n], (0..n).collect());
    for i in 1..=a.len() {
        let mut row = vec![i; n];
        for j in 1..n {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

fn ratio(b: &Bind<'_>, of: fn(&[u8], &[u8]) -> f64) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    b.string(1)?;
    bound(Type::Float64, move |c| {
        let (x, y) = (strs(c.col(0)), strs(c.col(1)));
        if (0..c.rows).any(|i| x.at(i).len() > LENGTH_MAX || y.at(i).len() > LENGTH_MAX) {
            return Err(Error::new(TOO_LARGE_STRING_SIZE, format!("The strings of a similarity function must not be longer than {LENGTH_MAX} bytes")));
        }
        // Beside an empty string ClickHouse gives the length of the other one.
        let one = |i: usize| match (x.at(i), y.at(i)) {
            ([], s) | (s, []) => s.len() as f64,
            (a, b) => of(a, b),
        };
        Ok(f64_col((0..c.rows).map(one).collect()))
    })
}

fn jaro(a: &[u8], b: &[u8]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return f64::from(u8::from(a.len() == b.len()));
    }
    let range = (a.len().max(b.len()) / 2).saturating_sub(1);
    let mut used = vec![false; b.len()];
    let mut matched = Vec::new();
    for (i, x) in a.iter().enumerate() {
        for j in i.saturating_sub(range)..(i + range + 1).min(b.len()) {
            if !used[j] && b[j] == *x {
                used[j] = true;
                matched.push(*x);
                break;
            }
        }
    }
    if matched.is_empty() {
        return 0.0;
    }
    let other = b.iter().zip(&used).filter(|(_, u)| **u).map(|(x, _)| *x);
    let moved = matched.iter().zip(other).filter(|(x, y)| **x != *y).count() as f64 / 2.0;
    let m = matched.len() as f64;
    (m / a.len() as f64 + m / b.len() as f64 + (m - moved) / m) * (1.0 / 3.0)
}

fn jaccard(x: &HashSet<&[u8]>, y: &HashSet<&[u8]>) -> f64 {
    let both = x.intersection(y).count();
    both as f64 / (x.len() + y.len() - both).max(1) as f64
}

fn key_values(b: &Bind<'_>, escaping: bool) -> Result<Bound> {
    b.arity(1, 5)?;
    b.string(0)?;
    let one = |i: usize, default: u8| -> Result<u8> {
        if b.len() <= i {
            return Ok(default);
        }
        match b.const_bytes(i)? {
            [x] => Ok(*x),
            [] => Ok(default),
            _ => Err(Error::new(BAD_ARGUMENTS, "Control characters of function extractKeyValuePairs must be single bytes")),
        }
    };
    let delimiter = one(1, b':')?;
    let pairs: Vec<u8> = if b.len() > 2 { b.const_bytes(2)?.to_vec() } else { b" ,;".to_vec() };
    let quote = one(3, b'"')?;
    bound(Type::map(Type::String, Type::String), move |c| {
        let s = strs(c.col(0));
        let (mut k, mut v, mut offsets) = (StrOut::new(c.rows, 0), StrOut::new(c.rows, 0), vec![0u32]);
        for i in 0..c.rows {
            let text = s.at(i);
            let mut at = 0;
            while at < text.len() {
                // A key: up to the delimiter; a pair delimiter before it begins anew.
                if pairs.contains(&text[at]) || text[at] == delimiter {
                    at += 1;
                    continue;
                }
                let (key, next) = token(text, at, &[delimiter], &pairs, quote, escaping);
                if text.get(next) != Some(&delimiter) {
                    at = next + 1;
                    continue;
                }
                let (value, end) = token(text, next + 1, &pairs, &[], quote, escaping);
                if !key.is_empty() {
                    k.push(&key);
                    v.push(&value);
                }
                at = end + 1;
            }
            offsets.push(k.rows() as u32);
        }
        let n = k.rows();
        Ok(array_column(offsets, Data::Tuple(vec![k.finish("extractKeyValuePairs")?, v.finish("extractKeyValuePairs")?].into(), n).into()))
    })
}

/// A plain or quoted text from `at` up to a stop; gives it and the place of the stop.
fn token(s: &[u8], at: usize, stops: &[u8], breaks: &[u8], quote: u8, escaping: bool) -> (Vec<u8>, usize) {
    let mut out = Vec::new();
    let quoted = s.get(at) == Some(&quote);
    let mut i = at + usize::from(quoted);
    while i < s.len() {
        let x = s[i];
        if quoted && x == quote {
            i += 1;
            break;
        }
        if !quoted && (stops.contains(&x) || breaks.contains(&x)) {
            break;
        }
        if escaping && x == b'\\' && i + 1 < s.len() {
            i += 1;
            match s[i] {
                b'n' => out.push(b'\n'),
                b't' => out.push(b'\t'),
                b'r' => out.push(b'\r'),
                b'0' => out.push(0),
                b'x' => {
                    let h = s.get(i + 1..i + 3).and_then(|h| std::str::from_utf8(h).ok()).and_then(|h| u8::from_str_radix(h, 16).ok());
                    if let Some(h) = h {
                        out.push(h);
                        i += 2;
                    }
                }
                y => out.push(y),
            }
            i += 1;
            continue;
        }
        out.push(x);
        i += 1;
    }
    (out, i)
}
