//! Numbers about arrays: edit distances, areas under curves, the Gini coefficient, autocorrelation.

use super::basic::{element_hashes, need_array};
use super::{Elements, elements};
use crate::args::{array_column, f64_col, f64s, u32_col};
use crate::bind::{Bind, Bound, Ctx, bound};
use crate::def::{FunctionDef, f};
use types::codes::{BAD_ARGUMENTS, ILLEGAL_COLUMN, SIZES_OF_ARRAYS_DONT_MATCH, TOO_LARGE_ARRAY_SIZE};
use types::{Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("arrayLevenshteinDistance", "arrayLevenshteinDistance(a, b)", "How many elements to insert, delete and replace to make b of a.", &[("arrayLevenshteinDistance([1, 2, 3], [1, 3])", "1")], levenshtein).own_nulls(),
    f("arrayLevenshteinDistanceWeighted", "arrayLevenshteinDistanceWeighted(a, b, weights_a, weights_b)", "As arrayLevenshteinDistance with a weight of each element; replacing costs both.", &[("arrayLevenshteinDistanceWeighted(['A', 'B', 'C'], ['A', 'K', 'L'], [1.0, 2, 3], [3.0, 4, 5])", "14")], |b| weighted(b, false)).own_nulls(),
    f("arraySimilarity", "arraySimilarity(a, b, weights_a, weights_b)", "1 less the weighted distance over the sum of weights: 1 for equal arrays.", &[("arraySimilarity([1, 2], [1, 3], [1, 1], [1, 1])", "0.5")], |b| weighted(b, true)).own_nulls(),
    f("arrayROCAUC", "arrayROCAUC(scores, labels[, scale[, partial_offsets]])", "Area under the receiver operating characteristic.", &[("arrayROCAUC([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])", "0.75")], roc).alias(&["arrayAUC"]).own_nulls(),
    f("arrayAUCPR", "arrayAUCPR(scores, labels[, partial_offsets])", "Area under the curve of precision over recall.", &[("round(arrayAUCPR([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 4)", "0.8333")], precision).alias(&["arrayPRAUC"]).own_nulls(),
    f("arrayNormalizedGini", "arrayNormalizedGini(predicted, label)", "Gini coefficients of predictions and of labels, and their quotient.", &[("arrayNormalizedGini([0.9, 0.3, 0.8], [6, 1, 1]).3", "1")], gini).own_nulls(),
    f("arrayAutocorrelation", "arrayAutocorrelation(array[, lags])", "Correlation of the array with itself moved by 0, 1, … places.", &[("arrayAutocorrelation([1, 2, 3, 4])", "[1,0.25,-0.3,-0.45]")], autocorrelation).own_nulls(),
];

/// Distances cost the product of the lengths.
const LENGTH_MAX: usize = 1 << 14;

fn check_lengths(name: &str, a: usize, b: usize) -> Result<()> {
    if a > LENGTH_MAX || b > LENGTH_MAX {
        return Err(Error::new(TOO_LARGE_ARRAY_SIZE, format!("The arrays of function {name} must not have more than {LENGTH_MAX} elements")));
    }
    Ok(())
}

/// Hashes of the elements of two array columns, comparable with each other.
fn pair(b: &Bind<'_>) -> Result<impl Fn(&Ctx<'_>) -> Result<(Elements, Vec<u64>, Elements, Vec<u64>)> + Send + Sync + 'static> {
    let (x, y) = (need_array(b, 0)?, need_array(b, 1)?);
    // Arrays without a common type have no equal elements.
    let common = crate::supertype::common_type(&[x.clone(), y.clone()]).ok();
    Ok(move |c: &Ctx<'_>| {
        let load = |i: usize, from: &Type, seed: u64| -> Result<(Elements, Vec<u64>)> {
            let col = match &common {
                Some(t) => super::cast_elements(c.col(i), from, t, c.session)?,
                None => c.col(i).clone(),
            };
            let e = elements(&col, c.rows)?;
            let mut h = element_hashes(&[&e.values.flat_deep()]);
            if common.is_none() {
                h.iter_mut().for_each(|v| *v ^= seed);
            }
            Ok((e, h))
        };
        let (e, h) = load(0, &x, 0)?;
        let (g, k) = load(1, &y, 0x5bd1_e995_9d1b_58d3)?;
        Ok((e, h, g, k))
    })
}

