//! Where the sources and the built files are.

use anyhow::{Context, Result};
use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The checkout that this program was started from, and its target folder.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Finds the checkout from the folder that cargo names, or else from the current folder upwards.
    ///
    /// # Errors
    /// When neither is inside a checkout of Pecan.
    pub fn find() -> Result<Self> {
        let here = env::current_dir().context("the current folder cannot be read")?;
        let start = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| here.clone(), PathBuf::from);
        let is_root = |folder: &&Path| folder.join("kernel/abi/Cargo.toml").is_file();
        let root = start
            .ancestors()
            .find(is_root)
            .with_context(|| {
                format!(
                    "{} is not inside a checkout of Pecan: start this from its folder",
                    start.display()
                )
            })?
            .to_path_buf();
        // Cargo takes a relative folder as seen from where it was started.
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |folder| here.join(folder));
        Ok(Self { root, target })
    }

    /// The folder of the root `Cargo.toml`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder for built files: `CARGO_TARGET_DIR`, or `target` in the checkout.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// A command that runs in the checkout without the compiler flags of this process's own build.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        for inherited in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
            command.env_remove(inherited);
        }
        command
    }

    /// Cargo, the same one that runs this process, with its files in `target`.
    pub fn cargo(&self, target: &Path) -> Command {
        let mut command = self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.env("CARGO_TARGET_DIR", target);
        command
    }
}
