//! Bound expressions over batches.

use super::lazy::{Lazy, lazy_branches, lazy_logic};
use super::{Bound, BoundCall};
use crate::query::Query;
use functions::{LambdaFn, Value};
use types::codes::ILLEGAL_TYPE_OF_ARGUMENT;
use types::{Column, Data, Error, Result};

/// Functions whose result depends on the types of their arguments only: values are not computed.
const OF_TYPES: &[&str] =
    &["toTypeName", "toColumnTypeName", "defaultValueOfArgumentType", "isNullable", "getSizeOfEnumType"];

pub struct Input<'a> {
    pub columns: &'a [Column],
    pub rows: usize,
    pub params: &'a [Column],
}

pub fn eval(b: &Bound, input: &Input<'_>, query: &Query) -> Result<Column> {
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

enum Slot<'a> {
    Column(Column),
    Lambda(BoundLambda<'a>),
}

/// Bytes of an argument that was made for this call: those of columns that were read are counted already.
fn made_bytes(arg: &Bound, slot: &Slot<'_>) -> usize {
    match (arg, slot) {
        (Bound::Call(_), Slot::Column(c)) => c.bytes(),
        _ => 0,
    }
}

fn plain_call(c: &BoundCall, input: &Input<'_>, query: &Query) -> Result<Column> {
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
    // large temporaries must fit beside what the query holds, and results beside them
    let args: usize = c.args.iter().zip(&slots).map(|(arg, slot)| made_bytes(arg, slot)).sum();
    let _held = if args > LARGE_BYTES { Some(query.memory.reserve(args as u64)?) } else { None };
    let out = query.memory.at_hand(|| c.call.eval(&values, input.rows, &query.session))?;
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
            Some(one) => Ok(Column::constant(one.clone(), rows)),
            None => functions::gathered(c, origin),
        };
        let mut columns = vec![Column::from(Data::Nothing(rows)); self.outer.columns.len()];
        for i in used {
            let c = &self.outer.columns[i];
            columns[i] = spread(c)?;
        }
        let mut all = params.to_vec();
        for p in self.outer.params {
            all.push(spread(p)?);
        }
        eval(self.body, &Input { columns: &columns, rows, params: &all }, self.query)
    }
}