fn levenshtein(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    let load = pair(b)?;
    bound(Type::UInt32, move |c| {
        let (e, h, g, k) = load(c)?;
        let mut out = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let (x, y) = (row(&e.offsets, i), row(&g.offsets, i));
            check_lengths("arrayLevenshteinDistance", x.len(), y.len())?;
            out.push(edit(&h[x], &k[y], |_| 1.0, |_| 1.0, |_, _| 1.0) as u32);
        }
        Ok(u32_col(out))
    })
}

fn row(offsets: &[u32], i: usize) -> std::ops::Range<usize> {
    offsets[i] as usize..offsets[i + 1] as usize
}

fn edit(a: &[u64], b: &[u64], remove: impl Fn(usize) -> f64, insert: impl Fn(usize) -> f64, replace: impl Fn(usize, usize) -> f64) -> f64 {
    let mut line = vec![0.0];
    for j in 0..b.len() {
        line.push(line[j] + insert(j));
    }
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = line[0];
        line[0] += remove(i);
        for (j, y) in b.iter().enumerate() {
            let up = line[j + 1];
            let same = if x == y { diagonal } else { diagonal + replace(i, j) };
            line[j + 1] = same.min(up + remove(i)).min(line[j] + insert(j));
            diagonal = up;
        }
    }
    line[b.len()]
}

fn weighted(b: &Bind<'_>, similarity: bool) -> Result<Bound> {
    b.arity(4, 4)?;
    let load = pair(b)?;
    let mut types = Vec::new();
    for i in 2..4 {
        let t = need_array(b, i)?;
        if !t.is_number() {
            return Err(b.illegal(i, "an array of numbers"));
        }
        types.push(t);
    }
    let name = if similarity { "arraySimilarity" } else { "arrayLevenshteinDistanceWeighted" };
    bound(Type::Float64, move |c| {
        let (e, h, g, k) = load(c)?;
        let (we, wg) = (elements(c.col(2), c.rows)?, elements(c.col(3), c.rows)?);
        for (n, (x, w)) in [(&e, &we), (&g, &wg)].into_iter().enumerate() {
            if x.offsets != w.offsets {
                return Err(Error::new(SIZES_OF_ARRAYS_DONT_MATCH, format!("Arguments {} and {} of function {name} must be arrays of the same size", n + 1, n + 3)));
            }
        }
        let (v, w) = (f64s(&we.values, &types[0]), f64s(&wg.values, &types[1]));
        let mut out = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let (x, y) = (row(&e.offsets, i), row(&g.offsets, i));
            check_lengths(name, x.len(), y.len())?;
            let (from, to) = (x.start, y.start);
            let total: f64 = x.clone().map(|p| v.at(p)).fold(0.0, |a: f64, x| a + x) + y.clone().map(|p| w.at(p)).fold(0.0, |a: f64, x| a + x);
            let d = edit(&h[x], &k[y], |p| v.at(from + p), |q| w.at(to + q), |p, q| v.at(from + p) + w.at(to + q));
            out.push(match similarity {
                false => d,
                true if total == 0.0 => 1.0,
                true => 1.0 - d / total,
            });
        }
        Ok(f64_col(out))
    })
}

