//! Expressions bound to types and functions, and their evaluation over batches.

use crate::literal::literal;
use crate::plan::{Expr, SetSource};
use crate::query::Query;
use crate::row_set::RowSet;
use functions::{Arg, Call, LambdaFn, Value};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use types::codes::{ILLEGAL_TYPE_OF_ARGUMENT, NOT_FOUND_COLUMN_IN_BLOCK};
use types::{Batch, Bitmap, Column, Data, Dict, Error, Result, Type, parse::parse_type};

/// A bound expression: knows its type and how to compute itself.
#[derive(Clone)]
pub enum Bound {
    Column(usize, Type),
    /// one row
    Const(Column, Type),
    Call(Arc<BoundCall>),
    /// `params` columns in front of those of the enclosing scope
    Param(usize, Type),
    Lambda(Arc<Bound>, usize),
    In(Arc<Bound>, Arc<RowSet>, bool),
}

pub struct BoundCall {
    pub name: String,
    pub call: Arc<dyn Call>,
    pub args: Vec<Bound>,
    lazy: Lazy,
    /// results per dictionary of the only column that is read (see `by_dictionary`)
    pub memo: Memo,
}

/// Functions that must not evaluate all arguments for all rows (`if(x = 0, 0, intDiv(1, x))`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lazy {
    No,
    If,
    MultiIf,
    And,
    Or,
}

/// What an expression may refer to while it is bound.
pub struct Scope<'a> {
    pub columns: &'a [Type],
    pub query: &'a Query,
    pub scalars: &'a [Option<(Column, Type)>],
    pub sets: &'a [Option<Arc<RowSet>>],
}

impl Bound {
    pub fn ty(&self) -> &Type {
        match self {
            Bound::Column(_, t) | Bound::Const(_, t) | Bound::Param(_, t) => t,
            Bound::Call(c) => c.call.ty(),
            Bound::Lambda(body, _) => body.ty(),
            Bound::In(..) => &Type::UInt8,
        }
    }
    pub fn is_const(&self) -> bool {
        matches!(self, Bound::Const(..))
    }
    /// Columns that are read, added to `out` (sorted, no repetitions).
    pub fn columns(&self, out: &mut Vec<usize>) {
        match self {
            Bound::Column(i, _) => {
                if let Err(at) = out.binary_search(i) {
                    out.insert(at, *i);
                }
            }
            Bound::Call(c) => c.args.iter().for_each(|a| a.columns(out)),
            Bound::Lambda(body, _) => body.columns(out),
            Bound::In(v, ..) => v.columns(out),
            Bound::Const(..) | Bound::Param(..) => {}
        }
    }
    pub fn deterministic(&self) -> bool {
        match self {
            Bound::Call(c) => c.call.deterministic() && c.args.iter().all(Bound::deterministic),
            Bound::Lambda(body, _) => body.deterministic(),
            Bound::In(v, ..) => v.deterministic(),
            _ => true,
        }
    }
    /// The same expression over columns at other positions.
    #[must_use]
    pub fn remap(&self, to: &dyn Fn(usize) -> usize) -> Bound {
        match self {
            Bound::Column(i, t) => Bound::Column(to(*i), t.clone()),
            Bound::Call(c) => Bound::Call(Arc::new(BoundCall {
                name: c.name.clone(),
                call: c.call.clone(),
                args: c.args.iter().map(|a| a.remap(to)).collect(),
                lazy: c.lazy,
                memo: Memo::default(),
            })),
            Bound::Lambda(body, n) => Bound::Lambda(Arc::new(body.remap(to)), *n),
            Bound::In(v, s, neg) => Bound::In(Arc::new(v.remap(to)), s.clone(), *neg),
            other => other.clone(),
        }
    }

