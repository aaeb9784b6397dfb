//! Functions on arrays.

pub mod basic;
pub mod lambda;
pub mod make;
pub mod metrics;
pub mod order;
pub mod sets;
pub mod totals;

use crate::args::{array_column, arrays, gathered, need_room};
use crate::cast::{CastMode, cast};
use crate::session::Session;
use crate::supertype::common_type;
use types::{Column, ColumnBuilder, Data, Error, Result, Type};

/// The arrays of a column with elements taken row by row: `keep(row, range)` gives positions of elements.
pub fn pick(col: &Column, rows: usize, mut keep: impl FnMut(usize, std::ops::Range<usize>, &mut Vec<u32>)) -> Result<Column> {
    let a = arrays(col)?;
    let mut offsets = Vec::with_capacity(rows + 1);
    offsets.push(0u32);
    let mut at = Vec::new();
    for i in 0..rows {
        keep(i, a.at(i), &mut at);
        check_elements(at.len())?;
        offsets.push(at.len() as u32);
    }
    Ok(array_column(offsets, gathered(a.values, &at)?))
}

pub fn check_elements(n: usize) -> Result<()> {
    if n > crate::args::ELEMENTS_MAX {
        return Err(Error::new(types::codes::TOO_LARGE_ARRAY_SIZE, format!("Arrays of one block would hold {n} elements, more than {}", crate::args::ELEMENTS_MAX)));
    }
    need_room(n.saturating_mul(size_of::<u32>()))
}

/// Converts the elements of an array column.
pub fn cast_elements(col: &Column, from: &Type, to: &Type, session: &Session) -> Result<Column> {
    if from == to {
        return Ok(col.clone());
    }
    cast(col, &Type::array(from.clone()), &Type::array(to.clone()), CastMode::Sql, session)
}

/// The common element type of arrays.
pub fn common_element(types: &[&Type]) -> Result<Type> {
    let inner: Vec<Type> = types.iter().map(|t| if let Type::Array(i) = t { i.as_ref().clone() } else { (*t).clone() }).collect();
    common_type(&inner)
}

/// One under another, flat.
pub fn stack(ty: &Type, columns: &[&Column]) -> Column {
    let mut b = ColumnBuilder::new(ty);
    columns.iter().for_each(|c| b.append_column(c));
    b.finish()
}

/// Flat elements, offsets from 0, and the row of each element.
pub struct Elements {
    pub offsets: Vec<u32>,
    pub values: Column,
    pub origin: Vec<u32>,
}

pub fn elements(col: &Column, rows: usize) -> Result<Elements> {
    let a = arrays(col)?;
    let mut offsets = Vec::with_capacity(rows + 1);
    offsets.push(0u32);
    let mut origin = Vec::new();
    // Adjacent rows need no copy.
    if let Data::Array(d) = &col.data {
        let (from, to) = (d.offsets[0], d.offsets[rows]);
        for i in 0..rows {
            origin.resize((d.offsets[i + 1] - from) as usize, i as u32);
            offsets.push(d.offsets[i + 1] - from);
        }
        return Ok(Elements { offsets, values: d.values.slice(from as usize, (to - from) as usize), origin });
    }
    let mut at = Vec::new();
    for i in 0..rows {
        at.extend(a.at(i).map(|k| k as u32));
        check_elements(at.len())?;
        origin.resize(at.len(), i as u32);
        offsets.push(at.len() as u32);
    }
    Ok(Elements { offsets, values: a.values.gather(&at), origin })
}

/// The elements of an array that is the same in all rows, of which there is one at least. Errors: `ILLEGAL_COLUMN`.
pub fn one_array(c: &Column, function: &str, place: usize) -> Result<Column> {
    let constant = c.is_const() || (1..c.len()).all(|row| types::compare::compare_rows(c, 0, c, row).is_eq());
    if !constant || c.is_empty() {
        return Err(Error::new(types::codes::ILLEGAL_COLUMN, format!("Argument {place} of function {function} must be constant")));
    }
    let flat = c.slice(0, 1).flat();
    let a = crate::args::arrays(&flat)?;
    let r = a.at(0);
    Ok(a.values.slice(r.start, r.len()))
}
