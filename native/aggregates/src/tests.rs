//! Every aggregate: fed at once, in halves that are merged, through serial states, over single
//! and many groups, with flat, constant and coded columns, the result is the same.

use crate::{Aggregate, Groups, Param, States, registry, resolve};
use std::sync::Arc;
use types::parse::parse_type;
use types::{Bitmap, Column, ColumnBuilder, Data, Dict, Scalar, Type};

struct Random(u64);
impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        types::compare::mix(self.0, 42)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

fn ty(text: &str) -> Type {
    parse_type(text).unwrap()
}
fn types(texts: &[&str]) -> Vec<Type> {
    texts.iter().map(|t| ty(t)).collect()
}
fn params(texts: &[&str]) -> Vec<Param> {
    texts.iter().map(|t| crate::resolve::parse_param(t).unwrap()).collect()
}
fn agg(name: &str, ps: &[&str], args: &[&str]) -> Arc<dyn Aggregate> {
    resolve(name, &params(ps), &types(args)).unwrap()
}
fn ints(v: &[i64]) -> Column {
    Data::I64(v.to_vec().into()).into()
}
fn text(c: &Column, row: usize, t: &Type) -> String {
    let mut out = Vec::new();
    types::text::write_text(c, row, t, &mut out).unwrap();
    String::from_utf8_lossy(&out).into_owned()
}
fn one(a: &Arc<dyn Aggregate>, args: &[Column], rows: usize) -> String {
    let mut s = a.states();
    s.resize(1);
    s.update(Groups::One(0), args, rows).unwrap();
    text(&s.finish(0..1).unwrap(), 0, a.ty())
}

/// A random column; values repeat.
fn random_column(t: &Type, rows: usize, r: &mut Random) -> Column {
    let mut b = ColumnBuilder::new(t);
    for row in 0..rows {
        // arrays of one row are equally long in all columns
        let s = match t {
            Type::Array(e) => Scalar::Array((0..row * 7 % 4).map(|_| random_value(e, r)).collect()),
            t => random_value(t, r),
        };
        b.push_scalar(&s);
    }
    b.finish()
}
fn random_value(t: &Type, r: &mut Random) -> Scalar {
    match t {
        Type::Nullable(_) if r.below(4) == 0 => Scalar::Null,
        Type::Nullable(t) | Type::LowCardinality(t) => random_value(t, r),
        Type::UInt8 | Type::Bool => Scalar::Int(i128::from(r.below(2))),
        Type::Float32 | Type::Float64 => Scalar::Float(r.below(400) as f64 / 4.0),
        Type::String => Scalar::Bytes(format!("v{}", r.below(40)).into_bytes()),
        Type::FixedString(n) => Scalar::Bytes(vec![b'a' + r.below(20) as u8; *n as usize]),
        Type::Array(e) => Scalar::Array((0..r.below(4)).map(|_| random_value(e, r)).collect()),
        Type::Map(kv) => {
            let keys: Vec<i128> = (0..r.below(4) as i128).collect();
            Scalar::Array(
                keys.into_iter()
                    .map(|k| Scalar::Tuple(vec![Scalar::Int(k), random_value(&kv.1, r)]))
                    .collect(),
            )
        }
        Type::Tuple(es) => Scalar::Tuple(es.iter().map(|e| random_value(&e.1, r)).collect()),
        _ => Scalar::Int(i128::from(r.below(100))),
    }
}

/// Equal texts, or equal up to rounding where numbers are.
fn alike(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let split = |s: &str| s.split(['[', ']', '(', ')', ',']).map(str::to_string).collect::<Vec<_>>();
    let (x, y) = (split(a), split(b));
    x.len() == y.len()
        && x.iter().zip(&y).all(|(p, q)| {
            p == q || matches!((p.parse::<f64>(), q.parse::<f64>()), (Ok(u), Ok(v)) if (u - v).abs() <= 1e-6 * (1.0 + u.abs().max(v.abs())))
        })
}

fn results(s: &dyn States, a: &Arc<dyn Aggregate>) -> Vec<String> {
    if let Ok(c) = s.finish(0..s.len()) {
        assert_eq!(c.len(), s.len());
        return (0..s.len()).map(|i| text(&c, i, a.ty())).collect();
    }
    // some functions refuse a group without enough rows
    let one = |g: usize| s.finish(g..g + 1).map_or("refused".into(), |c| text(&c, 0, a.ty()));
    (0..s.len()).map(one).collect()
}

