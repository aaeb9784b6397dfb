//! Quantiles from all values: quantileExact and its Low, High, Inclusive and Exclusive forms.
//!
//! Values are logged with their groups and sorted by group once, when results are wanted.

use super::levels::{self, Levels, measurable, measurable_as_float};
use super::sum::{Into2, Total};
use crate::registry::{AggregateDef, Bound, Call};
use crate::state::cells::{same, serial};
use crate::state::log::GroupLog;
use crate::state::numbers::{by_number, scale_of};
use crate::state::wire::Reader;
use crate::{Groups, States};
use std::any::Any;
use std::ops::Range;
use types::builder::Values;
use types::codes::BAD_ARGUMENTS;
use types::compare::OrderedValue;
use types::{Column, ColumnBuilder, Data, Error, I256, Result, StrData, Type, U256};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Exact,
    Low,
    High,
    Inclusive,
    Exclusive,
}

macro_rules! def {
    ($name:literal, $aliases:expr, $kind:ident, $text:literal, $example:expr) => {
        AggregateDef {
            name: $name,
            aliases: $aliases,
            case_insensitive: false,
            signature: concat!($name, "(level, …)(x)"),
            description: $text,
            examples: $example,
            flags: levels::flags($name),
            build: |call| build(call, Kind::$kind),
        }
    };
}

pub const DEFS: &[AggregateDef] = &[
    def!("quantileExact", &["medianExact"], Exact, "Exact quantile: the value at position floor(level * n) of the sorted values. Keeps all values.", &[("SELECT quantileExact(0.5)(number) FROM numbers(11)", "5")]),
    def!("quantilesExact", &[], Exact, "Exact quantiles of several levels.", &[("SELECT quantilesExact(0.25, 0.75)(number) FROM numbers(101)", "[25,75]")]),
    def!("quantileExactLow", &["medianExactLow"], Low, "Exact quantile; the median of an even number of values is the lower of the two in the middle.", &[("SELECT quantileExactLow(0.5)(number) FROM numbers(10)", "4")]),
    def!("quantilesExactLow", &[], Low, "As quantileExactLow for several levels.", &[("SELECT quantilesExactLow(0.5)(number) FROM numbers(10)", "[4]")]),
    def!("quantileExactHigh", &["medianExactHigh"], High, "Exact quantile; the median of an even number of values is the higher of the two in the middle.", &[("SELECT quantileExactHigh(0.5)(number) FROM numbers(10)", "5")]),
    def!("quantilesExactHigh", &[], High, "As quantileExactHigh for several levels.", &[("SELECT quantilesExactHigh(0.5)(number) FROM numbers(10)", "[5]")]),
    def!("quantileExactInclusive", &["medianExactInclusive"], Inclusive, "Exact quantile with interpolation over [min, max] (Excel's PERCENTILE.INC).", &[("SELECT quantileExactInclusive(0.25)(number) FROM numbers(6)", "1.25")]),
    def!("quantilesExactInclusive", &[], Inclusive, "As quantileExactInclusive for several levels.", &[("SELECT quantilesExactInclusive(0.25, 0.5)(number) FROM numbers(6)", "[1.25,2.5]")]),
    def!("quantileExactExclusive", &["medianExactExclusive"], Exclusive, "Exact quantile with interpolation, ends excluded (Excel's PERCENTILE.EXC).", &[("SELECT quantileExactExclusive(0.25)(number) FROM numbers(6)", "0.75")]),
    def!("quantilesExactExclusive", &[], Exclusive, "As quantileExactExclusive for several levels.", &[("SELECT quantilesExactExclusive(0.25, 0.5)(number) FROM numbers(6)", "[0.75,2.5]")]),
];

fn build(call: &Call<'_>, kind: Kind) -> Result<Bound> {
    call.arity(1..=1)?;
    let levels = Levels::of(call, 0)?;
    if kind == Kind::Exclusive && levels.levels.iter().any(|l| *l == 0.0 || *l == 1.0) {
        return Err(Error::new(BAD_ARGUMENTS, format!("{} takes levels above 0 and below 1", call.name)));
    }
    let arg = call.args[0].clone();
    let wide = |t: &Type| matches!(t.int_bits(), Some((128.., _)));
    match kind {
        Kind::Exact => call.check(0, measurable)?,
        Kind::Low | Kind::High => call.check(0, |t| measurable(t) && !wide(t))?,
        Kind::Inclusive | Kind::Exclusive => call.check(0, measurable_as_float)?,
    }
    let float = matches!(kind, Kind::Inclusive | Kind::Exclusive);
    let one = if float { Type::Float64 } else { arg.clone() };
    let ty = levels.ty(one);
    let config = Config { kind, levels, ty: ty.clone(), scale: scale_of(&arg) };
    Ok(Bound::new(call, ty, move || by_number!(&arg, T => Exact::<T>::boxed(&config))))
}

