//! Resolving a name to a callable, and what every call has in common: constants computed once, NULLs
//! propagated, LowCardinality carried through, and columns of dictionary codes computed per distinct value.

mod dictionary;
mod wrapped;

use crate::bind::{Bind, Run};
use crate::def::{FunctionDef, Nulls};
use crate::registry;
use crate::session::Session;
use dictionary::Memos;
use std::sync::Arc;
use types::codes::{ILLEGAL_TYPE_OF_ARGUMENT, NUMBER_OF_ARGUMENTS_DOESNT_MATCH, UNKNOWN_FUNCTION};
use types::{Column, Data, Error, Result, Type};
use wrapped::Wrapped;
pub use wrapped::{flatten, without_nulls};

/// An argument before any row is seen.
#[derive(Clone, Debug)]
pub struct Arg {
    pub ty: Type,
    /// one row, if the argument is constant
    pub constant: Option<Column>,
    /// `ty` is then the result type of its body
    pub lambda: bool,
}

impl Arg {
    pub fn new(ty: Type) -> Self {
        Arg { ty, constant: None, lambda: false }
    }
    pub fn constant(ty: Type, value: Column) -> Self {
        Arg { ty, constant: Some(value), lambda: false }
    }
}

pub enum Value<'a> {
    Column(&'a Column),
    Lambda(&'a dyn LambdaFn),
}

/// A lambda with what it captured.
pub trait LambdaFn {
    /// `params`: columns of `rows` rows; `origin`: the outer row of each (for captured columns).
    fn call(&self, params: &[Column], rows: usize, origin: &[u32]) -> Result<Column>;
}

/// A function bound to its argument types. Safe to call from many threads.
pub trait Call: Send + Sync {
    fn ty(&self) -> &Type;
    fn deterministic(&self) -> bool;
    /// The result depends on the rows before: to be called in order on one thread.
    fn stateful(&self) -> bool;
    /// May constants be folded into one constant result?
    fn foldable(&self) -> bool;
    fn eval(&self, args: &[Value<'_>], rows: usize, session: &Session) -> Result<Column>;
}

/// For each argument that is a lambda, the types of its parameters.
pub fn lambda_params(name: &str, args: &[Arg]) -> Result<Vec<Option<Vec<Type>>>> {
    let def = find(name)?;
    match def.lambda {
        Some(of) => {
            let plain: Vec<Arg> = args
                .iter()
                .map(|a| Arg { ty: a.ty.clone(), constant: a.constant.clone(), lambda: a.lambda })
                .collect();
            of(&plain)
        }
        None if args.iter().any(|a| a.lambda) => {
            Err(Error::illegal_type(format!("Function {name} takes no lambda")))
        }
        None => Ok(vec![None; args.len()]),
    }
}

/// The definition of a name in any of its spellings. Errors: `UNKNOWN_FUNCTION` with near names.
pub fn find(name: &str) -> Result<&'static FunctionDef> {
    registry::lookup(name).ok_or_else(|| {
        let near = registry::nearest(name);
        let hint =
            if near.is_empty() { String::new() } else { format!(". Maybe you meant: {}", near.join(", ")) };
        let shown: String = name.chars().take(100).collect();
        Error::new(UNKNOWN_FUNCTION, format!("Function with name `{shown}` does not exist{hint}"))
    })
}

/// Binds a function to argument types.
/// Errors: `UNKNOWN_FUNCTION`, `NUMBER_OF_ARGUMENTS_DOESNT_MATCH`, `ILLEGAL_TYPE_OF_ARGUMENT`, ….
pub fn resolve(name: &str, args: &[Arg], session: &Session) -> Result<Arc<dyn Call>> {
    let def = registry::overload(name, args).map_or_else(|| find(name), Ok)?;
    if def.lambda.is_none() && args.iter().any(|a| a.lambda) {
        return Err(Error::illegal_type(format!("Function {name} takes no lambda")));
    }
    let mut clean: Vec<Arg> = args.to_vec();
    let mut low = LowCardinality::default();
    if !def.own_low_cardinality {
        for a in &mut clean {
            low.see(a);
            a.ty = a.ty.without_low_cardinality_deep();
        }
    }
    let mut only_null = false;
    let mut nullable = false;
    if def.nulls != Nulls::Own {
        for a in &mut clean {
            if let Type::Nullable(inner) = &a.ty {
                nullable = true;
                only_null |= **inner == Type::Nothing;
                a.ty = inner.as_ref().clone();
                if let Some(c) = &a.constant {
                    a.constant = Some(if c.is_null(0) {
                        Column::default_of(&a.ty, 1).flat()
                    } else {
                        without_nulls(c)
                    });
                }
            }
        }
    }
    if only_null {
        // Where the number of arguments is fixed, a wrong one is said also if one of them is NULL,
        // except by functions that count their arguments themselves.
        let b = Bind { name: def.name, args: &clean, raw: args, session };
        let fixed = |e: &Error| {
            let wanted = e.message().rsplit("should be ").next().unwrap_or_default();
            e.code() == NUMBER_OF_ARGUMENTS_DOESNT_MATCH && wanted.bytes().all(|x| x.is_ascii_digit())
        };
        if args.len() > def.null_within
            && let Some(e) = (def.bind)(&b).err().filter(fixed)
        {
            return Err(e);
        }
        return Ok(nothing(def));
    }
    // Of the elements of an empty array without a type nothing can be computed.
    if def.nulls != Nulls::Own && clean.iter().any(|a| a.ty == Type::Nothing && !a.lambda) {
        let run: Run = Box::new(|c| Ok(Data::Nothing(c.rows).into()));
        let plain = clean.iter().map(|a| a.ty.clone()).collect();
        return Ok(Arc::new(Wrapped {
            def,
            ty: Type::Nothing,
            run,
            only_null,
            plain,
            memos: Memos::default(),
        }));
    }
    for a in &mut clean {
        if let Some(c) = &a.constant {
            a.constant = Some(c.flat_deep());
        }
    }
    let b = Bind { name: def.name, args: &clean, raw: args, session };
    let bound = match (def.bind)(&b) {
        // NULL in place of a collection gives NULL.
        Err(e)
            if takes_collections(def)
                && null_literal(args)
                && matches!(e.code(), NUMBER_OF_ARGUMENTS_DOESNT_MATCH | ILLEGAL_TYPE_OF_ARGUMENT) =>
        {
            return Ok(nothing(def));
        }
        bound => bound?,
    };
    let mut ty = bound.ty;
    if nullable {
        ty = Type::nullable(ty);
    }
    // What is taken out of JSON texts is not worth a dictionary.
    if low.carries(&ty) && !def.plain_result && def.category != "JSON" {
        ty = Type::low_cardinality(ty);
    }
    let plain = clean.iter().map(|a| a.ty.clone()).collect();
    Ok(Arc::new(Wrapped { def, ty, run: bound.run, only_null, plain, memos: Memos::default() }))
}

/// A call that gives NULL for every row.
fn nothing(def: &'static FunctionDef) -> Arc<dyn Call> {
    let ty = Type::nullable(Type::Nothing);
    let run: Run = Box::new(|c| Ok(Column::null_of(&Type::Nothing, c.rows)));
    Arc::new(Wrapped { def, ty, run, only_null: true, plain: Vec::new(), memos: Memos::default() })
}

/// Functions of collections that look for NULL or ask for names: the literal NULL is no collection for them.
const REFUSE_NULL: &[&str] = &[
    "has",
    "indexOf",
    "countEqual",
    "mapContainsKey",
    "mapContainsValue",
    "tupleNames",
    "tupleToNameValuePairs",
    "flattenTuple",
];

/// Whether the literal NULL may stand for a collection.
fn takes_collections(def: &FunctionDef) -> bool {
    let by_category = matches!(def.category, "Arrays" | "Maps" | "Distances" | "Tuples");
    def.nulls == Nulls::Own && by_category && !REFUSE_NULL.contains(&def.name)
}

fn null_literal(args: &[Arg]) -> bool {
    args.iter().any(|a| !a.lambda && matches!(&a.ty, Type::Nullable(t) if **t == Type::Nothing))
}

/// Whether LowCardinality survives: one full LowCardinality column at most, all else constant.
#[derive(Default)]
struct LowCardinality {
    any: bool,
    full: usize,
    ordinary: usize,
}

impl LowCardinality {
    fn see(&mut self, a: &Arg) {
        let is_const = a.constant.is_some();
        if matches!(a.ty, Type::LowCardinality(_)) {
            self.any = true;
            self.full += usize::from(!is_const);
        } else if !is_const {
            self.ordinary += 1;
        }
    }
    fn carries(&self, ty: &Type) -> bool {
        self.any && self.full <= 1 && self.ordinary == 0 && can_be_low_cardinality(ty)
    }
}

pub fn can_be_low_cardinality(ty: &Type) -> bool {
    match ty {
        Type::Nullable(t) => can_be_low_cardinality(t),
        Type::String | Type::FixedString(_) | Type::Date | Type::Date32 | Type::DateTime(_) => true,
        Type::Uuid | Type::Ipv4 | Type::Ipv6 | Type::Interval(_) => true,
        t => t.is_integer() || t.is_float(),
    }
}
