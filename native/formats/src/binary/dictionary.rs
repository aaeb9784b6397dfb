//! Native's form of LowCardinality: the distinct values of a block, then a number for each row.

use super::column::{checked, read_column, write_column};
use super::{Bytes, write_value};
use types::codes::{ATTEMPT_TO_READ_AFTER_EOF, INCORRECT_DATA};
use types::{Column, ColumnBuilder, Data, Error, Result, Type};

pub(super) fn write_low_cardinality(inner: &Type, col: &Column, out: &mut Vec<u8>) {
    let rows = col.len();
    if rows == 0 {
        return;
    }
    let nullable = inner.is_nullable();
    let base = inner.base();
    // Slot 0 is the default (or NULL); the other values follow in the order they come.
    let mut dict = ColumnBuilder::new(base);
    dict.push_default(1);
    let mut codes: Vec<u32> = Vec::with_capacity(rows);
    match &col.data {
        Data::Codes(given, d) => {
            let mut slot = vec![u32::MAX; d.len()];
            for (i, &c) in given.iter().enumerate() {
                if col.is_null(i) {
                    codes.push(0);
                    continue;
                }
                let s = &mut slot[c as usize];
                if *s == u32::MAX {
                    let is_default = d.values.bytes_at(c as usize).is_some_and(|b| {
                        b.iter().all(|x| *x == 0) && matches!(base, Type::String) == b.is_empty()
                    });
                    if is_default && !nullable {
                        *s = 0;
                    } else {
                        *s = dict.len() as u32;
                        dict.push_row(&d.values, c as usize);
                    }
                }
                codes.push(*s);
            }
        }
        _ => {
            let mut seen: hashbrown::HashMap<Vec<u8>, u32> = hashbrown::HashMap::new();
            let flat = col.flat();
            let mut plain = flat.clone();
            plain.nulls = None;
            let mut key = Vec::new();
            if !nullable {
                let zero = Column::default_of(base, 1).flat();
                write_value(base, &zero, 0, &mut key);
                seen.insert(key.clone(), 0);
            }
            for i in 0..rows {
                if flat.is_null(i) {
                    codes.push(0);
                    continue;
                }
                key.clear();
                write_value(base, &plain, i, &mut key);
                let next = dict.len() as u32;
                let code = *seen.entry_ref(key.as_slice()).or_insert(next);
                if code == next {
                    dict.push_row(&plain, i);
                }
                codes.push(code);
            }
        }
    }
    let size = dict.len();
    let kind: u64 = match size {
        0..=0x100 => 0,
        0x101..=0x1_0000 => 1,
        _ => 2,
    };
    out.extend_from_slice(&(0x600 | kind).to_le_bytes());
    out.extend_from_slice(&(size as u64).to_le_bytes());
    write_column(base, &dict.finish(), out);
    out.extend_from_slice(&(rows as u64).to_le_bytes());
    match kind {
        0 => out.extend(codes.iter().map(|c| *c as u8)),
        1 => codes.iter().for_each(|c| out.extend_from_slice(&(*c as u16).to_le_bytes())),
        _ => codes.iter().for_each(|c| out.extend_from_slice(&c.to_le_bytes())),
    }
}

pub(super) fn read_low_cardinality(inner: &Type, rows: usize, b: &mut Bytes<'_>) -> Result<Column> {
    let base = inner.base();
    if rows == 0 {
        return Ok(ColumnBuilder::new(inner).finish());
    }
    let flags = b.u64()?;
    let (width, bits) = match flags & 0xff {
        0 => (1, 8),
        1 => (2, 16),
        2 => (4, 32),
        3 => (8, 64),
        v => {
            return Err(Error::new(INCORRECT_DATA, format!("Unknown index type {v} of a dictionary column")));
        }
    };
    if flags & 0x200 == 0 {
        return Err(Error::new(
            INCORRECT_DATA,
            format!("Dictionary flags {flags:#x} are not supported: keys must stand in the block"),
        ));
    }
    let size = b.u64()?;
    if size > b.left() as u64 && base.fixed_width() != Some(0) {
        return Err(Error::new(
            ATTEMPT_TO_READ_AFTER_EOF,
            format!("A dictionary of {size} values is larger than the data ({bits}-bit indexes)"),
        ));
    }
    let dict = read_column(base, size as usize, b)?;
    if b.u64()? != rows as u64 {
        return Err(Error::new(
            INCORRECT_DATA,
            "A dictionary column has another number of rows than its block",
        ));
    }
    let raw = b.take(checked(rows, width)?)?;
    let mut out = ColumnBuilder::with_capacity(inner, rows);
    for c in raw.chunks_exact(width) {
        let mut x = [0u8; 8];
        x[..width].copy_from_slice(c);
        let code = u64::from_le_bytes(x);
        if code >= size {
            return Err(Error::new(
                INCORRECT_DATA,
                format!("Index {code} lies outside a dictionary of {size} values"),
            ));
        }
        if code == 0 && inner.is_nullable() { out.push_null() } else { out.push_row(&dict, code as usize) }
    }
    Ok(out.finish())
}
