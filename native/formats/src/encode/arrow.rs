//! Arrow out: as a stream and as a file.

use super::records::{RecordSink, Records, Shared, failed};
use arrow_array::RecordBatch;
use arrow_ipc::writer::{FileWriter, StreamWriter};
use types::{Field, Result};

pub(super) fn stream(fields: &[Field]) -> Result<Records<StreamWriter<Shared>>> {
    Records::new(fields, |bytes, schema| StreamWriter::try_new(bytes, schema).map_err(failed))
}
pub(super) fn file(fields: &[Field]) -> Result<Records<FileWriter<Shared>>> {
    Records::new(fields, |bytes, schema| FileWriter::try_new(bytes, schema).map_err(failed))
}

impl RecordSink for StreamWriter<Shared> {
    fn write(&mut self, record: &RecordBatch) -> Result<()> {
        StreamWriter::write(self, record).map_err(failed)
    }
    fn end(&mut self) -> Result<()> {
        self.finish().map_err(failed)
    }
}
impl RecordSink for FileWriter<Shared> {
    fn write(&mut self, record: &RecordBatch) -> Result<()> {
        FileWriter::write(self, record).map_err(failed)
    }
    fn end(&mut self) -> Result<()> {
        self.finish().map_err(failed)
    }
}
