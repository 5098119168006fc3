//! The files that the last runs left.

use crate::Report;
use crate::ablation::Ablation;
use anyhow::{Context, Result, bail, ensure};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;

/// What a run measured; each kind has a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What each path costs and touches.
    Main,
    /// The same, and what other kernels need for it.
    Peers,
    /// What the kernel costs without one of its techniques, and the copy experiment.
    Ablation,
}

impl Kind {
    /// The file's name without its ending.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Peers => "peers",
            Self::Ablation => "ablation",
        }
    }

    /// What makes the file.
    pub const fn command(self) -> &'static str {
        match self {
            Self::Main => "cargo xtask bench",
            Self::Peers => "cargo xtask bench --peers",
            Self::Ablation => "cargo xtask bench --ablation",
        }
    }
}

/// Figures, and the command that measured them.
#[derive(Clone, Debug, PartialEq)]
pub struct Run<T> {
    /// As it was typed.
    pub command: String,
    /// What it found.
    pub figures: T,
}

/// The last run of each kind, as far as there was one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runs {
    /// [`Kind::Main`].
    pub main: Option<Run<Report>>,
    /// [`Kind::Peers`]: with this kernel's own figures of the same run.
    pub peers: Option<Run<Report>>,
    /// [`Kind::Ablation`].
    pub ablation: Option<Run<Ablation>>,
}

impl Runs {
    /// Reads the files of `folder`.
    ///
    /// # Errors
    /// When a file is there but is not what a run writes.
    pub fn load(folder: &Path) -> Result<Self> {
        Ok(Self {
            main: run(folder, Kind::Main)?,
            peers: run(folder, Kind::Peers)?,
            ablation: run(folder, Kind::Ablation)?,
        })
    }
}

/// Keeps `json`, the object with the figures of a run, in `folder` as the last one of its kind, with the command that
/// made it.
///
/// # Errors
/// When it is no object, or the file cannot be written.
pub fn save(folder: &Path, kind: Kind, command: &str, json: &str) -> Result<()> {
    let fields = json
        .trim_start()
        .strip_prefix('{')
        .context("figures are an object")?;
    let command = serde_json::to_string(command)?;
    let path = folder.join(kind.name()).with_extension("json");
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    fs::write(&path, format!("{{\"command\":{command},{fields}"))
        .with_context(|| format!("{} cannot be written", path.display()))
}

fn run<T: DeserializeOwned>(folder: &Path, kind: Kind) -> Result<Option<Run<T>>> {
    let Some(object) = object(folder, kind)? else {
        return Ok(None);
    };
    let written = object.get("command").and_then(Value::as_str);
    let command = written.unwrap_or(kind.command()).to_owned();
    let figures = serde_json::from_value(Value::Object(object));
    let figures = figures.with_context(|| broken(folder, kind))?;
    Ok(Some(Run { command, figures }))
}

fn object(folder: &Path, kind: Kind) -> Result<Option<Map<String, Value>>> {
    let path = folder.join(kind.name()).with_extension("json");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be read", path.display()));
        }
    };
    let value = serde_json::from_str(&text).with_context(|| broken(folder, kind))?;
    let Value::Object(object) = value else {
        bail!("{}", broken(folder, kind));
    };
    if let Some(schema) = object.get("schema") {
        ensure!(
            *schema == 1,
            "{} has schema {schema}, and this knows 1",
            path.display()
        );
    }
    Ok(Some(object))
}

fn broken(folder: &Path, kind: Kind) -> String {
    format!(
        "{}/{}.json is not what a run writes; `{}` makes it anew",
        folder.display(),
        kind.name(),
        kind.command()
    )
}

#[cfg(test)]
mod tests {
    use super::{Kind, Runs, save};
    use crate::ablation::Pair;
    use crate::peers::Configuration;
    use std::fs;
    use std::path::Path;

    const MAIN: &str = r#"{"schema":1,"qemu":"10.0.2","cpus":2,"rows":[
        {"id":"ref.null-syscall","words":null,"instructions_one_way":null,"instructions_round_trip":66,
         "ns_round_trip":null,"ipis_round_trip":0.0}],"accounting":null}"#;

    const PEERS: &str = r#"{"schema":1,"qemu":"10.0.2","cpus":2,"rows":[],"accounting":null,"peers":[
        {"system":"Linux","package":"p","version":"v","configuration":"lean","command_line":"","cpus":2,
         "about":{"release":"r","build":"b","clock":"tsc","mitigations":[]},"rows":[]}]}"#;

    const ABLATION: &str = r#"{"schema":1,"qemu":"10.0.2","ablation":[
        {"technique":"lazy lists","without":"eager","way":"general","row":"r","words8":{"base":171,"without":200},
         "bytes4096":{"base":1,"without":2},"kernel8":null,"ipis8":null,"of a later version":1}],"copy":[]}"#;

    fn saved(kinds: &[(Kind, &str, &str)]) -> Runs {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("not there yet");
        for (kind, command, json) in kinds {
            save(&inner, *kind, command, json).expect("figures");
        }
        Runs::load(&inner).expect("runs")
    }

    #[test]
    fn without_files_nothing_was_measured() {
        assert_eq!(saved(&[]), Runs::default());
    }

    #[test]
    fn what_is_kept_is_found_with_its_command() {
        let runs = saved(&[
            (Kind::Main, "cargo xtask bench --quick", MAIN),
            (Kind::Ablation, "make it", ABLATION),
        ]);
        let main = runs.main.expect("main");
        assert_eq!(main.command, "cargo xtask bench --quick");
        assert_eq!(main.figures.rows[0].instructions_round_trip, Some(66));
        let ablation = runs.ablation.expect("ablation");
        let base = Pair {
            base: 171,
            without: 200,
        };
        assert_eq!(ablation.figures.ablation[0].words8, base);
        assert_eq!((ablation.command.as_str(), runs.peers), ("make it", None));
    }

    #[test]
    fn peers_stay_when_a_later_run_has_none() {
        let runs = saved(&[
            (Kind::Main, "one", PEERS),
            (Kind::Peers, "one", PEERS),
            (Kind::Main, "two", MAIN),
        ]);
        let peers = runs.peers.expect("peers");
        assert_eq!(peers.figures.peers[0].configuration, Configuration::Lean);
        let commands = (peers.command, runs.main.map(|run| run.command));
        assert_eq!(commands, ("one".into(), Some("two".into())));
    }

    #[test]
    fn broken_files_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        for (text, why) in [
            ("{", "cargo xtask bench --peers"),
            ("[]", "peers.json"),
            (r#"{"schema":1,"peers":7}"#, "is not what a run writes"),
            (r#"{"schema":2,"peers":[]}"#, "schema 2"),
        ] {
            fs::write(folder.path().join("peers.json"), text).expect("a file");
            let error = Runs::load(folder.path()).expect_err("broken").to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(save(Path::new("/"), Kind::Peers, "", "[]").is_err());
    }
}