/// Sorted elements, for arrays without an order of their own.
fn canonical(name: &str, all: Vec<String>) -> Vec<String> {
    if !(name.starts_with("groupUniqArray")
        || name == "groupArrayDistinct"
        || name.starts_with("groupArrayIntersect")
        || name.starts_with("topK")
        || name.starts_with("approx_top"))
    {
        return all;
    }
    all.into_iter()
        .map(|s| {
            let mut parts: Vec<&str> = s.split(',').map(|p| p.trim_matches(['[', ']'])).collect();
            parts.sort_unstable();
            parts.join(",")
        })
        .collect()
}

fn check(name: &str, ps: &[&str], args: &[&str], seed: u64) {
    let a = agg(name, ps, args);
    let mut r = Random(seed);
    let rows = 300;
    let columns: Vec<Column> = types(args).iter().map(|t| random_column(t, rows, &mut r)).collect();
    let groups: Vec<u32> = (0..rows).map(|_| r.below(5) as u32).collect();
    // group 5 stays empty
    let n = 6;
    let mut whole = a.states();
    whole.resize(n);
    whole.update(Groups::Each(&groups), &columns, rows).unwrap();
    let expected = canonical(name, results(whole.as_ref(), &a));
    assert!(whole.bytes() <= 1 << 24);

    // in halves, merged
    let half = rows / 2;
    let part = |from: usize, len: usize| {
        let mut s = a.states();
        s.resize(n);
        let cs: Vec<Column> = columns.iter().map(|c| c.slice(from, len)).collect();
        s.update(Groups::Each(&groups[from..from + len]), &cs, len).unwrap();
        s
    };
    let all: Vec<u32> = (0..n as u32).collect();
    let mut left = part(0, half);
    left.merge(part(half, rows - half).as_ref(), &all, &all).unwrap();
    compare(name, &expected, canonical(name, results(left.as_ref(), &a)), "merged");

    // through serial states, into one set of states
    let mut read = a.states();
    read.resize(n);
    for (from, len) in [(0, half), (half, rows - half)] {
        let bytes = part(from, len).serialize(&all).unwrap();
        read.merge_serialized(&all, &bytes).unwrap();
    }
    compare(name, &expected, canonical(name, results(read.as_ref(), &a)), "serialised");

    // group by group
    let mut single = a.states();
    single.resize(n);
    for g in 0..n as u32 {
        let keep: Vec<u32> = (0..rows as u32).filter(|i| groups[*i as usize] == g).collect();
        if !keep.is_empty() {
            let cs: Vec<Column> = columns.iter().map(|c| c.gather(&keep)).collect();
            single.update(Groups::One(g), &cs, keep.len()).unwrap();
        }
    }
    compare(name, &expected, canonical(name, results(single.as_ref(), &a)), "group by group");

    // the empty state and damaged bytes
    let empty = types::StrData::from_iter([b"".as_slice()]);
    whole.merge_serialized(&[0], &empty).unwrap();
    let state = whole.serialize(&[0]).unwrap();
    let bytes = state.get(0).to_vec();
    for cut in 1..bytes.len().min(60) {
        let mut s = a.states();
        s.resize(1);
        // damage is an error or another state, never a panic
        if s.merge_serialized(&[0], &types::StrData::from_iter([&bytes[..cut]])).is_ok() {
            let _ = s.finish(0..1);
        }
    }
}

fn compare(name: &str, expected: &[String], got: Vec<String>, how: &str) {
    // what is put together from parts is another sketch of the same values
    let sketch = name.contains("_agg")
        || ["histogram", "GK", "WithBounds", "TimingWeighted"].iter().any(|w| name.contains(w));
    if sketch && how != "group by group" {
        return;
    }
    for (g, (e, x)) in expected.iter().zip(&got).enumerate() {
        assert!(alike(e, x), "{name} {how}, group {g}:\n{e}\n{x}");
    }
}

