//! The least type that holds the values of several: for arrays, if, UNION, IN, coalesce.

use std::sync::Arc;
use types::codes::NO_COMMON_TYPE;
use types::{Error, Result, Type};

/// Errors: `NO_COMMON_TYPE`, naming the types and why. No types give `Nothing`.
pub fn common_type(types: &[Type]) -> Result<Type> {
    let mut distinct: Vec<Type> = Vec::new();
    for t in types {
        if !distinct.iter().any(|d| same(d, t)) {
            distinct.push(t.clone());
        }
    }
    match distinct.as_slice() {
        [] => Ok(Type::Nothing),
        [one] => Ok(one.clone()),
        _ => {
            distinct.retain(|t| *t != Type::Nothing);
            merge(&distinct)
        }
    }
}

/// Bool and UInt8 hold the same values, as do Decimals of one scale and width and times of one scale in different zones;
/// the first names the result.
fn same(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Bool, Type::UInt8) | (Type::UInt8, Type::Bool) => true,
        (Type::Decimal(p, s), Type::Decimal(q, t)) => s == t && class_precision(*p) == class_precision(*q),
        (Type::DateTime64(s, _), Type::DateTime64(t, _)) => s == t,
        _ => a == b,
    }
}

fn none(types: &[Type], why: &str) -> Error {
    let list: Vec<String> = types.iter().map(ToString::to_string).collect();
    Error::new(NO_COMMON_TYPE, format!("There is no supertype for types {} because {why}", list.join(", ")))
}

fn merge(types: &[Type]) -> Result<Type> {
    if let [one] = types {
        return Ok(one.clone());
    }
    if types.iter().any(|t| matches!(t, Type::LowCardinality(_))) {
        let all = types.iter().all(|t| matches!(t, Type::LowCardinality(_)));
        let inner: Vec<Type> = types.iter().map(Type::without_low_cardinality).collect();
        let merged = common_type(&inner)?;
        return Ok(if all { Type::low_cardinality(merged) } else { merged });
    }
    if types.iter().any(|t| matches!(t, Type::Nullable(_))) {
        let inner: Vec<Type> = types
            .iter()
            .map(|t| if let Type::Nullable(i) = t { i.as_ref().clone() } else { t.clone() })
            .filter(|t| *t != Type::Nothing)
            .collect();
        return Ok(Type::nullable(common_type(&inner)?));
    }
    nested(types).unwrap_or_else(|| scalar(types))
}

/// The narrowest of types that are compared with each other: what all of them hold fits it. None where none of them is that.
pub fn least_type(types: &[Type]) -> Option<Type> {
    let plain: Vec<Type> = types.iter().map(Type::without_low_cardinality).collect();
    let base: Vec<Type> = plain.iter().map(|t| t.base().clone()).collect();
    if plain.iter().all(Type::is_nullable) {
        return least_type(&base).map(Type::nullable);
    }
    let first = base.first()?;
    if base.iter().all(|t| same(first, t)) {
        return Some(first.clone());
    }
    if base.iter().all(|t| t.is_integer() || t.is_float()) {
        return least_number(&base);
    }
    if base.iter().all(Type::is_date_or_time) {
        return base.iter().find(|t| **t == Type::Date).cloned();
    }
    if base.iter().all(Type::is_string) {
        return base
            .iter()
            .filter(|t| matches!(t, Type::FixedString(_)))
            .min_by_key(|t| t.fixed_width())
            .cloned();
    }
    if base.iter().all(Type::is_decimal) {
        return base
            .iter()
            .min_by_key(|t| if let Type::Decimal(p, s) = t { (*p, *s) } else { (0, 0) })
            .cloned();
    }
    least_nested(&base)
}

/// The least integer; of both signs the narrower, without a sign where they are as wide.
fn least_number(types: &[Type]) -> Option<Type> {
    let least = |signed: bool| {
        let fits = |t: &&Type| t.int_bits().is_some_and(|(_, s)| s == signed);
        types.iter().filter(fits).min_by_key(|t| t.int_bits())
    };
    let narrower = |a: &Type, b: &Type| a.int_bits().map(|x| x.0) < b.int_bits().map(|x| x.0);
    match (least(true), least(false)) {
        (Some(s), Some(u)) => Some(if narrower(s, u) { s } else { u }),
        (one, other) => one.or(other),
    }
    .or_else(|| types.iter().min_by_key(|t| t.fixed_width()))
    .cloned()
}

