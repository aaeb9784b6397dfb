//! IP addresses, UUIDs and their texts.

use crate::args::{StrOut, i64s, map_str, strs, u8_col, u32_col, u128_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use types::codes::{CANNOT_PARSE_IPV4, CANNOT_PARSE_IPV6};
use types::text::net;
use types::{Bitmap, Column, Data, Error, FixedData, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("IPv4NumToString", "IPv4NumToString(n)", "An IPv4 address as text.", &[("IPv4NumToString(toUInt32(16909060))", "1.2.3.4")], |b| v4_text(b, false)).alias_ci(&["INET_NTOA"]),
    f("IPv4NumToStringClassC", "IPv4NumToStringClassC(n)", "An IPv4 address as text with xxx as its last part.", &[("IPv4NumToStringClassC(toUInt32(16909060))", "1.2.3.xxx")], |b| v4_text(b, true)),
    f("IPv4StringToNum", "IPv4StringToNum(s)", "An IPv4 address as a number.", &[("IPv4StringToNum('1.2.3.4')", "16909060")], |b| v4_number(b, 0)).alias_ci(&["INET_ATON"]),
    f("IPv4StringToNumOrDefault", "IPv4StringToNumOrDefault(s)", "An IPv4 address as a number, 0 if it is none.", &[("IPv4StringToNumOrDefault('x')", "0")], |b| v4_number(b, 1)),
    f("IPv4StringToNumOrNull", "IPv4StringToNumOrNull(s)", "An IPv4 address as a number, NULL if it is none.", &[("IPv4StringToNumOrNull('x')", "NULL")], |b| v4_number(b, 2)),
    f("IPv6NumToString", "IPv6NumToString(bytes)", "An IPv6 address of 16 bytes as text.", &[("IPv6NumToString(IPv6StringToNum('::1'))", "::1")], v6_text).alias_ci(&["INET6_NTOA"]),
    f("IPv6StringToNum", "IPv6StringToNum(s)", "An IPv6 (or IPv4) address as 16 bytes.", &[("hex(IPv6StringToNum('::1'))", "00000000000000000000000000000001")], |b| v6_number(b, 0)).alias_ci(&["INET6_ATON"]),
    f("IPv6StringToNumOrDefault", "IPv6StringToNumOrDefault(s)", "An IPv6 address as 16 bytes, zeros if it is none.", &[], |b| v6_number(b, 1)),
    f("IPv6StringToNumOrNull", "IPv6StringToNumOrNull(s)", "An IPv6 address as 16 bytes, NULL if it is none.", &[("IPv6StringToNumOrNull('x')", "NULL")], |b| v6_number(b, 2)),
    f("IPv4ToIPv6", "IPv4ToIPv6(n)", "The IPv6 address that stands for an IPv4 address.", &[("IPv4ToIPv6(toIPv4('1.2.3.4'))", "::ffff:1.2.3.4")], v4_to_v6),
    f("IPv4CIDRToRange", "IPv4CIDRToRange(address, bits)", "First and last address of a subnet.", &[("IPv4CIDRToRange(toIPv4('192.168.5.2'), 16)", "('192.168.0.0','192.168.255.255')")], v4_range),
    f("IPv6CIDRToRange", "IPv6CIDRToRange(address, bits)", "First and last address of a subnet.", &[("IPv6CIDRToRange(toIPv6('::1'), 127)", "('::','::1')")], v6_range),
    f("isIPv4String", "isIPv4String(s)", "1 if the text is an IPv4 address.", &[("isIPv4String('1.2.3.4')", "1")], |b| crate::strings::to_bool(b, |s| strict_v4(s).is_ok())),
    f("isIPv6String", "isIPv6String(s)", "1 if the text is an IPv6 address.", &[("isIPv6String('::1')", "1")], |b| crate::strings::to_bool(b, |s| s.contains(&b':') && net::parse_ipv6(s).is_ok())),
    f("isIPAddressInRange", "isIPAddressInRange(address, subnet)", "1 if the address lies in the subnet a.b.c.d/n.", &[("isIPAddressInRange('127.0.0.1', '127.0.0.0/8')", "1")], in_range),
    f("cutIPv6", "cutIPv6(bytes, cut6, cut4)", "An IPv6 address as text with the last bytes (cut4 for IPv4 ones) zeroed.", &[], cut_v6),
    f("MACNumToString", "MACNumToString(n)", "A MAC address as text.", &[("MACNumToString(1108152157446)", "01:02:03:04:05:06")], |b| { b.arity(1, 1)?; if *b.ty(0) != Type::UInt64 { return Err(b.illegal(0, "UInt64")); } bound(Type::String, |c| { let v = i64s(c.col(0)); map_str(c.rows, "MACNumToString", |i, out| { let b = v.at(i).to_be_bytes(); out.extend_from_slice(format!("{:02X}:{:02X}:{:02X}:{:02X}:{:02X}:{:02X}", b[2], b[3], b[4], b[5], b[6], b[7]).as_bytes()); Ok(()) }) }) }),
    f("MACStringToNum", "MACStringToNum(s)", "A MAC address as a number, 0 if it is none.", &[("MACStringToNum('01:02:03:04:05:06')", "1108152157446")], |b| crate::strings::to_u64(b, |s| mac(s, 6))),
    f("MACStringToOUI", "MACStringToOUI(s)", "The first three bytes of a MAC address as a number.", &[("MACStringToOUI('01:02:03:04:05:06')", "66051")], |b| crate::strings::to_u64(b, |s| mac(s, 3))),
    f("UUIDStringToNum", "UUIDStringToNum(s[, variant])", "A UUID's 16 bytes.", &[("hex(UUIDStringToNum('61f0c404-5cb3-11e7-907b-a6006ad3dba0'))", "61F0C4045CB311E7907BA6006AD3DBA0")], uuid_bytes),
    f("UUIDNumToString", "UUIDNumToString(bytes[, variant])", "The text of a UUID's 16 bytes.", &[("UUIDNumToString(UUIDStringToNum('61f0c404-5cb3-11e7-907b-a6006ad3dba0'))", "61f0c404-5cb3-11e7-907b-a6006ad3dba0")], uuid_text),
    f("UUIDToNum", "UUIDToNum(uuid[, variant])", "A UUID's 16 bytes.", &[], |b| { b.arity(1, 2)?; let Type::Uuid = b.ty(0) else { return Err(b.illegal(0, "UUID")) }; let swap = variant(b)?; bound(Type::FixedString(16), move |c| { let flat = c.col(0).flat(); let Data::U128(v) = &flat.data else { return Err(Error::internal("uuid")) }; Ok(fixed16(v.iter().map(|x| mixed(net::uuid_halves(*x).to_be_bytes(), swap)))) }) }),
];

/// An address becomes an address, a number its 16 bytes.
fn v4_to_v6(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    match b.ty(0) {
        Type::UInt32 => v6_bytes(),
        Type::Ipv4 => bound(Type::Ipv6, |c| {
            let v = i64s(c.col(0));
            Ok(u128_col((0..c.rows).map(|i| 0xffff_0000_0000 | u128::from(v.at(i) as u32)).collect()))
        }),
        _ => Err(b.illegal(0, "UInt32 or IPv4")),
    }
}

/// The address as its 16 bytes: what a number becomes.
fn v6_bytes() -> Result<Bound> {
    bound(Type::FixedString(16), |c| {
        let v = i64s(c.col(0));
        let bytes: Vec<u8> = (0..c.rows).flat_map(|i| (0xffff_0000_0000 | u128::from(v.at(i) as u32)).to_be_bytes()).collect();
        Ok(types::Data::Fixed(types::FixedData { width: 16, bytes: bytes.into() }).into())
    })
}

fn v4_arg(b: &Bind<'_>) -> Result<()> {
    if matches!(b.ty(0), Type::Bool | Type::UInt8 | Type::UInt16 | Type::UInt32 | Type::Ipv4) { Ok(()) } else { Err(b.illegal(0, "UInt32 or IPv4")) }
}

fn v4_text(b: &Bind<'_>, masked: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    v4_arg(b)?;
    bound(Type::String, move |c| {
        let v = i64s(c.col(0));
        map_str(c.rows, "IPv4NumToString", |i, out| {
            let n = v.at(i) as u32;
            if masked {
                let b = n.to_be_bytes();
                out.extend_from_slice(format!("{}.{}.{}.xxx", b[0], b[1], b[2]).as_bytes());
            } else {
                net::write_ipv4(n, out);
            }
            Ok(())
        })
    })
}

fn v4_number(b: &Bind<'_>, how: u8) -> Result<Bound> {
    b.arity(1, 1)?;
    b.plain_string(0)?;
    let lenient = b.session.flag("cast_ipv4_ipv6_default_on_conversion_error", false);
    bound(if how == 2 { Type::nullable(Type::UInt32) } else { Type::UInt32 }, move |c| {
        let s = strs(c.col(0));
        let mut bad = Bitmap::new(c.rows, false);
        let mut out = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            match strict_v4(s.at(i)) {
                Ok(v) => out.push(v),
                Err(_) if how == 0 && !lenient => return Err(Error::new(CANNOT_PARSE_IPV4, format!("Invalid IPv4 value '{}'", String::from_utf8_lossy(s.at(i))))),
                Err(_) => {
                    bad.set(i, true);
                    out.push(0);
                }
            }
        }
        let col = u32_col(out);
        Ok(if how == 2 { Column::new(col.data, Some(bad)) } else { col })
    })
}

