//! Plans nest as deeply as statements do: a chain of a thousand operators is a thousand levels. They are
//! read, bound, evaluated and dropped on threads whose stacks are made for that.

use serde::de::DeserializeOwned;
use types::codes::TOO_DEEP_RECURSION;
use types::{Error, Result};

/// Stack of the threads that walk plans and expressions. Only what is used takes memory.
pub const STACK_BYTES: usize = 128 << 20;
/// Levels of a plan's text. The planner refuses statements before; this is for everybody else.
const LEVELS_MAX: usize = 4000;
/// So many levels fit on any thread's stack.
const LEVELS_SHALLOW: usize = 100;

/// Levels of nesting of a JSON text.
fn levels(text: &str) -> usize {
    let (mut level, mut most, mut in_string) = (0usize, 0usize, false);
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        match b {
            b'\\' if in_string => {
                bytes.next();
            }
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                level += 1;
                most = most.max(level);
            }
            b'}' | b']' if !in_string => level = level.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// Reads a plan's text, whatever its depth. Errors: `TOO_DEEP_RECURSION`.
pub fn parse<T: DeserializeOwned + Send>(what: &str, text: &str) -> Result<T> {
    on_stack(text, || {
        let mut d = serde_json::Deserializer::from_str(text);
        d.disable_recursion_limit();
        T::deserialize(&mut d)
            .and_then(|v| d.end().map(|()| v))
            .map_err(|e| Error::internal(format!("{what} does not fit: {e}")))
    })
}

/// Runs `f`, which walks what `text` says, where the stack is large enough for it.
pub fn on_stack<T: Send>(text: &str, f: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let depth = levels(text);
    if depth <= LEVELS_SHALLOW {
        return f();
    }
    if depth > LEVELS_MAX {
        let text =
            format!("The query is nested too deeply: {depth} levels, at most {LEVELS_MAX} are allowed");
        return Err(Error::new(TOO_DEEP_RECURSION, text));
    }
    std::thread::scope(|s| {
        let thread = std::thread::Builder::new().name("deep".into()).stack_size(STACK_BYTES);
        let no_thread = |_| Error::internal("no thread for a deep plan");
        let running = thread.spawn_scoped(s, || crate::pool::guarded(f)).map_err(no_thread)?;
        running.join().unwrap_or_else(|_| Err(Error::internal("a deep plan failed")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Expr;

    fn chain(n: usize) -> String {
        let open = r#"{"call":"plus","args":["#.repeat(n);
        let close = r#",{"lit":{"type":"String","value":"[\"{"}}]}"#.repeat(n);
        format!(r#"{open}{{"col":0}}{close}"#)
    }

    #[test]
    fn long_chains_are_read_and_longer_ones_refused() {
        for n in [1, 40, 900, 1900] {
            let depth = on_stack(&chain(n), || {
                let mut e: Expr = parse("expression", &chain(n))?;
                let mut depth = 0;
                while let Expr::Call { mut args, .. } = e {
                    depth += 1;
                    e = args.swap_remove(0);
                }
                Ok(depth)
            });
            assert_eq!(depth.ok(), Some(n));
        }
        let refused = parse::<Expr>("expression", &chain(2100));
        assert_eq!(refused.err().map(|e| e.code()), Some(TOO_DEEP_RECURSION));
    }
}
