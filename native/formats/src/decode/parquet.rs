//! Parquet to blocks: row group by row group, only the columns asked for, text as views into the pages, so
//! that one small dictionary cannot become gigabytes. Columns can be read apart by several threads.

use super::arrow::{Wanted, guarded};
use super::whole_file::WholeFile;
use super::{Block, InputField, InputOptions};
use crate::arrow_types::{column_of, type_of};
use arrow_array::Array;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use std::io::Read;
use std::sync::Arc;
use types::codes::{INCORRECT_DATA, THERE_IS_NO_COLUMN};
use types::{Error, Result};

const BATCH_ROWS: usize = 32_768;

/// A file that Parquet is read from, in place.
pub trait Seekable: Send + Sync {
    fn bytes(&self) -> u64;
    /// Fills `out` from `offset`; a short read is an error.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()>;
}

impl Seekable for Vec<u8> {
    fn bytes(&self) -> u64 {
        self.len() as u64
    }
    fn read_at(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        let short =
            || std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "read past the end of the file");
        let from = usize::try_from(offset).map_err(|_| short())?;
        let end = from.checked_add(out.len()).ok_or_else(short)?;
        out.copy_from_slice(self.get(from..end).ok_or_else(short)?);
        Ok(())
    }
}

#[derive(Clone)]
struct Chunks(Arc<dyn Seekable>);

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.bytes()
    }
}
impl ChunkReader for Chunks {
    type T = Box<dyn Read>;
    fn get_read(&self, start: u64) -> parquet::errors::Result<Box<dyn Read>> {
        struct From(Arc<dyn Seekable>, u64);
        impl Read for From {
            fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
                let n = out
                    .len()
                    .min(usize::try_from(self.0.bytes().saturating_sub(self.1)).unwrap_or(usize::MAX));
                self.0.read_at(self.1, &mut out[..n])?;
                self.1 += n as u64;
                Ok(n)
            }
        }
        Ok(Box::new(std::io::BufReader::with_capacity(64 << 10, From(self.0.clone(), start))))
    }
    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.0.bytes()) {
            return Err(ParquetError::EOF(format!(
                "{length} bytes at {start} lie beyond the end of the file"
            )));
        }
        let mut out = vec![0; length];
        self.0.read_at(start, &mut out)?;
        Ok(out.into())
    }
}

/// What a file says of one column of a row group.
#[derive(Clone, Debug)]
pub struct Bounds {
    pub min: types::Scalar,
    pub max: types::Scalar,
    pub nulls: u64,
}

/// A Parquet file: its schema, and readers of any of its row groups (for several threads).
#[derive(Clone)]
pub struct ParquetSource {
    file: Chunks,
    metadata: ArrowReaderMetadata,
}

