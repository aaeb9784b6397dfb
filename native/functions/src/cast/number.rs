//! Numbers to numbers: integers, floats, decimals, Bool.

use super::{Caster, CastMode, cannot};
use crate::args::{f64s, i256s, i128s};
use crate::decimal::{from_256, narrow, overflow, pow10_128, pow10_256, scale_of};
use crate::lanes::{Lane, map};
use crate::with_lane;
use types::bfloat::cut_column;
use types::codes::{CANNOT_CONVERT_TYPE, DECIMAL_OVERFLOW};
use types::{Bitmap, Column, Data, Error, I256, Result, Type, match_numeric};

impl Caster<'_> {
    pub(super) fn numbers(&self, col: &Column, from: &Type, to: &Type) -> Result<Column> {
        let rows = col.len();
        if self.mode.accurate() && *to != Type::Bool {
            return self.accurate(col, from, to);
        }
        match (from, to) {
            (f, Type::Bool) => Ok(truth(col, f)),
            (Type::Decimal(..), Type::Decimal(p, s)) => self.rescale(col, scale_of(from), *p, *s),
            (Type::BFloat16, Type::Decimal(..)) => Err(Error::not_implemented(format!(
                "Conversion from BFloat16 to Decimal is not implemented: convert it with toFloat32 first, to {to} then"
            ))),
            (f, Type::Decimal(p, s)) if f.is_float() => self.float_to_decimal(col, *p, *s),
            (_, Type::Decimal(p, s)) => self.rescale(col, 0, *p, *s),
            (f, Type::BFloat16) => Ok(cut_column(self.numbers(col, f, &Type::Float32)?)),
            (Type::Decimal(..), t) if t.is_float() => {
                let v = f64s(col, from);
                Ok(if *t == Type::Float32 {
                    f32::column((0..rows).map(|i| v.at(i) as f32).collect())
                } else {
                    f64::column((0..rows).map(|i| v.at(i)).collect())
                })
            }
            (Type::Decimal(_, s), t) => decimal_to_int(col, *s, t),
            (f, t) if f.is_float() && t.is_integer() => {
                let finite = match_numeric!(&col.data, v, W => v.iter().all(|x| crate::args::Number::to_f64(*x).is_finite()), true);
                if !finite {
                    return Err(Error::new(CANNOT_CONVERT_TYPE, "Unexpected inf or nan to integer conversion"));
                }
                Ok(lane(col, t, rows))
            }
            (_, t) => Ok(lane(col, t, rows)),
        }
    }

    fn rescale(&self, col: &Column, from: u8, p: u8, s: u8) -> Result<Column> {
        let rows = col.len();
        let what = "a conversion: the value does not fit the Decimal";
        if p <= 38 && !matches!(col.data, Data::I256(_) | Data::U256(_) | Data::U128(_)) {
            let v = i128s(col);
            let k = pow10_128(u32::from(from.abs_diff(s))).ok_or_else(|| overflow(what))?;
            return narrow(p, rows, |i| {
                if s >= from { v.at(i).checked_mul(k).ok_or_else(|| overflow(what)) } else { Ok(v.at(i) / k) }
            });
        }
        let v = i256s(col);
        let k = pow10_256(u32::from(from.abs_diff(s))).ok_or_else(|| overflow(what))?;
        let wide = (0..rows)
            .map(|i| if s >= from { v.at(i).checked_mul(k).ok_or_else(|| overflow(what)) } else { Ok(v.at(i) / k) })
            .collect::<Result<Vec<_>>>()?;
        from_256(p, wide)
    }

    fn float_to_decimal(&self, col: &Column, p: u8, s: u8) -> Result<Column> {
        let v = f64s(col, &Type::Float64);
        let k = types::float::pow10(s);
        let limit = match types::ty::decimal_width(p) {
            4 => i32::MAX.into(),
            8 => i64::MAX as f64,
            16 => i128::MAX as f64,
            _ => 5.7e76,
        };
        let out = (0..col.len())
            .map(|i| {
                // A Float32 is scaled in its own precision.
                let x = if let Data::F32(f) = &col.data { f64::from(f[i] * k as f32) } else { v.at(i) * k };
                if !x.is_finite() || x.abs() >= limit {
                    return Err(Error::new(DECIMAL_OVERFLOW, "Decimal convert overflow: the floating point value does not fit, or is infinite or NaN"));
                }
                Ok(crate::wide_float::to_i256(x))
            })
            .collect::<Result<Vec<I256>>>()?;
        from_256(p, out)
    }

    /// The value must survive unchanged.
    fn accurate(&self, col: &Column, from: &Type, to: &Type) -> Result<Column> {
        let rows = col.len();
        let sql = Caster { mode: CastMode::Sql, session: self.session, text: self.text.clone() };
        if from.is_decimal() {
            // Digits behind the point are cut. What does not fit another Decimal is NULL where that is asked for.
            let whole = sql.numbers(col, from, to);
            if whole.is_ok() || !to.is_decimal() || self.mode != CastMode::AccurateOrNull {
                return whole;
            }
            let mut bad = Bitmap::new(rows, false);
            let mut b = types::ColumnBuilder::with_capacity(to, rows);
            for i in 0..rows {
                match sql.numbers(&col.slice(i, 1), from, to) {
                    Ok(c) => b.push_row(&c, 0),
                    Err(_) => {
                        b.push_default(1);
                        bad.set(i, true);
                    }
                }
            }
            return Ok(Column::new(b.finish().data, Some(bad)));
        }
        let mut bad = Bitmap::new(rows, false);
        let out = if from.is_float() || to.is_float() || to.is_decimal() {
            let mut pieces = Vec::with_capacity(rows);
            let source = f64s(col, from);
            let integer = |t: &Type| t.is_integer();
            for i in 0..rows {
                let one = col.slice(i, 1);
                let x = source.at(i);
                let fits = !integer(to) || !from.is_float() || (x.is_finite() && x.trunc() == x && in_range(x, to));
                let converted = if fits { sql.numbers(&one, from, to).ok() } else { None };
                let same = converted.as_ref().is_some_and(|c| {
                    if from.is_float() && to.is_float() {
                        return x.is_nan() || f64s(c, to).at(0) == x;
                    }
                    if to.is_float() {
                        let back = f64s(c, to).at(0);
                        return sql.numbers(&f64::column(vec![back]), &Type::Float64, from).is_ok_and(|b| b.scalar(0) == one.scalar(0));
                    }
                    // Beyond 64 bits the conversion itself may lose digits.
                    !to.is_integer() || ethnum::AsI256::as_i256(x) == i256s(c).at(0)
                });
                if !same {
                    bad.set(i, true);
                }
                pieces.push(if same { converted } else { None });
            }
            let mut b = types::ColumnBuilder::with_capacity(to, rows);
            for p in pieces {
                match p {
                    Some(c) => b.push_row(&c, 0),
                    None => b.push_default(1),
                }
            }
            b.finish()
        } else {
            let out = lane(col, to, rows);
            let (a, b) = (i256s(col), i256s(&out));
            let unsigned_top = |t: &Type, v: I256| matches!(t, Type::UInt256) && v < I256::ZERO;
            for i in 0..rows {
                // Equal as numbers, the highest unsigned values (negative as signed) told apart.
                let (x, y) = (a.at(i), b.at(i));
                if x != y || unsigned_top(from, x) != unsigned_top(to, y) {
                    bad.set(i, true);
                }
            }
            out
        };
        if !bad.any() {
            return Ok(out);
        }
        if self.mode == CastMode::AccurateOrNull {
            return Ok(Column::new(out.data, Some(bad)));
        }
        let code = if to.is_decimal() { DECIMAL_OVERFLOW } else { CANNOT_CONVERT_TYPE };
        Err(Error::new(code, format!("Value in column {from} cannot be safely converted into type {to}")))
    }
}

