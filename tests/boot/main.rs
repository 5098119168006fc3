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

use built::Built;
use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;
use std::sync::Arc;

/// Gives the tests of a file.
type Group = fn(&Arc<Built>) -> Vec<Trial>;

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
    let groups: [Group; 17] = [
        conform::trials,
        check::trials,
        image::trials,
        command_line::trials,
        examples::trials,
        foreign::trials,
        giver::trials,
        modules::trials,
        book::trials,
        panic::trials,
        ports::trials,
        bench::trials,
        accounting::trials,
        preempt::trials,
        stress::trials,
        fuzz::trials,
        trace::trials,
    ];
    let trials = groups.iter().flat_map(|group| group(&built)).collect();
    let together = libtest_mimic::run(&arguments, trials);
    // What measures time needs the computer for itself.
    arguments.test_threads = Some(1);
    let alone = libtest_mimic::run(&arguments, bench::alone(&built));
    if together.has_failed() || alone.has_failed() {
        return ExitCode::from(101);
    }
    ExitCode::SUCCESS
}
