//! Numeric dictionary of a block: its distinct values in order, and a code for each row.
//!
//! Node: count of values (u32), part: values in ascending order, part: codes.

use super::ints::{self, Ints};
use super::lane::Lane;
use super::test::Test;
use crate::bytes::{Reader, corrupt, put_part};
use hashbrown::HashTable;
use types::compare::mix;
use types::{Bitmap, Result};

#[derive(Clone)]
pub(crate) struct Dictionary<'a> {
    count: usize,
    values: Ints<'a>,
    codes: Ints<'a>,
}

/// The distinct values in order of appearance and each row's number among them,
/// or `None` once there are more than `most`.
pub(crate) fn distinct(values: &[u64], most: usize) -> Option<(Vec<u64>, Vec<u32>)> {
    let mut table: HashTable<u32> = HashTable::with_capacity(most.min(1 << 14));
    let mut found: Vec<u64> = Vec::new();
    let mut codes = Vec::with_capacity(values.len());
    let mut last = None;
    for &v in values {
        if let Some((x, code)) = last
            && x == v
        {
            codes.push(code);
            continue;
        }
        let entry = table.entry(mix(v, 0), |c| found[*c as usize] == v, |c| mix(found[*c as usize], 0));
        let code = match entry {
            hashbrown::hash_table::Entry::Occupied(e) => *e.get(),
            hashbrown::hash_table::Entry::Vacant(e) => {
                let code = found.len() as u32;
                if found.len() >= most {
                    return None;
                }
                e.insert(code);
                found.push(v);
                code
            }
        };
        codes.push(code);
        last = Some((v, code));
    }
    Some((found, codes))
}

/// `found`, `codes`: as `distinct` gave them.
pub(crate) fn write(found: &[u64], codes: &[u32], flip: u64, out: &mut Vec<u8>) {
    let mut order: Vec<u32> = (0..found.len() as u32).collect();
    order.sort_unstable_by_key(|i| found[*i as usize] ^ flip);
    let mut rank = vec![0u64; found.len()];
    order.iter().enumerate().for_each(|(r, i)| rank[*i as usize] = r as u64);
    let sorted: Vec<u64> = order.iter().map(|i| found[*i as usize]).collect();
    let codes: Vec<u64> = codes.iter().map(|c| rank[*c as usize]).collect();
    out.extend_from_slice(&(found.len() as u32).to_le_bytes());
    put_part(out, |out| ints::encode_light_ordered(&sorted, flip, out));
    put_part(out, |out| ints::encode_light(&codes, out));
}

impl<'a> Dictionary<'a> {
    pub fn parse(r: &mut Reader<'a>, n: usize, depth: u8) -> Result<Self> {
        let count = r.u32()? as usize;
        if count > n {
            return Err(corrupt("more dictionary entries than rows"));
        }
        let values = Ints::parse(&mut r.part()?, count, depth + 1)?;
        let codes = Ints::parse(&mut r.part()?, n, depth + 1)?;
        Ok(Dictionary { count, values, codes })
    }
    pub fn decode<T: Lane>(&self) -> Result<Vec<T>> {
        let values = self.values.decode::<T>()?;
        let codes = self.codes.decode::<u32>()?;
        check_codes(&codes, self.count)?;
        Ok(codes.iter().map(|c| values[*c as usize]).collect())
    }
    pub fn get(&self, i: usize) -> Result<u64> {
        let code = self.codes.get(i)? as usize;
        if code >= self.count {
            return Err(corrupt("a code past the dictionary"));
        }
        self.values.get(code)
    }
    pub fn filter(&self, test: &Test, flip: u64, sel: &mut Bitmap) -> Result<()> {
        let values = self.values.decode::<u64>()?;
        if values.windows(2).any(|w| w[0] ^ flip >= w[1] ^ flip) {
            return Err(corrupt("a dictionary out of order"));
        }
        let test = test.to_codes(values.len(), |i| values[i] ^ flip);
        self.codes.filter(&test, 0, sel)
    }
}

/// Errors unless every code is below `count`.
pub(crate) fn check_codes(codes: &[u32], count: usize) -> Result<()> {
    match codes.iter().copied().max() {
        Some(max) if max as usize >= count => Err(corrupt(format!("code {max} in a dictionary of {count}"))),
        _ => Ok(()),
    }
}
