//! How two arguments hang together: cramersV, theilsU, contingency, categoricalInformationValue, rankCorr.

use super::hypothesis::ranks;
use super::moments::push_float;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::floats;
use crate::state::wire::{Reader, put_f64, put_u64, put_var};
use std::collections::HashMap;
use std::sync::Arc;
use types::builder::Values;
use types::compare::hash_column;
use types::{Column, ColumnBuilder, Result, Type};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    CramersV,
    CramersVBiasCorrected,
    TheilsU,
    Contingency,
}

macro_rules! def {
    ($name:literal, $kind:ident, $text:literal) => {
        AggregateDef {
            name: $name,
            aliases: &[],
            case_insensitive: false,
            signature: concat!($name, "(a, b)"),
            description: $text,
            examples: &[(concat!("SELECT abs(round(", $name, "(number % 2, number % 3), 3)) FROM numbers(6)"), "0")],
            flags: Flags::NONE,
            build: |call| {
                call.arity(2..=2)?;
                call.param_count(0..=0)?;
                Ok(Bound::new(call, Type::Float64, || Cells::<Table>::boxed(&Arc::new(Kind::$kind), &Type::Float64)))
            },
        }
    };
}

pub const DEFS: &[AggregateDef] = &[
    def!("cramersV", CramersV, "Cramér's V of two categories: 0 = independent, 1 = one determines the other."),
    def!("cramersVBiasCorrected", CramersVBiasCorrected, "Cramér's V with Bergsma's correction for small samples."),
    def!("theilsU", TheilsU, "Theil's U: how much of the entropy of a is explained by b."),
    def!("contingency", Contingency, "Contingency coefficient of two categories."),
    AggregateDef {
        name: "categoricalInformationValue",
        aliases: &[],
        case_insensitive: false,
        signature: "categoricalInformationValue(category1, …, tag)",
        description: "For each category (0 or 1): (P(category|tag) - P(category|no tag)) * ln of their ratio.",
        examples: &[("SELECT categoricalInformationValue(number % 2, number < 4) FROM numbers(8)", "[0]")],
        flags: Flags::NONE,
        build: build_information,
    },
    AggregateDef {
        name: "rankCorr",
        aliases: &[],
        case_insensitive: false,
        signature: "rankCorr(x, y)",
        description: "Spearman's correlation of ranks.",
        examples: &[("SELECT rankCorr(number, number * number) FROM numbers(5)", "1")],
        flags: Flags::NONE,
        build: build_ranks,
    },
];

/// Counts of pairs of values, by their hashes.
#[derive(Default)]
struct Table {
    counts: HashMap<(u64, u64), u64>,
}

impl Cell for Table {
    type Config = Kind;
    type Input = (Vec<u64>, Vec<u64>);
    fn prepare(_: &Kind, args: &[Column], rows: usize) -> Result<Self::Input> {
        let hash = |c: &Column| {
            let mut h = vec![0u64; rows];
            hash_column(c, &mut h);
            h
        };
        Ok((hash(&args[0]), hash(&args[1])))
    }
    fn add(&mut self, _: &Kind, input: &Self::Input, row: usize) -> Result<()> {
        *self.counts.entry((input.0[row], input.1[row])).or_default() += 1;
        Ok(())
    }
    fn merge(&mut self, _: &Kind, other: &Self) -> Result<()> {
        other.counts.iter().for_each(|(k, n)| *self.counts.entry(*k).or_default() += n);
        Ok(())
    }
    fn finish(&self, kind: &Kind, out: &mut ColumnBuilder) -> Result<()> {
        push_float(out, coefficient(*kind, &self.counts));
        Ok(())
    }
    fn put(&self, _: &Kind, out: &mut Vec<u8>) {
        put_var(out, self.counts.len() as u64);
        for ((a, b), n) in &self.counts {
            put_u64(out, *a);
            put_u64(out, *b);
            put_var(out, *n);
        }
    }
    fn read(_: &Kind, r: &mut Reader<'_>) -> Result<Self> {
        let mut t = Table::default();
        for _ in 0..r.count(17)? {
            let key = (r.u64()?, r.u64()?);
            *t.counts.entry(key).or_default() += r.var()? & (u64::MAX >> 8);
        }
        Ok(t)
    }
    fn heap_bytes(&self) -> usize {
        self.counts.capacity() * 32
    }
}

