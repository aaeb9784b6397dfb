//! JSON in strings: JSONExtract*, the simpleJSON scanners, JSON paths, toJSONString.

use crate::args::{StrOut, array_column, bools, f64_col, i64s, i64_col, map_str, strs, u64_col};
use crate::bind::{Bind, Bound, Ctx, bound};
use crate::cast::{strip_nullable, text_options};
use crate::def::{FunctionDef, f};
use crate::strings::TextArrays;
use serde_json::Value;
use types::codes::{ILLEGAL_COLUMN, BAD_ARGUMENTS, ILLEGAL_TYPE_OF_ARGUMENT};
use types::parse::parse_type;
use types::text::Codec;
use types::{Bitmap, Column, ColumnBuilder, Data, Error, Result, Scalar, Type};

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
    f("JSON_VALUE", "JSON_VALUE(json, path)", "The scalar at a JSON path, as text.", &[("JSON_VALUE('{\"a\":[0,1,2]}', '$.a[2]')", "2")], |b| by_path(b, How::Value)),
    f("JSON_QUERY", "JSON_QUERY(json, path)", "Arrays, objects and scalars at a JSON path, as JSON.", &[("JSON_QUERY('{\"a\":{\"b\":1}}', '$.a')", "[{\"b\":1}]")], |b| by_path(b, How::Query)),
    f("JSON_EXISTS", "JSON_EXISTS(json, path)", "1 if something is at a JSON path.", &[("JSON_EXISTS('{\"a\":[1]}', '$.a[0]')", "1")], |b| by_path(b, How::Exists)),
    f("JSONMergePatch", "JSONMergePatch(a, b, …)", "JSON objects merged by RFC 7396.", &[("JSONMergePatch('{\"a\":1}', '{\"b\":2}')", "{\"a\":1,\"b\":2}")], merge).alias_ci(&["jsonMergePatch"]),
    f("simpleJSONHas", "simpleJSONHas(json, key)", "1 if the text has the key (a quick scan).", &[("simpleJSONHas('{\"a\":1}', 'a')", "1")], |b| simple(b, Simple::Has)).alias(&["visitParamHas"]),
    f("simpleJSONExtractInt", "simpleJSONExtractInt(json, key)", "The integer behind a key (a quick scan).", &[("simpleJSONExtractInt('{\"a\":5}', 'a')", "5")], |b| simple(b, Simple::Int)).alias(&["visitParamExtractInt"]),
    f("simpleJSONExtractUInt", "simpleJSONExtractUInt(json, key)", "The unsigned integer behind a key (a quick scan).", &[("simpleJSONExtractUInt('{\"a\":5}', 'a')", "5")], |b| simple(b, Simple::UInt)).alias(&["visitParamExtractUInt"]),
    f("simpleJSONExtractFloat", "simpleJSONExtractFloat(json, key)", "The number behind a key (a quick scan).", &[("simpleJSONExtractFloat('{\"a\":5.5}', 'a')", "5.5")], |b| simple(b, Simple::Float)).alias(&["visitParamExtractFloat"]),
    f("simpleJSONExtractBool", "simpleJSONExtractBool(json, key)", "The boolean behind a key (a quick scan).", &[("simpleJSONExtractBool('{\"a\":true}', 'a')", "1")], |b| simple(b, Simple::Bool)).alias(&["visitParamExtractBool"]),
    f("simpleJSONExtractString", "simpleJSONExtractString(json, key)", "The string behind a key (a quick scan).", &[("simpleJSONExtractString('{\"a\":\"b\"}', 'a')", "b")], |b| simple(b, Simple::String)).alias(&["visitParamExtractString"]),
    f("simpleJSONExtractRaw", "simpleJSONExtractRaw(json, key)", "The text behind a key (a quick scan).", &[("simpleJSONExtractRaw('{\"a\":[1]}', 'a')", "[1]")], |b| simple(b, Simple::Raw)).alias(&["visitParamExtractRaw"]),
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

/// The type named by the last argument.
fn named_type(b: &Bind<'_>) -> Result<Type> {
    b.arity(2, usize::MAX)?;
    let last = b.len() - 1;
    if !b.ty(last).is_string() || b.constant(last).is_none() {
        return Err(Error::new(ILLEGAL_COLUMN, format!("The last argument of function {} must be a constant string that names a type", b.name)));
    }
    parse_type(b.const_str(last)?)
}

fn pairs(b: &Bind<'_>, any_case: bool) -> Result<Bound> {
    let ty = named_type(b)?;
    let p = Path::bind(b, 1, b.len() - 1, any_case)?;
    let kernel = ty.clone();
    bound(Type::array(Type::tuple(vec![Type::String, ty])), move |c| {
        let (mut k, mut v, mut offsets) = (StrOut::new(c.rows, 0), ColumnBuilder::new(&kernel), vec![0u32]);
        for x in p.all(c) {
            if let Some(Value::Object(o)) = x {
                for (name, value) in &o {
                    if push(value, &kernel, &mut v, c)? {
                        k.push(name.as_bytes());
                    } else {
                        v.truncate(k.rows());
                    }
                }
            }
            offsets.push(k.rows() as u32);
        }
        let n = k.rows();
        Ok(array_column(offsets, Data::Tuple(vec![k.column(), v.finish()].into(), n).into()))
    })
}

