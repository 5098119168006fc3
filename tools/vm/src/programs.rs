//! Building the kernel and the user programs.

use crate::{Workspace, kernel_file};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compiler's name for a bare x86-64 machine.
pub const TARGET: &str = "x86_64-unknown-none";

const KERNEL_FLAGS: &str =
    "-Crelocation-model=static -Ccode-model=kernel -Cforce-frame-pointers=yes";
/// The code model stays the target's own, that of the compiler's library: link-time optimisation mixes no two. It
/// holds addresses in 32 bits with a sign, which is right for programs in the lowest 2 GiB, too.
const USER_FLAGS: &str = "-Crelocation-model=static -Cforce-frame-pointers=yes";

/// The packages of programs that run on the kernel, examples aside.
pub const USER_PROGRAMS: [&str; 7] = [
    "sigma0", "root", "bench", "stress", "conform", "preempt", "fuzz",
];

/// The programs of `user/foreign`.
pub const FOREIGN: [&str; 2] = ["giver", "old"];

/// Which of its two forms the kernel is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// As fast as it gets.
    Release,
    /// Checks its invariants at every dispatch.
    Debug,
    /// Writes down what happens; as fast as that allows.
    Tracing,
}

impl Profile {
    /// Where its files are in the target folder: of what is compiled in another way nothing is shared.
    const fn place(self) -> &'static str {
        match self {
            Self::Release | Self::Debug => "kernel",
            Self::Tracing => "tracing",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Release | Self::Tracing => "release",
            Self::Debug => "debug",
        }
    }
}

/// A cargo command whose files and flags are those of the kernel.
pub fn kernel_cargo(workspace: &Workspace, subcommand: &str, profile: Profile) -> Command {
    let mut cargo = bare_cargo(workspace, profile.place(), KERNEL_FLAGS, subcommand);
    match profile {
        Profile::Release => cargo.arg("--release"),
        Profile::Tracing => cargo.args(["--release", "--features", "pecan-kernel/trace"]),
        Profile::Debug => cargo
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", "2")
            .env("CARGO_PROFILE_DEV_DEBUG", "full"),
    };
    cargo.args(["-p", "pecan-kernel"]);
    cargo
}

/// A cargo command whose files and flags are those of programs that run on the kernel.
pub fn user_cargo(workspace: &Workspace, subcommand: &str) -> Command {
    let mut cargo = bare_cargo(workspace, "user", USER_FLAGS, subcommand);
    cargo.arg("--release");
    cargo
}

fn bare_cargo(workspace: &Workspace, folder: &str, flags: &str, subcommand: &str) -> Command {
    let mut cargo = workspace.cargo(&workspace.target().join(folder));
    cargo.args([subcommand, "--target", TARGET]);
    cargo.env("CARGO_TARGET_X86_64_UNKNOWN_NONE_RUSTFLAGS", flags);
    cargo
}

/// Builds the kernel, refuses a file that no boot loader would start right, and gives its path.
///
/// # Errors
/// When it does not compile or [`kernel_file::check`] finds fault with it.
pub fn kernel(workspace: &Workspace, profile: Profile) -> Result<PathBuf> {
    run(&mut kernel_cargo(workspace, "build", profile), "the kernel")?;
    let path = output(workspace, profile.place(), profile.folder(), "pecan");
    kernel_file::check(&path)?;
    Ok(path)
}

/// Builds the kernel with one of its `without-` features, which takes a technique out, and gives its path. The files of such
/// kernels are apart from those of the kernel.
///
/// # Errors
/// As [`kernel`].
pub fn kernel_without(workspace: &Workspace, feature: &str) -> Result<PathBuf> {
    let folder = "ablation/kernel";
    let mut cargo = bare_cargo(workspace, folder, KERNEL_FLAGS, "rustc");
    cargo.args(["--release", "-p", "pecan-kernel", "--features", feature]);
    // What only the technique needs is left over.
    cargo.args(["--", "-Aunused"]);
    run(&mut cargo, &format!("the kernel {feature}"))?;
    let path = output(workspace, folder, Profile::Release.folder(), "pecan");
    kernel_file::check(&path)?;
    keep(workspace, &path, feature)
}

