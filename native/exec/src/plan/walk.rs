//! The shape of a plan: a node's kind and inputs, and the handles it refers to.

use super::{Node, Plan};

impl Node {
    /// The nodes whose rows this one reads, in order.
    pub fn inputs(&self) -> Vec<&Node> {
        match self {
            Node::Scan { .. }
            | Node::Batch { .. }
            | Node::One
            | Node::Numbers { .. }
            | Node::Values { .. }
            | Node::Format { .. }
            | Node::Files { .. }
            | Node::Subquery { .. }
            | Node::Working { .. } => Vec::new(),
            Node::Filter { input, .. }
            | Node::Project { input, .. }
            | Node::Aggregate { input, .. }
            | Node::Sort { input, .. }
            | Node::Limit { input, .. }
            | Node::LimitBy { input, .. }
            | Node::Guard { input, .. }
            | Node::Distinct { input, .. }
            | Node::Window { input, .. }
            | Node::ArrayJoin { input, .. }
            | Node::Fill { input, .. } => vec![input],
            Node::Union { inputs } => inputs.iter().collect(),
            Node::Recursive { first, step, .. } => vec![first, step],
            Node::SetOperation { left, right, .. } | Node::Join { left, right, .. } => vec![left, right],
        }
    }

    /// The `kind` of its JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Node::Scan { .. } => "scan",
            Node::Batch { .. } => "batch",
            Node::One => "one",
            Node::Numbers { .. } => "numbers",
            Node::Values { .. } => "values",
            Node::Format { .. } => "format",
            Node::Files { .. } => "files",
            Node::Subquery { .. } => "subquery",
            Node::Working { .. } => "working",
            Node::Filter { .. } => "filter",
            Node::Project { .. } => "project",
            Node::Aggregate { .. } => "aggregate",
            Node::Sort { .. } => "sort",
            Node::Limit { .. } => "limit",
            Node::LimitBy { .. } => "limitBy",
            Node::Guard { .. } => "guard",
            Node::Distinct { .. } => "distinct",
            Node::Window { .. } => "window",
            Node::ArrayJoin { .. } => "arrayJoin",
            Node::Fill { .. } => "fill",
            Node::Union { .. } => "union",
            Node::Recursive { .. } => "recursive",
            Node::SetOperation { .. } => "setOperation",
            Node::Join { .. } => "join",
        }
    }
}

/// Handles of tables (true) and batches (false) that a plan refers to.
pub fn handles(plan: &Plan, out: &mut Vec<(bool, u32)>) {
    plan.subqueries.iter().for_each(|s| node_handles(&s.plan, out));
    node_handles(&plan.root, out);
}

fn node_handles(node: &Node, out: &mut Vec<(bool, u32)>) {
    match node {
        Node::Scan { table, .. } => out.push((true, *table)),
        Node::Batch { batch, .. } => out.push((false, *batch)),
        _ => node.inputs().into_iter().for_each(|n| node_handles(n, out)),
    }
}
