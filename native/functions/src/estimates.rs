//! Functions on sketches in the binary form of Apache DataSketches: estimates, bounds, set operations.
//! An empty text is an empty sketch.

use crate::args::{array_column, f64s, strs};
use crate::bind::{Bind, Bound, Ctx, bound};
use crate::def::{FunctionDef, f};
use sketches::{Counts, Cpc, Digest, Frequent, Hll, Kll, Quantiles, Sketch, Theta};
use types::codes::INCORRECT_DATA;
use types::{Column, Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("hll_sketch_estimate", "hll_sketch_estimate(sketch)", "Number of distinct values by a HyperLogLog sketch.", &[("hll_sketch_estimate('')", "0")], estimate::<Hll>).ci(),
    f("theta_sketch_estimate", "theta_sketch_estimate(sketch)", "Number of distinct values by a theta sketch.", &[("theta_sketch_estimate('')", "0")], estimate::<Theta>).ci(),
    f("cpc_sketch_estimate", "cpc_sketch_estimate(sketch)", "Number of distinct values by a CPC sketch.", &[("cpc_sketch_estimate('')", "0")], estimate::<Cpc>).ci(),
    f("hll_sketch_estimate_with_error_bounds", "hll_sketch_estimate_with_error_bounds(sketch[, deviations])", "(estimate, lower, upper) at 1, 2 (unless given) or 3 standard deviations.", &[("hll_sketch_estimate_with_error_bounds('')", "(0,0,0)")], bounds::<Hll>).ci(),
    f("theta_sketch_estimate_with_error_bounds", "theta_sketch_estimate_with_error_bounds(sketch[, deviations])", "(estimate, lower, upper) at 1, 2 (unless given) or 3 standard deviations.", &[("theta_sketch_estimate_with_error_bounds('')", "(0,0,0)")], bounds::<Theta>).ci(),
    f("cpc_sketch_estimate_with_error_bounds", "cpc_sketch_estimate_with_error_bounds(sketch[, deviations])", "(estimate, lower, upper) at 1, 2 (unless given) or 3 standard deviations.", &[("cpc_sketch_estimate_with_error_bounds('')", "(0,0,0)")], bounds::<Cpc>).ci(),
    f("hll_sketch_union", "hll_sketch_union(a, b)", "Union of HyperLogLog sketches.", &[], |b| two::<Hll>(b, united)).alias_ci(&["hll_union"]).ci(),
    f("theta_sketch_union", "theta_sketch_union(a, b)", "Union of theta sketches.", &[], |b| two::<Theta>(b, united)).alias_ci(&["theta_union"]).ci(),
    f("theta_sketch_intersect", "theta_sketch_intersect(a, b)", "What both theta sketches have.", &[], |b| two::<Theta>(b, |x, y| x.intersect(y))).alias_ci(&["theta_intersection"]).ci(),
    f("theta_sketch_not", "theta_sketch_not(a, b)", "What the first theta sketch has and the second has not.", &[], |b| two::<Theta>(b, |x, y| x.subtract(y))).alias_ci(&["theta_difference"]).ci(),
    f("cpc_sketch_union", "cpc_sketch_union(a, b)", "Union of CPC sketches.", &[], |b| two::<Cpc>(b, united)).ci(),
    f("kll_sketch_merge", "kll_sketch_merge(a, b)", "Both KLL sketches in one.", &[], |b| two::<Kll>(b, united)).alias_ci(&["kll_sketch_merge_double"]).ci(),
    f("tdigest_sketch_merge", "tdigest_sketch_merge(a, b)", "Both t-digests in one.", &[], |b| two::<Digest>(b, united)).ci(),
    f("kll_sketch_quantile", "kll_sketch_quantile(sketch, rank)", "The value that a share `rank` of the values does not exceed; nan of an empty sketch.", &[("kll_sketch_quantile('', 0.5)", "nan")], |b| number::<Kll>(b, |s, rank| s.quantile(rank))).alias_ci(&["kll_sketch_get_quantile_double"]).ci(),
    f("kll_sketch_rank", "kll_sketch_rank(sketch, value)", "The share of the values that do not exceed `value`.", &[("kll_sketch_rank('', 5)", "nan")], |b| number::<Kll>(b, |s, v| s.rank(v))).alias_ci(&["kll_sketch_get_rank_double"]).ci(),
    f("kll_sketch_quantile_with_error_bounds", "kll_sketch_quantile_with_error_bounds(sketch, rank)", "(quantile, lower, upper) with 99 % confidence.", &[("kll_sketch_quantile_with_error_bounds('', 0.5)", "(nan,nan,nan)")], quantile_bounds).ci(),
    f("tdigest_sketch_quantile", "tdigest_sketch_quantile(sketch, rank)", "The value that a share `rank` of the values does not exceed; nan of an empty sketch.", &[("tdigest_sketch_quantile('', 0.5)", "nan")], |b| number::<Digest>(b, |s, rank| s.quantile(rank))).alias_ci(&["tdigest_quantile"]).ci(),
    f("tdigest_sketch_rank", "tdigest_sketch_rank(sketch, value)", "The share of the values below `value`.", &[("tdigest_sketch_rank('', 5)", "nan")], |b| number::<Digest>(b, |s, v| s.rank(v))).ci(),
    f("frequent_items_estimate", "frequent_items_estimate(sketch)", "The frequent texts of a sketch, most frequent first: (item, estimate, lower, upper).", &[("frequent_items_estimate('')", "[]")], frequent).ci(),
];

