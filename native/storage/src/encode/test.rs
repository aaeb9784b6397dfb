//! Predicates on numbers in the order of their values, and the loops that apply them to lanes.
//!
//! A value's *order* is its 64 bits with the sign bit flipped for signed types, so that unsigned comparison
//! is the type's comparison. A lane is order(value) − order(base), so a test moves into lane space by a
//! subtraction and no value is decoded.

use types::Bitmap;

/// What rows are asked for, on orders, codes or lanes. Ranges include both ends.
#[derive(Clone, Debug)]
pub(crate) enum Test<'a> {
    None,
    All,
    In(u64, u64),
    Out(u64, u64),
    /// ascending, without repetition
    Set(Vec<u64>),
    /// bit `value + offset`; values past the end do not match
    Bits(u64, &'a Bitmap),
}

impl<'a> Test<'a> {
    pub fn matches(&self, v: u64) -> bool {
        match self {
            Test::None => false,
            Test::All => true,
            Test::In(lo, hi) => (*lo..=*hi).contains(&v),
            Test::Out(lo, hi) => !(*lo..=*hi).contains(&v),
            Test::Set(s) => s.binary_search(&v).is_ok(),
            Test::Bits(offset, b) => bit(b, v.wrapping_add(*offset)),
        }
    }
    /// False only if no value of `[min, max]` matches.
    pub fn overlaps(&self, min: u64, max: u64) -> bool {
        match self {
            Test::None => false,
            Test::All => true,
            Test::In(lo, hi) => *lo <= max && *hi >= min,
            Test::Out(lo, hi) => min < *lo || max > *hi,
            Test::Set(s) => s.get(s.partition_point(|v| *v < min)).is_some_and(|v| *v <= max),
            Test::Bits(offset, b) => {
                let end = (b.len() as u64).saturating_sub(1);
                let lo = min.wrapping_add(*offset);
                lo <= end && (lo..=max.wrapping_add(*offset).min(end)).any(|i| bit(b, i))
            }
        }
    }
    /// True only if every value of `[min, max]` matches.
    pub fn covers(&self, min: u64, max: u64) -> bool {
        match self {
            Test::None => false,
            Test::All => true,
            Test::In(lo, hi) => *lo <= min && max <= *hi,
            Test::Out(lo, hi) => max < *lo || min > *hi,
            Test::Set(_) | Test::Bits(..) => min == max && self.matches(min),
        }
    }
    /// The same test on `value − base`, for values within `[base, base + span]`.
    pub fn shift(&self, base: u64, span: u64) -> Test<'a> {
        let range = |lo: u64, hi: u64| {
            if hi < base || lo > base.saturating_add(span) || lo > hi {
                return None;
            }
            Some((lo.saturating_sub(base), (hi - base).min(span)))
        };
        match self {
            Test::None => Test::None,
            Test::All => Test::All,
            Test::In(lo, hi) => match range(*lo, *hi) {
                None => Test::None,
                Some((0, hi)) if hi == span => Test::All,
                Some((lo, hi)) => Test::In(lo, hi),
            },
            Test::Out(lo, hi) => match range(*lo, *hi) {
                None => Test::All,
                Some((0, hi)) if hi == span => Test::None,
                Some((lo, hi)) => Test::Out(lo, hi),
            },
            Test::Set(s) => {
                let from = s.partition_point(|v| *v < base);
                let set: Vec<u64> = s[from..].iter().map(|v| v - base).take_while(|v| *v <= span).collect();
                match set.as_slice() {
                    [] => Test::None,
                    [one] => Test::In(*one, *one),
                    _ => Test::Set(set),
                }
            }
            Test::Bits(offset, b) => Test::Bits(offset.wrapping_add(base), b),
        }
    }
    /// As a test on positions in the ascending list `values` (a dictionary): `order(i)` gives the i-th.
    pub fn to_codes(&self, n: usize, order: impl Fn(usize) -> u64) -> Test<'a> {
        let below = |v: u64| partition(n, |i| order(i) < v);
        let range = |lo: u64, hi: u64| (below(lo), partition(n, |i| order(i) <= hi));
        match self {
            Test::None => Test::None,
            Test::All => Test::All,
            Test::In(lo, hi) => match range(*lo, *hi) {
                (a, b) if a >= b => Test::None,
                (a, b) => Test::In(a as u64, b as u64 - 1),
            },
            Test::Out(lo, hi) => match range(*lo, *hi) {
                (a, b) if a >= b => Test::All,
                (a, b) => Test::Out(a as u64, b as u64 - 1),
            },
            Test::Set(s) => {
                let at = |v: u64| Some(below(v)).filter(|&i| i < n && order(i) == v);
                Test::Set(s.iter().filter_map(|v| at(*v)).map(|i| i as u64).collect())
            }
            Test::Bits(..) => {
                Test::Set((0..n).filter(|i| self.matches(order(*i))).map(|i| i as u64).collect())
            }
        }
    }
}

