//! A function meeting its argument types: checks with errors that say what was expected, and the bound kernel.

use crate::call::{Arg, LambdaFn, Value};
use crate::session::Session;
use types::codes::{ILLEGAL_COLUMN, ILLEGAL_TYPE_OF_ARGUMENT, NUMBER_OF_ARGUMENTS_DOESNT_MATCH};
use types::{Column, Error, Result, Scalar, Type};

/// Argument types as the kernel will see them (no LowCardinality; no Nullable unless the function treats NULLs itself).
pub struct Bind<'a> {
    pub name: &'a str,
    pub args: &'a [Arg],
    /// as written
    pub raw: &'a [Arg],
    pub session: &'a Session,
}

/// What a kernel gets to work on: flat or `Const` columns of `rows` rows each.
pub struct Ctx<'a> {
    pub args: &'a [Value<'a>],
    pub rows: usize,
    pub session: &'a Session,
}

impl<'a> Ctx<'a> {
    pub fn len(&self) -> usize {
        self.args.len()
    }
    pub fn is_empty(&self) -> bool {
        self.args.is_empty()
    }
    pub fn col(&self, i: usize) -> &'a Column {
        match &self.args[i] {
            Value::Column(c) => c,
            Value::Lambda(_) => unreachable!("bind let a lambda through"),
        }
    }
    pub fn lambda(&self, i: usize) -> Option<&'a dyn LambdaFn> {
        match &self.args[i] {
            Value::Lambda(l) => Some(*l),
            Value::Column(_) => None,
        }
    }
    pub fn cols(&self) -> Vec<&'a Column> {
        (0..self.args.len()).map(|i| self.col(i)).collect()
    }
}

pub type Run = Box<dyn Fn(&Ctx<'_>) -> Result<Column> + Send + Sync>;

/// Result type (before NULL propagation) and kernel.
pub struct Bound {
    pub ty: Type,
    pub run: Run,
}

pub fn bound(ty: Type, run: impl Fn(&Ctx<'_>) -> Result<Column> + Send + Sync + 'static) -> Result<Bound> {
    Ok(Bound { ty, run: Box::new(run) })
}

/// A result that is the same for every row.
pub fn constant(ty: Type, value: Scalar) -> Result<Bound> {
    let mut b = types::ColumnBuilder::new(&ty);
    b.push_scalar(&value);
    let one = b.finish();
    bound(ty, move |c| Ok(Column::constant(one.clone(), c.rows)))
}

impl Bind<'_> {
    pub fn len(&self) -> usize {
        self.args.len()
    }
    pub fn is_empty(&self) -> bool {
        self.args.is_empty()
    }
    pub fn ty(&self, i: usize) -> &Type {
        &self.args[i].ty
    }
    pub fn types(&self) -> Vec<Type> {
        self.args.iter().map(|a| a.ty.clone()).collect()
    }
    /// Errors: `NUMBER_OF_ARGUMENTS_DOESNT_MATCH`.
    pub fn arity(&self, min: usize, max: usize) -> Result<()> {
        let n = self.args.len();
        if n >= min && n <= max {
            return Ok(());
        }
        let wanted = match (min, max) {
            (a, b) if a == b => format!("{a}"),
            (a, usize::MAX) => format!("at least {a}"),
            (a, b) => format!("{a} to {b}"),
        };
        Err(Error::new(
            NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
            format!(
                "Number of arguments for function {} doesn't match: passed {n}, should be {wanted}",
                self.name
            ),
        ))
    }
    pub fn illegal(&self, i: usize, expected: &str) -> Error {
        Error::new(
            ILLEGAL_TYPE_OF_ARGUMENT,
            format!(
                "Illegal type {} of argument {} of function {}: expected {expected}",
                self.raw[i].ty,
                i + 1,
                self.name
            ),
        )
    }
    pub fn check(&self, i: usize, ok: bool, expected: &str) -> Result<()> {
        if ok { Ok(()) } else { Err(self.illegal(i, expected)) }
    }
    pub fn string(&self, i: usize) -> Result<()> {
        self.check(
            i,
            matches!(self.ty(i).base(), Type::String | Type::FixedString(_)),
            "String or FixedString",
        )
    }
    pub fn plain_string(&self, i: usize) -> Result<()> {
        self.check(i, matches!(self.ty(i).base(), Type::String), "String")
    }
    pub fn integer(&self, i: usize) -> Result<()> {
        self.check(i, self.ty(i).base().is_integer(), "an integer")
    }
    pub fn unsigned(&self, i: usize) -> Result<()> {
        self.check(i, matches!(self.ty(i).base().int_bits(), Some((_, false))), "an unsigned integer")
    }
    pub fn number(&self, i: usize) -> Result<()> {
        self.check(i, self.ty(i).base().is_number(), "a number")
    }
    /// Integers of up to 64 bits and floats.
    pub fn native(&self, i: usize) -> Result<()> {
        let t = self.ty(i).base();
        self.check(i, t.is_float() || t.is_native_integer(), "an integer of up to 64 bits or a float")
    }
    /// Integers of up to 64 bits.
    pub fn native_integer(&self, i: usize) -> Result<()> {
        self.check(i, self.ty(i).base().is_native_integer(), "an integer of up to 64 bits")
    }
    /// A number as an argument that must not be a Decimal.
    pub fn no_decimal(&self, i: usize) -> Result<()> {
        let t = self.ty(i).base();
        self.check(i, t.is_integer() || t.is_float(), "an integer or a float")
    }
    pub fn date_or_time(&self, i: usize) -> Result<()> {
        self.check(i, self.ty(i).base().is_date_or_time(), "Date, Date32, DateTime or DateTime64")
    }
    /// The element type of an array argument.
    pub fn array(&self, i: usize) -> Result<&Type> {
        match self.ty(i) {
            Type::Array(t) => Ok(t),
            _ => Err(self.illegal(i, "Array")),
        }
    }
    pub fn map(&self, i: usize) -> Result<&(Type, Type)> {
        match self.ty(i) {
            Type::Map(kv) => Ok(kv),
            _ => Err(self.illegal(i, "Map")),
        }
    }
    pub fn constant(&self, i: usize) -> Option<&Column> {
        self.args.get(i)?.constant.as_ref()
    }
    /// Errors: `ILLEGAL_COLUMN` if the argument is not constant.
    pub fn need_constant(&self, i: usize) -> Result<&Column> {
        self.constant(i).ok_or_else(|| {
            Error::new(
                ILLEGAL_COLUMN,
                format!("Argument {} of function {} must be constant", i + 1, self.name),
            )
        })
    }
    pub fn const_bytes(&self, i: usize) -> Result<&[u8]> {
        self.string(i)?;
        Ok(self.need_constant(i)?.bytes_at(0).unwrap_or_default())
    }
    pub fn const_str(&self, i: usize) -> Result<&str> {
        std::str::from_utf8(self.const_bytes(i)?).map_err(|_| {
            Error::bad_arguments(format!("Argument {} of function {} is not valid UTF-8", i + 1, self.name))
        })
    }
    pub fn const_int(&self, i: usize) -> Result<i64> {
        self.integer(i)?;
        let v = self.need_constant(i)?.scalar(0);
        v.as_i64().ok_or_else(|| {
            Error::bad_arguments(format!("Argument {} of function {} is too large", i + 1, self.name))
        })
    }
    pub fn const_f64(&self, i: usize) -> Result<f64> {
        self.number(i)?;
        let c = self.need_constant(i)?;
        Ok(crate::args::f64s(c, self.ty(i)).at(0))
    }
}
