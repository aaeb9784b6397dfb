//! Nodes without a node below: where rows come from.

use super::{Output, Runner};
use crate::collapse::visible::{Asked, final_rows};
use crate::literal;
use crate::plan::{Node, TableColumn};
use crate::query::Query;
use crate::rows::{Batches, Rows, Typed};
use crate::scan::Scan;
use crate::table::missing_table;
use std::borrow::Cow;
use types::parse::parse_type;
use types::{Batch, ColumnBuilder, Error, Result, Type};

impl Runner<'_> {
    pub(super) fn rows_of_scan(&self, node: &Node, needed: Option<&[usize]>) -> Result<Output> {
        let scan = self.scan(node, needed)?;
        let types = scan.types.clone();
        Ok(Output::plain(Typed { rows: Rows::source(scan, false), types }))
    }

    pub(super) fn batch(&self, batch: u32, columns: &[TableColumn]) -> Result<Output> {
        let found =
            self.query.batches.get(&batch).ok_or_else(|| Error::internal(format!("no batch {batch}")))?;
        let rows = Rows::source(Batches::new(chunks(found)), true);
        Ok(Output::plain(Typed { rows, types: types_of(columns)? }))
    }

    pub(super) fn subquery_rows(&self, subquery: usize) -> Result<Output> {
        let found = self.tables.get(subquery).and_then(Option::as_ref);
        let (batches, types) = found.ok_or_else(|| Error::internal(format!("no table {subquery}")))?;
        let rows = Rows::source(Batches::new(batches.clone()), true);
        Ok(Output::plain(Typed { rows, types: types.clone() }))
    }

    /// The rows of the last step of a recursive table.
    pub(super) fn working_rows(&self, table: u32) -> Result<Output> {
        let (batches, types) = self.working.borrow().get(&table).cloned().ok_or_else(|| {
            Error::new(
                types::codes::NOT_IMPLEMENTED,
                "A recursive common table inside a subquery of its own step is not implemented yet",
            )
        })?;
        Ok(Output::plain(Typed { rows: Rows::source(Batches::new(batches), true), types }))
    }

    /// The scan from which rows come one to one needs no more of them than the LIMIT above.
    pub(super) fn limit_scan(&self, mut node: &Node, rows: u64) {
        while let Node::Project { input, .. } = node {
            node = input;
        }
        let exact = self.query.session.setting("exact_rows_before_limit").is_some_and(|v| v != "0");
        if matches!(node, Node::Scan { filter: None, .. }) && !exact {
            self.first.set(Some((std::ptr::from_ref(node) as usize, rows)));
        }
    }

    pub(crate) fn scan(&self, node: &Node, needed: Option<&[usize]>) -> Result<Scan> {
        let mut scan = self.whole_scan(node, needed)?;
        if let Some((place, rows)) = self.first.take()
            && place == std::ptr::from_ref(node) as usize
        {
            scan.only_first(rows);
        }
        Ok(scan)
    }

    fn whole_scan(&self, node: &Node, needed: Option<&[usize]>) -> Result<Scan> {
        let Node::Scan { table, columns, filter, last, by_partition } = node else {
            return Err(Error::internal("not a scan"));
        };
        let snapshot = self.query.tables.get(table).ok_or_else(|| missing_table(*table))?;
        let types = Scan::types_of(snapshot, columns)?;
        let condition = filter.as_ref().map(|f| self.bind(f, &types)).transpose()?;
        let condition = self.with_pushed(columns, condition)?;
        let needed: Vec<bool> = (0..columns.len()).map(|i| needed.is_none_or(|n| n.contains(&i))).collect();
        let shelf = self.shelves.get(&snapshot.store).ok_or_else(|| Error::internal("no such store"))?;
        if !last {
            return Scan::new(snapshot.clone(), columns, condition, needed, shelf, self.query);
        }
        let asked = Asked {
            names: columns,
            needed: &needed,
            condition: condition.as_ref(),
            by_partition: *by_partition,
        };
        let (rows, visible) = final_rows(snapshot, &asked, shelf, self.query)?;
        let visible = match visible {
            Some(v) => Some(v),
            None => rows.deleted(shelf)?,
        };
        let scan = Scan::with(rows, columns, condition, needed, visible, shelf, self.query)?;
        Ok(scan.of_final(self.query))
    }
}

/// One row without columns.
pub(super) fn one() -> Output {
    let row = Batch { columns: Vec::new(), rows: 1 };
    Output::plain(Typed { rows: Rows::source(Batches::new(vec![row]), false), types: Vec::new() })
}

pub(super) fn types_of(columns: &[TableColumn]) -> Result<Vec<Type>> {
    columns.iter().map(|c| parse_type(&c.ty)).collect()
}

pub(super) fn values(columns: &[TableColumn], rows: &[Vec<serde_json::Value>]) -> Result<Output> {
    let types = types_of(columns)?;
    let mut builders: Vec<ColumnBuilder> =
        types.iter().map(|t| ColumnBuilder::with_capacity(t, rows.len())).collect();
    for row in rows {
        if row.len() != types.len() {
            return Err(Error::internal("VALUES row of another width"));
        }
        for ((b, t), v) in builders.iter_mut().zip(&types).zip(row) {
            literal::push(b, t, v, 0)?;
        }
    }
    let batch =
        Batch { columns: builders.into_iter().map(ColumnBuilder::finish).collect(), rows: rows.len() };
    Ok(Output::plain(Typed { rows: Rows::source(Batches::new(chunks(&batch)), true), types }))
}

/// The bytes of `data`, which are written as digits where they are no text.
pub(super) fn written(data: &str, hex: bool) -> Result<Cow<'_, [u8]>> {
    if !hex {
        return Ok(data.as_bytes().into());
    }
    let digit = |c: u8| char::from(c).to_digit(16).map(|d| d as u8);
    let byte = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?);
    let bytes: Option<Vec<u8>> = data.as_bytes().chunks(2).map(byte).collect();
    bytes.map(Cow::Owned).ok_or_else(|| Error::internal("plan: the data of format() is not hexadecimal"))
}

/// Rows that stand in the query in a format's notation.
pub(super) fn decoded(format: &str, data: &[u8], columns: &[TableColumn], query: &Query) -> Result<Output> {
    let types = types_of(columns)?;
    let fields: Vec<formats::InputField> =
        columns.iter().zip(&types).map(|(c, t)| formats::InputField::new(&c.name, t.clone())).collect();
    let session = &query.session;
    let options = formats::InputOptions::from_settings(&session.settings, session.timezone.clone(), false)?;
    let (blocks, _) = formats::decode_all(format, &fields, &options, data)?;
    let batches = blocks.into_iter().map(|b| b.batch).collect();
    Ok(Output::plain(Typed { rows: Rows::source(Batches::new(batches), true), types }))
}

fn chunks(b: &Batch) -> Vec<Batch> {
    const ROWS: usize = 65_536;
    (0..b.rows).step_by(ROWS).map(|s| b.slice(s, ROWS.min(b.rows - s))).collect()
}
