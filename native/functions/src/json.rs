//! JSON in strings: JSONExtract*, the simpleJSON scanners, JSON paths, toJSONString.

mod extract;
pub mod path;
pub mod simple;

use extract::{extract, pairs};
use crate::args::{StrOut, array_column, bools, f64_col, i64s, i64_col, map_str, strs, u64_col};
use crate::bind::{Bind, Bound, Ctx, bound};
use crate::cast::text_options;
use crate::def::{FunctionDef, f};
use crate::strings::TextArrays;
use serde_json::Value;
use types::codes::BAD_ARGUMENTS;
use types::text::Codec;
use types::{Bitmap, Column, Data, Error, Result, Type};

/// A function and its twin that ignores the case of keys.
macro_rules! both { ($(($name:literal, $sig:literal, $doc:literal, $bind:expr)),* $(,)?) => { &[$(
    f($name, $sig, $doc, &[], |b| ($bind)(b, false)),
    f(concat!($name, "CaseInsensitive"), $sig, concat!($doc, " The case of keys is ignored."), &[], |b| ($bind)(b, true)),
)*] } }

pub const EXTRACT: &[FunctionDef] = both![
    ("JSONExtractInt", "JSONExtractInt(json, key_or_index, …)", "An integer of a JSON text; 0 if it is missing or no integer.", |b: &Bind<'_>, ci| number(b, ci, Num::Int)),
    ("JSONExtractUInt", "JSONExtractUInt(json, key_or_index, …)", "An unsigned integer of a JSON text; 0 if it is missing or none.", |b: &Bind<'_>, ci| number(b, ci, Num::UInt)),
    ("JSONExtractFloat", "JSONExtractFloat(json, key_or_index, …)", "A number of a JSON text; 0 if it is missing or none.", |b: &Bind<'_>, ci| number(b, ci, Num::Float)),
    ("JSONExtractBool", "JSONExtractBool(json, key_or_index, …)", "A boolean of a JSON text; false if it is missing or none.", |b: &Bind<'_>, ci| number(b, ci, Num::Bool)),
    ("JSONExtractString", "JSONExtractString(json, key_or_index, …)", "A string of a JSON text; '' if it is missing or none.", |b: &Bind<'_>, ci| text(b, ci, false)),
    ("JSONExtractRaw", "JSONExtractRaw(json, key_or_index, …)", "A part of a JSON text as JSON; '' if it is missing.", |b: &Bind<'_>, ci| text(b, ci, true)),
    ("JSONExtractArrayRaw", "JSONExtractArrayRaw(json, key_or_index, …)", "The elements of a JSON array, each as JSON.", array_raw),
    ("JSONExtractKeys", "JSONExtractKeys(json, key_or_index, …)", "The keys of a JSON object.", keys),
    ("JSONExtractKeysAndValuesRaw", "JSONExtractKeysAndValuesRaw(json, key_or_index, …)", "Pairs of key and JSON of an object.", pairs_raw),
    ("JSONExtractKeysAndValues", "JSONExtractKeysAndValues(json, key_or_index, …, 'type')", "Pairs of key and value of an object, values of a type.", pairs),
    ("JSONExtract", "JSONExtract(json, key_or_index, …, 'type')", "A part of a JSON text as a value of a type.", extract),
];

pub const DEFS: &[FunctionDef] = &[
    f("isValidJSON", "isValidJSON(s)", "1 if the text is valid JSON.", &[("isValidJSON('{}')", "1")], |b| crate::strings::to_bool(b, |s| parse(s).is_some())),
    f("JSONHas", "JSONHas(json, key_or_index, …)", "1 if the JSON text has this part.", &[("JSONHas('{\"a\":1}', 'a')", "1")], |b| { let p = Path::bind(b, 1, b.len(), false)?; bound(Type::UInt8, move |c| { let v = p.all(c); Ok(bools(c.rows, |i| v[i].is_some())) }) }),
    f("JSONLength", "JSONLength(json, key_or_index, …)", "Number of elements of an array or object; 0 for others.", &[("JSONLength('[1,2]')", "2")], |b| { let p = Path::bind(b, 1, b.len(), false)?; bound(Type::UInt64, move |c| Ok(u64_col(p.all(c).iter().map(|v| match v { Some(Value::Array(a)) => a.len() as u64, Some(Value::Object(o)) => o.len() as u64, _ => 0 }).collect()))) }),
    f("JSONArrayLength", "JSONArrayLength(json)", "Number of elements of an array, NULL for others.", &[("JSONArrayLength('[1,2]')", "2")], |b| { b.arity(1, 1)?; b.string(0)?; bound(Type::nullable(Type::UInt64), |c| { let s = strs(c.col(0)); let v: Vec<Option<u64>> = (0..c.rows).map(|i| match parse(s.at(i)) { Some(Value::Array(a)) => Some(a.len() as u64), _ => None }).collect(); Ok(Column::new(u64_col(v.iter().map(|x| x.unwrap_or(0)).collect()).data, Some(Bitmap::from_fn(c.rows, |i| v[i].is_none())))) }) }).alias_ci(&["JSON_ARRAY_LENGTH"]),
    f("JSONKey", "JSONKey(json, …, index)", "The key of the n-th member of an object.", &[("JSONKey('{\"a\":1}', 1)", "a")], key),
    f("JSONType", "JSONType(json, key_or_index, …)", "Kind of a part: Null, Bool, Int64, UInt64, Double, String, Array or Object.", &[("JSONType('[1]')", "Array")], kind),
    f("toJSONString", "toJSONString(x)", "The value as JSON.", &[("toJSONString([1, 2])", "[1,2]")], to_json),
    f("JSONMergePatch", "JSONMergePatch(a, b, …)", "JSON objects merged by RFC 7396.", &[("JSONMergePatch('{\"a\":1}', '{\"b\":2}')", "{\"a\":1,\"b\":2}")], merge).alias_ci(&["jsonMergePatch"]),
];

fn parse(s: &[u8]) -> Option<Value> {
    serde_json::from_slice(s).ok()
}

fn raw(v: &Value) -> String {
    match v {
        Value::Number(n) if n.is_f64() => {
            let mut out = Vec::new();
            types::text::number::write_f64(n.as_f64().unwrap_or(0.0), &mut out);
            String::from_utf8(out).unwrap_or_default()
        }
        Value::Array(a) => format!("[{}]", a.iter().map(raw).collect::<Vec<_>>().join(",")),
        Value::Object(o) => format!("{{{}}}", o.iter().map(|(k, v)| format!("{}:{}", Value::String(k.clone()), raw(v))).collect::<Vec<_>>().join(",")),
        v => v.to_string(),
    }
}

/// Arguments `from..to` as keys and indices into argument 0.
struct Path {
    from: usize,
    to: usize,
    text: Vec<bool>,
    any_case: bool,
}

impl Path {
    fn bind(b: &Bind<'_>, from: usize, to: usize, any_case: bool) -> Result<Path> {
        b.arity(1, usize::MAX)?;
        b.string(0)?;
        let mut text = Vec::new();
        for i in from..to {
            if !(b.ty(i).is_string() || b.ty(i).is_integer()) {
                return Err(b.illegal(i, "a key (String) or an index (integer)"));
            }
            text.push(b.ty(i).is_string());
        }
        Ok(Path { from, to, text, any_case })
    }
    /// The parts of all rows. A constant text is parsed once.
    fn all(&self, c: &Ctx<'_>) -> Vec<Option<Value>> {
        let s = strs(c.col(0));
        let constant = s.as_const().map(parse);
        (0..c.rows)
            .map(|i| {
                let v = match &constant {
                    Some(v) => v.clone()?,
                    None => parse(s.at(i))?,
                };
                self.step(c, i, v)
            })
            .collect()
    }
    fn step(&self, c: &Ctx<'_>, i: usize, mut v: Value) -> Option<Value> {
        for (k, at) in (self.from..self.to).enumerate() {
            v = if self.text[k] {
                let key = strs(c.col(at)).at(i);
                let key = std::str::from_utf8(key).ok()?;
                let Value::Object(mut o) = v else { return None };
                if self.any_case {
                    let name = o.keys().find(|n| n.to_lowercase() == key.to_lowercase())?.clone();
                    o.swap_remove(&name)?
                } else {
                    o.swap_remove(key)?
                }
            } else {
                let n = i64s(c.col(at)).at(i);
                let place = |len: usize| -> Option<usize> {
                    let p = if n > 0 { n - 1 } else { len as i64 + n };
                    usize::try_from(p).ok().filter(|p| n != 0 && *p < len)
                };
                match v {
                    Value::Array(mut a) => {
                        let p = place(a.len())?;
                        a.swap_remove(p)
                    }
                    Value::Object(o) => {
                        let p = place(o.len())?;
                        o.into_iter().nth(p)?.1
                    }
                    v if n == 0 => v,
                    _ => return None,
                }
            };
        }
        Some(v)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Num {
    Int,
    UInt,
    Float,
    Bool,
}

fn float_of(v: &Value) -> Option<f64> {
    match v {
        Value::Number(n) => n.as_f64(),
        Value::String(s) => s.parse().ok(),
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        _ => None,
    }
}

fn int_of(v: &Value) -> Option<i128> {
    match v {
        Value::Number(n) => n.as_i64().map(i128::from).or_else(|| n.as_u64().map(i128::from)).or_else(|| n.as_f64().filter(|x| x.abs() < 1.8e19).map(|x| x as i128)),
        Value::String(s) => s.parse().ok(),
        _ => None,
    }
}

fn number(b: &Bind<'_>, any_case: bool, what: Num) -> Result<Bound> {
    let p = Path::bind(b, 1, b.len(), any_case)?;
    let ty = match what {
        Num::Int => Type::Int64,
        Num::UInt => Type::UInt64,
        Num::Float => Type::Float64,
        Num::Bool => Type::UInt8,
    };
    bound(ty, move |c| {
        let v = p.all(c);
        let each = v.iter().map(Option::as_ref);
        Ok(match what {
            Num::Int => i64_col(each.map(|x| x.and_then(int_of).and_then(|n| i64::try_from(n).ok()).unwrap_or(0)).collect()),
            Num::UInt => u64_col(each.map(|x| x.and_then(int_of).and_then(|n| u64::try_from(n).ok()).unwrap_or(0)).collect()),
            Num::Float => f64_col(each.map(|x| x.filter(|v| !v.is_boolean()).and_then(float_of).unwrap_or(0.0)).collect()),
            Num::Bool => bools(c.rows, |i| match &v[i] {
                Some(Value::Bool(b)) => *b,
                Some(Value::Number(n)) => !n.is_f64() && n.as_f64() != Some(0.0),
                _ => false,
            }),
        })
    })
}

fn text(b: &Bind<'_>, any_case: bool, as_json: bool) -> Result<Bound> {
    let p = Path::bind(b, 1, b.len(), any_case)?;
    bound(Type::String, move |c| {
        let v = p.all(c);
        map_str(c.rows, "JSONExtractString", |i, out| {
            match &v[i] {
                Some(Value::String(s)) if !as_json => out.extend_from_slice(s.as_bytes()),
                Some(Value::Null) if !as_json => {}
                Some(v) => out.extend_from_slice(raw(v).as_bytes()),
                None => {}
            }
            Ok(())
        })
    })
}

/// An array cannot be NULL, which a NULL among the arguments would make it.
fn no_nullable(b: &Bind<'_>) -> Result<()> {
    match b.raw.iter().position(|a| a.ty.without_low_cardinality().is_nullable()) {
        Some(i) => Err(b.illegal(i, "a type that is not Nullable: an array cannot be inside Nullable type")),
        None => Ok(()),
    }
}

fn array_raw(b: &Bind<'_>, any_case: bool) -> Result<Bound> {
    no_nullable(b)?;
    let p = Path::bind(b, 1, b.len(), any_case)?;
    bound(Type::array(Type::String), move |c| {
        let mut out = TextArrays::new(c.rows);
        for v in p.all(c) {
            if let Some(Value::Array(a)) = v {
                a.iter().for_each(|x| out.push(raw(x).as_bytes()));
            }
            out.end_row()?;
        }
        Ok(out.finish())
    })
}

fn keys(b: &Bind<'_>, any_case: bool) -> Result<Bound> {
    no_nullable(b)?;
    let p = Path::bind(b, 1, b.len(), any_case)?;
    bound(Type::array(Type::String), move |c| {
        let mut out = TextArrays::new(c.rows);
        for v in p.all(c) {
            if let Some(Value::Object(o)) = v {
                o.keys().for_each(|k| out.push(k.as_bytes()));
            }
            out.end_row()?;
        }
        Ok(out.finish())
    })
}

fn pairs_raw(b: &Bind<'_>, any_case: bool) -> Result<Bound> {
    no_nullable(b)?;
    let p = Path::bind(b, 1, b.len(), any_case)?;
    bound(Type::array(Type::tuple(vec![Type::String, Type::String])), move |c| {
        let (mut k, mut v, mut offsets) = (StrOut::new(c.rows, 0), StrOut::new(c.rows, 0), vec![0u32]);
        for x in p.all(c) {
            if let Some(Value::Object(o)) = x {
                for (name, value) in &o {
                    k.push(name.as_bytes());
                    v.push(raw(value).as_bytes());
                }
            }
            offsets.push(k.rows() as u32);
        }
        let n = k.rows();
        Ok(array_column(offsets, Data::Tuple(vec![k.column(), v.column()].into(), n).into()))
    })
}

fn key(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, usize::MAX)?;
    let at = b.len() - 1;
    b.integer(at)?;
    let p = Path::bind(b, 1, at, false)?;
    bound(Type::String, move |c| {
        let v = p.all(c);
        let n = i64s(c.col(at));
        map_str(c.rows, "JSONKey", |i, out| {
            if let Some(Value::Object(o)) = &v[i] {
                let k = if n.at(i) > 0 { n.at(i) - 1 } else { o.len() as i64 + n.at(i) };
                if let Some(name) = usize::try_from(k).ok().and_then(|k| o.keys().nth(k)) {
                    out.extend_from_slice(name.as_bytes());
                }
            }
            Ok(())
        })
    })
}

fn kind(b: &Bind<'_>) -> Result<Bound> {
    let p = Path::bind(b, 1, b.len(), false)?;
    let names = ["Null", "String", "Int64", "UInt64", "Double", "Bool", "Array", "Object"];
    let values = [b'0', b'"', b'i', b'u', b'd', b'b', b'[', b'{'];
    let mut entries: Vec<(String, i16)> = names.iter().zip(values).map(|(n, v)| ((*n).to_string(), i16::from(v))).collect();
    entries.sort_by_key(|e| e.1);
    let ty = Type::Enum8(std::sync::Arc::new(types::EnumDef { entries }));
    bound(ty, move |c| {
        Ok(crate::args::i8_col(
            p.all(c)
                .iter()
                .map(|v| match v {
                    None | Some(Value::Null) => b'0' as i8,
                    Some(Value::String(_)) => b'"' as i8,
                    Some(Value::Bool(_)) => b'b' as i8,
                    Some(Value::Array(_)) => b'[' as i8,
                    Some(Value::Object(_)) => b'{' as i8,
                    Some(Value::Number(n)) if n.is_i64() => b'i' as i8,
                    Some(Value::Number(n)) if n.is_u64() => b'u' as i8,
                    Some(Value::Number(_)) => b'd' as i8,
                })
                .collect(),
        ))
    })
}

fn to_json(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let ty = b.ty(0).clone();
    bound(Type::String, move |c| {
        let codec = Codec::new(&ty, &text_options(c.session)?)?;
        let flat = c.col(0).flat();
        map_str(c.rows, "toJSONString", |i, out| {
            codec.write_json(&flat, i, None, out);
            Ok(())
        })
    })
}

// ---- paths ------------------------------------------------------------------------------------

fn patch(target: &mut Value, p: Value) {
    let Value::Object(p) = p else {
        *target = p;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(t) = target {
        for (k, v) in p {
            if v.is_null() {
                t.remove(&k);
            } else {
                patch(t.entry(k).or_insert(Value::Null), v);
            }
        }
    }
}

fn merge(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    for i in 0..b.len() {
        b.string(i)?;
    }
    bound(Type::String, |c| {
        let texts: Vec<_> = (0..c.len()).map(|i| strs(c.col(i))).collect();
        map_str(c.rows, "JSONMergePatch", |i, out| {
            let mut all: Option<Value> = None;
            for t in &texts {
                let v = parse(t.at(i)).ok_or_else(|| Error::new(BAD_ARGUMENTS, format!("Wrong JSON string to merge: '{}'", String::from_utf8_lossy(&t.at(i)[..t.at(i).len().min(100)]))))?;
                match &mut all {
                    None => all = Some(v),
                    Some(a) => patch(a, v),
                }
            }
            out.extend_from_slice(raw(&all.unwrap_or(Value::Null)).as_bytes());
            Ok(())
        })
    })
}

// ---- quick scans --------------------------------------------------------------------------------
