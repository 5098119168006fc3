//! sigma0's protocol: who gets which memory, how, and what is no request at all. I/O ports are in `io`.
//!
//! sigma0 never takes memory back, so each test finds memory of its own, and the test that asks for all of it comes last.

mod ask;
mod faults;
mod garbage;
mod owners;
mod pieces;
mod rest;

use crate::harness::Test;

/// The tests of the files, in their order.
pub(crate) const TESTS: &[Test] = &[
    Test::new("SIG0001", pieces::any_of_each_size),
    Test::new("SIG0002", pieces::by_address),
    Test::new("SIG0003", pieces::sizes_that_there_are_not),
    Test::new("SIG0004", pieces::upper_address_bits),
    Test::new("SIG0005", pieces::attributes),
    Test::new("SIG0006", pieces::refused_attributes),
    Test::new("SIG0007", owners::first_come),
    Test::new("SIG0008", owners::parts_and_wholes),
    Test::new("SIG0009", owners::shared_memory),
    Test::new("SIG0010", owners::memory_of_nobody),
    Test::new("SIG0011", owners::memory_of_servers),
    Test::new("SIG0012", owners::the_dead_keep_theirs),
    Test::new("SIG0013", owners::somebody_speaks_for_it),
    Test::smp("SIG0014", owners::from_another_cpu),
    Test::new("SIG0015", faults::messages),
    Test::new("SIG0016", faults::firmware_memory),
    Test::new("SIG0017", faults::refused_twice),
    Test::new("SIG0018", faults::real),
    Test::new("SIG0019", faults::real_and_refused),
    Test::new("SIG0020", garbage::counts),
    Test::new("SIG0021", garbage::labels),
    Test::new("SIG0022", garbage::items),
    Test::new("SIG0023", garbage::who_does_not_wait),
    Test::new("SIG0024", garbage::untrusted),
];

/// The end of sigma0's memory: nothing that asks for any comes afterwards.
pub(crate) const LAST: &[Test] = &[Test::new("SIG0025", rest::all_of_it)];
