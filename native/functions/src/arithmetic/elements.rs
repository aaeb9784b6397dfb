//! Arithmetic element by element: tuples and arrays with each other and with numbers.

use crate::args::{array_column, arrays, tuple_columns};
use crate::bind::{Bind, Bound, Ctx, bound};
use crate::call::{Arg, Call, Value, resolve};
use crate::session::Session;
use std::sync::Arc;
use types::codes::SIZES_OF_ARRAYS_DONT_MATCH;
use types::{Column, Data, Error, Result, Type};
type Calls = Vec<Arc<dyn Call>>;

pub fn element_calls(name: &str, pairs: Vec<Vec<Type>>, session: &Session) -> Result<(Type, Calls)> {
    let mut types = Vec::new();
    let mut calls = Vec::new();
    for args in pairs {
        let args: Vec<Arg> = args.into_iter().map(Arg::new).collect();
        let call = resolve(name, &args, session)?;
        types.push(call.ty().clone());
        calls.push(call);
    }
    Ok((Type::tuple(types), calls))
}

/// Element by element, from the left: `f(f(a, b), c)`.
pub fn vector(b: &Bind<'_>, name: &'static str) -> Result<Bound> {
    b.arity(2, usize::MAX)?;
    let mut ty = b.ty(0).clone();
    let mut steps = Vec::with_capacity(b.len() - 1);
    for i in 1..b.len() {
        let Type::Tuple(x) = &ty else { return Err(b.illegal(0, "Tuple")) };
        let Type::Tuple(y) = b.ty(i) else { return Err(b.illegal(i, "Tuple")) };
        if x.len() != y.len() {
            return Err(b.illegal(i, &format!("Tuple of {} elements, as the first argument", x.len())));
        }
        let pairs = x.iter().zip(y.iter()).map(|(p, q)| vec![p.1.clone(), q.1.clone()]).collect();
        let (of, calls) = element_calls(name, pairs, b.session)?;
        ty = of;
        steps.push(calls);
    }
    bound(ty, move |c| {
        let mut sum = c.col(0).clone();
        for (i, calls) in steps.iter().enumerate() {
            let (xs, ys) = (tuple_columns(&sum)?, tuple_columns(c.col(i + 1))?);
            let next = each(calls, c, |k| vec![xs[k].clone(), ys[k].clone()])?;
            sum = next;
        }
        Ok(sum)
    })
}

pub fn each(calls: &Calls, c: &Ctx<'_>, args: impl Fn(usize) -> Vec<Column>) -> Result<Column> {
    let mut out = Vec::with_capacity(calls.len());
    for (k, call) in calls.iter().enumerate() {
        let columns = args(k);
        let values: Vec<Value<'_>> = columns.iter().map(Value::Column).collect();
        out.push(call.eval(&values, c.rows, c.session)?.flat());
    }
    Ok(Data::Tuple(out.into(), c.rows).into())
}

pub fn by_number(b: &Bind<'_>, name: &'static str) -> Result<Bound> {
    b.arity(2, 2)?;
    let Type::Tuple(x) = b.ty(0) else { return Err(b.illegal(0, "Tuple")) };
    b.number(1)?;
    let (ty, calls) = element_calls(name, x.iter().map(|p| vec![p.1.clone(), b.ty(1).clone()]).collect(), b.session)?;
    bound(ty, move |c| {
        let xs = tuple_columns(c.col(0))?;
        each(&calls, c, |k| vec![xs[k].clone(), c.col(1).clone()])
    })
}

pub fn number_by_tuple(b: &Bind<'_>) -> Result<Bound> {
    let Type::Tuple(x) = b.ty(1) else { return Err(b.illegal(1, "Tuple")) };
    let (ty, calls) = element_calls("multiply", x.iter().map(|p| vec![b.ty(0).clone(), p.1.clone()]).collect(), b.session)?;
    bound(ty, move |c| {
        let xs = tuple_columns(c.col(1))?;
        each(&calls, c, |k| vec![c.col(0).clone(), xs[k].clone()])
    })
}

pub fn array_by_array(b: &Bind<'_>, name: &'static str) -> Result<Bound> {
    let call = resolve(name, &[Arg::new(b.array(0)?.clone()), Arg::new(b.array(1)?.clone())], b.session)?;
    bound(Type::array(call.ty().clone()), move |c| {
        let (x, y) = (c.col(0).flat(), c.col(1).flat());
        let (x, y) = (arrays(&x)?, arrays(&y)?);
        let mut offsets = vec![0u32];
        let (mut xi, mut yi) = (Vec::new(), Vec::new());
        for i in 0..c.rows {
            if x.at(i).len() != y.at(i).len() {
                return Err(Error::new(SIZES_OF_ARRAYS_DONT_MATCH, format!("Arrays of function {name} must have equal sizes")));
            }
            xi.extend(x.at(i).map(|k| k as u32));
            yi.extend(y.at(i).map(|k| k as u32));
            offsets.push(xi.len() as u32);
        }
        let (l, r) = (x.values.gather(&xi), y.values.gather(&yi));
        Ok(array_column(offsets, call.eval(&[Value::Column(&l), Value::Column(&r)], xi.len(), c.session)?.flat()))
    })
}

pub fn array_by_number(b: &Bind<'_>, name: &'static str) -> Result<Bound> {
    let first = matches!(b.ty(0), Type::Array(_));
    let arg = |i: usize| Ok::<Type, Error>(if let Type::Array(t) = b.ty(i) { t.as_ref().clone() } else { b.ty(i).clone() });
    let call = resolve(name, &[Arg::new(arg(0)?), Arg::new(arg(1)?)], b.session)?;
    bound(Type::array(call.ty().clone()), move |c| {
        let (array, number) = if first { (c.col(0), c.col(1)) } else { (c.col(1), c.col(0)) };
        let array = array.flat();
        let a = arrays(&array)?;
        let mut offsets = vec![0u32];
        let (mut at, mut origin) = (Vec::new(), Vec::new());
        for i in 0..c.rows {
            at.extend(a.at(i).map(|k| k as u32));
            origin.resize(at.len(), i as u32);
            offsets.push(at.len() as u32);
        }
        let (elements, numbers) = (a.values.gather(&at), number.gather(&origin));
        let args = if first { [Value::Column(&elements), Value::Column(&numbers)] } else { [Value::Column(&numbers), Value::Column(&elements)] };
        Ok(array_column(offsets, call.eval(&args, at.len(), c.session)?.flat()))
    })
}