/// An IPv4 address whose numbers have no zeros before them.
fn strict_v4(s: &[u8]) -> Result<u32> {
    match s.split(|x| *x == b'.').any(|p| p.len() > 1 && p[0] == b'0') {
        true => Err(Error::new(CANNOT_PARSE_IPV4, "Invalid IPv4 value: leading zeros")),
        false => net::parse_ipv4(s),
    }
}

fn v6_text(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    match b.ty(0) {
        Type::Ipv6 => bound(Type::String, |c| {
            let flat = c.col(0).flat();
            let Data::U128(v) = &flat.data else { return Err(Error::internal("ipv6")) };
            map_str(c.rows, "IPv6NumToString", |i, out| {
                net::write_ipv6(v[i], out);
                Ok(())
            })
        }),
        Type::FixedString(16) => bound(Type::String, |c| {
            let s = strs(c.col(0));
            map_str(c.rows, "IPv6NumToString", |i, out| {
                net::write_ipv6(s.at(i).try_into().map_or(0, u128::from_be_bytes), out);
                Ok(())
            })
        }),
        _ => Err(b.illegal(0, "FixedString(16) or IPv6")),
    }
}

fn fixed16(v: impl Iterator<Item = [u8; 16]>) -> Column {
    Data::Fixed(FixedData { width: 16, bytes: v.flatten().collect::<Vec<u8>>().into() }).into()
}

