//! Transfers that are aborted, and parties that are deleted or halted in the middle of one.

mod abort;
mod delete;
mod state;

use crate::harness::Test;

/// The tests of the files.
pub(crate) const TESTS: &[Test] = &[
    Test::new("ABT0001", state::schedule_and_exchange_registers),
    Test::new("ABT0002", abort::the_one_that_faults),
    Test::new("ABT0003", abort::its_partner),
    Test::new("ABT0004", abort::by_the_phase_alone),
    Test::new("ABT0005", abort::other_phase),
    Test::new("ABT0006", abort::others_go_on),
    Test::new("ABT0007", abort::late_answer),
    Test::new("ABT0008", abort::no_receive_phase),
    Test::new("ABT0009", abort::again_and_again),
    Test::new("ABT0010", delete::sender),
    Test::new("ABT0011", delete::receiver),
    Test::new("ABT0012", delete::pager),
    Test::new("ABT0013", delete::both),
    Test::new("ABT0014", delete::others_go_on),
    Test::new("ABT0015", delete::nothing_leaks),
    Test::new("ABT0016", state::halted_sender),
    Test::new("ABT0017", state::halted_receiver),
    Test::new("ABT0018", state::other_registers),
];
