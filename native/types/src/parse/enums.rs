//! Enum('a' = 1, 'b', …).

use super::tokens::Parser;
use crate::codes::SYNTAX_ERROR;
use crate::{EnumDef, Error, Result, Type};
use std::sync::Arc;

impl Parser<'_> {
    pub fn enumeration(&mut self, name: &str) -> Result<Type> {
        self.expect(b'(')?;
        let mut entries: Vec<(String, i16)> = Vec::new();
        let mut next = 1i64;
        // Whether those behind the first have numbers: all of them, or none.
        let mut rest = None;
        self.blank();
        if self.eat(b')') {
            return Err(Error::new(crate::codes::EMPTY_DATA_PASSED, "Enum data type cannot be empty"));
        }
        loop {
            self.blank();
            if self.peek() != Some(b'\'') {
                let text = "Elements of an Enum are quoted names, each with or without a number";
                return Err(Error::new(crate::codes::UNEXPECTED_AST_STRUCTURE, text));
            }
            let text = self.quoted(b'\'')?;
            let explicit = self.eat(b'=');
            if explicit {
                next = self.integer()?;
            }
            if !entries.is_empty() && *rest.get_or_insert(explicit) != explicit {
                return Err(Error::new(
                    crate::codes::UNEXPECTED_AST_STRUCTURE,
                    "Either all elements of an Enum behind the first have a number, or none",
                ));
            }
            let value = i16::try_from(next).map_err(|_| {
                Error::new(
                    crate::codes::ARGUMENT_OUT_OF_BOUND,
                    format!("Value {next} of enum element {text:?} does not fit 16 bits"),
                )
            })?;
            if entries.iter().any(|e| e.0 == text || e.1 == value) {
                return Err(Error::new(
                    SYNTAX_ERROR,
                    format!("Duplicate name or value in enum: {text:?} = {value}"),
                ));
            }
            entries.push((text, value));
            if entries.len() > 65_536 {
                return Err(Error::bad_arguments("Enum has too many elements"));
            }
            next += 1;
            if !self.eat(b',') || self.peek() == Some(b')') {
                break;
            }
        }
        self.expect(b')')?;
        entries.sort_by_key(|e| e.1);
        let small = entries.iter().all(|e| i8::try_from(e.1).is_ok());
        if name == "Enum8" && !small {
            return Err(Error::new(
                crate::codes::ARGUMENT_OUT_OF_BOUND,
                "Values of Enum8 must lie between -128 and 127; use Enum16",
            ));
        }
        let def = Arc::new(EnumDef { entries });
        Ok(if name == "Enum8" || (name == "Enum" && small) { Type::Enum8(def) } else { Type::Enum16(def) })
    }
}
