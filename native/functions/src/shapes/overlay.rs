//! Two shapes laid over each other: what they have in common, what either has, and questions about that.
//!
//! Edges of both are cut where they meet, so that every piece lies wholly inside the other shape, outside of it, or on
//! its border. Which pieces stay depends on the question; those that stay are linked into rings again.

use super::space::Space;
use super::{Point, Polygon, Ring, doubled_area};
use std::collections::HashMap;
use types::codes::TOO_LARGE_ARRAY_SIZE;
use types::{Error, Result};

/// Pairs of edges that are compared with each other, at most.
const PAIRS_MAX: usize = 200_000_000;

type Edge = (Point, Point);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Inside,
    Outside,
    /// on a border that runs the same way
    Along,
    /// on a border that runs the other way
    Against,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Union,
    Intersection,
    SymDifference,
}

struct Piece {
    edge: Edge,
    place: Place,
    /// it begins where the other shape's border is met
    turn: bool,
}

pub struct Overlay {
    pieces: [Vec<Piece>; 2],
    edges: [Vec<Edge>; 2],
    space: Space,
}

/// Closed, without repeated points, and turned as wanted: outer rings clockwise, holes the other way.
fn corrected(ring: &Ring, outer: bool) -> Ring {
    let mut points: Ring = ring.iter().map(|p| (p.0 + 0.0, p.1 + 0.0)).collect();
    points.extend(points.first().copied());
    points.dedup();
    if (doubled_area(&points) < 0.0) == outer {
        points.reverse();
    }
    points
}

fn edges_of(shape: &[Polygon]) -> Vec<Edge> {
    let rings = shape.iter().flat_map(|p| p.iter().enumerate().map(|(k, ring)| corrected(ring, k == 0)));
    rings.flat_map(|ring| ring.windows(2).map(|w| (w[0], w[1])).collect::<Vec<_>>()).collect()
}

fn bits(p: Point) -> (u64, u64) {
    (p.0.to_bits(), p.1.to_bits())
}

impl Overlay {
    /// Errors: `TOO_LARGE_ARRAY_SIZE` for shapes of too many edges.
    pub fn new(a: &[Polygon], b: &[Polygon], space: Space) -> Result<Overlay> {
        let edges = [edges_of(a), edges_of(b)];
        if edges[0].len().saturating_mul(edges[1].len()) > PAIRS_MAX {
            return Err(Error::new(TOO_LARGE_ARRAY_SIZE, format!("Shapes of {} and {} edges are too large to lay over each other", edges[0].len(), edges[1].len())));
        }
        let mut cuts = [vec![Vec::new(); edges[0].len()], vec![Vec::new(); edges[1].len()]];
        for (i, x) in edges[0].iter().enumerate() {
            for (j, y) in edges[1].iter().enumerate() {
                for p in space.meet(*x, *y) {
                    cuts[0][i].push(p);
                    cuts[1][j].push(p);
                }
            }
        }
        let cut = |k: usize| -> Vec<(Edge, bool)> { edges[k].iter().zip(&cuts[k]).flat_map(|(e, at)| pieces_of(*e, at, space)).collect() };
        let raw = [cut(0), cut(1)];
        let placed = |k: usize| -> Vec<Piece> {
            let other: HashMap<_, _> = raw[1 - k].iter().map(|(e, _)| ((bits(e.0), bits(e.1)), ())).collect();
            let place = |(from, to): Edge| match () {
                () if other.contains_key(&(bits(from), bits(to))) => Place::Along,
                () if other.contains_key(&(bits(to), bits(from))) => Place::Against,
                () if space.inside(space.middle(from, to), &edges[1 - k]) => Place::Inside,
                () => Place::Outside,
            };
            raw[k].iter().map(|(edge, turn)| Piece { edge: *edge, place: place(*edge), turn: *turn }).collect()
        };
        let pieces = [placed(0), placed(1)];
        Ok(Overlay { pieces, edges, space })
    }

    fn any(&self, k: usize, places: &[Place]) -> bool {
        self.pieces[k].iter().any(|p| places.contains(&p.place))
    }

    /// The first shape lies in the second one.
    pub fn within(&self) -> bool {
        !self.pieces[0].is_empty() && !self.any(0, &[Place::Outside, Place::Against]) && !self.any(1, &[Place::Inside])
    }
    pub fn equal(&self) -> bool {
        (0..2).all(|k| !self.any(k, &[Place::Inside, Place::Outside, Place::Against]))
    }
    pub fn touch(&self) -> bool {
        (0..2).any(|k| self.any(k, &[Place::Inside, Place::Along, Place::Against]) || self.pieces[k].iter().any(|p| p.turn))
    }
    /// 0 where they touch.
    pub fn distance(&self) -> f64 {
        if self.touch() {
            return 0.0;
        }
        let from = |k: usize| self.edges[k].iter().flat_map(move |e| self.edges[1 - k].iter().map(move |o| self.space.to_edge(e.0, *o)));
        from(0).chain(from(1)).fold(f64::INFINITY, f64::min)
    }