/// A sketch is a text, or a state of one of the functions that build it.
fn need_sketch(b: &Bind<'_>, i: usize) -> Result<()> {
    match b.ty(i) {
        Type::AggregateFunction(a) if a.name.contains("_agg") => Ok(()),
        t if t.is_string() => Ok(()),
        _ => Err(b.illegal(i, "a sketch: a String, or a state of the function that builds it")),
    }
}

fn read<S: Sketch>(bytes: &[u8]) -> Result<S> {
    if bytes.is_empty() {
        return Ok(S::new(S::SIZES.1));
    }
    S::read(bytes).map_err(|_| Error::new(INCORRECT_DATA, "The bytes are not a sketch of this kind"))
}

fn each<S: Sketch, T>(c: &Ctx<'_>, mut of: impl FnMut(usize, &S) -> Result<T>) -> Result<Vec<T>> {
    let bytes = strs(c.col(0));
    if let Some(one) = bytes.as_const() {
        let sketch: S = read(one)?;
        return (0..c.rows).map(|i| of(i, &sketch)).collect();
    }
    (0..c.rows).map(|i| of(i, &read(bytes.at(i))?)).collect()
}

fn floats(v: Vec<f64>) -> Column {
    Data::F64(v.into()).into()
}

fn triple(v: Vec<[f64; 3]>) -> Column {
    let rows = v.len();
    let part = |k: usize| floats(v.iter().map(|x| x[k]).collect());
    Data::Tuple(vec![part(0), part(1), part(2)].into(), rows).into()
}

fn triple_type(first: &str) -> Type {
    Type::Tuple([first, "lower", "upper"].iter().map(|n| ((*n).into(), Type::Float64)).collect())
}

fn estimate<S: Counts>(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    need_sketch(b, 0)?;
    bound(Type::Float64, |c| Ok(floats(each::<S, _>(c, |_, s| Ok(s.estimate()))?)))
}

fn bounds<S: Counts>(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    need_sketch(b, 0)?;
    let n = if b.len() == 2 { b.const_int(1)? } else { 2 };
    if !(1..=3).contains(&n) {
        return Err(Error::bad_arguments(format!("The second argument of {} must be 1, 2 or 3", b.name)));
    }
    bound(triple_type("estimate"), move |c| {
        let rows = each::<S, _>(c, |_, s| {
            let (lower, upper) = s.bounds(n as u8);
            Ok([s.estimate(), lower, upper])
        });
        Ok(triple(rows?))
    })
}

fn united<S: Sketch>(mut x: S, y: &S) -> sketches::Result<S> {
    x.merge(y)?;
    Ok(x)
}

fn two<S: Sketch>(b: &Bind<'_>, of: fn(S, &S) -> sketches::Result<S>) -> Result<Bound> {
    b.arity(2, 2)?;
    need_sketch(b, 0)?;
    need_sketch(b, 1)?;
    bound(Type::String, move |c| {
        let (x, y) = (strs(c.col(0)), strs(c.col(1)));
        crate::args::map_str(c.rows, "sketch", |i, out| {
            let both = of(read(x.at(i))?, &read(y.at(i))?);
            let both = both.map_err(|_| Error::new(INCORRECT_DATA, "The sketches do not fit together"))?;
            out.extend_from_slice(&both.write());
            Ok(())
        })
    })
}

fn number<S: Quantiles>(b: &Bind<'_>, of: fn(&S, f64) -> Option<f64>) -> Result<Bound> {
    b.arity(2, 2)?;
    need_sketch(b, 0)?;
    b.number(1)?;
    let ty = b.ty(1).clone();
    bound(Type::Float64, move |c| {
        let x = f64s(c.col(1), &ty);
        Ok(floats(each::<S, _>(c, |i, s| Ok(of(s, x.at(i)).unwrap_or(f64::NAN)))?))
    })
}

fn quantile_bounds(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    need_sketch(b, 0)?;
    b.number(1)?;
    let ty = b.ty(1).clone();
    bound(triple_type("quantile"), move |c| {
        let ranks = f64s(c.col(1), &ty);
        let rows = each::<Kll, _>(c, |i, s| {
            let at = |rank: f64| s.quantile(rank.clamp(0.0, 1.0)).unwrap_or(f64::NAN);
            let (rank, error) = (ranks.at(i), s.rank_error().unwrap_or(0.0));
            Ok([at(rank), at(rank - error), at(rank + error)])
        });
        Ok(triple(rows?))
    })
}

fn frequent(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    need_sketch(b, 0)?;
    let names = [("item", Type::String), ("estimate", Type::UInt64), ("lower", Type::UInt64), ("upper", Type::UInt64)];
    let row = Type::Tuple(names.into_iter().map(|(n, t)| (n.into(), t)).collect());
    bound(Type::array(row), |c| {
        let (mut offsets, mut items) = (vec![0u32], Vec::new());
        let mut numbers: [Vec<u64>; 3] = Default::default();
        for rows in each::<Frequent, _>(c, |_, s| Ok(s.rows()))? {
            for r in rows {
                items.push(r.item.into_bytes());
                numbers[0].push(r.estimate);
                numbers[1].push(r.lower);
                numbers[2].push(r.upper);
            }
            offsets.push(items.len() as u32);
        }
        let mut columns = vec![Column::strings(items.iter().map(Vec::as_slice))];
        columns.extend(numbers.into_iter().map(|v| Column::from(Data::U64(v.into()))));
        Ok(array_column(offsets, Data::Tuple(columns.into(), items.len()).into()))
    })
}