/// Builds the benchmark program with one of its `without-` features, and gives its path.
///
/// # Errors
/// As [`user`].
pub fn bench_without(workspace: &Workspace, feature: &str) -> Result<PathBuf> {
    let folder = "ablation/user";
    let mut cargo = bare_cargo(workspace, folder, USER_FLAGS, "build");
    cargo.args(["--release", "-p", "bench", "--features", feature]);
    run(&mut cargo, &format!("the benchmark {feature}"))?;
    let path = output(workspace, folder, Profile::Release.folder(), "bench");
    keep(workspace, &path, feature)
}

/// The file as it is now, under the feature's name: the next build writes another one in its place.
fn keep(workspace: &Workspace, path: &Path, feature: &str) -> Result<PathBuf> {
    let kept = workspace.target().join("ablation").join(feature);
    fs::copy(path, &kept).with_context(|| format!("{} cannot be written", kept.display()))?;
    Ok(kept)
}

/// Builds programs that run on the kernel, by package name, and gives their paths in the same order.
///
/// # Errors
/// When one does not compile.
pub fn user<const N: usize>(workspace: &Workspace, names: [&str; N]) -> Result<[PathBuf; N]> {
    let mut cargo = user_cargo(workspace, "build");
    for name in names {
        cargo.args(["-p", name]);
    }
    run(&mut cargo, &names.join(", "))?;
    Ok(names.map(|name| output(workspace, "user", "release", name)))
}

/// Builds an example and gives its path.
///
/// # Errors
/// When there is no such example or it does not compile.
pub fn example(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let known = examples(workspace)?;
    if !known.iter().any(|example| example == name) {
        bail!(
            "there is no example `{name}`; there are: {}",
            known.join(", ")
        );
    }
    let mut cargo = user_cargo(workspace, "build");
    cargo.args(["-p", "examples", "--bin", name]);
    run(&mut cargo, name)?;
    Ok(output(workspace, "user", "release", name))
}

/// The cargo command that builds the plugin of QEMU. Alone it would ask for other features of what it shares with xtask, all of
/// which would be compiled again.
pub fn plugin_cargo(workspace: &Workspace) -> Command {
    let mut cargo = workspace.cargo(workspace.target());
    cargo.args(["build", "-p", "pecan-plugin", "-p", "xtask"]);
    cargo
}

/// Builds the plugin of QEMU that counts what programs do, and gives its path.
///
/// # Errors
/// When it does not compile.
pub fn plugin(workspace: &Workspace) -> Result<PathBuf> {
    run(&mut plugin_cargo(workspace), "the plugin")?;
    Ok(workspace.target().join("debug/libpecan_plugin.so"))
}

/// Builds a program of `user/foreign` and gives its path.
///
/// # Errors
/// When there is no such program or it does not compile.
pub fn foreign(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let mut cargo = user_cargo(workspace, "build");
    cargo.args(["-p", "foreign", "--bin", name]);
    run(&mut cargo, name)?;
    Ok(output(workspace, "user", "release", name))
}

/// The names of all examples, sorted.
///
/// # Errors
/// When their folder cannot be read.
pub fn examples(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = workspace.root().join("user/examples/src/bin");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let stem = |path: &Path| Some(path.file_stem()?.to_string_lossy().into_owned());
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| stem(&entry.path()))
        .collect();
    names.sort();
    Ok(names)
}

fn output(workspace: &Workspace, folder: &str, profile: &str, name: &str) -> PathBuf {
    workspace
        .target()
        .join(folder)
        .join(TARGET)
        .join(profile)
        .join(name)
}

fn run(cargo: &mut Command, what: &str) -> Result<()> {
    let status = cargo
        .status()
        .with_context(|| format!("cargo cannot be started to build {what}"))?;
    if !status.success() {
        bail!("{what}: the build failed; the compiler's messages are above");
    }
    Ok(())
}
