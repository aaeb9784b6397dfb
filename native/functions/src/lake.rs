//! Names of partitions, the partition transforms of Iceberg, dictionaries of LowCardinality columns,
//! schemas of other formats.

use crate::args::{map_str, strs, u32_col, u64_col};
use crate::bind::{Bind, Bound, bound};
use crate::cast::{CastMode, cast};
use crate::def::{FunctionDef, f};
use crate::hash::{murmur3_32, sip128};
use std::collections::HashMap;
use types::codes::{BAD_ARGUMENTS, ILLEGAL_TYPE_OF_ARGUMENT};
use types::{Column, ColumnBuilder, Error, I256, Result, Scalar, Type};

pub const DEFS: &[FunctionDef] = &[
    f("partitionId", "partitionId(a, …)", "The name of the partition of a row with these values of the partition key.", &[("partitionId(5)", "5")], partition_id).alias(&["partitionID"]).own_nulls(),
    f("icebergHash", "icebergHash(x)", "The hash that Iceberg's bucket transform uses.", &[("icebergHash('x')", "1050319643")], |b| iceberg(b, false)),
    f("icebergBucket", "icebergBucket(n, x)", "The bucket of n of a value, as in Iceberg.", &[("icebergBucket(5, 'x')", "3")], |b| iceberg(b, true)),
    f("icebergTruncate", "icebergTruncate(n, x)", "A number cut to a multiple of n, or the first n characters, as in Iceberg.", &[("icebergTruncate(3, 'iceberg')", "ice")], truncate),
    f("lowCardinalityIndices", "lowCardinalityIndices(x)", "Place of the value in the dictionary of the block.", &[("lowCardinalityIndices(toLowCardinality('a'))", "1")], |b| low_cardinality(b, false)).own_lc().own_nulls(),
    f("lowCardinalityKeys", "lowCardinalityKeys(x)", "The dictionary of the block, a value per row.", &[("lowCardinalityKeys(toLowCardinality('a'))", "")], |b| low_cardinality(b, true)).own_lc().own_nulls(),
    f("structureToProtobufSchema", "structureToProtobufSchema(structure[, message])", "A schema of Protocol Buffers for columns.", &[("structureToProtobufSchema('a UInt8', 'M') LIKE '%message M%'", "1")], |b| schema(b, true)),
    f("structureToCapnProtoSchema", "structureToCapnProtoSchema(structure[, struct])", "A schema of Cap'n Proto for columns.", &[("structureToCapnProtoSchema('a UInt8', 'M') LIKE '%struct M%'", "1")], |b| schema(b, false)),
];

fn partition_id(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    let types = b.types();
    bound(Type::String, move |c| {
        map_str(c.rows, "partitionId", |i, out| {
            let plain = types.iter().all(|t| t.is_integer() || matches!(t, Type::Date));
            let mut fed = Vec::new();
            for (k, t) in types.iter().enumerate() {
                let value = c.col(k).scalar(i);
                if plain {
                    if k > 0 {
                        out.push(b'-');
                    }
                    let text = match (t, &value) {
                        (Type::Date, Scalar::Int(d)) => {
                            let date = types::tz::civil_from_days(*d as i64);
                            format!("{:04}{:02}{:02}", date.0, date.1, date.2)
                        }
                        (_, Scalar::Int(n)) => n.to_string(),
                        _ => String::from_utf8_lossy(&text_of(c.col(k), i, t, c.session)?).into_owned(),
                    };
                    out.extend_from_slice(text.as_bytes());
                } else {
                    feed(&value, t, &mut fed);
                }
            }
            if !plain {
                for byte in sip128(&fed, 0, 0).to_le_bytes() {
                    out.extend_from_slice(format!("{byte:02x}").as_bytes());
                }
            }
            Ok(())
        })
    })
}

fn text_of(c: &Column, i: usize, t: &Type, session: &crate::Session) -> Result<Vec<u8>> {
    let one = cast(&c.slice(i, 1), t, &Type::String, CastMode::Sql, session)?.flat();
    Ok(one.bytes_at(0).unwrap_or_default().to_vec())
}

