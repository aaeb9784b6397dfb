//! Rows of a table to segments: split by partition, sorted by the key, written and synced.

use crate::collapse::Collapse;
use crate::expr::{Bound, Scope};
use crate::plan::{Check, TableColumn, TableShape, WriteTarget};
use crate::query::Query;
use crate::ttl::{Due, Ttl};
use serde_json::{Value, json};
use std::sync::Arc;
use storage::{ColumnInfo, ColumnSpec, SegmentInfo, SkipIndex, SkipKind, SortKey, Tokenizer, WriteOptions};
use types::codes::{SIZES_OF_ARRAYS_DONT_MATCH, TOO_MANY_PARTS, VIOLATED_CONSTRAINT};
use types::parse::parse_type;
use types::{Batch, Column, Error, Reservation, Result, Scalar, Type};

fn tokenizer(index: &crate::plan::SkipIndex) -> Result<Tokenizer> {
    let text = index.tokenizer.as_deref().unwrap_or_default();
    Tokenizer::parse(text).ok_or_else(|| Error::internal(format!("an unknown tokenizer '{text}'")))
}

/// A table's shape with its expressions bound.
pub struct Shape {
    pub columns: Vec<TableColumn>,
    pub types: Vec<Type>,
    pub sort_key: Vec<Bound>,
    pub partition_key: Vec<Bound>,
    pub indexes: Vec<SkipIndex>,
}

impl Shape {
    pub fn bind(table: &TableShape, query: &Arc<Query>) -> Result<Shape> {
        let types: Vec<Type> = table.columns.iter().map(|c| parse_type(&c.ty)).collect::<Result<_>>()?;
        let scope = Scope { columns: &types, query, scalars: &[], sets: &[] };
        let bind =
            |es: &[crate::plan::Expr]| es.iter().map(|e| Bound::bind(e, &scope)).collect::<Result<Vec<_>>>();
        let mut indexes = Vec::new();
        for i in &table.skip_indexes {
            let kind = match i.index_type.as_str() {
                "minmax" => SkipKind::MinMax,
                "bloom_filter" => SkipKind::bloom(i.false_positive_rate.unwrap_or(0.025)),
                "tokens" => SkipKind::Tokens(tokenizer(i)?),
                "postings" => SkipKind::Postings(tokenizer(i)?),
                other => {
                    return Err(Error::not_implemented(format!(
                        "Skip index type {other} is not implemented"
                    )));
                }
            };
            let expr = Bound::bind(&i.expr, &scope)?;
            let mut inputs = Vec::new();
            expr.columns(&mut inputs);
            let plain = matches!(expr, Bound::Column(..));
            let ty = expr.ty().clone();
            let placed = expr.remap(&|c| inputs.iter().position(|x| *x == c).unwrap_or(0));
            let q = query.clone();
            let compute: storage::IndexExpr = Arc::new(move |b: &Batch| Ok(placed.eval(b, &q)?.flat()));
            indexes.push(SkipIndex {
                name: crate::scan::indexes::stored_name(i, &table.columns),
                kind,
                ty,
                inputs,
                expr: if plain { None } else { Some(compute) },
            });
        }
        Ok(Shape {
            sort_key: bind(&table.sort_key)?,
            partition_key: bind(&table.partition_key)?,
            columns: table.columns.clone(),
            types,
            indexes,
        })
    }

    pub fn specs(&self) -> Vec<ColumnSpec> {
        self.columns
            .iter()
            .zip(&self.types)
            .map(|(c, t)| ColumnSpec {
                name: c.stored_name().to_string(),
                ty: t.clone(),
                codec: c.codec.clone(),
            })
            .collect()
    }

    /// Sort columns of the key's leading plain columns.
    pub fn plain_sort(&self) -> Vec<usize> {
        self.sort_key
            .iter()
            .map_while(|k| if let Bound::Column(i, _) = k { Some(*i) } else { None })
            .collect()
    }

    pub fn options(&self, query: &Query) -> WriteOptions {
        WriteOptions {
            sort: self.plain_sort(),
            skip_indexes: self.indexes.clone(),
            threads: query.threads.max(1),
            ..WriteOptions::default()
        }
    }

