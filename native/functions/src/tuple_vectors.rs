//! Norms, distances and products of tuples: arithmetic of their elements, step by step, so that types, NULLs and
//! Decimals are those of the arithmetic functions.

use crate::args::{f64_col, tuple_columns, u8_col};
use crate::bind::{Bind, Bound, bound};
use crate::call::{Arg, Call, Value, resolve};
use crate::session::Session;
use crate::vectors::Norm;
use std::sync::Arc;
use types::{Column, Data, Result, Type};

/// Columns, each of which is an input or a call of those before it.
struct Steps<'a> {
    session: &'a Session,
    types: Vec<Type>,
    calls: Vec<(Arc<dyn Call>, Vec<usize>)>,
}

/// What stays of `Steps` for the run.
struct Chain {
    calls: Vec<(Arc<dyn Call>, Vec<usize>)>,
}

impl<'a> Steps<'a> {
    fn of(session: &'a Session, inputs: Vec<Type>) -> Self {
        Steps { session, types: inputs, calls: Vec::new() }
    }
    /// The place of the result of a function of the columns at `args`.
    fn call(&mut self, name: &str, args: &[usize]) -> Result<usize> {
        let given: Vec<Arg> = args.iter().map(|&a| Arg::new(self.types[a].clone())).collect();
        let call = resolve(name, &given, self.session)?;
        self.types.push(call.ty().clone());
        self.calls.push((call, args.to_vec()));
        Ok(self.types.len() - 1)
    }
    /// `f` over what stands at the places, taken together by a function of two; None where there are none.
    fn fold(
        &mut self,
        places: &[usize],
        with: &str,
        f: impl Fn(&mut Self, usize) -> Result<usize>,
    ) -> Result<Option<usize>> {
        let mut all = None;
        for &place in places {
            let one = f(self, place)?;
            all = Some(match all {
                None => one,
                Some(before) => self.call(with, &[before, one])?,
            });
        }
        Ok(all)
    }
    /// The norm of the elements at the places; of none it is 0. `power` and `root` are where p and 1 / p of an Lp norm are.
    fn norm(&mut self, kind: Norm, places: &[usize], power: usize, root: usize) -> Result<Option<usize>> {
        let sum = match kind {
            Norm::L1 => self.fold(places, "plus", |s, at| s.call("abs", &[at]))?,
            Norm::Linf => self.fold(places, "max2", |s, at| s.call("abs", &[at]))?,
            Norm::Lp => self.fold(places, "plus", |s, at| {
                let size = s.call("abs", &[at])?;
                s.call("pow", &[size, power])
            })?,
            Norm::L2 | Norm::L2Squared | Norm::Cosine => {
                self.fold(places, "plus", |s, at| s.call("multiply", &[at, at]))?
            }
        };
        let Some(sum) = sum else { return Ok(None) };
        Ok(Some(match kind {
            Norm::L2 => self.call("sqrt", &[sum])?,
            Norm::Lp => self.call("pow", &[sum, root])?,
            _ => sum,
        }))
    }
    fn pairs(&mut self, name: &str, n: usize) -> Result<Vec<usize>> {
        (0..n).map(|k| self.call(name, &[k, n + k])).collect()
    }
    fn done(self) -> Chain {
        Chain { calls: self.calls }
    }
}

impl Chain {
    /// All columns: the inputs and what the calls give.
    fn run(&self, inputs: Vec<Column>, rows: usize, session: &Session) -> Result<Vec<Column>> {
        let mut columns = inputs;
        for (call, args) in &self.calls {
            let values: Vec<Value<'_>> = args.iter().map(|&a| Value::Column(&columns[a])).collect();
            let next = call.eval(&values, rows, session)?;
            columns.push(next);
        }
        Ok(columns)
    }
}

/// Element types of the first `n` arguments, which are tuples of one size.
fn elements(b: &Bind<'_>, n: usize) -> Result<Vec<Vec<Type>>> {
    let mut all: Vec<Vec<Type>> = Vec::with_capacity(n);
    for i in 0..n {
        let Type::Tuple(es) = b.ty(i) else { return Err(b.illegal(i, "Tuple")) };
        if all.first().is_some_and(|first| first.len() != es.len()) {
            return Err(b.illegal(i, "Tuple of the same size"));
        }
        all.push(es.iter().map(|e| e.1.clone()).collect());
    }
    Ok(all)
}

