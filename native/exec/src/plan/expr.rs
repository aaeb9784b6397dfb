//! Expressions of a plan. They are read by hand instead of by serde's `untagged`, which would copy
//! the rest of the text once per level: a chain of a thousand operators is read in one pass.

use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A typed constant; times without a zone in the type are UTC. `value`: null, true/false, text in ClickHouse's form (numbers, dates, strings …),
/// or an array (Array, Tuple; Map as array of [key, value]).
#[derive(Deserialize, Serialize, Clone, Debug, PartialEq)]
pub struct Lit {
    #[serde(rename = "type")]
    pub ty: String,
    pub value: serde_json::Value,
}

/// An expression. JSON: an object with one of these keys first.
#[derive(Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase", untagged)]
pub enum Expr {
    /// `{"col": 3}`: a column of the input
    Column { col: usize },
    /// `{"param": 0}`: a parameter of the enclosing lambdas, the innermost lambda's first = 0,
    /// then those of the lambda around it, and so on
    Param { param: usize },
    /// `{"lit": {"type":"UInt8","value":"1"}}`
    Literal { lit: Lit },
    /// `{"call":"plus","args":[…]}`; arguments may be lambdas
    Call { call: String, args: Vec<Expr> },
    /// `{"cast": …, "to":"UInt8"}` with CAST's meaning
    Cast { cast: Box<Expr>, to: String },
    /// `{"lambda": body, "params": 1, "types": ["UInt8"]}`
    Lambda { lambda: Box<Expr>, params: usize, types: Vec<String> },
    /// `{"in": x, "set": {"values": Lit of Array}}` or `{"in": x, "set": {"subquery": 0}}`
    In {
        #[serde(rename = "in")]
        value: Box<Expr>,
        set: SetSource,
        #[serde(default)]
        negated: bool,
    },
    /// `{"scalar": 0, "type": "UInt64"}`: the value of subqueries[0] (Scalar or Exists)
    Scalar {
        scalar: usize,
        #[serde(rename = "type")]
        ty: String,
    },
}

#[derive(Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase", untagged)]
pub enum SetSource {
    /// a literal of type Array(T): its elements, T comparable with the left side
    Values {
        values: Lit,
    },
    Subquery {
        subquery: usize,
    },
}

impl<'de> Deserialize<'de> for Expr {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Expr, D::Error> {
        d.deserialize_map(ExprVisitor)
    }
}

struct ExprVisitor;

/// The member that says what an expression is; `args`, `to`, … are beside it.
enum Head {
    Column(usize),
    Param(usize),
    Literal(Lit),
    Call(String),
    Cast(Box<Expr>),
    Lambda(Box<Expr>),
    In(Box<Expr>),
    Scalar(usize),
}

impl<'de> Visitor<'de> for ExprVisitor {
    type Value = Expr;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an expression")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Expr, A::Error> {
        let mut head = None;
        let mut args = Vec::new();
        let mut to = None;
        let mut types = Vec::new();
        let mut params = 0usize;
        let mut set = None;
        let mut negated = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "col" => head = Some(Head::Column(map.next_value()?)),
                "param" => head = Some(Head::Param(map.next_value()?)),
                "lit" => head = Some(Head::Literal(map.next_value()?)),
                "call" => head = Some(Head::Call(map.next_value()?)),
                "cast" => head = Some(Head::Cast(map.next_value()?)),
                "lambda" => head = Some(Head::Lambda(map.next_value()?)),
                "in" => head = Some(Head::In(map.next_value()?)),
                "scalar" => head = Some(Head::Scalar(map.next_value()?)),
                "args" => args = map.next_value()?,
                "to" | "type" => to = Some(map.next_value()?),
                "types" => types = map.next_value()?,
                "params" => params = map.next_value()?,
                "set" => set = Some(map.next_value()?),
                "negated" => negated = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(match head.ok_or_else(|| A::Error::custom("an expression of no known kind"))? {
            Head::Column(col) => Expr::Column { col },
            Head::Param(param) => Expr::Param { param },
            Head::Literal(lit) => Expr::Literal { lit },
            Head::Call(call) => Expr::Call { call, args },
            Head::Cast(cast) => Expr::Cast { cast, to: to.ok_or_else(|| A::Error::missing_field("to"))? },
            Head::Lambda(lambda) => Expr::Lambda { lambda, params, types },
            Head::In(value) => {
                Expr::In { value, set: set.ok_or_else(|| A::Error::missing_field("set"))?, negated }
            }
            Head::Scalar(scalar) => {
                Expr::Scalar { scalar, ty: to.ok_or_else(|| A::Error::missing_field("type"))? }
            }
        })
    }
}

impl<'de> Deserialize<'de> for SetSource {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<SetSource, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Members {
            values: Option<Lit>,
            subquery: Option<usize>,
        }
        match Members::deserialize(d)? {
            Members { values: Some(values), .. } => Ok(SetSource::Values { values }),
            Members { subquery: Some(subquery), .. } => Ok(SetSource::Subquery { subquery }),
            _ => Err(D::Error::custom("a set needs values or a subquery")),
        }
    }
}
