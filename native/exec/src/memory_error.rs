//! "Memory limit exceeded" with the operator that met it, and what would let it go on.

use crate::plan::Node;
use crate::query::Query;
use crate::spill::Operator;
use types::Error;
use types::codes::MEMORY_LIMIT_EXCEEDED;

const WHILE: &str = ". While ";

fn named(e: Error, doing: &str) -> Error {
    if e.code() != MEMORY_LIMIT_EXCEEDED || e.message().contains(WHILE) {
        return e;
    }
    let message = format!("{}{WHILE}{doing}", e.message());
    match e.detail() {
        Some(detail) => Error::new(e.code(), message).with_detail(detail),
        None => Error::new(e.code(), message),
    }
}

/// The innermost operator that fails names itself.
pub fn in_node(e: Error, node: &Node, query: &Query) -> Error {
    let hint = |what: &str, operator: Operator, setting: &str| match query.spill_at(operator) {
        Some(_) => what.to_string(),
        None => format!("{what}, which goes on in files if max_bytes_before_external_{setting} is set"),
    };
    let doing = match node {
        Node::Aggregate { .. } => hint("grouping (GROUP BY)", Operator::GroupBy, "group_by"),
        Node::Distinct { .. } => hint("looking for distinct rows (DISTINCT)", Operator::GroupBy, "group_by"),
        Node::Sort { .. } => hint("sorting (ORDER BY)", Operator::Sort, "sort"),
        Node::Window { .. } => hint("computing windows (OVER)", Operator::Sort, "sort"),
        Node::Join { .. } => hint("building the right side of a join", Operator::Join, "join"),
        Node::SetOperation { .. } => "comparing rows (INTERSECT, EXCEPT)".to_string(),
        Node::Fill { .. } => "filling gaps (WITH FILL)".to_string(),
        Node::Recursive { .. } => "computing a recursive table".to_string(),
        _ => return e,
    };
    named(e, &doing)
}

/// Rows on their way to where the query ends.
pub fn at_the_end(e: Error) -> Error {
    named(e, "computing rows of the result")
}
