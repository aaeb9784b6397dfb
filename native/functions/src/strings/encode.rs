//! Bytes as text: hex, binary, base 32/58/64, URL and XML escapes.

use super::to_text;
use crate::args::{StrOut, i64s, map_str, strs};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use types::codes::INCORRECT_DATA;
use types::{Data, Error, Result, Type, match_numeric};

pub const DEFS: &[FunctionDef] = &[
    f("hex", "hex(x)", "The bytes of a string, or a number, in hexadecimal.", &[("hex('abc')", "616263"), ("hex(255)", "FF")], |b| digits(b, true)).ci(),
    f("unhex", "unhex(s)", "The bytes that hexadecimal digits stand for.", &[("unhex('616263')", "abc")], |b| to_text(b, "unhex", unhex)).ci(),
    f("bin", "bin(x)", "The bytes of a string, or a number, in binary.", &[("bin('a')", "01100001")], |b| digits(b, false)).ci(),
    f("unbin", "unbin(s)", "The bytes that binary digits stand for.", &[("unbin('01100001')", "a")], |b| to_text(b, "unbin", unbin)).ci(),
    f("base64Encode", "base64Encode(s)", "Base64.", &[("base64Encode('Hello')", "SGVsbG8=")], |b| to_text(b, "base64Encode", |s, out| encode64(s, STANDARD, true, out))).alias_ci(&["TO_BASE64"]),
    f("base64Decode", "base64Decode(s)", "Bytes from Base64.", &[("base64Decode('SGVsbG8=')", "Hello")], |b| decode(b, |s| decode64(s, STANDARD), false)).alias_ci(&["FROM_BASE64"]),
    f("tryBase64Decode", "tryBase64Decode(s)", "Bytes from Base64, '' if it is not valid.", &[("tryBase64Decode('!')", "")], |b| decode(b, |s| decode64(s, STANDARD), true)),
    f("base64URLEncode", "base64URLEncode(s)", "Base64 with the alphabet for URLs, without padding.", &[("base64URLEncode('?>')", "Pz4")], |b| to_text(b, "base64URLEncode", |s, out| encode64(s, URL, false, out))),
    f("base64URLDecode", "base64URLDecode(s)", "Bytes from Base64 for URLs.", &[("base64URLDecode('Pz4')", "?>")], |b| decode(b, |s| decode64(s, URL), false)),
    f("tryBase64URLDecode", "tryBase64URLDecode(s)", "Bytes from Base64 for URLs, '' if it is not valid.", &[("tryBase64URLDecode('#')", "")], |b| decode(b, |s| decode64(s, URL), true)),
    f("base58Encode", "base58Encode(s)", "Base58 (Bitcoin's alphabet).", &[("base58Encode('Hello')", "9Ajdvzr")], |b| to_text(b, "base58Encode", encode58)),
    f("base58Decode", "base58Decode(s)", "Bytes from Base58.", &[("base58Decode('9Ajdvzr')", "Hello")], |b| decode(b, decode58, false)),
    f("tryBase58Decode", "tryBase58Decode(s)", "Bytes from Base58, '' if it is not valid.", &[("tryBase58Decode('0')", "")], |b| decode(b, decode58, true)),
    f("base32Encode", "base32Encode(s)", "Base32.", &[("base32Encode('f')", "MY======")], |b| to_text(b, "base32Encode", encode32)),
    f("base32Decode", "base32Decode(s)", "Bytes from Base32.", &[("base32Decode('JBSWY3DP')", "Hello")], |b| decode(b, decode32, false)),
    f("tryBase32Decode", "tryBase32Decode(s)", "Bytes from Base32, '' if it is not valid.", &[("tryBase32Decode('1!')", "")], |b| decode(b, decode32, true)),
    f("encodeURLComponent", "encodeURLComponent(s)", "Percent-encoded.", &[("encodeURLComponent('a b')", "a%20b")], |b| to_text(b, "encodeURLComponent", |s, out| percent(s, false, out))),
    f("encodeURLFormComponent", "encodeURLFormComponent(s)", "Percent-encoded, spaces as +.", &[("encodeURLFormComponent('a b')", "a+b")], |b| to_text(b, "encodeURLFormComponent", |s, out| percent(s, true, out))),
    f("decodeURLComponent", "decodeURLComponent(s)", "Percent-decoded.", &[("decodeURLComponent('a%20b')", "a b")], |b| to_text(b, "decodeURLComponent", |s, out| unpercent(s, false, out))),
    f("decodeURLFormComponent", "decodeURLFormComponent(s)", "Percent-decoded, + as a space.", &[("decodeURLFormComponent('a+b')", "a b")], |b| to_text(b, "decodeURLFormComponent", |s, out| unpercent(s, true, out))),
    f("encodeXMLComponent", "encodeXMLComponent(s)", "With &lt; &gt; &amp; &quot; &apos; escaped.", &[("encodeXMLComponent('<a>')", "&lt;a&gt;")], |b| to_text(b, "encodeXMLComponent", encode_xml)),
    f("decodeXMLComponent", "decodeXMLComponent(s)", "XML's escapes replaced by their characters.", &[("decodeXMLComponent('&lt;a&gt;')", "<a>")], |b| to_text(b, "decodeXMLComponent", |s, out| decode_entities(s, false, out))),
    f("decodeHTMLComponent", "decodeHTMLComponent(s)", "HTML's common entities replaced by their characters.", &[("decodeHTMLComponent('&eacute;')", "é")], |b| to_text(b, "decodeHTMLComponent", |s, out| decode_entities(s, true, out))),
    f("bitmaskToList", "bitmaskToList(n)", "The powers of two that make up a number, as a list.", &[("bitmaskToList(10)", "2,8")], mask_list),
];

