//! CoalescingMergeTree: of each column the last value that is not NULL stays, so that parts of a row
//! may come one after the other.

use super::aggregating::Merged;
use super::{Maker, groups};
use types::{Column, Result, Type};

pub fn makers(names: &[&str], types: &[Type], in_key: &[usize], columns: &[String]) -> Result<Vec<Maker>> {
    let maker = |(i, ty): (usize, &Type)| {
        if in_key.contains(&i) {
            return Ok(Maker::First);
        }
        if let Some(f) = Merged::of(ty)? {
            return Ok(Maker::Aggregate(f));
        }
        let chosen = columns.is_empty() || columns.iter().any(|c| c == names[i]);
        Ok(if chosen { Maker::LastNotNull } else { Maker::First })
    };
    types.iter().enumerate().map(maker).collect()
}

pub fn last_not_null(c: &Column, starts: &[u32]) -> Column {
    let last = |(from, to): (usize, usize)| {
        let row = (from..to).rev().find(|r| !c.is_null(*r)).unwrap_or(to - 1);
        row as u32
    };
    c.gather(&groups(starts, c.len()).map(last).collect::<Vec<_>>())
}
