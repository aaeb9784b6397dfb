//! Expressions bound to types and functions: what they are (here), how they are bound (`bind`), computed
//! (`eval`, `lazy`), and remembered per dictionary (`memo`).

mod bind;
mod eval;
mod lazy;
mod memo;

use crate::plan::Expr;
use crate::query::Query;
use crate::row_set::RowSet;
use functions::Call;
use lazy::Lazy;
use std::sync::Arc;
use types::{Batch, Bitmap, Column, Data, Error, Result, Type};

pub use bind::call;
pub use memo::{Memo, Results};

/// A bound expression: knows its type and how to compute itself.
#[derive(Clone)]
pub enum Bound {
    Column(usize, Type),
    /// one row
    Const(Column, Type),
    Call(Arc<BoundCall>),
    /// `params` columns in front of those of the enclosing scope
    Param(usize, Type),
    Lambda(Arc<Bound>, usize),
    In(Arc<Bound>, Arc<RowSet>, bool),
}

pub struct BoundCall {
    pub name: String,
    pub call: Arc<dyn Call>,
    pub args: Vec<Bound>,
    lazy: Lazy,
    /// results per dictionary of the only column that is read (see `by_dictionary`)
    pub memo: Memo,
}

/// What an expression may refer to while it is bound.
pub struct Scope<'a> {
    pub columns: &'a [Type],
    pub query: &'a Query,
    pub scalars: &'a [Option<(Column, Type)>],
    pub sets: &'a [Option<Arc<RowSet>>],
}

impl Bound {
    pub fn ty(&self) -> &Type {
        match self {
            Bound::Column(_, t) | Bound::Const(_, t) | Bound::Param(_, t) => t,
            Bound::Call(c) => c.call.ty(),
            Bound::Lambda(body, _) => body.ty(),
            Bound::In(..) => &Type::UInt8,
        }
    }
    pub fn is_const(&self) -> bool {
        matches!(self, Bound::Const(..))
    }
    /// Columns that are read, added to `out` (sorted, no repetitions).
    pub fn columns(&self, out: &mut Vec<usize>) {
        match self {
            Bound::Column(i, _) => {
                if let Err(at) = out.binary_search(i) {
                    out.insert(at, *i);
                }
            }
            Bound::Call(c) => c.args.iter().for_each(|a| a.columns(out)),
            Bound::Lambda(body, _) => body.columns(out),
            Bound::In(v, ..) => v.columns(out),
            Bound::Const(..) | Bound::Param(..) => {}
        }
    }
    pub fn deterministic(&self) -> bool {
        match self {
            Bound::Call(c) => c.call.deterministic() && c.args.iter().all(Bound::deterministic),
            Bound::Lambda(body, _) => body.deterministic(),
            Bound::In(v, ..) => v.deterministic(),
            _ => true,
        }
    }
    /// The same expression over columns at other positions.
    #[must_use]
    pub fn remap(&self, to: &dyn Fn(usize) -> usize) -> Bound {
        match self {
            Bound::Column(i, t) => Bound::Column(to(*i), t.clone()),
            Bound::Call(c) => Bound::Call(Arc::new(BoundCall {
                name: c.name.clone(),
                call: c.call.clone(),
                args: c.args.iter().map(|a| a.remap(to)).collect(),
                lazy: c.lazy,
                memo: Memo::default(),
            })),
            Bound::Lambda(body, n) => Bound::Lambda(Arc::new(body.remap(to)), *n),
            Bound::In(v, s, neg) => Bound::In(Arc::new(v.remap(to)), s.clone(), *neg),
            other => other.clone(),
        }
    }

    /// Whether both compute the same, as far as that can be seen.
    pub fn same(&self, other: &Bound) -> bool {
        match (self, other) {
            (Bound::Column(a, t), Bound::Column(b, u)) | (Bound::Param(a, t), Bound::Param(b, u)) => {
                a == b && t == u
            }
            (Bound::Const(a, t), Bound::Const(b, u)) => {
                t == u && types::compare::compare_rows(a, 0, b, 0).is_eq()
            }
            (Bound::Call(a), Bound::Call(b)) => {
                a.name == b.name
                    && a.call.ty() == b.call.ty()
                    && a.args.len() == b.args.len()
                    && a.args.iter().zip(&b.args).all(|(a, b)| a.same(b))
            }
            (Bound::Lambda(a, n), Bound::Lambda(b, m)) => n == m && a.same(b),
            _ => false,
        }
    }

    /// A function that no statement can name.
    pub fn of_call(name: &str, call: Arc<dyn Call>, args: Vec<Bound>) -> Bound {
        let call = BoundCall { name: name.to_string(), call, args, lazy: Lazy::No, memo: Memo::default() };
        Bound::Call(Arc::new(call))
    }

    pub fn bind(e: &Expr, scope: &Scope<'_>) -> Result<Bound> {
        bind::bind(e, scope, &[], 0)
    }

    /// One column of `batch.rows` rows, perhaps `Const` or `Codes`.
    pub fn eval(&self, batch: &Batch, query: &Query) -> Result<Column> {
        eval::eval(self, &eval::Input { columns: &batch.columns, rows: batch.rows, params: &[] }, query)
    }

    /// As a selection: NULL counts as false. Errors if the type is no number.
    pub fn eval_mask(&self, batch: &Batch, query: &Query) -> Result<Bitmap> {
        mask_of(&self.eval(batch, query)?, batch.rows)
    }
}

/// Rows of a condition column that are true (not 0, not NULL).
pub fn mask_of(c: &Column, rows: usize) -> Result<Bitmap> {
    if let Some(one) = c.as_const() {
        let v = !one.is_null(0) && one.scalar(0).as_f64().is_some_and(|v| v != 0.0);
        return Ok(Bitmap::new(rows, v));
    }
    let c = c.flat();
    let mut m = match &c.data {
        Data::U8(v) => Bitmap::from_bytes(v),
        Data::Nothing(n) => Bitmap::new(*n, false),
        data => types::match_numeric!(data, v, W => {
            let v = v.as_slice();
            Bitmap::from_fn(v.len(), |i| !is_default(&v[i]))
        }, {
            return Err(Error::new(types::codes::ILLEGAL_COLUMN_FOR_FILTER, "A condition must be a number: UInt8, Bool or another integer"));
        }),
    };
    if let Some(nulls) = &c.nulls {
        m.and_not_with(nulls);
    }
    Ok(m)
}

fn is_default<T: Default + PartialEq<T>>(v: &T) -> bool {
    *v == T::default()
}