fn in_range(x: f64, to: &Type) -> bool {
    let Some((bits, signed)) = to.int_bits() else { return true };
    let top = 2f64.powi(i32::from(bits) - i32::from(signed));
    x < top && if signed { x >= -top } else { x >= 0.0 }
}

fn lane(col: &Column, to: &Type, rows: usize) -> Column {
    with_lane!(to, R => R::column(map::<R, R>(col, rows, |x| x)), col.clone())
}

fn truth(col: &Column, _from: &Type) -> Column {
    match_numeric!(&col.data, v, W => {
        crate::args::u8_col(v.iter().map(|x| u8::from(crate::args::Number::truth(*x))).collect())
    }, col.clone())
}

fn decimal_to_int(col: &Column, s: u8, to: &Type) -> Result<Column> {
    let k = pow10_256(s.into()).ok_or_else(|| overflow("a conversion"))?;
    let v = i256s(col);
    let Some((bits, signed)) = to.int_bits() else { return Err(cannot(&Type::Decimal(9, s), to)) };
    let mut out = Vec::with_capacity(col.len());
    for i in 0..col.len() {
        let x = v.at(i) / k;
        let fits = if bits == 256 {
            signed || x >= I256::ZERO
        } else {
            let top = I256::ONE << (u32::from(bits) - u32::from(signed));
            x < top && if signed { x >= -top } else { x >= I256::ZERO }
        };
        if !fits {
            return Err(Error::new(DECIMAL_OVERFLOW, format!("Convert overflow: a Decimal value does not fit {to}")));
        }
        out.push(x);
    }
    Ok(lane(&Data::I256(out.into()).into(), to, col.len()))
}
