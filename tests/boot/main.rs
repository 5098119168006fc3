//! Boot tests: the kernel in QEMU. Names are `group::ID`, the ids stay for ever.
//!
//! `cargo test -p pecan-tests --test boot -- --list` shows them all.

mod accounting;
mod bench;
mod book;
mod built;
mod check;
mod command_line;
mod conform;
mod examples;
mod foreign;
mod fuzz;
mod giver;
mod image;
mod modules;
mod panic;
mod ports;
mod preempt;
mod stress;
mod trace;
mod trials;

use built::Built;
use libtest_mimic::{Arguments, Trial};
use pecan_vm::Qemu;
use std::process::ExitCode;
use std::sync::Arc;
use trials::Trials;

/// Gives the tests of a file.
type Group<Tests> = fn(&Arc<Built>) -> Tests;

/// How many machines are named as the slowest.
const NAMED: usize = 20;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Machines wait for their clocks more than half of the time.
    let parallel = std::thread::available_parallelism().map_or(1, usize::from);
    arguments.test_threads.get_or_insert(2 * parallel);
    let built = match Built::find() {
        Ok(built) => Arc::new(built),
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let together = libtest_mimic::run(&arguments, all(&built));
    // What measures time needs the computer for itself.
    arguments.test_threads = Some(1);
    let alone = libtest_mimic::run(&arguments, bench::alone(&built));
    if !arguments.list {
        tell_slowest(&built.qemu);
        if let Err(error) = tell_stalls(&built.qemu) {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    }
    if together.has_failed() || alone.has_failed() {
        return ExitCode::from(101);
    }
    ExitCode::SUCCESS
}

/// Those that take longest come first.
fn all(built: &Arc<Built>) -> Vec<Trial> {
    let several: [Group<Trials>; 3] = [conform::trials, bench::trials, accounting::trials];
    let others: [Group<Vec<Trial>>; 14] = [
        stress::trials,
        fuzz::trials,
        preempt::trials,
        giver::trials,
        trace::trials,
        examples::trials,
        foreign::trials,
        check::trials,
        command_line::trials,
        modules::trials,
        book::trials,
        panic::trials,
        ports::trials,
        image::trials,
    ];
    let several = several.iter().map(|group| group(built));
    let others = others.iter().map(|group| Trials::from(group(built)));
    let none = Trials::from(Vec::new());
    several.chain(others).fold(none, Trials::and).in_order()
}

/// Where the time went.
fn tell_slowest(qemu: &Qemu) {
    for run in qemu.slowest().iter().take(NAMED) {
        println!("slow: {run}");
    }
}

/// What stood still, if anything was to.
fn tell_stalls(qemu: &Qemu) -> anyhow::Result<()> {
    let Some(stalls) = qemu.stalls() else {
        return Ok(());
    };
    stalls.check()?;
    println!("stalls: {stalls}");
    Ok(())
}
