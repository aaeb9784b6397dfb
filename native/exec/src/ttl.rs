//! TTL: what becomes of rows when their time is over. Rows come in the order of the sort key, after the
//! engine's rule. Also notes of each new segment when something will be due in it, so that the
//! background looks at it then and not before, and drops it whole when all its rows are over.

use crate::aggregate;
use crate::collapse::group_starts;
use crate::expr::{Bound, Scope};
use crate::plan::{TableShape, TtlAction};
use crate::query::Query;
use aggregates::{Aggregate, Groups};
use serde_json::{Value, json};
use std::sync::Arc;
use storage::{SortKey, patched_column};
use types::codes::NO_SUCH_COLUMN_IN_TABLE;
use types::parse::parse_type;
use types::{Batch, Bitmap, Column, Error, Result, Type};

struct Rule {
    expr: Bound,
    filter: Option<Bound>,
    action: Action,
}

enum Action {
    Delete,
    Column { column: usize, value: Option<Bound> },
    Group { keys: Vec<Bound>, aggregates: Vec<(Arc<dyn Aggregate>, Vec<Bound>)>, set: Vec<(usize, Bound)> },
}

/// The seconds at which something is due in a segment.
#[derive(Clone, Copy, Default)]
pub struct Due {
    /// the first of all rules
    next: Option<i64>,
    /// the time at which all rows go; None if some never do
    all: Option<i64>,
    seen: bool,
    never: bool,
}

impl Due {
    fn add(&mut self, other: Due) {
        self.next = [self.next, other.next].into_iter().flatten().min();
        self.all = [self.all, other.all].into_iter().flatten().max();
        self.never |= other.never;
        self.seen |= other.seen;
    }
    /// Adds `ttl: {next, all}` to a segment's descriptor.
    pub fn describe(&self, descriptor: &mut Value) {
        if self.next.is_some() || self.all.is_some() {
            let all = self.all.filter(|_| !self.never);
            descriptor["ttl"] = json!({"next": self.next, "all": all});
        }
    }
}

pub struct Ttl {
    rules: Vec<Rule>,
    now: Option<i64>,
    types: Vec<Type>,
    sort_key: Vec<Bound>,
    /// the last group of a GROUP BY, whose rows may go on in the next batch
    held: Vec<Batch>,
    due: Due,
}

