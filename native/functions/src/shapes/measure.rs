//! Areas, perimeters and hulls of polygons.

use super::{Kind, Point, Polygon, Shapes, column_of, doubled_area, type_of};
use crate::args::f64_col;
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use types::{Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("polygonAreaCartesian", "polygonAreaCartesian(polygon)", "Area in the plane; positive for rings that go clockwise.", &[("polygonAreaCartesian([[[(0., 0.), (0., 5.), (5., 5.), (5., 0.)]]])", "25")], |b| measured(b, |p| p.iter().map(|r| doubled_area(r)).sum::<f64>() / 2.0)).alias(&["areaCartesian"]),
    f("polygonAreaSpherical", "polygonAreaSpherical(polygon)", "Area on the unit sphere; points are longitudes and latitudes in degrees.", &[], |b| measured(b, |p| p.iter().map(|r| spherical_area(r)).sum())).alias(&["areaSpherical"]),
    f("polygonPerimeterCartesian", "polygonPerimeterCartesian(polygon)", "Length of all edges in the plane.", &[("polygonPerimeterCartesian([[[(0., 0.), (0., 5.), (5., 5.), (5., 0.), (0., 0.)]]])", "20")], |b| measured(b, |p| edges(p).map(|(a, b)| (a.0 - b.0).hypot(a.1 - b.1)).sum())).alias(&["perimeterCartesian"]),
    f("polygonPerimeterSpherical", "polygonPerimeterSpherical(polygon)", "Length of all edges on the unit sphere.", &[], |b| measured(b, |p| edges(p).map(|(a, b)| arc(a, b)).sum())).alias(&["perimeterSpherical"]),
    f("polygonConvexHullCartesian", "polygonConvexHullCartesian(polygon)", "The smallest convex polygon around all points.", &[("polygonConvexHullCartesian([[[(0., 0.), (0., 5.), (5., 5.), (5., 0.), (2., 3.)]]])", "[[(0,0),(0,5),(5,5),(5,0),(0,0)]]")], hull),
];

fn measured(b: &Bind<'_>, of: fn(&Polygon) -> f64) -> Result<Bound> {
    b.arity(1, 1)?;
    let shapes = Shapes::with_area(b, 0)?;
    bound(Type::Float64, move |c| Ok(f64_col(shapes.rows(c.col(0), c.rows)?.iter().map(|all| all.iter().map(of).sum()).collect())))
}

fn edges(p: &Polygon) -> impl Iterator<Item = (Point, Point)> + '_ {
    p.iter().flat_map(|ring| ring.windows(2).map(|w| (w[0], w[1])))
}

/// The spherical excess of the trapezoids under the edges.
fn spherical_area(ring: &[Point]) -> f64 {
    if ring.len() < 4 {
        return 0.0;
    }
    let under = |w: &[Point]| {
        let (a, b) = ((w[0].1.to_radians() / 2.0).tan(), (w[1].1.to_radians() / 2.0).tan());
        2.0 * ((a + b) / (1.0 + a * b) * ((w[1].0 - w[0].0).to_radians() / 2.0).tan()).atan()
    };
    ring.windows(2).filter(|w| w[0].0 != w[1].0).map(under).sum()
}

/// The great circle's arc between two points, by the haversine formula.
pub(super) fn arc(a: Point, b: Point) -> f64 {
    let haversine = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let h = haversine(b.1 - a.1) + a.1.to_radians().cos() * b.1.to_radians().cos() * haversine(b.0 - a.0);
    2.0 * h.sqrt().asin()
}

fn hull(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let shapes = Shapes::with_area(b, 0)?;
    bound(type_of(Kind::Polygon), move |c| {
        let all = shapes.rows(c.col(0), c.rows)?;
        let hulls: Vec<Vec<Polygon>> = all.into_iter().map(|row| vec![vec![around(row.into_iter().flatten().flatten().collect())]]).collect();
        Ok(column_of(Kind::Polygon, &hulls))
    })
}

/// Andrew's monotone chain: clockwise from the leftmost point, closed.
fn around(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    points.dedup();
    if points.len() < 3 {
        points.extend(points.first().copied());
        return points;
    }
    let left = |a: Point, b: Point, c: Point| (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0);
    let chain = |points: &mut dyn Iterator<Item = Point>| {
        let mut out: Vec<Point> = Vec::new();
        for p in points {
            while out.len() > 1 && left(out[out.len() - 2], out[out.len() - 1], p) >= 0.0 {
                out.pop();
            }
            out.push(p);
        }
        out
    };
    let mut ring = chain(&mut points.iter().copied());
    ring.pop();
    ring.extend(chain(&mut points.iter().rev().copied()));
    ring
}
