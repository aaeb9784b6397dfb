//! Shapes as well-known text.

use super::{Kind, Point, Polygon, Ring, Shapes, column_of, type_of};
use crate::args::{map_str, strs};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use types::codes::CANNOT_PARSE_TEXT;
use types::{Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("wkt", "wkt(shape)", "A shape as well-known text.", &[("wkt((0., 0.))", "POINT(0 0)")], write),
    f("readWKTPoint", "readWKTPoint(text)", "The point of a well-known text.", &[("readWKTPoint('POINT(1 2)')", "(1,2)")], |b| read(b, "POINT", 0, Kind::Point)),
    f("readWKTRing", "readWKTRing(text)", "The ring of a polygon in well-known text.", &[("readWKTRing('POLYGON((1 1,2 2,3 3,1 1))')", "[(1,1),(2,2),(3,3),(1,1)]")], |b| read(b, "POLYGON", 2, Kind::Ring)),
    f("readWKTLineString", "readWKTLineString(text)", "The points of a line in well-known text.", &[("readWKTLineString('LINESTRING(1 1,2 2)')", "[(1,1),(2,2)]")], |b| read(b, "LINESTRING", 1, Kind::Ring)),
    f("readWKTMultiLineString", "readWKTMultiLineString(text)", "The lines of a well-known text.", &[("readWKTMultiLineString('MULTILINESTRING((1 1,2 2))')", "[[(1,1),(2,2)]]")], |b| read(b, "MULTILINESTRING", 2, Kind::Polygon)),
    f("readWKTPolygon", "readWKTPolygon(text)", "The rings of a polygon in well-known text.", &[("readWKTPolygon('POLYGON((1 1,2 2,3 3,1 1))')", "[[(1,1),(2,2),(3,3),(1,1)]]")], |b| read(b, "POLYGON", 2, Kind::Polygon)),
    f("readWKTMultiPolygon", "readWKTMultiPolygon(text)", "The polygons of a well-known text.", &[("readWKTMultiPolygon('MULTIPOLYGON(((1 1,2 2,3 3,1 1)))')", "[[[(1,1),(2,2),(3,3),(1,1)]]]")], |b| read(b, "MULTIPOLYGON", 3, Kind::MultiPolygon)),
];

/// A number of six digits, as C's `%g` writes it.
pub fn put_number(x: f64, out: &mut Vec<u8>) {
    if !x.is_finite() {
        return types::text::number::write_f64(x, out);
    }
    let text = format!("{x:.5e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |number: &str| match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => number.to_string(),
    };
    let shown = match power {
        -4..=5 => trimmed(&format!("{x:.*}", (5 - power) as usize)),
        _ => format!("{}e{}{:02}", trimmed(digits), if power < 0 { '-' } else { '+' }, power.abs()),
    };
    out.extend_from_slice(shown.as_bytes());
}

fn put_list<T>(items: &[T], out: &mut Vec<u8>, each: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'(');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        each(item, out);
    }
    out.push(b')');
}

fn put_point(p: &Point, out: &mut Vec<u8>) {
    put_number(p.0, out);
    out.push(b' ');
    put_number(p.1, out);
}

fn put_polygon(p: &Polygon, out: &mut Vec<u8>) {
    put_list(p, out, |ring, out| put_list(&closed(ring), out, put_point));
}

/// A ring that ends where it began; what has no inside stays as it is.
pub fn closed(ring: &Ring) -> Ring {
    let mut ring = ring.clone();
    if ring.len() > 2 && ring.first() != ring.last() {
        ring.extend(ring.first().copied());
    }
    ring
}

fn write(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let shapes = Shapes::bind(b, 0)?;
    bound(Type::String, move |c| {
        let rows = shapes.rows(c.col(0), c.rows)?;
        map_str(c.rows, "wkt", |i, out| {
            match (shapes.kind, rows[i].first()) {
                (Kind::Point, Some(p)) => {
                    out.extend_from_slice(b"POINT");
                    put_list(&p[0], out, put_point);
                }
                (Kind::MultiPolygon, _) | (_, None) => {
                    out.extend_from_slice(b"MULTIPOLYGON");
                    put_list(&rows[i], out, put_polygon);
                }
                (Kind::Ring, Some(p)) => {
                    out.extend_from_slice(b"POLYGON");
                    put_list(p, out, |ring, out| put_list(ring, out, put_point));
                }
                (_, Some(p)) => {
                    out.extend_from_slice(b"POLYGON");
                    put_polygon(p, out);
                }
            }
            Ok(())
        })
    })
}

fn read(b: &Bind<'_>, word: &'static str, depth: usize, kind: Kind) -> Result<Bound> {
    b.arity(1, 1)?;
    b.plain_string(0)?;
    bound(type_of(kind), move |c| {
        let s = strs(c.col(0));
        let rows = (0..c.rows).map(|i| parse(s.at(i), word, depth)).collect::<Result<Vec<_>>>()?;
        Ok(column_of(kind, &rows))
    })
}

/// A place in a text.
struct Text<'a> {
    whole: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Text<'a> {
    fn fail(&self, why: &str) -> Error {
        let shown = String::from_utf8_lossy(&self.whole[..self.whole.len().min(100)]);
        Error::new(CANNOT_PARSE_TEXT, format!("Cannot parse WKT string: {why} in ({shown})"))
    }
    fn expect(&mut self, b: u8) -> Result<()> {
        self.rest = self.rest.trim_ascii_start();
        self.rest = self.rest.strip_prefix(&[b]).ok_or_else(|| self.fail(&format!("expected '{}'", b as char)))?;
        Ok(())
    }
    fn number(&mut self) -> Result<f64> {
        self.rest = self.rest.trim_ascii_start();
        let n = self.rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')).count();
        let (word, rest) = self.rest.split_at(n);
        let value = std::str::from_utf8(word).ok().and_then(|w| w.parse().ok()).ok_or_else(|| self.fail("expected a number"))?;
        self.rest = rest;
        Ok(value)
    }
    fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect(b'(')?;
        let mut out = Vec::new();
        loop {
            out.push(each(self)?);
            self.rest = self.rest.trim_ascii_start();
            match self.rest.split_first() {
                Some((b',', rest)) => self.rest = rest,
                _ => break,
            }
        }
        self.expect(b')')?;
        Ok(out)
    }
    fn point(&mut self) -> Result<Point> {
        Ok((self.number()?, self.number()?))
    }
    fn ring(&mut self) -> Result<Ring> {
        self.list(Self::point)
    }
    fn polygon(&mut self) -> Result<Polygon> {
        self.list(Self::ring)
    }
}

fn parse(whole: &[u8], word: &str, depth: usize) -> Result<Vec<Polygon>> {
    let mut t = Text { whole, rest: whole.trim_ascii() };
    match t.rest.get(..word.len()) {
        Some(w) if w.eq_ignore_ascii_case(word.as_bytes()) => t.rest = &t.rest[word.len()..],
        _ => return Err(t.fail(&format!("Should start with '{word}'"))),
    }
    let shape = match depth {
        0 | 1 => vec![vec![t.ring()?]],
        2 => vec![t.polygon()?],
        _ => t.list(Text::polygon)?,
    };
    if !t.rest.trim_ascii().is_empty() {
        return Err(t.fail("something is left over"));
    }
    Ok(shape)
}
