//! Functions of two shapes: polygonsWithin…, polygonsUnion… and the like.

use super::overlay::{Operation, Overlay};
use super::space::Space;
use super::{Kind, Shapes, column_of, type_of};
use crate::args::{f64_col, u8_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use types::{Result, Type};

macro_rules! both { ($name:literal, $doc:literal, $example:expr, $bind:expr) => { [
    f(concat!($name, "Cartesian"), concat!($name, "Cartesian(a, b)"), concat!($doc, " Edges are straight lines."), &[$example], |b| $bind(b, Space::Plane)),
    f(concat!($name, "Spherical"), concat!($name, "Spherical(a, b)"), concat!($doc, " Edges are arcs on the sphere, points longitudes and latitudes."), &[], |b| $bind(b, Space::Sphere)),
] } }

const GROUPS: [[FunctionDef; 2]; 7] = [
    both!("polygonsWithin", "1 if the first shape lies in the second one.", ("polygonsWithinCartesian([[[(2., 2.), (2., 3.), (3., 3.), (3., 2.)]]], [[[(1., 1.), (1., 4.), (4., 4.), (4., 1.)]]])", "1"), |b, s| asked(b, s, Overlay::within)),
    both!("polygonsEquals", "1 if both shapes cover the same area.", ("polygonsEqualsCartesian([[[(1., 1.), (1., 4.), (4., 4.), (4., 1.)]]], [[[(1., 1.), (1., 4.), (4., 4.), (4., 1.)]]])", "1"), |b, s| asked(b, s, Overlay::equal)),
    both!("polygonsIntersect", "1 if the shapes have a point in common.", ("polygonsIntersectCartesian([[[(1., 1.), (1., 4.), (4., 4.), (4., 1.)]]], [[[(4., 4.), (4., 5.), (5., 5.), (5., 4.)]]])", "1"), |b, s| asked(b, s, Overlay::touch)),
    both!("polygonsDistance", "The distance between the nearest points of two shapes.", ("polygonsDistanceCartesian([[[(0., 0.), (0., 0.1), (0.1, 0.1), (0.1, 0.)]]], [[[(1., 0.), (1., 1.), (2., 1.), (2., 0.)]]])", "0.9"), distance),
    both!("polygonsUnion", "What either shape covers.", ("polygonsUnionCartesian([[[(0., 0.), (0., 3.), (3., 3.), (3., 0.)]]], [[[(1., 1.), (1., 4.), (4., 4.), (4., 1.)]]])", "[[[(1,3),(1,4),(4,4),(4,1),(3,1),(3,0),(0,0),(0,3),(1,3)]]]"), |b, s| made(b, s, Operation::Union)),
    both!("polygonsIntersection", "What both shapes cover.", ("polygonsIntersectionCartesian([[[(0., 0.), (0., 3.), (3., 3.), (3., 0.)]]], [[[(1., 1.), (1., 4.), (4., 4.), (4., 1.)]]])", "[[[(1,3),(3,3),(3,1),(1,1),(1,3)]]]"), |b, s| made(b, s, Operation::Intersection)),
    both!("polygonsSymDifference", "What one shape covers and the other does not.", ("polygonsSymDifferenceCartesian([[[(0., 0.), (0., 1.), (1., 1.), (1., 0.)]]], [[[(2., 2.), (2., 3.), (3., 3.), (3., 2.)]]])", "[[[(0,0),(0,1),(1,1),(1,0),(0,0)]],[[(2,2),(2,3),(3,3),(3,2),(2,2)]]]"), |b, s| made(b, s, Operation::SymDifference)),
];

const ALL: [FunctionDef; 14] = {
    let mut all = [GROUPS[0][0]; 14];
    let mut i = 0;
    while i < 14 {
        all[i] = GROUPS[i / 2][i % 2];
        i += 1;
    }
    all
};
pub const DEFS: &[FunctionDef] = &ALL;

/// The shapes of both arguments laid over each other, row by row.
fn overlays(b: &Bind<'_>, space: Space) -> Result<impl Fn(&crate::bind::Ctx<'_>) -> Result<Vec<Overlay>> + use<>> {
    b.arity(2, 2)?;
    let (x, y) = (Shapes::with_area(b, 0)?, Shapes::with_area(b, 1)?);
    Ok(move |c: &crate::bind::Ctx<'_>| {
        let (x, y) = (x.rows(c.col(0), c.rows)?, y.rows(c.col(1), c.rows)?);
        x.iter().zip(&y).map(|(x, y)| Overlay::new(x, y, space)).collect::<Result<Vec<_>>>()
    })
}

fn asked(b: &Bind<'_>, space: Space, question: fn(&Overlay) -> bool) -> Result<Bound> {
    let rows = overlays(b, space)?;
    bound(Type::UInt8, move |c| Ok(u8_col(rows(c)?.iter().map(|o| u8::from(question(o))).collect())))
}

fn distance(b: &Bind<'_>, space: Space) -> Result<Bound> {
    let rows = overlays(b, space)?;
    bound(Type::Float64, move |c| Ok(f64_col(rows(c)?.iter().map(Overlay::distance).collect())))
}

fn made(b: &Bind<'_>, space: Space, operation: Operation) -> Result<Bound> {
    let rows = overlays(b, space)?;
    bound(type_of(Kind::MultiPolygon), move |c| {
        let shapes: Vec<_> = rows(c)?.iter().map(|o| o.result(operation)).collect();
        Ok(column_of(Kind::MultiPolygon, &shapes))
    })
}
