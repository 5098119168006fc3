//! Parts of the Rust toolchain.

use anyhow::{Context, Result, bail};
use pecan_vm::Workspace;
use pecan_vm::programs::TARGET;
use std::path::PathBuf;
use std::process::Command;

/// Oldest minor version of a nightly that the workspace's `rust-version` admits.
const OLDEST_NIGHTLY: u32 = 95;

/// The compiler's library for the kernel's target.
pub(crate) fn kernel_target(workspace: &Workspace) -> Result<()> {
    let folder = rustc(workspace, &["--print", "target-libdir", "--target", TARGET])?;
    if folder.is_dir() {
        return Ok(());
    }
    rustup(workspace, &["target", "add", TARGET]).with_context(|| {
        format!(
            "the compiler's library for {TARGET} is missing, {} is not there",
            folder.display()
        )
    })
}

/// rustfmt and clippy.
pub(crate) fn checkers(workspace: &Workspace) -> Result<()> {
    let programs = rustc(workspace, &["--print", "sysroot"])?.join("bin");
    for (program, component) in [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")] {
        if !programs.join(program).is_file() {
            rustup(workspace, &["component", "add", component])?;
        }
    }
    Ok(())
}

/// Miri, if there is a nightly toolchain that can have it; if not, the reason.
pub(crate) fn miri(workspace: &Workspace) -> Result<(), String> {
    let version = text(
        workspace
            .command("rustup")
            .args(["run", "nightly", "rustc", "--version"]),
    )
    .map_err(|_| "there is no nightly toolchain (rustup toolchain install nightly)".to_owned())?;
    let minor = version
        .split('.')
        .nth(1)
        .and_then(|minor| minor.parse::<u32>().ok());
    if minor.is_none_or(|minor| minor < OLDEST_NIGHTLY) {
        return Err(format!("the nightly toolchain is too old: {version}"));
    }
    let has_miri = || {
        text(
            workspace
                .command("rustup")
                .args(["run", "nightly", "cargo", "miri", "--version"]),
        )
        .is_ok()
    };
    if !has_miri() {
        let words = [
            "component",
            "add",
            "--toolchain",
            "nightly",
            "miri",
            "rust-src",
        ];
        rustup(workspace, &words).map_err(|error| format!("{error:#}"))?;
    }
    if has_miri() {
        Ok(())
    } else {
        Err("it does not start".into())
    }
}

fn rustc(workspace: &Workspace, arguments: &[&str]) -> Result<PathBuf> {
    Ok(text(workspace.command("rustc").args(arguments))?.into())
}

fn rustup(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let line = format!("rustup {}", arguments.join(" "));
    eprintln!("setup: {line}");
    let status = workspace
        .command("rustup")
        .args(arguments)
        .status()
        .with_context(|| {
            format!("rustup is not there; with another installer, do what `{line}` does")
        })?;
    if !status.success() {
        bail!("`{line}` failed: is there a network?");
    }
    Ok(())
}

fn text(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("{command:?} cannot be started"))?;
    if !output.status.success() {
        bail!(
            "{command:?} failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
