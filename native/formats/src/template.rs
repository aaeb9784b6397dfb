//! Format strings of Template: texts with `${name:Rule}` between them.

use crate::decode::Rule;
use types::codes::INVALID_TEMPLATE_FORMAT;
use types::{Error, Result};

/// A placeholder: what stands there and how it is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub name: String,
    pub rule: Option<Rule>,
}

/// Texts and placeholders in turn; there is one text more.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern {
    pub texts: Vec<Vec<u8>>,
    pub parts: Vec<Part>,
}

pub(crate) fn invalid(why: &str) -> Error {
    Error::new(INVALID_TEMPLATE_FORMAT, format!("Invalid format string for Template: {why}"))
}

impl Pattern {
    /// `$$` is a dollar sign. Errors: `INVALID_TEMPLATE_FORMAT`, `BAD_ARGUMENTS`.
    pub fn parse(text: &str) -> Result<Pattern> {
        let (mut texts, mut parts) = (vec![Vec::new()], Vec::new());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let last = texts.len() - 1;
            texts[last].extend_from_slice(&rest.as_bytes()[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                texts[last].push(b'$');
                rest = after;
                continue;
            }
            let inner = rest.strip_prefix('{').ok_or_else(|| invalid("'{' or '$' has to follow '$'"))?;
            let end = inner.find('}').ok_or_else(|| invalid("'}' is missing behind '${'"))?;
            let (name, rule) = match inner[..end].rsplit_once(':') {
                Some((name, rule)) => (name, Rule::parse(rule.trim(), "escaping rule")?),
                None => (&inner[..end], None),
            };
            parts.push(Part { name: name.trim().trim_matches('`').to_string(), rule });
            texts.push(Vec::new());
            rest = &inner[end + 1..];
        }
        let last = texts.len() - 1;
        texts[last].extend_from_slice(rest.as_bytes());
        Ok(Pattern { texts, parts })
    }

    /// The result's pattern of the settings; without one it is the rows alone.
    pub fn of_result(setting: &str) -> Result<Pattern> {
        let pattern = Pattern::parse(if setting.is_empty() { "${data}" } else { setting })?;
        if pattern.parts.first().is_none_or(|p| p.name != "data") {
            return Err(invalid("${data} must be the first output part"));
        }
        Ok(pattern)
    }

    /// The columns that a row's placeholders name, by name or number.
    pub fn columns(&self, find: impl Fn(&str) -> Option<usize>, count: usize) -> Result<Vec<Option<usize>>> {
        if self.parts.is_empty() {
            return Err(invalid("No columns specified"));
        }
        self.parts
            .iter()
            .map(|p| {
                if p.name.is_empty() {
                    return Ok(None);
                }
                let hit = find(&p.name).or_else(|| p.name.parse().ok().filter(|i| *i < count));
                hit.map(Some).ok_or_else(|| {
                    Error::new(
                        types::codes::NOT_FOUND_COLUMN_IN_BLOCK,
                        format!("Not found column {} in block", types::text::clip(p.name.as_bytes(), 60)),
                    )
                })
            })
            .collect()
    }
}

/// Templates in files are not read: paths of the server are not for clients.
pub(crate) fn refuse_files(get: impl Fn(&str) -> String) -> Result<()> {
    for name in ["format_template_resultset", "format_template_row", "format_schema"] {
        if !get(name).is_empty() {
            return Err(Error::not_implemented(format!(
                "Setting {name} names a file; write the template itself into {name}_format"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let p = Pattern::parse("<${a:CSV}|$$${ b c : JSON }").ok();
        let part = |name: &str, rule| Part { name: name.to_string(), rule };
        assert_eq!(
            p,
            Some(Pattern {
                texts: vec![b"<".to_vec(), b"|$".to_vec(), Vec::new()],
                parts: vec![part("a", Some(Rule::Csv)), part("b c", Some(Rule::Json))],
            })
        );
        assert!(["$", "${a", "${a:Zip}", "$x"].iter().all(|t| Pattern::parse(t).is_err()));
        assert!(Pattern::of_result("${rows:JSON}").is_err());
    }
}
