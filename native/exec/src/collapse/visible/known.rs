//! What FINAL showed of the version before, so that the next one costs what is new in it.
//!
//! The largest segment of a table remembers the last answer. A later version finds the sources (segments, batches
//! in memory) that came and went since: only keys of rows that came, and of rows in whose place a row stood that
//! went, have to be judged again. Where nothing is remembered, segments that share no keys with each other
//! show what they show alone, and the rest counts as new.

use super::bounds::apart;
use super::{Mode, Shown, Work};
use crate::table::SegmentSlot;
use std::sync::{Arc, Weak};
use types::{Batch, Result};

/// What is to be judged is at most this part of all rows; merging all of them costs about that much.
const PART: usize = 4;
/// Rows that do not show are remembered up to this part of all rows and so many more.
const LOSERS_PART: usize = 8;
const LOSERS_MIN: usize = 1 << 16;

/// The answer for one version.
pub struct Known {
    shape: String,
    sources: Vec<Origin>,
    shown: Shown,
}

/// Where rows come from. What it names stays the same for ever.
enum Origin {
    Segment(Weak<SegmentSlot>, Option<String>),
    Memory(Weak<Batch>),
}

impl Origin {
    fn same(&self, other: &Origin) -> bool {
        match (self, other) {
            (Origin::Segment(a, x), Origin::Segment(b, y)) => a.ptr_eq(b) && x == y,
            (Origin::Memory(a), Origin::Memory(b)) => a.ptr_eq(b),
            _ => false,
        }
    }
}

/// What holds already, and what has to be judged.
struct Start {
    shown: Shown,
    /// sources of which nothing is known
    added: Vec<usize>,
    /// rows of other sources that stood behind a row that is gone
    lost: Vec<(usize, Vec<u32>)>,
}

