//! Tables as a query sees them: segments and memtable rows of one registered version.

use crate::collapse::visible::{Known, Visible};
use crate::plan::{BesideRef, Expr, SkipIndex, TableShape, TableVersion};
use crate::scan::granules::Granules;
use crate::scan::indexes::stored_name;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};
use storage::{Cache, Segment, Stored};
use types::codes::UNKNOWN_TABLE;
use types::parse::parse_type;
use types::tz::TimeZone;
use types::{Batch, Bitmap, Error, Field, Reservation, Result, Type};

pub struct TableColumnInfo {
    pub name: String,
    pub ty: Type,
    pub default: Option<Expr>,
    /// name in segments
    pub stored: String,
    /// not stored: it says where the row is
    pub computed: Option<Virtual>,
}

/// A registered version of a table, memtable rows included: shared by all queries that use it.
pub struct TableSnapshot {
    pub store: u32,
    pub columns: Arc<Vec<TableColumnInfo>>,
    pub segments: Vec<Arc<SegmentSlot>>,
    /// memtable rows: column names and batches
    pub memory: Vec<(Arc<Vec<Field>>, Vec<Arc<Batch>>)>,
    /// what the catalog says of each segment
    pub marks: Vec<Mark>,
    /// the table's shape when its engine has a rule for rows with equal keys
    pub rule: Option<Arc<TableShape>>,
    /// indexes over expressions; None: there are none
    pub indexes: Option<Arc<ExpressionIndexes>>,
    /// what its indexes can tell apart
    pub granules: Arc<Granules>,
    /// rows that DELETE left, once somebody has asked
    deleted: OnceLock<Option<Arc<Visible>>>,
    /// rows that FINAL shows: over all partitions, and within each
    pub finals: [Mutex<Option<Arc<Visible>>>; 2],
    /// memory of rows that were made for one query
    pub held: Option<Reservation>,
}

/// Skip indexes over expressions: names in segments, and expressions over the table's columns.
pub struct ExpressionIndexes {
    /// in which the expressions were computed
    pub timezone: Arc<str>,
    pub list: Vec<(String, Expr)>,
}

impl ExpressionIndexes {
    fn of(table: &TableShape) -> Result<Option<Arc<ExpressionIndexes>>> {
        let computed = |i: &&SkipIndex| !matches!(i.expr, Expr::Column { .. });
        let named = |i: &SkipIndex| (stored_name(i, &table.columns), i.expr.clone());
        let list: Vec<_> = table.skip_indexes.iter().filter(computed).map(named).collect();
        if list.is_empty() {
            return Ok(None);
        }
        let zone = if table.timezone.is_empty() { "UTC" } else { &table.timezone };
        let timezone = TimeZone::get(zone)?.name().clone();
        Ok(Some(Arc::new(ExpressionIndexes { timezone, list })))
    }
}

/// A segment beyond its rows.
#[derive(Clone, Debug, Default)]
pub struct Mark {
    /// what `_part` shows; empty: the name of the file
    pub name: String,
    pub level: u32,
    /// id of the partition
    pub partition: String,
    pub deleted: Option<BesideRef>,
}

/// Columns that every table has beside its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Virtual {
    Part,
    PartIndex,
    PartOffset,
    Partition,
    RowExists,
}

pub const VIRTUALS: [(&str, Type, Virtual); 5] = [
    ("_part", Type::String, Virtual::Part),
    ("_part_index", Type::UInt64, Virtual::PartIndex),
    ("_part_offset", Type::UInt64, Virtual::PartOffset),
    ("_partition_id", Type::String, Virtual::Partition),
    ("_row_exists", Type::UInt8, Virtual::RowExists),
];