/// Scores (falling) with their labels, a row at a time.
fn scored(b: &Bind<'_>) -> Result<impl Fn(&Ctx<'_>) -> Result<Vec<Vec<(f64, bool)>>> + Send + Sync + 'static> {
    let (x, y) = (need_array(b, 0)?, need_array(b, 1)?);
    if !x.is_number() {
        return Err(b.illegal(0, "an array of numbers"));
    }
    if !y.is_number() && !matches!(y, Type::Enum8(_) | Type::Enum16(_)) {
        return Err(b.illegal(1, "an array of numbers"));
    }
    let name = b.name.to_string();
    Ok(move |c: &Ctx<'_>| {
        let (s, l) = (elements(c.col(0), c.rows)?, elements(c.col(1), c.rows)?);
        if s.offsets != l.offsets {
            return Err(Error::new(BAD_ARGUMENTS, format!("Unequal array lengths in function {name}: scores and labels must have the same size")));
        }
        let (v, w) = (f64s(&s.values, &x), f64s(&l.values, &y));
        let rows = (0..c.rows).map(|i| {
            let mut r: Vec<(f64, bool)> = row(&s.offsets, i).map(|k| (v.at(k), w.at(k) > 0.0)).collect();
            r.sort_by(|a, b| b.0.total_cmp(&a.0));
            r
        });
        Ok(rows.collect())
    })
}

/// The counts that lie before this part of the data, where they are given.
fn offsets_argument(b: &Bind<'_>, i: usize, n: usize) -> Result<bool> {
    if b.len() <= i {
        return Ok(false);
    }
    let t = need_array(b, i)?;
    if !t.is_integer() {
        return Err(b.illegal(i, &format!("an array of {n} integers")));
    }
    Ok(true)
}

fn given(c: &Ctx<'_>, i: usize, n: usize) -> Result<impl Fn(usize) -> Vec<f64> + use<>> {
    let e = elements(c.col(i), c.rows)?;
    if (0..c.rows).any(|r| row(&e.offsets, r).len() != n) {
        return Err(Error::new(BAD_ARGUMENTS, format!("The partial offsets must be an array of {n} numbers")));
    }
    let values: Vec<f64> = {
        let v = crate::args::i64s(&e.values);
        (0..e.values.len()).map(|k| v.at(k) as f64).collect()
    };
    Ok(move |r: usize| values[r * n..(r + 1) * n].to_vec())
}

fn roc(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 4)?;
    let load = scored(b)?;
    let scale = b.len() < 3 || {
        b.integer(2)?;
        b.const_int(2)? != 0
    };
    let partial = offsets_argument(b, 3, 4)?;
    bound(Type::Float64, move |c| {
        let before = if partial { Some(given(c, 3, 4)?) } else { None };
        let mut out = Vec::with_capacity(c.rows);
        for (i, row) in load(c)?.into_iter().enumerate() {
            let start = before.as_ref().map(|g| g(i));
            let (mut tp, mut fp) = start.as_ref().map_or((0.0, 0.0), |s| (s[0], s[1]));
            let (mut tp0, mut fp0, mut last, mut area) = (tp, fp, f64::NAN, 0.0);
            for (score, label) in row {
                if score != last {
                    area += (fp - fp0) * (tp + tp0) / 2.0;
                    (tp0, fp0, last) = (tp, fp, score);
                }
                if label { tp += 1.0 } else { fp += 1.0 }
            }
            area += (fp - fp0) * (tp + tp0) / 2.0;
            let (p, n) = start.as_ref().map_or((tp, fp), |s| (s[2], s[3]));
            out.push(match scale {
                true if p == 0.0 || n == 0.0 => f64::NAN,
                true => area / (p * n),
                false => area,
            });
        }
        Ok(f64_col(out))
    })
}

