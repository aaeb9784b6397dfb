//! Which blocks of a segment a scan has to read, and what is left to ask of their rows.
//!
//! In the order of what asking costs: statistics of the compared columns, skip indexes, dictionaries (a
//! condition over one string column becomes a set of codes, which statistics know too), bounds of what
//! conditions compute, the sort key.

use super::indexes::{Question, What, answering, questions, shown_name};
use super::{Morsel, Prepared, Scan, bounds};
use crate::expr::Bound;
use crate::paths::Path;
use crate::predicate::{by_dictionary, direct};
use crate::query::Query;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use storage::{Pred, Segment};
use types::{Bitmap, Result, Type};

/// Blocks of one segment that are still in question; counts those that are not, by reason.
struct Blocks<'q> {
    left: Vec<usize>,
    query: &'q Query,
}

impl Blocks<'_> {
    fn keep(&mut self, why: impl Fn() -> String, mut may: impl FnMut(usize) -> Result<bool>) -> Result<()> {
        let before = self.left.len();
        let mut kept = Vec::with_capacity(before);
        for &b in &self.left {
            if may(b)? {
                kept.push(b);
            }
        }
        self.left = kept;
        if let Some(a) = self.query.analysis.get() {
            a.pruned(why, (before - self.left.len()) as u64);
        }
        Ok(())
    }
}

impl Scan {
    /// What the conditions ask of indexes beside comparisons; the same for all segments.
    pub(super) fn questions(&self, query: &Query) -> Result<Vec<Question>> {
        if query.off.has(Path::SkipIndexes) {
            return Ok(Vec::new());
        }
        questions(&self.conditions, &self.table, &self.columns, query)
    }

    pub(super) fn add_segment(
        &mut self,
        segment: Arc<Segment>,
        number: usize,
        questions: &[Question],
        query: &Arc<Query>,
    ) -> Result<()> {
        let total = segment.block_count();
        let before = self.morsels.len();
        self.add_blocks(segment, number, questions, query)?;
        let kept = self.morsels.len() - before;
        let progress = &query.progress;
        progress.segments.fetch_add(1, Ordering::Relaxed);
        progress.segments_pruned.fetch_add(u64::from(kept == 0), Ordering::Relaxed);
        progress.blocks.fetch_add(total as u64, Ordering::Relaxed);
        progress.blocks_pruned.fetch_add((total - kept) as u64, Ordering::Relaxed);
        Ok(())
    }

    fn add_blocks(
        &mut self,
        segment: Arc<Segment>,
        number: usize,
        questions: &[Question],
        query: &Arc<Query>,
    ) -> Result<()> {
        let columns: Vec<Option<usize>> =
            self.columns.iter().map(|&c| segment.column(&self.table.columns[c].stored)).collect();
        let same_type = |i: usize| columns[i].is_some_and(|c| segment.column_type(c) == &self.types[i]);
        let mut predicates = Vec::new();
        let mut rest = Vec::new();
        for c in &self.conditions {
            match direct(c, query) {
                Some((_, Pred::Never)) => return Ok(()),
                Some((i, pred)) if same_type(i) => predicates.push((i, pred)),
                _ => rest.push(c.clone()),
            }
        }
        let mut blocks = Blocks { left: (0..segment.block_count()).collect(), query };
        let mut candidates = None;
        self.by_statistics(&segment, &columns, &predicates, &mut blocks)?;
        if !query.off.has(Path::SkipIndexes) {
            self.by_indexes(&segment, &columns, &predicates, questions, &mut blocks)?;
            candidates = by_texts(&segment, &columns, questions, &mut blocks)?;
        }
        if blocks.left.is_empty() {
            return Ok(());
        }
        if query.off.has(Path::EncodedFilters) {
            predicates.clear();
            rest.clone_from(&self.conditions);
        } else {
            let selected: usize = blocks.left.iter().map(|&b| segment.block_rows(b)).sum();
            let mut left = Vec::new();
            let mut by_codes = Vec::new();
            for c in rest {
                let mut used = Vec::new();
                c.columns(&mut used);
                let codes = match used.as_slice() {
                    [i] if c.deterministic() && same_type(*i) && self.types[*i].base() == &Type::String => {
                        match columns[*i].map(|col| segment.dict(col)).transpose()?.flatten() {
                            Some(dict) if dict.len() <= selected => {
                                by_dictionary(&c, &dict, *i, self.columns.len(), query)?.map(|m| (*i, m))
                            }
                            _ => None,
                        }
                    }
                    _ => None,
                };
                match codes {
                    Some((i, codes)) => by_codes.push((i, Pred::Codes(Arc::new(codes)))),
                    None => left.push(c),
                }
            }
            rest = left;
            self.by_statistics(&segment, &columns, &by_codes, &mut blocks)?;
            predicates.extend(by_codes);
        }
        self.by_bounds(&segment, &columns, &rest, &mut blocks)?;
        let seen = self.visible.as_ref().and_then(|v| v.segment(number)).cloned();
        let visible = both(seen, candidates);
        let mut starts = vec![0];
        for b in 0..segment.block_count() {
            starts.push(starts[b] + segment.block_rows(b));
        }
        let prepared = Prepared { segment, columns, predicates, rest, number, starts, visible };
        let at = self.segments.len();
        let mut ranges = vec![0..0; prepared.segment.block_count()];
        for &b in &blocks.left {
            ranges[b] = key_rows(&prepared, b, query)?;
        }
        blocks.keep(|| "sort key".to_string(), |b| Ok(!ranges[b].is_empty()))?;
        for block in blocks.left {
            let rows = ranges[block].clone();
            self.rows += rows.len() as u64;
            self.morsels.push(Morsel::Block { segment: at, block, rows });
        }
        self.segments.push(prepared);
        Ok(())
    }

