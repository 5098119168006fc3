//! Changes to this machine that need root.

use anyhow::{Context, Result, bail};
use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Write a file.
    Write(PathBuf, String),
    /// Run a program with arguments.
    Run(Vec<String>),
}

impl Action {
    /// A program call out of words without spaces.
    pub(crate) fn run(line: &str) -> Self {
        Self::Run(line.split(' ').map(str::to_owned).collect())
    }

    /// Says what it does, and does it.
    pub(crate) fn carry_out(&self) -> Result<()> {
        match self {
            Self::Write(path, content) => {
                eprintln!("setup: writing {}", path.display());
                fs::write(path, content)
                    .with_context(|| format!("{} cannot be written", path.display()))
            }
            Self::Run(words) => {
                eprintln!("setup: {}", words.join(" "));
                let (program, arguments) = words.split_first().context("an empty command")?;
                let status = Command::new(program)
                    .args(arguments)
                    .env("DEBIAN_FRONTEND", "noninteractive")
                    .status()
                    .with_context(|| format!("{program} cannot be started"))?;
                if !status.success() {
                    bail!("`{}` failed", words.join(" "));
                }
                Ok(())
            }
        }
    }

    /// Undoes a file; what was installed stays.
    pub(crate) fn undo(&self) {
        if let Self::Write(path, _) = self {
            eprintln!("setup: removing {}", path.display());
            if let Err(error) = fs::remove_file(path) {
                eprintln!("setup: {} could not be removed: {error}", path.display());
            }
        }
    }
}

/// As a shell command that somebody can paste.
impl fmt::Display for Action {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(path, content) => {
                write!(
                    out,
                    "sudo tee {} >/dev/null <<'END'\n{content}END",
                    path.display()
                )
            }
            Self::Run(words) => write!(out, "sudo {}", words.join(" ")),
        }
    }
}

/// Whether this process may change the machine.
pub(crate) fn is_root() -> bool {
    // The owner of a process's own folder is the user it runs as.
    fs::metadata("/proc/self").is_ok_and(|folder| folder.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::Action;

    #[test]
    fn commands_can_be_pasted() {
        let file = Action::Write("/etc/x".into(), "a: b\n".into());
        assert_eq!(
            file.to_string(),
            "sudo tee /etc/x >/dev/null <<'END'\na: b\nEND"
        );
        assert_eq!(
            Action::run("apt-get update").to_string(),
            "sudo apt-get update"
        );
    }
}
