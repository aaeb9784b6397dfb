//! The list of aggregate functions: what each is called, what it says of itself, and how to build it.

use crate::contract::Signature;
use crate::{Aggregate, Param, States};
use std::sync::{Arc, LazyLock};
use types::codes::{CANNOT_CONVERT_TYPE, NUMBER_OF_ARGUMENTS_DOESNT_MATCH, UNKNOWN_AGGREGATE_FUNCTION};
use types::{Error, Result, Type};

/// An aggregate function as `system.functions` and the manual show it.
pub struct AggregateDef {
    pub name: &'static str,
    /// other names, written in any case
    pub aliases: &'static [&'static str],
    pub case_insensitive: bool,
    pub signature: &'static str,
    pub description: &'static str,
    /// (SQL expression or query, text of the result)
    pub examples: &'static [(&'static str, &'static str)],
    pub flags: Flags,
    pub build: fn(&Call<'_>) -> Result<Bound>,
}

/// Properties that `Aggregate` reports; see there.
#[derive(Clone, Copy, Default)]
pub struct Flags {
    pub default_on_nulls: bool,
    pub respects_nulls: bool,
    pub order_sensitive: bool,
    pub idempotent: bool,
}

impl Flags {
    pub const NONE: Flags =
        Flags { default_on_nulls: false, respects_nulls: false, order_sensitive: false, idempotent: false };
    pub const DEFAULT_ON_NULLS: Flags = Flags { default_on_nulls: true, ..Flags::NONE };
    pub const ORDER: Flags = Flags { order_sensitive: true, ..Flags::NONE };
    pub const ORDER_DEFAULT: Flags = Flags { order_sensitive: true, default_on_nulls: true, ..Flags::NONE };
    pub const IDEMPOTENT: Flags = Flags { idempotent: true, ..Flags::NONE };
    pub const DISTINCT: Flags = Flags { idempotent: true, default_on_nulls: true, ..Flags::NONE };
}

/// A call to bind: parameters and argument types, without Nullable and LowCardinality at the top.
pub struct Call<'a> {
    pub name: &'a str,
    pub params: &'a [Param],
    pub args: &'a [Type],
}

impl Call<'_> {
    /// Errors: `NUMBER_OF_ARGUMENTS_DOESNT_MATCH`.
    pub fn arity(&self, range: std::ops::RangeInclusive<usize>) -> Result<()> {
        if range.contains(&self.args.len()) {
            return Ok(());
        }
        let wanted = match (*range.start(), *range.end()) {
            (a, b) if a == b => format!("{a}"),
            (a, usize::MAX) => format!("at least {a}"),
            (a, b) => format!("{a} to {b}"),
        };
        Err(Error::new(
            NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
            format!("Aggregate function {} takes {wanted} argument(s), {} given", self.name, self.args.len()),
        ))
    }
    pub fn param_count(&self, range: std::ops::RangeInclusive<usize>) -> Result<()> {
        if range.contains(&self.params.len()) {
            return Ok(());
        }
        if !self.params.is_empty() && *range.end() == 0 {
            return Err(Error::new(
                types::codes::AGGREGATE_FUNCTION_DOESNT_ALLOW_PARAMETERS,
                format!("Aggregate function {} takes no parameters", self.name),
            ));
        }
        Err(Error::new(
            NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
            format!(
                "Aggregate function {} takes {} to {} parameters, {} given",
                self.name,
                range.start(),
                range.end(),
                self.params.len()
            ),
        ))
    }
    pub fn illegal(&self, index: usize) -> Error {
        let ty = self.args.get(index).map_or_else(String::new, ToString::to_string);
        Error::illegal_type(format!(
            "Illegal type {ty} of argument {} of aggregate function {}",
            index + 1,
            self.name
        ))
    }
    /// Errors: `ILLEGAL_TYPE_OF_ARGUMENT` unless argument `index` passes.
    pub fn check(&self, index: usize, ok: impl Fn(&Type) -> bool) -> Result<()> {
        if self.args.get(index).is_some_and(ok) { Ok(()) } else { Err(self.illegal(index)) }
    }
    /// Errors: `ILLEGAL_TYPE_OF_ARGUMENT` unless argument `index` is a number of up to 64 bits.
    pub fn check_native(&self, index: usize) -> Result<()> {
        self.check(index, |t| matches!(t.int_bits(), Some((..=64, _))) || t.is_float())
    }
    /// An unsigned parameter.
    pub fn uint_param(&self, index: usize) -> Result<u64> {
        let given = self.params.get(index).map(|p| &p.value);
        if given.and_then(types::Scalar::as_f64).is_some_and(|v| v > u64::MAX as f64 || v < i64::MIN as f64) {
            return Err(Error::new(
                CANNOT_CONVERT_TYPE,
                "Cannot convert out of range floating point value to integer type",
            ));
        }
        given.and_then(types::Scalar::as_i128).and_then(|v| u64::try_from(v).ok()).ok_or_else(|| {
            Error::bad_arguments(format!(
                "Parameter {} of aggregate function {} must be a whole number ≥ 0",
                index + 1,
                self.name
            ))
        })
    }
    pub fn float_param(&self, index: usize) -> Result<f64> {
        let v = self.params.get(index).and_then(|p| p.value.as_f64());
        v.ok_or_else(|| {
            Error::new(
                CANNOT_CONVERT_TYPE,
                format!("Parameter {} of aggregate function {} must be a number", index + 1, self.name),
            )
        })
    }
    pub fn text_param(&self, index: usize) -> Result<&str> {
        let v = self.params.get(index).and_then(|p| p.value.as_str());
        v.ok_or_else(|| {
            Error::bad_arguments(format!(
                "Parameter {} of aggregate function {} must be a string",
                index + 1,
                self.name
            ))
        })
    }
}

