//! Where edges run and meet: straight lines in the plane, arcs of great circles on the sphere.

use super::Point;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Space {
    Plane,
    /// points are longitudes and latitudes in degrees
    Sphere,
}

type Vector = [f64; 3];

fn vector(p: Point) -> Vector {
    let (lon, lat) = (p.0.to_radians(), p.1.to_radians());
    [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
}
fn point(v: Vector) -> Point {
    (v[1].atan2(v[0]).to_degrees(), v[2].atan2(v[0].hypot(v[1])).to_degrees())
}
fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
fn length(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

impl Space {
    /// Positive where `p` lies left of the line from `a` to `b`, 0 on it.
    pub fn side(self, a: Point, b: Point, p: Point) -> f64 {
        if self == Space::Plane {
            return (b.0 - a.0) * (p.1 - a.1) - (b.1 - a.1) * (p.0 - a.0);
        }
        let left = dot(cross(vector(a), vector(b)), vector(p));
        if left.abs() < 1e-15 { 0.0 } else { left }
    }

    /// The height of an edge that is not upright where it passes `x`.
    fn height(self, a: Point, b: Point, x: f64) -> f64 {
        if self == Space::Plane {
            return a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0);
        }
        let sine = |degrees: f64| degrees.to_radians().sin();
        let tangent = |p: Point| p.1.to_radians().tan();
        ((tangent(a) * sine(b.0 - x) + tangent(b) * sine(x - a.0)) / sine(b.0 - a.0)).atan().to_degrees()
    }

    /// Whether a point that is on no edge lies within rings: an odd number of edges passes above it.
    pub fn inside(self, p: Point, edges: &[(Point, Point)]) -> bool {
        let above = |e: &&(Point, Point)| (e.0.0 > p.0) != (e.1.0 > p.0) && self.height(e.0, e.1, p.0) > p.1;
        edges.iter().filter(above).count() % 2 == 1
    }

    pub fn middle(self, a: Point, b: Point) -> Point {
        if self == Space::Plane {
            return (a.0 + (b.0 - a.0) / 2.0, a.1 + (b.1 - a.1) / 2.0);
        }
        let (u, v) = (vector(a), vector(b));
        point([u[0] + v[0], u[1] + v[1], u[2] + v[2]])
    }

    pub fn apart(self, a: Point, b: Point) -> f64 {
        match self {
            Space::Plane => (a.0 - b.0).hypot(a.1 - b.1),
            Space::Sphere => super::measure::arc(a, b),
        }
    }

    /// Points that two edges share: none, the crossing, or the ends of a common piece.
    pub fn meet(self, (a, b): (Point, Point), (c, d): (Point, Point)) -> Vec<Point> {
        let far = |p: f64, q: f64, r: f64, s: f64| p.max(q) < r.min(s) || r.max(s) < p.min(q);
        if far(a.0, b.0, c.0, d.0) || self == Space::Plane && far(a.1, b.1, c.1, d.1) {
            return Vec::new();
        }
        let (ac, ad) = (self.side(a, b, c), self.side(a, b, d));
        let (ca, cb) = (self.side(c, d, a), self.side(c, d, b));
        // Ends on the other edge are taken as they are, so that both edges are cut at the same point.
        let between = |p: Point, q: Point, x: Point| {
            let slack = if self == Space::Plane { 0.0 } else { 1e-9 };
            x.0 >= p.0.min(q.0) - slack && x.0 <= p.0.max(q.0) + slack && (self == Space::Sphere && p.0 != q.0 || x.1 >= p.1.min(q.1) && x.1 <= p.1.max(q.1))
        };
        let mut touched = Vec::new();
        for (side, (p, q), x) in [(ac, (a, b), c), (ad, (a, b), d), (ca, (c, d), a), (cb, (c, d), b)] {
            if side == 0.0 && between(p, q, x) && !touched.contains(&x) {
                touched.push(x);
            }
        }
        let opposite = |x: f64, y: f64| x > 0.0 && y < 0.0 || x < 0.0 && y > 0.0;
        let crossing = touched.is_empty() && opposite(ac, ad) && opposite(ca, cb);
        if !crossing {
            return touched;
        }
        if self == Space::Plane {
            let part = ca / (ca - cb);
            return vec![(a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part)];
        }
        let line = cross(cross(vector(a), vector(b)), cross(vector(c), vector(d)));
        let half = vector(self.middle(a, b));
        let sign = if dot(line, half) < 0.0 { -1.0 } else { 1.0 };
        vec![point([line[0] * sign, line[1] * sign, line[2] * sign])]
    }

    /// From a point to the nearest one of an edge.
    pub fn to_edge(self, p: Point, (a, b): (Point, Point)) -> f64 {
        let ends = self.apart(p, a).min(self.apart(p, b));
        if a == b {
            return ends;
        }
        if self == Space::Plane {
            let (u, w) = ((b.0 - a.0, b.1 - a.1), (p.0 - a.0, p.1 - a.1));
            let part = (u.0 * w.0 + u.1 * w.1) / (u.0 * u.0 + u.1 * u.1);
            let foot = (a.0 + u.0 * part, a.1 + u.1 * part);
            return if (0.0..=1.0).contains(&part) { self.apart(p, foot) } else { ends };
        }
        let (u, v, w) = (vector(a), vector(b), vector(p));
        let normal = cross(u, v);
        // the foot lies on the arc where it is between its ends
        let within = dot(cross(normal, u), w) >= 0.0 && dot(cross(v, normal), w) >= 0.0;
        if within { (dot(normal, w) / length(normal)).clamp(-1.0, 1.0).asin().abs() } else { ends }
    }
}
