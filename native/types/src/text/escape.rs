//! Quoting and escaping, and the way back.

use crate::codes::{CANNOT_PARSE_ESCAPE_SEQUENCE, CANNOT_PARSE_QUOTED_STRING, INCORRECT_DATA};
use crate::text::Cursor;
use crate::{Error, Result};

const fn table(bytes: &[u8]) -> [bool; 256] {
    let mut t = [false; 256];
    let mut i = 0;
    while i < bytes.len() {
        t[bytes[i] as usize] = true;
        i += 1;
    }
    t
}
static ESCAPED: [bool; 256] = table(b"\x08\x0c\n\r\t\0\\'");
static JSON: [bool; 256] = {
    let mut t = table(b"\"\\/\xe2");
    let mut i = 0;
    while i < 32 {
        t[i] = true;
        i += 1;
    }
    t
};

/// Bytes with `\b \f \n \r \t \0 \\ \'` escaped (inside quotes of SQL, and in TSV).
pub fn write_escaped(s: &[u8], out: &mut Vec<u8>) {
    let mut from = 0;
    for (i, &b) in s.iter().enumerate() {
        if ESCAPED[b as usize] {
            out.extend_from_slice(&s[from..i]);
            out.push(b'\\');
            out.push(match b {
                8 => b'b',
                12 => b'f',
                b'\n' => b'n',
                b'\r' => b'r',
                b'\t' => b't',
                0 => b'0',
                b => b,
            });
            from = i + 1;
        }
    }
    out.extend_from_slice(&s[from..]);
}
/// `'…'`.
pub fn write_quoted_bytes(s: &[u8], out: &mut Vec<u8>) {
    out.push(b'\'');
    write_escaped(s, out);
    out.push(b'\'');
}
/// `quote … quote` with inner quotes doubled.
pub fn write_doubled(s: &[u8], quote: u8, out: &mut Vec<u8>) {
    out.push(quote);
    for &b in s {
        if b == quote {
            out.push(quote);
        }
        out.push(b);
    }
    out.push(quote);
}
/// A JSON string with its quotes.
pub fn write_json_string(s: &[u8], slashes: bool, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut from = 0;
    for (i, &b) in s.iter().enumerate() {
        if !JSON[b as usize] || (b == b'/' && !slashes) {
            continue;
        }
        if b == 0xe2 {
            // U+2028 and U+2029 end lines in JavaScript.
            if let [0xe2, 0x80, last @ (0xa8 | 0xa9)] = s[i..s.len().min(i + 3)] {
                out.extend_from_slice(&s[from..i]);
                out.extend_from_slice(if last == 0xa8 { b"\\u2028" } else { b"\\u2029" });
                from = i + 3;
            }
            continue;
        }
        out.extend_from_slice(&s[from..i]);
        out.push(b'\\');
        match b {
            8 => out.push(b'b'),
            12 => out.push(b'f'),
            b'\n' => out.push(b'n'),
            b'\r' => out.push(b'r'),
            b'\t' => out.push(b't'),
            b'"' | b'\\' | b'/' => out.push(b),
            b => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                out.extend_from_slice(&[b'u', b'0', b'0', HEX[(b >> 4) as usize], HEX[(b & 15) as usize]]);
            }
        }
        from = i + 1;
    }
    out.extend_from_slice(&s[from..]);
    out.push(b'"');
}
/// Text of an XML element: `<` and `&` replaced.
pub fn write_xml(s: &[u8], out: &mut Vec<u8>) {
    for &b in s {
        match b {
            b'<' => out.extend_from_slice(b"&lt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b => out.push(b),
        }
    }
}

fn hex(b: u8) -> Option<u32> {
    (b as char).to_digit(16)
}

/// Reads what follows a backslash (already taken) in TSV or a quoted string.
fn unescape_one(c: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<()> {
    let Some(b) = c.peek() else {
        return Err(Error::new(
            CANNOT_PARSE_ESCAPE_SEQUENCE,
            "Cannot parse escape sequence: nothing follows the backslash",
        ));
    };
    c.pos += 1;
    out.push(match b {
        b'a' => 7,
        b'b' => 8,
        b'e' => 27,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'0' => 0,
        b'x' => {
            let (Some(h), Some(l)) = (c.peek().and_then(hex), c.data.get(c.pos + 1).copied().and_then(hex))
            else {
                return Err(Error::new(
                    CANNOT_PARSE_ESCAPE_SEQUENCE,
                    "Cannot parse escape sequence \\x: two hexadecimal digits must follow",
                ));
            };
            c.pos += 2;
            (h * 16 + l) as u8
        }
        b'N' => return Ok(()),
        b'\\' | b'\'' | b'"' | b'`' | b'/' | b'=' => b,
        b => {
            out.extend_from_slice(&[b'\\', b]);
            return Ok(());
        }
    });
    Ok(())
}

/// Undoes TSV's escapes.
pub fn unescape(field: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let mut c = Cursor::new(field);
    while let Some(at) = c.rest().iter().position(|b| *b == b'\\') {
        out.extend_from_slice(&c.rest()[..at]);
        c.pos += at + 1;
        unescape_one(&mut c, out)?;
    }
    out.extend_from_slice(c.rest());
    Ok(())
}

/// Reads `'…'` with backslash escapes and doubled quotes. Errors: `CANNOT_PARSE_QUOTED_STRING`.
pub fn read_quoted_string(c: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<()> {
    if !c.eat(b'\'') {
        return Err(c.error(CANNOT_PARSE_QUOTED_STRING, "expected an opening single quote"));
    }
    loop {
        let rest = c.rest();
        let Some(at) = rest.iter().position(|b| *b == b'\\' || *b == b'\'') else {
            return Err(Error::new(
                CANNOT_PARSE_QUOTED_STRING,
                "Cannot parse quoted string: expected closing single quote",
            ));
        };
        out.extend_from_slice(&rest[..at]);
        c.pos += at + 1;
        if rest[at] == b'\\' {
            unescape_one(c, out)?;
        } else if !c.eat(b'\'') {
            return Ok(());
        } else {
            out.push(b'\'');
        }
    }
}

/// First byte of a JSON string's inside that needs attention: quote, backslash or control.
#[inline]
pub fn json_stop(s: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut i = 0;
    while let Some(chunk) = s.get(i..i + 8) {
        let w = u64::from_le_bytes([
            chunk[0], chunk[1], chunk[2], chunk[3], chunk[4], chunk[5], chunk[6], chunk[7],
        ]);
        let zero = |x: u64| x.wrapping_sub(ONES) & !x & HIGH;
        let hit =
            zero(w ^ (ONES * 0x22)) | zero(w ^ (ONES * 0x5c)) | (w.wrapping_sub(ONES * 0x20) & !w & HIGH);
        if hit != 0 {
            return Some(i + (hit.trailing_zeros() / 8) as usize);
        }
        i += 8;
    }
    s[i..].iter().position(|b| *b == b'"' || *b == b'\\' || *b < 0x20).map(|p| p + i)
}

/// Reads a JSON string from its opening quote. `strict`: control characters and unknown escapes are errors.
/// Errors: `CANNOT_PARSE_QUOTED_STRING`, `INCORRECT_DATA`, `CANNOT_PARSE_ESCAPE_SEQUENCE`.
#[inline]
pub fn read_json_string(c: &mut Cursor<'_>, strict: bool, out: &mut Vec<u8>) -> Result<()> {
    if !c.eat(b'"') {
        return Err(c.error(CANNOT_PARSE_QUOTED_STRING, "expected an opening double quote"));
    }
    loop {
        let rest = c.rest();
        let Some(at) = json_stop(rest) else {
            return Err(Error::new(
                CANNOT_PARSE_QUOTED_STRING,
                "Cannot parse JSON string: expected closing quote",
            ));
        };
        out.extend_from_slice(&rest[..at]);
        c.pos += at + 1;
        match rest[at] {
            b'"' => return Ok(()),
            b'\\' => json_escape(c, strict, out)?,
            b if strict => {
                return Err(Error::new(
                    INCORRECT_DATA,
                    format!(
                        "Cannot parse JSON string: control character {b:#04x} must be written as an escape"
                    ),
                ));
            }
            b => out.push(b),
        }
    }
}

#[cold]
fn json_escape(c: &mut Cursor<'_>, strict: bool, out: &mut Vec<u8>) -> Result<()> {
    let bad = |what: &str| {
        Err(Error::new(CANNOT_PARSE_ESCAPE_SEQUENCE, format!("Cannot parse escape sequence in JSON: {what}")))
    };
    let Some(b) = c.peek() else { return bad("nothing follows the backslash") };
    c.pos += 1;
    out.push(match b {
        b'"' | b'\\' | b'/' => b,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => {
            let Some(mut code) = hex4(c) else { return bad("four hexadecimal digits must follow \\u") };
            if (0xd800..0xdc00).contains(&code) && c.rest().starts_with(b"\\u") {
                let back = c.pos;
                c.pos += 2;
                match hex4(c) {
                    Some(low) if (0xdc00..0xe000).contains(&low) => {
                        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
                    }
                    _ => c.pos = back,
                }
            }
            match char::from_u32(code) {
                Some(ch) => out.extend_from_slice(ch.encode_utf8(&mut [0; 4]).as_bytes()),
                None if strict => return bad("a lone surrogate is not a character"),
                None => out.extend_from_slice("\u{fffd}".as_bytes()),
            }
            return Ok(());
        }
        _ if strict => return bad("unknown escape"),
        b => b,
    });
    Ok(())
}

fn hex4(c: &mut Cursor<'_>) -> Option<u32> {
    let mut v = 0;
    for _ in 0..4 {
        v = v * 16 + hex(c.peek()?)?;
        c.pos += 1;
    }
    Some(v)
}
