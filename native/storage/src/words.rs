//! Collects the distinct strings of a column while its rows come in, until the dictionary can be ordered.

use crate::encode::heap::HEAP_MAX;
use hashbrown::{HashMap, HashTable};
use types::compare::hash_bytes;
use types::{Bitmap, Column, Data, Result, StrData};

/// Entries of a dictionary.
pub(crate) const WORDS_MAX: usize = 4 << 20;

#[derive(Default)]
pub(crate) struct Words {
    table: HashTable<u32>,
    hashes: Vec<u64>,
    offsets: Vec<u32>,
    heap: Vec<u8>,
    /// one per row, in order of appearance; NULL rows have that of ''
    pub codes: Vec<u32>,
    pub nulls: Bitmap,
    pub has_nulls: bool,
    /// '' occurs in a row that is not NULL
    empty_used: bool,
    /// rows were left out, so words may be unused
    partial: bool,
    /// codes of dictionaries that came in, by id; MAX = not seen yet
    remaps: HashMap<u64, Vec<u32>, foldhash::fast::RandomState>,
}

/// The ordered dictionary and how to get there.
pub(crate) struct Ordered {
    pub words: StrData,
    /// new code of each old one
    pub rank: Vec<u32>,
    /// distinct values that are not NULL
    pub distinct: usize,
}