/// The elements of the first `n` arguments, and constant numbers behind them.
fn inputs(c: &crate::bind::Ctx<'_>, n: usize, numbers: &[f64]) -> Result<Vec<Column>> {
    let mut out = Vec::new();
    for i in 0..n {
        out.extend(tuple_columns(c.col(i))?.iter().map(Column::flat));
    }
    out.extend(numbers.iter().map(|x| Column::constant(f64_col(vec![*x]), c.rows)));
    Ok(out)
}

/// The value at a place for each row; 0 where tuples are empty.
fn answer(steps: Steps<'_>, place: Option<usize>, tuples: usize, numbers: Vec<f64>) -> Result<Bound> {
    let Some(place) = place else { return bound(Type::UInt8, |c| Ok(u8_col(vec![0; c.rows]))) };
    let ty = steps.types[place].clone();
    let chain = steps.done();
    bound(ty, move |c| {
        let mut columns = chain.run(inputs(c, tuples, &numbers)?, c.rows, c.session)?;
        Ok(columns.swap_remove(place))
    })
}

/// L1Norm((a, b)) is abs(a) + abs(b), and so on.
pub fn norm(b: &Bind<'_>, kind: Norm, p: f64) -> Result<Bound> {
    let types = elements(b, 1)?.concat();
    let n = types.len();
    let mut steps = Steps::of(b.session, [types, vec![Type::Float64; 2]].concat());
    let places: Vec<usize> = (0..n).collect();
    let place = steps.norm(kind, &places, n, n + 1)?;
    answer(steps, place, 1, vec![p, 1.0 / p])
}

/// The norm of the difference; of cosineDistance the product over both norms.
pub fn distance(b: &Bind<'_>, kind: Norm, p: f64) -> Result<Bound> {
    let types = elements(b, 2)?;
    let n = types[0].len();
    let mut steps = Steps::of(b.session, [types.concat(), vec![Type::Float64; 3]].concat());
    let place = if kind == Norm::Cosine {
        let products = steps.pairs("multiply", n)?;
        let product = steps.fold(&products, "plus", |_, at| Ok(at))?;
        let a = steps.norm(Norm::L2, &(0..n).collect::<Vec<_>>(), 0, 0)?;
        let b = steps.norm(Norm::L2, &(n..2 * n).collect::<Vec<_>>(), 0, 0)?;
        match (product, a, b) {
            (Some(product), Some(a), Some(b)) => {
                let norms = steps.call("multiply", &[a, b])?;
                let cosine = steps.call("divide", &[product, norms])?;
                Some(steps.call("minus", &[2 * n + 2, cosine])?)
            }
            _ => None,
        }
    } else {
        let differences = steps.pairs("minus", n)?;
        steps.norm(kind, &differences, 2 * n, 2 * n + 1)?
    };
    answer(steps, place, 2, vec![p, 1.0 / p, 1.0])
}

/// Each element over the norm of all.
pub fn normalize(b: &Bind<'_>, kind: Norm, p: f64) -> Result<Bound> {
    let types = elements(b, 1)?.concat();
    let n = types.len();
    let mut steps = Steps::of(b.session, [types, vec![Type::Float64; 2]].concat());
    let places: Vec<usize> = (0..n).collect();
    let Some(norm) = steps.norm(kind, &places, n, n + 1)? else {
        return bound(Type::tuple(Vec::new()), |c| Ok(c.col(0).clone()));
    };
    let parts = places.iter().map(|&at| steps.call("divide", &[at, norm])).collect::<Result<Vec<_>>>()?;
    let ty = Type::tuple(parts.iter().map(|&at| steps.types[at].clone()).collect());
    let chain = steps.done();
    bound(ty, move |c| {
        let columns = chain.run(inputs(c, 1, &[p, 1.0 / p])?, c.rows, c.session)?;
        let parts: Vec<Column> = parts.iter().map(|&at| columns[at].flat()).collect();
        Ok(Data::Tuple(parts.into(), c.rows).into())
    })
}

/// a.1 * b.1 + a.2 * b.2 + …, or the same with another function of two elements.
pub fn sum_of(b: &Bind<'_>, function: &str) -> Result<Bound> {
    b.arity(2, 2)?;
    let types = elements(b, 2)?;
    let n = types[0].len();
    let mut steps = Steps::of(b.session, types.concat());
    let pairs = steps.pairs(function, n)?;
    let place = steps.fold(&pairs, "plus", |_, at| Ok(at))?;
    answer(steps, place, 2, Vec::new())
}
