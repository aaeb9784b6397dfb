//! Points, rings, polygons and multipolygons of the plane and of the sphere: reading them from nested arrays of
//! pairs, and writing them into such.

pub mod measure;
mod overlay;
pub mod pairs;
mod space;
pub mod svg;
pub mod valid;
pub mod wkt;

use crate::args::{array_column, arrays, f64_col, f64s, tuple_columns};
use crate::bind::Bind;
use types::codes::BAD_ARGUMENTS;
use types::{Column, Data, Error, Result, Type};

pub type Point = (f64, f64);
pub type Ring = Vec<Point>;
/// The outer ring, then the holes.
pub type Polygon = Vec<Ring>;

/// How many arrays lie around the pairs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Point,
    Ring,
    Polygon,
    MultiPolygon,
}

/// A shape of any kind as a multipolygon: a ring is a polygon without holes, a point a ring of one.
pub struct Shapes {
    pub kind: Kind,
    parts: [Type; 2],
}

impl Shapes {
    /// Errors: `BAD_ARGUMENTS` for what is no shape.
    pub fn bind(b: &Bind<'_>, i: usize) -> Result<Shapes> {
        let mut inner = b.ty(i);
        let mut depth = 0;
        while let Type::Array(t) = inner {
            inner = t.as_ref();
            depth += 1;
        }
        let kinds = [Kind::Point, Kind::Ring, Kind::Polygon, Kind::MultiPolygon];
        match (inner, kinds.get(depth)) {
            (Type::Tuple(es), Some(kind)) if es.len() == 2 && es.iter().all(|e| e.1.is_number()) => Ok(Shapes { kind: *kind, parts: [es[0].1.clone(), es[1].1.clone()] }),
            _ => Err(Error::new(BAD_ARGUMENTS, format!("Unknown geometry type {}", b.raw[i].ty))),
        }
    }

    /// As `bind`, for functions that take no point. Errors: `ILLEGAL_TYPE_OF_ARGUMENT`.
    pub fn with_area(b: &Bind<'_>, i: usize) -> Result<Shapes> {
        let shapes = Shapes::bind(b, i)?;
        if shapes.kind == Kind::Point {
            return Err(Error::illegal_type(format!("The argument of function {} must not be Point", b.name)));
        }
        Ok(shapes)
    }

    /// The shapes of all rows.
    pub fn rows(&self, c: &Column, rows: usize) -> Result<Vec<Vec<Polygon>>> {
        let flat = c.flat();
        match self.kind {
            Kind::Point => Ok(self.points(&flat)?.into_iter().map(|p| vec![vec![vec![p]]]).collect()),
            Kind::Ring => Ok(self.rings(&flat, rows)?.into_iter().map(|r| vec![vec![r]]).collect()),
            Kind::Polygon => Ok(self.polygons(&flat, rows)?.into_iter().map(|p| vec![p]).collect()),
            Kind::MultiPolygon => nested(&flat, rows, |values, n| self.polygons(values, n)),
        }
    }
    fn polygons(&self, c: &Column, rows: usize) -> Result<Vec<Polygon>> {
        nested(c, rows, |values, n| self.rings(values, n))
    }
    fn rings(&self, c: &Column, rows: usize) -> Result<Vec<Ring>> {
        nested(c, rows, |values, _| self.points(values))
    }
    fn points(&self, c: &Column) -> Result<Vec<Point>> {
        let xy = tuple_columns(c)?;
        let (x, y) = (f64s(&xy[0], &self.parts[0]), f64s(&xy[1], &self.parts[1]));
        Ok((0..c.len()).map(|i| (x.at(i), y.at(i))).collect())
    }
}

/// The elements of each row's array, from what all elements are.
fn nested<T>(c: &Column, rows: usize, read: impl Fn(&Column, usize) -> Result<Vec<T>>) -> Result<Vec<Vec<T>>> {
    let a = arrays(c)?;
    let flat = a.values.flat();
    let mut all = read(&flat, flat.len())?.into_iter();
    let mut at = 0;
    Ok((0..rows)
        .map(|i| {
            let own = a.at(i);
            all.by_ref().take(own.start - at).for_each(drop);
            at = own.end;
            all.by_ref().take(own.len()).collect()
        })
        .collect())
}

/// The type of a kind of shape.
pub fn type_of(kind: Kind) -> Type {
    let arrays = match kind {
        Kind::Point => 0,
        Kind::Ring => 1,
        Kind::Polygon => 2,
        Kind::MultiPolygon => 3,
    };
    (0..arrays).fold(Type::tuple(vec![Type::Float64, Type::Float64]), |t, _| Type::array(t))
}

/// A column of shapes of one kind; of points, rings and polygons the first of each row.
pub fn column_of(kind: Kind, rows: &[Vec<Polygon>]) -> Column {
    let (mut multi, mut polygons, mut rings) = (vec![0u32], vec![0u32], vec![0u32]);
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for row in rows {
        for polygon in row {
            for ring in polygon {
                x.extend(ring.iter().map(|p| p.0));
                y.extend(ring.iter().map(|p| p.1));
                rings.push(x.len() as u32);
            }
            polygons.push(rings.len() as u32 - 1);
        }
        multi.push(polygons.len() as u32 - 1);
    }
    let n = x.len();
    let mut out: Column = Data::Tuple(vec![f64_col(x), f64_col(y)].into(), n).into();
    for (level, offsets) in [(Kind::Ring, rings), (Kind::Polygon, polygons), (Kind::MultiPolygon, multi)] {
        if kind >= level {
            out = array_column(offsets, out);
        }
    }
    out
}

/// Twice the signed area: positive for rings that go clockwise, as their edges stand (no closing one is added).
pub fn doubled_area(ring: &[Point]) -> f64 {
    if ring.len() < 4 {
        return 0.0;
    }
    ring.windows(2).map(|w| (w[0].0 + w[1].0) * (w[0].1 - w[1].1)).sum()
}