impl Words {
    pub fn len(&self) -> usize {
        self.hashes.len()
    }
    pub fn word(&self, code: usize) -> &[u8] {
        &self.heap[self.offsets[code] as usize..self.offsets[code + 1] as usize]
    }
    pub fn heap_bytes(&self) -> usize {
        self.heap.len()
    }
    /// Whether another batch may be too much for a dictionary.
    pub fn full(&self) -> bool {
        self.len() > WORDS_MAX || self.heap.len() > HEAP_MAX
    }
    fn intern(&mut self, word: &[u8]) -> u32 {
        if self.offsets.is_empty() {
            self.offsets.push(0);
        }
        let hash = hash_bytes(word, 0);
        let (heap, offsets, hashes) = (&self.heap, &self.offsets, &self.hashes);
        let same = |c: &u32| {
            let c = *c as usize;
            hashes[c] == hash && &heap[offsets[c] as usize..offsets[c + 1] as usize] == word
        };
        match self.table.entry(hash, same, |c| hashes[*c as usize]) {
            hashbrown::hash_table::Entry::Occupied(e) => *e.get(),
            hashbrown::hash_table::Entry::Vacant(e) => {
                let code = hashes.len() as u32;
                e.insert(code);
                self.hashes.push(hash);
                self.heap.extend_from_slice(word);
                self.offsets.push(self.heap.len() as u32);
                code
            }
        }
    }
    /// Whether offsets can hold the words of one more column, all new at the worst.
    pub fn has_room(&self, c: &Column) -> bool {
        let more = match &c.data {
            Data::Codes(_, d) => d.values.bytes(),
            _ => c.bytes(),
        };
        self.heap.len() + more < u32::MAX as usize
    }
    /// All rows of a String column in any form.
    pub fn push(&mut self, c: &Column) -> Result<()> {
        let n = c.len();
        let at = self.codes.len();
        match &c.data {
            Data::Const(one, _) => {
                let null = one.is_null(0);
                let word = one.bytes_at(0).unwrap_or_default();
                let code = self.intern(word);
                self.empty_used |= !null && word.is_empty();
                self.codes.resize(at + n, code);
                self.has_nulls |= null;
                self.nulls.extend(&Bitmap::new(n, null));
                return Ok(());
            }
            Data::Codes(codes, dict) => {
                let mut remap = self.remaps.remove(&dict.id).unwrap_or_else(|| vec![u32::MAX; dict.len()]);
                for (i, &code) in codes.iter().enumerate() {
                    if c.nulls.as_ref().is_some_and(|m| m.get(i)) {
                        let empty = self.intern(&[]);
                        self.codes.push(empty);
                        continue;
                    }
                    let slot = &mut remap[code as usize];
                    if *slot == u32::MAX {
                        let word = dict.values.bytes_at(code as usize).unwrap_or_default();
                        self.empty_used |= word.is_empty();
                        *slot = self.intern(word);
                    }
                    self.codes.push(*slot);
                }
                if self.remaps.len() < 64 {
                    self.remaps.insert(dict.id, remap);
                }
            }
            Data::Str(s) => {
                let mut last: (u32, &[u8]) = (u32::MAX, &[]);
                for (i, word) in s.iter().enumerate() {
                    if last.0 != u32::MAX && last.1 == word {
                        self.codes.push(last.0);
                    } else {
                        last = (self.intern(word), word);
                        self.codes.push(last.0);
                    }
                    if word.is_empty() && !self.empty_used {
                        self.empty_used = !c.nulls.as_ref().is_some_and(|m| m.get(i));
                    }
                }
                if let Some(mask) = &c.nulls {
                    // What lies under a NULL should be '', but nothing depends on it.
                    let empty = self.intern(&[]);
                    mask.ones().iter().for_each(|i| self.codes[at + *i as usize] = empty);
                }
            }
            Data::Nothing(_) => {
                let empty = self.intern(&[]);
                self.codes.resize(at + n, empty);
                self.has_nulls = true;
                self.nulls.extend(&Bitmap::new(n, true));
                return Ok(());
            }
            _ => return Err(types::Error::internal("a column of strings holds something else")),
        }
        match &c.nulls {
            Some(mask) => {
                self.has_nulls = true;
                self.nulls.extend(mask);
            }
            None => self.nulls.extend(&Bitmap::new(n, false)),
        }
        Ok(())
    }
    /// Puts the rows into another order, or leaves some out: row i becomes row `order[i]` of now.
    pub fn permute(&mut self, order: &[u32]) {
        self.partial = order.len() < self.codes.len();
        self.codes = order.iter().map(|r| self.codes[*r as usize]).collect();
        if self.has_nulls {
            self.nulls = self.nulls.gather(order);
            self.has_nulls = self.nulls.any();
        } else {
            self.nulls = Bitmap::new(order.len(), false);
        }
        if self.partial {
            let empty = |i: usize| self.word(self.codes[i] as usize).is_empty() && !self.nulls.get(i);
            self.empty_used = (0..self.codes.len()).any(empty);
        }
    }
    /// Sorts what was collected. Words that no row uses are left out.
    pub fn order(&self) -> Ordered {
        let prefix = |c: usize| {
            let w = self.word(c);
            let mut b = [0u8; 8];
            let n = w.len().min(8);
            b[..n].copy_from_slice(&w[..n]);
            u64::from_be_bytes(b)
        };
        let mut used = vec![!self.partial; self.len()];
        if self.partial {
            self.codes.iter().for_each(|c| used[*c as usize] = true);
        }
        let mut order: Vec<(u64, u32)> =
            (0..self.len()).filter(|c| used[*c]).map(|c| (prefix(c), c as u32)).collect();
        order.sort_unstable_by(|a, b| {
            a.0.cmp(&b.0).then_with(|| self.word(a.1 as usize).cmp(self.word(b.1 as usize)))
        });
        let mut rank = vec![0; self.len()];
        order.iter().enumerate().for_each(|(r, (_, c))| rank[*c as usize] = r as u32);
        let words = StrData::from_iter(order.iter().map(|(_, c)| self.word(*c as usize)));
        let hidden = self.has_nulls && !self.empty_used;
        let distinct = order.len() - usize::from(hidden && !order.is_empty());
        Ordered { words, rank, distinct }
    }
    /// The rows `[from, from + n)` as plain strings.
    pub fn rows(&self, from: usize, n: usize) -> Column {
        let s = StrData::from_iter(self.codes[from..from + n].iter().map(|c| self.word(*c as usize)));
        Column::new(Data::Str(s), Some(self.nulls.slice(from, n)))
    }
}
