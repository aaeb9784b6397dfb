//! What a table's engine makes of rows with equal keys: one operator for merges, for inserts
//! (`optimize_on_insert`) and for FINAL.
//!
//! Rows come in the order of the sort key, equal ones in the order in which they were inserted.
//! Engines that keep rows as they are (Replacing, the Collapsing family) say which rows stay, so that a
//! merge may copy columns and FINAL is a bitmap; the others (Summing, Aggregating, Coalescing) make
//! one new row of each group.

mod aggregating;
mod coalescing;
mod collapsing;
mod distinct;
mod replacing;
pub mod sorted;
mod summing;
mod versioned;
pub mod visible;

use crate::expr::{Bound, Scope};
use crate::plan::{EngineRule, TableShape};
use crate::query::Query;
use std::sync::Arc;
use storage::SortKey;
use types::codes::NO_SUCH_COLUMN_IN_TABLE;
use types::compare::compare_rows;
use types::parse::parse_type;
use types::{Batch, Column, Data, Error, Result, Type, match_numeric};

/// Who asks: a merge keeps more than FINAL shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    Insert,
    Merge,
    /// OPTIMIZE … FINAL CLEANUP: rows that say that they are deleted go for good
    Cleanup,
    Final,
}

pub struct Collapse {
    keys: Vec<Bound>,
    partition: Vec<Bound>,
    types: Vec<Type>,
    rule: Rule,
}

enum Rule {
    /// every row stays
    All,
    /// of rows that are equal in these columns, too, the first stays (OPTIMIZE … DEDUPLICATE, Join)
    Distinct(Vec<usize>),
    Replacing {
        version: Option<usize>,
        deleted: Option<usize>,
    },
    Collapsing {
        sign: usize,
    },
    Versioned {
        sign: usize,
    },
    Make(Vec<Maker>, bool),
}

/// How one column of a group's new row comes about.
enum Maker {
    /// the value of the group's first row
    First,
    /// the last value that is not NULL
    LastNotNull,
    Aggregate(aggregating::Merged),
    /// the n-th part of a nested map that is summed by its keys
    Map(Arc<summing::NestedMap>, usize),
}

impl Collapse {
    /// The rule of a table. Batches hold all its columns.
    pub fn bind(table: &TableShape, query: &Query) -> Result<Collapse> {
        let types: Vec<Type> = table.columns.iter().map(|c| parse_type(&c.ty)).collect::<Result<_>>()?;
        let scope = Scope { columns: &types, query, scalars: &[], sets: &[] };
        let bind =
            |es: &[crate::plan::Expr]| es.iter().map(|e| Bound::bind(e, &scope)).collect::<Result<Vec<_>>>();
        let keys = bind(&table.sort_key)?;
        let partition = bind(&table.partition_key)?;
        let at = |name: &str| {
            table.columns.iter().position(|c| c.name == name).ok_or_else(|| {
                Error::new(NO_SUCH_COLUMN_IN_TABLE, format!("The engine needs a column {name}"))
            })
        };
        let opt = |name: &Option<String>| name.as_deref().map(at).transpose();
        let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
        let mut in_key = Vec::new();
        keys.iter().for_each(|k| k.columns(&mut in_key));
        let rule = match &table.engine {
            None => Rule::All,
            Some(engine) => match engine {
                EngineRule::Replacing { version, is_deleted } => {
                    Rule::Replacing { version: opt(version)?, deleted: opt(is_deleted)? }
                }
                EngineRule::Collapsing { sign } => Rule::Collapsing { sign: at(sign)? },
                EngineRule::VersionedCollapsing { sign } => Rule::Versioned { sign: at(sign)? },
                EngineRule::Summing { columns, partition } => {
                    for p in partition {
                        in_key.push(at(p)?);
                    }
                    Rule::Make(summing::makers(&names, &types, &in_key, columns)?, true)
                }
                EngineRule::First => Rule::Distinct(Vec::new()),
                EngineRule::Aggregating => Rule::Make(aggregating::makers(&types, &in_key)?, false),
                EngineRule::Coalescing { columns, partition } => {
                    for p in partition {
                        in_key.push(at(p)?);
                    }
                    Rule::Make(coalescing::makers(&names, &types, &in_key, columns)?, false)
                }
            },
        };
        Ok(Collapse { keys, partition, types, rule })
    }

    /// Rows that are equal in these columns (all if there are none) become one, if the engine has no
    /// rule of its own. The columns must hold those of the sort key.
    pub fn deduplicate(&mut self, columns: Vec<usize>) {
        if matches!(self.rule, Rule::All) {
            let all = (0..self.types.len()).collect();
            self.rule = Rule::Distinct(if columns.is_empty() { all } else { columns });
        }
    }

