//! One stream of bytes on its way in or out, packed or unpacked.

use crate::ingest::limits;
use formats::{Compress, Decompress};
use types::Result;

pub enum Direction {
    /// with this level, where the method has one
    Pack(i32),
    /// to at most so many plain bytes, 0 = no limit
    Unpack(u64),
}

pub enum Coder {
    Pack(Compress),
    Unpack(Box<Decompress>),
}

impl Coder {
    /// `method`: a Content-Encoding, or `native` for ClickHouse's blocks. Errors: `UNKNOWN_COMPRESSION_METHOD`.
    pub fn new(direction: Direction, method: &str) -> Result<Coder> {
        Ok(match direction {
            Direction::Pack(level) => Coder::Pack(Compress::new(method, level)?),
            Direction::Unpack(max) => Coder::Unpack(Box::new(Decompress::new(method, limits(max))?)),
        })
    }

    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        match self {
            Coder::Pack(c) => c.push(bytes),
            Coder::Unpack(d) => {
                let mut out = Vec::new();
                d.push(bytes, &mut |piece| {
                    out.extend_from_slice(piece);
                    Ok(())
                })?;
                Ok(out)
            }
        }
    }

    /// What ends the stream. Errors: `CANNOT_DECOMPRESS` when it ends early.
    pub fn finish(&mut self) -> Result<Vec<u8>> {
        match self {
            Coder::Pack(c) => c.finish(),
            Coder::Unpack(d) => {
                d.finish(&mut |_| Ok(()))?;
                Ok(Vec::new())
            }
        }
    }
}