/// A segment that is opened when first needed.
pub struct SegmentSlot {
    pub file: String,
    pub rows: u64,
    patch: Option<BesideRef>,
    /// the file, if another version of the table had it open: its blocks are in the cache
    held: Option<Arc<Stored>>,
    opened: OnceLock<Arc<Segment>>,
    opening: Mutex<()>,
    /// what FINAL showed of the newest version whose largest segment this was: over all partitions, and within each
    pub known: [Mutex<Option<Arc<Known>>>; 2],
}

impl SegmentSlot {
    /// Errors: what the file's damage or absence gives; a later call tries again.
    pub fn open(&self, shelf: &Shelf) -> Result<Arc<Segment>> {
        if let Some(s) = self.opened.get() {
            return Ok(s.clone());
        }
        let _guard = self.opening.lock();
        if let Some(s) = self.opened.get() {
            return Ok(s.clone());
        }
        let file = match &self.held {
            Some(file) => file.clone(),
            None => shelf.stored(&self.file, self.rows)?,
        };
        let patch = self.patch.as_ref().map(|p| shelf.stored(&p.file, p.rows)).transpose()?;
        let s = Arc::new(Segment::new(file, patch)?);
        let _ = self.opened.set(s.clone());
        Ok(s)
    }
}

fn same_rows(s: &Stored, file: &str, rows: u64) -> Result<()> {
    if s.rows() as u64 == rows {
        return Ok(());
    }
    let text = format!("Segment {file} holds {} rows, the catalog says {rows}", s.rows());
    Err(Error::new(types::codes::CORRUPTED_DATA, text))
}

/// Open segments by file, so that versions of a table share them.
pub struct Shelf {
    pub files: Arc<dyn files::Files>,
    pub cache: Arc<Cache>,
    stored: Mutex<HashMap<String, Weak<Stored>>>,
    slots: Mutex<HashMap<String, Weak<SegmentSlot>>>,
    left: Mutex<HashMap<String, Weak<Bitmap>>>,
}

