//! JSON paths: JSON_VALUE, JSON_QUERY, JSON_EXISTS.

use super::{parse, raw};
use crate::args::{map_str, strs};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use serde_json::Value;
use types::codes::BAD_ARGUMENTS;
use types::{Bitmap, Column, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("JSON_VALUE", "JSON_VALUE(json, path)", "The scalar at a JSON path, as text.", &[("JSON_VALUE('{\"a\":[0,1,2]}', '$.a[2]')", "2")], |b| by_path(b, How::Value)),
    f("JSON_QUERY", "JSON_QUERY(json, path)", "Arrays, objects and scalars at a JSON path, as JSON.", &[("JSON_QUERY('{\"a\":{\"b\":1}}', '$.a')", "[{\"b\":1}]")], |b| by_path(b, How::Query)),
    f("JSON_EXISTS", "JSON_EXISTS(json, path)", "1 if something is at a JSON path.", &[("JSON_EXISTS('{\"a\":[1]}', '$.a[0]')", "1")], |b| by_path(b, How::Exists)),
];

enum Step {
    Key(String),
    /// half-open ranges
    Indices(Vec<(usize, usize)>),
    Star,
}

fn path_steps(text: &str) -> Result<Vec<Step>> {
    let bad = || Error::new(BAD_ARGUMENTS, format!("Unable to parse JSONPath '{text}': expected $ followed by .key or [index]"));
    let mut rest = text.trim().strip_prefix('$').ok_or_else(bad)?;
    let mut out = Vec::new();
    while !rest.is_empty() {
        if let Some(r) = rest.strip_prefix('.') {
            if let Some(q) = r.strip_prefix('"') {
                let end = q.find('"').ok_or_else(bad)?;
                out.push(Step::Key(q[..end].to_string()));
                rest = &q[end + 1..];
            } else {
                let end = r.find(['.', '[']).unwrap_or(r.len());
                if end == 0 {
                    return Err(bad());
                }
                out.push(Step::Key(r[..end].to_string()));
                rest = &r[end..];
            }
        } else if let Some(r) = rest.strip_prefix('[') {
            let end = r.find(']').ok_or_else(bad)?;
            let inside = r[..end].trim();
            rest = &r[end + 1..];
            if inside == "*" {
                out.push(Step::Star);
            } else if let Some(k) = inside.strip_prefix('"').or_else(|| inside.strip_prefix('\'')) {
                out.push(Step::Key(k[..k.len().saturating_sub(1)].to_string()));
            } else {
                let mut ranges = Vec::new();
                for part in inside.split(',') {
                    let mut ends = part.split("to").map(|n| n.trim().parse::<usize>());
                    let a = ends.next().and_then(std::result::Result::ok).ok_or_else(bad)?;
                    match ends.next() {
                        None => ranges.push((a, a + 1)),
                        Some(e) => ranges.push((a, e.map_err(|_| bad())?)),
                    }
                }
                out.push(Step::Indices(ranges));
            }
        } else {
            return Err(bad());
        }
    }
    Ok(out)
}

fn walk<'v>(v: &'v Value, steps: &[Step], out: &mut Vec<&'v Value>) {
    let Some((first, rest)) = steps.split_first() else {
        out.push(v);
        return;
    };
    match (first, v) {
        (Step::Key(k), Value::Object(o)) => {
            if let Some(x) = o.get(k) {
                walk(x, rest, out);
            }
        }
        (Step::Indices(ranges), Value::Array(a)) => {
            for (x, y) in ranges {
                a.iter().take(*y).skip(*x).for_each(|x| walk(x, rest, out));
            }
        }
        (Step::Star, Value::Array(a)) => a.iter().for_each(|x| walk(x, rest, out)),
        _ => {}
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Value,
    Query,
    Exists,
}

fn by_path(b: &Bind<'_>, how: How) -> Result<Bound> {
    if b.len() < 2 {
        return Err(Error::new(types::codes::TOO_FEW_ARGUMENTS_FOR_FUNCTION, format!("Function {} needs a JSON text and a path, got {} arguments", b.name, b.len())));
    }
    b.arity(2, 2)?;
    b.string(0)?;
    let steps = path_steps(b.const_str(1)?)?;
    if how == How::Exists {
        return crate::strings::to_bool(&Bind { name: b.name, args: &b.args[..1], raw: &b.raw[..1], session: b.session }, move |s| {
            parse(s).is_some_and(|v| {
                let mut hits = Vec::new();
                walk(&v, &steps, &mut hits);
                !hits.is_empty()
            })
        });
    }
    let complex = b.session.flag("function_json_value_return_type_allow_complex", false);
    let or_null = how == How::Value && b.session.flag("function_json_value_return_type_allow_nullable", false);
    bound(if or_null { Type::nullable(Type::String) } else { Type::String }, move |c| {
        let s = strs(c.col(0));
        let mut none = Bitmap::new(c.rows, false);
        let out = map_str(c.rows, "JSON_VALUE", |i, out| {
            let Some(v) = parse(s.at(i)) else {
                none.set(i, true);
                return Ok(());
            };
            let mut hits = Vec::new();
            walk(&v, &steps, &mut hits);
            if how == How::Query {
                if !hits.is_empty() {
                    out.extend_from_slice(format!("[{}]", hits.iter().map(|v| raw(v)).collect::<Vec<_>>().join(", ")).as_bytes());
                }
                return Ok(());
            }
            match hits.iter().find(|v| complex || !(v.is_array() || v.is_object())) {
                Some(Value::String(t)) => out.extend_from_slice(t.as_bytes()),
                Some(Value::Null) if or_null => none.set(i, true),
                None => none.set(i, true),
                Some(v) => out.extend_from_slice(raw(v).as_bytes()),
            }
            Ok(())
        })?;
        Ok(if or_null { Column::new(out.data, Some(none)) } else { out })
    })
}
