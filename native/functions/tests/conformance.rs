//! Statements of the conformance kit that need no executor: `CONFORMANCE=<folder> [ONLY=<part of a path>]
//! cargo test -p colonnade-functions --test conformance -- --ignored --nocapture`.

mod evaluator;

use evaluator::Evaluator;
use std::path::Path;

#[test]
#[ignore = "needs the conformance kit"]
fn statements() {
    let Ok(root) = std::env::var("CONFORMANCE") else { return };
    let only = std::env::var("ONLY").unwrap_or_default();
    let quiet = std::env::var("QUIET").is_ok();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let mut files: Vec<_> = walk(Path::new(&root));
    files.sort();
    for file in files {
        let shown = file.display().to_string();
        if !only.split(',').any(|o| shown.contains(o)) {
            continue;
        }
        let sql = std::fs::read_to_string(&file).unwrap();
        let expected = std::fs::read_to_string(file.with_extension("expected")).unwrap_or_default();
        let mut lines = expected.lines();
        let mut e = Evaluator::new();
        let mut lost = false;
        for statement in split(&sql) {
            if lost {
                skipped += 1;
                continue;
            }
            let wants_error = statement.contains("serverError") || statement.contains("clientError");
            let body = statement.split("-- {").next().unwrap_or_default().to_string();
            let one = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| e.run(body.trim())));
            match one {
                Err(_) => {
                    println!("PANIC {shown}\n   {}", body.trim());
                    failed += 1;
                    lost = true;
                }
                Ok(Ok(_)) if wants_error => {
                    if !quiet {
                        println!(
                            "NO ERROR {shown}\n   {}\n   wanted{}",
                            body.trim(),
                            statement.rsplit("-- {").next().unwrap_or_default()
                        );
                    }
                    failed += 1;
                }
                Ok(Err(err)) if wants_error => {
                    if statement.rsplit("-- {").next().is_some_and(|w| w.contains(err.code().name)) {
                        passed += 1;
                    } else {
                        if !quiet {
                            println!(
                                "OTHER ERROR {shown}\n   {}\n   {err}\n   wanted{}",
                                body.trim(),
                                statement.rsplit("-- {").next().unwrap_or_default()
                            );
                        }
                        failed += 1;
                    }
                }
                Ok(Err(err)) => {
                    // How many lines were expected is not known: the rest of the file is lost.
                    println!(
                        "ERROR {shown}\n   {}\n   {err}",
                        body.trim().chars().take(600).collect::<String>()
                    );
                    failed += 1;
                    lost = true;
                }
                Ok(Ok(text)) => {
                    let mut same = true;
                    for got in text.lines() {
                        let want = lines.next().unwrap_or("<none>");
                        if got != want {
                            if same && !quiet {
                                println!(
                                    "DIFF {shown}\n   {}\n   got  {got}\n   want {want}",
                                    body.trim().chars().take(700).collect::<String>()
                                );
                            }
                            same = false;
                        }
                    }
                    if same { passed += 1 } else { failed += 1 }
                }
            }
        }
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
}

fn walk(p: &Path) -> Vec<std::path::PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(p).expect("a folder of tests").flatten() {
        let path = entry.path();
        if path.is_dir() {
            out.extend(walk(&path));
        } else if path.extension().is_some_and(|x| x == "sql") {
            out.push(path);
        }
    }
    out
}

/// One statement a line, as the kit writes them (a statement may go on over lines until `;`).
fn split(sql: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut current = String::new();
    for line in sql.lines() {
        if current.is_empty() && (line.starts_with("--") || line.trim().is_empty()) {
            continue;
        }
        current.push_str(line);
        current.push('\n');
        let code = line.split("-- {").next().unwrap_or_default().trim_end();
        if code.ends_with(';') {
            out.push(std::mem::take(&mut current));
        }
    }
    out
}