impl Shelf {
    pub fn new(files: Arc<dyn files::Files>, cache: Arc<Cache>) -> Self {
        Shelf { files, cache, stored: Mutex::default(), slots: Mutex::default(), left: Mutex::default() }
    }
    fn open_already(&self, file: &str) -> Option<Arc<Stored>> {
        self.stored.lock().get(file).and_then(Weak::upgrade)
    }
    fn stored(&self, file: &str, rows: u64) -> Result<Arc<Stored>> {
        if let Some(s) = self.open_already(file) {
            return Ok(s);
        }
        let s = Arc::new(Stored::open(&self.files, file, &self.cache)?);
        same_rows(&s, file, rows)?;
        let mut map = self.stored.lock();
        if map.len() > 1024 && map.len().is_power_of_two() {
            map.retain(|_, w| w.strong_count() > 0);
        }
        map.insert(file.to_string(), Arc::downgrade(&s));
        Ok(s)
    }
    /// The rows that a file beside a segment leaves.
    fn left_rows(&self, file: &str, rows: u64) -> Result<Arc<Bitmap>> {
        if let Some(b) = self.left.lock().get(file).and_then(Weak::upgrade) {
            return Ok(b);
        }
        let b = Arc::new(storage::read_deleted(&self.files, file, rows)?);
        let mut map = self.left.lock();
        if map.len() > 1024 && map.len().is_power_of_two() {
            map.retain(|_, w| w.strong_count() > 0);
        }
        map.insert(file.to_string(), Arc::downgrade(&b));
        Ok(b)
    }
    pub fn slot(&self, file: &str, rows: u64, patch: Option<&BesideRef>) -> Arc<SegmentSlot> {
        let mut map = self.slots.lock();
        // a patch belongs to one segment
        let name = patch.map_or(file, |p| p.file.as_str());
        if let Some(s) = map.get(name).and_then(Weak::upgrade) {
            return s;
        }
        if map.len() > 1024 && map.len().is_power_of_two() {
            map.retain(|_, w| w.strong_count() > 0);
        }
        let s = Arc::new(SegmentSlot {
            file: file.to_string(),
            rows,
            patch: patch.cloned(),
            held: self.open_already(file),
            opened: OnceLock::new(),
            opening: Mutex::new(()),
            known: Default::default(),
        });
        map.insert(name.to_string(), Arc::downgrade(&s));
        s
    }
    /// `memory`: the rows of the version's memtables at this moment.
    pub fn table(
        &self,
        v: &TableVersion,
        memory: Vec<(Arc<Vec<Field>>, Vec<Arc<Batch>>)>,
    ) -> Result<TableSnapshot> {
        let mut columns = v
            .table
            .columns
            .iter()
            .map(|c| {
                Ok(TableColumnInfo {
                    name: c.name.clone(),
                    ty: parse_type(&c.ty)?,
                    default: c.default.clone(),
                    stored: c.stored_name().to_string(),
                    computed: None,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        for (name, ty, computed) in VIRTUALS {
            // no stored name has a NUL, so no segment has the column
            let stored = format!("\0{name}");
            let (name, computed) = (name.to_string(), Some(computed));
            columns.push(TableColumnInfo { name, ty, default: None, stored, computed });
        }
        Ok(TableSnapshot {
            store: v.store,
            granules: Arc::new(Granules::of(v, &columns)),
            columns: Arc::new(columns),
            segments: v.segments.iter().map(|s| self.slot(&s.file, s.rows, s.patch.as_ref())).collect(),
            marks: v
                .segments
                .iter()
                .map(|s| Mark {
                    name: s.name.clone(),
                    level: s.level,
                    deleted: s.deleted.clone(),
                    partition: if s.partition_id.is_empty() { &s.partition } else { &s.partition_id }.clone(),
                })
                .collect(),
            rule: v.table.engine.as_ref().map(|_| Arc::new(v.table.clone())),
            memory,
            indexes: ExpressionIndexes::of(&v.table)?,
            deleted: OnceLock::new(),
            finals: Default::default(),
            held: None,
        })
    }
}

impl TableSnapshot {
    /// The same table with some of its segments and rows.
    pub fn part(
        &self,
        segments: Vec<(Arc<SegmentSlot>, Mark)>,
        memory: Vec<(Arc<Vec<Field>>, Vec<Arc<Batch>>)>,
    ) -> TableSnapshot {
        let (segments, marks) = segments.into_iter().unzip();
        TableSnapshot {
            store: self.store,
            columns: self.columns.clone(),
            segments,
            memory,
            marks,
            rule: self.rule.clone(),
            indexes: self.indexes.clone(),
            granules: Arc::new(self.granules.unsorted()),
            deleted: OnceLock::new(),
            finals: Default::default(),
            held: None,
        }
    }

    /// The rows that DELETE left; None when none was deleted.
    pub fn deleted(&self, shelf: &Shelf) -> Result<Option<Arc<Visible>>> {
        if let Some(known) = self.deleted.get() {
            return Ok(known.clone());
        }
        let mut segments = vec![None; self.segments.len()];
        for (i, mark) in self.marks.iter().enumerate() {
            if let Some(d) = &mark.deleted {
                segments[i] = Some(shelf.left_rows(&d.file, self.segments[i].rows)?);
            }
        }
        let any = segments.iter().any(Option::is_some);
        let found = any.then(|| Arc::new(Visible { segments, memory: Vec::new() }));
        Ok(self.deleted.get_or_init(|| found).clone())
    }
    pub fn column(&self, name: &str) -> Result<usize> {
        self.columns.iter().position(|c| c.name == name).ok_or_else(|| {
            Error::new(
                types::codes::NOT_FOUND_COLUMN_IN_BLOCK,
                format!("The table version has no column {name}"),
            )
        })
    }
}

pub fn missing_table(handle: u32) -> Error {
    Error::new(UNKNOWN_TABLE, format!("No table version is registered under handle {handle}"))
}
