//! Arithmetic with ClickHouse's result types: integers widen (and wrap), `/` gives Float64, decimals keep
//! their scale, dates move by days or seconds, tuples and arrays go element by element.

mod elements;
mod temporal;
mod unary;

use crate::args::f64s;
use crate::bind::{Bind, Bound, Ctx, bound};
use crate::call::Value;
use crate::decimal;
use crate::def::{FunctionDef, f};
use crate::integer::{Arith, Integer};
use crate::lanes::{Lane, map, try_zip, zip};
use crate::{with_lane, with_wide};
use elements::{array_by_array, array_by_number, by_number, number_by_tuple, vector};
use temporal::temporal;
use types::codes::ILLEGAL_DIVISION;
use unary::{abs, gcd_lcm, negate, sign, two_floats};
use types::{Bitmap, Column, Data, Error, I256, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("plus", "plus(a, b)", "Sum; also a date or time moved by days, seconds or an interval.", &[("1 + 2", "3"), ("toDate('2024-01-31') + 1", "2024-02-01")], |b| binary(b, Op::Plus)).total(),
    f("minus", "minus(a, b)", "Difference; of two dates in days, of two times in seconds.", &[("1 - 2", "-1")], |b| binary(b, Op::Minus)).total(),
    f("multiply", "multiply(a, b)", "Product.", &[("3 * 4", "12")], |b| binary(b, Op::Multiply)).total(),
    f("divide", "divide(a, b)", "Quotient as Float64 (Decimal for decimals). Division by zero gives inf or nan.", &[("7 / 2", "3.5")], |b| binary(b, Op::Divide)),
    f("divideOrNull", "divideOrNull(a, b)", "Quotient, NULL when divided by zero.", &[("divideOrNull(5, 0)", "NULL")], |b| binary(b, Op::DivideOrNull)),
    f("intDiv", "intDiv(a, b)", "Integer quotient, cut towards zero. Errors on division by zero.", &[("intDiv(-7, 2)", "-3")], |b| binary(b, Op::IntDiv)),
    f("intDivOrZero", "intDivOrZero(a, b)", "Integer quotient, 0 when divided by zero.", &[("intDivOrZero(5, 0)", "0")], |b| binary(b, Op::IntDivOrZero)),
    f("intDivOrNull", "intDivOrNull(a, b)", "Integer quotient, NULL when divided by zero.", &[("intDivOrNull(5, 2)", "2")], |b| binary(b, Op::IntDivOrNull)),
    f("modulo", "modulo(a, b)", "Remainder with the sign of the dividend.", &[("-7 % 3", "-1")], |b| binary(b, Op::Modulo)).alias_ci(&["mod"]),
    f("moduloOrZero", "moduloOrZero(a, b)", "Remainder, 0 when divided by zero.", &[("moduloOrZero(5, 0)", "0")], |b| binary(b, Op::ModuloOrZero)),
    f("moduloOrNull", "moduloOrNull(a, b)", "Remainder, NULL when divided by zero.", &[("moduloOrNull(5, 0)", "NULL")], |b| binary(b, Op::ModuloOrNull)).alias_ci(&["modOrNull"]),
    f("moduloLegacy", "moduloLegacy(a, b)", "Remainder in the type of the divisor's width.", &[("moduloLegacy(-9, 4)", "-1")], |b| binary(b, Op::ModuloLegacy)),
    f("positiveModulo", "positiveModulo(a, b)", "Remainder that is never negative.", &[("positiveModulo(-7, 3)", "2")], |b| binary(b, Op::PositiveModulo)).alias_ci(&["positive_modulo", "pmod"]),
    f("positiveModuloOrNull", "positiveModuloOrNull(a, b)", "Remainder that is never negative, NULL when divided by zero.", &[("positiveModuloOrNull(-7, 0)", "NULL")], |b| binary(b, Op::PositiveModuloOrNull)).alias_ci(&["positive_modulo_or_null", "pmodOrNull"]),
    f("negate", "negate(a)", "The number with its sign turned.", &[("-(5)", "-5")], negate).total(),
    f("abs", "abs(a)", "Absolute value; unsigned for integers.", &[("abs(-5)", "5")], abs).ci().total(),
    f("sign", "sign(a)", "-1, 0 or 1.", &[("sign(-3)", "-1")], sign).ci().total(),
    f("gcd", "gcd(a, b)", "Greatest common divisor.", &[("gcd(12, 18)", "6")], |b| gcd_lcm(b, false)),
    f("lcm", "lcm(a, b)", "Least common multiple.", &[("lcm(4, 6)", "12")], |b| gcd_lcm(b, true)),
    f("max2", "max2(a, b)", "The larger of two numbers, as Float64.", &[("max2(-1, 2)", "2")], |b| two_floats(b, f64::max)).ci(),
    f("min2", "min2(a, b)", "The smaller of two numbers, as Float64.", &[("min2(-1, 2)", "-1")], |b| two_floats(b, f64::min)).ci(),
    f("tuplePlus", "tuplePlus(a, b, …)", "Sums of the elements of two tuples.", &[("tuplePlus((1, 2), (2, 3))", "(3,5)")], |b| vector(b, "plus")).alias(&["vectorSum"]),
    f("tupleMinus", "tupleMinus(a, b, …)", "Differences of the elements of two tuples.", &[("tupleMinus((1, 2), (2, 3))", "(-1,-1)")], |b| vector(b, "minus")).alias(&["vectorDifference"]),
    f("tupleMultiply", "tupleMultiply(a, b, …)", "Products of the elements of two tuples.", &[("tupleMultiply((1, 2), (2, 3))", "(2,6)")], |b| vector(b, "multiply")),
    f("tupleDivide", "tupleDivide(a, b, …)", "Quotients of the elements of two tuples.", &[("tupleDivide((1, 2), (2, 3))", "(0.5,0.6666666666666666)")], |b| vector(b, "divide")),
    f("tupleModulo", "tupleModulo(a, b, …)", "Remainders of the elements of two tuples.", &[("tupleModulo((15, 10), (2, 3))", "(1,1)")], |b| vector(b, "modulo")),
    f("tupleIntDiv", "tupleIntDiv(a, b, …)", "Integer quotients of the elements of two tuples.", &[("tupleIntDiv((15, 10), (2, 3))", "(7,3)")], |b| vector(b, "intDiv")),
    f("tupleIntDivOrZero", "tupleIntDivOrZero(a, b, …)", "Integer quotients, 0 where divided by zero.", &[("tupleIntDivOrZero((5, 10), (0, 3))", "(0,3)")], |b| vector(b, "intDivOrZero")),
    f("tupleNegate", "tupleNegate(a)", "The tuple with all signs turned.", &[("tupleNegate((1, 2))", "(-1,-2)")], negate),
    f("tupleMultiplyByNumber", "tupleMultiplyByNumber(a, number)", "All elements of a tuple times a number.", &[("tupleMultiplyByNumber((1, 2), 2)", "(2,4)")], |b| by_number(b, "multiply")),
    f("tupleDivideByNumber", "tupleDivideByNumber(a, number)", "All elements of a tuple divided by a number.", &[("tupleDivideByNumber((1, 2), 2)", "(0.5,1)")], |b| by_number(b, "divide")),
    f("tupleModuloByNumber", "tupleModuloByNumber(a, number)", "Remainders of all elements of a tuple.", &[("tupleModuloByNumber((15, 10), 4)", "(3,2)")], |b| by_number(b, "modulo")),
    f("tuplePositiveModuloByNumber", "tuplePositiveModuloByNumber(a, number)", "Remainders of all elements that are never negative.", &[("tuplePositiveModuloByNumber((15, 10), 4)", "(3,2)")], |b| by_number(b, "positiveModulo")),
    f("midpoint", "midpoint(a, b, …)", "Mean of the arguments.", &[("midpoint(1, 2, 6)", "3")], |b| { b.arity(1, usize::MAX)?; crate::math::mean(b) }).own_nulls(),
    f("tupleIntDivByNumber", "tupleIntDivByNumber(a, number)", "Integer quotients of all elements of a tuple.", &[("tupleIntDivByNumber((15, 10), 4)", "(3,2)")], |b| by_number(b, "intDiv")),
    f("tupleIntDivOrZeroByNumber", "tupleIntDivOrZeroByNumber(a, number)", "Integer quotients of all elements, 0 for a zero divisor.", &[("tupleIntDivOrZeroByNumber((15, 10), 0)", "(0,0)")], |b| by_number(b, "intDivOrZero")),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    Plus,
    Minus,
    Multiply,
    Divide,
    DivideOrNull,
    IntDiv,
    IntDivOrZero,
    IntDivOrNull,
    Modulo,
    ModuloOrZero,
    ModuloOrNull,
    ModuloLegacy,
    PositiveModulo,
    PositiveModuloOrNull,
}

