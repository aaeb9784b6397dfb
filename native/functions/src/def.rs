//! What a scalar function is: its names, its documentation, and how it binds to argument types.

use crate::bind::{Bind, Bound};
use crate::call::Arg;
use types::{Result, Type};

/// How NULLs in the arguments are treated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nulls {
    /// a NULL in any argument gives NULL; the kernel sees only the other rows
    Skip,
    /// the same, but the kernel runs over all rows (it is fast and cannot fail on default values)
    Mask,
    /// the function sees Nullable types and masks itself
    Own,
}

/// Parameter types of each lambda argument, from the other arguments.
pub type LambdaParams = fn(&[Arg]) -> Result<Vec<Option<Vec<Type>>>>;

#[derive(Clone, Copy)]
pub struct FunctionDef {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    /// aliases that any case matches
    pub aliases_any_case: &'static [&'static str],
    /// any case of `name` matches
    pub case_insensitive: bool,
    pub category: &'static str,
    pub signature: &'static str,
    pub description: &'static str,
    /// (SQL expression, the text it gives)
    pub examples: &'static [(&'static str, &'static str)],
    /// same arguments, same result within a query
    pub deterministic: bool,
    /// depends on the rows before
    pub stateful: bool,
    pub nulls: Nulls,
    /// with up to so many arguments a literal NULL among them gives NULL, even where the function takes fewer
    pub null_within: usize,
    /// sees LowCardinality types and columns as `Codes`
    pub own_low_cardinality: bool,
    /// its result is never LowCardinality
    pub plain_result: bool,
    /// its result for constants must not be made constant (materialize, rand, …)
    pub no_fold: bool,
    pub bind: fn(&Bind<'_>) -> Result<Bound>,
    pub lambda: Option<LambdaParams>,
}

/// A function with NULL propagation and everything else as usual. The category is set by its module.
pub const fn f(
    name: &'static str,
    signature: &'static str,
    description: &'static str,
    examples: &'static [(&'static str, &'static str)],
    bind: fn(&Bind<'_>) -> Result<Bound>,
) -> FunctionDef {
    FunctionDef {
        name,
        aliases: &[],
        aliases_any_case: &[],
        case_insensitive: false,
        category: "",
        signature,
        description,
        examples,
        deterministic: true,
        stateful: false,
        nulls: Nulls::Skip,
        null_within: 0,
        own_low_cardinality: false,
        plain_result: false,
        no_fold: false,
        bind,
        lambda: None,
    }
}

impl FunctionDef {
    pub const fn alias(mut self, names: &'static [&'static str]) -> Self {
        self.aliases = names;
        self
    }
    pub const fn alias_ci(mut self, names: &'static [&'static str]) -> Self {
        self.aliases_any_case = names;
        self
    }
    pub const fn ci(mut self) -> Self {
        self.case_insensitive = true;
        self
    }
    /// Total and fast: run over NULL rows too.
    pub const fn total(mut self) -> Self {
        self.nulls = Nulls::Mask;
        self
    }
    pub const fn null_within(mut self, arguments: usize) -> Self {
        self.null_within = arguments;
        self
    }
    pub const fn own_nulls(mut self) -> Self {
        self.nulls = Nulls::Own;
        self
    }
    pub const fn own_lc(mut self) -> Self {
        self.own_low_cardinality = true;
        self
    }
    pub const fn plain(mut self) -> Self {
        self.plain_result = true;
        self
    }
    pub const fn no_fold(mut self) -> Self {
        self.no_fold = true;
        self
    }
    pub const fn random(mut self) -> Self {
        self.deterministic = false;
        self.no_fold = true;
        self
    }
    pub const fn stateful(mut self) -> Self {
        self.stateful = true;
        self.deterministic = false;
        self.no_fold = true;
        self
    }
    pub const fn lambda(mut self, params: LambdaParams) -> Self {
        self.lambda = Some(params);
        self.nulls = Nulls::Own;
        self
    }
}
