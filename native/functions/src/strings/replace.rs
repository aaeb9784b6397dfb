//! Replacing fixed texts and characters.

use crate::args::{map_str, strs};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use std::collections::HashMap;
use types::codes::{BAD_ARGUMENTS, ILLEGAL_COLUMN};
use types::{Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("replaceAll", "replaceAll(s, from, to)", "All places of a text replaced.", &[("replaceAll('banana', 'a', 'o')", "bonono")], |b| replace(b, true)).alias_ci(&["replace"]),
    f("replaceOne", "replaceOne(s, from, to)", "The first place of a text replaced.", &[("replaceOne('banana', 'a', 'o')", "bonana")], |b| replace(b, false)),
    f("translate", "translate(s, from, to)", "Bytes of `from` replaced by those of `to` at the same place; dropped where there is none.", &[("translate('Hello', 'el', 'ip')", "Hippo")], |b| translate(b, false)),
    f("translateUTF8", "translateUTF8(s, from, to)", "As translate, by characters.", &[("translateUTF8('Мир', 'М', 'П')", "Пир")], |b| translate(b, true)),
];

/// As ClickHouse, these take no constant FixedString to search in.
fn no_constant_fixed(b: &Bind<'_>) -> Result<()> {
    match b.ty(0) {
        Type::FixedString(_) if b.constant(0).is_some() => Err(Error::new(ILLEGAL_COLUMN, format!("Illegal column {} of first argument of function {}: use toString", b.ty(0), b.name))),
        _ => Ok(()),
    }
}

fn replace(b: &Bind<'_>, all: bool) -> Result<Bound> {
    b.arity(3, 3)?;
    for i in 0..3 {
        b.string(i)?;
    }
    no_constant_fixed(b)?;
    let constant = b.constant(1).and_then(|c| c.bytes_at(0)).map(|n| memchr::memmem::Finder::new(n).into_owned());
    bound(Type::String, move |c| {
        let (s, from, to) = (strs(c.col(0)), strs(c.col(1)), strs(c.col(2)));
        map_str(c.rows, "replaceAll", |i, out| {
            let (text, needle, with) = (s.at(i), from.at(i), to.at(i));
            if needle.is_empty() {
                out.extend_from_slice(text);
                return Ok(());
            }
            let own;
            let finder = match &constant {
                Some(f) => f,
                None => {
                    own = memchr::memmem::Finder::new(needle);
                    &own
                }
            };
            let mut at = 0;
            while let Some(p) = finder.find(&text[at..]) {
                out.extend_from_slice(&text[at..at + p]);
                out.extend_from_slice(with);
                at += p + needle.len();
                if !all || out.len() > crate::args::BYTES_MAX {
                    break;
                }
            }
            out.extend_from_slice(&text[at..]);
            Ok(())
        })
    })
}

fn translate(b: &Bind<'_>, utf8: bool) -> Result<Bound> {
    b.arity(3, 3)?;
    for i in 0..3 {
        b.string(i)?;
    }
    bound(Type::String, move |c| {
        let (s, from, to) = (strs(c.col(0)), strs(c.col(1)), strs(c.col(2)));
        let bad = |what: &str| Error::new(BAD_ARGUMENTS, format!("Arguments of function translate must be {what}"));
        map_str(c.rows, "translate", |i, out| {
            let (x, y) = (from.at(i), to.at(i));
            if utf8 {
                let text = |v: &[u8]| String::from_utf8(v.to_vec()).map_err(|_| bad("valid UTF-8"));
                let (x, y): (Vec<char>, Vec<char>) = (text(x)?.chars().collect(), text(y)?.chars().collect());
                let mut map: HashMap<char, Option<char>> = HashMap::new();
                for (k, ch) in x.iter().enumerate() {
                    map.insert(*ch, y.get(k).copied());
                }
                super::each_char(s.at(i), out, |ch, out| super::push_chars(map.get(&ch).copied().unwrap_or(Some(ch)).into_iter(), out));
                return Ok(());
            }
            if !x.is_ascii() || !y.is_ascii() {
                return Err(bad("ASCII: use translateUTF8"));
            }
            let mut map: [i16; 256] = std::array::from_fn(|k| k as i16);
            for (k, ch) in x.iter().enumerate() {
                map[*ch as usize] = y.get(k).map_or(-1, |v| i16::from(*v));
            }
            out.extend(s.at(i).iter().map(|ch| map[*ch as usize]).filter(|v| *v >= 0).map(|v| v as u8));
            Ok(())
        })
    })
}