impl Op {
    fn function(self) -> &'static str {
        match self {
            Op::Plus => "plus",
            Op::Minus => "minus",
            Op::Multiply => "multiply",
            Op::Divide => "divide",
            Op::DivideOrNull => "divideOrNull",
            Op::IntDiv => "intDiv",
            Op::IntDivOrZero => "intDivOrZero",
            Op::IntDivOrNull => "intDivOrNull",
            Op::Modulo => "modulo",
            Op::ModuloOrZero => "moduloOrZero",
            Op::ModuloOrNull => "moduloOrNull",
            Op::ModuloLegacy => "moduloLegacy",
            Op::PositiveModulo => "positiveModulo",
            Op::PositiveModuloOrNull => "positiveModuloOrNull",
        }
    }
    fn or_null(self) -> bool {
        matches!(self, Op::DivideOrNull | Op::IntDivOrNull | Op::ModuloOrNull | Op::PositiveModuloOrNull)
    }
    fn or_zero(self) -> bool {
        matches!(self, Op::IntDivOrZero | Op::ModuloOrZero)
    }
    fn is_remainder(self) -> bool {
        matches!(self, Op::Modulo | Op::ModuloOrZero | Op::ModuloOrNull | Op::ModuloLegacy | Op::PositiveModulo | Op::PositiveModuloOrNull)
    }
}

