//! ORDER BY … LIMIT n over a table: only what decides is read of all rows; the rows that win are then looked up.
//!
//! Between the sort and the scan there may be projections and filters. On the way up they compute what keys
//! and filters need; afterwards the projections are computed once more, whole, for the n rows.

use super::{Output, Runner, used_by};
use crate::expr::Bound;
use crate::paths::Path;
use crate::plan::Node;
use crate::rows::{Batches, FilterStep, Pipeline, ProjectStep, Rows};
use crate::scan::Scan;
use crate::sort::top_source::TopSource;
use crate::sort::{self, Key, Threshold};
use crate::table::missing_table;
use std::sync::Arc;
use types::{Batch, Column, Data, Error, Result, Type};

/// Rows are looked up one by one only when they are few.
const LATE_ROWS_MAX: u64 = 10_000;

/// One node between the sort and the scan, bound to its input.
enum Link<'p> {
    Filter(&'p Node, Bound),
    Project(&'p Node, Vec<Bound>),
}

/// The sort, bound.
struct Asked<'a> {
    node: &'a Node,
    keys: Vec<Key>,
    limit: u64,
    /// what is computed of the chain's result while rows are chosen
    columns: &'a [usize],
    /// blocks may be left out
    ahead: bool,
}

/// The nodes below a sort down to a scan, the scan's neighbour first.
fn chain(mut node: &Node) -> Option<(Vec<&Node>, &Node)> {
    let mut links = Vec::new();
    loop {
        match node {
            Node::Scan { .. } => break,
            Node::Filter { input, .. } | Node::Project { input, .. } => {
                // totals go past a filter in their own way, but a scan has none
                links.push(node);
                node = input;
            }
            _ => return None,
        }
    }
    links.reverse();
    Some((links, node))
}

/// What a chain has to read of its scan, for these columns of its result.
fn needed_below(links: &[&Node], above: Vec<usize>) -> Vec<usize> {
    links.iter().rev().fold(above, |mut needed, link| match link {
        Node::Project { exprs, .. } => used_by(needed.iter().map(|&i| &exprs[i]).collect()),
        Node::Filter { predicate, .. } => {
            needed.extend(used_by(vec![predicate]));
            needed.sort_unstable();
            needed.dedup();
            needed
        }
        _ => needed,
    })
}