fn extract(b: &Bind<'_>, any_case: bool) -> Result<Bound> {
    let ty = named_type(b)?;
    let nullable = b.raw[0].ty.is_nullable();
    if nullable && !ty.can_be_nullable() && !ty.is_nullable() {
        return Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, format!("Type {ty} cannot be inside Nullable, so JSONExtract cannot give it for a Nullable text")));
    }
    let p = Path::bind(b, 1, b.len() - 1, any_case)?;
    let kernel = ty.clone();
    bound(ty, move |c| {
        let mut out = ColumnBuilder::with_capacity(&kernel, c.rows);
        for (i, v) in p.all(c).into_iter().enumerate() {
            let done = match v {
                Some(v) => push(&v, &kernel, &mut out, c)?,
                None => false,
            };
            if !done {
                out.truncate(i);
                push_default(&kernel, &mut out);
            }
        }
        Ok(out.finish())
    })
}

fn push_default(ty: &Type, out: &mut ColumnBuilder) {
    match ty {
        Type::Enum8(e) | Type::Enum16(e) => out.push_scalar(&Scalar::Int(e.entries.first().map_or(0, |x| x.1).into())),
        _ => out.push_default(1),
    }
}

/// Pushes a JSON value as a type; `false` if it does not fit (the builder then holds parts).
fn push(v: &Value, ty: &Type, out: &mut ColumnBuilder, c: &Ctx<'_>) -> Result<bool> {
    if let Type::LowCardinality(t) = ty {
        return push(v, t, out, c);
    }
    if v.is_null() {
        out.push_null();
        return Ok(ty.is_nullable());
    }
    let base = strip_nullable(ty);
    Ok(match (base, v) {
        (Type::String, Value::String(s)) => {
            out.push_bytes(s.as_bytes());
            true
        }
        (Type::String, v) => {
            out.push_bytes(raw(v).as_bytes());
            true
        }
        (Type::Bool, Value::Bool(b)) => {
            out.push_scalar(&Scalar::Int((*b).into()));
            true
        }
        (Type::Bool, v) => match float_of(v) {
            Some(x) => {
                out.push_scalar(&Scalar::Int((x != 0.0).into()));
                true
            }
            None => false,
        },
        (Type::Float32 | Type::Float64, v) => match float_of(v) {
            Some(x) => {
                out.push_scalar(&Scalar::Float(x));
                true
            }
            None => false,
        },
        (t, Value::Bool(b)) if t.is_integer() => {
            out.push_scalar(&Scalar::Int((*b).into()));
            true
        }
        (t, Value::Number(n)) if t.is_integer() && n.is_f64() => {
            let x = n.as_f64().unwrap_or(0.0);
            if x.trunc() != x {
                return Ok(false);
            }
            integer(x as i128, t, out)
        }
        (t, v @ Value::Number(_)) if t.is_integer() => match int_of(v) {
            Some(n) => integer(n, t, out),
            None => false,
        },
        (Type::Array(t), Value::Array(a)) => {
            let mut inner = ColumnBuilder::new(t);
            for x in a {
                let n = inner.len();
                if !push(x, t, &mut inner, c)? {
                    inner.truncate(n);
                    push_default(t, &mut inner);
                }
            }
            let column = array_column(vec![0, a.len() as u32], inner.finish());
            out.append_column(&column);
            true
        }
        (Type::Map(kv), Value::Object(o)) => {
            let (mut k, mut x) = (ColumnBuilder::new(&kv.0), ColumnBuilder::new(&kv.1));
            for (name, value) in o {
                let n = k.len();
                let ok = push(&Value::String(name.clone()), &kv.0, &mut k, c)? && push(value, &kv.1, &mut x, c)?;
                if !ok {
                    k.truncate(n);
                    x.truncate(n);
                }
            }
            let n = k.len();
            out.append_column(&array_column(vec![0, n as u32], Data::Tuple(vec![k.finish(), x.finish()].into(), n).into()));
            true
        }
        (Type::Tuple(es), v) => {
            let mut columns = Vec::with_capacity(es.len());
            let mut any = false;
            for (i, (name, t)) in es.iter().enumerate() {
                let part = match v {
                    Value::Array(a) => a.get(i),
                    Value::Object(o) if !name.is_empty() => o.get(&**name),
                    Value::Object(o) => o.values().nth(i),
                    _ => None,
                };
                let mut one = ColumnBuilder::new(t);
                let done = match part {
                    Some(p) => push(p, t, &mut one, c)?,
                    None => false,
                };
                any |= done;
                if !done {
                    one.truncate(0);
                    push_default(t, &mut one);
                }
                columns.push(one.finish());
            }
            if !any {
                return Ok(false);
            }
            out.append_column(&Data::Tuple(columns.into(), 1).into());
            true
        }
        (Type::Array(_) | Type::Map(_), _) => false,
        // Dates, decimals, UUIDs, enums …: by their text.
        (t, v) => {
            let shown = if let Value::String(s) = v { s.clone() } else { raw(v) };
            Codec::new(t, &text_options(c.session)?)?.parse_text(shown.as_bytes(), out).is_ok()
        }
    })
}

fn integer(n: i128, ty: &Type, out: &mut ColumnBuilder) -> bool {
    let fits = match ty.int_bits() {
        Some((bits, signed)) if bits < 128 => {
            let (lo, hi) = if signed { (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1) } else { (0, (1i128 << bits) - 1) };
            n >= lo && n <= hi
        }
        Some((_, signed)) => signed || n >= 0,
        None => false,
    };
    if fits {
        out.push_scalar(&Scalar::Int(n));
    }
    fits
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
