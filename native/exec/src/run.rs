//! A plan's nodes to streams of rows. Nodes that need all of their input (aggregation, sort, the
//! build side of a join) run when they are reached; the others add steps to a stream.

mod files;
pub(crate) mod grouped;
mod join;
mod top_rows;
mod types_before;

use crate::array_join;
use crate::collapse::visible::{Asked, final_rows};
use crate::expr::{Bound, Scope};
use crate::extremes::BeforeLimit;
use crate::guard::GuardStep;
use crate::limits;
use crate::literal;
use crate::memory_error::in_node;
use crate::plan::{Expr, Node, Plan, SetOperation, SubqueryUse, TableColumn};
use crate::query::Query;
use crate::row_set::RowSet;
use crate::rows::{Batches, FilterStep, Numbers, ProjectStep, Rows, Typed};
use crate::scan::Scan;
use crate::set_operation;
use crate::sort;
use crate::table::{Shelf, missing_table};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;
use types::codes::SCALAR_SUBQUERY_MULTIPLE_ROWS;
use types::parse::parse_type;
use types::{Batch, Column, ColumnBuilder, Data, Error, Reservation, Result, Type};

/// Everything a running plan refers to.
pub struct Runner<'a> {
    pub query: &'a Arc<Query>,
    pub shelves: &'a HashMap<u32, Arc<Shelf>>,
    scalars: Vec<Option<(Column, Type)>>,
    sets: Vec<Option<Arc<RowSet>>>,
    tables: Vec<Option<(Vec<Batch>, Vec<Type>)>>,
    /// what the budget lends for sets and tables of subqueries
    held: Vec<Reservation>,
    /// rows of the last step of each recursive table
    working: RefCell<HashMap<u32, (Vec<Batch>, Vec<Type>)>>,
    /// conditions that joins leave for scans, by the place of the scan's list of columns
    pushed: RefCell<HashMap<usize, Vec<Bound>>>,
    /// types of nodes that were asked for before they ran, by the place of the node
    types: RefCell<HashMap<usize, Option<Vec<Type>>>>,
    /// how many rows a LIMIT takes of the scan whose place this is
    first: Cell<Option<(usize, u64)>>,
    /// rows that met the outermost LIMITs are counted here
    before_limit: BeforeLimit,
}

/// A stream and the totals row that goes with it (WITH TOTALS).
pub struct Output {
    pub rows: Rows,
    pub types: Vec<Type>,
    pub totals: Option<Batch>,
}

impl Output {
    pub fn plain(t: Typed) -> Output {
        Output { rows: t.rows, types: t.types, totals: None }
    }
}

impl<'a> Runner<'a> {
    pub fn new(query: &'a Arc<Query>, shelves: &'a HashMap<u32, Arc<Shelf>>) -> Self {
        Runner {
            query,
            shelves,
            scalars: Vec::new(),
            sets: Vec::new(),
            tables: Vec::new(),
            held: Vec::new(),
            working: RefCell::default(),
            pushed: RefCell::default(),
            types: RefCell::default(),
            first: Cell::default(),
            before_limit: BeforeLimit::default(),
        }
    }

    /// Counts the rows that meet the plan's LIMITs.
    pub fn count_before_limit(&mut self, plan: &Plan) {
        self.before_limit = BeforeLimit::of(&plan.root);
    }
    pub fn into_before_limit(self) -> BeforeLimit {
        self.before_limit
    }

    /// Runs the subqueries, then gives the root's stream.
    pub fn start(&mut self, plan: &Plan) -> Result<Output> {
        for s in &plan.subqueries {
            let (mut scalar, mut set, mut table) = (None, None, None);
            let out = self.run(&s.plan, None)?;
            match s.usage {
                SubqueryUse::Scalar => scalar = Some(self.scalar(out)?),
                SubqueryUse::Exists => {
                    let mut any = 0u8;
                    limits::limit(out.rows, Some(1), 0, None).drive(self.query, &mut |_| {
                        any = 1;
                        Ok(crate::pool::Flow::Stop)
                    })?;
                    scalar = Some((Data::U8(vec![any].into()).into(), Type::UInt8));
                }
                SubqueryUse::Set => {
                    let types = out.types.clone();
                    let (batches, held) = out.rows.collect(self.query)?;
                    self.held.push(held);
                    let all = Batch::concat(&types, &batches);
                    let one = types.len() == 1;
                    let ty = if one { types[0].clone() } else { Type::tuple(types) };
                    let column = if one {
                        all.columns[0].clone()
                    } else {
                        Data::Tuple(all.columns.iter().map(Column::flat).collect(), all.rows).into()
                    };
                    set = Some(Arc::new(RowSet::of_column(&column, &ty, &ty, self.query)?));
                }
                SubqueryUse::Table => {
                    let types = out.types.clone();
                    let (batches, held) = out.rows.collect(self.query)?;
                    self.held.push(held);
                    table = Some((batches, types));
                }
            }
            self.scalars.push(scalar);
            self.sets.push(set);
            self.tables.push(table);
        }
        self.run(&plan.root, None)
    }

