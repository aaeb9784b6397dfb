//! Parquet out.

use super::OutputOptions;
use super::records::{RecordSink, Records, Shared, failed};
use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::file::properties::WriterProperties;
use arrow_array::RecordBatch;
use types::{Error, Field, Result};

/// Bytes of a row group only come when it is full: memory is bounded by ending large ones early.
const ROW_GROUP_BYTES_MAX: usize = 128 << 20;

/// Errors: `BAD_ARGUMENTS` for a compression that is not known.
pub(super) fn parquet(fields: &[Field], o: &OutputOptions) -> Result<Records<Option<ArrowWriter<Shared>>>> {
    let properties = properties(o)?;
    Records::new(fields, |bytes, schema| {
        ArrowWriter::try_new(bytes, schema.clone(), Some(properties)).map(Some).map_err(failed)
    })
}

fn properties(o: &OutputOptions) -> Result<WriterProperties> {
    let compression = match o.string("output_format_parquet_compression_method", "zstd").as_str() {
        "none" => Compression::UNCOMPRESSED,
        "snappy" => Compression::SNAPPY,
        "lz4" => Compression::LZ4_RAW,
        "gzip" => Compression::GZIP(::parquet::basic::GzipLevel::default()),
        "zstd" => Compression::ZSTD(ZstdLevel::try_new(3).map_err(failed)?),
        other => {
            return Err(Error::bad_arguments(format!(
                "Unknown output_format_parquet_compression_method '{other}'; none, snappy, lz4, gzip and zstd are known"
            )));
        }
    };
    let rows = usize::try_from(o.number("output_format_parquet_row_group_size", 1_000_000)?)
        .unwrap_or(1_000_000)
        .max(1);
    Ok(WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(rows))
        .build())
}

/// `None` once it has ended: a file's end takes its writer.
impl RecordSink for Option<ArrowWriter<Shared>> {
    fn write(&mut self, record: &RecordBatch) -> Result<()> {
        let Some(writer) = self else { return Err(Error::internal("a finished Parquet file")) };
        writer.write(record).map_err(failed)?;
        if writer.in_progress_size() > ROW_GROUP_BYTES_MAX {
            writer.flush().map_err(failed)?;
        }
        Ok(())
    }
    fn end(&mut self) -> Result<()> {
        self.take().map_or(Ok(()), |writer| writer.close().map(|_| ()).map_err(failed))
    }
}
