//! The sequence's places: which comes next, and what lies beyond its borders.

use super::Filler;
use super::step::Place;
use types::Result;

impl Filler<'_> {
    /// Does `a` come before `b`? Undefined places say nothing.
    pub(super) fn before(&self, a: &[Option<Place>], b: &[Option<Place>]) -> bool {
        for (axis, (a, b)) in self.spec.axes.iter().zip(a.iter().zip(b)) {
            if let (Some(a), Some(b)) = (a, b)
                && a != b
            {
                return axis.less(*a, *b);
            }
        }
        false
    }

    pub(super) fn inside(&self, i: usize, place: Place) -> bool {
        self.border[i].is_none_or(|b| self.spec.axes[i].less(place, b))
    }

    /// Moves the sequence one place on; true if that place is missing before `next` (`open`: there
    /// is no next row, only borders).
    pub(super) fn advance(&mut self, open: bool, moved: &mut bool) -> Result<bool> {
        let n = self.at.len();
        let differs = |i: usize| match (self.at[i], self.next[i]) {
            (Some(a), Some(b)) => a != b,
            (Some(_), None) => open && self.border[i].is_some(),
            _ => false,
        };
        let Some(p) = (0..n).find(|&i| differs(i)) else { return Ok(false) };
        let Some(here) = self.at[p] else { return Ok(false) };
        if self.next[p].is_some_and(|x| self.spec.axes[p].less(x, here)) || !self.inside(p, here) {
            return Ok(false);
        }
        for i in (p + 1..n).rev() {
            if let Some(x) = self.at[i]
                && self.border[i].is_some()
                && let Some(then) = self.spec.axes[i].step(x)?
                && self.inside(i, then)
            {
                self.at[i] = Some(then);
                self.start_from_defaults(i + 1);
                *moved = true;
                return Ok(true);
            }
        }
        let Some(then) = self.spec.axes[p].step(here)? else { return Ok(false) };
        if !self.inside(p, then) || self.next[p].is_some_and(|x| self.spec.axes[p].less(x, then)) {
            return Ok(false);
        }
        *moved = true;
        self.at[p] = Some(then);
        if self.next[p] == Some(then) {
            return Ok(self.meet(p));
        }
        self.start_from_defaults(p + 1);
        Ok(true)
    }

    /// The sequence has met the next row in column `p`: are places of later columns before it?
    pub(super) fn meet(&mut self, p: usize) -> bool {
        let mut less = false;
        for i in p + 1..self.at.len() {
            self.at[i] = self.spec.axes[i].from.or(self.next[i]);
            if let (Some(a), Some(b)) = (self.at[i], self.next[i]) {
                less |= self.spec.axes[i].less(a, b);
            }
        }
        less
    }

    /// Behind a gap that STALENESS left: the last place that is not beyond the next row.
    pub(super) fn jump(&mut self, moved: &mut bool) -> Result<bool> {
        for p in 0..self.at.len() {
            let (Some(here), Some(next)) = (self.at[p], self.next[p]) else { continue };
            if here == next {
                continue;
            }
            let axis = &self.spec.axes[p];
            if axis.staleness.is_none() || axis.less(next, here) {
                return Ok(false);
            }
            let mut last = here;
            let mut steps = 0u32;
            while let Some(then) = axis.step(last)? {
                if axis.less(next, then) {
                    break;
                }
                last = then;
                steps += 1;
                if steps % 4096 == 0 {
                    self.query.cancel.check()?;
                }
            }
            *moved = last != here;
            self.at[p] = Some(last);
            if last == next {
                return Ok(self.meet(p));
            }
            self.start_from_defaults(p + 1);
            return Ok(false);
        }
        Ok(false)
    }
}
