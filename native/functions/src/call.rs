//! Resolving a name to a callable, and what every call has in common: constants computed once, NULLs
//! propagated, LowCardinality carried through, and columns of dictionary codes computed per distinct value.

use crate::bind::{Bind, Ctx, Run};
use crate::def::{FunctionDef, Nulls};
use crate::registry;
use crate::session::Session;
use parking_lot::Mutex;
use std::sync::Arc;
use types::codes::{ILLEGAL_TYPE_OF_ARGUMENT, NUMBER_OF_ARGUMENTS_DOESNT_MATCH, UNKNOWN_FUNCTION};
use types::{ArrayData, Bitmap, Column, ColumnBuilder, Data, Dict, Error, Result, Type};

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
            memo: Mutex::default(),
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
    Ok(Arc::new(Wrapped { def, ty, run: bound.run, only_null, plain, memo: Mutex::default() }))
}

/// A call that gives NULL for every row.
fn nothing(def: &'static FunctionDef) -> Arc<dyn Call> {
    let ty = Type::nullable(Type::Nothing);
    let run: Run = Box::new(|c| Ok(Column::null_of(&Type::Nothing, c.rows)));
    Arc::new(Wrapped { def, ty, run, only_null: true, plain: Vec::new(), memo: Mutex::default() })
}

