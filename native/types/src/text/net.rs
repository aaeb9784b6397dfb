//! UUIDs and IP addresses to text and back.

use crate::codes::{CANNOT_PARSE_IPV4, CANNOT_PARSE_IPV6, CANNOT_PARSE_UUID};
use crate::text::cursor::clip;
use crate::text::number::write_int;
use crate::{Error, Result};
use std::net::Ipv6Addr;

/// A UUID's number as it is written to the number as it is kept, and back: ClickHouse orders UUIDs by the
/// second half of their text first, so that half is the high one.
pub fn uuid_halves(v: u128) -> u128 {
    v.rotate_left(64)
}

/// Writes a UUID as it is kept.
pub fn write_uuid(v: u128, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for (i, b) in uuid_halves(v).to_be_bytes().iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        out.extend_from_slice(&[HEX[(b >> 4) as usize], HEX[(b & 15) as usize]]);
    }
}
/// Reads a UUID with or without dashes; the whole text. Errors: `CANNOT_PARSE_UUID`.
pub fn parse_uuid(s: &[u8]) -> Result<u128> {
    let bad = || {
        Error::new(
            CANNOT_PARSE_UUID,
            format!("Cannot parse UUID '{}': expected 8-4-4-4-12 hexadecimal digits", clip(s, 50)),
        )
    };
    let dashed = match s.len() {
        36 => true,
        32 => false,
        _ => return Err(bad()),
    };
    let mut v = 0u128;
    for (i, &b) in s.iter().enumerate() {
        if dashed && matches!(i, 8 | 13 | 18 | 23) {
            if b != b'-' {
                return Err(bad());
            }
            continue;
        }
        v = v << 4 | u128::from((b as char).to_digit(16).ok_or_else(bad)?);
    }
    Ok(uuid_halves(v))
}

pub fn write_ipv4(v: u32, out: &mut Vec<u8>) {
    for (i, b) in v.to_be_bytes().into_iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        write_int(b, out);
    }
}
/// Reads `a.b.c.d`; the whole text. Errors: `CANNOT_PARSE_IPV4`.
pub fn parse_ipv4(s: &[u8]) -> Result<u32> {
    let bad = || Error::new(CANNOT_PARSE_IPV4, format!("Invalid IPv4 value '{}'", clip(s, 50)));
    let (mut v, mut parts) = (0u32, 0);
    for part in s.split(|b| *b == b'.') {
        if part.is_empty() || part.len() > 3 || !part.iter().all(u8::is_ascii_digit) {
            return Err(bad());
        }
        let n = part.iter().fold(0u32, |n, b| n * 10 + u32::from(b - b'0'));
        parts += 1;
        if n > 255 || parts > 4 {
            return Err(bad());
        }
        v = v << 8 | n;
    }
    if parts == 4 { Ok(v) } else { Err(bad()) }
}

/// The shortest form (RFC 5952); addresses of IPv4 end in dots.
pub fn write_ipv6(v: u128, out: &mut Vec<u8>) {
    if v >> 32 == 0xffff {
        out.extend_from_slice(b"::ffff:");
        return write_ipv4(v as u32, out);
    }
    out.extend_from_slice(Ipv6Addr::from_bits(v).to_string().as_bytes());
}
/// Reads an IPv6 address, or an IPv4 address as one of IPv6; the whole text. Errors: `CANNOT_PARSE_IPV6`.
pub fn parse_ipv6(s: &[u8]) -> Result<u128> {
    if let Some(v) = std::str::from_utf8(s).ok().and_then(|t| t.parse::<Ipv6Addr>().ok()) {
        return Ok(v.to_bits());
    }
    match parse_ipv4(s) {
        Ok(v) => Ok(0xffff_0000_0000 | u128::from(v)),
        Err(_) => Err(Error::new(CANNOT_PARSE_IPV6, format!("Invalid IPv6 value '{}'", clip(s, 50)))),
    }
}
