//! One 64-bit word for each row of arguments, as ClickHouse's sketches of distinct values have it: a number of up
//! to 64 bits is itself, a text its CityHash64, several arguments (or a tuple) the hashes of their bytes together.

use types::city::{city64, hash_128_to_64};
use types::compare::hash_column;
use types::{Column, Data, match_numeric};

pub enum Words {
    /// numbers, which are still to be hashed
    Numbers(Vec<u64>),
    /// hashes of single texts, which some sketches hash again
    Texts(Vec<u64>),
    Hashes(Vec<u64>),
}

impl Words {
    pub fn of(args: &[Column], rows: usize) -> Words {
        if let [one] = args {
            let flat = one.flat();
            if let Data::Tuple(parts, _) = &flat.data {
                return Words::Hashes(together(parts, rows));
            }
            let words: Option<Vec<u64>> =
                match_numeric!(&flat.data, v, W => v.iter().map(|x| x.word()).collect(), None);
            if let Some(words) = words.filter(|w| w.len() == rows) {
                return Words::Numbers(words);
            }
            let text = matches!(flat.data, Data::Str(_) | Data::Fixed(_));
            let hashes = together(&[flat], rows);
            return if text { Words::Texts(hashes) } else { Words::Hashes(hashes) };
        }
        Words::Hashes(together(args, rows))
    }
}

fn together(columns: &[Column], rows: usize) -> Vec<u64> {
    let flats: Vec<Column> = columns.iter().map(Column::flat).collect();
    let mut bytes = Vec::new();
    let mut out = Vec::with_capacity(rows);
    for row in 0..rows {
        let mut hash = None;
        for c in &flats {
            bytes.clear();
            if !put_bytes(c, row, &mut bytes) {
                return plain(columns, rows);
            }
            let own = city64(&bytes);
            hash = Some(hash.map_or(own, |before| hash_128_to_64(own, before)));
        }
        out.push(hash.unwrap_or_default());
    }
    out
}

/// Hashes of our own, for values that are not one piece of bytes.
fn plain(columns: &[Column], rows: usize) -> Vec<u64> {
    let mut out = vec![0u64; rows];
    columns.iter().for_each(|c| hash_column(c, &mut out));
    out
}

/// The bytes that a value is stored as; false where they are in several places.
fn put_bytes(c: &Column, row: usize, out: &mut Vec<u8>) -> bool {
    if c.nulls.is_some() {
        return false;
    }
    match &c.data {
        Data::Str(s) => out.extend_from_slice(s.get(row)),
        Data::Fixed(f) => out.extend_from_slice(&f.bytes[row * f.width..(row + 1) * f.width]),
        // the lengths of elements would be lost
        Data::Array(a)
            if matches!(a.values.data, Data::Str(_) | Data::Array(_) | Data::Tuple(..) | Data::Codes(..)) =>
        {
            return false;
        }
        Data::Array(a) => {
            let mut elements = a.offsets[row] as usize..a.offsets[row + 1] as usize;
            return elements.all(|k| put_bytes(&a.values, k, out));
        }
        data => match_numeric!(data, v, W => out.extend_from_slice(&v[row].to_le_bytes()), return false),
    }
    true
}

trait Word: Copy {
    /// None for numbers of more than 64 bits.
    fn word(self) -> Option<u64>;
}
macro_rules! word { ($($t:ty: $x:ident => $e:expr),*) => { $(impl Word for $t {
    fn word(self) -> Option<u64> { let $x = self; $e }
})* } }
word!(u8: x => Some(x.into()), u16: x => Some(x.into()), u32: x => Some(x.into()), u64: x => Some(x),
    i8: x => Some(x as u64), i16: x => Some(x as u64), i32: x => Some(x as u64), i64: x => Some(x as u64),
    f32: x => Some(x.to_bits().into()), f64: x => Some(x.to_bits()),
    u128: _x => None, i128: _x => None, types::U256: _x => None, types::I256: _x => None);
