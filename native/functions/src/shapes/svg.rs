//! Shapes as elements of SVG.

use super::wkt::{closed, put_number};
use super::{Kind, Point, Polygon, Ring, Shapes, doubled_area};
use crate::args::{map_str, strs};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use types::{Result, Type};

pub const DEFS: &[FunctionDef] = &[f("svg", "svg(shape[, style])", "A shape as an element of SVG.", &[("svg((0., 0.))", "<circle cx=\"0\" cy=\"0\" r=\"5\" style=\"\"/>")], svg).ci()];

fn svg(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    let shapes = Shapes::bind(b, 0)?;
    let styled = b.len() == 2;
    if styled {
        b.plain_string(1)?;
    }
    bound(Type::String, move |c| {
        let rows = shapes.rows(c.col(0), c.rows)?;
        let styles = styled.then(|| strs(c.col(1)));
        map_str(c.rows, "svg", |i, out| {
            let style = styles.as_ref().map_or(&b""[..], |s| s.at(i));
            let end = |out: &mut Vec<u8>| {
                out.extend_from_slice(b"\" style=\"");
                out.extend_from_slice(style);
                out.extend_from_slice(b"\"/>");
            };
            for polygon in &rows[i] {
                match (shapes.kind, polygon.first()) {
                    (Kind::Point, Some(ring)) => {
                        out.extend_from_slice(b"<circle cx=\"");
                        put_number(ring[0].0, out);
                        out.extend_from_slice(b"\" cy=\"");
                        put_number(ring[0].1, out);
                        out.extend_from_slice(b"\" r=\"5");
                        end(out);
                    }
                    (Kind::Ring, Some(ring)) => {
                        out.extend_from_slice(b"<polygon points=\"");
                        put_points(&turned(ring, true), " ", out);
                        end(out);
                    }
                    _ => {
                        out.extend_from_slice(b"<g fill-rule=\"evenodd\"><path d=\"");
                        put_rings(polygon, out);
                        out.extend_from_slice(b" z ");
                        end(out);
                        out.extend_from_slice(b"</g>");
                    }
                }
            }
            Ok(())
        })
    })
}

/// The ring closed, the way round that outer rings and holes have.
fn turned(ring: &Ring, outer: bool) -> Ring {
    let mut ring = closed(ring);
    let area = doubled_area(&ring);
    if area != 0.0 && (area > 0.0) != outer {
        ring.reverse();
    }
    ring
}

fn put_points(ring: &[Point], between: &str, out: &mut Vec<u8>) {
    for (i, p) in ring.iter().enumerate() {
        if i > 0 {
            out.extend_from_slice(between.as_bytes());
        }
        put_number(p.0, out);
        out.push(b',');
        put_number(p.1, out);
    }
}

fn put_rings(polygon: &Polygon, out: &mut Vec<u8>) {
    for (i, ring) in polygon.iter().enumerate() {
        out.extend_from_slice(b"M ");
        put_points(&turned(ring, i == 0), " L ", out);
    }
}
