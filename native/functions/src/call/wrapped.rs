//! A bound function as the rest of the kernel calls it: constants computed once, NULLs kept from the kernel that
//! knows none, codes computed per distinct value.

use super::dictionary::{DictResult, Memos, distinct_codes};
use super::{Call, Value};
use crate::bind::{Ctx, Run};
use crate::def::{FunctionDef, Nulls};
use crate::session::Session;
use std::sync::Arc;
use types::{ArrayData, Bitmap, Column, ColumnBuilder, Data, Error, Result, Type};

/// A function bound to its arguments.
pub(super) struct Wrapped {
    pub def: &'static FunctionDef,
    pub ty: Type,
    pub run: Run,
    pub only_null: bool,
    /// argument types as the kernel sees them
    pub plain: Vec<Type>,
    pub memos: Memos,
}

impl Call for Wrapped {
    fn ty(&self) -> &Type {
        &self.ty
    }
    fn deterministic(&self) -> bool {
        self.def.deterministic
    }
    fn stateful(&self) -> bool {
        self.def.stateful
    }
    fn foldable(&self) -> bool {
        !self.def.no_fold
    }

    fn eval(&self, args: &[Value<'_>], rows: usize, session: &Session) -> Result<Column> {
        if self.only_null {
            return Ok(Column::null_of(&Type::Nothing, rows));
        }
        if rows == 0 {
            return Ok(ColumnBuilder::new(&self.ty).finish());
        }
        let foldable = !self.def.no_fold;
        if foldable && args.iter().all(|a| matches!(a, Value::Column(c) if c.is_const())) {
            let ones: Vec<Column> = args
                .iter()
                .filter_map(|a| match a {
                    Value::Column(c) => Some(Column::constant(c.slice(0, 1), 1)),
                    Value::Lambda(_) => None,
                })
                .collect();
            let values: Vec<Value<'_>> = ones.iter().map(Value::Column).collect();
            let one = self.flat_eval(&values, 1, session)?;
            return Ok(Column::constant(one, rows));
        }
        if self.def.own_low_cardinality {
            return self.null_eval(args, rows, session);
        }
        if foldable && let Some(done) = self.codes_eval(args, rows, session)? {
            return Ok(done);
        }
        self.flat_eval(args, rows, session)
    }
}

impl Wrapped {
    /// Exactly one argument in codes, all others constant: computes per distinct value.
    fn codes_eval(&self, args: &[Value<'_>], rows: usize, session: &Session) -> Result<Option<Column>> {
        let mut at = None;
        for (i, a) in args.iter().enumerate() {
            match a {
                Value::Column(c) => match &c.data {
                    Data::Const(..) => {}
                    Data::Codes(..) if at.is_none() => at = Some(i),
                    _ => return Ok(None),
                },
                Value::Lambda(_) => return Ok(None),
            }
        }
        let Some(at) = at else { return Ok(None) };
        let Value::Column(col) = &args[at] else { return Ok(None) };
        let Data::Codes(codes, dict) = &col.data else { return Ok(None) };
        // Where NULLs do not simply become NULL, what a NULL's code points to must not be seen.
        if col.has_nulls() && (self.def.nulls == Nulls::Own || !self.ty.is_nullable()) {
            return Ok(None);
        }
        let compute = |values: &Column| self.over(args, at, values, session);
        if let Some(ready) = self.memos.whole(dict, rows, compute) {
            return Ok(Some(ready.spread(codes, col.nulls.as_ref())));
        }
        if dict.is_empty() || dict.len() / 16 > rows {
            return Ok(None);
        }
        // Distinct codes of this block only.
        let (distinct, renumbered) = distinct_codes(codes, dict.len());
        if distinct.len() * 4 > rows * 3 {
            return Ok(None);
        }
        let result = DictResult::of(compute(&dict.values.gather(&distinct))?);
        Ok(Some(result.spread(&renumbered.into(), col.nulls.as_ref())))
    }

    fn over(&self, args: &[Value<'_>], at: usize, values: &Column, session: &Session) -> Result<Column> {
        let n = values.len();
        let columns: Vec<Column> = args
            .iter()
            .enumerate()
            .map(|(i, a)| match a {
                Value::Column(c) if i != at => Column::constant(c.slice(0, 1), n),
                _ => values.clone(),
            })
            .collect();
        let values: Vec<Value<'_>> = columns.iter().map(Value::Column).collect();
        self.null_eval(&values, n, session)
    }

    fn flat_eval(&self, args: &[Value<'_>], rows: usize, session: &Session) -> Result<Column> {
        if args.iter().all(|a| matches!(a, Value::Column(c) if is_flat(c)) || matches!(a, Value::Lambda(_))) {
            return self.null_eval(args, rows, session);
        }
        let flat: Vec<Option<Column>> = args
            .iter()
            .map(|a| match a {
                Value::Column(c) => (!is_flat(c)).then(|| flatten(c)),
                Value::Lambda(_) => None,
            })
            .collect();
        let values: Vec<Value<'_>> = args
            .iter()
            .zip(&flat)
            .map(|(a, f)| match (a, f) {
                (_, Some(c)) => Value::Column(c),
                (Value::Column(c), None) => Value::Column(c),
                (Value::Lambda(l), None) => Value::Lambda(*l),
            })
            .collect();
        self.null_eval(&values, rows, session)
    }

    fn null_eval(&self, args: &[Value<'_>], rows: usize, session: &Session) -> Result<Column> {
        if self.def.nulls == Nulls::Own {
            return self.finish((self.run)(&Ctx { args, rows, session })?, rows);
        }
        let mut mask: Option<Bitmap> = None;
        for a in args {
            let Value::Column(c) = a else { continue };
            if let Some(n) = c.null_mask() {
                match &mut mask {
                    Some(m) => m.or_with(&n),
                    None => mask = Some(n.as_ref().clone()),
                }
            }
        }
        let Some(mask) = mask.filter(Bitmap::any) else {
            return self.finish((self.run)(&Ctx { args, rows, session })?, rows);
        };
        if !self.ty.is_nullable() {
            // A type that cannot be NULL (an array): computed from the default under the NULL.
            let columns: Vec<Column> = args
                .iter()
                .enumerate()
                .map(|(i, a)| match a {
                    Value::Column(c) => defaults_for_nulls(c, self.plain.get(i)),
                    Value::Lambda(_) => Data::Nothing(rows).into(),
                })
                .collect();
            let values: Vec<Value<'_>> = columns.iter().map(Value::Column).collect();
            return self.finish((self.run)(&Ctx { args: &values, rows, session })?, rows);
        }
        if mask.all() {
            return Ok(Column::null_of(self.ty.base(), rows));
        }
        let skip = self.def.nulls == Nulls::Skip;
        let kept = if skip { mask.not().ones() } else { Vec::new() };
        let columns: Vec<Column> = args
            .iter()
            .map(|a| match a {
                Value::Column(c) if skip => without_nulls(&c.gather(&kept)),
                Value::Column(c) => without_nulls(c),
                Value::Lambda(_) => Data::Nothing(rows).into(),
            })
            .collect();
        let values: Vec<Value<'_>> = columns.iter().map(Value::Column).collect();
        let n = if skip { kept.len() } else { rows };
        let mut out = self.finish((self.run)(&Ctx { args: &values, rows: n, session })?, n)?.flat();
        if skip {
            let mut at = vec![0u32; rows];
            for (k, &row) in kept.iter().enumerate() {
                at[row as usize] = k as u32;
            }
            out = out.gather(&at);
        }
        if let Some(own) = &out.nulls {
            let mut all = mask;
            all.or_with(own);
            return Ok(out.with_nulls(Some(Arc::new(all))));
        }
        Ok(out.with_nulls(Some(Arc::new(mask))))
    }

    fn finish(&self, c: Column, rows: usize) -> Result<Column> {
        if c.len() == rows {
            return Ok(c);
        }
        Err(Error::internal(format!(
            "Function {} returned {} rows instead of {rows}",
            self.def.name,
            c.len()
        )))
    }
}

/// The same values with the type's default for each NULL.
fn defaults_for_nulls(c: &Column, ty: Option<&Type>) -> Column {
    let (Some(mask), Some(ty)) = (c.null_mask(), ty) else { return without_nulls(c) };
    let n = c.len();
    let mut b = ColumnBuilder::with_capacity(ty, n + 1);
    b.append_column(&without_nulls(&c.flat()));
    b.push_default(1);
    let at: Vec<u32> = (0..n).map(|i| if mask.get(i) { n as u32 } else { i as u32 }).collect();
    b.finish().gather(&at)
}

/// The same values with the NULL mask dropped.
pub fn without_nulls(c: &Column) -> Column {
    match &c.data {
        Data::Const(one, n) if one.nulls.is_some() => {
            Data::Const(Arc::new(Column { data: one.data.clone(), nulls: None }), *n).into()
        }
        data => Column { data: data.clone(), nulls: None },
    }
}

fn is_flat(c: &Column) -> bool {
    match &c.data {
        Data::Codes(..) => false,
        Data::Const(one, _) => is_flat(one),
        Data::Array(a) => !matches!(a.values.data, Data::Const(..)) && is_flat(&a.values),
        Data::Tuple(cs, _) => cs.iter().all(|c| !matches!(c.data, Data::Const(..)) && is_flat(c)),
        _ => true,
    }
}

/// No codes anywhere; `Const` stays at the top only.
pub fn flatten(c: &Column) -> Column {
    match &c.data {
        Data::Const(one, n) => Data::Const(Arc::new(one.flat_deep()), *n).into(),
        Data::Array(a) => Column {
            data: Data::Array(ArrayData {
                offsets: a.offsets.clone(),
                values: Arc::new(a.values.flat_deep()),
            }),
            nulls: c.nulls.clone(),
        },
        _ => c.flat_deep(),
    }
}