#[derive(Clone)]
struct Config {
    kind: Kind,
    levels: Levels,
    ty: Type,
    scale: u8,
}

/// A number type that quantiles can be taken of.
pub trait Measure: Total + OrderedValue + Into2<f64> {
    fn values(c: &Column) -> Option<&[Self]>;
    fn push(self, out: &mut ColumnBuilder);
    fn skip(self) -> bool {
        false
    }
}
macro_rules! measure { ($($t:ty, $w:ident $(, $skip:expr)?);*) => { $(impl Measure for $t {
    fn values(c: &Column) -> Option<&[Self]> { match &c.data { Data::$w(v) => Some(v.as_slice()), _ => None } }
    fn push(self, out: &mut ColumnBuilder) {
        if let Values::$w(v) = &mut out.values { v.push(self) }
        out.pushed();
    }
    $(fn skip(self) -> bool { $skip(self) })?
})* } }
measure!(u8, U8; u16, U16; u32, U32; u64, U64; u128, U128; U256, U256; i8, I8; i16, I16; i32, I32; i64, I64; i128, I128; I256, I256;
    f32, F32, f32::is_nan; f64, F64, f64::is_nan);

struct Exact<T> {
    log: GroupLog<T>,
    groups: usize,
    config: Config,
}

impl<T: Measure> Exact<T> {
    fn boxed(config: &Config) -> Box<dyn States> {
        Box::new(Exact::<T> { log: GroupLog::default(), groups: 0, config: config.clone() })
    }
    fn interpolated(&self, sorted: &[T], level: f64) -> f64 {
        let n = sorted.len();
        if n == 0 {
            return f64::NAN;
        }
        let position = match self.config.kind {
            Kind::Exclusive => level * (n as f64 + 1.0),
            _ => level * (n as f64 - 1.0) + 1.0,
        };
        let below = position.floor();
        let at = |i: usize| -> f64 { Into2::<f64>::to(sorted[i]) };
        let v = if below < 1.0 {
            at(0)
        } else if below >= n as f64 {
            at(n - 1)
        } else {
            let low = at(below as usize - 1);
            low + (position - below) * (at(below as usize) - low)
        };
        v / types::float::pow10(self.config.scale)
    }
    /// Position of a level among n > 0 sorted values.
    fn position(&self, n: usize, level: f64) -> usize {
        let at = match self.config.kind {
            Kind::Low if level == 0.5 => (n - 1) / 2,
            Kind::High if level == 0.5 => n / 2,
            _ if level < 1.0 => (level * n as f64) as usize,
            _ => n - 1,
        };
        at.min(n - 1)
    }
}

impl<T: Measure> States for Exact<T> {
    fn resize(&mut self, groups: usize) {
        self.groups = self.groups.max(groups);
    }
    fn len(&self) -> usize {
        self.groups
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let c = args[0].flat();
        let values = T::values(&c).ok_or_else(|| Error::internal("Quantile over another type"))?;
        if values.iter().any(|v| v.skip()) {
            for row in 0..rows {
                if !values[row].skip() {
                    self.log.push(groups.of(row), values[row]);
                }
            }
        } else {
            self.log.extend(groups, values.iter().copied());
        }
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        self.log.merge(&other.log, other.groups, src, dst);
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let mut out = ColumnBuilder::with_capacity(&self.config.ty, groups.len());
        let levels = &self.config.levels;
        for g in groups {
            let mut values = self.log.copied(g, self.groups);
            if matches!(self.config.kind, Kind::Inclusive | Kind::Exclusive) {
                values.sort_unstable_by(|a, b| a.order(*b));
                levels.push(&mut out, |out, level| super::moments::push_float(out, self.interpolated(&values, level)));
            } else if values.is_empty() {
                let none = if levels.plural { 0.0 } else { f64::NAN };
                levels.push(&mut out, |out, _| super::levels::push_raw(out, none));
            } else if let [level] = levels.levels[..] {
                let at = self.position(values.len(), level);
                let v = *values.select_nth_unstable_by(at, |a, b| a.order(*b)).1;
                levels.push(&mut out, |out, _| v.push(out));
            } else {
                values.sort_unstable_by(|a, b| a.order(*b));
                levels.push(&mut out, |out, level| values[self.position(values.len(), level)].push(out));
            }
        }
        Ok(out.finish())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(serial(groups, |g, out| self.log.put(g as usize, self.groups, out)))
    }
    fn absorb(&mut self, g: u32, r: &mut Reader<'_>) -> Result<()> {
        self.log.read(g, r)
    }
    fn bytes(&self) -> usize {
        self.log.bytes()
    }
    fn planned_bytes(&self, rows: usize) -> usize {
        self.bytes() + self.log.planned_growth(rows)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
