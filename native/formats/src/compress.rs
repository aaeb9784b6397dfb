//! Answers compressed on their way out, piece by piece: zstd, LZ4 frames, ClickHouse's own blocks. What a
//! piece gave is complete enough to be sent on at once.

use crate::city::city128;
use crate::decompress::native::{HEAD, LZ4};
use lz4_flex::frame::FrameEncoder;
use std::io::Write;
use types::codes::UNKNOWN_COMPRESSION_METHOD;
use types::{Error, Result};

/// Plain bytes of one block of ClickHouse's.
const BLOCK: usize = 1 << 20;

pub struct Compress(Method);

enum Method {
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    Lz4(Box<FrameEncoder<Vec<u8>>>),
    Native,
    Finished,
}

fn failed(e: impl std::fmt::Display) -> Error {
    Error::internal(format!("an answer could not be compressed: {e}"))
}

impl Compress {
    /// `method`: `zstd`, `lz4`, or `native` for ClickHouse's blocks. Errors: `UNKNOWN_COMPRESSION_METHOD`.
    pub fn new(method: &str, level: i32) -> Result<Compress> {
        Ok(Compress(match method {
            "zstd" => {
                let level = level.clamp(1, 9);
                Method::Zstd(zstd::stream::write::Encoder::new(Vec::new(), level).map_err(failed)?)
            }
            "lz4" => Method::Lz4(Box::new(FrameEncoder::new(Vec::new()))),
            "native" => Method::Native,
            other => {
                return Err(Error::new(
                    UNKNOWN_COMPRESSION_METHOD,
                    format!("Answers are not compressed with '{}'", types::text::clip(other.as_bytes(), 30)),
                ));
            }
        }))
    }

    /// The compressed form of more bytes; may be empty, the rest comes with the next piece.
    pub fn push(&mut self, data: &[u8]) -> Result<Vec<u8>> {
        match &mut self.0 {
            Method::Zstd(e) => {
                e.write_all(data).and_then(|()| e.flush()).map_err(failed)?;
                Ok(std::mem::take(e.get_mut()))
            }
            Method::Lz4(e) => {
                e.write_all(data).and_then(|()| e.flush()).map_err(failed)?;
                Ok(std::mem::take(e.get_mut()))
            }
            Method::Native => {
                let mut out = Vec::new();
                data.chunks(BLOCK).try_for_each(|part| block(part, &mut out))?;
                Ok(out)
            }
            Method::Finished => Err(failed("it is at its end")),
        }
    }

    /// What ends the stream.
    pub fn finish(&mut self) -> Result<Vec<u8>> {
        match std::mem::replace(&mut self.0, Method::Finished) {
            Method::Zstd(e) => e.finish().map_err(failed),
            Method::Lz4(e) => e.finish().map_err(failed),
            Method::Native | Method::Finished => Ok(Vec::new()),
        }
    }
}

fn block(plain: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let packed = lz4_flex::block::compress(plain);
    let size = |n: usize| u32::try_from(n).map_err(failed);
    let mut body = Vec::with_capacity(HEAD + packed.len());
    body.push(LZ4);
    body.extend(size(HEAD + packed.len())?.to_le_bytes());
    body.extend(size(plain.len())?.to_le_bytes());
    body.extend(packed);
    let (low, high) = city128(&body);
    out.extend(low.to_le_bytes());
    out.extend(high.to_le_bytes());
    out.extend(body);
    Ok(())
}
