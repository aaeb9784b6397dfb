//! The types of a node's columns without running it.

use super::Runner;
use super::sources::types_of;
use crate::aggregate::{Grouping, Options};
use crate::join;
use crate::plan::Node;
use crate::scan::Scan;
use crate::table::missing_table;
use types::{Result, Type};

impl Runner<'_> {
    /// None: only a run tells.
    pub(super) fn types_before(&self, node: &Node) -> Result<Option<Vec<Type>>> {
        let at = std::ptr::from_ref(node) as usize;
        if let Some(known) = self.types.borrow().get(&at) {
            return Ok(known.clone());
        }
        let found = self.find_types(node)?;
        self.types.borrow_mut().insert(at, found.clone());
        Ok(found)
    }

    fn find_types(&self, node: &Node) -> Result<Option<Vec<Type>>> {
        Ok(match node {
            Node::Scan { table, columns, .. } => {
                let snapshot = self.query.tables.get(table).ok_or_else(|| missing_table(*table))?;
                Some(Scan::types_of(snapshot, columns)?)
            }
            Node::One => Some(Vec::new()),
            Node::Numbers { .. } => Some(vec![Type::UInt64]),
            Node::Values { columns, .. } | Node::Format { columns, .. } | Node::Batch { columns, .. } => {
                Some(types_of(columns)?)
            }
            Node::Files { columns, virtuals, .. } => {
                Some(types_of(columns)?.into_iter().chain(types_of(virtuals)?).collect())
            }
            Node::Subquery { subquery } => {
                self.tables.get(*subquery).and_then(Option::as_ref).map(|(_, types)| types.clone())
            }
            Node::Working { table } => self.working.borrow().get(table).map(|(_, types)| types.clone()),
            Node::Recursive { first, .. } => self.types_before(first)?,
            Node::Filter { input, .. }
            | Node::Sort { input, .. }
            | Node::Limit { input, .. }
            | Node::LimitBy { input, .. }
            | Node::Guard { input, .. }
            | Node::Distinct { input, .. }
            | Node::Fill { input, .. } => self.types_before(input)?,
            Node::Project { input, exprs } => match self.types_before(input)? {
                Some(input) => Some(self.bind_all(exprs, &input)?.iter().map(|b| b.ty().clone()).collect()),
                None => None,
            },
            Node::Aggregate {
                input, keys, aggregates, sets, totals, any_groups, empty_if_no_rows, ..
            } => {
                let Some(input) = self.types_before(input)? else { return Ok(None) };
                let options = Options {
                    sets: sets.clone(),
                    totals: *totals,
                    any_groups: *any_groups,
                    empty_if_no_rows: *empty_if_no_rows,
                    ..Options::default()
                };
                let scope = self.scope(&input);
                Some(Grouping::bind(keys, aggregates, &options, &scope, &|_| None)?.output_types())
            }
            Node::Union { inputs } => match inputs.first() {
                Some(first) => self.types_before(first)?,
                None => None,
            },
            Node::SetOperation { left, .. } => self.types_before(left)?,
            Node::Join { left, right, join, use_nulls, .. } => {
                match (self.types_before(left)?, self.types_before(right)?) {
                    (Some(l), Some(r)) => Some(join::output_types(*join, *use_nulls, &l, &r)),
                    _ => None,
                }
            }
            Node::Window { .. } | Node::ArrayJoin { .. } => None,
        })
    }
}
