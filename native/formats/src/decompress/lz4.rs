//! LZ4 in its frame format.

use super::{Meter, Sink, broken};
use types::Result;

/// Frames of LZ4 (the frame format, not the block format).
#[derive(Default)]
pub(super) struct Lz4 {
    held: Vec<u8>,
    frame: Option<Frame>,
    frames: u64,
    /// bytes of a skippable frame that are still to come
    skip: u64,
}

struct Frame {
    block_max: usize,
    linked: bool,
    block_checksum: bool,
    content_checksum: bool,
    content_size: Option<u64>,
    written: u64,
    hash: xxhash_rust::xxh32::Xxh32,
    /// the last 64 KiB decoded, which linked blocks refer to
    window: Vec<u8>,
}

impl Lz4 {
    pub(super) fn complete(&self) -> bool {
        self.frame.is_none() && self.held.is_empty() && self.skip == 0 && self.frames > 0
    }
    pub(super) fn push(&mut self, data: &[u8], meter: &mut Meter, out: &mut Sink<'_>) -> Result<()> {
        self.held.extend_from_slice(data);
        let held = std::mem::take(&mut self.held);
        let mut at = 0;
        while let Some(n) = self.step(&held[at..], meter, out)? {
            at += n;
        }
        self.held = held[at..].to_vec();
        Ok(())
    }
    /// Takes one header, block or end mark; gives its bytes, `None` if it is not complete.
    fn step(&mut self, d: &[u8], meter: &mut Meter, out: &mut Sink<'_>) -> Result<Option<usize>> {
        let word = |at: usize| d.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        if self.skip > 0 {
            let n = self.skip.min(d.len() as u64);
            self.skip -= n;
            return Ok((n > 0).then_some(n as usize));
        }
        let Some(first) = word(0) else {
            let magic = 0x184d_2204u32.to_le_bytes();
            if self.frame.is_none() && !d.is_empty() && d[0] != magic[0] && d[0] & 0xf0 != 0x50 {
                return Err(broken("lz4", "this is not an LZ4 frame"));
            }
            return Ok(None);
        };
        let Some(frame) = &mut self.frame else {
            if first & 0xffff_fff0 == 0x184d_2a50 {
                let Some(n) = word(4) else { return Ok(None) };
                self.skip = n.into();
                self.frames += 1;
                return Ok(Some(8));
            }
            if first != 0x184d_2204 {
                return Err(broken("lz4", "this is not an LZ4 frame"));
            }
            let Some((frame, n)) = Frame::header(d)? else { return Ok(None) };
            self.frame = Some(frame);
            return Ok(Some(n));
        };
        if first == 0 {
            let n = if frame.content_checksum { 8 } else { 4 };
            if d.len() < n {
                return Ok(None);
            }
            if frame.content_checksum && word(4) != Some(frame.hash.digest()) {
                return Err(broken("lz4", "the checksum does not match"));
            }
            if frame.content_size.is_some_and(|s| s != frame.written) {
                return Err(broken("lz4", "the content has another size than its header says"));
            }
            self.frame = None;
            self.frames += 1;
            return Ok(Some(n));
        }
        let (size, plain) = ((first & 0x7fff_ffff) as usize, first >> 31 == 1);
        if size > frame.block_max {
            return Err(broken("lz4", "a block is too large"));
        }
        let whole = 4 + size + if frame.block_checksum { 4 } else { 0 };
        if d.len() < whole {
            return Ok(None);
        }
        let block = &d[4..4 + size];
        if frame.block_checksum && word(4 + size) != Some(xxhash_rust::xxh32::xxh32(block, 0)) {
            return Err(broken("lz4", "the checksum of a block does not match"));
        }
        let mut decoded = Vec::new();
        let text: &[u8] = if plain {
            block
        } else {
            decoded.resize(frame.block_max, 0);
            let n = lz4_flex::block::decompress_into_with_dict(block, &mut decoded, &frame.window)
                .map_err(|e| broken("lz4", e))?;
            &decoded[..n]
        };
        frame.written += text.len() as u64;
        if frame.content_checksum {
            frame.hash.update(text);
        }
        meter.pass(text, out)?;
        if frame.linked {
            frame.window.extend_from_slice(text);
            let extra = frame.window.len().saturating_sub(64 << 10);
            frame.window.drain(..extra);
        }
        Ok(Some(whole))
    }
}

impl Frame {
    /// Reads the frame descriptor behind the magic number.
    fn header(d: &[u8]) -> Result<Option<(Frame, usize)>> {
        let (Some(&flg), Some(&bd)) = (d.get(4), d.get(5)) else { return Ok(None) };
        if flg >> 6 != 1 || flg & 2 != 0 || bd & 0x8f != 0 {
            return Err(broken("lz4", "unknown version or flags of the frame"));
        }
        let block_max = match bd >> 4 & 7 {
            4 => 64 << 10,
            5 => 256 << 10,
            6 => 1 << 20,
            7 => 4 << 20,
            _ => return Err(broken("lz4", "unknown block size")),
        };
        if flg & 1 != 0 {
            return Err(broken("lz4", "frames with a dictionary are not supported"));
        }
        let sized = flg & 8 != 0;
        let n = 6 + if sized { 8 } else { 0 };
        if d.len() <= n {
            return Ok(None);
        }
        if (xxhash_rust::xxh32::xxh32(&d[4..n], 0) >> 8) as u8 != d[n] {
            return Err(broken("lz4", "the checksum of the header does not match"));
        }
        let content_size = sized.then(|| {
            let mut b = [0; 8];
            b.copy_from_slice(&d[6..14]);
            u64::from_le_bytes(b)
        });
        let frame = Frame {
            block_max,
            linked: flg & 0x20 == 0,
            block_checksum: flg & 0x10 != 0,
            content_checksum: flg & 4 != 0,
            content_size,
            written: 0,
            hash: xxhash_rust::xxh32::Xxh32::new(0),
            window: Vec::new(),
        };
        Ok(Some((frame, n + 1)))
    }
}
