//! Comparisons of tuples, element by element, where a NULL leaves some of them undecided.

use super::Op;
use crate::args::{tuple_columns, u8_col};
use crate::bind::{Bind, Bound, bound};
use crate::call::{Arg, Call, Value, resolve};
use std::cmp::Ordering;
use std::sync::Arc;
use types::{Bitmap, Column, Result, Type};

pub(super) fn tuples(b: &Bind<'_>, op: Op, x: &[(Arc<str>, Type)], y: &[(Arc<str>, Type)]) -> Result<Bound> {
    if x.len() != y.len() {
        return Err(b.illegal(1, &format!("Tuple of {} elements, as the first argument", x.len())));
    }
    if x.is_empty() {
        return bound(Type::UInt8, move |c| Ok(u8_col(vec![u8::from(op.of(Ordering::Equal)); c.rows])));
    }
    let null = |t: &Type| *t == Type::nullable(Type::Nothing);
    if x.iter().zip(y).any(|(p, q)| null(&p.1) || null(&q.1)) {
        return bound(Type::nullable(Type::UInt8), |c| Ok(Column::null_of(&Type::UInt8, c.rows)));
    }
    let constant = |i: usize, k: usize| -> Result<Option<Column>> {
        match b.constant(i) {
            Some(c) => Ok(Some(tuple_columns(c)?[k].slice(0, 1))),
            None => Ok(None),
        }
    };
    let mut equal: Vec<Arc<dyn Call>> = Vec::new();
    let mut strict: Vec<Arc<dyn Call>> = Vec::new();
    for k in 0..x.len() {
        let args = [
            Arg { ty: x[k].1.clone(), constant: constant(0, k)?, lambda: false },
            Arg { ty: y[k].1.clone(), constant: constant(1, k)?, lambda: false },
        ];
        equal.push(resolve("equals", &args, b.session)?);
        let last = k + 1 == x.len();
        let name = match op {
            Op::Eq | Op::Ne => "equals",
            Op::Lt | Op::Le => if last && op == Op::Le { "lessOrEquals" } else { "less" },
            Op::Gt | Op::Ge => if last && op == Op::Ge { "greaterOrEquals" } else { "greater" },
        };
        strict.push(resolve(name, &args, b.session)?);
    }
    let nullable = equal.iter().any(|c| c.ty().is_nullable());
    let ty = if nullable { Type::nullable(Type::UInt8) } else { Type::UInt8 };
    bound(ty, move |c| {
        let (xs, ys) = (tuple_columns(c.col(0))?, tuple_columns(c.col(1))?);
        // From the last element to the first: three-valued throughout.
        let mut answer: Option<(Bitmap, Bitmap)> = None;
        let run = |call: &Arc<dyn Call>, k: usize| -> Result<(Bitmap, Bitmap)> {
            let r = call.eval(&[Value::Column(&xs[k]), Value::Column(&ys[k])], c.rows, c.session)?;
            let nulls = r.null_mask().map_or_else(|| Bitmap::new(c.rows, false), |m| m.as_ref().clone());
            Ok((crate::args::truths(&r), nulls))
        };
        for k in (0..xs.len()).rev() {
            let s = run(&strict[k], k)?;
            answer = Some(match answer {
                None => s,
                Some(rest) => {
                    if matches!(op, Op::Eq | Op::Ne) {
                        and3(&s, &rest)
                    } else {
                        or3(&s, &and3(&run(&equal[k], k)?, &rest))
                    }
                }
            });
        }
        let (mut t, n) = answer.unwrap_or_else(|| (Bitmap::new(c.rows, false), Bitmap::new(c.rows, false)));
        if op == Op::Ne {
            t = t.not();
            t.and_not_with(&n);
        }
        let out = Column::bools(&t);
        Ok(if n.any() { out.with_nulls(Some(Arc::new(n))) } else { out })
    })
}

type Three = (Bitmap, Bitmap);

fn and3(a: &Three, b: &Three) -> Three {
    let mut t = a.0.clone();
    t.and_with(&b.0);
    let (mut x, mut y) = (a.0.clone(), b.0.clone());
    x.or_with(&a.1);
    y.or_with(&b.1);
    x.and_with(&y);
    let mut n = a.1.clone();
    n.or_with(&b.1);
    n.and_with(&x);
    (t, n)
}

fn or3(a: &Three, b: &Three) -> Three {
    let mut t = a.0.clone();
    t.or_with(&b.0);
    let mut n = a.1.clone();
    n.or_with(&b.1);
    n.and_not_with(&t);
    (t, n)
}
