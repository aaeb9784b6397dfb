//! Runs plans and makes their parts.

use exec::{Chunk, kernel};
use serde_json::{Value, json};
use std::sync::mpsc;

/// The rows of a plan as TSV, or the error's name (our own bugs with their text). Columns get the names c0, c1, ….
pub fn answer(mut plan: Value, names: usize) -> String {
    plan["names"] = (0..names).map(|i| json!(format!("c{i}"))).collect();
    plan["sink"] = json!({"kind": "format", "format": "TabSeparated", "settings": {}});
    let q = match kernel().start_query(&plan.to_string()) {
        Ok(q) => q,
        Err(e) => return e.to_string(),
    };
    let mut out = Vec::new();
    loop {
        let (tx, rx) = mpsc::channel();
        kernel().next_chunk(q, Box::new(move |c, last| tx.send((c, last)).expect("the test waits")));
        match rx.recv().expect("an answer comes") {
            (Chunk::Bytes(b), last) => {
                out.extend_from_slice(&b);
                if last {
                    break;
                }
            }
            (Chunk::End, _) => break,
            (Chunk::Failed(e), _) => {
                kernel().close_query(q);
                let name = e.code().name;
                return if name == "LOGICAL_ERROR" { e.to_string() } else { name.to_string() };
            }
        }
    }
    kernel().close_query(q);
    String::from_utf8(out).expect("TSV is UTF-8")
}

/// Rows of a plan as `a|b;c|d`, or the error's name.
pub fn run(root: &Value, names: usize) -> String {
    let tsv = answer(json!({"root": root}), names);
    tsv.trim_end_matches('\n').replace('\t', "|").replace('\n', ";")
}

pub fn lit(ty: &str, v: &str) -> Value {
    json!({"lit": {"type": ty, "value": v}})
}
pub fn call(name: &str, args: &[Value]) -> Value {
    json!({"call": name, "args": args})
}
pub fn col(i: usize) -> Value {
    json!({"col": i})
}
pub fn numbers(n: u64) -> Value {
    json!({"kind": "numbers", "count": n})
}
/// Rows given as text `a|b;c|d`; `\N` is NULL.
pub fn values(types: &[&str], rows: &str) -> Value {
    let columns: Vec<Value> = types.iter().map(|t| json!({"name": "c", "type": t})).collect();
    let cell = |c: &str| if c == "\\N" { Value::Null } else { json!(c) };
    let rows: Vec<Value> = rows
        .split(';')
        .filter(|r| !r.is_empty())
        .map(|r| r.split('|').map(cell).collect::<Vec<_>>().into())
        .collect();
    json!({"kind": "values", "columns": columns, "rows": rows})
}
