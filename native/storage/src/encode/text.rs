//! Strings of a block without a dictionary of the segment.
//!
//! Constant: one string (u32 length, bytes). Pages: part: lengths as numbers, pages of all bytes.
//! Block dictionary (inside arrays and tuples): count (u32), part: the distinct strings in order (as
//! pages), part: codes.

use super::dictionary::check_codes;
use super::ints::{self, Ints};
use super::pages::{Codec, Page, open_all, parse_pages, write_pages};
use super::{ELEMENTS_MAX, id};
use crate::bytes::{Reader, corrupt, put_part};
use hashbrown::HashTable;
use types::compare::hash_bytes;
use types::{Result, StrData};

pub(crate) enum Text<'a> {
    Constant(&'a [u8], usize),
    Pages { lengths: Ints<'a>, pages: Vec<Page<'a>>, n: usize },
    Dictionary { words: Box<Text<'a>>, codes: Ints<'a>, count: usize },
}

pub(crate) fn encode(s: &StrData, codec: Codec, nested: bool, out: &mut Vec<u8>) {
    let n = s.len();
    let first = if n > 0 { s.get(0) } else { &[] };
    if s.iter().all(|x| x == first) {
        out.push(id::TEXT_CONSTANT);
        out.extend_from_slice(&(first.len() as u32).to_le_bytes());
        out.extend_from_slice(first);
        return;
    }
    if nested
        && n >= 16
        && let Some((words, codes)) = distinct(s, n / 2)
    {
        out.push(id::TEXT_DICTIONARY);
        out.extend_from_slice(&(words.len() as u32).to_le_bytes());
        put_part(out, |out| write_pages_node(&StrData::from_iter(words), codec, out));
        put_part(out, |out| {
            ints::encode(&codes, 0, out);
        });
        return;
    }
    out.push(id::TEXT_PAGES);
    write_pages_node(s, codec, out);
}

fn write_pages_node(s: &StrData, codec: Codec, out: &mut Vec<u8>) {
    let lengths: Vec<u64> = s.offsets.windows(2).map(|w| u64::from(w[1] - w[0])).collect();
    put_part(out, |out| {
        ints::encode(&lengths, 0, out);
    });
    let (from, to) = (s.offsets[0] as usize, s.offsets[s.len()] as usize);
    write_pages(&s.bytes[from..to], codec, out);
}

/// Distinct strings in order and each row's code, or `None` if there are more than `most`.
fn distinct(s: &StrData, most: usize) -> Option<(Vec<&[u8]>, Vec<u64>)> {
    let mut table: HashTable<u32> = HashTable::new();
    let mut words: Vec<&[u8]> = Vec::new();
    let mut codes: Vec<u64> = Vec::with_capacity(s.len());
    for v in s.iter() {
        let hash = hash_bytes(v, 0);
        let found = table.entry(hash, |c| words[*c as usize] == v, |c| hash_bytes(words[*c as usize], 0));
        let code = *found.or_insert(words.len() as u32).get();
        if code as usize == words.len() {
            if words.len() == most {
                return None;
            }
            words.push(v);
        }
        codes.push(code.into());
    }
    let mut order: Vec<u32> = (0..words.len() as u32).collect();
    order.sort_unstable_by_key(|i| words[*i as usize]);
    let mut rank = vec![0u64; words.len()];
    order.iter().enumerate().for_each(|(r, i)| rank[*i as usize] = r as u64);
    codes.iter_mut().for_each(|c| *c = rank[*c as usize]);
    Some((order.iter().map(|i| words[*i as usize]).collect(), codes))
}

/// Offsets of rows from their lengths.
pub(crate) fn offsets(lengths: &[u32], most: u64) -> Result<Vec<u32>> {
    let total: u64 = lengths.iter().map(|l| u64::from(*l)).sum();
    if total > most {
        return Err(corrupt(format!("lengths add up to {total}")));
    }
    let mut out = Vec::with_capacity(lengths.len() + 1);
    let mut at = 0;
    out.push(0);
    out.extend(lengths.iter().map(|l| {
        at += l;
        at
    }));
    Ok(out)
}

