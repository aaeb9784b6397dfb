//! JSONExtract: a part of a JSON text as a value of a type that the call names.

use super::{Path, float_of, int_of, raw};
use crate::args::{StrOut, array_column};
use crate::bind::{Bind, Bound, Ctx, bound};
use crate::cast::{strip_nullable, text_options};
use serde_json::Value;
use types::codes::{ILLEGAL_COLUMN, ILLEGAL_TYPE_OF_ARGUMENT};
use types::parse::parse_type;
use types::text::Codec;
use types::{ColumnBuilder, Data, Error, Result, Scalar, Type};

/// The type named by the last argument.
fn named_type(b: &Bind<'_>) -> Result<Type> {
    b.arity(2, usize::MAX)?;
    let last = b.len() - 1;
    if !b.ty(last).is_string() || b.constant(last).is_none() {
        return Err(Error::new(ILLEGAL_COLUMN, format!("The last argument of function {} must be a constant string that names a type", b.name)));
    }
    parse_type(b.const_str(last)?)
}

pub(super) fn pairs(b: &Bind<'_>, any_case: bool) -> Result<Bound> {
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

pub(super) fn extract(b: &Bind<'_>, any_case: bool) -> Result<Bound> {
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
            // Digits behind the point are cut, as a conversion would.
            integer(n.as_f64().unwrap_or(0.0) as i128, t, out)
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
