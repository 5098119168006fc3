//! The machine's own apt sources, in both of their forms.

use std::fs;
use std::path::{Path, PathBuf};

/// One entry for binary packages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    /// Mirrors.
    pub(crate) uris: String,
    /// Suites, such as `bookworm`.
    pub(crate) suites: Vec<String>,
    /// Components, such as `main`.
    pub(crate) components: Vec<String>,
    /// `Signed-By` as it stands there: a path, a fingerprint, or a key of many lines.
    pub(crate) signed_by: Option<String>,
    /// Whether apt is told to trust it unsigned.
    pub(crate) trusted: bool,
}

impl Source {
    /// The same mirror with another suite, as the text of a `.sources` file.
    pub(crate) fn with_suite(&self, suite: &str) -> String {
        let mut text = format!(
            "Types: deb\nURIs: {}\nSuites: {suite}\nComponents: main\n",
            self.uris
        );
        if let Some(key) = &self.signed_by {
            text += &format!("Signed-By: {key}\n");
        }
        if self.trusted {
            text += "Trusted: yes\n";
        }
        text
    }

    /// Whether packages of a suite's main component come from here.
    pub(crate) fn offers(&self, suite: &str) -> bool {
        self.suites.iter().any(|name| name == suite)
            && self.components.iter().any(|name| name == "main")
    }
}

/// Every active entry under a folder like `/etc/apt`.
pub(crate) fn sources(folder: &Path) -> Vec<Source> {
    let mut files: Vec<PathBuf> = vec![folder.join("sources.list")];
    let parts = fs::read_dir(folder.join("sources.list.d"));
    files.extend(
        parts
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path()),
    );
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("list") => found.extend(text.lines().filter_map(one_line)),
            Some("sources") => {
                found.extend(paragraphs(&text).iter().filter_map(|text| paragraph(text)))
            }
            _ => {}
        }
    }
    found
}

/// Reads `deb [signed-by=/key.gpg] http://mirror/debian bookworm main contrib`.
fn one_line(line: &str) -> Option<Source> {
    let line = line.split('#').next()?.trim().strip_prefix("deb")?;
    if !line.starts_with([' ', '\t']) {
        return None;
    }
    let line = line.trim_start();
    let (options, rest) = match line.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", line),
    };
    let mut words = rest.split_whitespace().map(str::to_owned);
    let (uris, suite) = (words.next()?, words.next()?);
    let option = |key: &str| {
        options
            .split_whitespace()
            .find_map(|option| option.strip_prefix(key)?.strip_prefix('='))
    };
    Some(Source {
        uris,
        suites: vec![suite],
        components: words.collect(),
        signed_by: option("signed-by").map(str::to_owned),
        trusted: option("trusted") == Some("yes"),
    })
}

/// Cuts a `.sources` file at its empty lines.
fn paragraphs(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match (line.trim().is_empty(), all.last_mut()) {
            (false, Some(last)) => *last += &format!("{line}\n"),
            _ => all.push(String::new()),
        }
    }
    all
}

fn paragraph(text: &str) -> Option<Source> {
    let types = field(text, "Types")?;
    let enabled = field(text, "Enabled").is_none_or(|value| value != "no");
    if !enabled || !types.split_whitespace().any(|kind| kind == "deb") {
        return None;
    }
    let words = |key| -> Vec<String> {
        field(text, key)
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    };
    Some(Source {
        uris: words("URIs").join(" "),
        suites: words("Suites"),
        components: words("Components"),
        signed_by: field(text, "Signed-By"),
        trusted: field(text, "Trusted").is_some_and(|value| value == "yes"),
    })
}

/// The value of a field with its continuation lines, which begin with a blank.
fn field(text: &str, key: &str) -> Option<String> {
    let mut value: Option<String> = None;
    for line in text.lines() {
        match &mut value {
            Some(value) if line.starts_with([' ', '\t']) => *value += &format!("\n{line}"),
            Some(_) => break,
            None => {
                let (name, rest) = line.split_once(':').unwrap_or(("", ""));
                value = name
                    .eq_ignore_ascii_case(key)
                    .then(|| rest.trim().to_owned());
            }
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::{one_line, paragraph, paragraphs};

    #[test]
    fn classic_lines() {
        let source = one_line("deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # x")
            .expect("a source");
        assert_eq!(source.uris, "http://mirror.example/debian");
        assert!(source.offers("bookworm"));
        assert_eq!(source.signed_by.as_deref(), Some("/k.gpg"));
        for line in [
            "",
            "# deb http://m d main",
            "deb-src http://m d main",
            "deb",
            "deb [x",
        ] {
            assert_eq!(one_line(line), None, "{line}");
        }
        assert!(
            !one_line("deb http://m bookworm contrib")
                .expect("a source")
                .offers("bookworm")
        );
    }

    #[test]
    fn deb822_paragraphs() {
        let text = "Types: deb deb-src\n# a comment\nURIs: http://m/debian\nSuites: bookworm bookworm-updates\n\
                    Components: main\nSigned-By:\n -----BEGIN\n .\n abc\n\nTypes: deb-src\nURIs: http://n\n";
        let all = paragraphs(text);
        assert_eq!(all.len(), 2);
        let source = paragraph(&all[0]).expect("a source");
        assert!(source.offers("bookworm-updates") && !source.offers("bookworm-backports"));
        assert_eq!(source.signed_by.as_deref(), Some("\n -----BEGIN\n .\n abc"));
        assert_eq!(paragraph(&all[1]), None);
        assert_eq!(paragraph(&format!("Enabled: no\n{}", all[0])), None);
    }

    #[test]
    fn the_mirror_and_key_are_carried_over() {
        let source =
            one_line("deb [signed-by=/k.gpg] http://m/debian bookworm main").expect("a source");
        let text = source.with_suite("bookworm-backports");
        assert_eq!(
            text,
            "Types: deb\nURIs: http://m/debian\nSuites: bookworm-backports\nComponents: main\nSigned-By: /k.gpg\n"
        );
        let again = paragraph(&paragraphs(&text)[0]).expect("a source");
        assert!(again.offers("bookworm-backports"));
    }
}
