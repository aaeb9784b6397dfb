//! Type names to `Type`: ClickHouse's spellings, SQL's spellings, any nesting up to a limit.

mod enums;
mod names;
mod tokens;

pub use names::SIMPLE;

use crate::codes::{SYNTAX_ERROR, TOO_DEEP_RECURSION};
use crate::ty::AggregateType;
use crate::{Error, IntervalKind, Result, Type};
use std::sync::Arc;
use tokens::Parser;

const DEPTH_MAX: usize = 100;
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Parses a type. Errors: `UNKNOWN_TYPE` (naming the nearest), `SYNTAX_ERROR`, `BAD_ARGUMENTS`.
pub fn parse_type(text: &str) -> Result<Type> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Error::new(SYNTAX_ERROR, "Type name is too long"));
    }
    let mut p = Parser { text, pos: 0 };
    let ty = p.ty(0)?;
    p.blank();
    if p.pos < text.len() {
        return Err(p.error("end of the type"));
    }
    Ok(ty)
}

impl<'a> Parser<'a> {
    fn type_list(&mut self, depth: usize) -> Result<Vec<Type>> {
        let mut out = Vec::new();
        while self.peek() != Some(b')') {
            out.push(self.ty(depth + 1)?);
            if !self.eat(b',') {
                break;
            }
        }
        self.expect(b')')?;
        Ok(out)
    }
    /// The one type between the parentheses behind `name`.
    fn one(&mut self, name: &str, depth: usize) -> Result<Type> {
        let wrong = || {
            let text = format!("{name} takes exactly one type in parentheses");
            Error::new(crate::codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH, text)
        };
        if !self.eat(b'(') || self.eat(b')') {
            return Err(wrong());
        }
        let t = self.ty(depth + 1)?;
        if self.eat(b',') {
            return Err(wrong());
        }
        self.expect(b')')?;
        Ok(t)
    }

    fn ty(&mut self, depth: usize) -> Result<Type> {
        if depth > DEPTH_MAX {
            return Err(Error::new(
                TOO_DEEP_RECURSION,
                format!("Type is nested deeper than {DEPTH_MAX} levels"),
            ));
        }
        self.blank();
        let start = self.pos;
        let Some(name) = self.word() else { return Err(self.error("a type name")) };
        let lower = name.to_ascii_lowercase();
        match name {
            "Nullable" => {
                let inner = self.one(name, depth)?;
                return if inner.can_be_nullable() {
                    Ok(Type::nullable(inner))
                } else {
                    Err(Error::illegal_type(format!("Nested type {inner} cannot be inside Nullable type")))
                };
            }
            "LowCardinality" => {
                let inner = self.one(name, depth)?;
                return match inner.base() {
                    Type::Array(_)
                    | Type::Tuple(_)
                    | Type::Map(_)
                    | Type::Decimal(..)
                    | Type::Enum8(_)
                    | Type::Enum16(_)
                    | Type::LowCardinality(_)
                    | Type::DateTime64(..)
                    | Type::AggregateFunction(_) => {
                        Err(Error::illegal_type(format!("LowCardinality type is not supported for {inner}")))
                    }
                    _ => Ok(Type::low_cardinality(inner)),
                };
            }
            "Array" => return Ok(Type::array(self.one(name, depth)?)),
            "Map" => {
                self.expect(b'(')?;
                let mut ts = self.type_list(depth)?;
                return match (ts.pop(), ts.pop(), ts.is_empty()) {
                    (Some(v), Some(k), true) => {
                        if k.is_nullable() && !matches!(k, Type::LowCardinality(_)) {
                            return Err(Error::bad_arguments(format!("Map cannot have a key of type {k}")));
                        }
                        Ok(Type::map(k, v))
                    }
                    _ => Err(Error::new(
                        crate::codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
                        "Map takes two types: key and value",
                    )),
                };
            }
            "Tuple" | "Nested" => {
                let t = self.tuple(depth)?;
                return Ok(if name == "Nested" { Type::array(t) } else { t });
            }
            "FixedString" => {
                if !self.eat(b'(') {
                    let text = "FixedString takes exactly one number, its length in bytes";
                    return Err(Error::new(crate::codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH, text));
                }
                let n = self.integer()?;
                self.expect(b')')?;
                return u32::try_from(n)
                    .ok()
                    .filter(|n| *n > 0 && *n <= 16_777_216)
                    .map(Type::FixedString)
                    .ok_or_else(|| {
                        let none = n == 0;
                        let code = if none {
                            crate::codes::UNEXPECTED_AST_STRUCTURE
                        } else {
                            crate::codes::ARGUMENT_OUT_OF_BOUND
                        };
                        Error::new(code, "FixedString takes a length from 1 to 16777216")
                    });
            }
            "Enum8" | "Enum16" | "Enum" => return self.enumeration(name),
            "AggregateFunction" | "SimpleAggregateFunction" => return self.aggregate(name, depth),
            _ => {}
        }
        match lower.as_str() {
            "decimal" | "dec" | "numeric" | "fixed" | "decimal32" | "decimal64" | "decimal128"
            | "decimal256" => return self.decimal(&lower),
            "enum" => return self.enumeration("Enum"),
            "datetime" | "timestamp" => {
                if self.eat(b'(') {
                    if self.peek() == Some(b'\'') {
                        let zone = self.zone()?;
                        self.expect(b')')?;
                        return Ok(Type::DateTime(Some(zone)));
                    }
                    if self.eat(b')') {
                        return Ok(Type::DateTime(None));
                    }
                    // whole seconds are what it counts anyway
                    return Ok(match self.datetime64_args()? {
                        Type::DateTime64(0, zone) => Type::DateTime(zone),
                        fine => fine,
                    });
                }
                return Ok(Type::DateTime(None));
            }
            "datetime32" => {
                let mut zone = None;
                if self.eat(b'(') {
                    if self.peek() == Some(b'\'') {
                        zone = Some(self.zone()?);
                    }
                    self.expect(b')')?;
                }
                return Ok(Type::DateTime(zone));
            }
            "datetime64" => {
                return if self.eat(b'(') { self.datetime64_args() } else { Ok(Type::DateTime64(3, None)) };
            }
            _ => {}
        }
        if let Some(kind) =
            name.strip_prefix("Interval").and_then(|k| IntervalKind::ALL.into_iter().find(|x| x.name() == k))
        {
            return Ok(Type::Interval(kind));
        }
        let mut found = names::simple(name, &lower);
        // spellings of several words: the longest that is known wins
        let after_first = self.pos;
        let mut text = lower.clone();
        for _ in 0..3 {
            let before = self.pos;
            let Some(next) = self.word() else { break };
            text = format!("{text} {}", next.to_ascii_lowercase());
            match names::phrase(&text) {
                Some(hit) => found = Some(hit),
                None if names::begins(&text) => {}
                None => {
                    self.pos = before;
                    break;
                }
            }
        }
        let Some(mut ty) = found else {
            self.pos = start.max(after_first);
            return Err(names::unknown(name));
        };
        if (ty == Type::String || ty.is_integer() || ty.is_float()) && lower != name && self.eat(b'(')
            || (lower == name && self.peek() == Some(b'(') && self.eat(b'('))
        {
            // VARCHAR(30), INT(11): the length says nothing here; BINARY(n) is a FixedString
            let n = if self.peek() == Some(b')') { 0 } else { self.integer()? };
            if self.eat(b',') {
                self.integer()?;
            }
            self.expect(b')')?;
            if lower == "binary" {
                ty = u32::try_from(n).ok().filter(|n| *n > 0).map_or(Type::String, Type::FixedString);
            }
        }
        let before = self.pos;
        match self.word().map(str::to_ascii_lowercase).as_deref() {
            Some("unsigned") => {
                if let Some((bits, _)) = ty.int_bits() {
                    ty = Type::int_of(bits, false);
                }
            }
            Some("signed") => {}
            _ => self.pos = before,
        }
        Ok(ty)
    }

