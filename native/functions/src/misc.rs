//! Functions about values and the session: types, materialize, names, versions.

use crate::args::{u8_col, u64_col};
use crate::bind::{Bind, Bound, bound, constant};
use crate::def::{FunctionDef, f};
use types::codes::{FUNCTION_THROW_IF_VALUE_IS_NON_ZERO, TOO_SLOW};
use types::{Column, ColumnBuilder, Error, Result, Scalar, Type};

pub const DEFS: &[FunctionDef] = &[
    f("toTypeName", "toTypeName(x)", "Name of the type.", &[("toTypeName(1)", "UInt8")], |b| { b.arity(1, 1)?; constant(Type::String, Scalar::Bytes(b.ty(0).pretty().into_bytes())) }).own_nulls().own_lc(),
    f("toColumnTypeName", "toColumnTypeName(x)", "Name of the type of column that holds the values.", &[], column_type).own_nulls().own_lc().no_fold(),
    f("dumpColumnStructure", "dumpColumnStructure(x)", "The type and the kinds of columns that hold the values.", &[], dump).own_nulls().own_lc().no_fold(),
    f("materialize", "materialize(x)", "The same values, no longer taken for a constant.", &[("materialize(1)", "1")], |b| { b.arity(1, 1)?; bound(b.ty(0).clone(), |c| Ok(c.col(0).flat())) }).own_nulls().own_lc().no_fold(),
    f("identity", "identity(x)", "The argument.", &[("identity(1)", "1")], |b| { b.arity(1, 1)?; bound(b.ty(0).clone(), |c| Ok(c.col(0).clone())) }).own_nulls().own_lc(),
    f("ignore", "ignore(…)", "0, whatever the arguments are.", &[("ignore(1, 'a')", "0")], |_| constant(Type::UInt8, Scalar::Int(0))).own_nulls().own_lc(),
    f("indexHint", "indexHint(condition)", "1; the condition is only used to skip data.", &[("indexHint(1)", "1")], |_| constant(Type::UInt8, Scalar::Int(1))).own_nulls().own_lc(),
    f("isConstant", "isConstant(x)", "1 if the argument is a constant expression.", &[("isConstant(1 + 1)", "1")], |b| { b.arity(1, 1)?; constant(Type::UInt8, Scalar::Int(b.constant(0).is_some().into())) }).own_nulls().own_lc(),
    f("toLowCardinality", "toLowCardinality(x)", "The type made LowCardinality.", &[("toTypeName(toLowCardinality('a'))", "LowCardinality(String)")], to_low_cardinality).own_nulls().own_lc(),
    f("defaultValueOfArgumentType", "defaultValueOfArgumentType(x)", "The default value of the argument's type.", &[("defaultValueOfArgumentType(5)", "0")], |b| { b.arity(1, 1)?; let t = b.ty(0).clone(); bound(t.clone(), move |c| Ok(Column::initial_of(&t, c.rows))) }).own_nulls().own_lc(),
    f("defaultValueOfTypeName", "defaultValueOfTypeName(name)", "The default value of a type.", &[("defaultValueOfTypeName('String')", "")], |b| { b.arity(1, 1)?; let t = types::parse::parse_type(b.const_str(0)?)?; bound(t.clone(), move |c| Ok(Column::initial_of(&t, c.rows))) }).own_nulls(),
    f("throwIf", "throwIf(x[, message])", "An error if x is not 0, else 0.", &[("throwIf(0)", "0")], throw_if),
    f("version", "version()", "Version of the server.", &[], |b| text(b, b.session.version.clone())).ci(),
    f("currentDatabase", "currentDatabase()", "Name of the current database.", &[], |b| text(b, b.session.database.clone())).ci().alias_ci(&["DATABASE", "SCHEMA", "current_database"]),
    f("currentUser", "currentUser()", "Name of the user.", &[], |b| text(b, b.session.user.clone())).ci().alias_ci(&["user", "current_user"]),
    f("hostName", "hostName()", "Name of the host.", &[], |b| text(b, b.session.hostname.clone())).ci().alias_ci(&["hostname"]),
    f("FQDN", "FQDN()", "Full name of the host.", &[], |b| text(b, b.session.hostname.clone())).ci().alias_ci(&["fullHostName"]),
    f("queryID", "queryID()", "Id of the query.", &[], |b| text(b, b.session.query_id.clone())).alias_ci(&["query_id"]),
    f("initialQueryID", "initialQueryID()", "Id of the query as the client sent it.", &[], |b| text(b, b.session.query_id.clone())).alias_ci(&["initial_query_id"]),
    f("displayName", "displayName()", "Name of the server.", &[], |b| text(b, b.session.hostname.clone())),
    f("getSetting", "getSetting(name)", "Value of a setting, as text or number.", &[], |b| setting(b, false)),
    f("getSettingOrDefault", "getSettingOrDefault(name, default)", "Value of a setting, or the default if it has none.", &[], |b| setting(b, true)),
    f("blockSize", "blockSize()", "Rows of the block.", &[], |b| { b.arity(0, 0)?; bound(Type::UInt64, |c| Ok(u64_col(vec![c.rows as u64; c.rows]))) }).no_fold(),
    f("rowNumberInBlock", "rowNumberInBlock()", "Number of the row in its block.", &[], |b| { b.arity(0, 0)?; bound(Type::UInt64, |c| Ok(u64_col((0..c.rows as u64).collect()))) }).stateful(),
    f("sleep", "sleep(seconds)", "Waits once per block, at most 3 seconds; gives 0.", &[], |b| sleep(b, false)).no_fold(),
    f("sleepEachRow", "sleepEachRow(seconds)", "Waits for each row; gives 0.", &[], |b| sleep(b, true)).no_fold(),
    f("shardNum", "shardNum()", "0: there are no shards.", &[("shardNum()", "0")], |b| { b.arity(0, 0)?; constant(Type::UInt32, Scalar::Int(0)) }),
    f("shardCount", "shardCount()", "0: there are no shards.", &[("shardCount()", "0")], |b| { b.arity(0, 0)?; constant(Type::UInt32, Scalar::Int(0)) }),
    f("uptime", "uptime()", "Seconds that the server has been running.", &[], |b| { b.arity(0, 0)?; let n = START.elapsed().as_secs(); constant(Type::UInt32, Scalar::Int(n.into())) }).random(),
    f("getSizeOfEnumType", "getSizeOfEnumType(x)", "Number of elements of an Enum type.", &[], |b| { b.arity(1, 1)?; match b.ty(0) { Type::Enum8(e) | Type::Enum16(e) => constant(Type::UInt32, Scalar::Int(e.entries.len() as i128)), _ => Err(b.illegal(0, "Enum")) } }),
    f("byteSize", "byteSize(…)", "Uncompressed bytes of the values in memory.", &[("byteSize(toUInt32(1))", "4")], byte_size).own_nulls().own_lc().no_fold(),
    f("blockSerializedSize", "blockSerializedSize(…)", "Bytes of the block's values on disk, uncompressed.", &[], serialized_size).own_nulls().no_fold(),
    f("errorCodeToName", "errorCodeToName(code)", "Name of an error code.", &[("errorCodeToName(46)", "UNKNOWN_FUNCTION")], error_name).own_nulls(),
];

