//! The order in which ClickHouse's hash tables give their values back, which is what groupUniqArray shows: open
//! addressing with growth by four, fed in the order of first sight.

use types::city::{city64, hash_128_to_64, u64_at};

/// Tables of numbers begin with 16 places, those of texts with 8.
pub const NUMBERS: u32 = 4;
pub const TEXTS: u32 = 3;

/// From here on tables only double.
const LARGE: u32 = 23;

const FREE: u32 = u32::MAX;

/// The values of a table by place, as indices of `hashes`. The value `zero` has a place of its own, the first.
pub fn order(hashes: &[u64], zero: Option<usize>, degree: u32) -> Vec<u32> {
    let mut table = Table { places: vec![FREE; 1 << degree], degree };
    let mut out: Vec<u32> = zero.iter().map(|at| *at as u32).collect();
    for at in 0..hashes.len() {
        if zero != Some(at) {
            let place = table.free(hashes[at]);
            table.places[place] = at as u32;
        }
        if at + 1 > table.places.len() / 2 {
            table.grow(hashes);
        }
    }
    out.extend(table.places.iter().filter(|at| **at != FREE));
    out
}

struct Table {
    places: Vec<u32>,
    degree: u32,
}

impl Table {
    fn home(&self, hash: u64) -> usize {
        hash as usize & (self.places.len() - 1)
    }
    fn free(&self, hash: u64) -> usize {
        let mut place = self.home(hash);
        while self.places[place] != FREE {
            place = (place + 1) & (self.places.len() - 1);
        }
        place
    }
    /// Values move within the table, from its start, and those whose chain went over the old end once more.
    fn grow(&mut self, hashes: &[u64]) {
        let before = self.places.len();
        self.degree += if self.degree >= LARGE { 1 } else { 2 };
        self.places.resize(1 << self.degree, FREE);
        for place in 0..before {
            self.settle(place, hashes);
        }
        for place in before..self.places.len() {
            if self.places[place] == FREE {
                break;
            }
            self.settle(place, hashes);
        }
    }
    fn settle(&mut self, place: usize, hashes: &[u64]) {
        let at = self.places[place];
        if at == FREE {
            return;
        }
        let mut to = self.home(hashes[at as usize]);
        while self.places[to] != FREE && self.places[to] != at {
            to = (to + 1) & (self.places.len() - 1);
        }
        if self.places[to] == FREE {
            self.places[place] = FREE;
            self.places[to] = at;
        }
    }
}

/// The hash of a number's bytes: of up to 64 bits, of 128, of 256.
pub fn number_hash(bytes: &[u8]) -> u64 {
    let mut words = [0u64; 4];
    for (word, chunk) in words.iter_mut().zip(bytes.chunks(8)) {
        let mut whole = [0; 8];
        whole[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_le_bytes(whole);
    }
    match bytes.len() {
        0..=8 => super::int_hash::int_hash64(words[0]),
        9..=16 => hash_128_to_64(words[0], words[1]),
        _ => crc_hash(bytes),
    }
}

/// Another hash of a number of up to 64 bits.
pub fn crc_hash(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(u64::MAX, |hash, chunk| {
        let mut whole = [0; 8];
        whole[..chunk.len()].copy_from_slice(chunk);
        crc32(hash, u64::from_le_bytes(whole))
    })
}

/// The hash of a text.
pub fn text_hash(text: &[u8]) -> u64 {
    let n = text.len();
    match n {
        0 => 0,
        1..=7 => city64(text) & u64::from(u32::MAX),
        _ => {
            let hash =
                (0..(n.div_ceil(8) - 1).max(1)).fold(u64::MAX, |hash, i| crc32(hash, u64_at(text, i * 8)));
            crc32(hash, u64_at(text, n - 8))
        }
    }
}

/// CRC-32C, continued by a word.
fn crc32(crc: u64, word: u64) -> u64 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut i = 0;
        while i < 256 {
            let (mut v, mut bit) = (i as u32, 0);
            while bit < 8 {
                v = if v & 1 == 1 { (v >> 1) ^ 0x82f6_3b78 } else { v >> 1 };
                bit += 1;
            }
            table[i] = v;
            i += 1;
        }
        table
    };
    let step = |crc: u32, byte: u8| (crc >> 8) ^ TABLE[usize::from(crc as u8 ^ byte)];
    word.to_le_bytes().into_iter().fold(crc as u32, step).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    // the answers are ClickHouse's
    #[test]
    fn numbers_as_clickhouse() {
        let hashes: Vec<u64> = (0u64..12).map(|v| number_hash(&v.to_le_bytes())).collect();
        assert_eq!(order(&hashes, Some(0), NUMBERS), [0, 11, 8, 10, 3, 9, 7, 2, 1, 6, 4, 5]);
        let hashes: Vec<u64> = (0u128..9).map(|v| number_hash(&v.to_le_bytes())).collect();
        assert_eq!(order(&hashes, Some(0), NUMBERS), [0, 5, 2, 3, 1, 7, 6, 8, 4]);
    }

    #[test]
    fn texts_as_clickhouse() {
        let hashes: Vec<u64> = (0..12).map(|i: u32| text_hash(i.to_string().as_bytes())).collect();
        assert_eq!(order(&hashes, None, TEXTS), [5, 10, 3, 1, 0, 7, 8, 2, 11, 9, 6, 4]);
        let hashes: Vec<u64> =
            (0..7).map(|i: u32| text_hash((i + 100_000_000).to_string().as_bytes())).collect();
        assert_eq!(order(&hashes, None, TEXTS), [6, 1, 0, 4, 5, 2, 3]);
    }
}