    /// Whether both compute the same, as far as that can be seen.
    pub fn same(&self, other: &Bound) -> bool {
        match (self, other) {
            (Bound::Column(a, t), Bound::Column(b, u)) | (Bound::Param(a, t), Bound::Param(b, u)) => {
                a == b && t == u
            }
            (Bound::Const(a, t), Bound::Const(b, u)) => {
                t == u && types::compare::compare_rows(a, 0, b, 0).is_eq()
            }
            (Bound::Call(a), Bound::Call(b)) => {
                a.name == b.name
                    && a.call.ty() == b.call.ty()
                    && a.args.len() == b.args.len()
                    && a.args.iter().zip(&b.args).all(|(a, b)| a.same(b))
            }
            (Bound::Lambda(a, n), Bound::Lambda(b, m)) => n == m && a.same(b),
            _ => false,
        }
    }

    /// A function that no statement can name.
    pub fn of_call(name: &str, call: Arc<dyn Call>, args: Vec<Bound>) -> Bound {
        let call = BoundCall { name: name.to_string(), call, args, lazy: Lazy::No, memo: Memo::default() };
        Bound::Call(Arc::new(call))
    }

    pub fn bind(e: &Expr, scope: &Scope<'_>) -> Result<Bound> {
        bind(e, scope, &[], 0)
    }

    /// One column of `batch.rows` rows, perhaps `Const` or `Codes`.
    pub fn eval(&self, batch: &Batch, query: &Query) -> Result<Column> {
        eval(self, &Input { columns: &batch.columns, rows: batch.rows, params: &[] }, query)
    }

    /// As a selection: NULL counts as false. Errors if the type is no number.
    pub fn eval_mask(&self, batch: &Batch, query: &Query) -> Result<Bitmap> {
        mask_of(&self.eval(batch, query)?, batch.rows)
    }
}

/// Rows of a condition column that are true (not 0, not NULL).
pub fn mask_of(c: &Column, rows: usize) -> Result<Bitmap> {
    if let Some(one) = c.as_const() {
        let v = !one.is_null(0) && one.scalar(0).as_f64().is_some_and(|v| v != 0.0);
        return Ok(Bitmap::new(rows, v));
    }
    let c = c.flat();
    let mut m = match &c.data {
        Data::U8(v) => Bitmap::from_bytes(v),
        Data::Nothing(n) => Bitmap::new(*n, false),
        data => types::match_numeric!(data, v, W => {
            let v = v.as_slice();
            Bitmap::from_fn(v.len(), |i| !is_default(&v[i]))
        }, {
            return Err(Error::new(types::codes::ILLEGAL_COLUMN_FOR_FILTER, "A condition must be a number: UInt8, Bool or another integer"));
        }),
    };
    if let Some(nulls) = &c.nulls {
        m.and_not_with(nulls);
    }
    Ok(m)
}

fn is_default<T: Default + PartialEq<T>>(v: &T) -> bool {
    *v == T::default()
}

