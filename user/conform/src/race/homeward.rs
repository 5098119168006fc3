//! A visitor whose message is refused or cancelled is on its way home at once, and may be there before the CPU that it leaves does its
//! next step: that must leave it alone.

use l4::abi::item::StringItem;
use l4::abi::schedule::ThreadState::PendingSend;
use l4::control::Point;
use l4::{IpcCode, IpcError, Phase, Tag, ThreadId, Time, ipc};

use super::{Call, hold, on_1, on_2, release, until_held};
use crate::harness::regular::spin;
use crate::harness::{Failure, Job, Outcome, arena, board, equal, ids, raw, until, worker};

/// Bytes of its message.
const LENGTH: u64 = 3 * 4096;

/// Board words: the visitor's partner; what its send phase has come to, once it has (ErrorCode + 1); rounds that it does then;
/// rounds of a thread that keeps CPU 1 busy.
const TO: usize = 600;
const ENDED: usize = 601;
const ROUNDS: usize = 602;
const OTHERS: usize = 603;

/// The visitor. Whether it has patience.
fn visit(patient: u64) {
    let limit = if patient == 0 {
        Time::ZERO
    } else {
        Time::NEVER
    };
    let string = [StringItem::new(LENGTH, 1).raw(), arena::source()];
    let send = Job::send(ThreadId::from_raw(board::get(TO))).tag(Tag::new(9, 0, 2).raw());
    let done = send.within(limit, Time::NEVER).registers(1, &string).now();
    board::put(ENDED, done.error + 1);
    loop {
        board::add(ROUNDS, 1);
    }
}

/// Keeps CPU 1 from halting: it finds what comes by its tick, though nobody rings. Makes a thread on CPU 2 that never takes a
/// message.
#[track_caller]
fn prepare() -> Outcome {
    worker::start(on_1().priority(50), spin, OTHERS as u64)?;
    let busy = worker::start(on_2(), |_| ipc::park(), 0)?;
    worker::until_waiting(&[busy])?;
    board::put(TO, busy.raw());
    board::put(ENDED, 0);
    Ok(())
}

/// The visitor has left CPU 2, which is held behind that, and runs at home after its message has failed so.
#[track_caller]
fn is_home(code: IpcCode) -> Outcome {
    until_held(2)?;
    until("its end", || board::get(ENDED) != 0)?;
    let expected = IpcError::new(Phase::Send, code).raw();
    equal("its end", board::get(ENDED) - 1, expected)
}

/// It runs on, and can be deleted.
#[track_caller]
fn goes_on(visitor: ThreadId) -> Outcome {
    let then = board::get(ROUNDS);
    until("more rounds", || board::get(ROUNDS) > then + 2)?;
    equal("deletion", raw::delete(visitor), raw::DONE)
}

/// It has no patience.
pub(super) fn refused() -> Outcome {
    prepare()?;
    hold(2, Point::Pushed);
    let visitor = worker::start(on_1(), visit, 0)?;
    is_home(IpcCode::Timeout)?;
    release(2);
    goes_on(visitor)
}

/// Lets a thread on CPU 0 move `thread` to the space of `host`.
#[track_caller]
fn relocate(thread: ThreadId, host: ThreadId) -> Result<Call, Failure> {
    let relocates = |at| {
        Call::perform(at, |thread, host| {
            let place = ids::utcb(thread);
            raw::thread_control(thread.raw(), host, 0, 0, place).pack()
        });
    };
    Call::make(relocates, thread, host.raw())
}

/// It is to move to another space, which cancels its message.
pub(super) fn moved_to_another_space() -> Outcome {
    prepare()?;
    let host = worker::start(worker::away(), |_| ipc::park(), 0)?;
    worker::until_waiting(&[host])?;
    let visitor = worker::start(on_1(), visit, 1)?;
    worker::until_state(visitor, PendingSend)?;
    hold(2, Point::Pushed);
    let moved = relocate(visitor, host)?;
    is_home(IpcCode::Cancelled)?;
    release(2);
    moved.succeeds()?;
    goes_on(visitor)
}