    fn scalar(&self, out: Output) -> Result<(Column, Type)> {
        let types = out.types;
        let mut batches = Vec::new();
        let mut rows = 0;
        out.rows.drive(self.query, &mut |b| {
            rows += b.rows;
            if rows > 1 {
                return Err(Error::new(
                    SCALAR_SUBQUERY_MULTIPLE_ROWS,
                    "Scalar subquery returned more than one row; add LIMIT 1 or an aggregate function",
                ));
            }
            batches.push(b);
            Ok(crate::pool::Flow::More)
        })?;
        let all = Batch::concat(&types, &batches);
        let one = types.len() == 1;
        let ty = if one { types[0].clone() } else { Type::tuple(types.clone()) };
        if all.rows == 0 {
            let ty = Type::nullable(ty);
            return Ok((
                if ty.is_nullable() {
                    Column::null_of(&ty, 1).flat()
                } else {
                    Column::default_of(&ty, 1).flat()
                },
                ty,
            ));
        }
        let column = if one {
            all.columns[0].flat()
        } else {
            Data::Tuple(all.columns.iter().map(Column::flat).collect(), 1).into()
        };
        Ok((column, ty))
    }

    pub(crate) fn scope<'s>(&'s self, columns: &'s [Type]) -> Scope<'s> {
        Scope { columns, query: self.query, scalars: &self.scalars, sets: &self.sets }
    }
    pub(crate) fn bind(&self, e: &Expr, columns: &[Type]) -> Result<Bound> {
        Bound::bind(e, &self.scope(columns))
    }
    pub(crate) fn bind_all(&self, es: &[Expr], columns: &[Type]) -> Result<Vec<Bound>> {
        es.iter().map(|e| self.bind(e, columns)).collect()
    }

    /// `needed`: which output columns somebody above reads (None = all).
    pub(crate) fn run(&self, node: &Node, needed: Option<&[usize]>) -> Result<Output> {
        self.query.cancel.check()?;
        match self.query.analysis.get() {
            None => self.run_node(node, needed),
            Some(a) => a.run(node, || self.run_node(node, needed), |out| &mut out.rows),
        }
        .map_err(|e| in_node(e, node, self.query))
    }

