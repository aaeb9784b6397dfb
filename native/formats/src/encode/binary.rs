//! RowBinary and Native out.

use super::{Encoder, Tail};
use crate::binary::{write_column, write_prefix, write_string, write_value, write_varuint};
use types::{Batch, Field, Result, Type};

pub(super) struct RowBinary {
    fields: Vec<Field>,
    header: usize,
}

impl RowBinary {
    pub fn new(fields: &[Field], header: usize) -> Self {
        RowBinary { fields: fields.to_vec(), header }
    }
}

impl Encoder for RowBinary {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if self.header > 0 {
            write_varuint(self.fields.len() as u64, out);
            self.fields.iter().for_each(|f| write_string(f.name.as_bytes(), out));
        }
        if self.header > 1 {
            self.fields.iter().for_each(|f| write_string(f.ty.to_string().as_bytes(), out));
        }
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        for row in 0..batch.rows {
            for (f, col) in self.fields.iter().zip(&batch.columns) {
                write_value(&f.ty, col, row, out);
            }
        }
        Ok(())
    }
    fn finish(&mut self, _tail: &Tail, _out: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}

/// Blocks of columns. What old clients do not know is left out by the revision they name.
pub(super) struct Native {
    fields: Vec<Field>,
    revision: u64,
    any: bool,
}

const LOW_CARDINALITY_SINCE: u64 = 54_405;
const CUSTOM_SERIALIZATION_SINCE: u64 = 54_454;
const ZONES_SINCE: u64 = 54_337;
/// The newest revision whose blocks are written.
const REVISION_MAX: u64 = 54_460;

impl Native {
    pub fn new(fields: &[Field], revision: u64) -> Self {
        let revision = revision.min(REVISION_MAX);
        let fields = fields
            .iter()
            .map(|f| {
                let mut ty = f.ty.clone();
                if revision > 0 && revision < LOW_CARDINALITY_SINCE {
                    ty = ty.without_low_cardinality_deep();
                }
                if revision < ZONES_SINCE && matches!(ty, Type::DateTime(Some(_))) {
                    ty = Type::DateTime(None);
                }
                Field { name: f.name.clone(), ty }
            })
            .collect();
        Native { fields, revision, any: false }
    }
    fn block(&self, batch: &Batch, out: &mut Vec<u8>) {
        if self.revision > 0 {
            out.extend_from_slice(&[1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0]);
        }
        write_varuint(self.fields.len() as u64, out);
        write_varuint(batch.rows as u64, out);
        for (i, f) in self.fields.iter().enumerate() {
            write_string(f.name.as_bytes(), out);
            write_string(f.ty.to_string().as_bytes(), out);
            if self.revision >= CUSTOM_SERIALIZATION_SINCE {
                out.push(0);
            }
            if batch.rows > 0 {
                write_prefix(&f.ty, out);
                write_column(&f.ty, &batch.columns[i], out);
            }
        }
    }
}

impl Encoder for Native {
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        if batch.rows > 0 {
            self.any = true;
            self.block(batch, out);
        }
        Ok(())
    }
    fn finish(&mut self, tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        if !self.any {
            // The names and types of a result without rows.
            self.block(&Batch::default(), out);
        }
        if let Some(t) = &tail.totals {
            self.block(t, out);
        }
        Ok(())
    }
}
