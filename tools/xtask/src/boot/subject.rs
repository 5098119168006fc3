//! What a machine runs, and by which time: options that several commands have.

use anyhow::{Result, ensure};
use clap::Args;
use pecan_vm::{Timing, Workspace, programs};
use std::path::{Path, PathBuf};

/// A root task, words for it and for the kernel, and how time goes.
#[derive(Args)]
pub(crate) struct Subject {
    /// X.2 executable as root task
    #[arg(long, value_name = "ELF", conflicts_with = "example")]
    pub(crate) root: Option<PathBuf>,
    /// One of user/examples as root task
    #[arg(long, value_name = "NAME")]
    example: Option<String>,
    /// Kernel command line; what follows ` -- ` is for the root task
    #[arg(
        long,
        value_name = "STR",
        default_value = "",
        allow_hyphen_values = true
    )]
    pub(crate) append: String,
    /// Deterministic time: one tick per instruction, the same in every run
    #[arg(long)]
    icount: bool,
}

impl Subject {
    /// The file of the root task; `usual` gives it when none is named.
    ///
    /// # Errors
    /// When it is not there, or does not compile.
    pub(crate) fn root(
        &self,
        workspace: &Workspace,
        usual: impl FnOnce(&Workspace) -> Result<PathBuf>,
    ) -> Result<PathBuf> {
        match (&self.root, &self.example) {
            (Some(path), _) => Ok(path.clone()),
            (None, Some(name)) => programs::example(workspace, name),
            (None, None) => usual(workspace),
        }
    }

    /// How time goes.
    pub(crate) fn timing(&self) -> Timing {
        if self.icount {
            Timing::Deterministic
        } else {
            Timing::Parallel
        }
    }
}

/// Says which of `files` is not there, before anything is built.
///
/// # Errors
/// When one is not.
pub(crate) fn are_there<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> Result<()> {
    for file in files {
        let is_there = Path::is_file(file);
        ensure!(
            is_there,
            "{} is not there: give the path of a file",
            file.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Subject, are_there};
    use clap::{Args, Command, FromArgMatches};
    use pecan_vm::Timing;
    use std::path::PathBuf;

    fn read(words: &str) -> Option<Subject> {
        let command = Subject::augment_args(Command::new("any").no_binary_name(true));
        let words = words.split_whitespace();
        let matches = command.try_get_matches_from(words).ok()?;
        Subject::from_arg_matches(&matches).ok()
    }

    #[test]
    fn options_are_read() {
        let subject = read("--root a --append -- --icount").expect("options");
        assert_eq!(subject.root, Some(PathBuf::from("a")));
        assert_eq!(subject.append, "--");
        assert_eq!(subject.timing(), Timing::Deterministic);
        let none = read("").expect("nothing");
        assert_eq!(
            (none.root.as_ref(), none.timing()),
            (None, Timing::Parallel)
        );
        assert!(read("--root a --example b").is_none());
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let here = tempfile::NamedTempFile::new().expect("a file");
        let files = [here.path().to_owned(), "/not/there".into()];
        let error = are_there(&files).expect_err("missing").to_string();
        assert_eq!(error, "/not/there is not there: give the path of a file");
        are_there(&files[..1]).expect("all there");
    }
}