    /// Rows of a batch by partition: (text of the partition's value, rows).
    pub fn partitions(&self, batch: &Batch, query: &Query) -> Result<Vec<(String, Option<Vec<u32>>)>> {
        if self.partition_key.is_empty() {
            return Ok(vec![(String::new(), None)]);
        }
        let keys: Vec<Column> =
            self.partition_key.iter().map(|k| k.eval(batch, query)).collect::<Result<_>>()?;
        let types: Vec<Type> = self.partition_key.iter().map(|k| k.ty().clone()).collect();
        let layout = crate::aggregate::keys::KeyLayout::new(&types, &vec![None; types.len()], &query.memory);
        let mut table = crate::aggregate::table::GroupTable::new(layout.words, layout.bits.max(19));
        let mut groups = Vec::new();
        table.find_or_insert(&layout.pack(&keys, batch.rows)?, &mut groups);
        let n = table.len();
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); n];
        for (i, g) in groups.iter().enumerate() {
            rows[*g as usize].push(i as u32);
        }
        rows.into_iter()
            .map(|r| Ok((partition_text(&keys, &types, r[0] as usize)?, if n == 1 { None } else { Some(r) })))
            .collect()
    }

    /// The columns that the sort and partition keys read, whole; the others only as constants.
    fn key_columns(&self, parts: &[Batch], rows: usize) -> Batch {
        let mut used = Vec::new();
        self.sort_key.iter().chain(&self.partition_key).for_each(|k| k.columns(&mut used));
        let column = |(i, t): (usize, &Type)| {
            if used.contains(&i) {
                Column::concat(t, &parts.iter().map(|b| &b.columns[i]).collect::<Vec<_>>())
            } else {
                Column::default_of(t, rows)
            }
        };
        Batch { columns: self.types.iter().enumerate().map(column).collect(), rows }
    }

    /// `rows` (all if `None`) in the order of the sort key; `None` if all rows lie in it already.
    fn order(&self, keys: &Batch, rows: Option<Vec<u32>>, query: &Query) -> Result<Option<Vec<u32>>> {
        if self.sort_key.is_empty() {
            return Ok(rows);
        }
        let part = match &rows {
            Some(rows) => keys.gather(rows),
            None => keys.clone(),
        };
        let columns: Vec<Column> =
            self.sort_key.iter().map(|k| k.eval(&part, query)).collect::<Result<_>>()?;
        let by: Vec<SortKey> = (0..columns.len()).map(|column| SortKey { column, desc: false }).collect();
        let order = storage::sort_batch(&Batch { columns, rows: part.rows }, &by);
        Ok(match rows {
            Some(rows) => Some(order.into_iter().map(|i| rows[i as usize]).collect()),
            None if order.iter().enumerate().all(|(i, &r)| i == r as usize) => None,
            None => Some(order),
        })
    }
}

