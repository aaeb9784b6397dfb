//! Dates and times to and from each other and numbers.

use super::{CastMode, Caster, cannot};
use crate::args::{f64s, i32_col, i64_col, i64s, i128s, u16_col, u32_col};
use crate::dates::{Clock, Kind, kind_of};
use crate::decimal::scale_of;
use types::codes::DECIMAL_OVERFLOW;
use types::tz::{DAY, TimeZone};
use types::{Column, Data, Error, IntervalKind, Result, Type};

/// 0000-01-01 00:00:00 and 9999-12-31 23:59:59: what a DateTime64 is made of numbers for.
const SECONDS_MIN: i64 = -62_167_219_200;
const SECONDS_MAX: i64 = 253_402_300_799;

/// The last day number that Date32 takes for days rather than seconds (2299-12-31 is 120,529).
const DATE32_MAX: i64 = 120_529;
const DATE32_MIN: i64 = -25_567;
/// Stands for an integer that Int64 does not hold.
const BEYOND: i64 = i64::MIN;

// What a type cannot hold wraps, as in ClickHouse with date_time_overflow_behavior = 'ignore'.
impl Caster<'_> {
    pub(super) fn times(&self, col: &Column, from: &Type, to: &Type) -> Result<Column> {
        let rows = col.len();
        match (kind_of(from), kind_of(to)) {
            (Some(f), Some(t)) => self.time_to_time(col, from, f, to, t),
            (Some(_), None) if to.is_number() => self.time_to_number(col, from, to),
            (None, Some(t)) if from.is_number() => self.number_to_time(col, from, to, t, rows),
            _ => Err(cannot(from, to)),
        }
    }

    fn time_to_number(&self, col: &Column, from: &Type, to: &Type) -> Result<Column> {
        // These wrap in every mode.
        let sql = Caster { mode: CastMode::Sql, session: self.session, text: self.text.clone() };
        match from {
            Type::Date => sql.numbers(col, &Type::UInt16, to),
            Type::Date32 => sql.numbers(col, &Type::Int32, to),
            Type::DateTime(_) => sql.numbers(col, &Type::UInt32, to),
            // The modes that check say what does not fit.
            Type::DateTime64(s, _) if to.is_integer() && !self.mode.accurate() => {
                let k = 10i64.pow((*s).into());
                let v = i64s(col);
                let seconds = i64_col((0..col.len()).map(|i| v.at(i) / k).collect());
                self.numbers(&seconds, &Type::Decimal(18, 0), to)
            }
            _ => self.numbers(col, &Type::Decimal(18, scale_of(from)), to),
        }
    }

    fn zone(&self, ty: &Type) -> Result<std::sync::Arc<TimeZone>> {
        self.session.zone_of(ty)
    }

    fn number_to_time(&self, col: &Column, from: &Type, to: &Type, kind: Kind, rows: usize) -> Result<Column> {
        if self.mode.accurate() && matches!(kind, Kind::Date | Kind::DateTime) {
            return self.whole_time(col, from, to);
        }
        let zone = self.zone(to)?;
        let whole: Vec<i64> = if from.is_float() || from.is_decimal() {
            let v = f64s(col, from);
            // nan is before every day
            let whole = |x: f64| if x.is_nan() && kind == Kind::Date32 { DATE32_MIN } else { (x as i64).max(BEYOND + 1) };
            (0..rows).map(|i| whole(v.at(i))).collect()
        } else {
            let v = i128s(col);
            let whole = |x: i128| if x > i128::from(i64::MAX) { BEYOND } else { x.max(i128::from(BEYOND + 1)) as i64 };
            (0..rows).map(|i| whole(v.at(i))).collect()
        };
        let day_of = |t: i64| zone.utc_to_local(t).div_euclid(DAY);
        Ok(match kind {
            Kind::Date => u16_col(
                whole
                    .into_iter()
                    .map(|v| match v {
                        // an unsigned number beyond Int64
                        _ if v == BEYOND => u16::MAX,
                        i64::MIN..0 => 0,
                        0..=65_535 => v as u16,
                        _ => day_of(v.min(u32::MAX.into())).clamp(0, 65_535) as u16,
                    })
                    .collect(),
            ),
            Kind::Date32 => i32_col(
                whole
                    .into_iter()
                    .map(|v| if v == BEYOND { -1 } else if v <= DATE32_MAX { v.max(DATE32_MIN) as i32 } else { day_of(v.min(10_413_791_999)).clamp(DATE32_MIN, DATE32_MAX) as i32 })
                    .collect(),
            ),
            Kind::DateTime => u32_col(whole.into_iter().map(|v| if v == BEYOND { u32::MAX } else { v.clamp(0, u32::MAX.into()) as u32 }).collect()),
            Kind::DateTime64(_) if *from == Type::BFloat16 => return self.numbers(col, from, &Type::Decimal(18, scale_of(to))),
            Kind::DateTime64(s) => {
                let k = 10i64.pow(s.into());
                // What lies outside of the years 0000 to 9999, or of what the scale leaves of them, is their first or last second.
                let (first, last) = (SECONDS_MIN.max(i64::MIN / k), SECONDS_MAX.min(i64::MAX / k));
                if from.is_float() {
                    let v = f64s(col, from);
                    let (low, high) = (first as f64 * k as f64, last as f64 * k as f64);
                    let ticks = (0..rows)
                        .map(|i| {
                            // A Float32 is scaled in its own precision.
                            let x = if let Data::F32(f) = &col.data { f64::from(f[i] * k as f32) } else { v.at(i) * k as f64 };
                            if x.is_nan() {
                                return Err(Error::new(DECIMAL_OVERFLOW, format!("NaN does not fit {to}")));
                            }
                            Ok(if x < low { first * k } else if x >= high + k as f64 { last * k } else { x as i64 })
                        })
                        .collect::<Result<Vec<_>>>()?;
                    return Ok(i64_col(ticks));
                }
                if from.is_decimal() {
                    return self.numbers(col, from, &Type::Decimal(18, s));
                }
                i64_col(whole.into_iter().map(|v| if v == BEYOND { last } else { v.clamp(first, last) }).map(|v| v * k).collect())
            }
        })
    }

    /// A number that Date or DateTime holds as it is: what lies outside is refused.
    fn whole_time(&self, col: &Column, from: &Type, to: &Type) -> Result<Column> {
        let stored = if matches!(to, Type::Date) { Type::UInt16 } else { Type::UInt32 };
        let top = if matches!(to, Type::Date) { f64::from(u16::MAX) } else { f64::from(u32::MAX) };
        let v = f64s(col, from);
        let bad = types::Bitmap::from_fn(col.len(), |i| !(v.at(i) >= 0.0 && v.at(i) <= top));
        let sql = Caster { mode: CastMode::Sql, session: self.session, text: self.text.clone() };
        if !bad.any() {
            return sql.numbers(col, from, &stored);
        }
        if !self.mode.or_null() {
            return Err(Error::new(types::codes::CANNOT_CONVERT_TYPE, format!("Value in column {from} cannot be safely converted into type {to}")));
        }
        let kept = Column::new(col.data.clone(), Some(bad.clone()));
        let safe = sql.numbers(&crate::call::without_nulls(&kept), from, &stored)?;
        Ok(Column::new(safe.data, Some(bad)))
    }

    fn time_to_time(&self, col: &Column, from: &Type, f: Kind, to: &Type, t: Kind) -> Result<Column> {
        let rows = col.len();
        let v = i64s(col);
        let source = Clock::new(f, self.zone(from)?);
        // Dates have no zone: they are read in the zone of the result.
        let zone = if matches!(f, Kind::Date | Kind::Date32) { self.zone(to)? } else { source.zone.clone() };
        let midnight = |d: i64| zone.local_to_utc(d.saturating_mul(DAY));
        let ticks = |k: i64| move |s: i64| s.checked_mul(k).ok_or_else(|| Error::new(DECIMAL_OVERFLOW, format!("Value does not fit {to}")));
        let each = 0..rows;
        Ok(match (f, t) {
            (Kind::Date, Kind::Date32) => i32_col(each.map(|i| v.at(i) as i32).collect()),
            (Kind::Date32, Kind::Date) => u16_col(each.map(|i| v.at(i) as u16).collect()),
            (Kind::Date, Kind::DateTime) => u32_col(each.map(|i| midnight(v.at(i)) as u32).collect()),
            (Kind::Date32, Kind::DateTime) => u32_col(each.map(|i| midnight(v.at(i)) as u32).collect()),
            (Kind::Date | Kind::Date32, Kind::DateTime64(s)) => {
                i64_col(each.map(|i| midnight(v.at(i))).map(ticks(10i64.pow(s.into()))).collect::<Result<Vec<_>>>()?)
            }
            (Kind::DateTime, Kind::Date) => u16_col(each.map(|i| source.days(v.at(i)).clamp(0, 65_535) as u16).collect()),
            (Kind::DateTime | Kind::DateTime64(_), Kind::Date32) => i32_col(each.map(|i| source.days(v.at(i)) as i32).collect()),
            (Kind::DateTime, Kind::DateTime64(s)) => {
                i64_col(each.map(|i| v.at(i)).map(ticks(10i64.pow(s.into()))).collect::<Result<Vec<_>>>()?)
            }
            (Kind::DateTime64(_), Kind::Date) => {
                // towards zero, unlike to DateTime
                u16_col(each.map(|i| source.zone.utc_to_local(v.at(i) / source.ticks).div_euclid(DAY) as u16).collect())
            }
            (Kind::DateTime64(_), Kind::DateTime) => {
                u32_col(each.map(|i| v.at(i).div_euclid(source.ticks) as u32).collect())
            }
            (Kind::DateTime64(a), Kind::DateTime64(b)) if b >= a => {
                i64_col(each.map(|i| v.at(i)).map(ticks(10i64.pow((b - a).into()))).collect::<Result<Vec<_>>>()?)
            }
            (Kind::DateTime64(a), Kind::DateTime64(b)) => {
                let k = 10i64.pow((a - b).into());
                i64_col(each.map(|i| v.at(i) / k).collect())
            }
            _ => col.clone(),
        })
    }
}

/// Between kinds of intervals, where one is a number of the other.
pub(super) fn interval(col: &Column, from: IntervalKind, to: IntervalKind) -> Column {
    // A month counts as 28 days, as in ClickHouse.
    const MONTH: i64 = 28 * 86_400_000_000_000;
    let size = |k: IntervalKind| -> i64 {
        k.nanos().unwrap_or(match k {
            IntervalKind::Quarter => 3 * MONTH,
            IntervalKind::Year => 12 * MONTH,
            _ => MONTH,
        })
    };
    let (from, to) = (i128::from(size(from)), i128::from(size(to)));
    let v = i64s(col);
    i64_col((0..col.len()).map(|i| (i128::from(v.at(i)) * from / to) as i64).collect())
}