impl Work<'_> {
    /// What FINAL shows of an engine that keeps rows as they are.
    pub(super) fn shown_since(&self) -> Result<Shown> {
        let by = usize::from(self.by_partition);
        let largest = self.table.segments.iter().max_by_key(|s| s.rows);
        let before = largest.and_then(|s| s.known[by].lock().clone());
        let shown = match before.and_then(|k| k.start(self)) {
            Some(start) if self.is_little(&start) => self.judged(start, Mode::Final)?,
            _ => self.shown(Mode::Final)?,
        };
        if let Some(segment) = largest {
            let known = Known { shape: self.shape(), sources: self.origins(), shown: shown.clone() };
            *segment.known[by].lock() = Some(Arc::new(known));
        }
        Ok(shown)
    }

    /// What the engine's rule leaves, without an answer for another version.
    pub(super) fn shown(&self, mode: Mode) -> Result<Shown> {
        let whole = |mode| match mode {
            Mode::Final => self.merged(&self.crowded()?, mode),
            _ => self.merged(&vec![true; self.table.segments.len()], mode),
        };
        if !self.searchable() {
            return whole(mode);
        }
        let alone = self.apart_from_each_other()?;
        let mut start = self.beginning(&alone, mode)?;
        if alone.is_empty() || !self.is_little(&start) {
            return whole(mode);
        }
        for i in alone {
            if self.table.marks[i].level == 0 || !self.rule.merged_is_final() {
                self.alone(i, mode, &mut start.shown)?;
            }
        }
        self.judged(start, mode)
    }

    fn judged(&self, mut start: Start, mode: Mode) -> Result<Shown> {
        self.judge_again(&mut start.shown, &start.added, &start.lost, mode)?;
        Ok(start.shown)
    }

    fn is_little(&self, start: &Start) -> bool {
        let added = start.added.iter().map(|n| self.rows_of(*n)).sum::<usize>();
        let lost = start.lost.iter().map(|l| l.1.len()).sum::<usize>();
        (added + lost) * PART <= self.rows()
    }

    /// Whether it is worth while to know which rows stand in the place of others.
    pub(super) fn remembers(&self, mode: Mode) -> bool {
        mode == Mode::Final && self.rule.replaces()
    }

    /// Rows that do not show are remembered up to a part of all rows.
    pub(super) fn too_many(&self, losers: &[Vec<(u32, u32)>]) -> bool {
        losers.iter().map(Vec::len).sum::<usize>() > self.rows() / LOSERS_PART + LOSERS_MIN
    }

    fn rows(&self) -> usize {
        (0..self.sources()).map(|n| self.rows_of(n)).sum()
    }

    fn shape(&self) -> String {
        format!("{:?}", self.table.rule)
    }

    fn origins(&self) -> Vec<Origin> {
        let segments = self.table.segments.iter().zip(&self.table.marks).map(|(slot, mark)| {
            let deleted = mark.deleted.as_ref().map(|d| d.file.clone());
            Origin::Segment(Arc::downgrade(slot), deleted)
        });
        let memory = self.table.memory.iter().flat_map(|(_, bs)| bs);
        segments.chain(memory.map(|b| Origin::Memory(Arc::downgrade(b)))).collect()
    }

    /// Large segments first: each that shares no keys with those that were taken.
    fn apart_from_each_other(&self) -> Result<Vec<usize>> {
        let bounds = self.segment_bounds()?;
        let mut by_size: Vec<usize> = (0..bounds.len()).collect();
        by_size.sort_by_key(|i| std::cmp::Reverse(self.rows_of(*i)));
        let mut taken: Vec<usize> = Vec::new();
        for i in by_size {
            let free = |j: &usize| match (&bounds[i], &bounds[*j]) {
                (Some(a), Some(b)) => !self.may_meet(i, *j) || apart(a, b),
                _ => false,
            };
            if taken.iter().all(free) {
                taken.push(i);
            }
        }
        Ok(taken)
    }

    /// All rows of some segments show; the other sources are new.
    fn beginning(&self, alone: &[usize], mode: Mode) -> Result<Start> {
        let shown = Shown {
            bits: self.left_by_deletes()?,
            losers: self.remembers(mode).then(|| vec![Vec::new(); self.sources()]),
        };
        let added = (0..self.sources()).filter(|n| !alone.contains(n)).collect();
        Ok(Start { shown, added, lost: Vec::new() })
    }

    /// What one segment shows without the others.
    fn alone(&self, i: usize, mode: Mode, shown: &mut Shown) -> Result<()> {
        if self.rule.keeps_single_rows() && self.has_distinct_keys(i)? {
            return Ok(());
        }
        let part = Arc::new(self.part(i));
        let own = Work { table: &part, ..*self }.merged(&[true], mode)?;
        shown.bits[i] = own.bits.into_iter().next().flatten();
        if let (Some(all), Some(own)) = (&mut shown.losers, own.losers) {
            all[i] = own.into_iter().flatten().map(|(row, _)| (row, i as u32)).collect();
        }
        Ok(())
    }
}

impl Known {
    /// None where this says nothing about the version: it has another shape, or rows went and nobody knows what
    /// stood behind them.
    fn start(&self, work: &Work<'_>) -> Option<Start> {
        if self.shape != work.shape() || !work.searchable() {
            return None;
        }
        let now = work.origins();
        let place = |o: &Origin| now.iter().position(|n| n.same(o));
        let places: Vec<Option<usize>> = self.sources.iter().map(place).collect();
        let stay: Vec<usize> = places.iter().flatten().copied().collect();
        // of equal rows the later source's wins: their order must be what it was
        if !stay.is_sorted() || (stay.len() < places.len() && self.shown.losers.is_none()) {
            return None;
        }
        let mut bits = work.left_by_deletes().ok()?;
        let mut losers = self.shown.losers.as_ref().map(|_| vec![Vec::new(); now.len()]);
        let mut lost = Vec::new();
        for (old, new) in places.iter().enumerate() {
            let Some(new) = *new else { continue };
            bits[new] = self.shown.bits[old].clone();
            let Some((to, from)) = losers.as_mut().zip(self.shown.losers.as_ref()) else { continue };
            let mut open = Vec::new();
            for (row, winner) in &from[old] {
                match places[*winner as usize] {
                    Some(w) => to[new].push((*row, w as u32)),
                    None => open.push(*row),
                }
            }
            if !open.is_empty() {
                open.sort_unstable();
                open.dedup();
                lost.push((new, open));
            }
        }
        let added = (0..now.len()).filter(|n| !stay.contains(n)).collect();
        Some(Start { shown: Shown { bits, losers }, added, lost })
    }
}