fn precision(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 3)?;
    let load = scored(b)?;
    let partial = offsets_argument(b, 2, 3)?;
    bound(Type::Float64, move |c| {
        let before = if partial { Some(given(c, 2, 3)?) } else { None };
        let mut out = Vec::with_capacity(c.rows);
        for (i, row) in load(c)?.into_iter().enumerate() {
            let start = before.as_ref().map(|g| g(i));
            let (mut tp, mut fp) = start.as_ref().map_or((0.0, 0.0), |s| (s[0], s[1]));
            let (mut counted, mut area) = (tp, 0.0);
            let mut step = |tp: f64, fp: f64| {
                if tp > counted {
                    area += tp / (tp + fp) * (tp - counted);
                    counted = tp;
                }
            };
            let mut last = f64::NAN;
            for (score, label) in row {
                if score != last {
                    step(tp, fp);
                    last = score;
                }
                if label { tp += 1.0 } else { fp += 1.0 }
            }
            step(tp, fp);
            let total = start.as_ref().map_or(tp, |s| s[2]);
            out.push(if total == 0.0 { f64::NAN } else { area / total });
        }
        Ok(f64_col(out))
    })
}

fn gini(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    let mut types = Vec::new();
    for i in 0..2 {
        let t = need_array(b, i)?;
        if !t.is_number() || t.is_decimal() {
            return Err(b.illegal(i, "an array of numbers"));
        }
        types.push(t);
    }
    bound(Type::tuple(vec![Type::Float64; 3]), move |c| {
        let (p, l) = (elements(c.col(0), c.rows)?, elements(c.col(1), c.rows)?);
        if p.offsets != l.offsets {
            return Err(Error::new(ILLEGAL_COLUMN, "All array in function arrayNormalizedGini should have same size"));
        }
        let (v, w) = (f64s(&p.values, &types[0]), f64s(&l.values, &types[1]));
        let mut out = [Vec::new(), Vec::new(), Vec::new()];
        for i in 0..c.rows {
            let mut order: Vec<usize> = row(&p.offsets, i).collect();
            let total: f64 = order.iter().map(|k| w.at(*k)).sum();
            let n = order.len() as f64;
            // distance of the Lorenz curve from the diagonal
            let coefficient = |labels: &mut dyn Iterator<Item = f64>| {
                let (mut sum, mut area) = (0.0, 0.0);
                for x in labels {
                    sum += x / total;
                    area += sum;
                }
                (0.5 * (n + 1.0) - area) / n
            };
            order.sort_by(|a, b| v.at(*a).total_cmp(&v.at(*b)));
            let predicted = coefficient(&mut order.iter().map(|k| w.at(*k)));
            order.sort_by(|a, b| w.at(*a).total_cmp(&w.at(*b)));
            let best = coefficient(&mut order.iter().map(|k| w.at(*k)));
            out[0].push(predicted);
            out[1].push(best);
            out[2].push(predicted / best);
        }
        Ok(Data::Tuple(out.map(f64_col).to_vec().into(), c.rows).into())
    })
}

fn autocorrelation(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    let t = need_array(b, 0)?;
    if !t.is_number() {
        return Err(b.illegal(0, "an array of numbers"));
    }
    if b.len() == 2 {
        b.integer(1)?;
    }
    bound(Type::array(Type::Float64), move |c| {
        let e = elements(c.col(0), c.rows)?;
        let v = f64s(&e.values, &t);
        let lags = (c.len() == 2).then(|| crate::args::i64s(c.col(1)));
        let (mut offsets, mut out) = (vec![0u32], Vec::new());
        for i in 0..c.rows {
            let x: Vec<f64> = row(&e.offsets, i).map(|k| v.at(k)).collect();
            let n = lags.as_ref().map_or(x.len(), |l| usize::try_from(l.at(i)).unwrap_or(0).min(x.len()));
            check_lengths("arrayAutocorrelation", x.len(), n)?;
            let mean = x.iter().fold(0.0, |a: f64, x| a + x) / x.len() as f64;
            let of = |lag: usize| x.iter().zip(&x[lag..]).map(|(a, b)| (a - mean) * (b - mean)).fold(0.0, |a: f64, x| a + x);
            let whole = if n > 0 { of(0) } else { 0.0 };
            out.extend((0..n).map(|k| if whole == 0.0 { f64::NAN } else { of(k) / whole }));
            super::check_elements(out.len())?;
            offsets.push(out.len() as u32);
        }
        Ok(array_column(offsets, f64_col(out)))
    })
}
