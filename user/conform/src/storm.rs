//! Everything at once, from all CPUs: each call has a result that it may have, nobody hangs, and nothing is lost.

mod all;
mod crossing;

use l4::control;

use crate::harness::{Failure, Test};

/// The tests of the files.
pub(crate) const TESTS: &[Test] = &[
    Test::smp("STORM0001", all::on_the_same_threads),
    Test::smp("STORM0002", crossing::deletions),
    Test::smp("STORM0003", crossing::spaces),
    Test::smp("STORM0004", crate::race::matrix::at_any_time),
];

/// CPUs that take part.
fn cpus() -> usize {
    l4::kip::cpus().min(4)
}

/// Free 4-KiB frames of the kernel.
#[track_caller]
fn free() -> Result<u64, Failure> {
    control::free_frames().ok_or_else(|| Failure::new(format_args!("nobody counts frames")))
}
