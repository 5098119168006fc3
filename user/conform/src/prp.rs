//! Propagation: speaking for another thread.

mod permission;
mod wait;

use l4::thread::Builder;

use crate::harness::{Test, worker};

/// The tests of the two files, who may speak for whom first.
pub(crate) const TESTS: &[Test] = &[
    Test::new("PRP0001", permission::for_a_neighbour),
    Test::new("PRP0002", permission::to_a_neighbour),
    Test::new("PRP0003", permission::otherwise_as_oneself),
    Test::new("PRP0004", permission::by_local_id),
    Test::new("PRP0005", permission::for_nobody),
    Test::new("PRP0006", permission::either_is_waited_for),
    Test::new("PRP0007", permission::any_local),
    Test::new("PRP0008", permission::queued),
    Test::new("PRP0009", permission::dead_speaker),
    Test::new("PRP0010", wait::moves_to_the_receiver),
    Test::new("PRP0011", wait::stays_when_nobody_listens),
    Test::new("PRP0012", wait::comes_back_with_an_error),
    Test::new("PRP0013", wait::of_others_stays),
    Test::new("PRP0014", wait::for_one_that_waits_already),
    Test::smp("PRP0015", wait::moves_across_cpus),
    Test::smp("PRP0016", wait::comes_back_across_cpus),
    Test::smp("PRP0017", permission::across_cpus),
    Test::smp("PRP0018", permission::queued_across_cpus),
    Test::smp("PRP0019", permission::any_local_across_cpus),
    Test::new("PRP0020", permission::library),
    Test::smp("PRP0021", permission::sender_moves),
    Test::new("PRP0022", wait::of_a_dead_sender),
];

/// In the root task's space, or in a space of its own, on `cpu`.
fn plan(neighbour: bool, cpu: usize) -> Builder {
    if neighbour {
        worker::here().cpu(cpu)
    } else {
        worker::away().cpu(cpu)
    }
}
