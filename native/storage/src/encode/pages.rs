//! Bytes cut into pages that are compressed one by one.
//!
//! Count of pages (u32), then each: codec (u8: 0 none, 1 LZ4 block, 2 ZSTD frame), bytes when open (u32),
//! bytes as stored (u32), the stored bytes.

use crate::bytes::{Reader, corrupt};
use types::Result;

/// Bytes of an open page; the last may be shorter.
pub(crate) const PAGE: usize = 128 << 10;
/// Largest open page that a reader accepts.
const PAGE_MAX: usize = 4 << 20;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Codec {
    None,
    Lz4,
    Zstd(i32),
    /// ZSTD where it is much smaller than LZ4
    Auto,
}

impl Codec {
    /// From the text of CODEC(…): the last general codec counts, the others are hints we have no use for.
    pub fn of(text: Option<&str>) -> Codec {
        let Some(text) = text else { return Codec::Auto };
        let text = text.to_ascii_uppercase();
        if let Some(at) = text.find("ZSTD") {
            let level = text[at + 4..].trim_start_matches('(').chars().take_while(char::is_ascii_digit);
            return Codec::Zstd(level.collect::<String>().parse().unwrap_or(1).clamp(1, 19));
        }
        if text.contains("LZ4") {
            Codec::Lz4
        } else if text.contains("NONE") {
            Codec::None
        } else {
            Codec::Auto
        }
    }
}

#[derive(Clone)]
pub(crate) struct Page<'a> {
    codec: u8,
    pub len: usize,
    stored: &'a [u8],
}

fn zstd(bytes: &[u8], level: i32) -> Option<Vec<u8>> {
    zstd::bulk::compress(bytes, level).ok()
}

fn compress(bytes: &[u8], codec: Codec) -> (u8, Option<Vec<u8>>) {
    let (id, packed) = match codec {
        Codec::None => (0, None),
        Codec::Lz4 => (1, Some(lz4_flex::block::compress(bytes))),
        Codec::Zstd(level) => (2, zstd(bytes, level)),
        Codec::Auto => {
            let a = lz4_flex::block::compress(bytes);
            match zstd(bytes, 1) {
                Some(b) if b.len() * 100 < a.len() * 85 => (2, Some(b)),
                _ => (1, Some(a)),
            }
        }
    };
    match packed {
        Some(p) if p.len() < bytes.len() - bytes.len() / 16 => (id, Some(p)),
        _ => (0, None),
    }
}

pub(crate) fn write_page(bytes: &[u8], codec: Codec, out: &mut Vec<u8>) {
    let (id, packed) = compress(bytes, codec);
    let stored = packed.as_deref().unwrap_or(bytes);
    out.push(id);
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(&(stored.len() as u32).to_le_bytes());
    out.extend_from_slice(stored);
}

pub(crate) fn write_pages(bytes: &[u8], codec: Codec, out: &mut Vec<u8>) {
    out.extend_from_slice(&(bytes.len().div_ceil(PAGE) as u32).to_le_bytes());
    // The first page decides between LZ4 and ZSTD for all: each costs a pass over the bytes.
    let mut codec = codec;
    for page in bytes.chunks(PAGE) {
        if codec == Codec::Auto {
            codec = match compress(page, codec).0 {
                2 => Codec::Zstd(1),
                1 => Codec::Lz4,
                _ => Codec::None,
            };
        }
        write_page(page, codec, out);
    }
}

impl<'a> Page<'a> {
    pub fn parse(r: &mut Reader<'a>) -> Result<Self> {
        let codec = r.u8()?;
        let (len, stored) = (r.u32()? as usize, r.u32()? as usize);
        // LZ4 and ZSTD reach at most some thousand to one on pages; more is a lie about the length.
        if codec > 2 || len > PAGE_MAX || len / 100_000 > stored {
            return Err(corrupt(format!("a page of codec {codec}, {len} bytes open, {stored} stored")));
        }
        Ok(Page { codec, len, stored: r.take(stored)? })
    }
    /// Appends the open bytes.
    pub fn open(&self, out: &mut Vec<u8>) -> Result<()> {
        let at = out.len();
        let n = match self.codec {
            0 => {
                out.extend_from_slice(self.stored);
                self.stored.len()
            }
            1 => {
                out.resize(at + self.len, 0);
                lz4_flex::block::decompress_into(self.stored, &mut out[at..])
                    .map_err(|e| corrupt(format!("an LZ4 page does not open: {e}")))?
            }
            _ => {
                out.resize(at + self.len, 0);
                zstd::bulk::decompress_to_buffer(self.stored, &mut out[at..])
                    .map_err(|e| corrupt(format!("a ZSTD page does not open: {e}")))?
            }
        };
        if n == self.len { Ok(()) } else { Err(corrupt("a page has another length than it says")) }
    }
}

/// The pages of exactly `total` bytes.
pub(crate) fn parse_pages<'a>(r: &mut Reader<'a>, total: u64) -> Result<Vec<Page<'a>>> {
    let count = r.u32()? as usize;
    if count > r.left() / 9 {
        return Err(corrupt("more pages than bytes"));
    }
    let mut pages = Vec::with_capacity(count);
    for _ in 0..count {
        pages.push(Page::parse(r)?);
    }
    if pages.iter().map(|p| p.len as u64).sum::<u64>() != total {
        return Err(corrupt("pages and lengths do not agree"));
    }
    Ok(pages)
}

pub(crate) fn open_all(pages: &[Page]) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(pages.iter().map(|p| p.len).sum());
    for p in pages {
        p.open(&mut out)?;
    }
    Ok(out)
}