/// Integers that a remainder is calculated in: those that C++ would choose, where a negative number beside an
/// unsigned one of 32 bits or more becomes a large one.
fn remainder_lane((ba, sa): (u16, bool), (bb, sb): (u16, bool)) -> (u16, bool) {
    if ba > 64 || bb > 64 {
        return if bb > 64 && ba <= bb { (bb, sb) } else { (ba, sa) };
    }
    match (ba.max(32), bb.max(32)) {
        (a, b) if a == b => (a, (sa || ba < 32) && (sb || bb < 32)),
        (a, b) if a > b => (a, sa),
        (_, b) => (b, sb),
    }
}

fn next_bits(bits: u16) -> u16 {
    if bits < 64 { bits * 2 } else { bits }
}

/// (bits, signed, float) of a number type.
fn shape(t: &Type) -> Option<(u16, bool, bool)> {
    match t {
        Type::BFloat16 => Some((16, true, true)),
        Type::Float32 => Some((32, true, true)),
        Type::Float64 => Some((64, true, true)),
        t => t.int_bits().map(|(b, s)| (b, s, false)),
    }
}

fn construct(signed: bool, float: bool, bits: u16) -> Option<Type> {
    match (float, bits) {
        (false, b) => Some(Type::int_of(b, signed)),
        (true, 8..=32) => Some(Type::Float32),
        (true, 64) => Some(Type::Float64),
        _ => None,
    }
}

/// The result type of an operation on plain numbers.
pub fn number_result(op: Op, a: &Type, b: &Type) -> Option<Type> {
    let ((ba, sa, fa), (bb, sb, fb)) = (shape(a)?, shape(b)?);
    let float = fa || fb;
    match op {
        Op::Plus | Op::Multiply => construct(sa || sb, float, next_bits(ba.max(bb))),
        Op::Minus => construct(true, float, next_bits(ba.max(bb))),
        Op::Divide | Op::DivideOrNull => Some(Type::Float64),
        Op::IntDiv | Op::IntDivOrZero | Op::IntDivOrNull => construct(sa || sb, false, ba),
        _ if float => Some(Type::Float64),
        Op::ModuloLegacy => construct(sa || sb, false, bb),
        Op::PositiveModulo | Op::PositiveModuloOrNull => construct(false, false, bb),
        _ => construct(sa, false, if sa { next_bits(bb) } else { bb }),
    }
}

/// IP addresses are calculated with as the numbers they are.
fn address_number(t: &Type) -> Type {
    match t {
        Type::Ipv4 => Type::UInt32,
        Type::Ipv6 => Type::UInt128,
        t => t.clone(),
    }
}