fn coefficient(kind: Kind, counts: &HashMap<(u64, u64), u64>) -> f64 {
    let mut cells: Vec<((u64, u64), f64)> = counts.iter().map(|(k, n)| (*k, *n as f64)).collect();
    cells.sort_by_key(|c| c.0);
    let (mut rows, mut columns): (HashMap<u64, f64>, HashMap<u64, f64>) = Default::default();
    for ((a, b), n) in &cells {
        *rows.entry(*a).or_default() += n;
        *columns.entry(*b).or_default() += n;
    }
    let n: f64 = cells.iter().map(|c| c.1).sum();
    let (r, c) = (rows.len() as f64, columns.len() as f64);
    let phi2 = (cells.iter().map(|((a, b), x)| x * x / (rows[a] * columns[b])).sum::<f64>() - 1.0).max(0.0);
    match kind {
        _ if n < 2.0 => f64::NAN,
        Kind::CramersV if r.min(c) < 2.0 => f64::NAN,
        Kind::CramersV => (phi2 / (r.min(c) - 1.0)).sqrt().min(1.0),
        Kind::CramersVBiasCorrected => {
            let corrected = (phi2 - (r - 1.0) * (c - 1.0) / (n - 1.0)).max(0.0);
            let shrink = |k: f64| k - (k - 1.0) * (k - 1.0) / (n - 1.0);
            (corrected / (shrink(r).min(shrink(c)) - 1.0)).sqrt()
        }
        Kind::Contingency => (phi2 / (1.0 + phi2)).sqrt(),
        Kind::TheilsU => {
            let entropy: f64 = rows.values().map(|x| x / n * (x / n).ln()).sum();
            let given: f64 = cells.iter().map(|((_, b), x)| x / n * (x / columns[b]).ln()).sum();
            // one value of a only: nothing to explain
            if entropy == 0.0 { 0.0 } else { ((entropy - given) / entropy).clamp(0.0, 1.0) }
        }
    }
}

fn build_information(call: &Call<'_>) -> Result<Bound> {
    call.arity(2..=64)?;
    (0..call.args.len()).try_for_each(|i| call.check(i, |t| matches!(t, Type::UInt8 | Type::Bool)))?;
    let ty = Type::array(Type::Float64);
    let config = Arc::new(call.args.len() - 1);
    Ok(Bound::new(call, ty.clone(), move || Cells::<Information>::boxed(&config, &ty)))
}

/// Rows with [no tag, tag], and of those the rows of each category.
#[derive(Default)]
struct Information {
    totals: [u64; 2],
    of: Vec<[u64; 2]>,
}

