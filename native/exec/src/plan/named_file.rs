//! Files outside the store that a plan reads.

use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedFile {
    /// folder that `path` may not leave; None: a local user names any file
    #[serde(default)]
    pub root: Option<String>,
    pub path: String,
    /// what errors call it
    pub shown: String,
    /// a Content-Encoding name; None: plain
    #[serde(default)]
    pub compression: Option<String>,
    /// only its end is there: other bytes are wished for (`wishes.rs`)
    #[serde(default)]
    pub sparse: bool,
    /// values of the virtual columns, as in `Lit`
    #[serde(default)]
    pub virtuals: Vec<serde_json::Value>,
}
