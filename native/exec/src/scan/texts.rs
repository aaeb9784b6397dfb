//! Conditions on texts as indexes of words and n-grams are asked: LIKE, hasToken, startsWith and their kin.

use crate::expr::{Bound, BoundCall};
use storage::{Ask, Piece};
use types::{Scalar, Type};

/// The text that a condition is about, and what it asks of it. None: nothing that tokens could tell.
pub fn on_text(b: &Bound) -> Option<(&Bound, Ask)> {
    match b {
        Bound::In(value, set, false) if is_text(value.ty()) && set.len() <= VALUES_MAX => {
            let whole = |s: Scalar| bytes(s).map(closed);
            Some((value, Ask::Any(set.scalars().into_iter().map(whole).collect::<Option<_>>()?)))
        }
        Bound::Call(c) => match (c.name.as_str(), c.args.as_slice()) {
            ("or", args) => same_value(args.iter().map(on_text).collect::<Option<Vec<_>>>()?, Ask::Any),
            ("and", args) => same_value(args.iter().filter_map(on_text).collect(), Ask::All),
            ("has", [value, text]) => match value.ty().base() {
                Type::Array(element) if is_text(element) => Some((value, closed(constant(text)?))),
                _ => None,
            },
            (name, [value, text]) if is_text(value.ty()) => asked(name, value, text),
            ("equals", [text, value]) if is_text(value.ty()) => Some((value, closed(constant(text)?))),
            ("greater", [Bound::Call(position), least]) => found_at(position, least, 0),
            ("notEquals", [Bound::Call(position), least]) => found_at(position, least, 0),
            ("greaterOrEquals", [Bound::Call(position), least]) => found_at(position, least, 1),
            _ => None,
        },
        _ => None,
    }
}

/// Values of an IN that are looked up one by one.
const VALUES_MAX: usize = 1000;

fn is_text(ty: &Type) -> bool {
    matches!(ty.base(), Type::String | Type::FixedString(_))
}

fn asked<'b>(name: &str, value: &'b Bound, text: &Bound) -> Option<(&'b Bound, Ask)> {
    if name == "multiSearchAny" {
        let Bound::Const(list, _) = text else { return None };
        let Scalar::Array(list) = list.flat().scalar(0) else { return None };
        let needles = list.into_iter().map(|s| bytes(s).map(open)).collect::<Option<_>>()?;
        return Some((value, Ask::Any(needles)));
    }
    let text = constant(text)?;
    let ask = match name {
        "equals" => closed(text),
        "like" => like(&text),
        "startsWith" => Ask::Piece(Piece { text, open_left: false, open_right: true }),
        "endsWith" => Ask::Piece(Piece { text, open_left: true, open_right: false }),
        "hasToken" => Ask::Word(text),
        "match" => matching(&text)?,
        _ => return None,
    };
    Some((value, ask))
}

/// `position(value, text) > 0` and the like.
fn found_at<'b>(position: &'b BoundCall, least: &Bound, wanted: i128) -> Option<(&'b Bound, Ask)> {
    let ([value, text], Bound::Const(n, _)) = (position.args.as_slice(), least) else { return None };
    let fits = position.name == "position" && is_text(value.ty());
    (fits && n.flat().scalar(0) == Scalar::Int(wanted)).then_some(())?;
    Some((value, open(constant(text)?)))
}

fn same_value(found: Vec<(&Bound, Ask)>, join: impl FnOnce(Vec<Ask>) -> Ask) -> Option<(&Bound, Ask)> {
    let value = found.first()?.0;
    if !found.iter().all(|(v, _)| v.same(value)) {
        return None;
    }
    Some((value, join(found.into_iter().map(|(_, ask)| ask).collect())))
}

fn constant(b: &Bound) -> Option<Vec<u8>> {
    match b {
        Bound::Const(v, ty) if *ty.base() == Type::String => bytes(v.flat().scalar(0)),
        _ => None,
    }
}

fn bytes(s: Scalar) -> Option<Vec<u8>> {
    if let Scalar::Bytes(b) = s { Some(b) } else { None }
}

fn closed(text: Vec<u8>) -> Ask {
    Ask::Piece(Piece { text, open_left: false, open_right: false })
}

fn open(text: Vec<u8>) -> Ask {
    Ask::Piece(Piece { text, open_left: true, open_right: true })
}

/// The pieces between the wildcards of a LIKE.
fn like(pattern: &[u8]) -> Ask {
    let mut pieces = Vec::new();
    let mut piece = Piece { text: Vec::new(), open_left: false, open_right: true };
    let mut at = 0;
    while let Some(&b) = pattern.get(at) {
        at += 1;
        match (b, pattern.get(at)) {
            (b'%' | b'_', _) => {
                let next = Piece { text: Vec::new(), open_left: true, open_right: true };
                pieces.push(Ask::Piece(std::mem::replace(&mut piece, next)));
            }
            (b'\\', Some(&escaped @ (b'%' | b'_' | b'\\'))) => {
                piece.text.push(escaped);
                at += 1;
            }
            _ => piece.text.push(b),
        }
    }
    piece.open_right = false;
    pieces.push(Ask::Piece(piece));
    Ask::All(pieces)
}

/// Literal pieces of simple regular expressions: texts with `.*` between them, `^` and `$` at the ends.
fn matching(pattern: &[u8]) -> Option<Ask> {
    let text = std::str::from_utf8(pattern).ok()?;
    let (starts, text) = text.strip_prefix('^').map_or((false, text), |t| (true, t));
    // Something may stand behind `$`, too: a line end.
    let text = text.strip_suffix('$').unwrap_or(text);
    let parts: Vec<&str> = text.split(".*").collect();
    if parts
        .iter()
        .any(|p| p.contains(['\\', '.', '[', ']', '(', ')', '{', '}', '*', '+', '?', '|', '^', '$']))
    {
        return None;
    }
    let piece = |(i, p): (usize, &&str)| {
        Ask::Piece(Piece { text: p.as_bytes().to_vec(), open_left: i > 0 || !starts, open_right: true })
    };
    Some(Ask::All(parts.iter().enumerate().map(piece).collect()))
}