static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);

fn text(b: &Bind<'_>, value: String) -> Result<Bound> {
    b.arity(0, 0)?;
    constant(Type::String, Scalar::Bytes(value.into_bytes()))
}

/// ClickHouse's name of the column class of a type.
fn column_class(t: &Type) -> String {
    match t {
        Type::Nullable(i) => format!("Nullable({})", column_class(i)),
        Type::LowCardinality(i) => format!("ColumnLowCardinality({})", column_class(i)),
        Type::String => "String".into(),
        Type::FixedString(n) => format!("FixedString({n})"),
        Type::Array(i) => format!("Array({})", column_class(i)),
        Type::Bool => "UInt8".into(),
        Type::Date => "UInt16".into(),
        Type::DateTime(_) => "UInt32".into(),
        Type::Date32 => "Int32".into(),
        t => t.to_string(),
    }
}

fn column_type(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let class = column_class(b.ty(0));
    let name = if b.constant(0).is_some() { format!("Const({class})") } else { class };
    bound(Type::String, move |c| Ok(Column::constant(Column::strings([name.as_bytes()]), c.rows)))
}

/// Bytes of a flat column in the Native format.
fn serialized_size(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    let types = b.types();
    bound(Type::UInt64, move |c| {
        let n: usize = c.cols().iter().zip(&types).map(|(x, t)| serialized(&x.flat(), t)).sum();
        Ok(u64_col(vec![n as u64; c.rows]))
    })
}

