//! The files that the last runs left.

use crate::{Report, Row};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;

/// What a run measured; each kind has a file of its own, and a list in it that is called so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What each path costs.
    Main,
    /// What each path touches.
    Accounting,
    /// What other kernels need for the same.
    Peers,
    /// What the kernel costs without one of its techniques.
    Ablation,
}

impl Kind {
    /// The file's name without its ending.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Accounting => "accounting",
            Self::Peers => "peers",
            Self::Ablation => "ablation",
        }
    }

    /// The name of the list with the figures.
    const fn list(self) -> &'static str {
        match self {
            Self::Main => "rows",
            other => other.name(),
        }
    }

    /// What makes the file.
    pub const fn command(self) -> &'static str {
        match self {
            Self::Main | Self::Accounting => "cargo xtask bench",
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

/// A record whose fields this crate does not prescribe: names and figures as they stand in the file.
pub type Record = Map<String, Value>;

/// What a technique is worth.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Removed {
    /// The technique.
    pub technique: String,
    /// What the kernel does without it.
    #[serde(default)]
    pub without: String,
    /// Instructions with a message of 8 bytes.
    pub words8: Option<Pair>,
    /// Instructions with a message of 4 KiB.
    pub bytes4096: Option<Pair>,
}

/// Another system, started in one of several ways.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Peer {
    /// Its name.
    pub system: String,
    /// How it was started, in a word.
    #[serde(default)]
    pub configuration: String,
    /// What it costs; an id is that of the mechanism, a dot, and that of the kernel's own row without `ipc.`.
    #[serde(default)]
    pub rows: Vec<Row>,
}

/// The same count with and without something.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
pub struct Pair {
    /// With it: the kernel as it is.
    pub base: f64,
    /// Without it.
    pub without: f64,
}

/// The last run of each kind, as far as there was one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runs {
    /// [`Kind::Main`].
    pub main: Option<Run<Report>>,
    /// [`Kind::Accounting`].
    pub accounting: Option<Run<Vec<Record>>>,
    /// [`Kind::Peers`].
    pub peers: Option<Run<Vec<Peer>>>,
    /// [`Kind::Ablation`].
    pub ablation: Option<Run<Vec<Removed>>>,
}

impl Runs {
    /// Reads the files of `folder`. A list may also stand in the file of [`Kind::Main`].
    ///
    /// # Errors
    /// When a file is there but is not what a run writes.
    pub fn load(folder: &Path) -> Result<Self> {
        let main = object(folder, Kind::Main)?;
        Ok(Self {
            accounting: list(folder, main.as_ref(), Kind::Accounting)?,
            peers: list(folder, main.as_ref(), Kind::Peers)?,
            ablation: list(folder, main.as_ref(), Kind::Ablation)?,
            main: match main.map(without_lists) {
                Some(main) if main.contains_key(Kind::Main.list()) => Some(Run {
                    command: command(&main, Kind::Main),
                    figures: read(folder, Kind::Main, Value::Object(main))?,
                }),
                _ => None,
            },
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

/// The main figures alone: what other kinds have may be of another version than this.
fn without_lists(mut main: Record) -> Record {
    for kind in [Kind::Accounting, Kind::Peers, Kind::Ablation] {
        main.remove(kind.list());
    }
    main
}

fn object(folder: &Path, kind: Kind) -> Result<Option<Record>> {
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

/// A kind's list from its own file, or else from the main one.
fn list<T: DeserializeOwned>(
    folder: &Path,
    main: Option<&Record>,
    kind: Kind,
) -> Result<Option<Run<Vec<T>>>> {
    let own = object(folder, kind)?;
    let Some(object) = own
        .as_ref()
        .or(main)
        .filter(|object| object.contains_key(kind.list()))
    else {
        return Ok(None);
    };
    let from = if own.is_some() { kind } else { Kind::Main };
    let value = object.get(kind.list()).cloned().unwrap_or_default();
    // A run that could not measure it says `null`.
    let figures: Option<Vec<T>> = read(folder, from, value)?;
    Ok(figures.map(|figures| Run {
        command: command(object, from),
        figures,
    }))
}

fn read<T: DeserializeOwned>(folder: &Path, kind: Kind, value: Value) -> Result<T> {
    serde_json::from_value(value).with_context(|| broken(folder, kind))
}

fn broken(folder: &Path, kind: Kind) -> String {
    format!(
        "{}/{}.json is not what a run writes; `{}` makes it anew",
        folder.display(),
        kind.name(),
        kind.command()
    )
}

fn command(object: &Record, kind: Kind) -> String {
    let written = object.get("command").and_then(Value::as_str);
    written.unwrap_or(kind.command()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Kind, Pair, Runs, save};
    use std::path::PathBuf;
    use std::{env, fs, process};

    /// A folder that is gone again with this value.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            Self(env::temp_dir().join(format!("pecan-runs-{}-{name}", process::id())))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            // What is left behind costs space and nothing else.
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const MAIN: &str = r#"{"schema":1,"qemu":"10.0.2","cpus":2,"rows":[
        {"id":"ref.null-syscall","words":null,"instructions_one_way":null,"instructions_round_trip":66,
         "ns_round_trip":null,"ipis_round_trip":0.0}]}"#;

    #[test]
    fn without_files_nothing_was_measured() {
        let folder = Folder::new("none");
        assert_eq!(Runs::load(&folder.0).expect("no runs"), Runs::default());
    }

    #[test]
    fn what_is_kept_is_found_with_its_command() {
        let folder = Folder::new("kept");
        save(&folder.0, Kind::Main, "cargo xtask bench --quick", MAIN).expect("main");
        let removed = r#"{"schema":1,"ablation":[{"technique":"lazy lists","words8":{"base":171,"without":200},
            "of a later version":1}]}"#;
        save(&folder.0, Kind::Ablation, "make it", removed).expect("ablation");
        let runs = Runs::load(&folder.0).expect("runs");
        let main = runs.main.expect("main");
        assert_eq!(main.command, "cargo xtask bench --quick");
        assert_eq!(main.figures.rows[0].instructions_round_trip, Some(66));
        let ablation = runs.ablation.expect("ablation");
        let base = Pair {
            base: 171.0,
            without: 200.0,
        };
        assert_eq!(ablation.figures[0].words8, Some(base));
        assert_eq!(
            (ablation.figures[0].bytes4096, runs.accounting, runs.peers),
            (None, None, None)
        );
    }

    #[test]
    fn a_list_may_stand_in_the_main_file() {
        let folder = Folder::new("within");
        let both = MAIN.replacen(
            "\"rows\"",
            "\"accounting\":[{\"id\":\"a\"}],\"peers\":null,\"rows\"",
            1,
        );
        save(&folder.0, Kind::Main, "cargo xtask bench", &both).expect("main");
        let runs = Runs::load(&folder.0).expect("runs");
        assert_eq!(runs.accounting.map(|run| run.figures.len()), Some(1));
        assert_eq!((runs.peers, runs.main.is_some()), (None, true));
    }

    #[test]
    fn broken_files_are_named() {
        let folder = Folder::new("broken");
        for (text, why) in [
            ("{", "cargo xtask bench --peers"),
            ("[]", "peers.json"),
            (r#"{"schema":1,"peers":7}"#, "is not what a run writes"),
            (r#"{"schema":2,"peers":[]}"#, "schema 2"),
        ] {
            fs::create_dir_all(&folder.0).expect("a folder");
            fs::write(folder.0.join("peers.json"), text).expect("a file");
            let error = Runs::load(&folder.0).expect_err("broken").to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(save(&folder.0, Kind::Peers, "", "[]").is_err());
    }
}