/// A base function bound to its call.
pub struct Bound {
    signature: Signature,
    flags: Flags,
    make: Box<dyn Fn() -> Box<dyn States> + Send + Sync>,
}

impl Bound {
    pub fn new(
        call: &Call<'_>,
        ty: Type,
        make: impl Fn() -> Box<dyn States> + Send + Sync + 'static,
    ) -> Bound {
        let signature = Signature {
            name: call.name.to_string(),
            params: call.params.to_vec(),
            args: call.args.to_vec(),
            ty,
            state_type: None,
        };
        Bound { signature, flags: Flags::NONE, make: Box::new(make) }
    }
    /// For functions whose states are those of another one.
    pub fn with_state_type(mut self, ty: Type) -> Bound {
        self.signature.state_type = Some(ty);
        self
    }
}

impl Aggregate for Bound {
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn states(&self) -> Box<dyn States> {
        (self.make)()
    }
    fn order_sensitive(&self) -> bool {
        self.flags.order_sensitive
    }
    fn default_on_nulls(&self) -> bool {
        self.flags.default_on_nulls
    }
    fn respects_nulls(&self) -> bool {
        self.flags.respects_nulls
    }
    fn idempotent(&self) -> bool {
        self.flags.idempotent
    }
}

impl AggregateDef {
    pub fn bind(&self, params: &[Param], args: &[Type]) -> Result<Arc<dyn Aggregate>> {
        let mut bound = (self.build)(&Call { name: self.name, params, args })?;
        bound.flags = self.flags;
        Ok(Arc::new(bound))
    }
}

static ALL: LazyLock<Vec<&'static AggregateDef>> = LazyLock::new(|| {
    let mut all: Vec<&AggregateDef> = crate::functions::DEFS.iter().flat_map(|d| d.iter()).collect();
    all.sort_by_key(|d| d.name);
    all
});

/// Every aggregate function, by name.
pub fn registry() -> &'static [&'static AggregateDef] {
    &ALL
}

/// The function of exactly this name (combinators not looked at).
pub fn find(name: &str) -> Option<&'static AggregateDef> {
    let all = registry();
    all.binary_search_by_key(&name, |d| d.name).ok().map(|i| all[i]).or_else(|| {
        all.iter().copied().find(|d| {
            d.case_insensitive && d.name.eq_ignore_ascii_case(name)
                || d.aliases.iter().any(|a| a.eq_ignore_ascii_case(name))
        })
    })
}

/// `UNKNOWN_AGGREGATE_FUNCTION` with the nearest names.
pub fn unknown(name: &str) -> Error {
    let lower = name.to_ascii_lowercase();
    let mut near: Vec<(usize, &str)> = registry()
        .iter()
        .flat_map(|d| std::iter::once(&d.name).chain(d.aliases))
        .map(|n| (distance(&lower, &n.to_ascii_lowercase()), *n))
        .filter(|(d, _)| *d <= 3.min(lower.len() / 3 + 1))
        .collect();
    near.sort();
    near.truncate(3);
    let names: Vec<&str> = near.iter().map(|n| n.1).collect();
    let hint =
        if names.is_empty() { String::new() } else { format!(". Maybe you meant: {}", names.join(", ")) };
    Error::new(UNKNOWN_AGGREGATE_FUNCTION, format!("Unknown aggregate function {name}{hint}"))
}

/// Edit distance of two short names.
fn distance(a: &str, b: &str) -> usize {
    if a.len() > 100 || a.len().abs_diff(b.len()) > 3 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let change = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}
