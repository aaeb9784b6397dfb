//! Compressed bodies, in pieces: gzip, deflate (zlib or raw), zstd, LZ4 frames.
//!
//! Several members or frames may follow one another. A body that ends inside of one is an error. What
//! is decoded is handed on in pieces, and two limits hold at every piece: all bytes, and bytes in
//! relation to what was sent (after a first amount, so that small dense bodies pass).

use flate2::{Crc, Decompress as Inflate, FlushDecompress, Status};
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
    /// `encoding`: a Content-Encoding name; empty and `identity` pass bytes on.
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
            _ => Ok(()),
        }
    }
    /// (bytes sent, bytes decoded) so far.
    pub fn progress(&self) -> (u64, u64) {
        (self.meter.sent, self.meter.decoded)
    }
}

/// Inflates as much of `data` as there is; gives the bytes used and whether the stream ended.
fn step(
    inflate: &mut Inflate,
    data: &[u8],
    buffer: &mut [u8],
    what: &str,
    out: &mut Sink<'_>,
) -> Result<(usize, bool)> {
    let mut used = 0;
    loop {
        let (i, o) = (inflate.total_in(), inflate.total_out());
        let status =
            inflate.decompress(&data[used..], buffer, FlushDecompress::None).map_err(|e| broken(what, e))?;
        let (read, wrote) = ((inflate.total_in() - i) as usize, (inflate.total_out() - o) as usize);
        used += read;
        out(&buffer[..wrote])?;
        if status == Status::StreamEnd {
            return Ok((used, true));
        }
        if used == data.len() && wrote < buffer.len() {
            return Ok((used, false));
        }
        if read == 0 && wrote == 0 {
            return Err(broken(what, "no progress"));
        }
    }
}

/// Members of a gzip body.
#[derive(Default)]
struct Gzip {
    state: GzipState,
    /// bytes of a header or trailer that is not complete
    held: Vec<u8>,
    inflate: Option<Inflate>,
    crc: Crc,
    members: u64,
}

#[derive(Default, PartialEq)]
enum GzipState {
    #[default]
    Header,
    Data,
    Trailer,
}

impl Gzip {
    fn complete(&self) -> bool {
        self.state == GzipState::Header && self.held.is_empty() && self.members > 0
    }
    fn push(&mut self, data: &[u8], buffer: &mut [u8], meter: &mut Meter, out: &mut Sink<'_>) -> Result<()> {
        let mut rest = data;
        while !rest.is_empty() {
            match self.state {
                GzipState::Header => {
                    let before = self.held.len();
                    self.held.extend_from_slice(rest);
                    match gzip_header(&self.held)? {
                        Some(n) => {
                            rest = &rest[n - before..];
                            self.held.clear();
                            self.inflate = Some(Inflate::new(false));
                            self.crc = Crc::new();
                            self.state = GzipState::Data;
                        }
                        None if self.held.len() > 1 << 17 => {
                            return Err(broken("gzip", "the header is too long"));
                        }
                        None => return Ok(()),
                    }
                }
                GzipState::Data => {
                    let Some(inflate) = &mut self.inflate else {
                        return Err(Error::internal("gzip data before its header"));
                    };
                    let crc = &mut self.crc;
                    let (used, end) = step(inflate, rest, buffer, "gzip", &mut |p| {
                        crc.update(p);
                        meter.pass(p, out)
                    })?;
                    rest = &rest[used..];
                    if end {
                        self.state = GzipState::Trailer;
                    }
                }
                GzipState::Trailer => {
                    let n = (8 - self.held.len()).min(rest.len());
                    self.held.extend_from_slice(&rest[..n]);
                    rest = &rest[n..];
                    if let [a, b, c, d, e, f, g, h] = self.held[..] {
                        if u32::from_le_bytes([a, b, c, d]) != self.crc.sum()
                            || u32::from_le_bytes([e, f, g, h]) != self.crc.amount()
                        {
                            return Err(broken("gzip", "the checksum does not match"));
                        }
                        self.held.clear();
                        self.members += 1;
                        self.state = GzipState::Header;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Length of a gzip header, `None` if it is not complete.
fn gzip_header(h: &[u8]) -> Result<Option<usize>> {
    let magic = [0x1f, 0x8b, 8];
    if h.iter().zip(&magic).any(|(a, b)| a != b) {
        return Err(broken("gzip", "this is not gzip"));
    }
    let Some(&flags) = h.get(3) else { return Ok(None) };
    if flags & 0xe0 != 0 {
        return Err(broken("gzip", "unknown flags in the header"));
    }
    let mut at = 10;
    if flags & 4 != 0 {
        let Some(len) = h.get(at..at + 2) else { return Ok(None) };
        at += 2 + usize::from(u16::from_le_bytes([len[0], len[1]]));
    }
    for bit in [8, 16] {
        if flags & bit != 0 {
            let Some(n) = h.get(at..).and_then(|t| memchr::memchr(0, t)) else { return Ok(None) };
            at += n + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    Ok((h.len() >= at).then_some(at))
}

/// Frames of LZ4 (the frame format, not the block format).
#[derive(Default)]
struct Lz4 {
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
    fn complete(&self) -> bool {
        self.frame.is_none() && self.held.is_empty() && self.skip == 0 && self.frames > 0
    }
    fn push(&mut self, data: &[u8], meter: &mut Meter, out: &mut Sink<'_>) -> Result<()> {
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