impl<'a> Text<'a> {
    pub fn parse(id: u8, r: &mut Reader<'a>, n: usize) -> Result<Self> {
        match id {
            id::TEXT_CONSTANT => {
                let len = r.u32()? as usize;
                let one = r.take(len)?;
                if (len as u64) * (n as u64) > u64::from(u32::MAX) {
                    return Err(corrupt("a constant string too long for its rows"));
                }
                Ok(Text::Constant(one, n))
            }
            id::TEXT_PAGES => Self::parse_pages(r, n),
            id::TEXT_DICTIONARY => {
                let count = r.u32()? as usize;
                if count > n {
                    return Err(corrupt("more dictionary entries than rows"));
                }
                let words = Box::new(Self::parse_pages(&mut r.part()?, count)?);
                Ok(Text::Dictionary { words, codes: Ints::parse(&mut r.part()?, n, 0)?, count })
            }
            _ => Err(corrupt(format!("encoding {id} is not one for strings"))),
        }
    }
    fn parse_pages(r: &mut Reader<'a>, n: usize) -> Result<Self> {
        let lengths = Ints::parse(&mut r.part()?, n, 0)?;
        let total = lengths.decode::<u32>()?.iter().map(|l| u64::from(*l)).sum();
        Ok(Text::Pages { lengths, pages: parse_pages(r, total)?, n })
    }
    pub fn decode(&self) -> Result<StrData> {
        match self {
            Text::Constant(one, n) => {
                let offsets: Vec<u32> = (0..=*n).map(|i| (i * one.len()) as u32).collect();
                Ok(StrData { offsets: offsets.into(), bytes: one.repeat(*n).into() })
            }
            Text::Pages { lengths, pages, .. } => {
                let offsets = offsets(&lengths.decode::<u32>()?, u64::from(u32::MAX))?;
                Ok(StrData { offsets: offsets.into(), bytes: open_all(pages)?.into() })
            }
            Text::Dictionary { words, codes, count } => {
                let codes = codes.decode::<u32>()?;
                check_codes(&codes, *count)?;
                let words = words.decode()?;
                let total: u64 = codes.iter().map(|c| words.get(*c as usize).len() as u64).sum();
                if total > u64::from(u32::MAX) || codes.len() > ELEMENTS_MAX {
                    return Err(corrupt("strings too long for their rows"));
                }
                Ok(StrData::from_iter(codes.iter().map(|c| words.get(*c as usize))))
            }
        }
    }
    /// Few rows: only the pages that hold them are opened.
    pub fn gather(&self, rows: &[u32]) -> Result<StrData> {
        match self {
            Text::Constant(one, _) => Ok(StrData::from_iter(rows.iter().map(|_| *one))),
            Text::Pages { lengths, pages, n } if rows.len() * 8 < *n => {
                let offsets = offsets(&lengths.decode::<u32>()?, u64::from(u32::MAX))?;
                let starts: Vec<usize> = pages
                    .iter()
                    .scan(0, |at, p| {
                        *at += p.len;
                        Some(*at - p.len)
                    })
                    .collect();
                let mut opened: Vec<Option<Vec<u8>>> = vec![None; pages.len()];
                let mut bytes = Vec::new();
                let mut ends = vec![0u32];
                for &r in rows {
                    let (mut from, to) = (offsets[r as usize] as usize, offsets[r as usize + 1] as usize);
                    while from < to {
                        let p = starts.partition_point(|s| *s <= from) - 1;
                        if opened[p].is_none() {
                            let mut page = Vec::new();
                            pages[p].open(&mut page)?;
                            opened[p] = Some(page);
                        }
                        let page = opened[p].as_deref().unwrap_or_default();
                        let end = to.min(starts[p] + page.len());
                        bytes.extend_from_slice(&page[from - starts[p]..end - starts[p]]);
                        from = end;
                    }
                    ends.push(bytes.len() as u32);
                }
                Ok(StrData { offsets: ends.into(), bytes: bytes.into() })
            }
            _ => {
                let all = self.decode()?;
                Ok(StrData::from_iter(rows.iter().map(|r| all.get(*r as usize))))
            }
        }
    }
}
