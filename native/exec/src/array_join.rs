//! ARRAY JOIN: one row for each element of arrays.

use crate::expr::Bound;
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Emit, Step};
use types::{Batch, Column, Data, Result, Type};

/// Adds columns with the elements of arrays, one row an element.
pub struct ArrayJoin {
    pub arrays: Vec<Bound>,
    pub left: bool,
}

impl ArrayJoin {
    /// Types of the added columns.
    pub fn types(&self) -> Result<Vec<Type>> {
        self.arrays
            .iter()
            .map(|a| match a.ty().base() {
                Type::Array(t) => Ok(t.as_ref().clone()),
                Type::Map(kv) => Ok(Type::map_entry(kv)),
                t => Err(types::Error::new(
                    types::codes::TYPE_MISMATCH,
                    format!("ARRAY JOIN needs an Array or a Map, not {t}"),
                )),
            })
            .collect()
    }
}

impl Step for ArrayJoin {
    fn explodes(&self) -> bool {
        true
    }
    fn apply(&self, batch: Batch, query: &Query, emit: Emit<'_>) -> Result<Flow> {
        // small pieces: rows may hold large arrays
        let mut start = 0;
        while start < batch.rows {
            query.cancel.check()?;
            let n = 1024.min(batch.rows - start);
            if self.piece(&batch.slice(start, n), query, emit)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
            start += n;
        }
        Ok(Flow::More)
    }
}

impl ArrayJoin {
    fn piece(&self, batch: &Batch, query: &Query, emit: Emit<'_>) -> Result<Flow> {
        let columns: Vec<Column> =
            self.arrays.iter().map(|a| Ok(a.eval(batch, query)?.flat())).collect::<Result<_>>()?;
        let types = self.types()?;
        let mut outer: Vec<u32> = Vec::new();
        let mut inner: Vec<Vec<u32>> = vec![Vec::new(); columns.len()];
        for row in 0..batch.rows {
            let mut length = None;
            for c in &columns {
                let Data::Array(a) = &c.data else { return Err(types::Error::internal("array join input")) };
                let n = a.offsets[row + 1] - a.offsets[row];
                if *length.get_or_insert(n) != n {
                    return Err(types::Error::new(
                        types::codes::SIZES_OF_ARRAYS_DONT_MATCH,
                        "Sizes of ARRAY-JOIN-ed arrays do not match",
                    ));
                }
            }
            let n = length.unwrap_or(0);
            if n == 0 && self.left {
                outer.push(row as u32);
                inner.iter_mut().for_each(|v| v.push(u32::MAX));
            }
            for k in 0..n {
                outer.push(row as u32);
                for (c, v) in columns.iter().zip(&mut inner) {
                    if let Data::Array(a) = &c.data {
                        v.push(a.offsets[row] + k);
                    }
                }
            }
        }
        if outer.is_empty() {
            return Ok(Flow::More);
        }
        let _held = query.memory.reserve(outer.len() as u64 * 8)?;
        let mut out: Vec<Column> = batch.columns.iter().map(|c| c.gather(&outer)).collect();
        for ((c, rows), ty) in columns.iter().zip(&inner).zip(&types) {
            let Data::Array(a) = &c.data else { continue };
            if self.left {
                let all = Column::concat(ty, &[&a.values, &Column::default_of(ty, 1)]);
                let last = a.values.len() as u32;
                let rows: Vec<u32> = rows.iter().map(|&r| if r == u32::MAX { last } else { r }).collect();
                out.push(all.gather(&rows));
            } else {
                out.push(a.values.gather(rows));
            }
        }
        emit(Batch { columns: out, rows: outer.len() })
    }
}