    fn by_statistics(
        &self,
        segment: &Segment,
        columns: &[Option<usize>],
        predicates: &[(usize, Pred)],
        blocks: &mut Blocks<'_>,
    ) -> Result<()> {
        if blocks.query.off.has(Path::PruneBlocks) {
            return Ok(());
        }
        for (i, pred) in predicates {
            let Some(c) = columns[*i] else { continue };
            let why = || {
                let what = if matches!(pred, Pred::Codes(_)) { "dictionary" } else { "statistics" };
                format!("{what} of {}", self.table.columns[self.columns[*i]].name)
            };
            blocks.keep(why, |b| segment.may_match(c, b, pred))?;
        }
        Ok(())
    }

    /// Conditions that are no plain comparisons of columns.
    fn by_bounds(
        &self,
        segment: &Segment,
        columns: &[Option<usize>],
        conditions: &[Bound],
        blocks: &mut Blocks<'_>,
    ) -> Result<()> {
        if blocks.query.off.has(Path::ExpressionBounds) {
            return Ok(());
        }
        let same = |(c, ty): (&Option<usize>, &Type)| c.filter(|c| segment.column_type(*c) == ty);
        let columns: Vec<Option<usize>> = columns.iter().zip(&self.types).map(same).collect();
        for condition in conditions.iter().filter(|c| bounds::is_asked(c)) {
            let asked = blocks.left.clone();
            let (types, query) = (&self.types, blocks.query);
            let known = bounds::Blocks { segment, columns: &columns, types, blocks: &asked, query };
            let possible = known.possible(condition);
            let mut at = 0..asked.len();
            let why = || {
                let mut used = Vec::new();
                condition.columns(&mut used);
                let names: Vec<&str> =
                    used.iter().map(|i| self.table.columns[self.columns[*i]].name.as_str()).collect();
                format!("bounds of {}", names.join(", "))
            };
            blocks.keep(why, |_| Ok(at.next().is_some_and(|i| possible.get(i))))?;
        }
        Ok(())
    }

    fn by_indexes(
        &self,
        segment: &Segment,
        columns: &[Option<usize>],
        predicates: &[(usize, Pred)],
        questions: &[Question],
        blocks: &mut Blocks<'_>,
    ) -> Result<()> {
        for (i, pred) in predicates.iter().filter(|(_, p)| matches!(p, Pred::Eq(_) | Pred::In(_))) {
            for (number, (name, kind, column)) in segment.indexes().enumerate() {
                if column.is_some() && column == columns[*i] {
                    let why = || match shown_name(name) {
                        "" => format!("{kind} of {}", self.table.columns[self.columns[*i]].name),
                        name => format!("{kind} {name}"),
                    };
                    blocks.keep(why, |b| segment.index_may_match(number, b, pred))?;
                }
            }
        }
        for q in questions {
            let What::Value(pred) = &q.what else { continue };
            for (number, name) in answering(q, segment, columns) {
                blocks.keep(|| name.clone(), |b| segment.index_may_match(number, b, pred))?;
            }
        }
        Ok(())
    }
}

/// Blocks, and rows where the index knows them, that have the tokens a condition needs.
fn by_texts(
    segment: &Segment,
    columns: &[Option<usize>],
    questions: &[Question],
    blocks: &mut Blocks<'_>,
) -> Result<Option<Bitmap>> {
    let mut candidates: Option<Bitmap> = None;
    for q in questions {
        let What::Text(ask) = &q.what else { continue };
        for (number, name) in answering(q, segment, columns) {
            let Some(index) = segment.text_index(number) else { continue };
            let need = ask.need(index.tokenizer());
            blocks.keep(|| name.clone(), |b| index.may_match(b, &need))?;
            let Some(rows) = index.rows(&need)? else { continue };
            blocks.keep(
                || name.clone(),
                |b| Ok(rows.slice(b * segment.block_rows(0), segment.block_rows(b)).any()),
            )?;
            match &mut candidates {
                Some(c) => c.and_with(&rows),
                None => candidates = Some(rows),
            }
        }
    }
    Ok(candidates)
}

fn both(seen: Option<Arc<Bitmap>>, candidates: Option<Bitmap>) -> Option<Arc<Bitmap>> {
    match (seen, candidates) {
        (seen, None) => seen,
        (None, Some(rows)) => Some(Arc::new(rows)),
        (Some(seen), Some(mut rows)) => {
            rows.and_with(&seen);
            Some(Arc::new(rows))
        }
    }
}

/// Rows of a block that the sort key leaves in question.
fn key_rows(p: &Prepared, block: usize, query: &Query) -> Result<Range<usize>> {
    let of_column = |c: &usize| p.predicates.iter().find(|(i, _)| p.columns[*i] == Some(*c));
    let key: Vec<(usize, Pred)> = p
        .segment
        .sort_columns()
        .iter()
        .enumerate()
        .map_while(|(k, c)| of_column(c).map(|(_, pred)| (k, pred.clone())))
        .collect();
    if key.is_empty() || query.off.has(Path::KeySearch) {
        return Ok(0..p.segment.block_rows(block));
    }
    p.segment.key_rows(block, &key)
}