/// Values as they are hashed: a tag, then the bytes.
fn feed(value: &Scalar, t: &Type, out: &mut Vec<u8>) {
    match value {
        Scalar::Null => out.push(0),
        Scalar::Int(n) => {
            let signed = matches!(t.base().int_bits(), Some((_, true)));
            out.push(if signed { 2 } else { 1 });
            out.extend_from_slice(&(*n as i64).to_le_bytes());
        }
        Scalar::Float(x) => {
            out.push(3);
            out.extend_from_slice(&x.to_le_bytes());
        }
        Scalar::Bytes(s) => {
            out.push(16);
            out.extend_from_slice(&(s.len() as u64).to_le_bytes());
            out.extend_from_slice(s);
        }
        other => out.extend_from_slice(format!("{other:?}").as_bytes()),
    }
}

/// Iceberg's bytes of a value.
fn iceberg_bytes(t: &Type, c: &Column, i: usize) -> Result<Vec<u8>> {
    let unsupported = || Error::new(ILLEGAL_TYPE_OF_ARGUMENT, format!("Unsupported data type `{t}` for icebergHash"));
    if let Some(s) = c.bytes_at(i) {
        return Ok(s.to_vec());
    }
    Ok(match (t, c.scalar(i)) {
        (Type::DateTime64(6 | 9, _) | Type::Date | Type::Date32, Scalar::Int(n)) => (n as i64).to_le_bytes().to_vec(),
        (Type::DateTime64(..), _) => return Err(Error::new(BAD_ARGUMENTS, "Unsupported scale for DateTime64 in IcebergHash function. Supports only microseconds and nanoseconds")),
        (Type::Uuid, v) => match v {
            Scalar::Int(n) => n.rotate_left(64).to_be_bytes().to_vec(),
            Scalar::UInt(n) => n.rotate_left(64).to_be_bytes().to_vec(),
            _ => return Err(unsupported()),
        },
        (Type::Decimal(..), v) => {
            let wide = match v {
                Scalar::Int(n) => I256::from(n),
                Scalar::I256(n) => n,
                _ => return Err(unsupported()),
            };
            // as few bytes as hold the sign
            let bytes = wide.to_be_bytes();
            let mut from = 0;
            while from + 1 < bytes.len() && (bytes[from] == 0 && bytes[from + 1] < 128 || bytes[from] == 255 && bytes[from + 1] >= 128) {
                from += 1;
            }
            bytes[from..].to_vec()
        }
        (Type::Float32 | Type::Float64, Scalar::Float(x)) => (if x == 0.0 { 0.0 } else { x }).to_le_bytes().to_vec(),
        (t, Scalar::Int(n)) if matches!(t.int_bits(), Some((b, _)) if b <= 64) => (n as i64).to_le_bytes().to_vec(),
        _ => return Err(unsupported()),
    })
}

fn iceberg(b: &Bind<'_>, bucket: bool) -> Result<Bound> {
    let at = usize::from(bucket);
    b.arity(at + 1, at + 1)?;
    if matches!(b.ty(at), Type::DateTime(_) | Type::Array(_) | Type::Map(_) | Type::Tuple(_)) {
        return Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, format!("Unsupported data type `{}` for icebergHash", b.ty(at))));
    }
    let n = if bucket { b.const_int(0)? } else { 0 };
    if bucket && n <= 0 {
        return Err(Error::new(BAD_ARGUMENTS, "The number of buckets of function icebergBucket must be positive"));
    }
    let t = b.ty(at).clone();
    bound(if bucket { Type::UInt32 } else { Type::Int32 }, move |c| {
        let mut out = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let h = murmur3_32(&iceberg_bytes(&t, c.col(at), i)?);
            out.push(if bucket { ((h & 0x7fff_ffff) as i64 % n) as u32 } else { h });
        }
        Ok(if bucket { u32_col(out) } else { crate::args::i32_col(out.into_iter().map(|x| x as i32).collect()) })
    })
}

