//! The form of serial states of aggregate functions in a segment, whose footer says it. States of another form
//! would be read as other values, so they are refused.

use types::codes::INCORRECT_DATA;
use types::ty::AggregateType;
use types::{Error, Result, Type};

/// The form that is written: ClickHouse's.
pub const FORM: u64 = 2;

/// Of footers that do not say it.
pub const FIRST_FORM: u64 = 1;

/// Functions whose states have been the same in all forms, over arguments that are not Nullable.
const SAME: &[&str] = &[
    "count",
    "sum",
    "sumWithOverflow",
    "uniq",
    "uniqTheta",
    "groupBitAnd",
    "groupBitOr",
    "groupBitXor",
    "groupBitmap",
    "quantileExact",
    "quantilesExact",
    "countIf",
    "sumIf",
    "uniqIf",
];

/// Are there states in values of this type?
pub fn any(ty: &Type) -> bool {
    !all(ty, &|_| false)
}

/// Errors: `INCORRECT_DATA` for a column whose states have a form that is no longer read.
pub fn readable(name: &str, ty: &Type, form: u64) -> Result<()> {
    if form == FORM || all(ty, &same) {
        return Ok(());
    }
    Err(Error::new(
        INCORRECT_DATA,
        format!(
            "Column {name} of type {ty} holds states that an earlier build wrote in another form: fill the table again from its source, \
             or drop and add a projection that holds them"
        ),
    ))
}

fn same(of: &AggregateType) -> bool {
    let known = SAME.contains(&of.name.as_str()) || of.name.contains("_agg");
    known && !of.args.iter().any(Type::is_nullable)
}

fn all(ty: &Type, fits: &impl Fn(&AggregateType) -> bool) -> bool {
    match ty {
        Type::AggregateFunction(of) => fits(of),
        Type::Array(t) | Type::Nullable(t) => all(t, fits),
        Type::Map(kv) => all(&kv.0, fits) && all(&kv.1, fits),
        Type::Tuple(elements) => elements.iter().all(|(_, t)| all(t, fits)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::parse::parse_type;

    #[test]
    fn states_of_another_form_are_refused() {
        let ty = |text: &str| parse_type(text).unwrap();
        assert!(!any(&ty("Array(String)")));
        assert!(any(&ty("Tuple(UInt8, AggregateFunction(sum, UInt8))")));
        assert!(readable("c", &ty("AggregateFunction(min, String)"), FORM).is_ok());
        assert!(readable("c", &ty("AggregateFunction(min, String)"), FIRST_FORM).is_err());
        assert!(readable("c", &ty("AggregateFunction(sum, UInt8)"), FIRST_FORM).is_ok());
        assert!(readable("c", &ty("AggregateFunction(sum, Nullable(UInt8))"), FIRST_FORM).is_err());
    }
}
