//! Functions that give another row's value: lag, lead, first_value, last_value, nth_value.

use super::Rowset;
use super::frames::Frames;
use super::resolve::Pick;
use crate::expr::Bound;
use functions::CastMode;
use types::{Bitmap, Column, Error, Result, Type};

/// No row has the value: the default takes its place.
pub const MISSING: u32 = u32::MAX;

/// Rows of `column` by number; `MISSING` gives the type's default (NULL for Nullable).
pub fn take(column: &Column, ty: &Type, rows: &[u32]) -> Column {
    if !rows.contains(&MISSING) {
        return column.gather(rows);
    }
    if ty.is_nullable() && !column.is_empty() {
        let found: Vec<u32> = rows.iter().map(|&r| if r == MISSING { 0 } else { r }).collect();
        let c = if column.is_const() { column.flat().gather(&found) } else { column.gather(&found) };
        let nulls = Bitmap::from_fn(rows.len(), |i| rows[i] == MISSING || c.is_null(i));
        return Column::new(c.data, Some(nulls));
    }
    let all = Column::concat(ty, &[column, &Column::default_of(ty, 1)]);
    let at = column.len() as u32;
    all.gather(&rows.iter().map(|&r| if r == MISSING { at } else { r }).collect::<Vec<_>>())
}

/// Integers of a column, one a row.
fn integers(c: &Column, rows: usize) -> Vec<Option<i64>> {
    if let Some(one) = c.as_const() {
        return vec![one.scalar(0).as_i64(); rows];
    }
    (0..rows).map(|i| c.scalar(i).as_i64()).collect()
}

/// lag and lead: `args` = value, offset (1), default. `frames`: rows outside of the frame do not count.
pub fn shift(
    ahead: bool,
    frames: Option<&Frames>,
    args: &[Column],
    bound: &[Bound],
    rows: &Rowset<'_>,
) -> Result<Column> {
    let n = rows.batch.rows;
    let _held = rows.query.memory.reserve(n as u64 * 24)?;
    let offsets = args.get(1).map(|c| integers(c, n));
    let mut from = Vec::with_capacity(n);
    for &(first, end) in &rows.partitions {
        for i in first..end {
            let offset = match &offsets {
                None => 1,
                Some(o) => o[i as usize].filter(|x| *x >= 0).ok_or_else(|| {
                    Error::bad_arguments("The offset of lag and lead must be a non-negative integer; use the other one to look in the other direction")
                })?,
            };
            let (lo, hi) = frames.map_or((first, end), |f| (f.start[i as usize], f.end[i as usize]));
            let at =
                if ahead { i64::from(i).saturating_add(offset) } else { i64::from(i).saturating_sub(offset) };
            from.push(if at >= i64::from(lo) && at < i64::from(hi) { at as u32 } else { MISSING });
        }
    }
    let ty = bound[0].ty();
    let Some(default) = args.get(2) else { return Ok(take(&args[0], ty, &from)) };
    let default = functions::cast(default, bound[2].ty(), ty, CastMode::Sql, &rows.query.session)?;
    let both = Column::concat(ty, &[&args[0], &default]);
    let at: Vec<u32> =
        from.iter().enumerate().map(|(i, &r)| if r == MISSING { (n + i) as u32 } else { r }).collect();
    Ok(both.gather(&at))
}

/// The value of the frame's first, last or nth row.
pub fn pick(pick: Pick, args: &[Column], ty: &Type, frames: &Frames, rows: &Rowset<'_>) -> Result<Column> {
    let n = rows.batch.rows;
    let _held = rows.query.memory.reserve(n as u64 * 16)?;
    let value = &args[0];
    let skip = matches!(pick, Pick::FirstValid | Pick::LastValid) && value.has_nulls();
    // next row at or behind i that is not NULL; for LastValid: the last one before i
    let mut valid: Vec<u32> = Vec::new();
    if skip && pick == Pick::FirstValid {
        valid = vec![MISSING; n + 1];
        for i in (0..n).rev() {
            valid[i] = if value.is_null(i) { valid[i + 1] } else { i as u32 };
        }
    } else if skip {
        valid = vec![MISSING; n + 1];
        for i in 0..n {
            valid[i + 1] = if value.is_null(i) { valid[i] } else { i as u32 };
        }
    }
    let offsets = if pick == Pick::Nth { Some(integers(&args[1], n)) } else { None };
    let mut from = Vec::with_capacity(n);
    for i in 0..n {
        let (s, e) = (frames.start[i], frames.end[i]);
        let nth = match &offsets {
            None => 0,
            Some(o) => o[i]
                .filter(|x| *x > 0)
                .ok_or_else(|| Error::bad_arguments("The offset of nth_value must be greater than zero"))?,
        };
        if s >= e {
            from.push(MISSING);
            continue;
        }
        from.push(match pick {
            Pick::FirstValid if skip => valid[s as usize],
            Pick::LastValid if skip => valid[e as usize],
            Pick::First | Pick::FirstValid => s,
            Pick::Last | Pick::LastValid => e - 1,
            Pick::Nth => {
                let at = i64::from(s).saturating_add(nth - 1);
                if at < i64::from(e) { at as u32 } else { MISSING }
            }
        });
        if let Some(r) = from.last_mut()
            && *r != MISSING
            && (*r < s || *r >= e)
        {
            *r = MISSING;
        }
    }
    Ok(take(value, ty, &from))
}
