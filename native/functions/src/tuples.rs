//! Functions on tuples.

use crate::args::{array_column, tuple_columns};
use crate::bind::{Bind, Bound, bound, constant};
use crate::cast::{CastMode, cast};
use crate::def::{FunctionDef, f};
use crate::tuple_vectors;
use types::{Error, Column, ColumnBuilder, Data, Result, Scalar, Type};

pub const DEFS: &[FunctionDef] = &[
    f("flipCoordinates", "flipCoordinates(geometry)", "A point with its coordinates exchanged, or all points of arrays.", &[("flipCoordinates((1.5, 2.5))", "(2.5,1.5)")], flip),
    f("tupleConcat", "tupleConcat(a, b, …)", "Tuples one behind another.", &[("tupleConcat((1, 2), (3, 4))", "(1,2,3,4)")], concat),
    f("tupleNames", "tupleNames(tuple)", "Names of the elements.", &[("tupleNames((1, 2))", "['1','2']")], names).own_nulls(),
    f("tupleToNameValuePairs", "tupleToNameValuePairs(tuple)", "An array of pairs of name and value.", &[("tupleToNameValuePairs((1, 2))", "[('1',1),('2',2)]")], pairs).own_nulls(),
    f("tupleHammingDistance", "tupleHammingDistance(a, b)", "Number of places at which two tuples differ.", &[("tupleHammingDistance((1, 2), (1, 3))", "1")], |b| tuple_vectors::sum_of(b, "notEquals")),
    f("flattenTuple", "flattenTuple(tuple)", "Named tuples in tuples made one.", &[("flattenTuple(((1, 2), 3))", "(1,2,3)")], flatten).own_nulls(),
    f("dotProduct", "dotProduct(a, b)", "Sum of the products of elements of two tuples or arrays.", &[("dotProduct((1, 2), (3, 4))", "11")], dot).alias(&["scalarProduct", "arrayDotProduct"]),
];

pub fn concat(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    let mut elements = Vec::new();
    let mut unique = true;
    for i in 0..b.len() {
        let Type::Tuple(es) = b.ty(i) else { return Err(b.illegal(i, "Tuple")) };
        for e in es.iter() {
            unique &= !e.0.is_empty() && !elements.iter().any(|x: &(std::sync::Arc<str>, Type)| x.0 == e.0);
            elements.push(e.clone());
        }
    }
    let ty = if unique { Type::Tuple(elements.into()) } else { Type::tuple(elements.into_iter().map(|e| e.1).collect()) };
    bound(ty, |c| {
        let mut all = Vec::new();
        for i in 0..c.len() {
            all.extend(tuple_columns(c.col(i))?.iter().map(Column::flat));
        }
        Ok(Data::Tuple(all.into(), c.rows).into())
    })
}

fn name_list(b: &Bind<'_>) -> Result<Vec<String>> {
    b.arity(1, 1)?;
    let Type::Tuple(es) = b.ty(0).base() else { return Err(b.illegal(0, "Tuple")) };
    Ok(es.iter().enumerate().map(|(k, e)| if e.0.is_empty() { (k + 1).to_string() } else { e.0.to_string() }).collect())
}

fn names(b: &Bind<'_>) -> Result<Bound> {
    let names = name_list(b)?;
    constant(Type::array(Type::String), Scalar::Array(names.into_iter().map(|n| Scalar::Bytes(n.into_bytes())).collect()))
}

fn pairs(b: &Bind<'_>) -> Result<Bound> {
    let names = name_list(b)?;
    let Type::Tuple(es) = b.ty(0) else { return Err(b.illegal(0, "Tuple")) };
    let types: Vec<Type> = es.iter().map(|e| e.1.clone()).collect();
    let Some(value) = types.first().filter(|first| types.iter().all(|t| t == *first)).cloned() else {
        return Err(Error::illegal_type(format!("The argument tuple for function {} must contain just one type", b.name)));
    };
    let kernel = value.clone();
    bound(Type::array(Type::tuple(vec![Type::String, value])), move |c| {
        let n = names.len();
        let mut stack = ColumnBuilder::new(&kernel);
        for (x, t) in tuple_columns(c.col(0))?.iter().zip(&types) {
            stack.append_column(&cast(x, t, &kernel, CastMode::Sql, c.session)?);
        }
        let at: Vec<u32> = (0..c.rows * n).map(|j| ((j % n) * c.rows + j / n) as u32).collect();
        let text = Column::strings((0..c.rows * n).map(|j| names[j % n].as_bytes()));
        let entries = Data::Tuple(vec![text, stack.finish().gather(&at)].into(), c.rows * n);
        Ok(array_column((0..=c.rows).map(|i| (i * n) as u32).collect(), entries.into()))
    })
}

fn flat_types(es: &[(std::sync::Arc<str>, Type)], prefix: &str, out: &mut Vec<(std::sync::Arc<str>, Type)>) {
    for e in es {
        let name = if prefix.is_empty() { e.0.to_string() } else { format!("{prefix}.{}", e.0) };
        match &e.1 {
            Type::Tuple(inner) => flat_types(inner, &name, out),
            t => out.push((name.as_str().into(), t.clone())),
        }
    }
}

fn flat_columns(c: &Column, out: &mut Vec<Column>) -> Result<()> {
    for x in tuple_columns(c)? {
        let x = x.flat();
        if matches!(x.data, Data::Tuple(..)) {
            flat_columns(&x, out)?;
        } else {
            out.push(x);
        }
    }
    Ok(())
}

fn flatten(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let Type::Tuple(es) = b.ty(0) else { return Err(b.illegal(0, "Tuple")) };
    let mut all = Vec::new();
    flat_types(es, "", &mut all);
    let named = all.iter().all(|e| !e.0.is_empty() && !e.0.starts_with('.') && !e.0.ends_with('.'));
    let ty = if named { Type::Tuple(all.into()) } else { Type::tuple(all.into_iter().map(|e| e.1).collect()) };
    bound(ty, |c| {
        let mut out = Vec::new();
        flat_columns(c.col(0), &mut out)?;
        Ok(Data::Tuple(out.into(), c.rows).into())
    })
}

fn dot(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    if matches!(b.ty(0), Type::Array(_)) { crate::vectors::dot_arrays(b) } else { tuple_vectors::sum_of(b, "multiply") }
}

/// Pairs of numbers at any depth of arrays.
fn flip(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let mut t = b.ty(0);
    while let Type::Array(i) = t {
        t = i;
    }
    match t {
        Type::Tuple(es) if es.len() == 2 && es.iter().all(|e| e.1 == Type::Float64) => {}
        _ => return Err(b.illegal(0, "a point (a tuple of two Float64) or arrays of points")),
    }
    bound(b.ty(0).clone(), |c| exchange(&c.col(0).flat()))
}

fn exchange(c: &types::Column) -> Result<types::Column> {
    match &c.data {
        types::Data::Array(a) => {
            let values = std::sync::Arc::new(exchange(&a.values.flat())?);
            Ok(types::Data::Array(types::ArrayData { offsets: a.offsets.clone(), values }).into())
        }
        types::Data::Tuple(parts, n) => Ok(types::Data::Tuple(parts.iter().rev().cloned().collect(), *n).into()),
        _ => Err(types::Error::internal("points expected")),
    }
}
