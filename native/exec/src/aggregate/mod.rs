//! GROUP BY.
//!
//! 1. Keys become machine words (`keys`, `interner`), arguments are evaluated once per distinct
//!    expression.
//! 2. Each worker has a table from words to group numbers and columnar states of its own (`local`).
//! 3. The workers' groups are merged: few groups into the first worker's table, many by partitions
//!    of the key's hash, each partition alone on a worker (`merge`).
//! 4. Groups leave in chunks: key columns decoded (strings as codes), states finished (`output`).

mod dense;
mod distinct_words;
mod external;
pub mod from_statistics;
pub mod interner;
pub mod keys;
mod leading;
mod local;
mod merge;
mod output;
mod spread;
pub mod table;

use crate::expr::{Bound, Scope};
use crate::literal::literal;
use crate::plan::{AggregateCall, Expr};
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Rows, Typed};
use aggregates::{Aggregate, Param, States};
use external::External;
use hashbrown::HashSet;
use keys::Layouts;
pub use leading::Leading;
use local::Local;
use parking_lot::{Mutex, RwLock};
use spread::Spread;
use std::sync::Arc;
use types::{Batch, Column, Result, Type};

/// A GROUP BY bound to its input.
pub struct Grouping {
    pub keys: Vec<Bound>,
    /// distinct argument expressions
    pub inputs: Vec<Bound>,
    pub calls: Vec<Call>,
    pub layouts: Layouts,
    /// the tables of nearly unique keys
    pub spread: Spread,
    /// where groups go that do not fit; None: nowhere
    pub external: Option<External>,
    /// bits of keys that may index an array once there are many groups
    dense: Option<u32>,
    /// GROUPING SETS: which keys each set keeps; a number of the set is then the last key
    pub sets: Option<Vec<Vec<usize>>>,
    /// new groups are not wanted beyond so many (any groups will do)
    pub any_groups: Option<u64>,
    /// they are chosen block by block, so that the last one may bring more
    pub chosen_by_blocks: bool,
    /// what rows of other groups come to, where totals count them
    pub overflow: Option<Mutex<Vec<Box<dyn States>>>>,
    /// more groups are a failure (`max_rows_to_group_by`)
    pub groups_max: Option<u64>,
    /// beyond so many groups nothing more is read
    groups_stop: Option<u64>,
    /// the keys that were chosen when any groups will do
    pub chosen: RwLock<HashSet<Vec<u64>>>,
    /// the groups that somebody wants first; None: all
    pub leading: Option<Leading>,
}

pub struct Call {
    pub aggregate: Arc<dyn Aggregate>,
    /// positions in `inputs`
    pub args: Vec<usize>,
}

/// What a GROUP BY node asks for beside keys and calls.
#[derive(Default)]
pub struct Options {
    pub sets: Option<Vec<Vec<usize>>>,
    pub totals: bool,
    pub widened_keys: Vec<usize>,
    pub any_groups: Option<u64>,
    pub empty_if_no_rows: bool,
}

/// Resolves an aggregate of the plan for argument types.
pub fn resolve(call: &AggregateCall, args: &[Type]) -> Result<Arc<dyn Aggregate>> {
    let params = call
        .params
        .iter()
        .map(|p| {
            let (c, ty) = literal(p)?;
            let codec = types::text::Codec::new(&ty, &Arc::default())?;
            let mut text = Vec::new();
            codec.write_quoted(&c, 0, &mut text);
            Ok(Param { value: c.flat().scalar(0), text: String::from_utf8_lossy(&text).into_owned() })
        })
        .collect::<Result<Vec<_>>>()?;
    aggregates::resolve(&call.name, &params, args)
}

/// The bound on groups in a mode of `group_by_overflow_mode`; the mode 'any' is the plan's.
fn groups_max(query: &Query, asked: &str) -> Option<u64> {
    let mode = query.session.setting("group_by_overflow_mode").unwrap_or("throw");
    let most = query.session.number("max_rows_to_group_by", 0);
    (most > 0 && mode == asked).then_some(most)
}

/// Whether totals count rows of groups that were not made.
fn overflow_counts(query: &Query) -> bool {
    let mode = query.session.setting("totals_mode").unwrap_or("after_having_exclusive");
    groups_max(query, "any").is_some() && mode != "after_having_exclusive"
}

