//! Compressed bodies, in pieces: gzip, deflate (zlib or raw), zstd, LZ4 frames, ClickHouse's own blocks.
//!
//! Several members or frames may follow one another. A body that ends inside of one is an error. What
//! is decoded is handed on in pieces, and two limits hold at every piece: all bytes, and bytes in
//! relation to what was sent (after a first amount, so that small dense bodies pass).

mod gzip;
mod lz4;
pub(crate) mod native;

use flate2::Decompress as Inflate;
use gzip::{Gzip, step};
use lz4::Lz4;
use native::Native;
use types::codes::{CANNOT_DECOMPRESS, TOO_MANY_BYTES, UNKNOWN_COMPRESSION_METHOD};
use types::{Error, Result};
use zstd::stream::raw::{Decoder as ZstdDecoder, Operation};
use zstd::zstd_safe::{DParameter, InBuffer, OutBuffer};

const PIECE: usize = 128 << 10;
const STEP: usize = 16 << 10;
/// Memory that a zstd frame may ask for (2^26 bytes).
const ZSTD_WINDOW_LOG_MAX: u32 = 26;

#[derive(Clone, Copy, Debug)]
pub struct DecompressLimits {
    /// decoded bytes for each byte sent (`max_decompression_ratio`)
    pub ratio: u64,
    /// the ratio holds beyond this many decoded bytes
    pub ratio_after: u64,
    pub bytes_max: u64,
}

impl Default for DecompressLimits {
    fn default() -> Self {
        DecompressLimits { ratio: 200, ratio_after: 64 << 20, bytes_max: u64::MAX }
    }
}

/// Where decoded pieces go.
pub type Sink<'a> = dyn FnMut(&[u8]) -> Result<()> + 'a;

pub struct Decompress {
    method: Method,
    meter: Meter,
    buffer: Vec<u8>,
}

struct Meter {
    limits: DecompressLimits,
    sent: u64,
    decoded: u64,
}

