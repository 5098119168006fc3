//! Transfer timeouts: how long a transfer may take from its first missing page on.

mod codes;
mod extent;

use crate::harness::Test;

/// The tests of the files.
pub(crate) const TESTS: &[Test] = &[
    Test::new("XFT0001", codes::both_never),
    Test::new("XFT0002", codes::both_zero),
    Test::new("XFT0003", codes::one_zero),
    Test::new("XFT0004", codes::senders_is_shorter),
    Test::new("XFT0005", codes::receivers_is_shorter),
    Test::new("XFT0006", codes::equal_ones),
    Test::new("XFT0007", codes::other_halves_do_not_count),
    Test::new("XFT0008", codes::long_enough),
    Test::new("XFT0009", extent::rest_of_the_transfer),
    Test::new("XFT0010", extent::no_fault_no_timeout),
    Test::new("XFT0011", extent::ipc_timeouts_end_with_the_meeting),
    Test::new("XFT0012", extent::offsets_at_borders_of_pages),
    Test::new("XFT0013", extent::offsets_over_several_strings),
    Test::new("XFT0014", extent::late_answer),
    Test::new("XFT0015", extent::no_receive_phase),
    Test::new("XFT0016", extent::a_new_transfer_has_new_time),
    Test::new("XFT0017", extent::ipc_timeouts_of_a_copy_that_waits),
];