fn bind(e: &Expr, scope: &Scope<'_>, params: &[Type], depth: usize) -> Result<Bound> {
    if depth > 2000 {
        return Err(Error::new(types::codes::TOO_DEEP_RECURSION, "Expression is nested too deeply"));
    }
    let again = |x: &Expr| bind(x, scope, params, depth + 1);
    Ok(match e {
        Expr::Column { col } => {
            let ty = scope.columns.get(*col).ok_or_else(|| {
                Error::new(
                    NOT_FOUND_COLUMN_IN_BLOCK,
                    format!("Plan refers to column {col} of {}", scope.columns.len()),
                )
            })?;
            Bound::Column(*col, ty.clone())
        }
        Expr::Param { param } => {
            let ty = params
                .get(*param)
                .ok_or_else(|| Error::internal(format!("Plan refers to lambda parameter {param}")))?;
            Bound::Param(*param, ty.clone())
        }
        Expr::Literal { lit } => {
            let (c, t) = literal(lit)?;
            Bound::Const(c, t)
        }
        Expr::Scalar { scalar, ty } => match scope.scalars.get(*scalar).and_then(Option::as_ref) {
            Some((c, t)) => Bound::Const(c.clone(), t.clone()),
            None => return Err(Error::internal(format!("Subquery {scalar} ({ty}) has no value yet"))),
        },
        Expr::Cast { cast, to } => {
            let inner = again(cast)?;
            let to = Bound::Const(Column::strings([to.as_bytes()]), Type::String);
            call("CAST", vec![inner, to], scope.query)?
        }
        Expr::In { value, set, negated } => {
            let value = again(value)?;
            let set = match set {
                SetSource::Values { values } => {
                    let (c, t) = literal(values)?;
                    Arc::new(RowSet::of_literal(&c, &t, value.ty(), scope.query)?)
                }
                SetSource::Subquery { subquery } => scope
                    .sets
                    .get(*subquery)
                    .and_then(Option::as_ref)
                    .ok_or_else(|| Error::internal(format!("Subquery {subquery} has no set yet")))?
                    .clone(),
            };
            let set = set.for_type(value.ty(), scope.query)?;
            let bound = Bound::In(Arc::new(value.clone()), set, *negated);
            if value.is_const() { fold(bound, scope.query)? } else { bound }
        }
        Expr::Lambda { .. } => {
            return Err(Error::bad_arguments("A lambda may only be an argument of a higher-order function"));
        }
        Expr::Call { call: name, args } => {
            let lazy = matches!(name.as_str(), "if" | "multiIf" | "and" | "or");
            let mut bound: Vec<Option<Bound>> = args
                .iter()
                .enumerate()
                .map(|(i, a)| match a {
                    Expr::Lambda { .. } => Ok(None),
                    a if lazy && i > 0 => deferring(|| again(a)).map(Some),
                    a => again(a).map(Some),
                })
                .collect::<Result<_>>()?;
            for (slot, a) in bound.iter_mut().zip(args) {
                if let Expr::Lambda { lambda, params: n, types } = a {
                    let mut inner: Vec<Type> = types.iter().map(|t| parse_type(t)).collect::<Result<_>>()?;
                    if inner.len() != *n {
                        return Err(Error::internal("lambda parameters without types"));
                    }
                    inner.extend_from_slice(params);
                    *slot = Some(Bound::Lambda(Arc::new(bind(lambda, scope, &inner, depth + 1)?), *n));
                }
            }
            call(name, bound.into_iter().flatten().collect(), scope.query)?
        }
    })
}

/// Resolves a function for bound arguments; folds it if all of them are constants.
pub fn call(name: &str, args: Vec<Bound>, query: &Query) -> Result<Bound> {
    let described: Vec<Arg> = args
        .iter()
        .map(|a| Arg {
            ty: a.ty().clone(),
            constant: if let Bound::Const(c, _) = a { Some(c.clone()) } else { None },
            lambda: matches!(a, Bound::Lambda(..)),
        })
        .collect();
    let call = functions::resolve(name, &described, &query.session)?;
    let foldable = call.foldable() && args.iter().all(Bound::is_const);
    let lazy = match name {
        "if" if args.len() == 3 => Lazy::If,
        "multiIf" if args.len() % 2 == 1 => Lazy::MultiIf,
        "and" => Lazy::And,
        "or" => Lazy::Or,
        _ => Lazy::No,
    };
    // laziness costs a gather: only where a later argument may fail
    let lazy = if lazy != Lazy::No && args[1..].iter().any(may_fail) { lazy } else { Lazy::No };
    let bound =
        Bound::Call(Arc::new(BoundCall { name: name.to_string(), call, args, lazy, memo: Memo::default() }));
    if !foldable {
        return Ok(bound);
    }
    match fold(bound.clone(), query) {
        // a branch that may never be taken fails only when it is
        Err(_) if DEFERRING.get() > 0 => Ok(bound),
        folded => folded,
    }
}

