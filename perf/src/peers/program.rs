//! Building the program that runs on Linux.

use anyhow::{Context, Result, ensure};
use pecan_vm::Workspace;
use std::fs;

const PACKAGE: &str = "pecan-linux-peer";
const NAME: &str = "linux-peer";
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// There are no libraries on the machine, and addresses are the same in every run.
const FLAGS: &str = "-Ctarget-feature=+crt-static -Crelocation-model=static";

/// Builds it and gives its file's content.
///
/// # Errors
/// When it does not compile or link.
pub(crate) fn build(workspace: &Workspace) -> Result<Vec<u8>> {
    let folder = workspace.target().join("linux");
    let mut cargo = workspace.cargo(&folder);
    cargo
        .args(["build", "--release", "-p", PACKAGE, "--target", TARGET])
        .env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS", FLAGS)
        // Its own instructions are few beside those of Linux, and the kernel's profile links for minutes.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    let status = cargo
        .status()
        .with_context(|| format!("cargo cannot be started to build {NAME}"))?;
    ensure!(
        status.success(),
        "{NAME}: the build failed; the compiler's messages are above"
    );
    let path = folder.join(TARGET).join("release").join(NAME);
    fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))
}
