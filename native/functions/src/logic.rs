//! and, or, xor, not: three-valued logic over numbers.

use crate::args::{truths, u8_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use std::sync::Arc;
use types::{Bitmap, Column, Data, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("and", "and(a, b, …)", "1 if all arguments are true, 0 if any is false, else NULL.", &[("1 AND 0", "0"), ("NULL AND 0", "0")], |b| many(b, Op::And)).ci().own_nulls().plain(),
    f("or", "or(a, b, …)", "1 if any argument is true, 0 if all are false, else NULL.", &[("0 OR 1", "1"), ("NULL OR 0", "NULL")], |b| many(b, Op::Or)).ci().own_nulls().plain(),
    f("xor", "xor(a, b, …)", "1 if an odd number of arguments is true; NULL if any is NULL.", &[("xor(1, 0)", "1")], |b| many(b, Op::Xor)).ci().own_nulls().plain(),
    f("not", "not(a)", "1 if the argument is false, 0 if it is true, else NULL.", &[("NOT 1", "0")], not).ci().total(),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    And,
    Or,
    Xor,
}

fn result_type(b: &Bind<'_>) -> Result<Type> {
    for i in 0..b.len() {
        let base = b.ty(i).base();
        if !(base.is_native_integer() || base.is_float() || *base == Type::Nothing) {
            return Err(b.illegal(i, "a number or Bool"));
        }
    }
    let any_bool = (0..b.len()).any(|i| *b.ty(i).base() == Type::Bool);
    Ok(if any_bool { Type::Bool } else { Type::UInt8 })
}

fn many(b: &Bind<'_>, op: Op) -> Result<Bound> {
    b.arity(2, usize::MAX)?;
    let ty = result_type(b)?;
    if op == Op::Xor && (0..b.len()).any(|i| *b.ty(i) == Type::nullable(Type::Nothing)) {
        return bound(Type::nullable(Type::Nothing), |c| Ok(Column::null_of(&Type::Nothing, c.rows)));
    }
    let nullable = (0..b.len()).any(|i| b.ty(i).is_nullable());
    // of Nullable(Bool) without a plain Bool these two make numbers, as in ClickHouse
    let ty = match op {
        Op::And | Op::Or if (0..b.len()).all(|i| *b.ty(i) != Type::Bool) => Type::UInt8,
        _ => ty,
    };
    bound(if nullable { Type::nullable(ty) } else { ty }, move |c| {
        let rows = c.rows;
        // (true, NULL) so far
        let mut t = truths(c.col(0));
        let mut n = c.col(0).null_mask().map(|m| m.as_ref().clone());
        for i in 1..c.len() {
            let (ti, ni) = (truths(c.col(i)), c.col(i).null_mask());
            match op {
                Op::And => {
                    // NULL where neither side is false and one is NULL.
                    if n.is_some() || ni.is_some() {
                        let either = or_masks(n.as_ref(), ni.as_deref(), rows);
                        let mut maybe = possible(&t, n.as_ref());
                        maybe.and_with(&possible(&ti, ni.as_deref()));
                        maybe.and_with(&either);
                        n = Some(maybe);
                    }
                    t.and_with(&ti);
                }
                Op::Or => {
                    t.or_with(&ti);
                    if n.is_some() || ni.is_some() {
                        let mut either = or_masks(n.as_ref(), ni.as_deref(), rows);
                        either.and_not_with(&t);
                        n = Some(either);
                    }
                }
                Op::Xor => {
                    t = Bitmap::from_words(t.words().iter().zip(ti.words()).map(|(a, b)| a ^ b).collect(), rows);
                    if ni.is_some() {
                        n = Some(or_masks(n.as_ref(), ni.as_deref(), rows));
                    }
                }
            }
        }
        let mut out = Column::bools(&t);
        out.nulls = n.filter(Bitmap::any).map(Arc::new);
        if out.nulls.is_some() {
            // A default value lies under every NULL.
            if let (Data::U8(v), Some(n)) = (&out.data, &out.nulls) {
                let clean = v.iter().enumerate().map(|(i, x)| if n.get(i) { 0 } else { *x }).collect();
                out.data = u8_col(clean).data;
            }
        }
        Ok(out)
    })
}

fn or_masks(a: Option<&Bitmap>, b: Option<&Bitmap>, rows: usize) -> Bitmap {
    let mut m = a.cloned().unwrap_or_else(|| Bitmap::new(rows, false));
    if let Some(b) = b {
        m.or_with(b);
    }
    m
}

/// True or NULL.
fn possible(t: &Bitmap, n: Option<&Bitmap>) -> Bitmap {
    let mut m = t.clone();
    if let Some(n) = n {
        m.or_with(n);
    }
    m
}

fn not(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let ty = result_type(b)?;
    bound(ty, |c| Ok(Column::bools(&truths(c.col(0)).not())))
}