    pub fn result(&self, operation: Operation) -> Vec<Polygon> {
        match operation {
            Operation::Union => self.linked(|_, p| matches!(p.place, Place::Outside) as i8, true),
            Operation::Intersection => self.linked(|_, p| matches!(p.place, Place::Inside) as i8, true),
            Operation::SymDifference => {
                let mut all = self.without(0);
                all.extend(self.without(1));
                all
            }
        }
    }

    /// One shape without what it has in common with the other.
    fn without(&self, first: usize) -> Vec<Polygon> {
        self.linked(
            |k, p| match p.place {
                Place::Outside | Place::Against if k == first => 1,
                Place::Inside if k != first => -1,
                _ => 0,
            },
            false,
        )
    }

    /// The rings of the pieces that `keep` wants (1; -1 turned round), those of common borders once.
    fn linked(&self, keep: impl Fn(usize, &Piece) -> i8, along: bool) -> Vec<Polygon> {
        let mut edges: Vec<Edge> = Vec::new();
        let (mut starts, mut others) = (Vec::new(), Vec::new());
        for (k, pieces) in self.pieces.iter().enumerate() {
            for p in pieces {
                if p.turn {
                    starts.push(p.edge.0);
                }
                let how = if along && k == 0 && p.place == Place::Along { 1 } else { keep(k, p) };
                match how {
                    1 => edges.push(p.edge),
                    -1 => edges.push((p.edge.1, p.edge.0)),
                    _ => continue,
                }
                others.push(p.edge.0);
            }
        }
        let mut out: HashMap<_, Vec<usize>> = HashMap::new();
        edges.iter().enumerate().rev().for_each(|(i, e)| out.entry(bits(e.0)).or_default().push(i));
        let mut used = vec![false; edges.len()];
        let mut rings = Vec::new();
        starts.extend(others);
        for start in starts {
            let Some(first) = out.get(&bits(start)).and_then(|v| v.iter().rev().find(|i| !used[**i]).copied()) else { continue };
            if let Some(ring) = self.follow(first, &edges, &out, &mut used) {
                rings.push(ring);
            }
        }
        assembled(rings, self.space)
    }

    fn follow(&self, first: usize, edges: &[Edge], out: &HashMap<(u64, u64), Vec<usize>>, used: &mut [bool]) -> Option<Ring> {
        let mut ring = vec![edges[first].0];
        let mut at = first;
        loop {
            used[at] = true;
            let (from, to) = edges[at];
            // points on a straight line are left out
            let n = ring.len();
            if n > 1 && self.space.side(ring[n - 2], ring[n - 1], to) == 0.0 && self.space == Space::Plane {
                ring.pop();
            }
            ring.push(to);
            if to == edges[first].0 {
                return (ring.len() > 3).then_some(ring);
            }
            let turn = |i: &usize| {
                let angle = |p: Point, q: Point| (q.1 - p.1).atan2(q.0 - p.0);
                let round = angle(to, edges[*i].1) - angle(to, from);
                // from the way back, clockwise: the first one leaves the smallest ring
                if round > 0.0 { std::f64::consts::TAU - round } else { -round }
            };
            at = out.get(&bits(to))?.iter().filter(|i| !used[**i]).max_by(|x, y| turn(x).total_cmp(&turn(y))).copied()?;
        }
    }
}

/// The parts of an edge between the points that it is cut at; whether each begins at such a point.
fn pieces_of((a, b): Edge, at: &[Point], space: Space) -> Vec<(Edge, bool)> {
    let mut points: Vec<(f64, Point, bool)> = at.iter().map(|p| (space.apart(a, *p), *p, true)).collect();
    points.sort_by(|x, y| x.0.total_cmp(&y.0));
    points.dedup_by(|x, y| x.1 == y.1);
    points.retain(|p| p.1 != b);
    if points.first().is_none_or(|p| p.1 != a) {
        points.insert(0, (0.0, a, false));
    }
    let ends = points.iter().skip(1).map(|p| p.1).chain([b]);
    points.iter().zip(ends).filter(|(from, to)| from.1 != *to).map(|(from, to)| ((from.1, to), from.2)).collect()
}

/// Outer rings, each with the holes that lie in it.
fn assembled(rings: Vec<Ring>, space: Space) -> Vec<Polygon> {
    let (outer, holes): (Vec<Ring>, Vec<Ring>) = rings.into_iter().partition(|r| doubled_area(r) > 0.0);
    let mut all: Vec<Polygon> = outer.into_iter().map(|r| vec![r]).collect();
    for hole in holes {
        let around = |p: &Polygon| {
            let edges: Vec<Edge> = p[0].windows(2).map(|w| (w[0], w[1])).collect();
            space.inside(space.middle(hole[0], hole[1]), &edges)
        };
        let area = |p: &Polygon| doubled_area(&p[0]);
        if let Some(k) = (0..all.len()).filter(|k| around(&all[*k])).min_by(|x, y| area(&all[*x]).total_cmp(&area(&all[*y]))) {
            all[k].push(hole);
        }
    }
    all
}