thread_local! {
    /// how many branches of lazy functions are being bound, one in another
    static DEFERRING: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// Binds a branch; constants in it that cannot be computed are left to the rows that reach them.
fn deferring<T>(bind: impl FnOnce() -> T) -> T {
    DEFERRING.set(DEFERRING.get() + 1);
    let out = bind();
    DEFERRING.set(DEFERRING.get() - 1);
    out
}

/// Functions whose result depends on the types of their arguments only: values are not computed.
const OF_TYPES: &[&str] =
    &["toTypeName", "toColumnTypeName", "defaultValueOfArgumentType", "isNullable", "getSizeOfEnumType"];

fn fold(b: Bound, query: &Query) -> Result<Bound> {
    let ty = b.ty().clone();
    let c = b.eval(&Batch { columns: Vec::new(), rows: 1 }, query)?;
    let one = c.as_const().map_or_else(|| c.flat(), Clone::clone);
    Ok(Bound::Const(one, ty))
}

/// Functions that throw on some values; only they make lazy evaluation necessary.
fn may_fail(b: &Bound) -> bool {
    match b {
        Bound::Call(c) => {
            let n = c.name.as_str();
            n == "throwIf"
                || n == "intDiv"
                || n == "modulo"
                || n == "positiveModulo"
                || n == "CAST"
                || n == "sleep"
                || n == "sleepEachRow"
                || n == "accurateCast"
                || n == "reinterpret"
                || (n.starts_with("to")
                    && !n.starts_with("toStartOf")
                    && c.args.first().is_some_and(|a| a.ty().base().is_string()))
                || n.starts_with("parse")
                || n.starts_with("JSON")
                || n.contains("egexp")
                || n == "match"
                || n.starts_with("arrayReduce")
                || c.args.iter().any(may_fail)
        }
        Bound::Lambda(body, _) => may_fail(body),
        Bound::In(v, ..) => may_fail(v),
        _ => false,
    }
}

struct Input<'a> {
    columns: &'a [Column],
    rows: usize,
    params: &'a [Column],
}

fn eval(b: &Bound, input: &Input<'_>, query: &Query) -> Result<Column> {
    match b {
        Bound::Column(i, _) => Ok(input.columns[*i].clone()),
        Bound::Param(i, _) => Ok(input.params[*i].clone()),
        Bound::Const(c, _) => Ok(Column::constant(c.clone(), input.rows)),
        Bound::Lambda(..) => Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, "Unexpected lambda")),
        Bound::In(v, set, negated) => {
            let c = eval(v, input, query)?;
            let mut m = set.contains(&c, input.rows)?;
            if *negated {
                m = m.not();
            }
            Ok(Column::bools(&m))
        }
        Bound::Call(c) => match (c.memo.apply(input.columns), c.lazy) {
            (Some(known), _) => Ok(known),
            (None, Lazy::No) => plain_call(c, input, query),
            (None, Lazy::And | Lazy::Or) => lazy_logic(c, input, query),
            (None, Lazy::If | Lazy::MultiIf) => lazy_branches(c, input, query),
        },
    }
}

/// A call's value for every entry of a dictionary, computed once per query.
#[derive(Default)]
pub struct Memo(OnceLock<HashMap<u64, Results>>);

pub struct Results {
    column: usize,
    /// string results: distinct values and the number of each entry's; others: one value an entry
    codes: Option<Vec<u32>>,
    values: Column,
    dict: Option<Arc<Dict>>,
}

impl Memo {
    /// To be called once, before the call is evaluated on rows.
    pub fn set(&self, results: HashMap<u64, Results>) {
        let _ = self.0.set(results);
    }
    fn apply(&self, columns: &[Column]) -> Option<Column> {
        let known = self.0.get()?;
        let column = known.values().next()?.column;
        let c = columns.get(column)?;
        let Data::Codes(codes, dict) = &c.data else { return None };
        if c.nulls.is_some() {
            return None;
        }
        let r = known.get(&dict.id)?;
        Some(match (&r.codes, &r.dict) {
            (Some(map), Some(d)) => {
                let mapped: Vec<u32> = codes.iter().map(|&x| map[x as usize]).collect();
                Data::Codes(mapped.into(), d.clone()).into()
            }
            _ => r.values.gather(codes),
        })
    }
}

