//! What a change of rows does to a batch of them.

use crate::expr::{Bound, Scope};
use crate::plan::{Assignment, Change};
use crate::query::Query;
use crate::write::Shape;
use std::sync::Arc;
use storage::patched_column;
use types::codes::NO_SUCH_COLUMN_IN_TABLE;
use types::{Batch, Bitmap, Column, Error, Result};

pub struct Edit {
    delete: Option<Bound>,
    update_where: Option<Bound>,
    /// column of the table, and its new value; the first `direct` are computed from the old row, the
    /// others from the updated one
    pub updates: Vec<(usize, Bound)>,
    direct: usize,
}

impl Edit {
    pub fn bind(change: &Change, shape: &Shape, query: &Arc<Query>) -> Result<Edit> {
        let scope = Scope { columns: &shape.types, query, scalars: &[], sets: &[] };
        let update = |a: &Assignment| {
            let i = shape.columns.iter().position(|c| c.name == a.column);
            let i = i.ok_or_else(|| {
                Error::new(NO_SUCH_COLUMN_IN_TABLE, format!("There is no column {}", a.column))
            })?;
            Ok((i, Bound::bind(&a.value, &scope)?))
        };
        Ok(Edit {
            delete: change.delete.as_ref().map(|e| Bound::bind(e, &scope)).transpose()?,
            update_where: change.update_where.as_ref().map(|e| Bound::bind(e, &scope)).transpose()?,
            updates: change.update.iter().chain(&change.derived).map(update).collect::<Result<_>>()?,
            direct: change.update.len(),
        })
    }

    pub fn apply(&self, mut b: Batch, shape: &Shape, query: &Query) -> Result<Batch> {
        if let Some(d) = &self.delete {
            let gone = d.eval_mask(&b, query)?;
            if gone.any() {
                b = b.filter(&gone.not());
            }
        }
        if self.updates.is_empty() || b.rows == 0 {
            return Ok(b);
        }
        let hit = match &self.update_where {
            Some(c) => c.eval_mask(&b, query)?,
            None => Bitmap::new(b.rows, true),
        };
        if !hit.any() {
            return Ok(b);
        }
        let rows = hit.ones();
        let fresh = self.values(&b.gather(&rows), shape, query)?;
        for ((i, _), v) in self.updates.iter().zip(fresh) {
            b.columns[*i] = patched_column(&b.columns[*i], &rows, &v, &shape.types[*i]);
        }
        Ok(b)
    }

    /// The new values of each update.
    pub fn values(&self, old: &Batch, shape: &Shape, query: &Query) -> Result<Vec<Column>> {
        let value = |(i, value): &(usize, Bound), rows: &Batch| -> Result<Column> {
            let v = value.eval(rows, query)?;
            let (from, to) = (value.ty(), &shape.types[*i]);
            Ok(functions::cast(&v, from, to, functions::CastMode::Sql, &query.session)?.flat())
        };
        let (direct, derived) = self.updates.split_at(self.direct);
        let mut fresh = direct.iter().map(|u| value(u, old)).collect::<Result<Vec<_>>>()?;
        if !derived.is_empty() {
            let mut rows = old.clone();
            for ((i, _), v) in direct.iter().zip(&fresh) {
                rows.columns[*i] = v.clone();
            }
            for update in derived {
                fresh.push(value(update, &rows)?);
            }
        }
        Ok(fresh)
    }
}
