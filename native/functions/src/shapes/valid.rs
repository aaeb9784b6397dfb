//! Whether the edges of a polygon cross each other.

use super::{Point, Ring};

/// More edges than this are not compared with each other.
const EDGES_MAX: usize = 4096;

/// Whether two edges of the rings (each closed) cross within both.
pub fn crosses(rings: &[Ring]) -> bool {
    let edges: Vec<(Point, Point)> = rings.iter().flat_map(|r| (0..r.len()).map(move |k| (r[k], r[(k + 1) % r.len()]))).filter(|e| e.0 != e.1).collect();
    edges.len() <= EDGES_MAX && edges.iter().enumerate().any(|(i, a)| edges[i + 1..].iter().any(|b| cross(*a, *b)))
}

fn cross((a, b): (Point, Point), (c, d): (Point, Point)) -> bool {
    let apart = a.0.max(b.0) < c.0.min(d.0) || c.0.max(d.0) < a.0.min(b.0) || a.1.max(b.1) < c.1.min(d.1) || c.1.max(d.1) < a.1.min(b.1);
    let side = |p: Point, q: Point, r: Point| (q.0 - p.0) * (r.1 - p.1) - (q.1 - p.1) * (r.0 - p.0);
    let opposite = |x: f64, y: f64| x > 0.0 && y < 0.0 || x < 0.0 && y > 0.0;
    !apart && opposite(side(a, b, c), side(a, b, d)) && opposite(side(c, d, a), side(c, d, b))
}