fn takes_collections(def: &FunctionDef) -> bool {
    def.nulls == Nulls::Own && matches!(def.category, "Arrays" | "Maps" | "Distances" | "Tuples")
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

struct Wrapped {
    def: &'static FunctionDef,
    ty: Type,
    run: Run,
    only_null: bool,
    /// argument types as the kernel sees them
    plain: Vec<Type>,
    memo: Mutex<Vec<Memo>>,
}

/// What is known about one dictionary: how many of its values were computed for single blocks, and,
/// once that exceeds the dictionary, the results for all of it.
struct Memo {
    dict: u64,
    spent: usize,
    building: bool,
    ready: Option<Arc<DictResult>>,
}

enum DictResult {
    /// for a result of strings: a new dictionary, with a mask of those that became NULL
    Dict(Arc<Dict>, Option<Arc<Bitmap>>),
    Flat(Column),
}

const MEMO_MAX: usize = 16;
/// Dictionaries larger than this are never computed whole.
const DICT_MAX: usize = 8 << 20;

impl Call for Wrapped {
    fn ty(&self) -> &Type {
        &self.ty
    }
    fn deterministic(&self) -> bool {
        self.def.deterministic
    }
    fn stateful(&self) -> bool {
        self.def.stateful
    }
    fn foldable(&self) -> bool {
        !self.def.no_fold
    }

    fn eval(&self, args: &[Value<'_>], rows: usize, session: &Session) -> Result<Column> {
        if self.only_null {
            return Ok(Column::null_of(&Type::Nothing, rows));
        }
        if rows == 0 {
            return Ok(ColumnBuilder::new(&self.ty).finish());
        }
        let foldable = !self.def.no_fold;
        if foldable && args.iter().all(|a| matches!(a, Value::Column(c) if c.is_const())) {
            let ones: Vec<Column> = args
                .iter()
                .filter_map(|a| match a {
                    Value::Column(c) => Some(Column::constant(c.slice(0, 1), 1)),
                    Value::Lambda(_) => None,
                })
                .collect();
            let values: Vec<Value<'_>> = ones.iter().map(Value::Column).collect();
            let one = self.flat_eval(&values, 1, session)?;
            return Ok(Column::constant(one, rows));
        }
        if self.def.own_low_cardinality {
            return self.null_eval(args, rows, session);
        }
        if foldable && let Some(done) = self.codes_eval(args, rows, session)? {
            return Ok(done);
        }
        self.flat_eval(args, rows, session)
    }
}

impl Wrapped {
    /// Exactly one argument in codes, all others constant: computes per distinct value.
    fn codes_eval(&self, args: &[Value<'_>], rows: usize, session: &Session) -> Result<Option<Column>> {
        let mut at = None;
        for (i, a) in args.iter().enumerate() {
            match a {
                Value::Column(c) => match &c.data {
                    Data::Const(..) => {}
                    Data::Codes(..) if at.is_none() => at = Some(i),
                    _ => return Ok(None),
                },
                Value::Lambda(_) => return Ok(None),
            }
        }
        let Some(at) = at else { return Ok(None) };
        let Value::Column(col) = &args[at] else { return Ok(None) };
        let Data::Codes(codes, dict) = &col.data else { return Ok(None) };
        // Where NULLs do not simply become NULL, what a NULL's code points to must not be seen.
        if col.has_nulls() && (self.def.nulls == Nulls::Own || !self.ty.is_nullable()) {
            return Ok(None);
        }
        if let Some(ready) = self.whole_dict(args, at, rows, dict, session)? {
            return Ok(Some(spread(&ready, codes, col.nulls.as_ref())));
        }
        if dict.is_empty() || dict.len() / 16 > rows {
            return Ok(None);
        }
        // Distinct codes of this block only.
        let (distinct, renumbered) = distinct_codes(codes, dict.len());
        if distinct.len() * 4 > rows * 3 {
            return Ok(None);
        }
        let values = dict.values.gather(&distinct);
        let result = self.over(args, at, &values, session)?;
        Ok(Some(spread(&dict_result(result), &renumbered.into(), col.nulls.as_ref())))
    }

    /// Results for the whole dictionary, if they exist or it is time to make them.
    fn whole_dict(
        &self,
        args: &[Value<'_>],
        at: usize,
        rows: usize,
        dict: &Arc<Dict>,
        session: &Session,
    ) -> Result<Option<Arc<DictResult>>> {
        if dict.len() > DICT_MAX {
            return Ok(None);
        }
        {
            let mut memo = self.memo.lock();
            let found = memo.iter().position(|m| m.dict == dict.id);
            let k = found.unwrap_or_else(|| {
                if memo.len() >= MEMO_MAX {
                    memo.remove(0);
                }
                memo.push(Memo { dict: dict.id, spent: 0, building: false, ready: None });
                memo.len() - 1
            });
            let m = &mut memo[k];
            if let Some(r) = &m.ready {
                return Ok(Some(r.clone()));
            }
            m.spent += rows;
            if m.building || m.spent < dict.len() {
                return Ok(None);
            }
            m.building = true;
        }
        let result = self.over(args, at, &dict.values, session);
        let mut memo = self.memo.lock();
        let slot = memo.iter_mut().find(|m| m.dict == dict.id);
        match result {
            Ok(c) => {
                let ready = Arc::new(dict_result(c));
                if let Some(m) = slot {
                    m.ready = Some(ready.clone());
                }
                Ok(Some(ready))
            }
            // A value that no row has may be the one that fails: stay with the rows' own values
            // (`building` stays set, so that this is tried once).
            Err(_) => Ok(None),
        }
    }

    fn over(&self, args: &[Value<'_>], at: usize, values: &Column, session: &Session) -> Result<Column> {
        let n = values.len();
        let columns: Vec<Column> = args
            .iter()
            .enumerate()
            .map(|(i, a)| match a {
                Value::Column(c) if i != at => Column::constant(c.slice(0, 1), n),
                _ => values.clone(),
            })
            .collect();
        let values: Vec<Value<'_>> = columns.iter().map(Value::Column).collect();
        self.null_eval(&values, n, session)
    }

    fn flat_eval(&self, args: &[Value<'_>], rows: usize, session: &Session) -> Result<Column> {
        if args.iter().all(|a| matches!(a, Value::Column(c) if is_flat(c)) || matches!(a, Value::Lambda(_))) {
            return self.null_eval(args, rows, session);
        }
        let flat: Vec<Option<Column>> = args
            .iter()
            .map(|a| match a {
                Value::Column(c) => (!is_flat(c)).then(|| flatten(c)),
                Value::Lambda(_) => None,
            })
            .collect();
        let values: Vec<Value<'_>> = args
            .iter()
            .zip(&flat)
            .map(|(a, f)| match (a, f) {
                (_, Some(c)) => Value::Column(c),
                (Value::Column(c), None) => Value::Column(c),
                (Value::Lambda(l), None) => Value::Lambda(*l),
            })
            .collect();
        self.null_eval(&values, rows, session)
    }

    fn null_eval(&self, args: &[Value<'_>], rows: usize, session: &Session) -> Result<Column> {
        if self.def.nulls == Nulls::Own {
            return self.finish((self.run)(&Ctx { args, rows, session })?, rows);
        }
        let mut mask: Option<Bitmap> = None;
        for a in args {
            let Value::Column(c) = a else { continue };
            if let Some(n) = c.null_mask() {
                match &mut mask {
                    Some(m) => m.or_with(&n),
                    None => mask = Some(n.as_ref().clone()),
                }
            }
        }
        let Some(mask) = mask.filter(Bitmap::any) else {
            return self.finish((self.run)(&Ctx { args, rows, session })?, rows);
        };
        if !self.ty.is_nullable() {
            // A type that cannot be NULL (an array): computed from the default under the NULL.
            let columns: Vec<Column> = args
                .iter()
                .enumerate()
                .map(|(i, a)| match a {
                    Value::Column(c) => defaults_for_nulls(c, self.plain.get(i)),
                    Value::Lambda(_) => Data::Nothing(rows).into(),
                })
                .collect();
            let values: Vec<Value<'_>> = columns.iter().map(Value::Column).collect();
            return self.finish((self.run)(&Ctx { args: &values, rows, session })?, rows);
        }
        if mask.all() {
            return Ok(Column::null_of(self.ty.base(), rows));
        }
        let skip = self.def.nulls == Nulls::Skip;
        let kept = if skip { mask.not().ones() } else { Vec::new() };
        let columns: Vec<Column> = args
            .iter()
            .map(|a| match a {
                Value::Column(c) if skip => without_nulls(&c.gather(&kept)),
                Value::Column(c) => without_nulls(c),
                Value::Lambda(_) => Data::Nothing(rows).into(),
            })
            .collect();
        let values: Vec<Value<'_>> = columns.iter().map(Value::Column).collect();
        let n = if skip { kept.len() } else { rows };
        let mut out = self.finish((self.run)(&Ctx { args: &values, rows: n, session })?, n)?.flat();
        if skip {
            let mut at = vec![0u32; rows];
            for (k, &row) in kept.iter().enumerate() {
                at[row as usize] = k as u32;
            }
            out = out.gather(&at);
        }
        if let Some(own) = &out.nulls {
            let mut all = mask;
            all.or_with(own);
            return Ok(out.with_nulls(Some(Arc::new(all))));
        }
        Ok(out.with_nulls(Some(Arc::new(mask))))
    }

    fn finish(&self, c: Column, rows: usize) -> Result<Column> {
        if c.len() == rows {
            return Ok(c);
        }
        Err(Error::internal(format!(
            "Function {} returned {} rows instead of {rows}",
            self.def.name,
            c.len()
        )))
    }
}

/// The same values with the type's default for each NULL.
fn defaults_for_nulls(c: &Column, ty: Option<&Type>) -> Column {
    let (Some(mask), Some(ty)) = (c.null_mask(), ty) else { return without_nulls(c) };
    let n = c.len();
    let mut b = ColumnBuilder::with_capacity(ty, n + 1);
    b.append_column(&without_nulls(&c.flat()));
    b.push_default(1);
    let at: Vec<u32> = (0..n).map(|i| if mask.get(i) { n as u32 } else { i as u32 }).collect();
    b.finish().gather(&at)
}

/// The same values with the NULL mask dropped.
pub fn without_nulls(c: &Column) -> Column {
    match &c.data {
        Data::Const(one, n) if one.nulls.is_some() => {
            Data::Const(Arc::new(Column { data: one.data.clone(), nulls: None }), *n).into()
        }
        data => Column { data: data.clone(), nulls: None },
    }
}

fn is_flat(c: &Column) -> bool {
    match &c.data {
        Data::Codes(..) => false,
        Data::Const(one, _) => is_flat(one),
        Data::Array(a) => !matches!(a.values.data, Data::Const(..)) && is_flat(&a.values),
        Data::Tuple(cs, _) => cs.iter().all(|c| !matches!(c.data, Data::Const(..)) && is_flat(c)),
        _ => true,
    }
}

/// No codes anywhere; `Const` stays at the top only.
pub fn flatten(c: &Column) -> Column {
    match &c.data {
        Data::Const(one, n) => Data::Const(Arc::new(one.flat_deep()), *n).into(),
        Data::Array(a) => Column {
            data: Data::Array(ArrayData {
                offsets: a.offsets.clone(),
                values: Arc::new(a.values.flat_deep()),
            }),
            nulls: c.nulls.clone(),
        },
        _ => c.flat_deep(),
    }
}

fn dict_result(c: Column) -> DictResult {
    let c = c.flat();
    if matches!(c.data, Data::Str(_)) {
        let nulls = c.nulls.clone();
        return DictResult::Dict(Arc::new(Dict::new(without_nulls(&c), false)), nulls);
    }
    DictResult::Flat(c)
}

/// One result per row from one per dictionary value.
fn spread(result: &DictResult, codes: &types::Buf<u32>, nulls: Option<&Arc<Bitmap>>) -> Column {
    match result {
        DictResult::Flat(values) => {
            let mut out = values.gather(codes);
            if let Some(n) = nulls {
                let mut mask = n.as_ref().clone();
                if let Some(own) = &out.nulls {
                    mask.or_with(own);
                }
                out.nulls = Some(Arc::new(mask));
            }
            out
        }
        DictResult::Dict(dict, dict_nulls) => {
            let own = dict_nulls.as_ref().map(|n| n.gather(codes));
            let mask = match (own, nulls) {
                (Some(mut a), Some(b)) => {
                    a.or_with(b);
                    Some(a)
                }
                (a, b) => a.or_else(|| b.map(|n| n.as_ref().clone())),
            };
            Column::new(Data::Codes(codes.clone(), dict.clone()), mask)
        }
    }
}

/// The codes that occur, and the column renumbered into them. Cost: one pass, 4 bytes a dictionary value.
fn distinct_codes(codes: &[u32], dict_len: usize) -> (Vec<u32>, Vec<u32>) {
    const NONE: u32 = u32::MAX;
    let mut number = vec![NONE; dict_len];
    let mut distinct = Vec::new();
    let renumbered = codes
        .iter()
        .map(|&c| {
            let n = &mut number[c as usize];
            if *n == NONE {
                *n = distinct.len() as u32;
                distinct.push(c);
            }
            *n
        })
        .collect();
    (distinct, renumbered)
}