impl Cell for Information {
    type Config = usize;
    type Input = Vec<Vec<f64>>;
    fn prepare(_: &usize, args: &[Column], _rows: usize) -> Result<Self::Input> {
        Ok(args.iter().map(|c| floats(c, &Type::UInt8)).collect())
    }
    fn add(&mut self, n: &usize, input: &Self::Input, row: usize) -> Result<()> {
        self.of.resize(*n, [0; 2]);
        let tag = usize::from(input[*n][row] != 0.0);
        self.totals[tag] += 1;
        for (i, c) in self.of.iter_mut().enumerate() {
            c[tag] += u64::from(input[i][row] != 0.0);
        }
        Ok(())
    }
    fn merge(&mut self, n: &usize, other: &Self) -> Result<()> {
        self.of.resize(*n, [0; 2]);
        for t in 0..2 {
            self.totals[t] += other.totals[t];
            self.of.iter_mut().zip(&other.of).for_each(|(a, b)| a[t] += b[t]);
        }
        Ok(())
    }
    fn finish(&self, n: &usize, out: &mut ColumnBuilder) -> Result<()> {
        let Values::Array { offsets, values } = &mut out.values else { return Ok(()) };
        for i in 0..*n {
            let [without, with] = self.of.get(i).copied().unwrap_or_default();
            let p = with as f64 / self.totals[1] as f64;
            let q = without as f64 / self.totals[0] as f64;
            push_float(values, (p - q) * (p / q).ln());
        }
        offsets.push(values.len() as u32);
        out.pushed();
        Ok(())
    }
    fn put(&self, n: &usize, out: &mut Vec<u8>) {
        let of = (0..*n).flat_map(|i| self.of.get(i).copied().unwrap_or_default());
        of.chain(self.totals).for_each(|v| put_u64(out, v));
    }
    fn read(n: &usize, r: &mut Reader<'_>) -> Result<Self> {
        let mask = u64::MAX >> 8;
        let mut pair = || -> Result<[u64; 2]> { Ok([r.u64()? & mask, r.u64()? & mask]) };
        let of = (0..*n).map(|_| pair()).collect::<Result<_>>()?;
        Ok(Information { of, totals: pair()? })
    }
    fn heap_bytes(&self) -> usize {
        self.of.capacity() * 16
    }
}

fn build_ranks(call: &Call<'_>) -> Result<Bound> {
    call.arity(2..=2)?;
    call.check(0, Type::is_number)?;
    call.check(1, Type::is_number)?;
    let config = Arc::new(call.args.to_vec());
    Ok(Bound::new(call, Type::Float64, move || Cells::<Ranked>::boxed(&config, &Type::Float64)))
}

#[derive(Default)]
struct Ranked {
    points: Vec<(f64, f64)>,
}

impl Cell for Ranked {
    type Config = Vec<Type>;
    type Input = (Vec<f64>, Vec<f64>);
    fn prepare(types: &Vec<Type>, args: &[Column], _rows: usize) -> Result<Self::Input> {
        Ok((floats(&args[0], &types[0]), floats(&args[1], &types[1])))
    }
    fn add(&mut self, _: &Vec<Type>, input: &Self::Input, row: usize) -> Result<()> {
        self.points.push((input.0[row], input.1[row]));
        Ok(())
    }
    fn merge(&mut self, _: &Vec<Type>, other: &Self) -> Result<()> {
        self.points.extend_from_slice(&other.points);
        Ok(())
    }
    fn finish(&self, _: &Vec<Type>, out: &mut ColumnBuilder) -> Result<()> {
        let (x, y): (Vec<f64>, Vec<f64>) = self.points.iter().copied().unzip();
        let d: f64 = ranks(&x).iter().zip(ranks(&y)).map(|(a, b)| (a - b) * (a - b)).sum();
        let n = x.len() as f64;
        if self.points.iter().any(|p| p.0.is_nan() || p.1.is_nan()) {
            push_float(out, f64::NAN);
            return Ok(());
        }
        push_float(out, 1.0 - 6.0 * d / (n * (n * n - 1.0)));
        Ok(())
    }
    fn put(&self, _: &Vec<Type>, out: &mut Vec<u8>) {
        put_var(out, self.points.len() as u64);
        for (x, y) in &self.points {
            put_f64(out, *x);
            put_f64(out, *y);
        }
    }
    fn read(_: &Vec<Type>, r: &mut Reader<'_>) -> Result<Self> {
        let n = r.count(16)?;
        Ok(Ranked { points: (0..n).map(|_| Ok((r.f64()?, r.f64()?))).collect::<Result<_>>()? })
    }
    fn heap_bytes(&self) -> usize {
        self.points.capacity() * 16
    }
}