fn least_nested(types: &[Type]) -> Option<Type> {
    let elements: Option<Vec<Type>> =
        types.iter().map(|t| if let Type::Array(e) = t { Some(e.as_ref().clone()) } else { None }).collect();
    if let Some(elements) = elements {
        return least_type(&elements).map(Type::array);
    }
    let rows: Vec<_> =
        types.iter().filter_map(|t| if let Type::Tuple(es) = t { Some(es) } else { None }).collect();
    let first =
        rows.first().filter(|f| rows.len() == types.len() && rows.iter().all(|r| r.len() == f.len()))?;
    let place = |i: usize| {
        let column: Vec<Type> = rows.iter().map(|r| r[i].1.clone()).collect();
        Some((first[i].0.clone(), least_type(&column)?))
    };
    Some(Type::Tuple((0..first.len()).map(place).collect::<Option<Vec<_>>>()?.into()))
}

fn nested(types: &[Type]) -> Option<Result<Type>> {
    if types.iter().any(|t| matches!(t, Type::Array(_))) {
        let inner: Option<Vec<Type>> = types
            .iter()
            .map(|t| if let Type::Array(i) = t { Some(i.as_ref().clone()) } else { None })
            .collect();
        return Some(match inner {
            Some(i) => common_type(&i).map(Type::array),
            None => Err(none(types, "some of them are Array and some of them are not")),
        });
    }
    if types.iter().any(|t| matches!(t, Type::Map(_))) {
        let inner: Option<Vec<(Type, Type)>> = types
            .iter()
            .map(|t| if let Type::Map(kv) = t { Some(kv.as_ref().clone()) } else { None })
            .collect();
        let Some(kvs) = inner else {
            return Some(Err(none(types, "some of them are Map and some of them are not")));
        };
        let (ks, vs): (Vec<Type>, Vec<Type>) = kvs.into_iter().unzip();
        return Some(common_type(&ks).and_then(|k| Ok(Type::map(k, common_type(&vs)?))));
    }
    if types.iter().any(|t| matches!(t, Type::Tuple(_))) {
        return Some(tuples(types));
    }
    None
}

fn tuples(types: &[Type]) -> Result<Type> {
    let all: Option<Vec<&Arc<[(Arc<str>, Type)]>>> =
        types.iter().map(|t| if let Type::Tuple(es) = t { Some(es) } else { None }).collect();
    let Some(all) = all else {
        return Err(none(types, "some of them are Tuple and some of them are not"));
    };
    let n = all[0].len();
    if all.iter().any(|t| t.len() != n) {
        return Err(none(types, "Tuples have different sizes"));
    }
    let mut elements = Vec::with_capacity(n);
    let named = all.iter().all(|t| t.iter().zip(all[0].iter()).all(|(a, b)| a.0 == b.0));
    for i in 0..n {
        let column: Vec<Type> = all.iter().map(|t| t[i].1.clone()).collect();
        let name = if named { all[0][i].0.clone() } else { Arc::from("") };
        elements.push((name, common_type(&column)?));
    }
    Ok(Type::Tuple(elements.into()))
}

fn scalar(types: &[Type]) -> Result<Type> {
    let any = |p: fn(&Type) -> bool| types.iter().any(p);
    let all = |p: fn(&Type) -> bool| types.iter().all(p);
    if any(Type::is_string) {
        let fits = all(|t| t.is_string() || matches!(t, Type::Enum8(_) | Type::Enum16(_)));
        return if fits {
            Ok(Type::String)
        } else {
            Err(none(types, "some of them are String/FixedString/Enum and some of them are not"))
        };
    }
    if any(|t| matches!(t, Type::Enum8(_) | Type::Enum16(_))) {
        // what different enumerations have in common are their numbers
        return common_type(&types.iter().map(enum_number).collect::<Vec<_>>());
    }
    if any(Type::is_date_or_time) {
        return dates(types);
    }
    if all(|t| matches!(t, Type::Ipv4 | Type::Ipv6)) {
        return Ok(Type::Ipv6);
    }
    if any(Type::is_decimal) {
        return decimals(types);
    }
    if all(Type::is_number) {
        return numbers(types);
    }
    Err(none(types, "they cannot be converted to one another"))
}

fn enum_number(ty: &Type) -> Type {
    match ty {
        Type::Enum8(_) => Type::Int8,
        Type::Enum16(_) => Type::Int16,
        other => other.clone(),
    }
}

fn dates(types: &[Type]) -> Result<Type> {
    if !types.iter().all(Type::is_date_or_time) {
        return Err(none(types, "some of them are Date/DateTime and some of them are not"));
    }
    let zone = types.iter().find_map(Type::time_zone).cloned();
    let scale =
        types.iter().filter_map(|t| if let Type::DateTime64(s, _) = t { Some(*s) } else { None }).max();
    let has = |p: fn(&Type) -> bool| types.iter().any(p);
    let time = has(|t| matches!(t, Type::DateTime(_)));
    let wide = has(|t| matches!(t, Type::Date32));
    Ok(match scale {
        Some(s) => {
            let best = types.iter().rev().find(|t| matches!(t, Type::DateTime64(x, _) if *x == s));
            Type::DateTime64(s, best.and_then(Type::time_zone).cloned().or(zone))
        }
        None if time && wide => Type::DateTime64(0, zone),
        None if time => Type::DateTime(zone),
        None => Type::Date32,
    })
}

