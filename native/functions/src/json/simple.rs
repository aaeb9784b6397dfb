//! The simpleJSON functions: a key is searched as text, without reading the document around it.

use super::parse;
use crate::args::{bools, f64_col, i64_col, map_str, strs, u64_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use serde_json::Value;
use types::{Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("simpleJSONHas", "simpleJSONHas(json, key)", "1 if the text has the key (a quick scan).", &[("simpleJSONHas('{\"a\":1}', 'a')", "1")], |b| simple(b, Simple::Has)).alias(&["visitParamHas"]),
    f("simpleJSONExtractInt", "simpleJSONExtractInt(json, key)", "The integer behind a key (a quick scan).", &[("simpleJSONExtractInt('{\"a\":5}', 'a')", "5")], |b| simple(b, Simple::Int)).alias(&["visitParamExtractInt"]),
    f("simpleJSONExtractUInt", "simpleJSONExtractUInt(json, key)", "The unsigned integer behind a key (a quick scan).", &[("simpleJSONExtractUInt('{\"a\":5}', 'a')", "5")], |b| simple(b, Simple::UInt)).alias(&["visitParamExtractUInt"]),
    f("simpleJSONExtractFloat", "simpleJSONExtractFloat(json, key)", "The number behind a key (a quick scan).", &[("simpleJSONExtractFloat('{\"a\":5.5}', 'a')", "5.5")], |b| simple(b, Simple::Float)).alias(&["visitParamExtractFloat"]),
    f("simpleJSONExtractBool", "simpleJSONExtractBool(json, key)", "The boolean behind a key (a quick scan).", &[("simpleJSONExtractBool('{\"a\":true}', 'a')", "1")], |b| simple(b, Simple::Bool)).alias(&["visitParamExtractBool"]),
    f("simpleJSONExtractString", "simpleJSONExtractString(json, key)", "The string behind a key (a quick scan).", &[("simpleJSONExtractString('{\"a\":\"b\"}', 'a')", "b")], |b| simple(b, Simple::String)).alias(&["visitParamExtractString"]),
    f("simpleJSONExtractRaw", "simpleJSONExtractRaw(json, key)", "The text behind a key (a quick scan).", &[("simpleJSONExtractRaw('{\"a\":[1]}', 'a')", "[1]")], |b| simple(b, Simple::Raw)).alias(&["visitParamExtractRaw"]),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Simple {
    Has,
    Int,
    UInt,
    Float,
    Bool,
    String,
    Raw,
}

/// What stands behind `"key":`.
fn behind<'s>(s: &'s [u8], needle: &memchr::memmem::Finder<'_>) -> Option<&'s [u8]> {
    needle.find(s).map(|p| &s[p + needle.needle().len()..])
}

/// The text of a value: up to the comma or bracket that ends it.
fn value_text(s: &[u8]) -> &[u8] {
    let (mut depth, mut quoted, mut escaped) = (0i32, false, false);
    for (i, x) in s.iter().enumerate() {
        if quoted {
            if escaped {
                escaped = false;
            } else if *x == b'\\' {
                escaped = true;
            } else if *x == b'"' {
                quoted = false;
            }
            continue;
        }
        match x {
            b'"' => quoted = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return &s[..i],
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return &s[..i],
            _ => {}
        }
    }
    s
}

fn simple(b: &Bind<'_>, what: Simple) -> Result<Bound> {
    b.arity(2, 2)?;
    b.plain_string(0)?;
    let mut needle = b"\"".to_vec();
    needle.extend_from_slice(b.const_bytes(1)?);
    needle.extend_from_slice(b"\":");
    let finder = memchr::memmem::Finder::new(&needle).into_owned();
    let ty = match what {
        Simple::Has | Simple::Bool => Type::UInt8,
        Simple::Int => Type::Int64,
        Simple::UInt => Type::UInt64,
        Simple::Float => Type::Float64,
        _ => Type::String,
    };
    bound(ty, move |c| {
        let s = strs(c.col(0));
        let at = |i: usize| behind(s.at(i), &finder);
        // Numbers may stand in quotes.
        let digits = |i: usize| -> String {
            let v = at(i).unwrap_or(b"");
            let v = v.strip_prefix(b"\"").unwrap_or(v);
            let n = v.iter().take_while(|x| x.is_ascii_digit() || matches!(x, b'-' | b'+' | b'.' | b'e' | b'E')).count();
            String::from_utf8_lossy(&v[..n]).into_owned()
        };
        let whole = |t: String| t.split(['.', 'e', 'E']).next().unwrap_or("").to_string();
        Ok(match what {
            Simple::Has => bools(c.rows, |i| at(i).is_some()),
            Simple::Bool => bools(c.rows, |i| at(i).is_some_and(|v| v.trim_ascii_start().starts_with(b"true"))),
            Simple::Int => i64_col((0..c.rows).map(|i| whole(digits(i)).parse().unwrap_or(0)).collect()),
            Simple::UInt => u64_col((0..c.rows).map(|i| whole(digits(i)).parse().unwrap_or(0)).collect()),
            Simple::Float => f64_col((0..c.rows).map(|i| digits(i).parse().unwrap_or(0.0)).collect()),
            Simple::Raw => map_str(c.rows, "simpleJSONExtractRaw", |i, out| {
                out.extend_from_slice(at(i).map_or(&[], value_text));
                Ok(())
            })?,
            Simple::String => map_str(c.rows, "simpleJSONExtractString", |i, out| {
                let v = at(i).map_or(&[][..], value_text).trim_ascii();
                if v.first() == Some(&b'"')
                    && let Some(Value::String(t)) = parse(v)
                {
                    out.extend_from_slice(t.as_bytes());
                }
                Ok(())
            })?,
        })
    })
}
