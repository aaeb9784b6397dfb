//! ClickHouse's own compressed blocks: checksum, method, sizes, data.

use super::{Meter, Sink, broken};
use crate::city::city128;
use types::codes::{CHECKSUM_DOESNT_MATCH, TOO_LARGE_SIZE_COMPRESSED, UNKNOWN_COMPRESSION_METHOD};
use types::{Error, Result};

pub(crate) const LZ4: u8 = 0x82;
pub(crate) const ZSTD: u8 = 0x90;
pub(crate) const STORED: u8 = 0x02;
/// Checksum before each block.
pub(crate) const SUM: usize = 16;
/// Method and the two sizes; the compressed size counts them.
pub(crate) const HEAD: usize = 9;
/// Largest block, compressed or not.
const BLOCK_MAX: usize = 128 << 20;

#[derive(Default)]
pub(super) struct Native {
    held: Vec<u8>,
    blocks: u64,
}

impl Native {
    /// An empty body is whole too: it holds no blocks.
    pub(super) fn complete(&self) -> bool {
        self.held.is_empty()
    }

    pub(super) fn push(&mut self, data: &[u8], meter: &mut Meter, out: &mut Sink<'_>) -> Result<()> {
        self.held.extend_from_slice(data);
        let mut at = 0;
        while let Some(size) = whole(&self.held[at..], self.blocks)? {
            let plain = unpack(&self.held[at..at + size])?;
            meter.pass(&plain, out)?;
            at += size;
            self.blocks += 1;
        }
        self.held.drain(..at);
        Ok(())
    }
}

fn u32_at(d: &[u8], at: usize) -> usize {
    d.get(at..).and_then(|t| t.first_chunk::<4>()).map_or(0, |b| u32::from_le_bytes(*b)) as usize
}

/// Bytes of the first block, checksum included, once all of it is there.
fn whole(d: &[u8], number: u64) -> Result<Option<usize>> {
    if d.len() < SUM + HEAD {
        return Ok(None);
    }
    let method = d[SUM];
    if ![LZ4, ZSTD, STORED].contains(&method) {
        let why = format!(
            "Block {} of the compressed body names the method 0x{method:02x}; LZ4 (0x82), ZSTD (0x90) and none (0x02) are known. decompress=1 wants ClickHouse's compressed blocks",
            number + 1
        );
        return Err(Error::new(UNKNOWN_COMPRESSION_METHOD, why));
    }
    let (packed, plain) = (u32_at(d, SUM + 1), u32_at(d, SUM + 5));
    if packed < HEAD {
        return Err(broken("a block", "its size is less than its head"));
    }
    // LZ4 gives at most 255 bytes for one: what claims more is made up.
    let most = if method == ZSTD { usize::MAX } else { 64 + 255 * packed };
    if packed > BLOCK_MAX || plain > BLOCK_MAX || plain > most {
        return Err(Error::new(
            TOO_LARGE_SIZE_COMPRESSED,
            format!(
                "Block {} of the compressed body claims {packed} bytes that hold {plain}; the most is {BLOCK_MAX}",
                number + 1
            ),
        ));
    }
    Ok((d.len() >= SUM + packed).then_some(SUM + packed))
}

/// Checks and unpacks one whole block.
fn unpack(block: &[u8]) -> Result<Vec<u8>> {
    let (low, high) = city128(&block[SUM..]);
    if block[..8] != low.to_le_bytes() || block[8..16] != high.to_le_bytes() {
        return Err(Error::new(
            CHECKSUM_DOESNT_MATCH,
            "The checksum of a compressed block does not match: the body was damaged on its way",
        ));
    }
    let size = u32_at(block, SUM + 5);
    let data = &block[SUM + HEAD..];
    let plain = match block[SUM] {
        STORED => data.to_vec(),
        LZ4 => {
            let mut plain = vec![0; size];
            let n = lz4_flex::block::decompress_into(data, &mut plain).map_err(|e| broken("a block", e))?;
            plain.truncate(n);
            plain
        }
        _ => zstd::bulk::decompress(data, size).map_err(|e| broken("a block", e))?,
    };
    if plain.len() != size {
        return Err(broken("a block", "it holds another number of bytes than it says"));
    }
    Ok(plain)
}