impl ParquetSource {
    /// Reads the footer. Errors: `INCORRECT_DATA`.
    pub fn open(file: Arc<dyn Seekable>) -> Result<ParquetSource> {
        let file = Chunks(file);
        let plain = guarded("Parquet", || ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()))?;
        // Text is read as views: values of a dictionary are not copied for every row.
        let schema = views(plain.schema());
        let metadata = guarded("Parquet", || {
            ArrowReaderMetadata::try_new(
                plain.metadata().clone(),
                ArrowReaderOptions::new().with_schema(schema),
            )
        })
        .unwrap_or(plain);
        Ok(ParquetSource { file, metadata })
    }
    pub fn group_rows(&self, group: usize) -> u64 {
        self.metadata
            .metadata()
            .row_groups()
            .get(group)
            .map_or(0, |g| u64::try_from(g.num_rows()).unwrap_or(0))
    }
    /// What some columns of a row group take as Arrow arrays, about.
    pub fn group_bytes(&self, group: usize, names: &[&str]) -> u64 {
        let parquet = self.metadata.parquet_schema();
        let Some(g) = self.metadata.metadata().row_groups().get(group) else { return 0 };
        let wanted = |c: usize| {
            let root = parquet.get_column_root(c).name();
            names.iter().any(|n| n.eq_ignore_ascii_case(root))
        };
        let of = |(_, c): (usize, &parquet::file::metadata::ColumnChunkMetaData)| {
            u64::try_from(c.uncompressed_size()).unwrap_or(0)
        };
        g.columns().iter().enumerate().filter(|(c, _)| wanted(*c)).map(of).sum()
    }
    /// For each row group the smallest and largest value of a column and how many NULLs it has; None: not
    /// known. Texts may lie beyond the true bounds, never within.
    pub fn bounds(&self, column: &InputField) -> Vec<Option<Bounds>> {
        let groups = self.row_groups();
        self.find_bounds(column).unwrap_or_else(|| vec![None; groups])
    }
    fn find_bounds(&self, column: &InputField) -> Option<Vec<Option<Bounds>>> {
        let schema = self.metadata.schema();
        let field = schema.fields().iter().find(|f| *f.name() == column.name)?;
        // Read as another type, values have another order.
        if type_of(field.data_type(), true).ok()?.base() != column.ty.base() {
            return None;
        }
        let metadata = self.metadata.metadata();
        let (mins, maxes, nulls) = guarded("Parquet", || {
            let of = StatisticsConverter::try_new(&column.name, schema, self.metadata.parquet_schema())?;
            let groups = || metadata.row_groups().iter();
            Ok::<_, ParquetError>((
                of.row_group_mins(groups())?,
                of.row_group_maxes(groups())?,
                of.row_group_null_counts(groups())?,
            ))
        })
        .ok()?;
        let column_of = |a: &arrow_array::ArrayRef| guarded("a column", || column_of(a.as_ref())).ok();
        let (lows, highs) = (column_of(&mins)?.flat(), column_of(&maxes)?.flat());
        let bound = |g: usize| {
            let missing = mins.is_null(g) || maxes.is_null(g) || nulls.is_null(g);
            (!missing).then(|| Bounds { min: lows.scalar(g), max: highs.scalar(g), nulls: nulls.value(g) })
        };
        Some((0..self.row_groups()).map(bound).collect())
    }
    pub fn row_groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }
    pub fn rows(&self) -> u64 {
        self.metadata.metadata().row_groups().iter().map(|g| u64::try_from(g.num_rows()).unwrap_or(0)).sum()
    }
    /// Columns with their types; Nullable where the file's statistics do not exclude NULL.
    pub fn fields(&self) -> Result<Vec<types::Field>> {
        let parquet = self.metadata.parquet_schema();
        self.metadata
            .schema()
            .fields()
            .iter()
            .enumerate()
            .map(|(i, f)| {
                let leaves: Vec<usize> =
                    (0..parquet.num_columns()).filter(|c| parquet.get_column_root_idx(*c) == i).collect();
                let no_nulls = leaves.len() == 1
                    && self.metadata.metadata().row_groups().iter().all(|g| {
                        g.column(leaves[0]).statistics().and_then(|s| s.null_count_opt()) == Some(0)
                    });
                Ok(types::Field {
                    name: f.name().clone(),
                    ty: type_of(f.data_type(), f.is_nullable() && !no_nulls)?,
                })
            })
            .collect()
    }
    /// Cuts columns into at most `n` lots of about equal weight: each can be read by itself, and the blocks
    /// of all lots have the same rows. Columns that the file does not have join the first lot.
    /// Errors: `INCORRECT_DATA` for a column of the file that is not wanted (if that matters),
    /// `THERE_IS_NO_COLUMN` if the file has none.
    pub fn lots(&self, fields: &[InputField], options: &InputOptions, n: usize) -> Result<Vec<Vec<usize>>> {
        let schema = self.metadata.schema();
        self.check_columns(fields, options)?;
        let parquet = self.metadata.parquet_schema();
        let mut bytes = vec![0u64; schema.fields().len()];
        for g in self.metadata.metadata().row_groups() {
            for (c, column) in g.columns().iter().enumerate() {
                // Text costs by its bytes, everything by its values.
                let size = u64::try_from(column.uncompressed_size()).unwrap_or(0);
                bytes[parquet.get_column_root_idx(c)] += size + 4 * u64::try_from(g.num_rows()).unwrap_or(0);
            }
        }
        let found = |f: &InputField| {
            schema
                .fields()
                .iter()
                .position(|s| *s.name() == f.name)
                .or_else(|| schema.fields().iter().position(|s| s.name().eq_ignore_ascii_case(&f.name)))
        };
        let places: Vec<Option<usize>> = fields.iter().map(found).collect();
        let mut present: Vec<(u64, usize)> = (0..fields.len())
            .filter_map(|i| Some((places[i].and_then(|p| bytes.get(p).copied())?, i)))
            .collect();
        present.sort_unstable_by(|a, b| b.cmp(a));
        let mut lots: Vec<(u64, Vec<usize>)> = vec![(0, Vec::new()); n.clamp(1, present.len().max(1))];
        for (weight, i) in present {
            if let Some(least) = lots.iter_mut().min_by_key(|l| l.0) {
                least.0 += weight;
                least.1.push(i);
            }
        }
        lots[0].1.extend((0..fields.len()).filter(|i| places[*i].is_none()));
        Ok(lots.into_iter().map(|l| l.1).collect())
    }
    /// Columns that nobody wants are errors if they matter.
    fn check_columns(&self, fields: &[InputField], options: &InputOptions) -> Result<()> {
        let schema = self.metadata.schema();
        if !options.skip_unknown
            && let Some(f) = schema.fields().iter().find(|f| !fields.iter().any(|w| w.name == *f.name()))
        {
            return Err(Error::new(
                INCORRECT_DATA,
                format!("Unknown column '{}' in the Parquet file; the table has no such column", f.name()),
            ));
        }
        let any = |f: &InputField| schema.fields().iter().any(|s| s.name().eq_ignore_ascii_case(&f.name));
        if !fields.is_empty() && !fields.iter().any(any) {
            return Err(Error::new(THERE_IS_NO_COLUMN, "The Parquet file has none of the table's columns"));
        }
        Ok(())
    }
    fn mask(&self, names: &[&str]) -> ProjectionMask {
        let schema = self.metadata.schema();
        let wanted = |i: &usize| names.iter().any(|n| n.eq_ignore_ascii_case(schema.field(*i).name()));
        let roots: Vec<usize> = (0..schema.fields().len()).filter(wanted).collect();
        ProjectionMask::roots(self.metadata.parquet_schema(), roots)
    }
    /// Where the bytes of some columns of some row groups lie: first, and one past the last.
    pub fn bytes_of(&self, groups: &[usize], names: &[&str]) -> Result<Vec<(u64, u64)>> {
        let mask = self.mask(names);
        let all = self.metadata.metadata().row_groups();
        guarded("Parquet", || {
            let mut out = Vec::new();
            for g in groups.iter().filter_map(|g| all.get(*g)) {
                for c in g.columns().iter().enumerate().filter(|(c, _)| mask.leaf_included(*c)) {
                    let (from, len) = c.1.byte_range();
                    let end = from.checked_add(len).filter(|end| *end <= self.file.len());
                    let end = end.ok_or_else(|| ParquetError::EOF("a column lies beyond the file".into()))?;
                    out.push((from, end));
                }
            }
            Ok::<_, ParquetError>(out)
        })
    }
    /// Blocks of some row groups, in order.
    pub fn read(
        &self,
        groups: Vec<usize>,
        fields: &[InputField],
        options: &InputOptions,
    ) -> Result<ParquetBlocks> {
        self.check_columns(fields, options)?;
        let names: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
        let mask = self.mask(&names);
        let reader = guarded("Parquet", || {
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), self.metadata.clone())
                .with_projection(mask)
                .with_row_groups(groups)
                .with_batch_size(options.batch_rows.min(BATCH_ROWS))
                .build()
        })?;
        Ok(ParquetBlocks {
            reader,
            // only the columns asked for are read
            wanted: Wanted { skip_unknown: true, ..Wanted::new(fields, options) },
            failed: false,
        })
    }
}

