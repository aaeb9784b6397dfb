//! Any aggregate over frames.
//!
//! - Frames that are whole partitions: one state a partition, one pass.
//! - Frames that start with the partition: one state that grows; a result per distinct end.
//! - Others: a run of frames at a time. The rows that all of the run have in common go into one
//!   state once, which is merged into each frame's state between its rows before and behind.

use super::frames::Frames;
use super::{Growth, Rowset};
use aggregates::{Aggregate, Groups, States};
use types::{Column, ColumnBuilder, Result};

/// Frames of one run.
const RUN: usize = 64;
/// A run whose frames hold so many rows together is complete.
const RUN_ROWS: usize = 65_536;
/// Common rows worth a state of their own.
const SHARED_MIN: usize = 32;
/// Groups of one `States`; then fresh ones are taken.
const GROUPS: usize = 4_096;

pub fn column(a: &dyn Aggregate, args: &[Column], frames: &Frames, rows: &Rowset<'_>) -> Result<Column> {
    if frames.from_first && frames.to_last {
        whole(a, args, rows)
    } else if frames.from_first {
        growing(a, args, frames, rows)
    } else {
        moving(a, args, frames, rows)
    }
}

fn sliced(args: &[Column], from: usize, to: usize) -> Vec<Column> {
    args.iter().map(|c| c.slice(from, to - from)).collect()
}

fn whole(a: &dyn Aggregate, args: &[Column], rows: &Rowset<'_>) -> Result<Column> {
    let n = rows.batch.rows;
    let _held = rows.query.memory.reserve(n as u64 * 4)?;
    let mut growth = Growth::new(rows.query);
    let mut group = Vec::with_capacity(n);
    for (g, &(s, e)) in rows.partitions.iter().enumerate() {
        group.resize(group.len() + (e - s) as usize, g as u32);
    }
    let mut states = a.states();
    states.resize(rows.partitions.len());
    for from in (0..n).step_by(RUN_ROWS) {
        rows.query.cancel.check()?;
        let to = n.min(from + RUN_ROWS);
        growth.now(states.planned_bytes(to - from))?;
        if rows.partitions.len() == 1 {
            states.update(Groups::One(0), &sliced(args, from, to), to - from)?;
        } else {
            states.update(Groups::Each(&group[from..to]), &sliced(args, from, to), to - from)?;
        }
    }
    let results = states.finish(0..rows.partitions.len())?;
    if rows.partitions.len() == 1 && n > 0 {
        return Ok(Column::constant(results.flat(), n));
    }
    growth.now(states.bytes() + results.bytes() * (n / results.len().max(1)))?;
    Ok(results.flat().gather(&group))
}

fn growing(a: &dyn Aggregate, args: &[Column], frames: &Frames, rows: &Rowset<'_>) -> Result<Column> {
    let n = rows.batch.rows;
    let _held = rows.query.memory.reserve(n as u64 * 4)?;
    let mut growth = Growth::new(rows.query);
    let mut results = ColumnBuilder::new(a.ty());
    let mut of_row = Vec::with_capacity(n);
    let mut states: Box<dyn States> = a.states();
    let mut steps = 0u32;
    for &(s, e) in &rows.partitions {
        if states.len() >= GROUPS {
            states = a.states();
        }
        let group = states.len();
        states.resize(group + 1);
        let (mut at, mut known) = (s, false);
        for i in s as usize..e as usize {
            let end = frames.end[i].max(at);
            if end > at || !known {
                if end > at {
                    states.update(
                        Groups::One(group as u32),
                        &sliced(args, at as usize, end as usize),
                        (end - at) as usize,
                    )?;
                }
                at = end;
                known = true;
                results.append_column(&states.finish(group..group + 1)?);
                steps += 1;
                if steps % 256 == 0 {
                    rows.query.cancel.check()?;
                    growth.now(results.bytes() * 2 + states.bytes())?;
                }
            }
            of_row.push(results.len() as u32 - 1);
        }
    }
    spread(results, &of_row, rows, growth)
}

/// Results per distinct frame to results per row.
fn spread(results: ColumnBuilder, of_row: &[u32], rows: &Rowset<'_>, mut growth: Growth) -> Result<Column> {
    let distinct = results.len();
    let results = results.finish();
    if distinct == of_row.len() {
        return Ok(results);
    }
    rows.query.cancel.check()?;
    // peers repeat their result: bytes grow with rows
    growth.now(results.bytes() + results.bytes() / distinct.max(1) * of_row.len())?;
    Ok(results.gather(of_row))
}

