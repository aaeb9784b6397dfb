//! Writes segments: one column writer per column gathers rows into blocks, encodes them and hands them to
//! the file; the footer comes last. Used by flushes and direct loads, and column by column by merges.

use crate::bytes::checksum;
use crate::column_writer::ColumnWriter;
use crate::encode::id;
use crate::fault::write_error;
use crate::footer::{
    BLOCK_ROWS, ColumnMeta, Extent, Footer, IndexBlocks, IndexMeta, MAGIC, VERSION, VERSION_SHORT,
};
use crate::index_writer::IndexWriter;
use crate::spec::{ColumnInfo, ColumnSpec, SegmentInfo, WriteOptions};
use crate::stats::SegmentStats;
use files::{Files, WriteFile};
use parking_lot::Mutex;
use std::sync::Arc;
use types::codes::TOO_LARGE_STRING_SIZE;
use types::{Batch, Column, Error, Result, Scalar};

/// Encoded blocks of a column wait until this many bytes are together, so that they lie together.
pub(crate) const RUN_BYTES: usize = 1 << 20;

/// The file that is being written.
pub(crate) struct Sink {
    file: Arc<dyn WriteFile>,
    len: u64,
}

impl Sink {
    pub fn create(files: &Arc<dyn Files>, path: &str, block_rows: usize) -> Result<Sink> {
        let file = files.create(path).map_err(|e| write_error(&e))?;
        let mut header = MAGIC.to_vec();
        let version = if block_rows == BLOCK_ROWS { VERSION } else { VERSION_SHORT };
        header.extend_from_slice(&version.to_le_bytes());
        header.extend_from_slice(&[0; 4]);
        let mut sink = Sink { file, len: 0 };
        sink.append(&header)?;
        Ok(sink)
    }
    pub fn append(&mut self, bytes: &[u8]) -> Result<u64> {
        let at = self.file.append(bytes).map_err(|e| write_error(&e))?;
        self.len = at + bytes.len() as u64;
        Ok(at)
    }
    pub fn extent(&mut self, bytes: &[u8]) -> Result<Extent> {
        Ok(Extent { offset: self.append(bytes)?, len: bytes.len() as u64, checksum: checksum(bytes) })
    }
}

/// Sort keys of the rows that start blocks, and of the last row.
pub(crate) struct Keys {
    sort: Vec<usize>,
    block_rows: usize,
    rows: usize,
    keys: Vec<Vec<Scalar>>,
    last: Vec<Scalar>,
}

impl Keys {
    pub fn new(sort: &[usize], block_rows: usize) -> Self {
        Keys { sort: sort.to_vec(), block_rows, rows: 0, keys: Vec::new(), last: Vec::new() }
    }
    /// `column(k)`: the k-th column of the sort key, `rows` long.
    pub fn push<'a>(&mut self, rows: usize, column: impl Fn(usize) -> &'a Column) {
        if rows == 0 {
            return;
        }
        let key = |i: usize| (0..self.sort.len()).map(|k| column(k).scalar(i)).collect::<Vec<_>>();
        let mut at = self.rows.next_multiple_of(self.block_rows) - self.rows;
        while at < rows {
            self.keys.push(key(at));
            at += self.block_rows;
        }
        self.last = key(rows - 1);
        self.rows += rows;
    }
    /// All rows at once: those of `order` in the whole columns of the sort key.
    fn push_ordered(&mut self, order: &[u32], columns: &[Column]) {
        let key = |row: u32| columns.iter().map(|c| c.scalar(row as usize)).collect::<Vec<_>>();
        self.keys = order.iter().step_by(self.block_rows).map(|r| key(*r)).collect();
        self.last = order.last().map(|r| key(*r)).unwrap_or_default();
        self.rows = order.len();
    }
}

/// Writes footer and trailer, syncs, and tells what was written.
pub(crate) fn seal(
    files: &Arc<dyn Files>,
    path: &str,
    sink: Mutex<Sink>,
    keys: Keys,
    columns: Vec<(ColumnMeta, Option<IndexBlocks>)>,
    mut indexes: Vec<IndexMeta>,
    sync: bool,
) -> Result<SegmentInfo> {
    let mut metas = Vec::with_capacity(columns.len());
    for (i, (meta, bloom)) in columns.into_iter().enumerate() {
        if let Some(blocks) = bloom {
            indexes.push(IndexMeta { name: String::new(), ty: meta.ty.clone(), column: Some(i), blocks });
        }
        metas.push(meta);
    }
    let mut all = keys.keys;
    if keys.rows > 0 {
        all.push(keys.last);
    }
    let footer = Footer {
        rows: keys.rows as u64,
        block_rows: keys.block_rows,
        sort: keys.sort,
        columns: metas,
        keys: all,
        indexes,
        states: crate::states::FORM,
    };
    let bytes = footer.write();
    let mut sink = sink.into_inner();
    let at = sink.extent(&bytes)?;
    let mut trailer = at.offset.to_le_bytes().to_vec();
    trailer.extend_from_slice(&at.len.to_le_bytes());
    trailer.extend_from_slice(&at.checksum.to_le_bytes());
    trailer.extend_from_slice(MAGIC);
    sink.append(&trailer)?;
    if sync {
        sink.file.sync().map_err(|e| write_error(&e))?;
        files.sync_dir(files::parent(path)).map_err(|e| write_error(&e))?;
    }
    let columns = footer.columns.iter().map(column_info).collect();
    Ok(SegmentInfo {
        path: path.to_string(),
        rows: footer.rows,
        bytes: sink.len,
        checksum: at.checksum,
        blocks: (footer.rows as usize).div_ceil(footer.block_rows),
        columns,
        key_min: footer.keys.first().cloned().unwrap_or_default(),
        key_max: footer.keys.last().cloned().unwrap_or_default(),
    })
}