    fn run_node(&self, node: &Node, needed: Option<&[usize]>) -> Result<Output> {
        match node {
            Node::Scan { .. } => {
                let scan = self.scan(node, needed)?;
                let types = scan.types.clone();
                Ok(Output::plain(Typed { rows: Rows::source(scan, false), types }))
            }
            Node::One => Ok(Output::plain(Typed {
                rows: Rows::source(Batches::new(vec![Batch { columns: Vec::new(), rows: 1 }]), false),
                types: Vec::new(),
            })),
            Node::Numbers { start, count, step, block } => Ok(Output::plain(Typed {
                rows: Rows::source(Numbers::new(*start, *count, *step, *block, &self.query.session), false),
                types: vec![Type::UInt64],
            })),
            Node::Values { columns, rows } => values(columns, rows),
            Node::Format { format, data, columns } => decoded(format, data, columns, self.query),
            Node::Files { .. } => self.files(node, needed),
            Node::Batch { batch, columns } => {
                let b = self
                    .query
                    .batches
                    .get(batch)
                    .ok_or_else(|| Error::internal(format!("no batch {batch}")))?;
                Ok(Output::plain(Typed {
                    rows: Rows::source(Batches::new(chunks(b)), true),
                    types: types_of(columns)?,
                }))
            }
            Node::Subquery { subquery } => {
                let found = self.tables.get(*subquery).and_then(Option::as_ref);
                let (batches, types) =
                    found.ok_or_else(|| Error::internal(format!("no table {subquery}")))?;
                Ok(Output::plain(Typed {
                    rows: Rows::source(Batches::new(batches.clone()), true),
                    types: types.clone(),
                }))
            }
            Node::Filter { input, predicate } => self.filter(input, predicate, needed),
            Node::Project { input, exprs } => {
                let used = used_by(
                    needed.map_or_else(|| exprs.iter().collect(), |n| n.iter().map(|&i| &exprs[i]).collect()),
                );
                let input = self.run(input, Some(&used))?;
                let bound = self.projection(exprs, &input.types, needed)?;
                let types: Vec<Type> = bound.iter().map(|b| b.ty().clone()).collect();
                let totals = input
                    .totals
                    .map(|t| -> Result<Batch> {
                        let columns = bound.iter().map(|b| b.eval(&t, self.query)).collect::<Result<_>>()?;
                        Ok(Batch { columns, rows: t.rows })
                    })
                    .transpose()?;
                Ok(Output { rows: input.rows.then(Arc::new(ProjectStep(bound))), types, totals })
            }
            Node::Aggregate { .. } => self.aggregate(node, None),
            Node::Sort { input, keys, limit, with_ties } => {
                if let Some(out) = self.top_rows(node, needed)? {
                    return Ok(out);
                }
                let mut used: Vec<usize> = keys.iter().flat_map(|k| used_by(vec![&k.expr])).collect();
                let used = needed.map(|n| {
                    used.extend_from_slice(n);
                    used.sort_unstable();
                    used.dedup();
                    used
                });
                let input = self.run(input, used.as_deref())?;
                let keys = sort::Key::bind(keys, &self.scope(&input.types))?;
                let rows = self.before_limit.counted(node, input.rows);
                let rows =
                    sort::sort(rows, &input.types, keys, used.as_deref(), *limit, *with_ties, self.query)?;
                Ok(Output { rows, types: input.types, totals: input.totals })
            }
            Node::Limit { input, limit, offset, ties } => {
                if let (Some(n), None) = (limit, ties) {
                    self.limit_scan(input, n.saturating_add(*offset));
                }
                let input = self.run(input, if ties.is_some() { None } else { needed })?;
                let ties = ties.as_ref().map(|t| self.bind_all(t, &input.types)).transpose()?;
                let rows = self.before_limit.counted(node, input.rows);
                Ok(Output {
                    rows: limits::limit(rows, *limit, *offset, ties),
                    types: input.types,
                    totals: input.totals,
                })
            }
            Node::Guard { input, rows, bytes, cut, whole, code, what } => {
                let input = self.run(input, needed)?;
                let step = GuardStep::new(*rows, *bytes, (!cut).then(|| (*code, what.clone())), *whole);
                Ok(Output { rows: input.rows.then(Arc::new(step)), ..input })
            }
            Node::LimitBy { input, keys, limit, offset } => {
                let input = self.run(input, None)?;
                let keys = self.bind_all(keys, &input.types)?;
                Ok(Output {
                    rows: limits::limit_by(input.rows, keys, *limit, *offset),
                    types: input.types,
                    totals: input.totals,
                })
            }
            Node::Distinct { input, keys, limit } => {
                let input = self.run(input, None)?;
                if keys.is_none() && limit.is_none() && !input.rows.is_ordered() && !input.types.is_empty() {
                    return self.distinct(input);
                }
                let keys = match keys {
                    Some(k) => self.bind_all(k, &input.types)?,
                    None => {
                        input.types.iter().enumerate().map(|(i, t)| Bound::Column(i, t.clone())).collect()
                    }
                };
                Ok(Output {
                    rows: limits::distinct(input.rows, keys, *limit),
                    types: input.types,
                    totals: input.totals,
                })
            }
            Node::Recursive { table, first, step, steps_max, distinct } => {
                let limits = crate::recursive::Limits { steps: *steps_max, distinct: *distinct };
                let first = self.run(first, None)?;
                crate::recursive::run(first, limits, self.query, &mut |rows, types| {
                    self.working.borrow_mut().insert(*table, (rows, types));
                    self.run(step, None)
                })
            }
            Node::Working { table } => {
                let (batches, types) = self.working.borrow().get(table).cloned().ok_or_else(|| {
                    Error::new(
                        types::codes::NOT_IMPLEMENTED,
                        "A recursive common table inside a subquery of its own step is not implemented yet",
                    )
                })?;
                Ok(Output::plain(Typed { rows: Rows::source(Batches::new(batches), true), types }))
            }
            Node::Union { inputs } => self.union(inputs, needed),
            Node::SetOperation { left, right, operation, all } => {
                let left = self.run(left, None)?;
                let right = self.run(right, None)?;
                let intersect = *operation == SetOperation::Intersect;
                let rows = set_operation::set_operation(
                    left.rows,
                    right.rows,
                    &left.types,
                    intersect,
                    *all,
                    self.query,
                )?;
                Ok(Output::plain(Typed { rows, types: left.types }))
            }
            Node::Join { .. } => self.join(node, needed),
            Node::ArrayJoin { input, arrays, left } => {
                let input = self.run(input, None)?;
                let step =
                    array_join::ArrayJoin { arrays: self.bind_all(arrays, &input.types)?, left: *left };
                let width = input.types.len();
                let mut types = input.types;
                types.extend(step.types()?);
                // the totals row is not multiplied
                let totals = crate::join::totals(input.totals, None, &types, width);
                Ok(Output { rows: input.rows.then(Arc::new(step)), types, totals })
            }
            Node::Window { input, partition, order, calls } => {
                let input = self.run(input, None)?;
                let partition = self.bind_all(partition, &input.types)?;
                let order = sort::Key::bind(order, &self.scope(&input.types))?;
                let typed = Typed { rows: input.rows, types: input.types };
                let scope_types = typed.types.clone();
                crate::window::window(typed, partition, order, calls, &self.scope(&scope_types), self.query)
                    .map(Output::plain)
            }
            Node::Fill { input, keys, interpolate, prefix } => {
                let input = self.run(input, None)?;
                let types = input.types.clone();
                let typed = Typed { rows: input.rows, types: input.types };
                let filled =
                    crate::fill::fill(typed, keys, prefix, interpolate, &self.scope(&types), self.query)?;
                Ok(Output { totals: input.totals, ..Output::plain(filled) })
            }
        }
    }

