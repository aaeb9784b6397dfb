//! Combinators: suffixes that make a new aggregate of another one.

mod arg;
pub mod array;
mod distinct;
mod fill;
pub mod for_each;
mod if_;
pub mod map;
mod nulls;
mod resample;
mod state;
mod tuple;
mod wrap;

pub use nulls::{nothing, skip_nulls, with_args};
pub use state::SIMPLE;

use crate::contract::{Aggregate, Param, Signature, States};
use crate::resolve::resolve_at;
use std::sync::Arc;
use types::codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH;
use types::{Error, Result, Type};

/// (suffix, what it does), longest first among those that end alike.
pub const COMBINATORS: &[(&str, &str)] = &[
    ("MergeState", "takes states, gives a state"),
    ("SimpleState", "result as SimpleAggregateFunction"),
    ("OrDefault", "the type's default when no rows were added"),
    ("OrNull", "NULL when no rows were added"),
    ("Distinct", "each distinct set of arguments once"),
    ("Resample", "an array of results, one for each interval of a last argument"),
    ("ForEach", "arrays element by element"),
    ("ArgMin", "only rows with the smallest last argument"),
    ("ArgMax", "only rows with the largest last argument"),
    ("Array", "all elements of arrays"),
    ("State", "the intermediate state instead of the result"),
    ("Merge", "takes states instead of values"),
    ("Tuple", "tuples element by element"),
    ("Map", "the values of a map by key"),
    ("If", "only rows where a last UInt8 argument is not 0"),
];

/// Combinators that look after NULL arguments themselves (or pass them on).
pub const NULL_TRANSPARENT: &[&str] = &["If", "State", "SimpleState", "Merge", "MergeState"];

/// `sumIf` → (`sum`, `If`).
pub fn split(name: &str) -> Option<(&str, &'static str)> {
    COMBINATORS.iter().find_map(|(suffix, _)| {
        name.strip_suffix(suffix).filter(|r| !r.is_empty()).map(|rest| (rest, *suffix))
    })
}

/// Applies a combinator to the function called `rest`.
pub fn combine(
    combinator: &str,
    rest: &str,
    params: &[Param],
    args: &[Type],
    depth: usize,
) -> Result<Arc<dyn Aggregate>> {
    if combinator != "Array"
        && crate::registry::find(rest).is_none()
        && split(rest).is_some_and(|(_, inner)| inner == combinator)
    {
        return Err(Error::new(
            types::codes::ILLEGAL_AGGREGATION,
            format!("Aggregate function {rest}{combinator} has the combinator -{combinator} twice in a row"),
        ));
    }
    match combinator {
        "If" => if_::build(rest, params, args, depth),
        "State" => state::state(rest, params, args, depth),
        "SimpleState" => state::simple_state(rest, params, args, depth),
        "Merge" => state::merge(rest, params, args, false),
        "MergeState" => state::merge(rest, params, args, true),
        "OrNull" | "OrDefault" => match split(rest)
            .filter(|(r, s)| *s == "If" && crate::registry::find(rest).is_none() && !r.is_empty())
        {
            // a row that fails the condition is no row: the same as the condition outside
            Some((base, _)) => {
                let inner = if_::build(&format!("{base}{combinator}"), params, args, depth + 1)?;
                Ok(Combined::renamed(inner, format!("{rest}{combinator}")))
            }
            None => fill::build(rest, params, args, depth, combinator == "OrNull"),
        },
        "Distinct" => distinct::build(rest, params, args, depth),
        "Array" => array::build(rest, params, args, depth),
        "ForEach" => for_each::build(rest, params, args, depth),
        "Map" => map::build(rest, params, args, depth),
        "Resample" => resample::build(rest, params, args, depth),
        "ArgMin" => arg::build(rest, params, args, depth, std::cmp::Ordering::Less),
        "ArgMax" => arg::build(rest, params, args, depth, std::cmp::Ordering::Greater),
        "Tuple" => tuple::build(rest, params, args, depth),
        other => Err(Error::not_implemented(format!("Aggregate combinator -{other} is not built yet"))),
    }
}

/// Splits off the last argument. Errors: `NUMBER_OF_ARGUMENTS_DOESNT_MATCH` without arguments.
pub fn last_arg<'a>(name: &str, args: &'a [Type]) -> Result<(&'a Type, &'a [Type])> {
    args.split_last().ok_or_else(|| {
        Error::new(
            NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
            format!("Aggregate function {name} takes at least one argument"),
        )
    })
}

pub fn nested(rest: &str, params: &[Param], args: &[Type], depth: usize) -> Result<Arc<dyn Aggregate>> {
    resolve_at(rest, params, args, depth + 1)
}

type Make = Box<dyn Fn() -> Box<dyn States> + Send + Sync>;

/// An aggregate made of another.
pub struct Combined {
    signature: Signature,
    inner: Arc<dyn Aggregate>,
    make: Make,
}

impl Combined {
    pub fn new(
        suffix: &str,
        inner: &Arc<dyn Aggregate>,
        args: &[Type],
        ty: Type,
        make: impl Fn() -> Box<dyn States> + Send + Sync + 'static,
    ) -> Combined {
        let signature = Signature {
            name: format!("{}{suffix}", inner.name()),
            params: inner.params().to_vec(),
            args: args.to_vec(),
            ty,
            state_type: None,
        };
        Combined { signature, inner: inner.clone(), make: Box::new(make) }
    }
    pub fn arc(self) -> Arc<dyn Aggregate> {
        Arc::new(self)
    }
    pub fn with_params(mut self, params: &[Param]) -> Self {
        self.signature.params = params.to_vec();
        self
    }
    pub fn with_state_type(mut self, ty: Type) -> Self {
        self.signature.state_type = Some(ty);
        self
    }
    pub fn renamed(inner: Arc<dyn Aggregate>, name: String) -> Arc<dyn Aggregate> {
        let made = inner.clone();
        let mut c = Combined::new("", &inner, inner.args(), inner.ty().clone(), move || made.states());
        c.signature.name = name;
        c.arc()
    }
}

impl Aggregate for Combined {
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn states(&self) -> Box<dyn States> {
        (self.make)()
    }
    fn order_sensitive(&self) -> bool {
        self.inner.order_sensitive()
    }
    fn default_on_nulls(&self) -> bool {
        self.inner.default_on_nulls()
    }
    fn respects_nulls(&self) -> bool {
        self.inner.respects_nulls()
    }
    fn idempotent(&self) -> bool {
        self.inner.idempotent()
    }
}
