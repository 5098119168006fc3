//! What there is to check, in the order of how soon it finds something.

use super::Options;
use super::step::{Lane, Step};
use crate::setup;
use pecan_vm::Workspace;
use pecan_vm::programs::{self, Profile, USER_PROGRAMS};
use std::process::Command;

/// The steps that the options ask for.
pub(crate) fn select(workspace: &Workspace, options: &Options) -> Vec<Step> {
    let steps = named(workspace, options).into_iter();
    if options.stalls {
        return steps.map(|step| step.with("PECAN_STALLS", "1")).collect();
    }
    steps.collect()
}

/// Those whose name it is, or all that may have a test of that name.
fn named(workspace: &Workspace, options: &Options) -> Vec<Step> {
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
        build(workspace).beside(),
        boot(workspace, ""),
        models(workspace, ""),
        miri(workspace).beside(),
    ]
}

fn format(workspace: &Workspace) -> Step {
    let mut cargo = workspace.cargo(workspace.target());
    cargo.args(["fmt", "--all", "--check"]);
    Step::new("format", "rustfmt", vec![Lane::of("format", [cargo])])
}

fn lint(workspace: &Workspace) -> Step {
    let mut host = workspace.cargo(workspace.target());
    host.args(["clippy", "--all-targets"]);
    let mut models = workspace.cargo(workspace.target());
    models.args(["clippy", "--all-targets", "-p", "pecan-smp-model"]);
    // What is no test of `cargo test` is not among all targets.
    let mut boot = workspace.cargo(workspace.target());
    boot.args(["clippy", "-p", "pecan-tests", "--test", "boot"]);
    let kernel = |profile| programs::kernel_cargo(workspace, "clippy", profile);
    let kernels = [Profile::Release, Profile::Debug, Profile::Tracing].map(kernel);
    let user = programs::user_cargo(workspace, "clippy");
    let mut lanes = vec![
        Lane::of("lint", [host, models, boot]),
        Lane::of("lint-kernel", kernels),
        Lane::of("lint-user", [of_users(user)]),
    ];
    for command in lanes.iter_mut().flat_map(|lane| &mut lane.commands) {
        command.args(["--", "-D", "warnings"]);
    }
    Step::new("lint", "clippy for host, kernel and user programs", lanes)
}

/// With all packages whose programs run on the kernel.
fn of_users(mut cargo: Command) -> Command {
    for name in USER_PROGRAMS
        .into_iter()
        .chain(["l4", "examples", "foreign"])
    {
        cargo.args(["-p", name]);
    }
    cargo
}

fn host(workspace: &Workspace, filter: &str) -> Step {
    let mut crates = workspace.cargo(workspace.target());
    crates.args(["test", "--no-fail-fast", "--", filter]);
    let mut sigma0 = workspace.cargo(workspace.target());
    sigma0.args(["test", "-p", "sigma0", "--lib", "--", filter]);
    Step::new(
        "host",
        "tests of the crates that run on this machine",
        vec![Lane::of("host", [crates, sigma0])],
    )
}

/// What the boot tests would build one by one, while machines wait for it.
fn build(workspace: &Workspace) -> Step {
    let kernel = |profile| programs::kernel_cargo(workspace, "build", profile);
    let kernels = [Profile::Release, Profile::Debug, Profile::Tracing].map(kernel);
    let user = programs::user_cargo(workspace, "build");
    let plugin = programs::plugin_cargo(workspace);
    let mut tests = workspace.cargo(workspace.target());
    tests.args(["test", "-p", "pecan-tests", "--test", "boot", "--no-run"]);
    Step::new(
        "build",
        "kernels and user programs",
        vec![
            Lane::of("build-kernel", kernels),
            Lane::of("build-user", [of_users(user)]),
            // Waits at the target folder until the tests of the host are built, and fills the time of those that run alone.
            Lane::of("build-host", [plugin, tests]),
        ],
    )
}

fn boot(workspace: &Workspace, filter: &str) -> Step {
    let mut cargo = workspace.cargo(workspace.target());
    cargo.args(["test", "-p", "pecan-tests", "--test", "boot", "--", filter]);
    Step::new(
        "boot",
        "the kernel in QEMU, on machines of many shapes",
        vec![Lane::of("boot", [cargo])],
    )
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
    Step::new(
        "models",
        "loom and stateright on what CPUs say to one another",
        vec![Lane::of("models", [loom, protocol])],
    )
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
    // The host's environment stays outside: each property test would read all of it, at some hundredth of the machine's speed.
    command.env_remove("MIRIFLAGS");
    let step = Step::new(
        "miri",
        "encodings and rules under Miri",
        vec![Lane::of("miri", [command])],
    );
    match setup::miri(workspace) {
        Ok(()) => step,
        Err(why) => Step {
            lanes: Err(why),
            ..step
        },
    }
}
