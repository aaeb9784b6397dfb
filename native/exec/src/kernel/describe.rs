//! What the kernel knows of functions, types and formats: for the binder, system tables and the manual.

use super::{Kernel, parse, session, zone};
use crate::expr::{Bound, Scope};
use crate::plan::{Expr, Lit, SessionInfo};
use crate::pool::guarded;
use crate::{deep, literal};
use functions::Arg;
use serde_json::{Value, json};
use std::collections::HashMap;
use types::parse::parse_type;
use types::{Batch, Result, Type};

impl Kernel {
    /// `{"name", "args":[{"type","constant"?:Lit,"lambda"?:bool}], "session"?}` → `{"type","deterministic"}`.
    pub fn resolve_function(&self, request: &str) -> Result<String> {
        #[derive(serde::Deserialize)]
        struct Request {
            name: String,
            args: Vec<ArgSpec>,
            #[serde(default)]
            session: SessionInfo,
        }
        let r: Request = parse("resolveFunction", request)?;
        let args = r.args.iter().map(ArgSpec::arg).collect::<Result<Vec<_>>>()?;
        let call = functions::resolve(&r.name, &args, &session(&r.session)?)?;
        Ok(json!({"type": call.ty().to_string(), "deterministic": call.deterministic(), "foldable": call.foldable(), "stateful": call.stateful()})
            .to_string())
    }

    /// `{"name","args":[…]}` → for each argument its lambda's parameter types or null.
    pub fn lambda_params(&self, request: &str) -> Result<String> {
        #[derive(serde::Deserialize)]
        struct Request {
            name: String,
            args: Vec<ArgSpec>,
        }
        let r: Request = parse("lambdaParams", request)?;
        let args = r.args.iter().map(ArgSpec::arg).collect::<Result<Vec<_>>>()?;
        let params = functions::lambda_params(&r.name, &args)?;
        let out: Vec<Value> = params
            .iter()
            .map(|p| match p {
                None => Value::Null,
                Some(ts) => ts.iter().map(|t| Value::String(t.to_string())).collect(),
            })
            .collect();
        Ok(Value::Array(out).to_string())
    }

    /// `{"name","params":[Lit],"args":[type]}` → `{"name","type","stateType"}`.
    pub fn resolve_aggregate(&self, request: &str) -> Result<String> {
        #[derive(serde::Deserialize)]
        struct Request {
            name: String,
            #[serde(default)]
            params: Vec<Lit>,
            args: Vec<String>,
        }
        let r: Request = parse("resolveAggregate", request)?;
        let arg_types = r.args.iter().map(|t| parse_type(t)).collect::<Result<Vec<_>>>()?;
        if let Some(of_window) = crate::window::window_type(&r.name, &r.params, &arg_types) {
            let (name, ty) = of_window?;
            return Ok(json!({"name": name, "type": ty.to_string(), "window": true}).to_string());
        }
        let call = crate::plan::AggregateCall { name: r.name, params: r.params, args: Vec::new() };
        let a = crate::aggregate::resolve(&call, &arg_types)?;
        Ok(json!({"name": a.name(), "type": a.ty().to_string(), "stateType": a.state_type().to_string(), "orderSensitive": a.order_sensitive(), "defaultOnNulls": a.default_on_nulls()})
            .to_string())
    }

    /// A constant expression's value: `{"expr": Expr, "session"?}` → Lit.
    pub fn fold(&self, request: &str) -> Result<String> {
        #[derive(serde::Deserialize)]
        struct Request {
            expr: Expr,
            #[serde(default)]
            session: SessionInfo,
        }
        deep::on_stack(request, || {
            let r: Request = deep::parse("fold", request)?;
            let query = self.quick_query(&r.session)?;
            let b = Bound::bind(&r.expr, &Scope { columns: &[], query: &query, scalars: &[], sets: &[] })?;
            let c = b.eval(&Batch { columns: Vec::new(), rows: 1 }, &query)?;
            let value = literal::to_json(&c.flat(), 0, b.ty())?;
            Ok(json!({"type": b.ty().to_string(), "value": value}).to_string())
        })
    }

    pub fn canonical_type(&self, text: &str) -> Result<String> {
        Ok(parse_type(text)?.to_string())
    }

    /// `["UInt8","Int16"]` → their least supertype.
    pub fn common_type(&self, request: &str) -> Result<String> {
        let names: Vec<String> = parse("commonType", request)?;
        let types = names.iter().map(|t| parse_type(t)).collect::<Result<Vec<_>>>()?;
        Ok(functions::common_type(&types)?.to_string())
    }

