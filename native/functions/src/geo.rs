//! Points on the earth and in the plane.

use crate::args::{StrOut, arrays, f32_col, f64_col, f64s, i64s, strs, tuple_columns, u8_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use crate::strings::TextArrays;
use std::f64::consts::PI;
use std::sync::LazyLock;
use types::codes::{ARGUMENT_OUT_OF_BOUND, BAD_ARGUMENTS, TOO_LARGE_ARRAY_SIZE};
use types::{Column, Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("greatCircleDistance", "greatCircleDistance(lon1, lat1, lon2, lat2)", "Metres between two points of a sphere, given in degrees.", &[("round(greatCircleDistance(0.0, 0.0, 0.0, 90.0))", "10007555")], |b| distance(b, Method::SphereMetres)),
    f("greatCircleAngle", "greatCircleAngle(lon1, lat1, lon2, lat2)", "Degrees between two points of a sphere, given in degrees.", &[("round(greatCircleAngle(0.0, 0.0, 45.0, 0.0), 2)", "45")], |b| distance(b, Method::SphereDegrees)),
    f("geoDistance", "geoDistance(lon1, lat1, lon2, lat2)", "Metres between two points of the WGS-84 ellipsoid, given in degrees.", &[("round(geoDistance(38.8976, -77.0366, 39.9496, -75.1503))", "212459")], |b| distance(b, Method::Wgs84)),
    f("pointInEllipses", "pointInEllipses(x, y, x0, y0, a0, b0, …)", "1 if the point lies in one of the ellipses, each with centre and half axes.", &[("pointInEllipses(10., 10., 10., 9.1, 1., 0.9999)", "1")], in_ellipses),
    f("pointInPolygon", "pointInPolygon((x, y), [(a, b), …][, hole, …])", "1 if the point lies in the polygon or on its edge, and in none of its holes.", &[("pointInPolygon((3., 3.), [(6, 0), (8, 4), (5, 8), (0, 2)])", "1")], in_polygon),
    f("geohashEncode", "geohashEncode(longitude, latitude[, precision])", "The geohash of a point, 1 to 12 letters (12).", &[("geohashEncode(-5.60302734375, 42.593994140625, 0)", "ezs42d000000")], encode),
    f("geohashDecode", "geohashDecode(text)", "Longitude and latitude of a geohash.", &[("geohashDecode('ezs42')", "(-5.60302734375,42.60498046875)")], decode),
    f("geohashesInBox", "geohashesInBox(lon_min, lat_min, lon_max, lat_max, precision)", "The geohashes that cover a box.", &[("geohashesInBox(24.48, 40.56, 24.785, 40.81, 4)", "['sx1q','sx1r','sx32','sx1w','sx1x','sx38']")], in_box),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    SphereDegrees,
    SphereMetres,
    Wgs84,
}

/// Of the sphere with the surface of the WGS-84 ellipsoid.
const DIAMETER: f64 = 2.0 * 6_371_007.180_918_474;
const COS: usize = 1024;
const ASIN: usize = 512;
const METRIC: usize = 1024;

/// Tables that the quick approximation interpolates in.
struct Tables {
    cos: Vec<f64>,
    asin_sqrt: Vec<f64>,
    /// squared lengths of a degree of longitude on a sphere of one degree
    sphere: Vec<f64>,
    /// squared metres of a degree of latitude and of longitude
    wgs84: Vec<(f64, f64)>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let latitude = |i: usize| i as f64 * (PI / METRIC as f64) - PI / 2.0;
    Tables {
        cos: (0..=COS).map(|i| (2.0 * PI * i as f64 / COS as f64).cos()).collect(),
        asin_sqrt: (0..=ASIN).map(|i| (i as f64 / ASIN as f64).sqrt().asin()).collect(),
        sphere: (0..=METRIC).map(|i| latitude(i).cos().powi(2)).collect(),
        wgs84: (0..=METRIC)
            .map(|i| {
                let p = latitude(i);
                let lat = 111_132.09 - 566.05 * (2.0 * p).cos() + 1.20 * (4.0 * p).cos();
                let lon = 111_415.13 * p.cos() - 94.55 * (3.0 * p).cos() + 0.12 * (5.0 * p).cos();
                (lat * lat, lon * lon)
            })
            .collect(),
    }
});