    /// Rows stay as they are or go; nothing is computed.
    pub fn keeps(&self) -> bool {
        !matches!(self.rule, Rule::Make(..))
    }

    /// Rows with equal keys mean something.
    pub fn collapses(&self) -> bool {
        !matches!(self.rule, Rule::All)
    }

    /// The rule on a part of a group, then on the result and the rest, gives the same.
    pub fn in_parts(&self) -> bool {
        matches!(self.rule, Rule::Replacing { .. } | Rule::Make(_, false))
    }

    /// Of rows with equal keys one stands for all.
    pub fn replaces(&self) -> bool {
        matches!(self.rule, Rule::Replacing { .. })
    }

    /// A row whose key no other has stays in every mode.
    pub fn keeps_single_rows(&self) -> bool {
        match self.rule {
            Rule::Replacing { deleted, .. } => deleted.is_none(),
            Rule::Versioned { .. } | Rule::Distinct(_) => true,
            Rule::All | Rule::Collapsing { .. } | Rule::Make(..) => false,
        }
    }

    /// The columns that decide among rows of equal keys, of an engine that keeps rows as they are.
    pub fn judged_by(&self) -> Vec<usize> {
        match &self.rule {
            Rule::Replacing { version, deleted } => version.iter().chain(deleted).copied().collect(),
            Rule::Collapsing { sign } | Rule::Versioned { sign } => vec![*sign],
            Rule::Distinct(columns) => columns.clone(),
            Rule::All | Rule::Make(..) => Vec::new(),
        }
    }

    /// Rows with equal keys lie in one partition: its key is made of columns of the sort key.
    pub fn within_partition(&self) -> bool {
        let in_key = |c: &usize| self.keys.iter().any(|k| matches!(k, Bound::Column(own, _) if own == c));
        self.partition.iter().all(|p| {
            let mut used = Vec::new();
            p.columns(&mut used);
            p.deterministic() && used.iter().all(in_key)
        })
    }

    /// A segment that a merge wrote shows all its rows in FINAL.
    pub fn merged_is_final(&self) -> bool {
        matches!(self.rule, Rule::Replacing { deleted: None, .. } | Rule::Versioned { .. })
    }

    /// Columns that must be there to find what is visible (`needed` are those that somebody reads).
    pub fn required(&self, needed: &[bool], by_partition: bool) -> Vec<bool> {
        let mut all = needed.to_vec();
        let mut used = Vec::new();
        self.keys.iter().for_each(|k| k.columns(&mut used));
        if by_partition {
            self.partition.iter().for_each(|p| p.columns(&mut used));
        }
        match &self.rule {
            Rule::All => {}
            Rule::Distinct(columns) => used.extend(columns),
            Rule::Replacing { version, deleted } => used.extend(version.iter().chain(deleted)),
            Rule::Collapsing { sign } | Rule::Versioned { sign } => used.push(*sign),
            Rule::Make(makers, drops_zero) => {
                for (i, m) in makers.iter().enumerate() {
                    if *drops_zero && matches!(m, Maker::Aggregate(_) | Maker::Map(..)) {
                        used.push(i);
                    }
                    if let Maker::Map(map, _) = m
                        && needed[i]
                    {
                        used.extend_from_slice(&map.columns);
                    }
                }
            }
        }
        used.into_iter().for_each(|i| all[i] = true);
        all
    }

    /// The sort key's values of a batch.
    pub fn key_columns(&self, batch: &Batch, query: &Query) -> Result<Vec<Column>> {
        self.keys.iter().map(|k| k.eval(batch, query)).collect()
    }

    /// The rule on rows that are in order already. `keys`: their sort key.
    pub fn apply(&self, batch: &Batch, keys: &[Column], mode: Mode) -> Result<Batch> {
        let starts = group_starts(keys, batch.rows);
        match &self.rule {
            Rule::All => Ok(batch.clone()),
            Rule::Make(makers, drops_zero) => make(makers, *drops_zero, batch, &starts, &self.types),
            _ => {
                let rows = self.kept(batch, &starts, mode)?;
                Ok(if rows.len() == batch.rows { batch.clone() } else { batch.gather(&rows) })
            }
        }
    }

    /// The rows that stay, of an engine that keeps rows as they are.
    pub fn kept(&self, batch: &Batch, starts: &[u32], mode: Mode) -> Result<Vec<u32>> {
        match &self.rule {
            Rule::Replacing { version, deleted } => replacing::kept(
                batch,
                starts,
                *version,
                *deleted,
                matches!(mode, Mode::Final | Mode::Cleanup),
            ),
            Rule::Collapsing { sign } => collapsing::kept(batch, starts, *sign, mode == Mode::Final),
            Rule::Versioned { sign } => versioned::kept(batch, starts, *sign),
            Rule::All => Ok((0..batch.rows as u32).collect()),
            Rule::Distinct(columns) => Ok(distinct::kept(batch, starts, columns)),
            Rule::Make(..) => Err(Error::internal("an engine that makes new rows keeps none")),
        }
    }