fn serialized(c: &Column, ty: &Type) -> usize {
    let length = |n: usize| (usize::BITS - (n | 1).leading_zeros()).div_ceil(7) as usize + n;
    match (ty, &c.data) {
        (Type::LowCardinality(t), _) => serialized(c, t),
        // A byte for each row says whether it is NULL.
        (Type::Nullable(t), _) => c.len() + serialized(&crate::call::without_nulls(c), t),
        (_, types::Data::Nothing(n)) => *n,
        (_, types::Data::Str(s)) => s.iter().map(|x| length(x.len())).sum(),
        (Type::Array(t), types::Data::Array(a)) => 8 * c.len() + serialized(&a.values.flat(), t),
        (Type::Map(kv), types::Data::Array(a)) => 8 * c.len() + serialized(&a.values.flat(), &Type::map_entry(kv)),
        (Type::Tuple(es), types::Data::Tuple(cs, _)) => cs.iter().zip(es.iter()).map(|(x, e)| serialized(&x.flat(), &e.1)).sum(),
        _ => c.bytes(),
    }
}

/// The columns that hold values of a type, as ClickHouse has them.
fn layout(ty: &Type, c: &Column) -> String {
    let rows = c.len();
    match (ty, &c.data) {
        (Type::Nullable(t), _) => format!("Nullable(size = {rows}, {}, UInt8(size = {rows}))", layout(t, &crate::call::without_nulls(c))),
        (Type::Array(t), types::Data::Array(a)) => format!("Array(size = {rows}, UInt64(size = {rows}), {})", layout(t, &a.values.flat())),
        (Type::Map(kv), _) => format!("Map(size = {rows}, {})", layout(&Type::array(Type::map_entry(kv)), c)),
        (Type::Tuple(es), types::Data::Tuple(cs, _)) => {
            let parts: Vec<String> = es.iter().zip(cs.iter()).map(|(e, x)| layout(&e.1, &x.flat())).collect();
            format!("Tuple(size = {rows}, {})", parts.join(", "))
        }
        (Type::LowCardinality(t), _) => format!("LowCardinality(size = {rows}, UInt8(size = {rows}), Unique(size = {}, {}(size = {})))", rows + 1, column_class(t), rows + 1),
        (t, _) => format!("{}(size = {rows})", column_class(t)),
    }
}

fn dump(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let (ty, is_const) = (b.ty(0).clone(), b.constant(0).is_some());
    bound(Type::String, move |c| {
        let rows = c.rows;
        let col = if is_const { c.col(0).slice(0, 1).flat() } else { c.col(0).flat() };
        let shown = if is_const { format!("{ty}, Const(size = {rows}, {})", layout(&ty, &col)) } else { format!("{ty}, {}", layout(&ty, &col)) };
        Ok(Column::constant(Column::strings([shown.as_bytes()]), rows))
    })
}

fn to_low_cardinality(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let t = b.ty(0);
    if matches!(t, Type::LowCardinality(_)) {
        return bound(t.clone(), |c| Ok(c.col(0).clone()));
    }
    if !crate::call::can_be_low_cardinality(t) && !matches!(t.base(), Type::Interval(_)) {
        return Err(b.illegal(0, "a string, number, date or Nullable of them"));
    }
    bound(Type::low_cardinality(t.clone()), |c| Ok(c.col(0).clone()))
}

fn throw_if(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 3)?;
    b.number(0)?;
    let message = if b.len() > 1 { Some(b.const_str(1)?.to_string()) } else { None };
    bound(Type::UInt8, move |c| {
        if crate::args::truths(c.col(0)).any() {
            let shown = message.clone().unwrap_or_else(|| "Value passed to 'throwIf' function is non-zero".into());
            return Err(Error::new(FUNCTION_THROW_IF_VALUE_IS_NON_ZERO, shown));
        }
        Ok(Column::constant(u8_col(vec![0]), c.rows))
    })
}