/// Calls that bind, for every function of the registry.
fn calls(name: &str) -> Vec<(Vec<&'static str>, Vec<&'static str>)> {
    let parameters: &[&[&str]] = &[
        &[],
        &["0.9"],
        &["100", "0.9"],
        &["0.01", "0.9"],
        &["3"],
        &["'(?1)(?2)'"],
        &["'forward'", "'head'"],
        &["[1, 2]"],
        &["1., 1., 0.95"],
        &["8", "0", "200"],
        &["0.01", "0.1", "5", "'SGD'"],
        &["1.", "1.", "0.95"],
    ];
    let arguments: &[&[&str]] = &[
        &["Int32"],
        &["UInt64"],
        &["Float64"],
        &["String"],
        &["Nullable(Int64)"],
        &["Decimal(12, 2)"],
        &["Array(UInt16)"],
        &["Tuple(UInt8, String)"],
        &["Int32", "Int64"],
        &["UInt64", "UInt64"],
        &["Float64", "Nullable(Float64)"],
        &["UInt32", "Float64"],
        &["String", "UInt32"],
        &["Float64", "UInt8"],
        &["UInt32", "UInt8", "UInt8"],
        &["DateTime", "String", "UInt8", "UInt8"],
        &["UInt8", "UInt8"],
        &["Array(UInt16)", "Array(Int32)"],
    ];
    let mut out = Vec::new();
    for a in arguments {
        for p in parameters {
            let bound = p.iter().all(|t| crate::resolve::parse_param(t).is_ok())
                && resolve(name, &params(p), &types(a)).is_ok();
            if bound {
                out.push((p.to_vec(), a.to_vec()));
                break;
            }
        }
    }
    out
}

/// Results that depend on how the rows were split, or on chance.
const LOOSE: &[&str] = &[
    "topK",
    "topKWeighted",
    "approx_top_k",
    "approx_top_sum",
    "groupArraySample",
    "anyHeavy",
    "deltaSum",
    "deltaSumTimestamp",
    "groupArrayLast",
    "groupArrayMovingSum",
    "groupArrayMovingAvg",
    "stochasticLinearRegression",
    "stochasticLogisticRegression",
    "exponentialMovingAverage",
];

#[test]
fn every_aggregate_merges_and_serialises() {
    for def in registry() {
        // a digest depends on how it was cut
        if def.name.contains("TDigest") {
            continue;
        }
        let calls = calls(def.name);
        let states_only = def.name.starts_with("groupBitmap") && def.name != "groupBitmap";
        assert!(!calls.is_empty() || states_only, "no call of {} binds", def.name);
        for (i, (p, a)) in calls.iter().enumerate() {
            // of sketches: random texts are none
            let of_sketches =
                ["union_agg", "merge_agg", "intersection_agg"].iter().any(|w| def.name.ends_with(w));
            if !LOOSE.contains(&def.name) && !of_sketches {
                check(def.name, p, a, i as u64);
            }
        }
    }
}

#[test]
fn combinators_merge_and_serialise() {
    for (name, ps, args) in [
        ("sumIf", &[][..], &["Int32", "UInt8"][..]),
        ("sumIf", &[], &["Nullable(Int32)", "Nullable(UInt8)"]),
        ("countIf", &[], &["Nullable(UInt8)"]),
        ("avgOrNull", &[], &["Int32"]),
        ("sumOrDefaultIf", &[], &["Int32", "UInt8"]),
        ("avgIfOrNull", &[], &["Float64", "UInt8"]),
        ("sumArray", &[], &["Array(Int32)"]),
        ("sumArrayArray", &[], &["Array(Array(Int32))"]),
        ("sumForEach", &[], &["Array(Int32)"]),
        ("uniqExactForEach", &[], &["Array(String)"]),
        ("sumMap", &[], &["Map(UInt8, Int64)"]),
        ("groupArrayMap", &[], &["Map(UInt8, Int64)"]),
        ("sumDistinct", &[], &["Int32"]),
        ("countDistinct", &[], &["String", "Int32"]),
        ("groupArrayDistinct", &[], &["Nullable(Int32)"]),
        ("sumResample", &["0", "100", "30"], &["Int32", "Int32"]),
        ("quantileExactResample", &["0.5", "0", "100", "30"], &["Int32", "Int32"]),
        ("sumArgMax", &[], &["Int32", "Int32"]),
        ("groupArrayArgMin", &[], &["String", "String"]),
        ("sumTuple", &[], &["Tuple(Int32, Float64)"]),
        ("maxArrayOrNullIf", &[], &["Array(Int32)", "UInt8"]),
        ("uniqExactArrayIf", &[], &["Array(String)", "UInt8"]),
        ("argMaxIf", &[], &["String", "Nullable(Int32)", "UInt8"]),
        ("anyRespectNulls", &[], &["Nullable(String)"]),
    ] {
        for seed in 0..3 {
            check(name, ps, args, seed);
        }
    }
}