fn hex_byte(x: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(&[DIGITS[(x >> 4) as usize], DIGITS[(x & 15) as usize]]);
}

fn bin_byte(x: u8, out: &mut Vec<u8>) {
    out.extend((0..8).rev().map(|k| b'0' + (x >> k & 1)));
}

fn digits(b: &Bind<'_>, hex: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    let put = move |x: u8, out: &mut Vec<u8>| if hex { hex_byte(x, out) } else { bin_byte(x, out) };
    let ty = b.ty(0).clone();
    if ty.is_string() || matches!(ty, Type::AggregateFunction(_)) {
        return bound(Type::String, move |c| super::map_text(c.col(0), c.rows, "hex", |s, out| s.iter().for_each(|x| put(*x, out))));
    }
    if let Type::DateTime64(..) = ty {
        return Err(Error::new(types::codes::ILLEGAL_COLUMN, format!("Illegal column {ty} of argument of function {}: reinterpret its ticks with toInt64 or reinterpretAsInt64 first", b.name)));
    }
    if !(ty.is_number() || matches!(ty, Type::Date | Type::DateTime(_) | Type::Uuid | Type::Ipv4 | Type::Ipv6)) {
        return Err(b.illegal(0, "a string, number, Date, DateTime, UUID or IP address"));
    }
    // Integers are written from the highest byte that is not zero; floats and decimals as they lie in memory.
    let memory = ty.is_float() || ty.is_decimal();
    let whole = matches!(ty, Type::Uuid | Type::Ipv6);
    let uuid = ty == Type::Uuid;
    let short = ty == Type::BFloat16;
    bound(Type::String, move |c| {
        let mut flat = c.col(0).flat();
        if let (Data::U128(v), true) = (&flat.data, uuid) {
            flat = Data::U128(v.iter().map(|x| types::text::net::uuid_halves(*x)).collect::<Vec<_>>().into()).into();
        }
        if short {
            flat = types::bfloat::bits_column(&flat);
        }
        let mut out = StrOut::new(c.rows, c.rows * 16);
        match_numeric!(&flat.data, v, W => {
            for x in v.iter() {
                let bytes = x.to_le_bytes();
                if memory {
                    bytes.iter().for_each(|x| put(*x, &mut out.bytes));
                } else {
                    let n = if whole { bytes.len() } else { bytes.iter().rposition(|x| *x != 0).map_or(1, |p| p + 1) };
                    bytes[..n].iter().rev().for_each(|x| put(*x, &mut out.bytes));
                }
                out.end_row();
            }
        }, return Err(Error::internal("number expected")));
        out.finish("hex")
    })
}

/// What is no digit counts 255, as in ClickHouse.
fn nibble(x: u8) -> u8 {
    (x as char).to_digit(16).unwrap_or(255) as u8
}

fn unhex(s: &[u8], out: &mut Vec<u8>) {
    let mut rest = s;
    if rest.len() % 2 == 1 {
        out.push(nibble(rest[0]));
        rest = &rest[1..];
    }
    out.extend(rest.chunks_exact(2).map(|p| nibble(p[0]).wrapping_mul(16).wrapping_add(nibble(p[1]))));
}