fn setting(b: &Bind<'_>, default: bool) -> Result<Bound> {
    b.arity(1 + usize::from(default), 1 + usize::from(default))?;
    let name = b.const_str(0)?;
    match b.session.setting(name) {
        Some(v) => match v.parse::<u64>() {
            Ok(n) => constant(Type::UInt64, Scalar::Int(n.into())),
            Err(_) => constant(Type::String, Scalar::Bytes(v.as_bytes().to_vec())),
        },
        None if default => bound(b.ty(1).clone(), |c| Ok(c.col(1).clone())),
        None => Err(Error::new(types::codes::UNKNOWN_SETTING, format!("Unknown setting '{name}'"))),
    }
}

fn sleep(b: &Bind<'_>, each: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    let seconds = b.const_f64(0)?;
    if !(0.0..=3.0).contains(&seconds) {
        return Err(Error::new(TOO_SLOW, format!("The maximum sleep time is 3 seconds. Requested: {seconds}")));
    }
    bound(Type::UInt8, move |c| {
        let total = if each { seconds * c.rows as f64 } else { seconds };
        if total > 3.0 {
            return Err(Error::new(TOO_SLOW, format!("The maximum sleep time is 3 seconds per block. Requested: {total}")));
        }
        std::thread::sleep(std::time::Duration::from_secs_f64(total));
        Ok(Column::constant(u8_col(vec![0]), c.rows))
    })
}

fn byte_size(b: &Bind<'_>) -> Result<Bound> {
    b.arity(0, usize::MAX)?;
    let types = b.types();
    bound(Type::UInt64, move |c| {
        let mut total = vec![0u64; c.rows];
        for (k, t) in types.iter().enumerate() {
            add_size(t, c.col(k), &mut total);
        }
        Ok(u64_col(total))
    })
}

fn width(t: &Type) -> u64 {
    if *t == Type::BFloat16 { 2 } else { t.fixed_width().unwrap_or(0) as u64 }
}

fn add_size(t: &Type, col: &Column, total: &mut [u64]) {
    let col = col.flat();
    match (t, &col.data) {
        (Type::Nullable(i), _) => {
            total.iter_mut().for_each(|n| *n += 1);
            for (k, n) in total.iter_mut().enumerate() {
                if !col.is_null(k) {
                    let mut one = [0u64];
                    add_size(i, &col.slice(k, 1), &mut one);
                    *n += one[0];
                } else {
                    *n += if **i == Type::String { 8 } else { width(i) };
                }
            }
        }
        (Type::LowCardinality(i), _) => add_size(i, &col, total),
        (_, types::Data::Str(s)) => total.iter_mut().enumerate().for_each(|(k, n)| *n += s.get(k).len() as u64 + 8),
        (Type::Array(i), types::Data::Array(a)) => {
            for (k, n) in total.iter_mut().enumerate() {
                let (x, y) = (a.offsets[k] as usize, a.offsets[k + 1] as usize);
                let mut inner = vec![0u64; y - x];
                add_size(i, &a.values.slice(x, y - x), &mut inner);
                *n += 8 + inner.iter().sum::<u64>();
            }
        }
        (Type::Map(kv), types::Data::Array(_)) => add_size(&Type::array(Type::map_entry(kv)), &col, total),
        (Type::Tuple(es), types::Data::Tuple(cs, _)) => es.iter().zip(cs.iter()).for_each(|(e, x)| add_size(&e.1, x, total)),
        (t, _) => total.iter_mut().for_each(|n| *n += width(t)),
    }
}

fn error_name(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let ty = b.ty(0).base();
    if *ty == Type::Nothing {
        return bound(Type::nullable(Type::Nothing), |c| Ok(Column::null_of(&Type::Nothing, c.rows)));
    }
    b.check(0, ty.is_number() && !ty.is_decimal(), "an integer")?;
    bound(Type::low_cardinality(Type::String), |c| {
        let codes = c.col(0).flat();
        let v = crate::args::i64s(&codes);
        let mut out = ColumnBuilder::new(&Type::String);
        for i in 0..c.rows {
            let name = types::codes::ALL.iter().find(|k| i64::from(k.number) == v.at(i)).map_or(if v.at(i) == 0 { "OK" } else { "" }, |k| k.name);
            out.push_bytes(name.as_bytes());
        }
        Ok(out.finish())
    })
}
