//! What makes a polygon none: rings of too few points, rings that turn back on themselves, edges that cross.

use super::{Point, Ring};

/// More edges than this are not compared with each other.
const EDGES_MAX: usize = 4096;

/// Why rings are no polygon.
pub fn fault(rings: &[Ring]) -> Option<String> {
    for ring in rings {
        // without the point that closes it, and without repeated ones
        let mut points: Vec<Point> = ring.clone();
        points.dedup();
        if points.len() > 1 && points.first() == points.last() {
            points.pop();
        }
        if points.len() < 3 {
            return Some("Geometry has too few points".to_string());
        }
        if let Some(p) = spike(&points) {
            return Some(format!("Geometry has spikes. A spike point was found with apex at ({}, {})", p.0, p.1));
        }
    }
    crosses(rings).then(|| format!("edges of its {} ring(s) cross each other", rings.len()))
}

/// A point at which a ring goes back the way it came.
fn spike(points: &[Point]) -> Option<Point> {
    let n = points.len();
    (0..n).map(|k| (points[(k + n - 1) % n], points[k], points[(k + 1) % n])).find_map(|(before, at, after)| {
        let (u, v) = ((at.0 - before.0, at.1 - before.1), (after.0 - at.0, after.1 - at.1));
        (u.0 * v.1 == u.1 * v.0 && u.0 * v.0 + u.1 * v.1 < 0.0).then_some(at)
    })
}

/// Whether two edges of the rings (each closed) cross within both.
fn crosses(rings: &[Ring]) -> bool {
    let edges: Vec<(Point, Point)> = rings.iter().flat_map(|r| (0..r.len()).map(move |k| (r[k], r[(k + 1) % r.len()]))).filter(|e| e.0 != e.1).collect();
    edges.len() <= EDGES_MAX && edges.iter().enumerate().any(|(i, a)| edges[i + 1..].iter().any(|b| cross(*a, *b)))
}

fn cross((a, b): (Point, Point), (c, d): (Point, Point)) -> bool {
    let apart = a.0.max(b.0) < c.0.min(d.0) || c.0.max(d.0) < a.0.min(b.0) || a.1.max(b.1) < c.1.min(d.1) || c.1.max(d.1) < a.1.min(b.1);
    let side = |p: Point, q: Point, r: Point| (q.0 - p.0) * (r.1 - p.1) - (q.1 - p.1) * (r.0 - p.0);
    let opposite = |x: f64, y: f64| x > 0.0 && y < 0.0 || x < 0.0 && y > 0.0;
    !apart && opposite(side(a, b, c), side(a, b, d)) && opposite(side(c, d, a), side(c, d, b))
}