pub(crate) fn column_info(c: &ColumnMeta) -> ColumnInfo {
    let mut counts = [0u32; 256];
    c.blocks.iter().for_each(|b| counts[b.encoding as usize] += 1);
    let most = (0..256).max_by_key(|i| counts[*i]).unwrap_or(0);
    ColumnInfo {
        name: c.name.clone(),
        ty: c.ty.clone(),
        stored_bytes: c.blocks.iter().map(|b| b.at.len).sum::<u64>()
            + c.dict.as_ref().map_or(0, |d| d.at.len),
        raw_bytes: c.raw_bytes,
        stats: SegmentStats::of(c.blocks.iter().map(|b| &b.stats), c.dict.as_ref().map(|d| d.distinct)),
        encoding: id::name(most as u8),
    }
}

/// Writes a segment from batches that come in the order of the sort key.
pub struct SegmentWriter {
    files: Arc<dyn Files>,
    path: String,
    options: WriteOptions,
    sink: Mutex<Sink>,
    columns: Vec<ColumnWriter>,
    indexes: Vec<IndexWriter>,
    keys: Keys,
}

impl SegmentWriter {
    /// Creates the file. Memory while writing: up to a block of each column, encoded runs of 1 MiB, and for
    /// strings their distinct values and a code for each row.
    pub fn create(
        files: &Arc<dyn Files>,
        path: &str,
        specs: &[ColumnSpec],
        options: &WriteOptions,
    ) -> Result<Self> {
        let out_of_range = |c: &usize| *c >= specs.len();
        if options.sort.iter().any(out_of_range)
            || options.skip_indexes.iter().any(|i| i.inputs.iter().any(out_of_range))
        {
            return Err(Error::internal("sort key or index on a column that is not written"));
        }
        Ok(SegmentWriter {
            files: files.clone(),
            path: path.to_string(),
            options: options.clone(),
            sink: Mutex::new(Sink::create(files, path, options.block_rows)?),
            columns: specs.iter().map(|s| ColumnWriter::new(s, options)).collect(),
            indexes: options.skip_indexes.iter().map(|i| IndexWriter::new(i, options.block_rows)).collect(),
            keys: Keys::new(&options.sort, options.block_rows),
        })
    }
    pub fn push(&mut self, batch: &Batch) -> Result<()> {
        if batch.columns.len() != self.columns.len() {
            return Err(Error::internal(format!(
                "a batch of {} columns for a segment of {}",
                batch.columns.len(),
                self.columns.len()
            )));
        }
        let sort = self.keys.sort.clone();
        self.keys.push(batch.rows, |k| &batch.columns[sort[k]]);
        for index in &mut self.indexes {
            let inputs = index.inputs().iter().map(|c| batch.columns[*c].clone()).collect();
            index.push(inputs, batch.rows)?;
        }
        let sink = &self.sink;
        let threads = if batch.rows < 4096 { 1 } else { self.options.threads };
        let work: Vec<_> = self.columns.iter_mut().zip(&batch.columns).collect();
        in_parallel(threads, work, |(writer, column)| {
            writer.push(column)?;
            if writer.ready_bytes() >= RUN_BYTES { writer.drain(sink) } else { Ok(()) }
        })
    }
    pub fn rows(&self) -> usize {
        self.keys.rows
    }
    fn push_all(&mut self, batches: &[Batch], order: Option<&[u32]>) -> Result<()> {
        let Some(order) = order else { return batches.iter().try_for_each(|b| self.push(b)) };
        let parts = |c: usize| batches.iter().map(|b| &b.columns[c]).collect::<Vec<_>>();
        let whole = |writer: &ColumnWriter, c: usize| Column::concat(writer.ty(), &parts(c));
        let sort: Vec<Column> = self.keys.sort.iter().map(|c| whole(&self.columns[*c], *c)).collect();
        self.keys.push_ordered(order, &sort);
        for index in &mut self.indexes {
            let inputs: Vec<Column> = index.inputs().iter().map(|c| whole(&self.columns[*c], *c)).collect();
            for rows in order.chunks(self.options.block_rows) {
                index.push(inputs.iter().map(|c| c.gather(rows)).collect(), rows.len())?;
            }
        }
        let sink = &self.sink;
        let work: Vec<_> = self.columns.iter_mut().enumerate().collect();
        in_parallel(self.options.threads, work, |(c, writer)| {
            writer.push_all(&parts(c), Some(order))?;
            if writer.ready_bytes() >= RUN_BYTES { writer.drain(sink) } else { Ok(()) }
        })
    }
    pub fn finish(mut self) -> Result<SegmentInfo> {
        let work: Vec<_> = self.columns.iter_mut().collect();
        let sink = &self.sink;
        in_parallel(self.options.threads, work, |writer| {
            writer.finish()?;
            if writer.ready_bytes() >= RUN_BYTES { writer.drain(sink) } else { Ok(()) }
        })?;
        let mut columns = Vec::with_capacity(self.columns.len());
        for writer in self.columns {
            columns.push(writer.close(&self.sink)?);
        }
        let mut indexes = Vec::with_capacity(self.indexes.len());
        for index in self.indexes {
            indexes.push(index.close(&self.sink)?);
        }
        seal(&self.files, &self.path, self.sink, self.keys, columns, indexes, self.options.sync)
    }
}

