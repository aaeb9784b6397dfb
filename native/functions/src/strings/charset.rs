//! convertCharset.

use crate::args::{map_str, strs};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use encoding_rs::{EncoderResult, Encoding};
use types::codes::CANNOT_CREATE_CHARSET_CONVERTER;
use types::{Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("convertCharset", "convertCharset(s, from, to)", "Bytes of one charset as bytes of another.", &[("hex(convertCharset('é', 'utf-8', 'latin1'))", "E9")], charset),
];

#[derive(Clone, Copy)]
enum Charset {
    Utf8,
    Latin1,
    Ascii,
    /// (bytes of a unit, big-endian, with a byte order mark)
    Wide(usize, bool, bool),
    Other(&'static Encoding),
}

fn charset_of(name: &str) -> Result<Charset> {
    let key: String = name.to_ascii_lowercase().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    Ok(match key.as_str() {
        "utf8" => Charset::Utf8,
        "latin1" | "iso88591" | "l1" => Charset::Latin1,
        "ascii" | "usascii" => Charset::Ascii,
        "utf16" => Charset::Wide(2, false, true),
        "utf16le" => Charset::Wide(2, false, false),
        "utf16be" => Charset::Wide(2, true, false),
        "utf32" | "ucs4" => Charset::Wide(4, false, true),
        "utf32le" => Charset::Wide(4, false, false),
        "utf32be" => Charset::Wide(4, true, false),
        _ => match Encoding::for_label(name.as_bytes()) {
            Some(e) if e != encoding_rs::REPLACEMENT => Charset::Other(e),
            _ => return Err(Error::new(CANNOT_CREATE_CHARSET_CONVERTER, format!("Cannot create a converter with charset {name}; known are those of the WHATWG's Encoding standard, utf-32 and ascii"))),
        },
    })
}

fn charset(b: &Bind<'_>) -> Result<Bound> {
    b.arity(3, 3)?;
    for i in 0..3 {
        b.string(i)?;
    }
    let (from, to) = (charset_of(b.const_str(1)?)?, charset_of(b.const_str(2)?)?);
    bound(Type::String, move |c| {
        let s = strs(c.col(0));
        map_str(c.rows, "convertCharset", |i, out| {
            write(&read(s.at(i), from), to, out);
            Ok(())
        })
    })
}

fn read(s: &[u8], from: Charset) -> String {
    match from {
        Charset::Utf8 => String::from_utf8_lossy(s).into_owned(),
        Charset::Latin1 => s.iter().map(|b| char::from(*b)).collect(),
        Charset::Other(e) => e.decode_without_bom_handling(s).0.into_owned(),
        Charset::Ascii => s.iter().map(|b| if b.is_ascii() { char::from(*b) } else { char::REPLACEMENT_CHARACTER }).collect(),
        Charset::Wide(n, mut big, mark) => {
            let mut s = s;
            let unit = |w: &[u8], big: bool| w.iter().enumerate().fold(0u32, |v, (k, b)| v | u32::from(*b) << (8 * if big { w.len() - 1 - k } else { k }));
            if mark && s.len() >= n && (unit(&s[..n], true) == 0xfeff || unit(&s[..n], false) == 0xfeff) {
                big = unit(&s[..n], true) == 0xfeff;
                s = &s[n..];
            }
            let units = s.chunks_exact(n).map(|w| unit(w, big));
            if n == 4 {
                return units.map(|u| char::from_u32(u).unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
            }
            char::decode_utf16(units.map(|u| u as u16)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
    }
}

/// What a charset has no bytes for becomes the control character SUB, as ICU writes it.
fn write(s: &str, to: Charset, out: &mut Vec<u8>) {
    match to {
        Charset::Utf8 => out.extend_from_slice(s.as_bytes()),
        Charset::Latin1 => out.extend(s.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(0x1a))),
        Charset::Other(e) => encode(s, e, out),
        Charset::Ascii => out.extend(s.chars().map(|c| if c.is_ascii() { c as u8 } else { 0x1a })),
        Charset::Wide(n, big, mark) => {
            let mut push = |u: u32| {
                let bytes = u.to_le_bytes();
                if big { out.extend(bytes[..n].iter().rev()) } else { out.extend(&bytes[..n]) }
            };
            if mark {
                push(0xfeff);
            }
            match n {
                2 => s.encode_utf16().for_each(|u| push(u.into())),
                _ => s.chars().for_each(|c| push(c.into())),
            }
        }
    }
}

fn encode(mut s: &str, to: &'static Encoding, out: &mut Vec<u8>) {
    let mut encoder = to.new_encoder();
    loop {
        let room = encoder.max_buffer_length_from_utf8_without_replacement(s.len()).unwrap_or(s.len() * 4 + 16);
        let start = out.len();
        out.resize(start + room, 0);
        let (result, read, written) = encoder.encode_from_utf8_without_replacement(s, &mut out[start..], true);
        out.truncate(start + written);
        s = &s[read..];
        match result {
            EncoderResult::InputEmpty => return,
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(_) => out.push(0x1a),
        }
    }
}
