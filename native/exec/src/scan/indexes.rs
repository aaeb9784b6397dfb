//! Conditions that skip indexes over expressions can answer.
//!
//! An index is known in a segment by its name and, where it is over an expression, by a mark of what it was
//! computed from: an index that was dropped and made again over something else is another one.

use super::texts::on_text;
use crate::expr::{Bound, Scope};
use crate::plan::{Expr, SkipIndex, TableColumn};
use crate::predicate::on_value;
use crate::query::Query;
use crate::table::TableSnapshot;
use serde_json::Value;
use storage::{Ask, Pred, Segment};
use types::{Result, Type};

/// Between an index's name and the mark of its expression.
const MARK: char = '\u{1}';

/// The name of an index in segments.
pub fn stored_name(index: &SkipIndex, columns: &[TableColumn]) -> String {
    if matches!(index.expr, Expr::Column { .. }) {
        return index.name.clone();
    }
    let mut tree = serde_json::to_value(&index.expr).unwrap_or_default();
    name_columns(&mut tree, columns);
    format!("{}{MARK}{:016x}", index.name, files::checksum(tree.to_string().as_bytes()))
}

/// Columns by the names that stay theirs when others come and go.
fn name_columns(tree: &mut Value, columns: &[TableColumn]) {
    match tree {
        Value::Array(items) => items.iter_mut().for_each(|v| name_columns(v, columns)),
        Value::Object(members) => {
            for (key, v) in members {
                match v.as_u64().filter(|_| key == "col").and_then(|i| columns.get(i as usize)) {
                    Some(c) => *v = format!("{} {}", c.stored_name(), c.ty).into(),
                    None => name_columns(v, columns),
                }
            }
        }
        _ => {}
    }
}

/// An index as users know it.
pub fn shown_name(stored: &str) -> &str {
    stored.split(MARK).next().unwrap_or(stored)
}

/// Something that an index may say of blocks.
pub struct Question {
    subject: Subject,
    pub what: What,
}

#[derive(Clone)]
pub enum What {
    Value(Pred),
    Text(Ask),
}

enum Subject {
    /// a column of the scan, or the elements of an array
    Column(usize),
    /// an index by its name in segments, and the type of its values
    Expression(String, Type),
}

/// What the conditions of a scan over `columns` ask indexes, beside comparisons of columns.
pub fn questions(
    conditions: &[Bound],
    table: &TableSnapshot,
    columns: &[usize],
    query: &Query,
) -> Result<Vec<Question>> {
    let mut out = Vec::new();
    for c in conditions {
        if let Some((column, pred)) = has_element(c) {
            out.push(Question { subject: Subject::Column(column), what: What::Value(pred) });
        }
        if let Some((Bound::Column(i, _), ask)) = on_text(c) {
            out.push(Question { subject: Subject::Column(*i), what: What::Text(ask) });
        }
    }
    let Some(indexes) = table.indexes.as_ref().filter(|i| i.timezone == *query.session.timezone.name())
    else {
        return Ok(out);
    };
    let values = conditions.iter().filter_map(|c| on_value(c, query)).map(|(v, p)| (v, What::Value(p)));
    let texts = conditions.iter().filter_map(on_text).map(|(v, a)| (v, What::Text(a)));
    let found: Vec<(&Bound, What)> = values.chain(texts).collect();
    if found.iter().all(|(v, _)| matches!(v, Bound::Column(..))) {
        return Ok(out);
    }
    let types: Vec<Type> = table.columns.iter().map(|c| c.ty.clone()).collect();
    let scope = Scope { columns: &types, query, scalars: &[], sets: &[] };
    for (name, expr) in &indexes.list {
        // an expression that does not fit the table any more answers nothing
        let Ok(bound) = Bound::bind(expr, &scope) else { continue };
        let mut used = Vec::new();
        bound.columns(&mut used);
        if !bound.deterministic() || used.iter().any(|c| !columns.contains(c)) {
            continue;
        }
        let placed = bound.remap(&|c| columns.iter().position(|x| *x == c).unwrap_or(0));
        for (value, what) in &found {
            if placed.same(value) {
                let subject = Subject::Expression(name.clone(), placed.ty().clone());
                out.push(Question { subject, what: what.clone() });
            }
        }
    }
    Ok(out)
}

/// `has(column, constant)`
fn has_element(b: &Bound) -> Option<(usize, Pred)> {
    let Bound::Call(c) = b else { return None };
    let [Bound::Column(i, Type::Array(element)), Bound::Const(v, ty)] = c.args.as_slice() else {
        return None;
    };
    let same = ty.base() == element.base() || (ty.base().is_integer() && element.base().is_integer());
    (c.name == "has" && same && !v.is_null(0)).then(|| (*i, Pred::Eq(v.flat().scalar(0))))
}

/// The segment's indexes that can answer the question: number and name for users.
pub fn answering(q: &Question, segment: &Segment, columns: &[Option<usize>]) -> Vec<(usize, String)> {
    let of = |(i, (name, kind, column)): (usize, (&str, &'static str, Option<usize>))| {
        let fits = match &q.subject {
            Subject::Column(c) => column.is_some() && columns[*c] == column,
            Subject::Expression(stored, ty) => {
                column.is_none() && name == stored && segment.index_type(i) == Some(ty)
            }
        };
        let is_text = matches!(q.what, What::Text(_));
        let able = is_text == segment.text_index(i).is_some();
        (fits && able).then(|| (i, format!("{kind} {}", shown_name(name))))
    };
    segment.indexes().enumerate().filter_map(of).collect()
}
