//! Inflating, and the members of a gzip body.

use super::{Meter, Sink, broken};
use flate2::{Crc, Decompress as Inflate, FlushDecompress, Status};
use types::{Error, Result};

/// Inflates as much of `data` as there is; gives the bytes used and whether the stream ended.
pub(super) fn step(
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
pub(super) struct Gzip {
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
    pub(super) fn complete(&self) -> bool {
        self.state == GzipState::Header && self.held.is_empty() && self.members > 0
    }
    pub(super) fn push(
        &mut self,
        data: &[u8],
        buffer: &mut [u8],
        meter: &mut Meter,
        out: &mut Sink<'_>,
    ) -> Result<()> {
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
