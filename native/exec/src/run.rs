//! A plan's nodes to streams of rows. Nodes that need all of their input (aggregation, sort, the
//! build side of a join) run when they are reached; the others add steps to a stream.

mod files;
pub(crate) mod grouped;
mod join;
mod leading;
mod operators;
mod sources;
mod top_rows;
mod types_before;

use crate::aggregate::Leading;
use crate::expr::{Bound, Scope};
use crate::extremes::BeforeLimit;
use crate::guard::GuardStep;
use crate::limits;
use crate::memory_error::in_node;
use crate::plan::{Expr, Node, Plan, SetOperation, SubqueryUse};
use crate::query::Query;
use crate::row_set::RowSet;
use crate::rows::{Numbers, Rows, Typed};
use crate::table::Shelf;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;
use types::codes::INCORRECT_RESULT_OF_SCALAR_SUBQUERY;
use types::{Batch, Column, Data, Error, Reservation, Result, Type};

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
    /// the groups that a sort wants of the aggregation whose place this is
    leading: RefCell<Option<(usize, Leading)>>,
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
            leading: RefCell::default(),
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
                    INCORRECT_RESULT_OF_SCALAR_SUBQUERY,
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
            Node::Scan { .. } => self.rows_of_scan(node, needed),
            Node::One => Ok(sources::one()),
            Node::Numbers { start, count, step, block } => {
                let numbers = Numbers::new(*start, *count, *step, *block, &self.query.session);
                let rows = Rows::source(numbers, false);
                Ok(Output::plain(Typed { rows, types: vec![Type::UInt64] }))
            }
            Node::Values { columns, rows } => sources::values(columns, rows),
            Node::Format { format, data, hex, columns } => {
                sources::decoded(format, &sources::written(data, *hex)?, columns, self.query)
            }
            Node::Files { .. } => self.files(node, needed),
            Node::Batch { batch, columns } => self.batch(*batch, columns),
            Node::Subquery { subquery } => self.subquery_rows(*subquery),
            Node::Working { table } => self.working_rows(*table),
            Node::Recursive { table, first, step, steps_max, distinct } => {
                let limits = crate::recursive::Limits { steps: *steps_max, distinct: *distinct };
                let first = self.run(first, None)?;
                crate::recursive::run(first, limits, self.query, &mut |rows, types| {
                    self.working.borrow_mut().insert(*table, (rows, types));
                    self.run(step, None)
                })
            }
            Node::Filter { input, predicate } => self.filter(input, predicate, needed),
            Node::Project { input, exprs } => self.project(input, exprs, needed),
            Node::Aggregate { .. } => self.aggregate(node, None),
            Node::Sort { .. } => self.sort(node, needed),
            Node::Limit { .. } => self.limit(node, needed),
            Node::LimitBy { input, keys, limit, offset } => self.limit_by(input, keys, *limit, *offset),
            Node::Guard { input, rows, bytes, cut, whole, code, what } => {
                let input = self.run(input, needed)?;
                let step = GuardStep::new(*rows, *bytes, (!cut).then(|| (*code, what.clone())), *whole);
                Ok(Output { rows: input.rows.then(Arc::new(step)), ..input })
            }
            Node::Distinct { input, keys, limit } => self.distinct_rows(input, keys.as_deref(), *limit),
            Node::Union { inputs } => self.union(inputs, needed),
            Node::SetOperation { left, right, operation, all } => {
                self.set_operation(left, right, *operation == SetOperation::Intersect, *all)
            }
            Node::Join { .. } => self.join(node, needed),
            Node::ArrayJoin { input, arrays, left } => self.array_join(input, arrays, *left),
            Node::Window { input, partition, order, calls } => self.window(input, partition, order, calls),
            Node::Fill { input, keys, interpolate, prefix } => self.fill(input, keys, interpolate, prefix),
        }
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