impl Results {
    /// `values`: one row per dictionary entry.
    pub fn new(column: usize, values: Column) -> Results {
        let flat = values.flat();
        if flat.nulls.is_none()
            && let Data::Str(s) = &flat.data
        {
            let mut index: hashbrown::HashMap<&[u8], u32> = hashbrown::HashMap::new();
            let mut firsts: Vec<u32> = Vec::new();
            let codes = s
                .iter()
                .enumerate()
                .map(|(i, v)| {
                    *index.entry(v).or_insert_with(|| {
                        firsts.push(i as u32);
                        firsts.len() as u32 - 1
                    })
                })
                .collect();
            let dict = Arc::new(Dict::new(flat.gather(&firsts), false));
            return Results { column, codes: Some(codes), values: Data::Nothing(0).into(), dict: Some(dict) };
        }
        Results { column, codes: None, values: flat, dict: None }
    }
}

fn plain_call(c: &BoundCall, input: &Input<'_>, query: &Query) -> Result<Column> {
    enum Slot<'a> {
        Column(Column),
        Lambda(BoundLambda<'a>),
    }
    let mut slots = Vec::with_capacity(c.args.len());
    for a in &c.args {
        slots.push(match a {
            Bound::Lambda(body, n) => Slot::Lambda(BoundLambda { body, params: *n, outer: input, query }),
            other if OF_TYPES.contains(&c.name.as_str()) && !other.is_const() => {
                Slot::Column(Column::default_of(other.ty(), input.rows))
            }
            other => Slot::Column(eval(other, input, query)?),
        });
    }
    let values: Vec<Value<'_>> = slots
        .iter()
        .map(|s| match s {
            Slot::Column(c) => Value::Column(c),
            Slot::Lambda(l) => Value::Lambda(l),
        })
        .collect();
    let out = c.call.eval(&values, input.rows, &query.session)?;
    // large temporaries must fit beside what the query holds
    let bytes = out.bytes();
    if bytes > LARGE_BYTES {
        query.memory.reserve(bytes as u64)?;
    }
    Ok(out)
}

const LARGE_BYTES: usize = 4 << 20;

struct BoundLambda<'a> {
    body: &'a Bound,
    params: usize,
    outer: &'a Input<'a>,
    query: &'a Query,
}

impl LambdaFn for BoundLambda<'_> {
    fn call(&self, params: &[Column], rows: usize, origin: &[u32]) -> Result<Column> {
        if params.len() != self.params {
            return Err(Error::bad_arguments(format!(
                "The lambda takes {} arguments, the function gives {}",
                self.params,
                params.len()
            )));
        }
        self.query.cancel.check()?;
        let mut used = Vec::new();
        self.body.columns(&mut used);
        let spread = |c: &Column| match c.as_const() {
            Some(one) => Column::constant(one.clone(), rows),
            None => c.gather(origin),
        };
        let mut columns = vec![Column::from(Data::Nothing(rows)); self.outer.columns.len()];
        for i in used {
            let c = &self.outer.columns[i];
            columns[i] = spread(c);
        }
        let mut all = params.to_vec();
        for p in self.outer.params {
            all.push(spread(p));
        }
        eval(self.body, &Input { columns: &columns, rows, params: &all }, self.query)
    }
}

/// The rows `keep` of everything an expression reads.
fn narrowed(b: &Bound, input: &Input<'_>, keep: &[u32], query: &Query) -> Result<Column> {
    let mut used = Vec::new();
    b.columns(&mut used);
    let mut columns = vec![Column::from(Data::Nothing(keep.len())); input.columns.len()];
    for i in used {
        columns[i] = input.columns[i].gather(keep);
    }
    let params: Vec<Column> = input.params.iter().map(|p| p.gather(keep)).collect();
    eval(b, &Input { columns: &columns, rows: keep.len(), params: &params }, query)
}