    /// An insert's rows, in any order and of any partitions, as the engine would merge them.
    pub fn insert(&self, batch: Batch, query: &Query) -> Result<Batch> {
        // A sign is looked at also where it is the only one.
        let signed = matches!(self.rule, Rule::Collapsing { .. } | Rule::Versioned { .. });
        if !self.collapses() || batch.rows < 2 && self.keeps() && !signed {
            return Ok(batch);
        }
        let mut keys: Vec<Column> =
            self.partition.iter().map(|k| k.eval(&batch, query)).collect::<Result<_>>()?;
        keys.extend(self.key_columns(&batch, query)?);
        if keys.is_empty() {
            return self.apply(&batch, &keys, Mode::Insert);
        }
        let order: Vec<SortKey> = (0..keys.len()).map(|column| SortKey { column, desc: false }).collect();
        let rows = storage::sort_batch(&Batch { columns: keys.clone(), rows: batch.rows }, &order);
        let sorted: Vec<Column> = keys.iter().map(|k| k.gather(&rows)).collect();
        self.apply(&batch.gather(&rows), &sorted, Mode::Insert)
    }
}

/// First row of each group of equal keys. Without a key all rows are equal.
pub fn group_starts(keys: &[Column], rows: usize) -> Vec<u32> {
    if rows == 0 {
        return Vec::new();
    }
    let mut new = vec![false; rows];
    new[0] = true;
    for k in keys {
        let plain = k.nulls.is_none();
        match_numeric!(&k.data, v, _W => {
            if plain {
                let v = v.as_slice();
                for i in 1..rows {
                    new[i] |= v[i] != v[i - 1];
                }
            } else {
                differing(k, &mut new);
            }
        }, differing(k, &mut new));
    }
    (0..rows as u32).filter(|i| new[*i as usize]).collect()
}

fn differing(k: &Column, new: &mut [bool]) {
    if k.is_const() {
        return;
    }
    for i in 1..new.len() {
        new[i] = new[i] || compare_rows(k, i, k, i - 1).is_ne();
    }
}

/// Rows of each group: `(first, one past the last)`.
fn groups(starts: &[u32], rows: usize) -> impl Iterator<Item = (usize, usize)> {
    let ends = starts.iter().skip(1).map(|s| *s as usize).chain(std::iter::once(rows));
    starts.iter().map(|s| *s as usize).zip(ends)
}

fn make(makers: &[Maker], drops_zero: bool, batch: &Batch, starts: &[u32], types: &[Type]) -> Result<Batch> {
    let n = starts.len();
    let alone = n == batch.rows;
    let mut of_row = vec![0u32; batch.rows];
    for (g, (a, b)) in groups(starts, batch.rows).enumerate() {
        of_row[a..b].fill(g as u32);
    }
    let mut zero = drops_zero.then(|| vec![true; n]);
    let mut summed = false;
    let mut columns = Vec::with_capacity(makers.len());
    let mut maps: Vec<(*const summing::NestedMap, Vec<Column>)> = Vec::new();
    for (i, maker) in makers.iter().enumerate() {
        let c = &batch.columns[i];
        if matches!(c.data, Data::Nothing(_)) && types[i] != Type::Nothing {
            // nobody reads it
            columns.push(Data::Nothing(n).into());
            continue;
        }
        columns.push(match maker {
            Maker::First => c.gather(starts),
            Maker::LastNotNull => coalescing::last_not_null(c, starts),
            Maker::Aggregate(f) => {
                let made = if alone && !f.rewrites() { c.clone() } else { f.run(c, &of_row, n, &types[i])? };
                summed = true;
                if let Some(zero) = &mut zero {
                    f.still_zero(&made, &types[i], zero);
                }
                made
            }
            Maker::Map(map, part) => {
                summed = true;
                if let Some(z) = &mut zero {
                    z.fill(false);
                }
                let key = Arc::as_ptr(map);
                if !maps.iter().any(|m| std::ptr::eq(m.0, key)) {
                    let parts: Vec<&Column> = map.columns.iter().map(|c| &batch.columns[*c]).collect();
                    maps.push((key, map.run(&parts, &of_row, n)?));
                }
                let found = maps.iter().find(|m| std::ptr::eq(m.0, key));
                found.map(|m| m.1[*part].clone()).ok_or_else(|| Error::internal("map"))?
            }
        });
    }
    let out = Batch { columns, rows: n };
    match zero {
        Some(zero) if summed && zero.iter().any(|z| *z) => {
            let left: Vec<u32> = (0..n as u32).filter(|g| !zero[*g as usize]).collect();
            Ok(out.gather(&left))
        }
        _ => Ok(out),
    }
}