/// Decimal digits that hold every value of an integer type.
fn integer_digits(t: &Type) -> Option<u8> {
    Some(match t.int_bits()? {
        (8, _) => 3,
        (16, _) => 5,
        // what the Decimal stored alike holds
        (32, true) => 9,
        (32, false) => 10,
        (64, true) => 18,
        (64, false) => 20,
        _ => return None,
    })
}

fn decimals(types: &[Type]) -> Result<Type> {
    if types.iter().any(Type::is_float) && types.iter().all(Type::is_number) {
        return Ok(Type::Float64);
    }
    let (mut scale, mut digits, mut widest) = (0, 0, 0);
    for t in types {
        match t {
            Type::Decimal(p, s) => {
                scale = scale.max(*s);
                widest = widest.max(class_precision(*p));
            }
            t => {
                let d =
                    integer_digits(t).ok_or_else(|| none(types, "some of them are too wide for Decimal"))?;
                digits = digits.max(d);
            }
        }
    }
    let precision = u16::from(scale) + u16::from(digits);
    if precision > 76 {
        return Err(none(types, "the result would need more than 76 digits"));
    }
    Ok(Type::Decimal(class_precision(precision as u8).max(widest), scale))
}

/// The largest precision that is stored in as many bytes.
pub fn class_precision(p: u8) -> u8 {
    match p {
        0..=9 => 9,
        10..=18 => 18,
        19..=38 => 38,
        _ => 76,
    }
}

fn numbers(types: &[Type]) -> Result<Type> {
    let (mut signed, mut unsigned, mut float) = (0u16, 0u16, 0u16);
    for t in types {
        match t {
            Type::BFloat16 => float = float.max(8),
            Type::Float32 => float = float.max(24),
            Type::Float64 => float = float.max(53),
            t => match t.int_bits() {
                Some((b, true)) => signed = signed.max(b),
                Some((b, false)) => unsigned = unsigned.max(b),
                None => {}
            },
        }
    }
    if float > 0 {
        let need = signed.saturating_sub(1).max(unsigned).max(float);
        return match need {
            0..=8 => Ok(Type::BFloat16),
            9..=24 => Ok(Type::Float32),
            25..=53 => Ok(Type::Float64),
            _ => Err(none(
                types,
                "some of them are integers and some are floating point, but there is no floating point type that can exactly represent all required integers",
            )),
        };
    }
    if signed == 0 {
        return Ok(Type::int_of(unsigned, false));
    }
    let bits = if unsigned >= signed { unsigned * 2 } else { signed };
    if bits > 256 || (unsigned == 64 && bits == 128) {
        return Err(none(
            types,
            "some of them are signed integers and some are unsigned integers, but there is no signed integer type that can exactly represent all required unsigned integer values",
        ));
    }
    Ok(Type::int_of(bits, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> String {
        let types: Vec<Type> = names.iter().map(|n| types::parse::parse_type(n).unwrap()).collect();
        common_type(&types).map_or_else(|e| e.code().name.to_string(), |t| t.to_string())
    }

    #[test]
    fn least_supertypes() {
        assert_eq!(of(&["UInt8", "Int8"]), "Int16");
        assert_eq!(of(&["UInt32", "Int32"]), "Int64");
        assert_eq!(of(&["UInt64", "Int8"]), "NO_COMMON_TYPE");
        assert_eq!(of(&["Bool", "UInt8"]), "Bool");
        assert_eq!(of(&["UInt32", "Float32"]), "Float64");
        assert_eq!(of(&["BFloat16", "UInt8"]), "BFloat16");
        assert_eq!(of(&["BFloat16", "Int16"]), "Float32");
        assert_eq!(of(&["Decimal(9, 1)", "UInt8"]), "Decimal(9, 1)");
        assert_eq!(of(&["Decimal(12, 2)", "Decimal(18, 2)"]), "Decimal(12, 2)");
        assert_eq!(of(&["Nullable(Nothing)", "UInt8"]), "Nullable(UInt8)");
        assert_eq!(of(&["Array(UInt8)", "Array(Nullable(Nothing))"]), "Array(Nullable(UInt8))");
        assert_eq!(of(&["Date", "DateTime('UTC')"]), "DateTime('UTC')");
        assert_eq!(of(&["String", "FixedString(3)", "LowCardinality(String)"]), "String");
        assert_eq!(of(&["String", "UInt8"]), "NO_COMMON_TYPE");
        assert_eq!(of(&["Tuple(UInt8, String)", "Tuple(UInt16, String)"]), "Tuple(UInt16, String)");
    }
}