fn truncate(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    let n = b.const_int(0)?;
    if n <= 0 {
        return Err(Error::new(BAD_ARGUMENTS, "Function icebergTruncate expects a positive width"));
    }
    let t = b.ty(1).clone();
    if t.is_string() {
        return bound(Type::String, move |c| {
            let s = strs(c.col(1));
            map_str(c.rows, "icebergTruncate", |i, out| {
                let text = s.at(i);
                out.extend_from_slice(&text[..super::strings::char_position(text, n as usize)]);
                Ok(())
            })
        });
    }
    let out = match &t {
        Type::Decimal(..) => t.clone(),
        t if matches!(t.int_bits(), Some((b, _)) if b <= 64) => signed_of(t),
        _ => return Err(b.illegal(1, "an integer, a Decimal or a String")),
    };
    let kernel = out.clone();
    bound(out, move |c| {
        let v = crate::args::i128s(c.col(1));
        let mut out = ColumnBuilder::with_capacity(&kernel, c.rows);
        for i in 0..c.rows {
            let x = v.at(i);
            out.push_scalar(&Scalar::Int(x - x.rem_euclid(n.into())));
        }
        Ok(out.finish())
    })
}

/// A signed type for what an integer is cut to.
fn signed_of(t: &Type) -> Type {
    match t.int_bits() {
        Some((n, true)) => Type::int_of((n * 2).min(64), true),
        Some((n, false)) => Type::int_of((n * 2).clamp(16, 64), true),
        None => Type::Int64,
    }
}

fn low_cardinality(b: &Bind<'_>, keys: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    let Type::LowCardinality(inner) = b.ty(0) else { return Err(b.illegal(0, "LowCardinality")) };
    let inner = inner.as_ref().clone();
    bound(if keys { inner.clone() } else { Type::UInt64 }, move |c| {
        let col = c.col(0).flat();
        // The default value comes first, behind NULL where that may occur.
        let mut dictionary = ColumnBuilder::new(&inner);
        if inner.is_nullable() {
            dictionary.push_null();
        }
        dictionary.append_column(&Column::default_of(inner.base(), 1).flat());
        let first = dictionary.len() as u64;
        let empty = format!("{:?}", Column::default_of(inner.base(), 1).scalar(0));
        let mut known: HashMap<String, u64> = HashMap::from([(empty, first - 1)]);
        let mut places = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            if col.is_null(i) {
                places.push(0);
                continue;
            }
            let next = first + known.len() as u64 - 1;
            places.push(*known.entry(format!("{:?}", col.scalar(i))).or_insert_with(|| {
                dictionary.push_row(&col, i);
                next
            }));
        }
        if !keys {
            return Ok(u64_col(places));
        }
        dictionary.push_default(c.rows.saturating_sub(dictionary.len()));
        Ok(dictionary.finish().slice(0, c.rows))
    })
}

fn schema(b: &Bind<'_>, protobuf: bool) -> Result<Bound> {
    b.arity(1, 2)?;
    let text = format!("Tuple({})", b.const_str(0)?);
    let Type::Tuple(columns) = types::parse::parse_type(&text)? else { return Err(b.illegal(0, "a list of columns such as 'a UInt8, b String'")) };
    let name = if b.len() == 2 { b.const_str(1)?.to_string() } else { "Message".to_string() };
    let mut out = String::new();
    if protobuf {
        out.push_str("syntax = \"proto3\";\n\n");
        message(&name, &columns, 0, &mut out)?;
    } else {
        let id = crate::hash::sip_of(text.as_bytes()) | 1 << 63;
        out.push_str(&format!("@0x{id:x};\n\n"));
        structure(&name, &columns, 0, &mut out)?;
    }
    super::bind::constant(Type::String, Scalar::Bytes(out.into_bytes()))
}

fn capital(name: &str) -> String {
    name.split('_').filter(|p| !p.is_empty()).map(|p| p[..1].to_uppercase() + &p[1..]).collect()
}

fn no_schema(t: &Type) -> Error {
    Error::new(BAD_ARGUMENTS, format!("The type {t} has no counterpart in the schema"))
}

type Fields = [(std::sync::Arc<str>, Type)];

fn message(name: &str, fields: &Fields, depth: usize, out: &mut String) -> Result<()> {
    let pad = "    ".repeat(depth);
    out.push_str(&format!("{pad}message {name}\n{pad}{{\n"));
    for (i, (field, t)) in fields.iter().enumerate() {
        let text = proto_type(field, t, depth + 1, out)?;
        out.push_str(&format!("{pad}    {text} {field} = {};\n", i + 1));
    }
    out.push_str(&format!("{pad}}}\n"));
    Ok(())
}