fn views(schema: &SchemaRef) -> SchemaRef {
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|f| match f.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 => f.as_ref().clone().with_data_type(DataType::Utf8View),
            DataType::Binary | DataType::LargeBinary => {
                f.as_ref().clone().with_data_type(DataType::BinaryView)
            }
            _ => f.as_ref().clone(),
        })
        .collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// Blocks of a Parquet file, one after another.
pub struct ParquetBlocks {
    reader: ParquetRecordBatchReader,
    wanted: Wanted,
    failed: bool,
}

impl Iterator for ParquetBlocks {
    type Item = Result<Block>;
    fn next(&mut self) -> Option<Result<Block>> {
        if self.failed {
            return None;
        }
        let next = guarded("Parquet", || self.reader.next().transpose());
        let out = next.and_then(|b| b.map(|b| self.wanted.block_of(&b)).transpose()).transpose();
        self.failed = matches!(out, Some(Err(_)));
        out
    }
}

/// Parquet whose whole body was pushed.
pub(crate) fn parquet_file(fields: &[InputField], o: &InputOptions) -> WholeFile {
    let (fields, options) = (fields.to_vec(), o.clone());
    WholeFile::new(move |data| {
        let source = ParquetSource::open(Arc::new(data))?;
        Ok(Box::new(source.read((0..source.row_groups()).collect(), &fields, &options)?))
    })
}

/// Columns of a Parquet file, text with few distinct values as LowCardinality.
pub(crate) fn infer_parquet(data: &[u8]) -> Result<Vec<types::Field>> {
    ParquetSource::open(Arc::new(data.to_vec()))?.fields_for_table()
}

/// Distinct texts of a LowCardinality column, and the rows that are looked at.
const DISTINCT_MAX: usize = 1000;
const SAMPLE_ROWS: usize = 25_000;

impl ParquetSource {
    /// As `fields`, with LowCardinality for text columns of few distinct values in the first rows.
    pub fn fields_for_table(&self) -> Result<Vec<types::Field>> {
        let mut fields = self.fields()?;
        let texts: Vec<usize> =
            (0..fields.len()).filter(|i| *fields[*i].ty.base() == types::Type::String).collect();
        if texts.is_empty() || self.row_groups() == 0 {
            return Ok(fields);
        }
        let wanted: Vec<InputField> =
            texts.iter().map(|i| InputField::new(fields[*i].name.clone(), fields[*i].ty.clone())).collect();
        let options = InputOptions { batch_rows: SAMPLE_ROWS, ..InputOptions::default() };
        let Some(Ok(block)) = self.read(vec![0], &wanted, &options)?.next() else { return Ok(fields) };
        for (k, i) in texts.into_iter().enumerate() {
            let column = block.batch.columns[k].flat();
            let types::Data::Str(s) = &column.data else { continue };
            let mut seen: hashbrown::HashSet<&[u8]> = hashbrown::HashSet::new();
            let few = s.iter().all(|t| {
                seen.insert(t);
                seen.len() <= DISTINCT_MAX
            });
            if few && block.batch.rows >= 20 && seen.len() * 4 <= block.batch.rows {
                fields[i].ty = types::Type::low_cardinality(fields[i].ty.clone());
            }
        }
        Ok(fields)
    }
}