    /// The scan from which rows come one to one needs no more of them than the LIMIT above.
    fn limit_scan(&self, mut node: &Node, rows: u64) {
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

    fn filter(&self, input: &Node, predicate: &Expr, needed: Option<&[usize]>) -> Result<Output> {
        if let Node::Aggregate { totals: true, totals_of_all: false, .. } = input {
            return self.aggregate(input, Some(predicate));
        }
        let used = needed.map(|n| {
            let mut u = used_by(vec![predicate]);
            u.extend_from_slice(n);
            u.sort_unstable();
            u.dedup();
            u
        });
        if let Node::Files { columns, .. } = input
            && let Some(types) = self.types_before(input)?
        {
            let condition = self.bind(predicate, &types)?;
            self.pushed.borrow_mut().insert(columns.as_ptr() as usize, vec![condition]);
        }
        let input = self.run(input, used.as_deref())?;
        let bound = self.bind(predicate, &input.types)?;
        Ok(Output {
            rows: input.rows.then(Arc::new(FilterStep(bound))),
            types: input.types,
            totals: input.totals,
        })
    }

    fn union(&self, inputs: &[Node], needed: Option<&[usize]>) -> Result<Output> {
        let mut parts = Vec::new();
        let mut types = Vec::new();
        for n in inputs {
            let out = self.run(n, needed)?;
            types.clone_from(&out.types);
            parts.push(out.rows);
        }
        let rows = Rows::serial(false, move |query, emit| {
            let mut stopped = false;
            for p in parts {
                p.drive(query, &mut |b| {
                    let f = emit(b)?;
                    stopped = f == crate::pool::Flow::Stop;
                    Ok(f)
                })?;
                if stopped {
                    break;
                }
            }
            Ok(())
        });
        Ok(Output::plain(Typed { rows, types }))
    }
}

/// Columns that expressions read: sorted, no repetitions.
pub fn used_by(exprs: Vec<&Expr>) -> Vec<usize> {
    fn walk(e: &Expr, out: &mut Vec<usize>) {
        match e {
            Expr::Column { col } => out.push(*col),
            Expr::Call { args, .. } => args.iter().for_each(|a| walk(a, out)),
            Expr::Cast { cast, .. } => walk(cast, out),
            Expr::Lambda { lambda, .. } => walk(lambda, out),
            Expr::In { value, .. } => walk(value, out),
            Expr::Param { .. } | Expr::Literal { .. } | Expr::Scalar { .. } => {}
        }
    }
    let mut out = Vec::new();
    exprs.into_iter().for_each(|e| walk(e, &mut out));
    out.sort_unstable();
    out.dedup();
    out
}

fn types_of(columns: &[TableColumn]) -> Result<Vec<Type>> {
    columns.iter().map(|c| parse_type(&c.ty)).collect()
}

fn values(columns: &[TableColumn], rows: &[Vec<serde_json::Value>]) -> Result<Output> {
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

/// Rows that stand in the query in a format's notation.
fn decoded(format: &str, data: &str, columns: &[TableColumn], query: &Query) -> Result<Output> {
    let types = types_of(columns)?;
    let fields: Vec<formats::InputField> =
        columns.iter().zip(&types).map(|(c, t)| formats::InputField::new(&c.name, t.clone())).collect();
    let session = &query.session;
    let options = formats::InputOptions::from_settings(&session.settings, session.timezone.clone(), false)?;
    let (blocks, _) = formats::decode_all(format, &fields, &options, data.as_bytes())?;
    let batches = blocks.into_iter().map(|b| b.batch).collect();
    Ok(Output::plain(Typed { rows: Rows::source(Batches::new(batches), true), types }))
}

fn chunks(b: &Batch) -> Vec<Batch> {
    const ROWS: usize = 65_536;
    (0..b.rows).step_by(ROWS).map(|s| b.slice(s, ROWS.min(b.rows - s))).collect()
}