fn degrees_apart(a: f64, b: f64) -> f64 {
    let d = (a - b).abs();
    if d > 180.0 { 360.0 - d } else { d }
}

fn between(low: f64, high: f64, part: f64) -> f64 {
    low + (high - low) * part
}

fn fast_cos(x: f64) -> f64 {
    let y = x.abs() * (COS as f64 / PI / 2.0);
    let i = y as usize;
    let at = i & (COS - 1);
    between(TABLES.cos[at], TABLES.cos[at + 1], y - i as f64)
}

fn fast_sin(x: f64) -> f64 {
    let y = x.abs() * (COS as f64 / PI / 2.0);
    let i = y as usize;
    let at = i.wrapping_sub(COS / 4) & (COS - 1);
    between(TABLES.cos[at], TABLES.cos[at + 1], y - i as f64)
}

fn fast_asin_sqrt(x: f64) -> f64 {
    if x < 0.122 {
        let y = x.sqrt();
        return y + x * y * 0.166_666_666_666_666 + x * x * y * 0.075 + x * x * x * y * 0.044_642_857_142_857;
    }
    if x < 0.948 {
        let y = x * ASIN as f64;
        let i = y as usize;
        return between(TABLES.asin_sqrt[i], TABLES.asin_sqrt[i + 1], y - i as f64);
    }
    x.sqrt().asin()
}

fn apart(method: Method, lon1: f64, lat1: f64, lon2: f64, lat2: f64) -> f64 {
    let (dlat, dlon) = (degrees_apart(lat1, lat2), degrees_apart(lon1, lon2));
    if !(dlat.is_finite() && dlon.is_finite()) {
        return if dlat.is_nan() || dlon.is_nan() { f64::NAN } else { f64::INFINITY };
    }
    if dlon < 13.0 {
        // Near points: the plane, scaled at the latitude between them.
        let middle = (lat1 + lat2 + 180.0) * METRIC as f64 / 360.0;
        let i = (middle as i64 & (METRIC as i64 - 1)) as usize;
        let part = middle - i as f64;
        let (klat, klon) = match method {
            Method::Wgs84 => {
                let (a, b) = (TABLES.wgs84[i], TABLES.wgs84[i + 1]);
                (between(a.0, b.0, part), between(a.1, b.1, part))
            }
            _ => {
                let k = if method == Method::SphereDegrees { 1.0 } else { (DIAMETER * PI / 360.0).powi(2) };
                (k, between(TABLES.sphere[i] * k, TABLES.sphere[i + 1] * k, part))
            }
        };
        return (klat * dlat * dlat + klon * dlon * dlon).sqrt();
    }
    let half = PI / 360.0;
    let x = fast_sin(dlat * half).powi(2) + fast_cos(lat1 * 2.0 * half) * fast_cos(lat2 * 2.0 * half) * fast_sin(dlon * half).powi(2);
    fast_asin_sqrt(x) * if method == Method::SphereDegrees { 360.0 / PI } else { DIAMETER }
}

fn numbers(b: &Bind<'_>, from: usize, to: usize) -> Result<()> {
    (from..to).try_for_each(|i| b.number(i))
}

fn distance(b: &Bind<'_>, method: Method) -> Result<Bound> {
    b.arity(4, 4)?;
    numbers(b, 0, 4)?;
    let types = b.types();
    let wide = types.contains(&Type::Float64);
    bound(if wide { Type::Float64 } else { Type::Float32 }, move |c| {
        let v: Vec<_> = types.iter().enumerate().map(|(i, t)| f64s(c.col(i), t)).collect();
        let out = (0..c.rows).map(|i| apart(method, v[0].at(i), v[1].at(i), v[2].at(i), v[3].at(i)));
        Ok(if wide { f64_col(out.collect()) } else { f32_col(out.map(|x| x as f32).collect()) })
    })
}