    /// The name of a time zone, which must be one.
    fn zone(&mut self) -> Result<std::sync::Arc<str>> {
        let zone = self.quoted(b'\'')?;
        crate::tz::TimeZone::get(&zone)?;
        Ok(zone.into())
    }

    fn datetime64_args(&mut self) -> Result<Type> {
        let scale = self.integer()?;
        let mut zone = None;
        if self.eat(b',') {
            self.blank();
            zone = Some(self.zone()?);
        }
        self.expect(b')')?;
        let scale = u8::try_from(scale).ok().filter(|s| *s <= 9);
        let scale = scale.ok_or_else(|| {
            Error::new(crate::codes::ARGUMENT_OUT_OF_BOUND, "DateTime64 takes a scale from 0 to 9")
        })?;
        Ok(Type::DateTime64(scale, zone))
    }

    fn decimal(&mut self, name: &str) -> Result<Type> {
        let fixed = match name {
            "decimal32" => Some(9),
            "decimal64" => Some(18),
            "decimal128" => Some(38),
            "decimal256" => Some(76),
            _ => None,
        };
        let (mut precision, mut scale) = (fixed.unwrap_or(10), 0);
        if fixed.is_some() || self.peek() == Some(b'(') {
            self.expect(b'(')?;
            let first = self.integer()?;
            if fixed.is_some() {
                scale = first;
            } else {
                precision = first;
                if self.eat(b',') {
                    scale = self.integer()?;
                }
            }
            self.expect(b')')?;
        }
        if !(1..=76).contains(&precision) || scale < 0 || scale > precision {
            return Err(Error::new(
                crate::codes::ARGUMENT_OUT_OF_BOUND,
                format!(
                    "Wrong precision {precision} or scale {scale}: Decimal(P, S) takes P from 1 to 76 and S from 0 to P"
                ),
            ));
        }
        Ok(Type::Decimal(precision as u8, scale as u8))
    }