fn binary(b: &Bind<'_>, op: Op) -> Result<Bound> {
    b.arity(2, 2)?;
    let (mut ta, tb) = (address_number(b.ty(0)), address_number(b.ty(1)));
    if matches!(op, Op::Modulo | Op::PositiveModulo) && tb.is_number() && !tb.is_decimal() {
        ta = match ta {
            Type::Date => Type::UInt16,
            Type::DateTime(_) => Type::UInt32,
            t => t,
        };
    }
    if let Some(out) = temporal(b, op)? {
        return Ok(out);
    }
    match (&ta, &tb) {
        (Type::Tuple(_), Type::Tuple(_)) => return vector(b, op.function()),
        (Type::Tuple(_), t) if t.is_number() => return by_number(b, op.function()),
        (t, Type::Tuple(_)) if t.is_number() && op == Op::Multiply => return number_by_tuple(b),
        (Type::Array(_), Type::Array(_)) if matches!(op, Op::Plus | Op::Minus) => return array_by_array(b, op.function()),
        (Type::Array(_), t) | (t, Type::Array(_)) if t.is_number() && scales_arrays(op) => {
            return array_by_number(b, op.function());
        }
        _ => {}
    }
    if !ta.is_number() {
        return Err(b.illegal(0, "a number, or a date and an interval"));
    }
    if !tb.is_number() {
        return Err(b.illegal(1, "a number, or a date and an interval"));
    }
    if ta.is_decimal() || tb.is_decimal() {
        return decimals(b, op, ta, tb);
    }
    if tb.is_integer() && b.ty(0).is_date_or_time() {
        // What remains of a day or a moment is of the divisor's type.
        return numbers(op, ta, tb.clone(), tb);
    }
    let out = number_result(op, &ta, &tb)
        .ok_or_else(|| b.illegal(1, &format!("a type that {ta} can be combined with (no floats with 128- or 256-bit integers)")))?;
    numbers(op, ta, tb, out)
}

/// Operations of an array's elements with a number.
fn scales_arrays(op: Op) -> bool {
    matches!(op, Op::Multiply | Op::Divide | Op::IntDiv | Op::IntDivOrZero | Op::Modulo | Op::PositiveModulo)
}

fn numbers(op: Op, ta: Type, tb: Type, out: Type) -> Result<Bound> {
    let kernel = out.clone();
    match op {
        Op::Plus | Op::Minus | Op::Multiply => bound(out, move |c| {
            let (x, y) = (c.col(0), c.col(1));
            Ok(with_lane!(&kernel, R => simple::<R>(op, x, y, c.rows), return Err(Error::internal("no lane"))))
        }),
        Op::Divide => bound(out, |c| Ok(f64::column(zip::<f64, f64>(c.col(0), c.col(1), c.rows, |x, y| x / y)))),
        Op::DivideOrNull => bound(Type::nullable(out), |c| {
            let ys = f64s(c.col(1), &Type::Float64);
            let v = zip::<f64, f64>(c.col(0), c.col(1), c.rows, |x, y| if y == 0.0 { 0.0 } else { x / y });
            Ok(Column::new(Data::F64(v.into()), Some(Bitmap::from_fn(c.rows, |i| ys.at(i) == 0.0))))
        }),
        _ if ta.is_float() || tb.is_float() => float_division(op, out),
        _ => {
            let (Some((ba, sa)), Some((bb, sb))) = (ta.int_bits(), tb.int_bits()) else {
                return Err(Error::internal("integers expected"));
            };
            let (bits, signed) = (ba.max(bb), sa || sb);
            // An unsigned operand of the full width needs the next signed lane.
            let bits = if signed && bits <= 32 && sa != sb { bits * 2 } else { bits };
            let (bits, signed) = if op.is_remainder() { remainder_lane((ba, sa), (bb, sb)) } else { (bits, signed) };
            // The smallest value by -1 has no quotient in the dividend's own type.
            let smallest = if sa && sb && ba < 64 { -(1i64 << (ba - 1)) } else { 0 };
            let ty = if op.or_null() { Type::nullable(out) } else { out };
            bound(ty, move |c| {
                let wide = with_wide!(bits, signed, W => integer_division::<W>(op, c, smallest)?);
                let nulls = wide.nulls.clone();
                let narrow = with_lane!(&kernel, R => if R::slice(&wide.data).is_some() { wide } else { R::column(map::<R, R>(&wide, c.rows, |x| x)) }, wide);
                Ok(Column { data: narrow.data, nulls })
            })
        }
    }
}