fn in_ellipses(b: &Bind<'_>) -> Result<Bound> {
    if b.len() < 6 || b.len() % 4 != 2 {
        return Err(Error::new(BAD_ARGUMENTS, format!("Function pointInEllipses takes a point and four numbers for each ellipse, not {} arguments", b.len())));
    }
    for i in 0..b.len() {
        if *b.ty(i) != Type::Float64 {
            return Err(b.illegal(i, "Float64"));
        }
    }
    let types = b.types();
    bound(Type::UInt8, move |c| {
        let v: Vec<_> = types.iter().enumerate().map(|(i, t)| f64s(c.col(i), t)).collect();
        let inside = |i: usize| {
            v[2..].chunks_exact(4).any(|e| {
                let (dx, dy) = ((v[0].at(i) - e[0].at(i)) / e[2].at(i), (v[1].at(i) - e[1].at(i)) / e[3].at(i));
                dx * dx + dy * dy <= 1.0
            })
        };
        Ok(u8_col((0..c.rows).map(|i| u8::from(inside(i))).collect()))
    })
}

/// Whether a type is a tuple of two numbers.
fn pair(t: &Type) -> bool {
    matches!(t, Type::Tuple(es) if es.len() == 2 && es.iter().all(|e| e.1.is_number()))
}

type Ring = Vec<(f64, f64)>;

/// The points of row `i` of an array of pairs.
fn ring(col: &Column, ty: &Type, i: usize) -> Result<Ring> {
    let Type::Tuple(es) = ty else { return Err(Error::internal("points expected")) };
    let a = arrays(col)?;
    let xy = tuple_columns(a.values)?;
    let (x, y) = (f64s(&xy[0], &es[0].1), f64s(&xy[1], &es[1].1));
    Ok(a.at(i).map(|k| (x.at(k), y.at(k))).collect())
}

#[derive(PartialEq, Eq)]
enum Place {
    Inside,
    Edge,
    Outside,
}

/// Where a point lies: edges crossed to its right, and whether it is on one.
fn place(p: (f64, f64), ring: &Ring) -> Place {
    let mut inside = false;
    for (k, &(x1, y1)) in ring.iter().enumerate() {
        let (x2, y2) = ring[(k + 1) % ring.len()];
        let cross = (x2 - x1) * (p.1 - y1) - (y2 - y1) * (p.0 - x1);
        let within = p.0 >= x1.min(x2) && p.0 <= x1.max(x2) && p.1 >= y1.min(y2) && p.1 <= y1.max(y2);
        if cross == 0.0 && within {
            return Place::Edge;
        }
        if (y1 > p.1) != (y2 > p.1) && p.0 < (x2 - x1) * (p.1 - y1) / (y2 - y1) + x1 {
            inside = !inside;
        }
    }
    if inside { Place::Inside } else { Place::Outside }
}

/// A polygon's rings of one row, from its arguments.
struct Rings {
    /// (argument, type of its points, array of rings)
    parts: Vec<(usize, Type, bool)>,
}

impl Rings {
    fn bind(b: &Bind<'_>) -> Result<Rings> {
        let mut parts = Vec::new();
        for i in 1..b.len() {
            let wrong = || b.illegal(i, "an array of pairs of numbers, or of such arrays");
            let Type::Array(t) = b.ty(i) else { return Err(wrong()) };
            parts.push(match t.as_ref() {
                p if pair(p) => (i, p.clone(), false),
                Type::Array(p) if pair(p) && b.len() == 2 => (i, p.as_ref().clone(), true),
                _ => return Err(wrong()),
            });
        }
        Ok(Rings { parts })
    }