enum Method {
    Identity,
    Gzip(Box<Gzip>),
    Deflate { inflate: Option<Inflate>, done: bool },
    Zstd { decoder: Box<ZstdDecoder<'static>>, inside: bool },
    Lz4(Box<Lz4>),
    Native(Native),
}

fn broken(what: &str, why: impl std::fmt::Display) -> Error {
    Error::new(CANNOT_DECOMPRESS, format!("Cannot decompress {what}: {why}"))
}

impl Meter {
    fn pass(&mut self, piece: &[u8], out: &mut Sink<'_>) -> Result<()> {
        if piece.is_empty() {
            return Ok(());
        }
        self.decoded += piece.len() as u64;
        let l = &self.limits;
        if self.decoded > l.bytes_max {
            return Err(Error::new(
                TOO_MANY_BYTES,
                format!("Decompressed body is larger than {} bytes (max_body_bytes)", l.bytes_max),
            ));
        }
        if self.decoded > l.ratio_after && self.decoded / self.sent.max(1) > l.ratio {
            return Err(Error::new(
                TOO_MANY_BYTES,
                format!(
                    "Compressed body decodes to more than {} times its size; raise max_decompression_ratio if that is meant",
                    l.ratio
                ),
            ));
        }
        out(piece)
    }
}

impl Decompress {
    /// `encoding`: a Content-Encoding name, or `native`; empty and `identity` pass bytes on.
    /// Errors: `UNKNOWN_COMPRESSION_METHOD`.
    pub fn new(encoding: &str, limits: DecompressLimits) -> Result<Self> {
        let method = match encoding.to_ascii_lowercase().as_str() {
            "" | "identity" | "none" => Method::Identity,
            "gzip" | "gz" | "x-gzip" => Method::Gzip(Box::default()),
            "deflate" => Method::Deflate { inflate: None, done: false },
            "zstd" | "zst" => {
                let mut decoder = ZstdDecoder::new().map_err(|e| broken("zstd", e))?;
                decoder
                    .set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX))
                    .map_err(|e| broken("zstd", e))?;
                Method::Zstd { decoder: Box::new(decoder), inside: false }
            }
            "lz4" => Method::Lz4(Box::default()),
            "native" => Method::Native(Native::default()),
            other => {
                return Err(Error::new(
                    UNKNOWN_COMPRESSION_METHOD,
                    format!(
                        "Unknown compression method '{}'; gzip, deflate, zstd and lz4 are known",
                        types::text::clip(other.as_bytes(), 30)
                    ),
                ));
            }
        };
        Ok(Decompress { method, meter: Meter { limits, sent: 0, decoded: 0 }, buffer: Vec::new() })
    }

    /// Takes sent bytes, gives decoded pieces of at most 128 KiB (LZ4: 4 MiB) to `out`.
    /// Errors: `CANNOT_DECOMPRESS`, `TOO_MANY_BYTES`, those of `out`.
    pub fn push(&mut self, data: &[u8], out: &mut Sink<'_>) -> Result<()> {
        // In small steps: the ratio counts the bytes that were decoded so far, not all that came.
        data.chunks(STEP).try_for_each(|part| self.step(part, out))
    }

    fn step(&mut self, data: &[u8], out: &mut Sink<'_>) -> Result<()> {
        self.meter.sent += data.len() as u64;
        if self.buffer.is_empty() && !matches!(self.method, Method::Identity) {
            self.buffer = vec![0; PIECE];
        }
        match &mut self.method {
            Method::Identity => self.meter.pass(data, out),
            Method::Gzip(g) => g.push(data, &mut self.buffer, &mut self.meter, out),
            Method::Deflate { inflate, done } => {
                if data.is_empty() {
                    return Ok(());
                }
                // A zlib header says so in its first byte; some send raw deflate under this name.
                let inflate =
                    inflate.get_or_insert_with(|| Inflate::new(data[0] & 0x0f == 8 && data[0] >> 4 <= 7));
                let mut rest = data;
                while !rest.is_empty() {
                    if *done {
                        return Err(broken("deflate", "data follows the end of the stream"));
                    }
                    let (used, end) =
                        step(inflate, rest, &mut self.buffer, "deflate", &mut |p| self.meter.pass(p, out))?;
                    rest = &rest[used..];
                    *done = end;
                }
                Ok(())
            }
            Method::Zstd { decoder, inside } => {
                let mut input = InBuffer::around(data);
                loop {
                    let mut output = OutBuffer::around(self.buffer.as_mut_slice());
                    let before = input.pos();
                    let hint = decoder.run(&mut input, &mut output).map_err(|e| broken("zstd", e))?;
                    let n = output.pos();
                    self.meter.pass(&self.buffer[..n], out)?;
                    if input.pos() > before || n > 0 {
                        *inside = hint != 0;
                    }
                    // The output was not filled: nothing more comes from this input.
                    if input.pos() == data.len() && n < self.buffer.len() {
                        return Ok(());
                    }
                    if input.pos() == before && n == 0 {
                        return Err(broken("zstd", "no progress"));
                    }
                }
            }
            Method::Lz4(l) => l.push(data, &mut self.meter, out),
            Method::Native(n) => n.push(data, &mut self.meter, out),
        }
    }

    /// No more bytes come. Errors: `CANNOT_DECOMPRESS` if the data ends early.
    pub fn finish(&mut self, _out: &mut Sink<'_>) -> Result<()> {
        let cut = |what| Err(broken(what, "the data ends early"));
        match &self.method {
            Method::Gzip(g) if !g.complete() => cut("gzip"),
            Method::Deflate { done: false, .. } => cut("deflate"),
            Method::Zstd { inside, .. } if *inside || self.meter.sent == 0 => cut("zstd"),
            Method::Lz4(l) if !l.complete() => cut("lz4"),
            Method::Native(n) if !n.complete() => cut("a block of ClickHouse's compression"),
            _ => Ok(()),
        }
    }
    /// (bytes sent, bytes decoded) so far.
    pub fn progress(&self) -> (u64, u64) {
        (self.meter.sent, self.meter.decoded)
    }
}
