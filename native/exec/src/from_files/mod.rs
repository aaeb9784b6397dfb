//! Rows of files that a statement names. Text is read from the front, a lot at a time, pieces of it on all
//! workers; of Parquet only the columns that are wanted, and only row groups that can hold rows that are.

mod columnar;
mod text;

use crate::plan::NamedFile;
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::Rows;
use crate::spool::InFile;
use files::{FileError, Kind, ReadFile};
use formats::decode::{InputField, InputOptions};
use std::path::Path;
use std::sync::Arc;
use storage::Pred;
use types::codes::{CANNOT_OPEN_FILE, FILE_DOESNT_EXIST};
use types::{Batch, Column, Error, Result};

pub struct FileSet {
    pub format: String,
    pub fields: Vec<InputField>,
    pub options: InputOptions,
    pub files: Vec<NamedFile>,
    /// for each file one row of values that stand behind its own columns
    pub virtuals: Vec<Vec<Column>>,
}

/// What the query wants of the files' own columns.
pub struct Asked {
    pub columns: Vec<bool>,
    /// conditions that wanted rows meet
    pub predicates: Vec<(usize, Pred)>,
}

pub fn rows(set: FileSet, asked: Asked, query: &Arc<Query>) -> Result<Rows> {
    if formats::registry::find_input(&set.format)?.name == "Parquet" {
        return columnar::rows(set, &asked, query);
    }
    Ok(Rows::serial(false, move |query, emit| {
        for at in 0..set.files.len() {
            let flow = text::read(&set, at, query, emit).map_err(|e| in_file(&e, &set.files[at].shown))?;
            if flow == Flow::Stop {
                break;
            }
        }
        Ok(())
    }))
}

/// bytes that types are guessed from
const SAMPLE_BYTES: u64 = 1 << 20;
/// formats that name their columns at the end
const WHOLE_BYTES_MAX: u64 = 64 << 20;

/// The columns of a file.
pub fn fields(
    named: &NamedFile,
    format: &str,
    options: &InputOptions,
    style: formats::infer::Style,
) -> Result<Vec<types::Field>> {
    let file = open(named)?;
    let found = match formats::registry::find_input(format)?.name {
        "Parquet" => {
            let source = formats::decode::ParquetSource::open(Arc::new(InFile(file)))?;
            if style == formats::infer::Style::ClickHouse {
                source.fields()
            } else {
                source.fields_for_table()
            }
        }
        name => {
            let most = if name == "Arrow" { WHOLE_BYTES_MAX } else { SAMPLE_BYTES };
            let mut sample = vec![0; usize::try_from(file.len().min(most)).unwrap_or(0)];
            file.read_at(0, &mut sample).map_err(|e| failed(&e, &named.shown))?;
            if let Some(c) = &named.compression {
                sample = crate::ingest::decompress_sample(c, &sample)?;
            }
            formats::infer::infer_as(name, &sample, options, style)
        }
    };
    found.map_err(|e| in_file(&e, &named.shown))
}

impl FileSet {
    /// A file's own columns with its virtual ones.
    fn whole(&self, at: usize, mut batch: Batch) -> Batch {
        let rows = batch.rows;
        batch.columns.extend(self.virtuals[at].iter().map(|v| Column::constant(v.clone(), rows)));
        batch
    }
}

pub fn open(file: &NamedFile) -> Result<Arc<dyn ReadFile>> {
    let opened = match &file.root {
        Some(root) => files::open_beneath(Path::new(root), &file.path),
        None => files::open_anywhere(&file.path),
    };
    opened.map_err(|e| failed(&e, &file.shown))
}

/// Names the file as the statement does: where it lies is nobody's business.
fn failed(e: &FileError, shown: &str) -> Error {
    let code = if e.kind == Kind::NotFound { FILE_DOESNT_EXIST } else { CANNOT_OPEN_FILE };
    Error::new(code, format!("Cannot open file {shown}: {}", e.what))
}

pub fn in_file(e: &Error, shown: &str) -> Error {
    Error::new(e.code(), format!("{}: (in file/uri {shown})", e.message()))
}