fn bit(b: &Bitmap, i: u64) -> bool {
    i < b.len() as u64 && b.get(i as usize)
}

/// First of `0..n` for which `before` is false.
pub(crate) fn partition(n: usize, mut before: impl FnMut(usize) -> bool) -> usize {
    let (mut lo, mut hi) = (0, n);
    while lo < hi {
        let mid = lo.midpoint(hi);
        if before(mid) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    lo
}

/// An unsigned lane.
pub(crate) trait Word: Copy + Default + Ord {
    fn of(v: u64) -> Self;
    fn wide(self) -> u64;
    fn minus(self, other: Self) -> Self;
}
macro_rules! word { ($($t:ty),*) => { $(impl Word for $t {
    fn of(v: u64) -> Self { v as $t }
    fn wide(self) -> u64 { self.into() }
    fn minus(self, other: Self) -> Self { self.wrapping_sub(other) }
})* } }
word!(u8, u16, u32, u64);

/// Keeps the rows of `sel` whose lane passes. `load(k, out)` gives the lanes of rows 64k..64k+64.
/// `test` must have been shifted to lanes (its bounds fit the word). Words of `sel` that are empty are skipped.
pub(crate) fn scan<W: Word>(sel: &mut Bitmap, test: &Test, load: impl FnMut(usize, &mut [W; 64])) {
    match test {
        Test::None => *sel = Bitmap::new(sel.len(), false),
        Test::All => {}
        Test::In(lo, hi) if lo == hi => {
            let x = W::of(*lo);
            apply(sel, load, |v| v == x);
        }
        Test::Out(lo, hi) if lo == hi => {
            let x = W::of(*lo);
            apply(sel, load, |v| v != x);
        }
        Test::In(lo, hi) => {
            let (lo, span) = (W::of(*lo), W::of(hi - lo));
            apply(sel, load, |v| v.minus(lo) <= span);
        }
        Test::Out(lo, hi) => {
            let (lo, span) = (W::of(*lo), W::of(hi - lo));
            apply(sel, load, |v| v.minus(lo) > span);
        }
        Test::Set(s) if s.len() <= 4 && !s.is_empty() => {
            let at = |i: usize| W::of(s[i.min(s.len() - 1)]);
            let (a, b, c, d) = (at(0), at(1), at(2), at(3));
            apply(sel, load, |v| (v == a) | (v == b) | (v == c) | (v == d));
        }
        Test::Set(s) => match s.last() {
            Some(&max) if max < 1 << 20 => {
                let mut table = vec![false; max as usize + 1];
                s.iter().for_each(|v| table[*v as usize] = true);
                apply(sel, load, |v| table.get(v.wide() as usize).is_some_and(|x| *x));
            }
            _ => apply(sel, load, |v| s.binary_search(&v.wide()).is_ok()),
        },
        Test::Bits(offset, b) => apply(sel, load, |v| bit(b, v.wide().wrapping_add(*offset))),
    }
}

fn apply<W: Word>(sel: &mut Bitmap, mut load: impl FnMut(usize, &mut [W; 64]), f: impl Fn(W) -> bool) {
    let mut lanes = [W::default(); 64];
    let words = sel.words().iter().enumerate().map(|(k, &old)| {
        if old == 0 {
            return 0;
        }
        load(k, &mut lanes);
        let mut hits = [0u8; 64];
        for (h, v) in hits.iter_mut().zip(lanes) {
            *h = u8::from(f(v));
        }
        old & movemask(&hits)
    });
    let words = words.collect();
    *sel = Bitmap::from_words(words, sel.len());
}

/// 64 bytes of 0 or 1 as bits: each multiplication gathers eight.
#[inline]
fn movemask(hits: &[u8; 64]) -> u64 {
    let mut out = 0;
    for (k, c) in hits.chunks_exact(8).enumerate() {
        let x = u64::from_le_bytes([c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]]);
        out |= (x.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * k);
    }
    out
}
