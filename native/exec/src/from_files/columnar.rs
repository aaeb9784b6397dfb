//! Parquet files: a row group is what a worker takes at once, unless it is too large to be held.

use super::{Asked, FileSet, in_file, open};
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Rows, Source};
use crate::spool::InFile;
use crate::wishes::wishes;
use formats::decode::{InputField, InputOptions, ParquetSource};
use std::sync::Arc;
use storage::BlockStats;
use types::{Batch, Column, Error, Result};

/// Row groups beyond this are read block after block, by one thread.
const GROUP_BYTES_MAX: u64 = 128 << 20;
const BLOCK_ROWS: u64 = 65_536;

struct Group {
    file: usize,
    number: usize,
}

struct Groups {
    set: FileSet,
    sources: Vec<ParquetSource>,
    /// what is left after pruning, in the order of the files
    list: Vec<Group>,
    /// places of the columns that are read
    wanted: Vec<usize>,
    rows: u64,
}

pub fn rows(set: FileSet, asked: &Asked, query: &Arc<Query>) -> Result<Rows> {
    let mut groups = Groups {
        sources: Vec::with_capacity(set.files.len()),
        list: Vec::new(),
        wanted: (0..set.fields.len()).filter(|i| asked.columns[*i]).collect(),
        rows: 0,
        set,
    };
    let mut most = 0;
    for at in 0..groups.set.files.len() {
        most = groups.add(at, asked, query).map_err(|e| in_file(&e, &groups.set.files[at].shown))?.max(most);
    }
    if most <= GROUP_BYTES_MAX {
        return Ok(Rows::source(groups, false));
    }
    Ok(Rows::serial(false, move |query, emit| {
        for group in &groups.list {
            if groups.each(group, query, emit)? == Flow::Stop {
                break;
            }
        }
        Ok(())
    }))
}

impl Groups {
    /// Adds a file's row groups that may hold rows; gives the bytes of the largest.
    fn add(&mut self, at: usize, asked: &Asked, query: &Arc<Query>) -> Result<u64> {
        let named = &self.set.files[at];
        if named.compression.is_some() {
            return Err(Error::not_implemented("Parquet inside of a compressed file is not implemented"));
        }
        let source = ParquetSource::open(Arc::new(InFile(open(named)?)))?;
        let names: Vec<&str> = self.wanted.iter().map(|i| self.set.fields[*i].name.as_str()).collect();
        let mut left = vec![true; source.row_groups()];
        for (column, pred) in &asked.predicates {
            let field = &self.set.fields[*column];
            for (g, bounds) in source.bounds(field).into_iter().enumerate() {
                let Some(b) = bounds.filter(|_| left[g]) else { continue };
                let stats = BlockStats::between(b.min, b.max, u32::try_from(b.nulls).unwrap_or(u32::MAX));
                let rows = usize::try_from(source.group_rows(g)).unwrap_or(usize::MAX);
                left[g] = stats.may_match(&field.ty, rows, pred)?;
            }
        }
        let pruned = left.iter().filter(|l| !**l).count() as u64;
        if let Some(a) = query.analysis.get() {
            a.pruned(|| "row groups".to_string(), pruned);
        }
        let mut most = 0;
        for number in (0..left.len()).filter(|g| left[*g]) {
            self.rows += source.group_rows(number);
            most = most.max(source.group_bytes(number, &names));
            self.list.push(Group { file: at, number });
        }
        if named.sparse && !names.is_empty() {
            let left: Vec<usize> = (0..left.len()).filter(|g| left[*g]).collect();
            wishes().bring(&named.path, &source.bytes_of(&left, &names)?, query)?;
        }
        self.sources.push(source);
        Ok(most)
    }

    /// The blocks of a row group, one after another.
    fn each(
        &self,
        group: &Group,
        query: &Query,
        emit: &mut dyn FnMut(Batch) -> Result<Flow>,
    ) -> Result<Flow> {
        let source = &self.sources[group.file];
        if self.wanted.is_empty() {
            return self.counted(group, source.group_rows(group.number), query, emit);
        }
        let fields: Vec<InputField> = self.wanted.iter().map(|i| self.set.fields[*i].clone()).collect();
        let lenient = InputOptions { skip_unknown: true, ..self.set.options.clone() };
        for block in source.read(vec![group.number], &fields, &lenient)? {
            query.cancel.check()?;
            let batch = block?.batch;
            query.read(batch.rows as u64, batch.bytes() as u64)?;
            if emit(self.placed(group, batch))? == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::More)
    }

    /// Rows nobody wants a column of.
    fn counted(
        &self,
        group: &Group,
        rows: u64,
        query: &Query,
        emit: &mut dyn FnMut(Batch) -> Result<Flow>,
    ) -> Result<Flow> {
        let mut left = rows;
        while left > 0 {
            let n = left.min(BLOCK_ROWS);
            left -= n;
            query.read(n, 0)?;
            let batch = Batch { columns: Vec::new(), rows: n as usize };
            if emit(self.placed(group, batch))? == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::More)
    }

    /// Columns at their places; those that were not read hold defaults.
    fn placed(&self, group: &Group, batch: Batch) -> Batch {
        let rows = batch.rows;
        let mut columns: Vec<Column> =
            self.set.fields.iter().map(|f| Column::default_of(&f.ty, rows)).collect();
        for (i, column) in self.wanted.iter().zip(batch.columns) {
            columns[*i] = column;
        }
        self.set.whole(group.file, Batch { columns, rows })
    }
}

impl Source for Groups {
    fn morsels(&self) -> usize {
        self.list.len()
    }
    fn read(&self, morsel: usize, query: &Query) -> Result<Vec<Batch>> {
        let group = &self.list[morsel];
        let mut out = Vec::new();
        self.each(group, query, &mut |b| {
            out.push(b);
            Ok(Flow::More)
        })
        .map_err(|e| in_file(&e, &self.set.files[group.file].shown))?;
        Ok(out)
    }
    fn reads(&self) -> bool {
        true
    }
    fn rows_max(&self) -> Option<u64> {
        Some(self.rows)
    }
}
