//! Literals of the plan to columns of one row, and back.

use crate::plan::Lit;
use serde_json::Value;
use types::codes::TYPE_MISMATCH;
use types::{Column, ColumnBuilder, Error, Result, Type, parse::parse_type};

/// A one-row column and its type.
pub fn literal(lit: &Lit) -> Result<(Column, Type)> {
    let ty = parse_type(&lit.ty)?;
    let mut b = ColumnBuilder::new(&ty);
    push(&mut b, &ty, &lit.value, 0)?;
    Ok((b.finish(), ty))
}

/// Appends a JSON value (null, bool, text, array) as a value of `ty`.
pub fn push(b: &mut ColumnBuilder, ty: &Type, value: &Value, depth: usize) -> Result<()> {
    if depth > 100 {
        return Err(Error::bad_arguments("Literal is nested too deeply"));
    }
    if let Type::Nullable(inner) | Type::LowCardinality(inner) = ty {
        if value.is_null() {
            b.push_null();
            return Ok(());
        }
        return push(b, inner, value, depth + 1);
    }
    match (value, ty) {
        (Value::Null, Type::Nothing) => b.push_null(),
        (Value::Null, _) => {
            return Err(Error::new(TYPE_MISMATCH, format!("NULL cannot be a literal of type {ty}")));
        }
        (Value::Array(xs), Type::Array(_) | Type::Map(_)) => {
            let element = match ty {
                Type::Array(t) => t.as_ref().clone(),
                Type::Map(kv) => Type::map_entry(kv),
                _ => return Err(Error::internal("array literal")),
            };
            let types::builder::Values::Array { offsets, values } = &mut b.values else {
                return Err(Error::internal("array literal builder"));
            };
            for x in xs {
                push(values, &element, x, depth + 1)?;
            }
            offsets.push(values.len() as u32);
            b.pushed();
        }
        (Value::Array(xs), Type::Tuple(es)) if xs.len() == es.len() => {
            let types::builder::Values::Tuple(bs) = &mut b.values else {
                return Err(Error::internal("tuple literal builder"));
            };
            for ((b, (_, t)), x) in bs.iter_mut().zip(es.iter()).zip(xs) {
                push(b, t, x, depth + 1)?;
            }
            b.pushed();
        }
        (Value::Bool(v), Type::Bool) => b.push_scalar(&types::Scalar::Int(i128::from(*v))),
        (Value::String(s), Type::String | Type::FixedString(_)) => b.push_bytes(s.as_bytes()),
        (Value::String(s), _) => types::text::parse_text(&stored(ty), s.as_bytes(), b)?,
        (Value::Number(n), _) => {
            types::text::parse_text(&stored(ty), n.to_string().as_bytes(), b)?;
        }
        (Value::Bool(v), _) if ty.is_number() => b.push_scalar(&types::Scalar::Int(i128::from(*v))),
        _ => return Err(Error::new(TYPE_MISMATCH, format!("{value} is no literal of type {ty}"))),
    }
    Ok(())
}

/// A Decimal may hold more digits than its type names, as many as fit what it is stored in.
fn stored(ty: &Type) -> Type {
    match ty {
        Type::Decimal(p, s) => {
            Type::Decimal([9, 18, 38, 76].into_iter().find(|most| p <= most).unwrap_or(76), *s)
        }
        t => t.clone(),
    }
}

/// The JSON form of one value, for folded constants.
pub fn to_json(c: &Column, row: usize, ty: &Type) -> Result<Value> {
    if c.is_null(row) {
        return Ok(Value::Null);
    }
    let flat = c.slice(row, 1).flat_deep();
    Ok(match (ty, &flat.data) {
        (Type::Nullable(t) | Type::LowCardinality(t), _) => to_json(&flat, 0, t)?,
        (Type::Array(t), types::Data::Array(a)) => Value::Array(
            (a.offsets[0]..a.offsets[1]).map(|i| to_json(&a.values, i as usize, t)).collect::<Result<_>>()?,
        ),
        (Type::Map(kv), types::Data::Array(a)) => {
            let t = Type::map_entry(kv);
            Value::Array(
                (a.offsets[0]..a.offsets[1])
                    .map(|i| to_json(&a.values, i as usize, &t))
                    .collect::<Result<_>>()?,
            )
        }
        (Type::Tuple(es), types::Data::Tuple(cs, _)) => {
            Value::Array(es.iter().zip(cs.iter()).map(|((_, t), c)| to_json(c, 0, t)).collect::<Result<_>>()?)
        }
        (Type::Bool, _) => Value::Bool(flat.scalar(0).as_i64() == Some(1)),
        _ => {
            let mut out = Vec::new();
            types::text::write_text(&flat, 0, ty, &mut out)?;
            Value::String(String::from_utf8_lossy(&out).into_owned())
        }
    })
}