fn simple<R: Arith>(op: Op, a: &Column, b: &Column, rows: usize) -> Column {
    R::column(match op {
        Op::Plus => zip::<R, R>(a, b, rows, R::add),
        Op::Minus => zip::<R, R>(a, b, rows, R::sub),
        _ => zip::<R, R>(a, b, rows, R::mul),
    })
}

fn division_error<W: Integer>(y: W) -> Error {
    if y == W::ZERO {
        decimal::division_by_zero()
    } else {
        Error::new(ILLEGAL_DIVISION, "Division of minimal signed number by minus one")
    }
}

fn integer_division<W: Integer>(op: Op, c: &Ctx<'_>, smallest: i64) -> Result<Column> {
    let (a, b, rows) = (c.col(0), c.col(1), c.rows);
    let (low, minus_one) = (W::from_num(smallest), W::from_num(-1i64));
    let one = |x: W, y: W| -> Option<W> {
        if smallest != 0 && x == low && y == minus_one {
            return None;
        }
        match op {
            Op::IntDiv | Op::IntDivOrZero | Op::IntDivOrNull => x.div(y),
            Op::PositiveModulo | Op::PositiveModuloOrNull => {
                let r = x.rem(y)?;
                Some(if r < W::ZERO { if y < W::ZERO { r.sub(y) } else { r.add(y) } } else { r })
            }
            _ => x.rem(y),
        }
    };
    if op.or_null() {
        let v = zip::<W, (W, bool)>(a, b, rows, |x, y| one(x, y).map_or((W::ZERO, true), |v| (v, false)));
        let mask = Bitmap::from_fn(rows, |i| v[i].1);
        let values: Vec<W> = v.into_iter().map(|p| p.0).collect();
        return Ok(Column::new(W::column(values).data, Some(mask)));
    }
    if op.or_zero() {
        return Ok(W::column(zip::<W, W>(a, b, rows, |x, y| one(x, y).unwrap_or(W::ZERO))));
    }
    Ok(W::column(try_zip::<W, W>(a, b, rows, |x, y| one(x, y).ok_or_else(|| division_error(y)))?))
}

fn float_division(op: Op, out: Type) -> Result<Bound> {
    let ty = if op.or_null() { Type::nullable(out.clone()) } else { out.clone() };
    bound(ty, move |c| {
        let (a, b, rows) = (c.col(0), c.col(1), c.rows);
        let ys = zip::<f64, f64>(b, b, rows, |y, _| y);
        let mask = op.or_null().then(|| Bitmap::from_fn(rows, |i| ys[i] == 0.0));
        if matches!(op, Op::IntDiv | Op::IntDivOrZero | Op::IntDivOrNull) {
            let limit = match out.int_bits() {
                Some((bits, signed)) if bits <= 64 => 2f64.powi(i32::from(bits) - i32::from(signed)),
                _ => 2f64.powi(63),
            };
            let v = try_zip::<f64, i128>(a, b, rows, |x, y| {
                let q = x / y;
                if x.is_finite() && y.is_finite() && q.abs() < limit {
                    Ok(q as i128)
                } else if op == Op::IntDiv || !y.is_finite() {
                    Err(Error::new(ILLEGAL_DIVISION, "Cannot perform integer division: division by zero, or infinite or too large floating point numbers"))
                } else {
                    Ok(0)
                }
            })?;
            let wide = i128::column(v);
            let data = with_lane!(&out, R => R::column(map::<R, R>(&wide, rows, |x| x)).data, wide.data);
            return Ok(Column::new(data, mask));
        }
        let v = zip::<f64, f64>(a, b, rows, |x, y| {
            // As ClickHouse computes it, which is not the exact remainder where the quotient is large.
            let r = x - y * (x / y).trunc();
            match op {
                Op::PositiveModulo | Op::PositiveModuloOrNull if r < 0.0 => r + y.abs(),
                Op::ModuloOrNull if y == 0.0 => 0.0,
                _ => r,
            }
        });
        Ok(Column::new(Data::F64(v.into()), mask))
    })
}