impl Grouping {
    /// `range(expr)`: bounds of an integer key over the whole input, if known.
    pub fn bind(
        keys: &[Expr],
        calls: &[AggregateCall],
        options: &Options,
        scope: &Scope<'_>,
        range: &dyn Fn(&Bound) -> Option<(i128, i128)>,
    ) -> Result<Grouping> {
        let keys = keys.iter().map(|k| Bound::bind(k, scope)).collect::<Result<Vec<_>>>()?;
        let mut exprs: Vec<&Expr> = Vec::new();
        let mut inputs = Vec::new();
        let mut bound_calls = Vec::new();
        for c in calls {
            let mut args = Vec::new();
            for a in &c.args {
                let at = match exprs.iter().position(|e| *e == a) {
                    Some(at) => at,
                    None => {
                        exprs.push(a);
                        inputs.push(Bound::bind(a, scope)?);
                        inputs.len() - 1
                    }
                };
                args.push(at);
            }
            let types: Vec<Type> = args.iter().map(|&i| inputs[i].ty().clone()).collect();
            bound_calls.push(Call { aggregate: resolve(c, &types)?, args });
        }
        let mut types: Vec<Type> = keys.iter().map(|k| k.ty().clone()).collect();
        let mut ranges: Vec<Option<(i128, i128)>> = keys.iter().map(range).collect();
        if let Some(sets) = &options.sets {
            ranges.fill(None);
            types.push(Type::UInt64);
            ranges.push(Some((0, sets.len() as i128)));
        }
        let spills = !types.is_empty() && options.any_groups.is_none();
        let external = spills.then(|| External::new(&types, calls.len(), scope.query)).flatten();
        let overflow = (options.totals && overflow_counts(scope.query)).then(|| {
            let states = bound_calls.iter().map(|c: &Call| c.aggregate.states());
            Mutex::new(
                states
                    .map(|mut s| {
                        s.resize(1);
                        s
                    })
                    .collect(),
            )
        });
        Ok(Grouping {
            keys,
            inputs,
            calls: bound_calls,
            layouts: Layouts::new(types, ranges, &scope.query.memory),
            spread: Spread::default(),
            external,
            dense: None,
            sets: options.sets.clone(),
            any_groups: options.any_groups,
            chosen_by_blocks: groups_max(scope.query, "any").is_some(),
            overflow,
            groups_max: groups_max(scope.query, "throw"),
            groups_stop: groups_max(scope.query, "break"),
            chosen: RwLock::default(),
            leading: None,
        })
    }

    /// With what is known of the number of rows to come.
    fn for_rows(mut self, input: &Rows, query: &Query) -> Grouping {
        if self.sets.is_none() && self.any_groups.is_none() && !self.keys.is_empty() {
            let spills_at = self.external.as_ref().map(External::at);
            self.dense = dense::bits(&self.layouts.get(), input.rows_max(), spills_at, query);
        }
        self
    }

    /// Keys, aggregates, then the set's number.
    pub fn output_types(&self) -> Vec<Type> {
        let mut t: Vec<Type> = self.keys.iter().map(|k| k.ty().clone()).collect();
        t.extend(self.calls.iter().map(|c| c.aggregate.ty().clone()));
        if self.sets.is_some() {
            t.push(Type::UInt64);
        }
        t
    }
}

