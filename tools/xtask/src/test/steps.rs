//! What there is to check, in the order of how soon it finds something.

use super::Options;
use crate::setup;
use pecan_vm::Workspace;
use pecan_vm::programs::{self, Profile, USER_PROGRAMS};
use std::process::Command;

/// A group of commands with a name.
pub(crate) struct Step {
    /// One word.
    pub(crate) name: &'static str,
    /// One line for people.
    pub(crate) about: &'static str,
    /// The commands, or the reason why there are none.
    pub(crate) commands: Result<Vec<Command>, String>,
}

/// The steps that the options ask for.
pub(crate) fn select(workspace: &Workspace, options: &Options) -> Vec<Step> {
    if let Some(shape) = &options.shape {
        let filter = format!("{shape}::{}", options.filter.as_deref().unwrap_or_default());
        return vec![boot(workspace, &filter)];
    }
    let filter = options.filter.as_deref().unwrap_or_default();
    if filter.is_empty() {
        return all(workspace);
    }
    let by_name: Vec<Step> = all(workspace)
        .into_iter()
        .filter(|step| step.name == filter)
        .collect();
    if !by_name.is_empty() {
        return by_name;
    }
    // Only permanent ids begin with a capital letter.
    if filter.starts_with(|letter: char| letter.is_ascii_uppercase()) {
        return vec![boot(workspace, filter)];
    }
    vec![
        host(workspace, filter),
        models(workspace, filter),
        boot(workspace, filter),
    ]
}

fn all(workspace: &Workspace) -> Vec<Step> {
    vec![
        format(workspace),
        lint(workspace),
        host(workspace, ""),
        boot(workspace, ""),
        models(workspace, ""),
        miri(workspace),
    ]
}

fn format(workspace: &Workspace) -> Step {
    let mut cargo = workspace.cargo(workspace.target());
    cargo.args(["fmt", "--all", "--check"]);
    Step {
        name: "format",
        about: "rustfmt",
        commands: Ok(vec![cargo]),
    }
}

fn lint(workspace: &Workspace) -> Step {
    let mut host = workspace.cargo(workspace.target());
    host.args(["clippy", "--all-targets"]);
    let mut models = workspace.cargo(workspace.target());
    models.args(["clippy", "--all-targets", "-p", "pecan-smp-model"]);
    // What is no test of `cargo test` is not among all targets.
    let mut boot = workspace.cargo(workspace.target());
    boot.args(["clippy", "-p", "pecan-tests", "--test", "boot"]);
    let mut user = programs::user_cargo(workspace, "clippy");
    for name in USER_PROGRAMS
        .into_iter()
        .chain(["l4", "examples", "foreign"])
    {
        user.args(["-p", name]);
    }
    let kernel = |profile| programs::kernel_cargo(workspace, "clippy", profile);
    let mut commands = vec![
        host,
        models,
        boot,
        kernel(Profile::Release),
        kernel(Profile::Debug),
        kernel(Profile::Tracing),
        user,
    ];
    for command in &mut commands {
        command.args(["--", "-D", "warnings"]);
    }
    Step {
        name: "lint",
        about: "clippy for host, kernel and user programs",
        commands: Ok(commands),
    }
}

fn host(workspace: &Workspace, filter: &str) -> Step {
    let mut crates = workspace.cargo(workspace.target());
    crates.args(["test", "--no-fail-fast", "--", filter]);
    let mut sigma0 = workspace.cargo(workspace.target());
    sigma0.args(["test", "-p", "sigma0", "--lib", "--", filter]);
    Step {
        name: "host",
        about: "tests of the crates that run on this machine",
        commands: Ok(vec![crates, sigma0]),
    }
}

fn boot(workspace: &Workspace, filter: &str) -> Step {
    let mut cargo = workspace.cargo(workspace.target());
    cargo.args(["test", "-p", "pecan-tests", "--test", "boot", "--", filter]);
    Step {
        name: "boot",
        about: "the kernel in QEMU, on machines of many shapes",
        commands: Ok(vec![cargo]),
    }
}

fn models(workspace: &Workspace, filter: &str) -> Step {
    let mut loom = workspace.cargo(&workspace.target().join("loom"));
    loom.env("RUSTFLAGS", "--cfg loom");
    let mut protocol = workspace.cargo(&workspace.target().join("model"));
    for command in [&mut loom, &mut protocol] {
        // The default release profile of the kernel links for minutes and gains nothing here.
        command
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        command.args([
            "test",
            "--release",
            "-p",
            "pecan-smp-model",
            "--lib",
            "--",
            filter,
        ]);
    }
    Step {
        name: "models",
        about: "loom and stateright on what CPUs say to one another",
        commands: Ok(vec![loom, protocol]),
    }
}

fn miri(workspace: &Workspace) -> Step {
    let mut command = workspace.command("rustup");
    command.args([
        "run",
        "nightly",
        "cargo",
        "miri",
        "test",
        "-p",
        "pecan-abi",
        "-p",
        "pecan-rules",
    ]);
    command.env("CARGO_TARGET_DIR", workspace.target().join("miri"));
    // Miri is some hundred times slower than the machine: few cases, and no files for failed ones.
    command
        .env("PROPTEST_CASES", "4")
        .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true");
    command.env("MIRIFLAGS", "-Zmiri-disable-isolation");
    let commands = setup::miri(workspace).map(|()| vec![command]);
    Step {
        name: "miri",
        about: "encodings and rules under Miri",
        commands,
    }
}