    /// Everything that can be listed: for system tables, the manual and hints.
    pub fn registry(&self) -> String {
        let mut functions: Vec<Value> = functions::registry()
            .iter()
            .map(|d| {
                json!({"name": d.name, "aliases": d.aliases, "aliasesAnyCase": d.aliases_any_case,
                    "caseInsensitive": d.case_insensitive, "kind": "scalar", "deterministic": d.deterministic,
                    "signature": d.signature, "description": d.description, "category": d.category,
                    "examples": d.examples.iter().map(|(q, r)| json!([q, r])).collect::<Vec<_>>()})
            })
            .collect();
        let aggregates: Vec<Value> = aggregates::registry()
            .iter()
            .map(|d| {
                json!({"name": d.name, "aliases": [], "aliasesAnyCase": d.aliases, "caseInsensitive": d.case_insensitive, "kind": "aggregate",
                    "signature": d.signature, "description": d.description, "category": "Aggregate",
                    "examples": d.examples.iter().map(|(q, r)| json!([q, r])).collect::<Vec<_>>()})
            })
            .collect();
        let formats: Vec<Value> = formats::registry::FORMATS
            .iter()
            .map(|f| json!({"name": f.name, "input": f.input, "output": f.output, "aliases": f.aliases, "description": f.description, "contentType": f.content_type}))
            .collect();
        functions.extend(aggregates);
        let mut types: Vec<Value> = Vec::new();
        for (name, _, aliases) in types::parse::SIMPLE {
            types.push(json!({"name": name, "caseInsensitive": false, "aliasOf": ""}));
            types.extend(
                aliases
                    .iter()
                    .map(|a| json!({"name": a.to_uppercase(), "caseInsensitive": true, "aliasOf": name})),
            );
        }
        let combinators: Vec<&str> = aggregates::COMBINATORS.iter().map(|c| c.0).collect();
        let errors: Vec<Value> =
            types::codes::ALL.iter().map(|c| json!({"code": c.number, "name": c.name})).collect();
        json!({"functions": functions, "combinators": combinators, "formats": formats, "types": types, "errors": errors})
            .to_string()
    }

    /// Columns that a sample suggests: JSON `[{"name","type"}]`.
    pub fn infer_schema(&self, spec: &str, sample: &[u8]) -> Result<String> {
        #[derive(serde::Deserialize)]
        struct Request {
            format: String,
            #[serde(default)]
            encoding: Option<String>,
            #[serde(default)]
            settings: HashMap<String, String>,
            #[serde(default)]
            timezone: String,
            /// types as ClickHouse guesses them, not as a new table wants them
            #[serde(default)]
            plain: bool,
            /// read from here instead of the sample
            #[serde(default)]
            file: Option<crate::plan::NamedFile>,
        }
        let r: Request = parse("inferSchema", spec)?;
        let options = formats::decode::InputOptions::from_settings(&r.settings, zone(&r.timezone)?, true)?;
        let style = if r.plain { formats::infer::Style::ClickHouse } else { formats::infer::Style::Table };
        if let Some(file) = &r.file {
            let fields = guarded(|| crate::from_files::fields(file, &r.format, &options, style))?;
            return Ok(fields_json(&fields));
        }
        let plain;
        let sample = match &r.encoding {
            None => sample,
            Some(e) => {
                plain = crate::ingest::decompress_sample(e, sample)?;
                &plain
            }
        };
        let fields = guarded(|| formats::infer::infer_as(&r.format, sample, &options, style))?;
        Ok(fields_json(&fields))
    }
}

fn fields_json(fields: &[types::Field]) -> String {
    let list = fields.iter().map(|f| json!({"name": f.name, "type": f.ty.to_string()})).collect();
    Value::Array(list).to_string()
}

#[derive(serde::Deserialize)]
struct ArgSpec {
    #[serde(rename = "type")]
    ty: String,
    #[serde(default)]
    constant: Option<Lit>,
    #[serde(default)]
    lambda: bool,
}

impl ArgSpec {
    fn arg(&self) -> Result<Arg> {
        let ty = if self.lambda && self.ty.is_empty() { Type::Function } else { parse_type(&self.ty)? };
        let constant = match &self.constant {
            Some(l) => Some(literal::literal(l)?.0),
            None => None,
        };
        Ok(Arg { ty, constant, lambda: self.lambda })
    }
}