impl Ttl {
    /// `now`: seconds since the epoch; without it nothing expires.
    pub fn bind(table: &TableShape, now: Option<i64>, query: &Query) -> Result<Ttl> {
        let types: Vec<Type> = table.columns.iter().map(|c| parse_type(&c.ty)).collect::<Result<_>>()?;
        let scope = Scope { columns: &types, query, scalars: &[], sets: &[] };
        let position =
            |name: &str| {
                table.columns.iter().position(|c| c.name == name).ok_or_else(|| {
                    Error::new(NO_SUCH_COLUMN_IN_TABLE, format!("TTL: there is no column {name}"))
                })
            };
        let mut rules = Vec::new();
        for r in &table.ttl {
            let action = match &r.action {
                TtlAction::Delete => Action::Delete,
                TtlAction::Column { column, value } => Action::Column {
                    column: position(column)?,
                    value: value.as_ref().map(|v| Bound::bind(v, &scope)).transpose()?,
                },
                TtlAction::Group { keys, aggregates, set } => {
                    let keys = keys.iter().map(|k| Bound::bind(k, &scope)).collect::<Result<_>>()?;
                    let mut calls = Vec::new();
                    for a in aggregates {
                        let args: Vec<Bound> =
                            a.args.iter().map(|e| Bound::bind(e, &scope)).collect::<Result<_>>()?;
                        let types: Vec<Type> = args.iter().map(|b| b.ty().clone()).collect();
                        calls.push((aggregate::resolve(a, &types)?, args));
                    }
                    let made: Vec<Type> = calls.iter().map(|c| c.0.ty().clone()).collect();
                    let over = Scope { columns: &made, query, scalars: &[], sets: &[] };
                    let set = set
                        .iter()
                        .map(|s| Ok((position(&s.column)?, Bound::bind(&s.value, &over)?)))
                        .collect::<Result<_>>()?;
                    Action::Group { keys, aggregates: calls, set }
                }
            };
            rules.push(Rule {
                expr: Bound::bind(&r.expr, &scope)?,
                filter: r.filter.as_ref().map(|f| Bound::bind(f, &scope)).transpose()?,
                action,
            });
        }
        let sort_key = table.sort_key.iter().map(|k| Bound::bind(k, &scope)).collect::<Result<_>>()?;
        Ok(Ttl { rules, now, types, sort_key, held: Vec::new(), due: Due::default() })
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
    /// Whether a column of the table says when rows are over.
    pub fn reads(&self, column: usize) -> bool {
        let mut used = Vec::new();
        for rule in &self.rules {
            rule.expr.columns(&mut used);
            rule.filter.iter().for_each(|f| f.columns(&mut used));
        }
        used.contains(&column)
    }

    /// What is left of a batch.
    pub fn apply(&mut self, b: Batch, query: &Query) -> Result<Batch> {
        if self.rules.is_empty() {
            return Ok(b);
        }
        if self.now.is_none() {
            self.note(&b, query)?;
            return Ok(b);
        }
        let b = self.rows(b, query)?;
        let mut held = std::mem::take(&mut self.held);
        let b = match self.grouping() {
            None => b,
            Some(keys) => {
                // rows of the last group wait for the next batch
                held.push(b);
                let all = Batch::concat(&self.types, &held);
                let keys: Vec<Column> = keys.iter().map(|k| k.eval(&all, query)).collect::<Result<_>>()?;
                let cut = group_starts(&keys, all.rows).last().copied().unwrap_or(0) as usize;
                self.held = vec![all.slice(cut, all.rows - cut)];
                self.grouped(all.slice(0, cut), query)?
            }
        };
        self.columns(b, query)
    }

    /// Some rows are over that a GROUP BY makes fewer.
    pub fn rolls_up(&self, b: &Batch, query: &Query) -> Result<bool> {
        for r in self.rules.iter().filter(|r| self.now.is_some() && matches!(r.action, Action::Group { .. }))
        {
            if self.expired(r, b, query)?.any() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Rows of one partition, in any order, after the GROUP BY alone.
    pub fn rolled_up(&self, b: Batch, query: &Query) -> Result<Batch> {
        let sorted = self.sorted(b, query)?;
        self.grouped(sorted, query)
    }

    /// What still waits, at the end of the rows.
    pub fn finish(&mut self, query: &Query) -> Result<Batch> {
        let held = std::mem::take(&mut self.held);
        if held.is_empty() {
            return Ok(Batch::default());
        }
        let b = self.grouped(Batch::concat(&self.types, &held), query)?;
        self.columns(b, query)
    }

    pub fn describe(&self, descriptor: &mut Value) {
        self.due.describe(descriptor);
    }

    fn grouping(&self) -> Option<&[Bound]> {
        self.rules.iter().find_map(|r| match &r.action {
            Action::Group { keys, .. } => Some(keys.as_slice()),
            _ => None,
        })
    }

    fn expired(&self, rule: &Rule, b: &Batch, query: &Query) -> Result<Bitmap> {
        let now = self.now.unwrap_or(i64::MIN);
        let times = seconds(&rule.expr.eval(b, query)?.flat(), rule.expr.ty())?;
        let mut over = Bitmap::from_fn(b.rows, |i| times[i].is_some_and(|t| t <= now));
        if let Some(f) = &rule.filter
            && over.any()
        {
            over.and_with(&f.eval_mask(b, query)?);
        }
        Ok(over)
    }

    fn rows(&self, mut b: Batch, query: &Query) -> Result<Batch> {
        for r in self.rules.iter().filter(|r| matches!(r.action, Action::Delete)) {
            let over = self.expired(r, &b, query)?;
            if over.any() {
                b = b.filter(&over.not());
            }
        }
        Ok(b)
    }

    fn columns(&mut self, mut b: Batch, query: &Query) -> Result<Batch> {
        for r in &self.rules {
            let Action::Column { column, value } = &r.action else { continue };
            let over = self.expired(r, &b, query)?;
            if !over.any() {
                continue;
            }
            let rows = over.ones();
            let ty = &self.types[*column];
            let fresh = match value {
                None => Column::default_of(ty, rows.len()).flat(),
                Some(v) => {
                    let made = v.eval(&b.gather(&rows), query)?;
                    functions::cast(&made, v.ty(), ty, functions::CastMode::Sql, &query.session)?.flat()
                }
            };
            b.columns[*column] = patched_column(&b.columns[*column], &rows, &fresh, ty);
        }
        self.note(&b, query)?;
        Ok(b)
    }

    /// Whole groups of the GROUP BY's keys: expired rows become one.
    fn grouped(&self, mut b: Batch, query: &Query) -> Result<Batch> {
        for r in &self.rules {
            let Action::Group { keys, aggregates, set } = &r.action else { continue };
            let over = self.expired(r, &b, query)?;
            if !over.any() {
                continue;
            }
            let old = b.filter(&over);
            let keys: Vec<Column> = keys.iter().map(|k| k.eval(&old, query)).collect::<Result<_>>()?;
            let starts = group_starts(&keys, old.rows);
            let mut of_row = vec![0u32; old.rows];
            let mut group = 0;
            for (i, g) in of_row.iter_mut().enumerate() {
                if group + 1 < starts.len() && starts[group + 1] as usize == i {
                    group += 1;
                }
                *g = group as u32;
            }
            let mut made = Vec::new();
            for (function, args) in aggregates {
                let args: Vec<Column> = args.iter().map(|a| a.eval(&old, query)).collect::<Result<_>>()?;
                let mut states = function.states();
                states.resize(starts.len());
                states.update(Groups::Each(&of_row), &args, old.rows)?;
                made.push(states.finish(0..starts.len())?);
            }
            let made = Batch { columns: made, rows: starts.len() };
            let mut one = old.gather(&starts);
            for (column, value) in set {
                let v = value.eval(&made, query)?;
                let ty = &self.types[*column];
                one.columns[*column] =
                    functions::cast(&v, value.ty(), ty, functions::CastMode::Sql, &query.session)?.flat();
            }
            b = self.sorted(Batch::concat(&self.types, &[b.filter(&over.not()), one]), query)?;
        }
        Ok(b)
    }

    fn sorted(&self, b: Batch, query: &Query) -> Result<Batch> {
        let keys: Vec<Column> = self.sort_key.iter().map(|k| k.eval(&b, query)).collect::<Result<_>>()?;
        let by: Vec<SortKey> = (0..keys.len()).map(|column| SortKey { column, desc: false }).collect();
        let order = storage::sort_batch(&Batch { columns: keys, rows: b.rows }, &by);
        Ok(b.gather(&order))
    }

    fn note(&mut self, b: &Batch, query: &Query) -> Result<()> {
        let due = self.due_of(b, query)?;
        self.due.add(due);
        Ok(())
    }

    /// When something is due in these rows; what is past `now` has been done.
    pub fn due_of(&self, b: &Batch, query: &Query) -> Result<Due> {
        let mut due = Due { seen: b.rows > 0, ..Due::default() };
        let mut whole = false;
        for r in &self.rules {
            let times = seconds(&r.expr.eval(b, query)?.flat(), r.expr.ty())?;
            let mask = r.filter.as_ref().map(|f| f.eval_mask(b, query)).transpose()?;
            for (i, t) in times.iter().enumerate() {
                if let Some(t) = t
                    && mask.as_ref().is_none_or(|m| m.get(i))
                    && self.now.is_none_or(|now| *t > now)
                {
                    due.next = Some(due.next.map_or(*t, |n| n.min(*t)));
                }
            }
            if matches!(r.action, Action::Delete) && r.filter.is_none() && !whole {
                whole = true;
                for t in times {
                    match t {
                        Some(t) => due.all = Some(due.all.map_or(t, |a| a.max(t))),
                        None => due.never = true,
                    }
                }
            }
        }
        Ok(due)
    }
}

/// Dates and times as seconds since the epoch; None for NULL and for the epoch itself, which is never.
fn seconds(c: &Column, ty: &Type) -> Result<Vec<Option<i64>>> {
    let per = match ty.base() {
        Type::Date | Type::Date32 => (86_400, 1),
        Type::DateTime(_) => (1, 1),
        Type::DateTime64(scale, _) => (1, 10i64.pow(u32::from(*scale).min(18))),
        other => {
            return Err(Error::new(
                types::codes::BAD_TTL_EXPRESSION,
                format!("TTL expression result column should have DateTime or Date type, but has {other}"),
            ));
        }
    };
    let one = |i: usize| {
        let v = c.scalar(i).as_i64()?;
        Some(v.saturating_mul(per.0).div_euclid(per.1)).filter(|t| *t != 0)
    };
    Ok((0..c.len()).map(|i| if c.is_null(i) { None } else { one(i) }).collect())
}
