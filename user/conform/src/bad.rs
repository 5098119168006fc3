//! Garbage in every argument of every system call, from privileged and other spaces: the interface's
//! error or a fault of the caller, and a system that works as before.

mod calls;
mod entry;

use l4::{Message, ipc};

use crate::harness::{BOTH_SOON, Outcome, Test, hex, worker};

/// The tests of the two files.
pub(crate) const TESTS: &[Test] = &[
    Test::new("BAD0001", calls::ipc),
    Test::new("BAD0002", calls::thread_control),
    Test::new("BAD0003", calls::space_control),
    Test::new("BAD0004", calls::exchange_registers),
    Test::new("BAD0005", calls::schedule_and_switch),
    Test::new("BAD0006", calls::memory),
    Test::new("BAD0007", calls::control),
    Test::new("BAD0008", calls::local_ids_of_nobody),
    Test::new("BAD0009", entry::wild_system_calls),
    Test::new("BAD0010", entry::system_call_at_the_end_of_memory),
    Test::new("BAD0011", entry::impossible_instruction_pointers),
    Test::new("BAD0012", entry::impossible_stack_pointers),
    Test::new("BAD0013", entry::strange_flags),
    Test::new("BAD0014", entry::wrong_utcb_address),
    Test::new("BAD0015", calls::items),
    Test::new("BAD0016", entry::local_id_word_is_read_only),
    Test::new("BAD0017", entry::results_hide_the_kernel),
];

/// After all that: a server in a space of its own still answers.
#[track_caller]
fn still_works() -> Outcome {
    let server = worker::start(worker::away(), crate::ipc::echo, 0)?;
    for round in 0..5 {
        let answer = ipc::call_within(server, &Message::new(0).word(round), BOTH_SOON)?;
        hex("answer", answer.message.word_at(0), round + 1000)?;
    }
    Ok(())
}