/// `and`/`or` from left to right: later arguments only see rows that are not decided yet.
fn lazy_logic(c: &BoundCall, input: &Input<'_>, query: &Query) -> Result<Column> {
    let n = input.rows;
    let is_and = c.lazy == Lazy::And;
    // undecided rows go on; a decided row's later arguments are given as the deciding value
    let mut undecided: Vec<u32> = (0..n as u32).collect();
    let mut evaluated: Vec<Column> = Vec::with_capacity(c.args.len());
    for a in &c.args {
        let part = narrowed(a, input, &undecided, query)?;
        let truth = mask_of(&part, undecided.len())?;
        let nulls = part.null_mask();
        // spread back over all rows; rows not evaluated get the neutral value
        let neutral = types::Scalar::Int(i128::from(is_and));
        let mut b = types::ColumnBuilder::with_capacity(&Type::nullable(Type::UInt8), n);
        let mut k = 0;
        for row in 0..n as u32 {
            if undecided.get(k) == Some(&row) {
                if nulls.as_ref().is_some_and(|m| m.get(k)) {
                    b.push_null();
                } else {
                    b.push_scalar(&types::Scalar::Int(i128::from(truth.get(k))));
                }
                k += 1;
            } else {
                b.push_scalar(&neutral);
            }
        }
        evaluated.push(b.finish());
        let mut next = Vec::with_capacity(undecided.len());
        for (k, &row) in undecided.iter().enumerate() {
            let null = nulls.as_ref().is_some_and(|m| m.get(k));
            if null || truth.get(k) == is_and {
                next.push(row);
            }
        }
        undecided = next;
        if undecided.is_empty() {
            break;
        }
    }
    // Kleene logic over what was evaluated
    let mut out = types::ColumnBuilder::with_capacity(c.call.ty(), n);
    for row in 0..n {
        let mut null = false;
        let mut decided = false;
        for e in &evaluated {
            if e.is_null(row) {
                null = true;
            } else if (e.scalar(row).as_i64() == Some(1)) != is_and {
                decided = true;
            }
        }
        if decided {
            out.push_scalar(&types::Scalar::Int(i128::from(!is_and)));
        } else if null {
            out.push_null();
        } else {
            out.push_scalar(&types::Scalar::Int(i128::from(is_and)));
        }
    }
    Ok(out.finish())
}

/// `if`/`multiIf`: each branch only sees its rows.
fn lazy_branches(c: &BoundCall, input: &Input<'_>, query: &Query) -> Result<Column> {
    let n = input.rows;
    let ty = c.call.ty().clone();
    let mut left: Vec<u32> = (0..n as u32).collect();
    let mut pieces: Vec<(Vec<u32>, Column)> = Vec::new();
    let mut i = 0;
    while i < c.args.len() && !left.is_empty() {
        let (rows, value) = if i + 1 < c.args.len() {
            let condition = mask_of(&narrowed(&c.args[i], input, &left, query)?, left.len())?;
            let (mut hit, mut rest) = (Vec::new(), Vec::new());
            for (k, &row) in left.iter().enumerate() {
                if condition.get(k) { hit.push(row) } else { rest.push(row) }
            }
            left = rest;
            i += 2;
            (hit, &c.args[i - 1])
        } else {
            i += 1;
            (std::mem::take(&mut left), &c.args[i - 1])
        };
        if rows.is_empty() {
            continue;
        }
        let v = narrowed(value, input, &rows, query)?;
        let v = functions::cast(&v, value.ty(), &ty, functions::CastMode::Sql, &query.session)?;
        pieces.push((rows, v));
    }
    let columns: Vec<&Column> = pieces.iter().map(|p| &p.1).collect();
    if columns.is_empty() {
        return Ok(Column::default_of(&ty, n));
    }
    let flats: Vec<Column> = columns.iter().map(|c| c.flat()).collect();
    let all = Column::concat(&ty, &flats.iter().collect::<Vec<_>>());
    let mut position = vec![0u32; n];
    let mut at = 0u32;
    for (rows, _) in &pieces {
        for &r in rows {
            position[r as usize] = at;
            at += 1;
        }
    }
    Ok(all.gather(&position))
}
