//! Messages between threads of one CPU.

mod alone;
mod queue;
mod registers;
mod words;

pub(crate) use words::echo;

use crate::harness::Test;

/// The tests of the four files, words first.
pub(crate) const TESTS: &[Test] = &[
    Test::new("IPC0001", words::send_within_a_space),
    Test::new("IPC0002", words::send_across_spaces),
    Test::new("IPC0003", words::call_across_spaces),
    Test::new("IPC0004", words::tag_reaches_the_receiver),
    Test::new("IPC0005", words::lipc_is_ipc),
    Test::new("IPC0006", words::a_thousand_calls),
    Test::new("IPC0007", queue::closed_receive),
    Test::new("IPC0008", queue::first_come_first_served),
    Test::new("IPC0009", queue::wrong_wait),
    Test::new("IPC0010", queue::any_local),
    Test::new("IPC0011", queue::immediate_reply),
    Test::new("IPC0012", queue::send_to_self),
    Test::new("IPC0013", queue::both_nil),
    Test::new("IPC0014", queue::sleep),
    Test::new("IPC0015", queue::send_only_does_not_receive),
    Test::new("IPC0016", queue::middle_of_the_queue),
    Test::new("IPC0017", registers::stub_keeps_its_contract),
    Test::new("IPC0018", registers::registers_carry_words),
    Test::new("IPC0019", registers::error_leaves_message_registers),
    Test::new("IPC0020", queue::reply_and_wait),
    Test::new("IPC0021", alone::request_then_receive),
    Test::new("IPC0022", alone::priorities),
    Test::new("IPC0023", alone::timeout_is_over),
];