    fn of_row(&self, columns: &[Column], i: usize) -> Result<Vec<Ring>> {
        let mut out = Vec::new();
        for (arg, ty, nested) in &self.parts {
            let col = &columns[*arg - 1];
            if !nested {
                out.push(ring(col, ty, i)?);
                continue;
            }
            let a = arrays(col)?;
            for k in a.at(i) {
                out.push(ring(a.values, ty, k)?);
            }
        }
        if out.iter().any(Vec::is_empty) || out.is_empty() {
            return Err(Error::new(BAD_ARGUMENTS, "A ring of a polygon of function pointInPolygon is empty"));
        }
        Ok(out)
    }
}

/// Beyond, neighbouring coordinates are farther apart than the cells that points are looked up in.
const COORDINATE_MAX: f64 = 1e16;

fn in_polygon(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, usize::MAX)?;
    if !pair(b.ty(0)) {
        return Err(b.illegal(0, "a tuple of two numbers"));
    }
    let Type::Tuple(es) = b.ty(0).clone() else { return Err(b.illegal(0, "a tuple of two numbers")) };
    let rings = Rings::bind(b)?;
    let validate = b.session.flag("validate_polygons", true);
    bound(Type::UInt8, move |c| {
        let xy = tuple_columns(c.col(0))?;
        let (x, y) = (f64s(&xy[0], &es[0].1), f64s(&xy[1], &es[1].1));
        let constant = (1..c.len()).all(|i| c.col(i).is_const());
        let columns: Vec<Column> = (1..c.len()).map(|i| if constant { c.col(i).slice(0, 1).flat() } else { c.col(i).flat() }).collect();
        let fixed = if constant { Some(rings.of_row(&columns, 0)?) } else { None };
        if let Some(why) = fixed.as_ref().filter(|_| validate).and_then(|rings| crate::shapes::valid::fault(rings)) {
            return Err(Error::new(BAD_ARGUMENTS, format!("Polygon is not valid: {why}; set validate_polygons=0 to take it as it is")));
        }
        if fixed.iter().flatten().flatten().any(|p| p.0.abs().max(p.1.abs()) > COORDINATE_MAX) {
            return Err(Error::new(BAD_ARGUMENTS, "The coordinates of the polygon are so large in modulus that it cannot be computed with correctly"));
        }
        let mut out = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let own;
            let all = match &fixed {
                Some(r) => r,
                None => {
                    own = rings.of_row(&columns, i)?;
                    &own
                }
            };
            let p = (x.at(i), y.at(i));
            let inside = place(p, &all[0]) != Place::Outside && all[1..].iter().all(|h| place(p, h) != Place::Inside);
            out.push(u8::from(inside));
        }
        Ok(u8_col(out))
    })
}

// ---- geohashes --------------------------------------------------------------------------------

const LETTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

/// Bits of longitude and latitude in a hash of so many letters.
fn bits(precision: u32) -> (u32, u32) {
    (precision * 5 / 2 + precision * 5 % 2, precision * 5 / 2)
}

fn cell(v: f64, low: f64, high: f64, bits: u32) -> u64 {
    let cells = (1u64 << bits) as f64;
    (((v - low) / (high - low) * cells) as u64).min((1 << bits) - 1)
}

fn letters(lon: u64, lat: u64, precision: u32, out: &mut Vec<u8>) {
    let (x, y) = bits(precision);
    let mut all = 0u64;
    for k in 0..precision * 5 {
        let bit = if k % 2 == 0 { lon >> (x - 1 - k / 2) & 1 } else { lat >> (y - 1 - k / 2) & 1 };
        all = all << 1 | bit;
    }
    out.extend((0..precision).rev().map(|k| LETTERS[(all >> (5 * k) & 31) as usize]));
}

fn precision_of(v: i64) -> u32 {
    if (1..=12).contains(&v) { v as u32 } else { 12 }
}