impl Runner<'_> {
    /// None: not of this shape, or nothing to be gained.
    pub(super) fn top_rows(&self, node: &Node, needed: Option<&[usize]>) -> Result<Option<Output>> {
        let Node::Sort { input, keys, limit: Some(limit), with_ties: false } = node else { return Ok(None) };
        let (late, ahead) = (self.query.fast(Path::LateColumns), self.query.fast(Path::TopThreshold));
        if *limit == 0 || *limit > sort::TOP_ROWS_MAX || !(late || ahead) {
            return Ok(None);
        }
        let Some((links, leaf)) = chain(input) else { return Ok(None) };
        let Node::Scan { table, columns, .. } = leaf else { return Ok(None) };
        let snapshot = self.query.tables.get(table).ok_or_else(|| missing_table(*table))?;
        let (bound, types) = self.links(&links, &Scan::types_of(snapshot, columns)?)?;
        let of_keys = used_by(keys.iter().map(|k| &k.expr).collect());
        let mut above: Vec<usize> = needed.map_or_else(|| (0..types.len()).collect(), <[usize]>::to_vec);
        above.extend(&of_keys);
        above.sort_unstable();
        above.dedup();
        let whole = needed_below(&links, above.clone());
        let first = needed_below(&links, of_keys.clone());
        // rand() of a winner would be another the second time
        let same_again = bound.iter().all(|link| match link {
            Link::Filter(_, b) => b.deterministic(),
            Link::Project(_, exprs) => exprs.iter().all(Bound::deterministic),
        });
        let late = late && same_again && *limit <= LATE_ROWS_MAX && first.len() < whole.len();
        let mut scan = self.scan(leaf, Some(if late { &first } else { &whole }))?;
        let keys = Key::bind(keys, &self.scope(&types))?;
        // who wants to know how many rows there were has them read
        let ahead = ahead && self.query.session.setting("exact_rows_before_limit").is_none_or(|v| v == "0");
        if ahead {
            shorten(&mut scan, &bound, &keys, *limit);
        }
        let scan = Arc::new(scan);
        let (columns, later) = match late {
            true => (&of_keys, Some((whole.as_slice(), above.as_slice()))),
            false => (&above, None),
        };
        let asked = Asked { node, keys, limit: *limit, columns, ahead };
        self.top_of(leaf, scan, &bound, types, &asked, later).map(Some)
    }

    fn links<'p>(&self, links: &[&'p Node], types: &[Type]) -> Result<(Vec<Link<'p>>, Vec<Type>)> {
        let mut types = types.to_vec();
        let mut out = Vec::with_capacity(links.len());
        for node in links {
            match node {
                Node::Filter { predicate, .. } => out.push(Link::Filter(node, self.bind(predicate, &types)?)),
                Node::Project { exprs, .. } => {
                    let exprs: Vec<Bound> = self.bind_all(exprs, &types)?;
                    types = exprs.iter().map(|b| b.ty().clone()).collect();
                    out.push(Link::Project(node, exprs));
                }
                _ => return Err(Error::internal("not a link")),
            }
        }
        Ok((out, types))
    }

    /// `late`: columns of the scan and of the result that are computed for the rows that win.
    fn top_of(
        &self,
        leaf: &Node,
        scan: Arc<Scan>,
        links: &[Link<'_>],
        types: Vec<Type>,
        asked: &Asked<'_>,
        late: Option<(&[usize], &[usize])>,
    ) -> Result<Output> {
        let Asked { node, keys, limit, columns, ahead } = asked;
        let limit = *limit;
        let threshold = Threshold::default();
        let first = keys.first().filter(|_| *ahead).and_then(|k| Some((column_below(links, &k.expr)?, k)));
        let source = TopSource::new(scan.clone(), first, threshold.clone(), late.is_some());
        let mut rows = Rows::Pipe(Pipeline::new(Arc::new(source), false));
        self.watched(leaf, &mut rows);
        let wanted = wanted(links, columns);
        let mut width = scan.types.len();
        for (link, wanted) in links.iter().zip(&wanted) {
            let node = match link {
                Link::Filter(node, b) => {
                    rows = rows.then(Arc::new(FilterStep(b.clone())));
                    node
                }
                Link::Project(node, exprs) => {
                    let mut exprs = narrowed(exprs, wanted);
                    if late.is_some() {
                        exprs.push(Bound::Column(width, Type::UInt64));
                    }
                    width = exprs.len() - usize::from(late.is_some());
                    rows = rows.then(Arc::new(ProjectStep(exprs)));
                    node
                }
            };
            self.watched(node, &mut rows);
        }
        let mut all_types = types.clone();
        if late.is_some() {
            all_types.push(Type::UInt64);
        }
        let rows = self.before_limit.counted(node, rows);
        let found = sort::top(rows, &all_types, keys, limit as usize, &threshold, self.query)?;
        let rows = sort::sorted(found, &all_types, keys, Some(limit), self.query)?;
        let Some((read, above)) = late else { return Ok(Output { rows, types, totals: None }) };
        let (winners, _held) = rows.collect(self.query)?;
        let winners = Batch::concat(&all_types, &winners);
        let numbers = winners.columns.last().map(Column::flat);
        let Some(Data::U64(numbers)) = numbers.map(|c| c.data) else {
            return Err(Error::internal("rows without numbers"));
        };
        let mut batch = scan.fetch(&numbers, read, self.query)?;
        for (link, wanted) in links.iter().zip(&self::wanted(links, above)) {
            if let Link::Project(_, exprs) = link {
                let exprs = narrowed(exprs, wanted);
                let columns = exprs.iter().map(|e| e.eval(&batch, self.query)).collect::<Result<_>>()?;
                batch = Batch { columns, rows: batch.rows };
            }
        }
        let held = self.query.memory.reserve(batch.bytes() as u64)?;
        Ok(Output { rows: Rows::source(Batches::held(vec![batch], held), true), types, totals: None })
    }
}

/// Rows that are sorted as asked end where enough of them are: unless a filter leaves some out.
fn shorten(scan: &mut Scan, links: &[Link<'_>], keys: &[Key], limit: u64) {
    let last = keys.first().is_some_and(|k| k.desc);
    let below = |k: &Key| column_below(links, &k.expr).filter(|_| k.desc == last);
    let columns: Option<Vec<usize>> = keys.iter().map(below).collect();
    if let Some(columns) = columns.filter(|c| !c.is_empty())
        && links.iter().all(|l| matches!(l, Link::Project(..)))
    {
        scan.only_ends(&columns, limit, last);
    }
}

/// The column of the scan that an expression over the chain's result is, if it is nothing more.
fn column_below(links: &[Link<'_>], expr: &Bound) -> Option<usize> {
    let Bound::Column(i, _) = expr else { return None };
    let mut i = *i;
    for link in links.iter().rev() {
        if let Link::Project(_, exprs) = link {
            let Bound::Column(j, _) = &exprs[i] else { return None };
            i = *j;
        }
    }
    Some(i)
}

/// Per link, the columns of its result that are read for `above`.
fn wanted(links: &[Link<'_>], above: &[usize]) -> Vec<Vec<usize>> {
    let mut needed = above.to_vec();
    let mut out = Vec::with_capacity(links.len());
    for link in links.iter().rev() {
        out.push(needed.clone());
        let mut below = Vec::new();
        match link {
            Link::Filter(_, b) => {
                below.clone_from(&needed);
                below.sort_unstable();
                b.columns(&mut below);
            }
            Link::Project(_, exprs) => needed.iter().for_each(|&i| exprs[i].columns(&mut below)),
        }
        needed = below;
    }
    out.reverse();
    out
}

/// Expressions that nobody reads as constants.
fn narrowed(exprs: &[Bound], wanted: &[usize]) -> Vec<Bound> {
    let blank = |b: &Bound| Bound::Const(Column::default_of(b.ty(), 1).flat(), b.ty().clone());
    exprs.iter().enumerate().map(|(i, b)| if wanted.contains(&i) { b.clone() } else { blank(b) }).collect()
}
