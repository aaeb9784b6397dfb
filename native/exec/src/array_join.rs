//! ARRAY JOIN: one row for each element of arrays.

use crate::expr::Bound;
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Emit, Step};
use types::{ArrayData, Batch, Column, Data, Result, Type};

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

/// Rows of one output batch at most.
const ROWS_MAX: usize = 65_536;
/// Bytes that one output batch should not exceed by repeating wide outer rows.
const BYTES_WANTED: usize = 16 << 20;
/// From so many elements on, an outer row makes batches of its own: its other columns are constants
/// there, so that a long array beside long strings (or beside itself) is not repeated in memory.
const LONG: usize = 1024;

/// Arrays of a batch, all of one length in each row.
struct Arrays<'a> {
    offsets: &'a [u32],
    parts: Vec<&'a ArrayData>,
}

impl<'a> Arrays<'a> {
    fn of(columns: &'a [Column], rows: usize) -> Result<Self> {
        let array = |c: &'a Column| match &c.data {
            Data::Array(a) => Ok(a),
            _ => Err(types::Error::internal("array join input")),
        };
        let parts: Vec<&ArrayData> = columns.iter().map(array).collect::<Result<_>>()?;
        let first = parts.first().ok_or_else(|| types::Error::internal("array join of nothing"))?;
        let length = |a: &ArrayData, row: usize| a.offsets[row + 1] - a.offsets[row];
        if parts[1..].iter().any(|a| (0..rows).any(|row| length(a, row) != length(first, row))) {
            return Err(types::Error::new(
                types::codes::SIZES_OF_ARRAYS_DONT_MATCH,
                "Sizes of ARRAY-JOIN-ed arrays do not match",
            ));
        }
        Ok(Arrays { offsets: &first.offsets, parts })
    }
    fn length(&self, row: usize) -> usize {
        (self.offsets[row + 1] - self.offsets[row]) as usize
    }
}

impl ArrayJoin {
    fn piece(&self, batch: &Batch, query: &Query, emit: Emit<'_>) -> Result<Flow> {
        let columns: Vec<Column> = self.arrays.iter().map(|a| a.eval(batch, query)).collect::<Result<_>>()?;
        // A constant stands for every row: laid out for all of them it may be far more than memory.
        let one: usize = columns.iter().filter_map(Column::as_const).map(Column::bytes).sum();
        if batch.rows > 1 && one > BYTES_WANTED / batch.rows {
            for row in 0..batch.rows {
                query.cancel.check()?;
                if self.piece(&batch.slice(row, 1), query, emit)? == Flow::Stop {
                    return Ok(Flow::Stop);
                }
            }
            return Ok(Flow::More);
        }
        let columns: Vec<Column> = columns.iter().map(Column::flat).collect();
        let arrays = Arrays::of(&columns, batch.rows)?;
        let width = batch.columns.iter().map(Column::bytes).sum::<usize>() / batch.rows.max(1);
        let rows_max = (BYTES_WANTED / width.max(1)).clamp(LONG, ROWS_MAX);
        let mut start = 0;
        while start < batch.rows {
            query.cancel.check()?;
            let flow = if arrays.length(start) >= LONG {
                start += 1;
                self.long(batch, &arrays, start - 1, query, emit)?
            } else {
                let (mut end, mut total) = (start, 0);
                while end < batch.rows && arrays.length(end) < LONG && total < rows_max {
                    total += arrays.length(end).max(usize::from(self.left));
                    end += 1;
                }
                let rows = start..end;
                start = end;
                self.short(batch, &arrays, rows, query, emit)?
            };
            if flow == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::More)
    }

    /// One row with many elements.
    fn long(
        &self,
        batch: &Batch,
        arrays: &Arrays<'_>,
        row: usize,
        query: &Query,
        emit: Emit<'_>,
    ) -> Result<Flow> {
        let one = batch.slice(row, 1);
        let length = arrays.length(row);
        let mut done = 0;
        while done < length {
            query.cancel.check()?;
            let n = ROWS_MAX.min(length - done);
            let outer = one.columns.iter().map(|c| Column::constant(c.clone(), n));
            let inner = arrays.parts.iter().map(|a| a.values.slice(a.offsets[row] as usize + done, n));
            let out = Batch { columns: outer.chain(inner).collect(), rows: n };
            let _held = query.memory.reserve(bytes(&out))?;
            if emit(out)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
            done += n;
        }
        Ok(Flow::More)
    }

    /// Rows with few elements each.
    fn short(
        &self,
        batch: &Batch,
        arrays: &Arrays<'_>,
        rows: std::ops::Range<usize>,
        query: &Query,
        emit: Emit<'_>,
    ) -> Result<Flow> {
        let mut outer: Vec<u32> = Vec::new();
        // elements of the first array; those of the others lie at the same distance from their row's start
        let mut nth: Vec<u32> = Vec::new();
        for row in rows {
            let length = arrays.length(row) as u32;
            if length == 0 && self.left {
                outer.push(row as u32);
                nth.push(u32::MAX);
            }
            outer.extend(std::iter::repeat_n(row as u32, length as usize));
            nth.extend(0..length);
        }
        if outer.is_empty() {
            return Ok(Flow::More);
        }
        let mut out: Vec<Column> = batch.columns.iter().map(|c| c.gather(&outer)).collect();
        for (a, ty) in arrays.parts.iter().zip(self.types()?) {
            // the row behind the last element is the default that LEFT gives for an empty array
            let last = a.values.len() as u32;
            let at =
                |(&row, &k): (&u32, &u32)| if k == u32::MAX { last } else { a.offsets[row as usize] + k };
            let picked: Vec<u32> = outer.iter().zip(&nth).map(at).collect();
            out.push(if picked.contains(&last) {
                Column::concat(&ty, &[&a.values, &Column::default_of(&ty, 1)]).gather(&picked)
            } else {
                a.values.gather(&picked)
            });
        }
        let out = Batch { columns: out, rows: outer.len() };
        let _held = query.memory.reserve(bytes(&out) + outer.len() as u64 * 8)?;
        emit(out)
    }
}

fn bytes(batch: &Batch) -> u64 {
    batch.columns.iter().map(|c| c.bytes() as u64).sum()
}