fn proto_type(field: &str, t: &Type, depth: usize, out: &mut String) -> Result<String> {
    Ok(match t {
        Type::Nullable(i) | Type::LowCardinality(i) => proto_type(field, i, depth, out)?,
        Type::Array(i) => format!("repeated {}", proto_type(field, i, depth, out)?),
        Type::Map(kv) => format!("map<{}, {}>", proto_type(field, &kv.0, depth, out)?, proto_type(field, &kv.1, depth, out)?),
        Type::Tuple(es) => {
            let name = capital(field);
            message(&name, es, depth, out)?;
            name
        }
        Type::Enum8(e) | Type::Enum16(e) => {
            let (name, pad) = (capital(field), "    ".repeat(depth));
            out.push_str(&format!("{pad}enum {name}\n{pad}{{\n"));
            for (i, (n, _)) in e.entries.iter().enumerate() {
                out.push_str(&format!("{pad}    {n} = {i};\n"));
            }
            out.push_str(&format!("{pad}}}\n"));
            name
        }
        Type::Bool => "bool".into(),
        Type::UInt8 | Type::UInt16 | Type::UInt32 | Type::Date | Type::DateTime(_) | Type::Ipv4 => "uint32".into(),
        Type::UInt64 | Type::DateTime64(..) => "uint64".into(),
        Type::Int8 | Type::Int16 | Type::Int32 | Type::Date32 => "int32".into(),
        Type::Int64 => "int64".into(),
        Type::Float32 => "float".into(),
        Type::Float64 => "double".into(),
        t if t.is_string() || t.is_number() || matches!(t, Type::Uuid | Type::Ipv6) => "bytes".into(),
        t => return Err(no_schema(t)),
    })
}

fn structure(name: &str, fields: &Fields, depth: usize, out: &mut String) -> Result<()> {
    let pad = "    ".repeat(depth);
    out.push_str(&format!("{pad}struct {name}\n{pad}{{\n"));
    for (i, (field, t)) in fields.iter().enumerate() {
        let text = capn_type(field, t, depth + 1, out)?;
        out.push_str(&format!("{pad}    {field} @{i} : {text};\n"));
    }
    out.push_str(&format!("{pad}}}\n"));
    Ok(())
}

fn capn_type(field: &str, t: &Type, depth: usize, out: &mut String) -> Result<String> {
    let (name, pad) = (capital(field), "    ".repeat(depth));
    Ok(match t {
        Type::LowCardinality(i) => capn_type(field, i, depth, out)?,
        Type::Nullable(i) => {
            let inner = capn_type("value", i, depth + 2, out)?;
            out.push_str(&format!("{pad}struct {name}\n{pad}{{\n{pad}    union\n{pad}    {{\n{pad}        value @0 : {inner};\n{pad}        null @1 : Void;\n{pad}    }}\n{pad}}}\n"));
            name
        }
        Type::Array(i) => format!("List({})", capn_type(field, i, depth, out)?),
        Type::Map(kv) => {
            let (k, v) = (capn_type("key", &kv.0, depth + 2, out)?, capn_type("value", &kv.1, depth + 2, out)?);
            out.push_str(&format!("{pad}struct {name}\n{pad}{{\n{pad}    struct Entry\n{pad}    {{\n{pad}        key @0 : {k};\n{pad}        value @1 : {v};\n{pad}    }}\n{pad}    entries @0 : List(Entry);\n{pad}}}\n"));
            name
        }
        Type::Tuple(es) => {
            structure(&name, es, depth, out)?;
            name
        }
        Type::Enum8(e) | Type::Enum16(e) => {
            out.push_str(&format!("{pad}enum {name}\n{pad}{{\n"));
            for (i, (n, _)) in e.entries.iter().enumerate() {
                out.push_str(&format!("{pad}    {n} @{i};\n"));
            }
            out.push_str(&format!("{pad}}}\n"));
            name
        }
        Type::Bool => "Bool".into(),
        Type::Date => "UInt16".into(),
        Type::DateTime(_) | Type::Ipv4 => "UInt32".into(),
        Type::Date32 => "Int32".into(),
        Type::DateTime64(..) => "Int64".into(),
        t if matches!(t.int_bits(), Some((n, _)) if n <= 64) || t.is_float() => t.to_string(),
        t if t.is_string() || t.is_number() || matches!(t, Type::Uuid | Type::Ipv6) => "Data".into(),
        t => return Err(no_schema(t)),
    })
}
