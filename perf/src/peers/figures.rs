//! What was found out about Linux, and its JSON form.

use super::Configuration;
use crate::Row;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// Linux in one configuration.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Peer {
    /// `Linux`.
    pub system: String,
    /// The distribution's package, such as `linux-image-6.1.0-56-cloud-amd64`.
    pub package: String,
    /// The package's version.
    pub version: String,
    /// How it was started.
    pub configuration: Configuration,
    /// The kernel's command line.
    pub command_line: String,
    /// Processors of the machine.
    pub cpus: u32,
    /// What the running kernel says about itself.
    pub about: About,
    /// A row for each mechanism, place and length.
    pub rows: Vec<Row>,
}

/// What a running Linux says about itself.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct About {
    /// Its release, as in `uname -r`.
    pub release: String,
    /// Its build, as in `uname -v`.
    pub build: String,
    /// The clock that it uses.
    pub clock: String,
    /// Weaknesses of the processor that it works around, and how.
    pub mitigations: Vec<String>,
}

impl About {
    /// Reads what follows `[peer]` on a line.
    ///
    /// # Errors
    /// When it is not such an object.
    pub fn read(json: &str) -> Result<Self> {
        serde_json::from_str(json).with_context(|| format!("not a peer's facts: {json}"))
    }
}

impl Peer {
    /// The row of a path and message length.
    pub fn row(&self, id: &str, words: Option<u32>) -> Option<&Row> {
        self.rows
            .iter()
            .find(|row| row.id == id && row.words == words)
    }
}

#[cfg(test)]
mod tests {
    use super::About;

    #[test]
    fn facts_are_read() {
        let facts = r#"{"build":"Debian","clock":"tsc","mitigations":["a: b"],"release":"6.1"}"#;
        assert_eq!(About::read(facts).expect("facts").mitigations, ["a: b"]);
        assert!(About::read("{}").is_err());
    }
}