/// Canonical text of a partition: the value of a single key, a tuple of several.
fn partition_text(keys: &[Column], types: &[Type], row: usize) -> Result<String> {
    let mut out = Vec::new();
    if let [one] = keys {
        types::text::write_text(one, row, &types[0], &mut out)?;
    } else {
        let columns: Vec<Column> = keys.iter().map(|c| c.slice(row, 1).flat()).collect();
        let tuple: Column = types::Data::Tuple(columns.into(), 1).into();
        types::text::write_text(&tuple, 0, &Type::tuple(types.to_vec()), &mut out)?;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

pub fn too_many_partitions(count: u64, limit: u64) -> Result<()> {
    if count <= limit {
        return Ok(());
    }
    Err(Error::new(
        TOO_MANY_PARTS,
        format!(
            "Too many partitions for single INSERT block ({count}, maximum {limit}); insert fewer partitions at once or raise max_partitions_per_insert_block"
        ),
    ))
}

/// What every inserted row has to pass: the table's constraints, then its engine's rule.
pub struct InsertRules {
    checks: Vec<(Check, Bound)>,
    /// columns that are one nested table: their arrays have the same lengths
    nested: Vec<Vec<(String, usize)>>,
    pub collapse: Option<Collapse>,
}

impl InsertRules {
    pub fn bind(table: &TableShape, as_is: bool, query: &Query) -> Result<InsertRules> {
        let types: Vec<Type> = table.columns.iter().map(|c| parse_type(&c.ty)).collect::<Result<_>>()?;
        let scope = Scope { columns: &types, query, scalars: &[], sets: &[] };
        let checks = if as_is { &[] } else { table.checks.as_slice() };
        let mut nested: Vec<Vec<(String, usize)>> = Vec::new();
        for (i, c) in table.columns.iter().enumerate() {
            let Some((prefix, _)) = c.name.split_once('.') else { continue };
            if !matches!(types[i], Type::Array(_)) {
                continue;
            }
            let same = |g: &&mut Vec<(String, usize)>| g[0].0.split_once('.').is_some_and(|p| p.0 == prefix);
            match nested.iter_mut().find(same) {
                Some(group) => group.push((c.name.clone(), i)),
                None => nested.push(vec![(c.name.clone(), i)]),
            }
        }
        nested.retain(|g| g.len() > 1);
        Ok(InsertRules {
            nested,
            checks: checks
                .iter()
                .map(|c| Ok((c.clone(), Bound::bind(&c.expr, &scope)?)))
                .collect::<Result<_>>()?,
            collapse: Some(Collapse::bind(table, query)?).filter(|c| c.collapses() && !as_is),
        })
    }

    /// Errors: `VIOLATED_CONSTRAINT`, `SIZES_OF_ARRAYS_DONT_MATCH`.
    pub fn check(&self, batch: &Batch, query: &Query) -> Result<()> {
        for group in &self.nested {
            let (first, others) = (&group[0], &group[1..]);
            let lens = batch.columns[first.1].flat();
            for (name, i) in others {
                let column = batch.columns[*i].flat();
                let (types::Data::Array(a), types::Data::Array(b)) = (&lens.data, &column.data) else {
                    continue;
                };
                let same = |r: &usize| {
                    let len = |o: &[u32]| o[r + 1] - o[*r];
                    len(&a.offsets) == len(&b.offsets)
                };
                if let Some(row) = (0..batch.rows).find(|r| !same(r)) {
                    return Err(Error::new(
                        SIZES_OF_ARRAYS_DONT_MATCH,
                        format!(
                            "Elements '{}' and '{name}' of Nested data structure (Array columns) have different array sizes in row {}",
                            first.0,
                            row + 1
                        ),
                    ));
                }
            }
        }
        for (check, bound) in &self.checks {
            let good = bound.eval_mask(batch, query)?;
            if good.all() {
                continue;
            }
            let row = good.not().ones().first().map_or(0, |r| r + 1);
            return Err(Error::new(
                VIOLATED_CONSTRAINT,
                format!("Constraint `{}` is violated at row {row}. Expression: ({})", check.name, check.text),
            ));
        }
        Ok(())
    }
}

/// Takes rows in any order and batch size, writes segments of up to `segment_rows`.
pub struct SegmentSink {
    shape: Shape,
    files: Arc<dyn files::Files>,
    target: WriteTarget,
    pending: Vec<Batch>,
    rows: u64,
    held: Reservation,
    written: Vec<Value>,
    rules: InsertRules,
    ttl: Ttl,
    pub total_rows: u64,
    pub total_bytes: u64,
}

/// rows that wait for their segment may take so much memory
const PENDING_BYTES_MAX: u64 = 768 << 20;

impl SegmentSink {
    pub fn new(target: WriteTarget, query: &Arc<Query>) -> Result<SegmentSink> {
        let files = files::store(target.store)
            .ok_or_else(|| Error::internal(format!("no store {}", target.store)))?;
        Ok(SegmentSink {
            shape: Shape::bind(&target.table, query)?,
            rules: InsertRules::bind(&target.table, target.as_is, query)?,
            ttl: Ttl::bind(&target.table, None, query)?,
            files,
            target,
            pending: Vec::new(),
            rows: 0,
            held: Reservation::empty(&query.memory),
            written: Vec::new(),
            total_rows: 0,
            total_bytes: 0,
        })
    }
    pub fn types(&self) -> &[Type] {
        &self.shape.types
    }
    /// Rows that no segment has yet.
    pub fn pending_rows(&self) -> u64 {
        self.rows
    }
    /// Takes back the files of a load that was given up.
    pub fn remove_written(&self) {
        for n in 0..self.written.len() {
            // What stays is named by no commit: the collector takes it.
            let _ = self.files.remove(&format!("{}-{n}.seg", self.target.prefix));
        }
    }
    pub fn has_written(&self) -> bool {
        !self.written.is_empty()
    }
    /// The rows that wait, as one batch; the sink is empty then.
    pub fn take_pending(&mut self) -> Batch {
        let b = Batch::concat(&self.shape.types, &std::mem::take(&mut self.pending));
        self.rows = 0;
        b
    }

    pub fn add(&mut self, batch: Batch, query: &Arc<Query>) -> Result<()> {
        self.rules.check(&batch, query)?;
        let bytes = batch.bytes() as u64;
        self.held.resize(self.held.bytes() + bytes)?;
        self.rows += batch.rows as u64;
        self.total_rows += batch.rows as u64;
        self.total_bytes += bytes;
        self.pending.push(batch);
        if self.rows >= self.target.segment_rows || self.held.bytes() > PENDING_BYTES_MAX {
            self.write(query)?;
        }
        Ok(())
    }

    fn write(&mut self, query: &Arc<Query>) -> Result<()> {
        let mut parts = std::mem::take(&mut self.pending);
        let mut rows = std::mem::take(&mut self.rows) as usize;
        if rows == 0 {
            return Ok(());
        }
        query.cancel.check()?;
        if let Some(rule) = &self.rules.collapse {
            let all = Batch::concat(&self.shape.types, &parts);
            parts = vec![rule.insert(all, query)?];
            rows = parts[0].rows;
        }
        let keys = self.shape.key_columns(&parts, rows);
        let partitions = self.shape.partitions(&keys, query)?;
        let limit = self.target.partitions_max;
        if limit > 0 {
            too_many_partitions(partitions.len() as u64, limit)?;
        }
        for (partition, rows) in partitions {
            query.cancel.check()?;
            let due = self.due(&parts, rows.as_deref(), query)?;
            let order = self.shape.order(&keys, rows, query)?;
            let path = format!("{}-{}.seg", self.target.prefix, self.written.len());
            let (specs, options) = (self.shape.specs(), self.shape.options(query));
            let info = storage::write_rows(&self.files, &path, &specs, &parts, order.as_deref(), &options)?;
            let mut written = descriptor(&info, &partition, self.target.level);
            due.describe(&mut written);
            self.written.push(written);
        }
        self.held.resize(0)
    }

    /// When the TTL has something to do with these rows (all if `None`).
    fn due(&self, parts: &[Batch], rows: Option<&[u32]>, query: &Query) -> Result<Due> {
        if self.ttl.is_empty() {
            return Ok(Due::default());
        }
        let all = Batch::concat(&self.shape.types, parts);
        match rows {
            Some(rows) => self.ttl.due_of(&all.gather(rows), query),
            None => self.ttl.due_of(&all, query),
        }
    }

    /// Writes what waits; gives the descriptors of all segments.
    pub fn finish(&mut self, query: &Arc<Query>) -> Result<Vec<Value>> {
        self.write(query)?;
        Ok(std::mem::take(&mut self.written))
    }
}

/// The first and the last day, or second, of a column of dates or times: system.parts shows those of partition keys.
fn times(c: &ColumnInfo) -> Option<[i64; 2]> {
    let unit = match &c.ty {
        Type::Date | Type::DateTime(_) => 1,
        Type::DateTime64(scale, _) => 10i64.pow(u32::from(*scale)),
        _ => return None,
    };
    let whole = |v: &Scalar| v.as_i64().map(|n| n.div_euclid(unit));
    Some([whole(&c.stats.min)?, whole(&c.stats.max)?])
}

/// What the catalog keeps of a segment.
pub fn descriptor(info: &SegmentInfo, partition: &str, level: u32) -> Value {
    let columns: Vec<Value> = info
        .columns
        .iter()
        .map(|c| {
            let mut v = json!({"name": c.name, "type": c.ty.to_string(), "stored": c.stored_bytes, "raw": c.raw_bytes});
            if let Some(times) = times(c) {
                v["times"] = json!(times);
            }
            v
        })
        .collect();
    json!({
        "file": info.path,
        "rows": info.rows,
        "bytes": info.bytes,
        "partition": partition,
        "level": level,
        "checksum": format!("{:016x}", info.checksum),
        "blocks": info.blocks,
        "columns": columns,
    })
}
