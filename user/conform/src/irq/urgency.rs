//! Whether the handler runs when its interrupt comes, while somebody else is in user mode.

use l4::abi::exregs::{HALT, HALT_VALID};
use l4::abi::schedule::ThreadState::{Running, Waiting};
use l4::{ThreadId, Time, interrupt, schedule};

use super::device::{EDGE, count_edges, edge, hpet};
use crate::harness::regular::spin;
use crate::harness::{Failure, Outcome, board, equal, pause, raw, until, worker};

/// Board words: interrupts that the handler has got, the handler, the rounds of who is busy.
const GOT: usize = 0;
const HANDLER: usize = 4;
const BUSY: usize = 60;

/// A handler of this priority that waits, and somebody of priority 100 who is busy for ever.
#[track_caller]
fn cast(priority: u8) -> Result<[ThreadId; 2], Failure> {
    for word in [GOT, HANDLER, BUSY] {
        board::put(word, 0);
    }
    let handler = worker::start(worker::here().priority(priority), count_edges, 0)?;
    interrupt::associate(EDGE, handler)?;
    board::put(HANDLER, handler.raw());
    worker::until_waiting(&[handler])?;
    let busy = worker::start(worker::here().slice(Time::NEVER), spin, BUSY as u64)?;
    until("it is busy", || board::get(BUSY) > 0)?;
    Ok([handler, busy])
}

/// For some time the busy one goes on, and the handler does not.
#[track_caller]
fn does_not_run() -> Outcome {
    let then = board::get(BUSY);
    until("the other goes on", || board::get(BUSY) > then)?;
    pause(5_000);
    equal("interrupts that it has got", board::get(GOT), 0)
}

/// A handler that is not above who runs is ready, and no more.
pub(super) fn not_above() -> Outcome {
    let hpet = hpet()?;
    for priority in [90, 100] {
        let [handler, busy] = cast(priority)?;
        edge(hpet);
        until("its message", || {
            schedule::state(handler) == Ok(Running) || board::get(GOT) > 0
        })?;
        does_not_run()?;
        equal("deletion", raw::delete(busy), raw::DONE)?;
        until("it runs then", || board::get(GOT) == 1)?;
    }
    Ok(())
}

/// A handler that is stopped gets its message, and runs when it is let go on.
pub(super) fn stopped() -> Outcome {
    let hpet = hpet()?;
    let [handler, busy] = cast(110)?;
    raw::control(handler, HALT_VALID | HALT);
    let irq = interrupt::thread(EDGE);
    edge(hpet);
    until("its message", || {
        schedule::state(irq) == Ok(Waiting) || board::get(GOT) > 0
    })?;
    does_not_run()?;
    raw::control(handler, HALT_VALID);
    until("it goes on", || board::get(GOT) == 1)?;
    equal("deletion", raw::delete(busy), raw::DONE)
}
