//! Every example of the registry gives what its documentation says.

mod evaluator;

use evaluator::Evaluator;

#[test]
fn examples_hold() {
    let mut failed = Vec::new();
    for def in functions::registry() {
        assert!(!def.description.is_empty() && !def.signature.is_empty(), "{} lacks documentation", def.name);
        for (sql, expected) in def.examples {
            let got = Evaluator::new().run(&format!("SELECT {sql}"));
            let shown = match got {
                Ok(text) => text.trim_end_matches('\n').replace("\\N", "NULL").replace("\\'", "'"),
                Err(e) => format!("error: {e}"),
            };
            if shown != *expected {
                failed.push(format!("{}: {sql} gives {shown}, not {expected}", def.name));
            }
        }
    }
    assert!(failed.is_empty(), "{} examples fail:\n{}", failed.len(), failed.join("\n"));
}
