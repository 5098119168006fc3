//! Every command of the project: `cargo xtask <command>`.
//!
//! Each has a file or folder with its [`Args`](clap::Args) and what it does; what others can use as well, such as driving a
//! machine, is in the crates that it calls. [`setup`] comes before whatever builds or boots, and [`progress`] shows where it is.

mod bench;
mod boot;
mod build;
mod fuzz;
mod progress;
mod report;
mod setup;
mod stress;
mod test;
mod trace;

use clap::{Parser, Subcommand};
use pecan_vm::Workspace;
use std::process::ExitCode;

/// Build, boot, measure and test Pecan.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what is missing: the kernel's target, QEMU. All commands that build or boot begin with it.
    Setup,
    /// Build the kernel, every program that runs on it, and the plugin of QEMU that counts.
    Build(build::Options),
    /// Boot in QEMU with the serial console on this terminal.
    Boot(boot::Options),
    /// Measure what a message costs and print the table.
    Bench(bench::Options),
    /// Write the figures of the last runs as one page.
    Report(report::Options),
    /// Run seeded random work on the debug kernel.
    Stress(stress::Options),
    /// Throw random system calls at the debug kernel.
    Fuzz(fuzz::Options),
    /// Boot a kernel that writes down what happens, and make a file of it for Perfetto.
    Trace(trace::Options),
    /// Run every check and test there is.
    Test(test::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = |()| ExitCode::SUCCESS;
    let result = Workspace::find().and_then(|workspace| match cli.command {
        Command::Setup => setup::all(&workspace).map(done),
        Command::Build(options) => build::run(&workspace, &options).map(done),
        Command::Boot(options) => boot::run(&workspace, &options).map(done),
        Command::Bench(options) => bench::run(&workspace, &options).map(done),
        Command::Report(options) => report::run(&workspace, &options).map(done),
        Command::Stress(options) => stress::run(&workspace, &options).map(done),
        Command::Fuzz(options) => fuzz::run(&workspace, &options).map(done),
        Command::Trace(options) => trace::run(&workspace, &options).map(done),
        Command::Test(options) => test::run(&workspace, &options),
    });
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  because: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}