fn decimals(b: &Bind<'_>, op: Op, ta: Type, tb: Type) -> Result<Bound> {
    if matches!(op, Op::ModuloOrZero | Op::ModuloOrNull | Op::ModuloLegacy | Op::PositiveModuloOrNull | Op::IntDivOrNull | Op::DivideOrNull) {
        return Err(b.illegal(usize::from(!ta.is_decimal()), "an integer or a float: this function knows no Decimals"));
    }
    if ta.is_float() || tb.is_float() {
        return decimal_and_float(b, op, ta, tb);
    }
    let d = match op {
        Op::Plus => decimal::Op::Plus,
        Op::Minus => decimal::Op::Minus,
        Op::Multiply => decimal::Op::Multiply,
        Op::Divide | Op::DivideOrNull | Op::IntDiv | Op::IntDivOrZero | Op::IntDivOrNull => decimal::Op::Divide,
        _ => decimal::Op::Modulo,
    };
    let int_div = matches!(op, Op::IntDiv | Op::IntDivOrZero | Op::IntDivOrNull);
    let out = decimal::result_type(d, &ta, &tb).ok_or_else(|| {
        Error::new(types::codes::ARGUMENT_OUT_OF_BOUND, format!("The scale of {ta} {} {tb} would exceed its precision: cast an operand to a wider Decimal", op.function()))
    })?;
    let (or_null, or_zero, positive) = (op.or_null(), op.or_zero(), matches!(op, Op::PositiveModulo | Op::PositiveModuloOrNull));
    let kernel = out.clone();
    let int_type = match &out {
        Type::Decimal(p, _) => Type::int_of((types::ty::decimal_width(*p) * 8) as u16, true),
        t => t.clone(),
    };
    let ty = if int_div { int_type.clone() } else { out };
    let ty = if or_null { Type::nullable(ty) } else { ty };
    let checked = b.session.flag("decimal_check_overflow", true);
    bound(ty, move |c| {
        let (x, y, rows) = (c.col(0), c.col(1), c.rows);
        let mut zeros = None;
        let mut safe = y.clone();
        if or_null || or_zero {
            let v = crate::args::i256s(y);
            let mask = Bitmap::from_fn(rows, |i| v.at(i) == I256::ZERO);
            if mask.any() {
                // Divisors of zero become one; their rows are masked below.
                let ones: Vec<I256> = (0..rows).map(|i| if mask.get(i) { I256::ONE } else { v.at(i) }).collect();
                safe = Data::I256(ones.into()).into();
                zeros = Some(mask);
            }
        }
        let mut r = if checked {
            decimal::compute(d, x, &ta, &safe, &tb, &kernel, rows)?
        } else {
            decimal::compute_wrapping(d, (x, &ta), (&safe, &tb), &kernel, rows)?
        };
        if int_div {
            r = crate::cast::cast(&r, &kernel, &int_type, crate::cast::CastMode::Sql, c.session)?;
        }
        if positive {
            let k = crate::args::i256s(&safe);
            let v = crate::args::i256s(&r);
            let fixed: Vec<I256> = (0..rows).map(|i| if v.at(i) < I256::ZERO { v.at(i) + k.at(i).abs() } else { v.at(i) }).collect();
            if let Type::Decimal(p, _) = &kernel {
                r = decimal::from_256(*p, fixed)?;
            }
        }
        match zeros {
            Some(mask) if or_zero => {
                let keep: Vec<u32> = (0..rows as u32).map(|i| if mask.get(i as usize) { rows as u32 } else { i }).collect();
                let t = if int_div { &int_type } else { &kernel };
                Ok(Column::concat(t, &[&r, &Column::default_of(t, 1)]).gather(&keep))
            }
            zeros => Ok(Column::new(r.data, zeros)),
        }
    })
}

fn decimal_and_float(b: &Bind<'_>, op: Op, ta: Type, tb: Type) -> Result<Bound> {
    let out = number_result(op, &Type::Float64, &Type::Float64).ok_or_else(|| b.illegal(1, "a number"))?;
    let inner = numbers(op, Type::Float64, Type::Float64, out)?;
    bound(inner.ty, move |c| {
        let (x, y) = (f64_column(c.col(0), &ta), f64_column(c.col(1), &tb));
        (inner.run)(&Ctx { args: &[Value::Column(&x), Value::Column(&y)], rows: c.rows, session: c.session })
    })
}

fn f64_column(c: &Column, ty: &Type) -> Column {
    let n = c.len();
    let v = f64s(c, ty);
    match v.as_const() {
        Some(k) => Column::constant(f64::column(vec![k]), n),
        None => f64::column((0..n).map(|i| v.at(i)).collect()),
    }
}