fn encode(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 3)?;
    numbers(b, 0, 2)?;
    if b.len() == 3 {
        b.integer(2)?;
    }
    let (types, given) = (b.types(), b.len() == 3);
    bound(Type::String, move |c| {
        let (lon, lat) = (f64s(c.col(0), &types[0]), f64s(c.col(1), &types[1]));
        let p = given.then(|| i64s(c.col(2)));
        let mut out = StrOut::new(c.rows, c.rows * 12);
        for i in 0..c.rows {
            let (x, y) = (lon.at(i), lat.at(i));
            if !(-180.0..=180.0).contains(&x) || !(-90.0..=90.0).contains(&y) {
                return Err(Error::new(ARGUMENT_OUT_OF_BOUND, "Longitude and latitude of function geohashEncode must be within [-180, 180] and [-90, 90]"));
            }
            let n = precision_of(p.as_ref().map_or(12, |p| p.at(i)));
            let (bx, by) = bits(n);
            letters(cell(x, -180.0, 180.0, bx), cell(y, -90.0, 90.0, by), n, &mut out.bytes);
            out.end_row();
        }
        Ok(out.column())
    })
}

fn decode(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    let ty = Type::Tuple(vec![("longitude".into(), Type::Float64), ("latitude".into(), Type::Float64)].into());
    bound(ty, |c| {
        let s = strs(c.col(0));
        let (mut lon, mut lat) = (Vec::with_capacity(c.rows), Vec::with_capacity(c.rows));
        for i in 0..c.rows {
            let (mut x, mut y) = ((-180.0, 180.0), (-90.0, 90.0));
            let text = s.at(i);
            let digits = text.iter().take(12).map(|t| LETTERS.iter().position(|l| *l == t.to_ascii_lowercase()));
            let mut even = true;
            for d in digits {
                let Some(d) = d else { break };
                for k in (0..5).rev() {
                    let range: &mut (f64, f64) = if even { &mut x } else { &mut y };
                    let middle = (range.0 + range.1) / 2.0;
                    if d >> k & 1 == 1 { range.0 = middle } else { range.1 = middle }
                    even = !even;
                }
            }
            let valid = !text.is_empty();
            lon.push(if valid { (x.0 + x.1) / 2.0 } else { 0.0 });
            lat.push(if valid { (y.0 + y.1) / 2.0 } else { 0.0 });
        }
        Ok(Data::Tuple(vec![f64_col(lon), f64_col(lat)].into(), c.rows).into())
    })
}

fn in_box(b: &Bind<'_>) -> Result<Bound> {
    const MOST: u64 = 10_000_000;
    b.arity(5, 5)?;
    for i in 0..4 {
        if !b.ty(i).is_float() {
            return Err(b.illegal(i, "Float32 or Float64"));
        }
    }
    b.integer(4)?;
    let types = b.types();
    bound(Type::array(Type::String), move |c| {
        let v: Vec<_> = types.iter().take(4).enumerate().map(|(i, t)| f64s(c.col(i), t)).collect();
        let p = i64s(c.col(4));
        let mut out = TextArrays::new(c.rows);
        let mut text = Vec::new();
        for i in 0..c.rows {
            let n = precision_of(p.at(i));
            let (bx, by) = bits(n);
            let (x0, y0, x1, y1) = (v[0].at(i).clamp(-180.0, 180.0), v[1].at(i).clamp(-90.0, 90.0), v[2].at(i).clamp(-180.0, 180.0), v[3].at(i).clamp(-90.0, 90.0));
            if !(x0 > x1 || y0 > y1 || x0.is_nan() || y0.is_nan() || x1.is_nan() || y1.is_nan()) {
                let (lx, hx) = (cell(x0, -180.0, 180.0, bx), cell(x1, -180.0, 180.0, bx));
                let (ly, hy) = (cell(y0, -90.0, 90.0, by), cell(y1, -90.0, 90.0, by));
                if (hx - lx + 1).saturating_mul(hy - ly + 1) > MOST {
                    return Err(Error::new(TOO_LARGE_ARRAY_SIZE, format!("geohashesInBox would give more than {MOST} geohashes: use a smaller precision")));
                }
                for x in lx..=hx {
                    for y in ly..=hy {
                        text.clear();
                        letters(x, y, n, &mut text);
                        out.push(&text);
                    }
                }
            }
            out.end_row()?;
        }
        Ok(out.finish())
    })
}