    fn tuple(&mut self, depth: usize) -> Result<Type> {
        self.expect(b'(')?;
        let mut elements: Vec<(Arc<str>, Type)> = Vec::new();
        while self.peek() != Some(b')') {
            let start = self.pos;
            let name = match self.peek() {
                Some(q @ (b'`' | b'"')) => Some(self.quoted(q)?),
                _ => self.word().map(str::to_string),
            };
            // `name Type` or just `Type`: a name is followed by the start of another word
            let named = name.is_some() && self.peek().is_some_and(|b| b.is_ascii_alphabetic());
            let plain_type = named && {
                let after = self.pos;
                self.pos = start;
                let ok = self.ty(depth + 1).is_ok() && matches!(self.peek(), Some(b',' | b')'));
                self.pos = after;
                ok
            };
            if named && !plain_type {
                elements.push((name.unwrap_or_default().into(), self.ty(depth + 1)?));
            } else {
                self.pos = start;
                elements.push(("".into(), self.ty(depth + 1)?));
            }
            if !self.eat(b',') {
                break;
            }
        }
        self.expect(b')')?;
        let named = elements.iter().filter(|e| !e.0.is_empty()).count();
        if named != 0 && named != elements.len() {
            return Err(Error::bad_arguments("Names are specified not for all elements of Tuple type"));
        }
        let mut seen = std::collections::HashSet::new();
        if let Some((name, _)) = elements.iter().find(|e| !e.0.is_empty() && !seen.insert(&e.0)) {
            let text = format!("The name {name} stands twice in a Tuple: each element needs its own");
            return Err(Error::new(crate::codes::DUPLICATE_COLUMN, text));
        }
        Ok(Type::Tuple(elements.into()))
    }

    fn aggregate(&mut self, kind: &str, depth: usize) -> Result<Type> {
        self.expect(b'(')?;
        self.blank();
        // AggregateFunction(1, name, …) carries a version in front
        if self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.integer()?;
            self.expect(b',')?;
        }
        let Some(name) = self.word() else { return Err(self.error("a function name")) };
        let mut params = Vec::new();
        if self.eat(b'(') {
            let mut level = 0usize;
            let mut start = self.pos;
            loop {
                let Some(&b) = self.text.as_bytes().get(self.pos) else {
                    return Err(self.error("a closing parenthesis"));
                };
                match b {
                    b'\'' => {
                        self.quoted(b'\'')?;
                        continue;
                    }
                    b'(' | b'[' => level += 1,
                    b')' | b']' if level > 0 => level -= 1,
                    b',' | b')' if level == 0 => {
                        let p = self.text[start..self.pos].trim();
                        if !p.is_empty() {
                            params.push(p.to_string());
                        }
                        start = self.pos + 1;
                        if b == b')' {
                            self.pos += 1;
                            break;
                        }
                    }
                    _ => {}
                }
                self.pos += 1;
            }
        }
        let args = if self.eat(b',') {
            self.type_list(depth)?
        } else {
            self.expect(b')')?;
            Vec::new()
        };
        let a = Arc::new(AggregateType { name: name.to_string(), params, args });
        Ok(if kind == "AggregateFunction" {
            Type::AggregateFunction(a)
        } else {
            Type::SimpleAggregateFunction(a)
        })
    }
}

fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_names() {
        for (text, want) in [
            ("UInt8", "UInt8"),
            ("integer", "Int32"),
            ("INT(11) UNSIGNED", "UInt32"),
            ("VARCHAR(255)", "String"),
            ("double precision", "Float64"),
            ("character varying(20)", "String"),
            ("Decimal64(3)", "Decimal(18, 3)"),
            ("Array( Nullable(Int32) )", "Array(Nullable(Int32))"),
            ("Tuple(a UInt8, b String)", "Tuple(a UInt8, b String)"),
            ("Tuple(UInt8, String)", "Tuple(UInt8, String)"),
            ("Map(String,Array(UInt64))", "Map(String, Array(UInt64))"),
            ("Enum('a', 'b'=5)", "Enum8('a' = 1, 'b' = 5)"),
            ("DateTime64(3, 'Europe/Berlin')", "DateTime64(3, 'Europe/Berlin')"),
            (
                "AggregateFunction(quantiles(0.5, 0.9), UInt64)",
                "AggregateFunction(quantiles(0.5, 0.9), UInt64)",
            ),
            ("TIMESTAMP", "DateTime"),
            ("BINARY(3)", "FixedString(3)"),
        ] {
            assert_eq!(
                parse_type(text).map(|t| t.to_string()).unwrap_or_else(|e| e.to_string()),
                want,
                "{text}"
            );
        }
    }

    #[test]
    fn bad_names() {
        for text in [
            "Strin",
            "Array(",
            "Array(UInt8",
            "Nullable(Array(UInt8))",
            "FixedString(0)",
            "Decimal(80, 2)",
            "Enum8('a' = 300)",
            "UInt8 x",
        ] {
            assert!(parse_type(text).is_err(), "{text}");
        }
        assert!(parse_type(&"Array(".repeat(10_000)).is_err());
        assert!(parse_type("Strin").unwrap_err().message().contains("String"));
    }
}