fn any_v6(s: &[u8]) -> Option<u128> {
    if let Ok(v) = net::parse_ipv4(s) {
        return Some(0xffff_0000_0000 | u128::from(v));
    }
    net::parse_ipv6(s).ok()
}

fn v6_number(b: &Bind<'_>, how: u8) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    let ty = Type::FixedString(16);
    let lenient = b.session.flag("cast_ipv4_ipv6_default_on_conversion_error", false);
    bound(if how == 2 { Type::nullable(ty) } else { ty }, move |c| {
        let s = strs(c.col(0));
        let mut bad = Bitmap::new(c.rows, false);
        let mut out = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            match any_v6(s.at(i)) {
                Some(v) => out.push(v.to_be_bytes()),
                None if how == 0 && !lenient => return Err(Error::new(CANNOT_PARSE_IPV6, format!("Invalid IPv6 value '{}'", String::from_utf8_lossy(s.at(i))))),
                None => {
                    bad.set(i, true);
                    out.push([0; 16]);
                }
            }
        }
        let col = fixed16(out.into_iter());
        Ok(if how == 2 { Column::new(col.data, Some(bad)) } else { col })
    })
}

fn prefix_length(b: &Bind<'_>) -> Result<()> {
    if matches!(b.ty(1), Type::UInt8 | Type::Bool) { Ok(()) } else { Err(b.illegal(1, "UInt8")) }
}

fn v4_range(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    v4_arg(b)?;
    prefix_length(b)?;
    bound(Type::tuple(vec![Type::Ipv4, Type::Ipv4]), |c| {
        let (v, n) = (i64s(c.col(0)), i64s(c.col(1)));
        let mask = |i: usize| u32::MAX.checked_shl(32 - n.at(i).clamp(0, 32) as u32).unwrap_or(0);
        let low: Vec<u32> = (0..c.rows).map(|i| v.at(i) as u32 & mask(i)).collect();
        let high = (0..c.rows).map(|i| low[i] | !mask(i)).collect();
        Ok(Data::Tuple(vec![u32_col(low), u32_col(high)].into(), c.rows).into())
    })
}

fn v6_range(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    if !matches!(b.ty(0), Type::Ipv6 | Type::FixedString(16)) {
        return Err(b.illegal(0, "IPv6 or FixedString(16)"));
    }
    prefix_length(b)?;
    bound(Type::tuple(vec![Type::Ipv6, Type::Ipv6]), |c| {
        let flat = c.col(0).flat();
        let s = strs(&flat);
        let v: Vec<u128> = match &flat.data {
            Data::U128(v) => v.to_vec(),
            _ => (0..c.rows).map(|i| s.at(i).try_into().map_or(0, u128::from_be_bytes)).collect(),
        };
        let n = i64s(c.col(1));
        let mask = |i: usize| u128::MAX.checked_shl(128 - n.at(i).clamp(0, 128) as u32).unwrap_or(0);
        let low: Vec<u128> = (0..c.rows).map(|i| v[i] & mask(i)).collect();
        let high = (0..c.rows).map(|i| low[i] | !mask(i)).collect();
        Ok(Data::Tuple(vec![u128_col(low), u128_col(high)].into(), c.rows).into())
    })
}

