//! Sets of unsigned integers: the states of groupBitmap and what bitmap functions work on.
//!
//! As in ClickHouse, up to 32 values stay a list in order of arrival, larger sets are roaring
//! bitmaps; the serial form is ClickHouse's too, so that bitmaps made by its clients can be read:
//! a byte 0, a varint count and the values in their own width; or a byte 1, a varint size and a
//! roaring bitmap in the portable form (of 64 bits for values of 64 bits, of 32 for all others).

mod serial;

use roaring::RoaringTreemap;
use std::ops::Range;

/// A list becomes a roaring bitmap beyond so many values.
const LIST_MAX: usize = 32;

#[derive(Clone, Debug)]
pub enum Bitmap {
    /// distinct values in order of arrival
    List(Vec<u64>),
    Large(RoaringTreemap),
}

/// The bytes are no bitmap.
#[derive(Debug)]
pub struct Damaged;

impl Default for Bitmap {
    fn default() -> Self {
        Bitmap::List(Vec::new())
    }
}

impl FromIterator<u64> for Bitmap {
    fn from_iter<T: IntoIterator<Item = u64>>(values: T) -> Self {
        let mut out = Bitmap::default();
        for v in values {
            out.insert(v);
        }
        out
    }
}

impl Bitmap {
    /// Was the value not there yet?
    pub fn insert(&mut self, v: u64) -> bool {
        match self {
            Bitmap::Large(r) => r.insert(v),
            Bitmap::List(l) if l.contains(&v) => false,
            Bitmap::List(l) if l.len() < LIST_MAX => {
                l.push(v);
                true
            }
            Bitmap::List(_) => self.large().insert(v),
        }
    }
    pub fn contains(&self, v: u64) -> bool {
        match self {
            Bitmap::List(l) => l.contains(&v),
            Bitmap::Large(r) => r.contains(v),
        }
    }
    pub fn len(&self) -> u64 {
        match self {
            Bitmap::List(l) => l.len() as u64,
            Bitmap::Large(r) => r.len(),
        }
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    pub fn min(&self) -> Option<u64> {
        match self {
            Bitmap::List(l) => l.iter().copied().min(),
            Bitmap::Large(r) => r.min(),
        }
    }
    pub fn max(&self) -> Option<u64> {
        match self {
            Bitmap::List(l) => l.iter().copied().max(),
            Bitmap::Large(r) => r.max(),
        }
    }
    /// Values: a list's in order of arrival, a larger set's ascending.
    pub fn iter(&self) -> Box<dyn Iterator<Item = u64> + '_> {
        match self {
            Bitmap::List(l) => Box::new(l.iter().copied()),
            Bitmap::Large(r) => Box::new(r.iter()),
        }
    }
    fn large(&mut self) -> &mut RoaringTreemap {
        if let Bitmap::List(l) = self {
            *self = Bitmap::Large(l.iter().copied().collect());
        }
        match self {
            Bitmap::Large(r) => r,
            Bitmap::List(_) => unreachable!("just made large"),
        }
    }

    /// Adds the values of another bitmap.
    pub fn union(&mut self, other: &Bitmap) {
        match other {
            Bitmap::List(l) => l.iter().for_each(|v| {
                self.insert(*v);
            }),
            Bitmap::Large(r) => *self.large() |= r,
        }
    }
    /// Keeps the values that the other has, too.
    pub fn intersect(&mut self, other: &Bitmap) {
        match (&mut *self, other) {
            (Bitmap::List(l), o) => l.retain(|v| o.contains(*v)),
            (Bitmap::Large(r), Bitmap::Large(o)) => *r &= o,
            (Bitmap::Large(r), Bitmap::List(o)) => {
                *self = Bitmap::List(o.iter().copied().filter(|v| r.contains(*v)).collect());
            }
        }
    }
    /// Drops the values that the other has.
    pub fn subtract(&mut self, other: &Bitmap) {
        match (self, other) {
            (Bitmap::List(l), o) => l.retain(|v| !o.contains(*v)),
            (Bitmap::Large(r), Bitmap::Large(o)) => *r -= o,
            (Bitmap::Large(r), Bitmap::List(o)) => o.iter().for_each(|v| {
                r.remove(*v);
            }),
        }
    }
    /// Keeps the values that exactly one of both has.
    pub fn symmetric(&mut self, other: &Bitmap) {
        match other {
            Bitmap::Large(o) => *self.large() ^= o,
            Bitmap::List(o) => {
                let r = self.large();
                for v in o {
                    if !r.remove(*v) {
                        r.insert(*v);
                    }
                }
            }
        }
    }
    pub fn has_any(&self, other: &Bitmap) -> bool {
        match (self, other) {
            (Bitmap::Large(a), Bitmap::Large(b)) => !a.is_disjoint(b),
            (Bitmap::List(l), o) | (o, Bitmap::List(l)) => l.iter().any(|v| o.contains(*v)),
        }
    }
    pub fn has_all(&self, other: &Bitmap) -> bool {
        match (self, other) {
            (Bitmap::Large(a), Bitmap::Large(b)) => b.is_subset(a),
            (a, b) => b.len() <= a.len() && b.iter().all(|v| a.contains(v)),
        }
    }
    /// Number of values of both.
    pub fn common(&self, other: &Bitmap) -> u64 {
        match (self, other) {
            (Bitmap::Large(a), Bitmap::Large(b)) => a.intersection_len(b),
            (Bitmap::List(l), o) | (o, Bitmap::List(l)) => {
                l.iter().filter(|v| o.contains(**v)).count() as u64
            }
        }
    }

    /// The values in a range.
    pub fn in_range(&self, range: Range<u64>) -> Bitmap {
        match self {
            Bitmap::List(l) => Bitmap::List(l.iter().copied().filter(|v| range.contains(v)).collect()),
            Bitmap::Large(r) => from(r, range.start).take_while(|v| *v < range.end).collect(),
        }
    }
    /// The first `count` values from `from` on, ascending.
    pub fn from_value(&self, from: u64, count: u64) -> Bitmap {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        match self {
            Bitmap::List(l) => {
                let mut all: Vec<u64> = l.iter().copied().filter(|v| *v >= from).collect();
                all.sort_unstable();
                all.truncate(count);
                Bitmap::List(all)
            }
            Bitmap::Large(r) => self::from(r, from).take(count).collect(),
        }
    }
    /// `count` values after the first `offset` ones.
    pub fn part(&self, offset: u64, count: u64) -> Bitmap {
        let (skip, count) = (usize::try_from(offset), usize::try_from(count).unwrap_or(usize::MAX));
        match (self, skip) {
            (_, Err(_)) => Bitmap::default(),
            (Bitmap::List(l), Ok(skip)) => Bitmap::List(l.iter().copied().skip(skip).take(count).collect()),
            (Bitmap::Large(r), _) => match r.select(offset) {
                Some(first) => from(r, first).take(count).collect(),
                None => Bitmap::default(),
            },
        }
    }
    /// Replaces `from` by `to`, if it is there.
    pub fn replace(&mut self, from: u64, to: u64) {
        let r = self.large();
        if r.remove(from) {
            r.insert(to);
        }
    }
    /// A set that is changed in place; what it holds stays the same.
    pub fn make_large(&mut self) {
        self.large();
    }
}

/// Values from `first` on.
fn from(map: &RoaringTreemap, first: u64) -> impl Iterator<Item = u64> + '_ {
    let mut values = map.iter();
    values.advance_to(first);
    values
}