fn unbin(s: &[u8], out: &mut Vec<u8>) {
    let bit = |x: &u8| u8::from(*x != b'0');
    let head = s.len() % 8;
    if head > 0 {
        out.push(s[..head].iter().fold(0, |a, x| a << 1 | bit(x)));
    }
    out.extend(s[head..].chunks_exact(8).map(|p| p.iter().fold(0, |a, x| a << 1 | bit(x))));
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn encode64(s: &[u8], alphabet: &[u8; 64], padding: bool, out: &mut Vec<u8>) {
    for p in s.chunks(3) {
        let v = u32::from(p[0]) << 16 | u32::from(*p.get(1).unwrap_or(&0)) << 8 | u32::from(*p.get(2).unwrap_or(&0));
        for k in 0..4 {
            if k <= p.len() {
                out.push(alphabet[(v >> (18 - 6 * k) & 63) as usize]);
            } else if padding {
                out.push(b'=');
            }
        }
    }
}

fn decode64(s: &[u8], alphabet: &[u8; 64]) -> Option<Vec<u8>> {
    if s.iter().any(u8::is_ascii_whitespace) {
        let text: Vec<u8> = s.iter().copied().filter(|x| !x.is_ascii_whitespace()).collect();
        return decode64(&text, alphabet);
    }
    let body = s.strip_suffix(b"==").or_else(|| s.strip_suffix(b"=")).unwrap_or(s);
    if body.len() % 4 == 1 || alphabet == STANDARD && s.len() % 4 != 0 {
        return None;
    }
    let mut out = Vec::with_capacity(body.len() * 3 / 4);
    for p in body.chunks(4) {
        let mut v = 0u32;
        for x in p {
            v = v << 6 | alphabet.iter().position(|a| a == x)? as u32;
        }
        v <<= 6 * (4 - p.len());
        out.extend_from_slice(&v.to_be_bytes()[1..p.len()]);
    }
    Some(out)
}

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

fn encode58(s: &[u8], out: &mut Vec<u8>) {
    let zeros = s.iter().take_while(|x| **x == 0).count();
    let mut digits: Vec<u8> = Vec::new();
    for x in &s[zeros..] {
        let mut carry = u32::from(*x);
        for d in &mut digits {
            carry += u32::from(*d) << 8;
            *d = (carry % 58) as u8;
            carry /= 58;
        }
        while carry > 0 {
            digits.push((carry % 58) as u8);
            carry /= 58;
        }
    }
    out.resize(out.len() + zeros, b'1');
    out.extend(digits.iter().rev().map(|d| BASE58[*d as usize]));
}

fn decode58(s: &[u8]) -> Option<Vec<u8>> {
    let zeros = s.iter().take_while(|x| **x == b'1').count();
    let mut bytes: Vec<u8> = Vec::new();
    for x in &s[zeros..] {
        let mut carry = BASE58.iter().position(|a| a == x)? as u32;
        for d in &mut bytes {
            carry += u32::from(*d) * 58;
            *d = carry as u8;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push(carry as u8);
            carry >>= 8;
        }
    }
    let mut out = vec![0; zeros];
    out.extend(bytes.iter().rev());
    Some(out)
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn encode32(s: &[u8], out: &mut Vec<u8>) {
    for p in s.chunks(5) {
        let v = (0..5).fold(0u64, |v, k| v << 8 | u64::from(*p.get(k).unwrap_or(&0)));
        let used = (p.len() * 8).div_ceil(5);
        out.extend((0..8).map(|k| if k < used { BASE32[(v >> (35 - 5 * k) & 31) as usize] } else { b'=' }));
    }
}

fn decode32(s: &[u8]) -> Option<Vec<u8>> {
    if s.len() % 8 != 0 {
        return None;
    }
    let body = &s[..s.iter().rposition(|x| *x != b'=').map_or(0, |p| p + 1)];
    if !matches!(s.len() - body.len(), 0 | 1 | 3 | 4 | 6) {
        return None;
    }
    let mut out = Vec::new();
    for p in body.chunks(8) {
        let mut v = 0u64;
        for k in 0..8 {
            let d = match p.get(k) {
                Some(x) => BASE32.iter().position(|a| *a == x.to_ascii_uppercase())? as u64,
                None => 0,
            };
            v = v << 5 | d;
        }
        out.extend_from_slice(&v.to_be_bytes()[3..3 + p.len() * 5 / 8]);
    }
    Some(out)
}

fn decode(b: &Bind<'_>, of: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static, lenient: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    let name = b.name.to_string();
    bound(Type::String, move |c| {
        let s = strs(c.col(0));
        map_str(c.rows, "base64Decode", |i, out| {
            match of(s.at(i)) {
                Some(v) => out.extend_from_slice(&v),
                None if lenient => {}
                None => return Err(Error::new(INCORRECT_DATA, format!("Failed to decode '{}' in function {name}", String::from_utf8_lossy(&s.at(i)[..s.at(i).len().min(100)])))),
            }
            Ok(())
        })
    })
}

fn percent(s: &[u8], form: bool, out: &mut Vec<u8>) {
    for &x in s {
        match x {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(x),
            b' ' if form => out.push(b'+'),
            _ => {
                out.push(b'%');
                hex_byte(x, out);
            }
        }
    }
}

pub fn unpercent(s: &[u8], form: bool, out: &mut Vec<u8>) {
    let mut i = 0;
    while i < s.len() {
        let pair = s.get(i + 1..i + 3).filter(|p| s[i] == b'%' && p.iter().all(u8::is_ascii_hexdigit));
        match pair {
            Some(p) => {
                out.push(nibble(p[0]) << 4 | nibble(p[1]));
                i += 3;
            }
            None => {
                out.push(if form && s[i] == b'+' { b' ' } else { s[i] });
                i += 1;
            }
        }
    }
}

fn encode_xml(s: &[u8], out: &mut Vec<u8>) {
    for &x in s {
        match x {
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\'' => out.extend_from_slice(b"&apos;"),
            x => out.push(x),
        }
    }
}

/// The Latin-1 names in order from U+00A0, and some others.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";
const NAMED: &[(&str, char)] = &[
    ("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"'), ("apos", '\''), ("ndash", '–'), ("mdash", '—'), ("lsquo", '‘'), ("rsquo", '’'),
    ("ldquo", '“'), ("rdquo", '”'), ("bull", '•'), ("hellip", '…'), ("trade", '™'), ("euro", '€'), ("larr", '←'), ("rarr", '→'), ("uarr", '↑'),
    ("darr", '↓'), ("infin", '∞'), ("ne", '≠'), ("le", '≤'), ("ge", '≥'), ("alpha", 'α'), ("beta", 'β'), ("gamma", 'γ'), ("delta", 'δ'), ("pi", 'π'),
    ("sum", '∑'), ("minus", '−'), ("radic", '√'), ("asymp", '≈'), ("hearts", '♥'), ("OElig", 'Œ'), ("oelig", 'œ'), ("Scaron", 'Š'), ("scaron", 'š'), ("thinsp", '\u{2009}'), ("ensp", '\u{2002}'), ("emsp", '\u{2003}'),
];

fn decode_entities(s: &[u8], html: bool, out: &mut Vec<u8>) {
    let mut i = 0;
    while i < s.len() {
        if s[i] == b'&'
            && let Some(n) = memchr::memchr(b';', &s[i..(i + 40).min(s.len())])
            && let Ok(name) = std::str::from_utf8(&s[i + 1..i + n])
        {
            let number = name.strip_prefix('#').and_then(|d| match d.strip_prefix(['x', 'X']) {
                Some(h) => u32::from_str_radix(h, 16).ok(),
                None => d.parse().ok(),
            });
            let c = match number {
                Some(v) => char::from_u32(v),
                None => NAMED
                    .iter()
                    .take(if html { NAMED.len() } else { 5 })
                    .find(|p| p.0 == name)
                    .map(|p| p.1)
                    .or_else(|| if html { LATIN.split(' ').position(|x| x == name).and_then(|k| char::from_u32(0xA0 + k as u32)) } else { None }),
            };
            if let Some(c) = c {
                super::push_chars(std::iter::once(c), out);
                i += n + 1;
                continue;
            }
        }
        out.push(s[i]);
        i += 1;
    }
}

fn mask_list(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.integer(0)?;
    let Some((bits, signed)) = b.ty(0).int_bits().filter(|x| x.0 <= 64) else { return Err(b.illegal(0, "an integer of at most 64 bits")) };
    bound(Type::String, move |c| {
        let v = i64s(c.col(0));
        map_str(c.rows, "bitmaskToList", |i, out| {
            let mut first = true;
            for k in 0..bits {
                if v.at(i) >> k & 1 != 0 {
                    if !first {
                        out.push(b',');
                    }
                    first = false;
                    let p = 1i128 << k;
                    let p = if signed && k + 1 == bits { -p } else { p };
                    out.extend_from_slice(p.to_string().as_bytes());
                }
            }
            Ok(())
        })
    })
}