/// Runs a GROUP BY over `input`. `having` (over the output) decides which groups WITH TOTALS counts.
pub fn run(
    grouping: Grouping,
    input: Rows,
    options: &Options,
    having: Option<&Bound>,
    query: &Arc<Query>,
) -> Result<(Typed, Option<Batch>)> {
    let grouping = Arc::new(grouping.for_rows(&input, query));
    let mut locals = locals(&grouping, input, query)?;
    if locals.is_empty() {
        locals.push(Local::new(&grouping, &query.memory));
    }
    if grouping.keys.is_empty() && grouping.sets.is_none() {
        let rows: u64 = locals.iter().map(|l| l.rows).sum();
        if !(options.empty_if_no_rows && rows == 0) {
            locals.iter_mut().for_each(|l| l.ensure_group());
        }
    }
    if let Some(sets) = &grouping.sets
        && !options.empty_if_no_rows
    {
        // an empty set () of GROUPING SETS gives a row even without input; ROLLUP and CUBE do not
        for (i, s) in sets.iter().enumerate() {
            if s.is_empty() {
                locals[0].ensure_empty_set(&grouping, i)?;
            }
        }
    }
    let types = grouping.output_types();
    if let Some(external) = grouping.external.as_ref().filter(|_| leaves(&grouping, &locals, query)) {
        leave(&grouping, external, &mut locals, query)?;
        drop(locals);
        let Some(spilled) = External::source(&grouping) else {
            return Err(types::Error::internal("spilled groups are gone"));
        };
        let mut totals = None;
        if options.totals {
            let mut all = output::Totals::new(&grouping, having, &options.widened_keys, query);
            spilled.each(query, &mut |part| all.add(part))?;
            totals = Some(all.finish()?);
        }
        return Ok((Typed { rows: Rows::source(spilled, false), types }, totals));
    }
    let parts = merge::merge(&grouping, locals, query)?;
    let mut totals = None;
    if options.totals {
        let mut all = output::Totals::new(&grouping, having, &options.widened_keys, query);
        parts.iter().try_for_each(|part| all.add(part))?;
        totals = Some(all.finish()?);
    }
    let source = output::Output::new(grouping, parts);
    Ok((Typed { rows: Rows::source(source, false), types }, totals))
}

/// The workers' groups.
fn locals(grouping: &Arc<Grouping>, input: Rows, query: &Arc<Query>) -> Result<Vec<Local>> {
    if let Some(most) = grouping.groups_stop {
        let mut local = Local::new(grouping, &query.memory);
        input.drive(query, &mut |batch| {
            local.add(grouping, &batch, query)?;
            Ok(if local.len() as u64 > most { Flow::Stop } else { Flow::More })
        })?;
        return Ok(vec![local]);
    }
    let keep_order = grouping.calls.iter().any(|c| c.aggregate.order_sensitive());
    input.consume(
        query,
        keep_order,
        &|| Ok(Local::new(grouping, &query.memory)),
        &|local: &mut Local, batch| {
            local.add(grouping, &batch, query)?;
            Ok(Flow::More)
        },
    )
}

/// Of the bytes at which a query goes to files, its groups together with their merged copies may take this.
const MERGE_TENTHS: u64 = 18;

/// Whether groups have left memory, or have to before they are merged.
fn leaves(g: &Grouping, locals: &[Local], query: &Query) -> bool {
    let bytes: usize = locals.iter().map(Local::bytes).sum();
    let after = query.memory.used() + bytes as u64;
    let over = |e: &External| locals.len() > 1 && after > e.at().saturating_mul(MERGE_TENTHS) / 10;
    g.external.as_ref().is_some_and(|e| e.started() || over(e))
}

/// All groups go to the file.
fn leave(g: &Grouping, external: &External, locals: &mut [Local], query: &Query) -> Result<()> {
    for local in locals {
        local.settle(g, query)?;
        external.flush(g, local, query)?;
    }
    g.spread.flush(g, query)
}

/// How many groups there are.
pub fn count(grouping: Grouping, input: Rows, query: &Arc<Query>) -> Result<u64> {
    let grouping = Arc::new(grouping.for_rows(&input, query));
    let mut locals = locals(&grouping, input, query)?;
    let mut n = 0;
    if let Some(external) = grouping.external.as_ref().filter(|_| leaves(&grouping, &locals, query)) {
        leave(&grouping, external, &mut locals, query)?;
        drop(locals);
        if let Some(spilled) = External::source(&grouping) {
            spilled.each(query, &mut |part| {
                n += part.len() as u64;
                Ok(())
            })?;
        }
    } else if !locals.is_empty() {
        n = merge::merge(&grouping, locals, query)?.iter().map(|part| part.len() as u64).sum();
    }
    Ok(n)
}

/// Key columns of one grouping set: keys outside the set as NULL or default, then the set's number.
fn masked_keys(keys: &[Column], types: &[Type], set: &[usize], number: usize, rows: usize) -> Vec<Column> {
    let mut out: Vec<Column> = keys
        .iter()
        .enumerate()
        .map(|(i, c)| if set.contains(&i) { c.clone() } else { Column::default_of(&types[i], rows) })
        .collect();
    out.push(Column::constant(types::Data::U64(vec![number as u64].into()).into(), rows));
    out
}