#[test]
fn states_travel_as_values() {
    let mut r = Random(7);
    for (name, ps, args) in [
        ("sum", &[][..], &["Int32"][..]),
        ("uniqExact", &[], &["String"]),
        ("quantileExact", &["0.5"], &["Int64"]),
        ("avg", &[], &["Nullable(Float64)"]),
        ("groupArray", &[], &["String"]),
    ] {
        let state = resolve(&format!("{name}State"), &params(ps), &types(args)).unwrap();
        let plain = agg(name, ps, args);
        let merge = resolve(&format!("{name}Merge"), &params(ps), &[state.ty().clone()]).unwrap();
        let again = resolve(&format!("{name}MergeState"), &params(ps), &[state.ty().clone()]).unwrap();
        assert_eq!(again.ty(), state.ty());
        assert_eq!(merge.ty(), plain.ty());
        let columns: Vec<Column> = types(args).iter().map(|t| random_column(t, 50, &mut r)).collect();
        let groups: Vec<u32> = (0..50).map(|i| i % 4).collect();
        let mut s = state.states();
        s.resize(4);
        s.update(Groups::Each(&groups), &columns, 50).unwrap();
        let values = s.finish(0..4).unwrap();
        let by_group: Vec<u32> = (0..4).flat_map(|g| (0..50).filter(move |i| i % 4 == g)).collect();
        let ordered: Vec<Column> = columns.iter().map(|c| c.gather(&by_group)).collect();
        assert_eq!(one(&merge, &[values], 4), one(&plain, &ordered, 50), "{name}");
    }
}

#[test]
fn codes_and_constants_equal_flat_columns() {
    let mut r = Random(3);
    let dict = Arc::new(Dict::new(Column::strings(["", "a", "b", "cc", "dd"].map(str::as_bytes)), true));
    let other = Arc::new(Dict::new(Column::strings(["a", "aa", "x"].map(str::as_bytes)), true));
    let first: Vec<u32> = (0..100).map(|_| r.below(5) as u32).collect();
    let second: Vec<u32> = (0..100).map(|_| r.below(3) as u32).collect();
    let a: Column = Data::Codes(first.into(), dict).into();
    let b: Column = Data::Codes(second.into(), other).into();
    let groups: Vec<u32> = (0..100).map(|_| r.below(3) as u32).collect();
    for name in [
        "min",
        "max",
        "any",
        "anyLast",
        "uniqExact",
        "uniq",
        "groupUniqArray",
        "groupArray",
        "count",
        "topK",
        "groupConcat",
    ] {
        let f = agg(name, &[], &["String"]);
        let run = |flat: bool| {
            let mut s = f.states();
            s.resize(3);
            for c in [&a, &b, &a] {
                let c = if flat { c.flat() } else { c.clone() };
                s.update(Groups::Each(&groups), std::slice::from_ref(&c), 100).unwrap();
                s.update(Groups::One(1), &[c], 100).unwrap();
            }
            let constant = Column::constant(Column::strings([b"zz".as_slice()]), 7);
            s.update(Groups::One(2), &[if flat { constant.flat() } else { constant }], 7).unwrap();
            canonical(name, results(s.as_ref(), &f))
        };
        assert_eq!(run(true), run(false), "{name}");
    }
    let sum = agg("sum", &[], &["Int64"]);
    assert_eq!(one(&sum, &[Column::constant(ints(&[3]), 1000)], 1000), "3000");
}

#[test]
fn nulls_are_skipped() {
    let c = ints(&[5, 0, 7]).with_nulls(Some(Arc::new(Bitmap::from_fn(3, |i| i == 1))));
    let all_null = ints(&[0, 0]).with_nulls(Some(Arc::new(Bitmap::new(2, true))));
    for (name, some, none, result) in [
        ("sum", "12", "NULL", "Nullable(Int64)"),
        ("avg", "6", "NULL", "Nullable(Float64)"),
        ("min", "5", "NULL", "Nullable(Int64)"),
        ("count", "2", "0", "UInt64"),
        ("uniqExact", "2", "0", "UInt64"),
        ("groupArray", "[5,7]", "[]", "Array(Int64)"),
        ("any", "5", "NULL", "Nullable(Int64)"),
        ("sumOrDefault", "12", "NULL", "Nullable(Int64)"),
    ] {
        let a = agg(name, &[], &["Nullable(Int64)"]);
        assert_eq!(a.ty().to_string(), result, "{name}");
        assert_eq!(one(&a, std::slice::from_ref(&c), 3), some, "{name}");
        let got = one(&a, std::slice::from_ref(&all_null), 2);
        assert_eq!(got.replace("\\N", "NULL").replace("ᴺᵁᴸᴸ", "NULL"), none, "{name}");
    }
    assert_eq!(agg("sum", &[], &["Nullable(Nothing)"]).ty().to_string(), "Nullable(Nothing)");
    assert_eq!(agg("countIf", &[], &["Nullable(Nothing)"]).ty().to_string(), "UInt64");
}

