//! The ordered dictionary of a column of a segment: its distinct strings, front-coded in pages.
//!
//! Pages as in `pages.rs`, each opened: count of strings (u32), bytes shared with the string before (one
//! varint each; 0 for every 16th string of the page, counted from its first), bytes that follow (one varint
//! each), and the bytes that follow.

use super::pages::{Codec, PAGE, Page, write_page};
use crate::bytes::{Reader, corrupt, put_var};
use types::{Result, StrData};

/// Every so many strings one stands whole.
const RESTART: usize = 16;
/// Bytes of all strings of a dictionary.
pub(crate) const HEAP_MAX: usize = 1 << 30;

/// `words`: ascending, without repetition.
pub(crate) fn write<'a>(words: impl Iterator<Item = &'a [u8]>, codec: Codec, out: &mut Vec<u8>) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    let mut pages = 0u32;
    let mut codec = codec;
    let (mut shared, mut rest, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    let mut count = 0u32;
    let mut before: &[u8] = &[];
    let mut flush = |count: &mut u32, shared: &mut Vec<u8>, rest: &mut Vec<u8>, bytes: &mut Vec<u8>| {
        let mut page = count.to_le_bytes().to_vec();
        page.append(shared);
        page.append(rest);
        page.append(bytes);
        let start = out.len();
        write_page(&page, codec, out);
        if codec == Codec::Auto {
            codec = if out[start] == 2 { Codec::Zstd(3) } else { Codec::Lz4 };
        }
        *count = 0;
        pages += 1;
    };
    for word in words {
        let same = if (count as usize).is_multiple_of(RESTART) {
            0
        } else {
            before.iter().zip(word).take_while(|(a, b)| a == b).count()
        };
        put_var(&mut shared, same as u64);
        put_var(&mut rest, (word.len() - same) as u64);
        bytes.extend_from_slice(&word[same..]);
        count += 1;
        before = word;
        if shared.len() + rest.len() + bytes.len() >= PAGE {
            flush(&mut count, &mut shared, &mut rest, &mut bytes);
        }
    }
    if count > 0 {
        flush(&mut count, &mut shared, &mut rest, &mut bytes);
    }
    out[at..at + 4].copy_from_slice(&pages.to_le_bytes());
}

/// All strings. `count` and `total` (their bytes together) come from the footer.
pub(crate) fn read(bytes: &[u8], count: usize, total: usize) -> Result<StrData> {
    let mut r = Reader::new(bytes);
    let pages = r.u32()? as usize;
    if total > HEAP_MAX || pages > r.left() / 9 || count > total.saturating_add(1) {
        return Err(corrupt("a dictionary whose sizes do not agree"));
    }
    let mut offsets = Vec::with_capacity(count + 1);
    offsets.push(0u32);
    let mut heap: Vec<u8> = Vec::with_capacity(total);
    let mut open = Vec::new();
    let mut start = 0;
    for _ in 0..pages {
        open.clear();
        Page::parse(&mut r)?.open(&mut open)?;
        let mut page = Reader::new(&open);
        let n = page.u32()? as usize;
        if n > page.left() / 2 || offsets.len() + n > count + 1 {
            return Err(corrupt("a dictionary page with too many strings"));
        }
        let mut shared = Vec::with_capacity(n);
        for _ in 0..n {
            shared.push(page.var()?);
        }
        let mut rest = Vec::with_capacity(n);
        for _ in 0..n {
            rest.push(page.var()?);
        }
        for (same, rest) in shared.into_iter().zip(rest) {
            let same = usize::try_from(same).unwrap_or(usize::MAX);
            if same > heap.len() - start {
                return Err(corrupt("a dictionary string shares more than there is"));
            }
            let before = start;
            start = heap.len();
            let tail = page.take(usize::try_from(rest).unwrap_or(usize::MAX))?;
            if heap.len() + same + tail.len() > total {
                return Err(corrupt("a dictionary longer than it says"));
            }
            heap.extend_from_within(before..before + same);
            heap.extend_from_slice(tail);
            offsets.push(heap.len() as u32);
        }
    }
    if offsets.len() != count + 1 || heap.len() != total {
        return Err(corrupt("a dictionary shorter than it says"));
    }
    let words = StrData { offsets: offsets.into(), bytes: heap.into() };
    let ordered = (1..count).all(|i| words.get(i - 1) < words.get(i));
    if ordered { Ok(words) } else { Err(corrupt("a dictionary out of order")) }
}