fn in_range(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    let types = b.types();
    if !(types[0].is_string() || matches!(types[0], Type::Ipv4 | Type::Ipv6)) {
        return Err(b.illegal(0, "String, IPv4 or IPv6"));
    }
    b.string(1)?;
    bound(Type::UInt8, move |c| {
        let text = crate::cast::cast(c.col(0), &types[0], &Type::String, crate::cast::CastMode::Function, c.session)?;
        let (s, p) = (strs(&text), strs(c.col(1)));
        let mut out = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let bad = || Error::new(types::codes::CANNOT_PARSE_TEXT, format!("The text '{}' is no address or subnet a.b.c.d/n", String::from_utf8_lossy(p.at(i))));
            let slash = memchr::memchr(b'/', p.at(i)).ok_or_else(bad)?;
            let bits: u32 = std::str::from_utf8(&p.at(i)[slash + 1..]).ok().and_then(|x| x.parse().ok()).ok_or_else(bad)?;
            let network = &p.at(i)[..slash];
            let address = s.at(i);
            let (v4, n4) = (net::parse_ipv4(address), net::parse_ipv4(network));
            if v4.is_err() && net::parse_ipv6(address).is_err() {
                return Err(Error::new(types::codes::CANNOT_PARSE_TEXT, format!("Neither IPv4 nor IPv6 address: '{}'", String::from_utf8_lossy(address))));
            }
            let inside = match (v4, n4) {
                (Ok(a), Ok(n)) if bits <= 32 => (a ^ n) & u32::MAX.checked_shl(32 - bits).unwrap_or(0) == 0,
                (Err(_), Err(_)) if bits <= 128 => {
                    let a = net::parse_ipv6(address).map_err(|_| bad())?;
                    let n = net::parse_ipv6(network).map_err(|_| bad())?;
                    (a ^ n) & u128::MAX.checked_shl(128 - bits).unwrap_or(0) == 0
                }
                (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
                _ => return Err(bad()),
            };
            out.push(u8::from(inside));
        }
        Ok(u8_col(out))
    })
}

fn cut_v6(b: &Bind<'_>) -> Result<Bound> {
    b.arity(3, 3)?;
    if !matches!(b.ty(0), Type::FixedString(16) | Type::Ipv6) {
        return Err(b.illegal(0, "FixedString(16) or IPv6"));
    }
    let (six, four) = (b.const_int(1)?, b.const_int(2)?);
    bound(Type::String, move |c| {
        let flat = c.col(0).flat();
        let s = strs(&flat);
        map_str(c.rows, "cutIPv6", |i, out| {
            let v = match &flat.data {
                Data::U128(v) => v[i],
                _ => s.at(i).try_into().map_or(0, u128::from_be_bytes),
            };
            let n = if v >> 32 == 0xffff { four } else { six }.clamp(0, 16) as u32;
            net::write_ipv6(v & u128::MAX.checked_shl(n * 8).unwrap_or(0), out);
            Ok(())
        })
    })
}

fn mac(s: &[u8], bytes: usize) -> u64 {
    let valid = s.len() == 17 || (bytes == 3 && s.len() >= 8);
    if !valid {
        return 0;
    }
    let mut v = 0u64;
    for k in 0..bytes {
        let Some(b) = s.get(3 * k..3 * k + 2).and_then(|h| std::str::from_utf8(h).ok()).and_then(|h| u8::from_str_radix(h, 16).ok()) else { return 0 };
        v = v << 8 | u64::from(b);
    }
    v
}

/// Whether the first three groups are little-endian (variant 2).
fn variant(b: &Bind<'_>) -> Result<bool> {
    Ok(b.len() > 1 && b.const_int(1)? == 2)
}

fn mixed(mut b: [u8; 16], swap: bool) -> [u8; 16] {
    if swap {
        b[0..4].reverse();
        b[4..6].reverse();
        b[6..8].reverse();
    }
    b
}

fn uuid_bytes(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    b.string(0)?;
    let swap = variant(b)?;
    bound(Type::FixedString(16), move |c| {
        let s = strs(c.col(0));
        Ok(fixed16((0..c.rows).map(|i| net::parse_uuid(s.at(i)).map_or([0; 16], |v| mixed(net::uuid_halves(v).to_be_bytes(), swap)))))
    })
}

fn uuid_text(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    let Type::FixedString(16) = b.ty(0) else { return Err(b.illegal(0, "FixedString(16)")) };
    let swap = variant(b)?;
    bound(Type::String, move |c| {
        let s = strs(c.col(0));
        let mut out = StrOut::new(c.rows, c.rows * 36);
        for i in 0..c.rows {
            let v = s.at(i).try_into().unwrap_or([0; 16]);
            net::write_uuid(net::uuid_halves(u128::from_be_bytes(mixed(v, swap))), &mut out.bytes);
            out.end_row();
        }
        Ok(out.column())
    })
}