/// Writes, and again with shorter blocks when the strings of one are too long together: a few rows were much
/// larger than the average.
pub(crate) fn with_fitting_blocks(
    files: &Arc<dyn Files>,
    path: &str,
    options: &WriteOptions,
    write: impl Fn(&WriteOptions) -> Result<SegmentInfo>,
) -> Result<SegmentInfo> {
    let mut shorter;
    let mut options = options;
    loop {
        match write(options) {
            Err(e) if e.code() == TOO_LARGE_STRING_SIZE => {
                let Some(next) = options.shorter() else { return Err(e) };
                shorter = next;
                options = &shorter;
                files.remove(path).map_err(|e| write_error(&e))?;
            }
            result => return result,
        }
    }
}

/// Runs `f` on each item, on up to `threads` threads. The first error wins.
pub(crate) fn in_parallel<T: Send>(
    threads: usize,
    work: Vec<T>,
    f: impl Fn(T) -> Result<()> + Sync,
) -> Result<()> {
    if threads <= 1 || work.len() <= 1 {
        return work.into_iter().try_for_each(f);
    }
    let threads = threads.min(work.len());
    let queue = Mutex::new(work.into_iter());
    let failure = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().next();
                    let Some(item) = next else { return };
                    if failure.lock().is_some() {
                        return;
                    }
                    if let Err(e) = f(item) {
                        failure.lock().get_or_insert(e);
                    }
                }
            });
        }
    });
    failure.into_inner().map_or(Ok(()), Err)
}

/// Writes a whole segment. On an error the file is removed again.
pub fn write_segment(
    files: &Arc<dyn Files>,
    path: &str,
    specs: &[ColumnSpec],
    batches: &mut dyn Iterator<Item = Result<Batch>>,
    options: &WriteOptions,
) -> Result<SegmentInfo> {
    // The first rows tell how large rows are.
    let first = batches.next();
    let options = match &first {
        Some(Ok(b)) => &options.sized(b.rows, b.bytes() as u64),
        _ => options,
    };
    let mut writer = SegmentWriter::create(files, path, specs, options)?;
    let mut result = Ok(());
    for batch in first.into_iter().chain(batches) {
        result = batch.and_then(|b| writer.push(&b));
        if result.is_err() {
            break;
        }
    }
    let result = result.and_then(|()| writer.finish());
    if result.is_err() {
        // What is left is named by no commit; the collector takes it if this fails too.
        let _ = files.remove(path);
    }
    result
}

/// Writes the rows of some batches as one segment, without copying them together first: the rows `order`
/// (numbers over all batches, in the order of the sort key) or, with `None`, all as they come. Columns are
/// permuted and encoded on `options.threads` threads; strings only ever move as codes. On an error the
/// file is removed again.
pub fn write_rows(
    files: &Arc<dyn Files>,
    path: &str,
    specs: &[ColumnSpec],
    batches: &[Batch],
    order: Option<&[u32]>,
    options: &WriteOptions,
) -> Result<SegmentInfo> {
    let total: usize = batches.iter().map(|b| b.rows).sum();
    if batches.iter().any(|b| b.columns.len() != specs.len())
        || total > u32::MAX as usize
        || order.is_some_and(|o| o.iter().any(|r| *r as usize >= total))
    {
        return Err(Error::internal("batches, columns and order of a segment do not fit each other"));
    }
    let options = &options.sized(total, batches.iter().map(|b| b.bytes() as u64).sum());
    let result = with_fitting_blocks(files, path, options, |options| {
        let mut writer = SegmentWriter::create(files, path, specs, options)?;
        writer.push_all(batches, order)?;
        writer.finish()
    });
    if result.is_err() {
        let _ = files.remove(path);
    }
    result
}