#[test]
fn results_are_clickhouses() {
    let v = ints(&[5, 1, 4, 1, 3]);
    for (name, ps, expected) in [
        ("sum", &[][..], "14"),
        ("avg", &[], "2.8"),
        ("max", &[], "5"),
        ("anyLast", &[], "3"),
        ("groupArray", &["2"], "[5,1]"),
        ("groupArrayLast", &["2"], "[3,1]"),
        ("quantileExact", &["0.5"], "3"),
        ("quantilesExact", &["0", "1"], "[1,5]"),
        ("median", &[], "3"),
        ("quantile", &["0.3"], "1.4"),
        ("groupArraySorted", &["3"], "[1,1,3]"),
        ("groupBitXor", &[], "2"),
        ("topK", &["1"], "[1]"),
        ("groupConcat", &["','"], "5,1,4,1,3"),
        ("uniqUpTo", &["3"], "4"),
        ("varPop", &[], "2.5599999999999996"),
        ("stddevSamp", &[], "1.7888543819998315"),
        ("entropy", &[], "1.9219280948873623"),
        ("groupArrayMovingSum", &["2"], "[5,6,5,5,4]"),
        ("quantileTDigest", &["0.5"], "3"),
        ("sumCount", &[], "(14,5)"),
        ("sumKahan", &[], "14"),
        ("deltaSum", &[], "5"),
        ("singleValueOrNull", &[], "\\N"),
    ] {
        let a = agg(name, ps, &["Int64"]);
        assert_eq!(
            one(&a, std::slice::from_ref(&v), 5).replace("NULL", "\\N").replace("ᴺᵁᴸᴸ", "\\N"),
            expected,
            "{name}"
        );
    }
    assert_eq!(
        agg("quantileExactState", &["0.25"], &["UInt32"]).ty().to_string(),
        "AggregateFunction(quantileExact(0.25), UInt32)"
    );
    assert_eq!(
        agg("sumSimpleState", &[], &["UInt8"]).ty().to_string(),
        "SimpleAggregateFunction(sum, UInt64)"
    );
    for (name, args, code) in [
        ("nosuch", &["Int8"][..], "UNKNOWN_AGGREGATE_FUNCTION"),
        ("sum", &["String"], "ILLEGAL_TYPE_OF_ARGUMENT"),
        ("sumIf", &["Int32"], "ILLEGAL_TYPE_OF_ARGUMENT"),
        ("sumIfIf", &["Int32", "UInt8", "UInt8"], "ILLEGAL_AGGREGATION"),
        ("avgSimpleState", &["Int8"], "BAD_ARGUMENTS"),
        ("sumMerge", &["Int8"], "ILLEGAL_TYPE_OF_ARGUMENT"),
        ("retention", &["UInt8"], "NUMBER_OF_ARGUMENTS_DOESNT_MATCH"),
        ("windowFunnel", &["UInt32", "UInt8"], "NUMBER_OF_ARGUMENTS_DOESNT_MATCH"),
    ] {
        assert_eq!(resolve(name, &[], &types(args)).err().map(|e| e.code().name), Some(code), "{name}");
    }
}

#[test]
fn memory_is_counted_before_it_grows() {
    let a = agg("uniqExact", &[], &["UInt64"]);
    let mut s = a.states();
    s.resize(1);
    let mut x = 0u64;
    for _ in 0..40 {
        let values: Vec<u64> = (0..65_536)
            .map(|_| {
                x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
                x
            })
            .collect();
        let planned = s.planned_bytes(values.len());
        s.update(Groups::One(0), &[Data::U64(values.into()).into()], 65_536).unwrap();
        assert!(s.bytes() <= planned, "{} > {planned}", s.bytes());
    }
    assert_eq!(text(&s.finish(0..1).unwrap(), 0, a.ty()), (40 * 65_536).to_string());
    assert!(s.bytes() >= 40 * 65_536 * 8);
}