fn moving(a: &dyn Aggregate, args: &[Column], frames: &Frames, rows: &Rowset<'_>) -> Result<Column> {
    let n = rows.batch.rows;
    let _held = rows.query.memory.reserve(n as u64 * 4 + (RUN_ROWS * 16) as u64)?;
    let mut growth = Growth::new(rows.query);
    let mut results = ColumnBuilder::new(a.ty());
    let mut of_row: Vec<u32> = Vec::with_capacity(n);
    let mut run = Run::default();
    for &(s, e) in &rows.partitions {
        for i in s..e {
            let (from, to) = (frames.start[i as usize], frames.end[i as usize]);
            let frame = if from < to { (from, to) } else { (s, s) };
            let same = run.frames.last() == Some(&frame);
            if !same {
                if run.complete(frame) {
                    run.finish(a, args, rows, &mut results, &mut growth)?;
                }
                run.add(frame);
            }
            of_row.push((results.len() + run.frames.len()) as u32 - 1);
        }
    }
    run.finish(a, args, rows, &mut results, &mut growth)?;
    spread(results, &of_row, rows, growth)
}

/// Consecutive frames that are computed together.
#[derive(Default)]
struct Run {
    frames: Vec<(u32, u32)>,
    /// rows of all frames together, and those common to all
    rows: usize,
    shared: (u32, u32),
}

impl Run {
    fn shared_with(&self, frame: (u32, u32)) -> (u32, u32) {
        if self.frames.is_empty() {
            return frame;
        }
        let (s, e) = (self.shared.0.max(frame.0), self.shared.1.min(frame.1));
        (s, e.max(s))
    }
    /// Is it better to start a new run with this frame?
    fn complete(&self, frame: (u32, u32)) -> bool {
        if self.frames.is_empty() {
            return false;
        }
        let len = |x: (u32, u32)| (x.1 - x.0) as usize;
        let (now, then) = (len(self.shared), len(self.shared_with(frame)));
        let sharing = now >= SHARED_MIN;
        if sharing {
            return self.frames.len() >= RUN || then < SHARED_MIN || then * 2 < len(frame);
        }
        self.rows + len(frame) > RUN_ROWS || self.frames.len() >= GROUPS
    }
    fn add(&mut self, frame: (u32, u32)) {
        self.shared = self.shared_with(frame);
        self.rows += (frame.1 - frame.0) as usize;
        self.frames.push(frame);
    }

    fn finish(
        &mut self,
        a: &dyn Aggregate,
        args: &[Column],
        rows: &Rowset<'_>,
        results: &mut ColumnBuilder,
        growth: &mut Growth,
    ) -> Result<()> {
        let run = std::mem::take(self);
        let n = run.frames.len();
        if n == 0 {
            return Ok(());
        }
        rows.query.cancel.check()?;
        let mut states = a.states();
        states.resize(n);
        let (from, to) = run.shared;
        let base = results.bytes() * 2;
        if n > 1 && (to - from) as usize >= SHARED_MIN {
            add_rows(states.as_mut(), args, run.frames.iter().map(|f| (f.0, from)), base, growth)?;
            let mut common = a.states();
            common.resize(1);
            for at in (from as usize..to as usize).step_by(RUN_ROWS) {
                rows.query.cancel.check()?;
                let end = (to as usize).min(at + RUN_ROWS);
                growth.now(base + common.planned_bytes(end - at))?;
                common.update(Groups::One(0), &sliced(args, at, end), end - at)?;
            }
            growth.now(base + common.bytes() * 2 + states.bytes())?;
            for g in 0..n as u32 {
                states.merge(common.as_ref(), &[0], &[g])?;
                if g % 8 == 7 {
                    rows.query.cancel.check()?;
                    growth.now(base + common.bytes() * 2 + states.bytes())?;
                }
            }
            add_rows(states.as_mut(), args, run.frames.iter().map(|f| (to, f.1)), base, growth)?;
        } else {
            add_rows(states.as_mut(), args, run.frames.iter().copied(), base, growth)?;
        }
        results.append_column(&states.finish(0..n)?);
        growth.now(results.bytes() * 2 + states.bytes())
    }
}

/// Adds rows `from..to` of pair g to group g, for all pairs in few updates.
fn add_rows(
    states: &mut dyn States,
    args: &[Column],
    pairs: impl Iterator<Item = (u32, u32)>,
    base: usize,
    growth: &mut Growth,
) -> Result<()> {
    let (mut index, mut group): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
    let mut flush = |index: &mut Vec<u32>, group: &mut Vec<u32>| -> Result<()> {
        if index.is_empty() {
            return Ok(());
        }
        growth.now(base + states.planned_bytes(index.len()))?;
        let gathered: Vec<Column> = args.iter().map(|c| c.gather(index)).collect();
        states.update(Groups::Each(group), &gathered, index.len())?;
        index.clear();
        group.clear();
        Ok(())
    };
    for (g, (mut from, to)) in pairs.enumerate() {
        while from < to {
            let end = to.min(from + (RUN_ROWS - index.len()) as u32);
            index.extend(from..end);
            group.resize(index.len(), g as u32);
            from = end;
            if index.len() >= RUN_ROWS {
                flush(&mut index, &mut group)?;
            }
        }
    }
    flush(&mut index, &mut group)
}
