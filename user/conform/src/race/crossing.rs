//! Two threads have a long message for one another, and both are on their way: neither finds the other where it goes to.

use l4::abi::exregs::SEND;
use l4::abi::item::StringItem;
use l4::abi::schedule::ThreadState::PendingSend;
use l4::control::Point;
use l4::{IpcCode, IpcError, Phase, Tag, ThreadId, Time, schedule};

use super::{hold, in_time, let_pass, on_1, on_2, release, until_held};
use crate::harness::gate::Gate;
use crate::harness::{Failure, Job, Outcome, arena, board, equal, raw, until, worker};

/// Bytes of a message.
const LENGTH: u64 = 3 * 4096;
/// How often each is tried: who does not wait for the other meets it by chance.
const ROUNDS: u64 = 8;

/// Board words of each thread, five from here on: its partner; its send timeout; whether it receives afterwards; what its send
/// phase has come to, once it has (ErrorCode + 1), and its receive phase.
const WORDS: usize = 600;
const EACH: usize = 5;

/// One of the two: the first on CPU 1, the second on CPU 2.
fn work(which: u64) {
    let at = WORDS + EACH * which as usize;
    Gate::of(which).pass();
    let (to, limit) = (ThreadId::from_raw(board::get(at)), board::get(at + 1));
    let string = [StringItem::new(LENGTH, 1).raw(), arena::source()];
    let send = Job::send(to).tag(Tag::new(9, 0, 2).raw());
    let limit = Time::from_raw(limit as u16);
    let sent = send.within(limit, Time::NEVER).registers(1, &string).now();
    board::put(at + 3, sent.error + 1);
    if board::get(at + 2) != 0 {
        let buffer = [StringItem::new(LENGTH, 1).raw(), arena::target()];
        let got = Job::receive(to).buffers(&buffer).now();
        board::put(at + 4, got.error + 1);
    }
    l4::ipc::park();
}

/// Both threads, with this send timeout, where neither found the other. With `receives`, the second receives when its send phase
/// has ended.
#[track_caller]
fn cross(limit: Time, receives: bool) -> Result<[ThreadId; 2], Failure> {
    let gates = [Gate::shut(0), Gate::shut(1)];
    let first = worker::start(on_1(), work, 0)?;
    let second = worker::start(on_2(), work, 1)?;
    for (at, partner, receives) in [(WORDS, second, false), (WORDS + EACH, first, receives)] {
        let limit = u64::from(limit.raw());
        let words = [partner.raw(), limit, u64::from(receives), 0, 0];
        for (index, word) in words.into_iter().enumerate() {
            board::put(at + index, word);
        }
    }
    for (gate, cpu) in gates.into_iter().zip([1, 2]) {
        gate.until_there()?;
        hold(cpu, Point::Leaving);
        gate.open();
        until_held(cpu)?;
    }
    release(1);
    release(2);
    Ok([first, second])
}

/// What the send phase (0) or receive phase (1) of a thread has come to: ErrorCode.
#[track_caller]
fn end(which: usize, phase: usize) -> Result<u64, Failure> {
    let at = WORDS + EACH * which + 3 + phase;
    until("the end of a phase", || board::get(at) != 0)?;
    Ok(board::get(at) - 1)
}

fn failed(code: IpcCode) -> u64 {
    IpcError::new(Phase::Send, code).raw()
}

#[track_caller]
fn delete(threads: [ThreadId; 2]) -> Outcome {
    for id in threads {
        equal("deletion", raw::delete(id), raw::DONE)?;
    }
    Ok(())
}

/// The time of both is over when both are where the other was.
pub(super) fn time_is_over() -> Outcome {
    for _ in 0..ROUNDS {
        in_time(|limit| {
            let threads = cross(limit, false)?;
            // A thread that is on its way says so when it has arrived.
            let still_send = threads.map(|id| schedule::state(id) == Ok(PendingSend));
            for which in [0, 1] {
                equal("its end", end(which, 0)?, failed(IpcCode::Timeout))?;
            }
            delete(threads)?;
            Ok(still_send == [true, true])
        })?;
    }
    Ok(())
}

/// One is cancelled, and takes the message of the other.
pub(super) fn one_is_cancelled() -> Outcome {
    for round in 0..ROUNDS {
        arena::write(arena::source(), LENGTH, round);
        arena::blank(arena::target(), LENGTH);
        let threads = cross(Time::NEVER, true)?;
        let_pass();
        let (verdict, old) = raw::control(threads[1], SEND);
        equal("its phase", old.control, SEND)?;
        equal("error", verdict.error, raw::UNTOUCHED)?;
        equal("cancelled", end(1, 0)?, failed(IpcCode::Cancelled))?;
        equal("received", end(1, 1)?, raw::UNTOUCHED)?;
        equal("sent", end(0, 0)?, raw::UNTOUCHED)?;
        arena::holds(arena::target(), LENGTH, round, 0)?;
        delete(threads)?;
    }
    Ok(())
}

/// One is deleted: the other hears of it.
pub(super) fn one_is_deleted() -> Outcome {
    for victim in [0, 1].into_iter().cycle().take(ROUNDS as usize) {
        let threads = cross(Time::NEVER, false)?;
        let_pass();
        equal("deletion", raw::delete(threads[victim]), raw::DONE)?;
        let error = end(1 - victim, 0)?;
        equal("its end", error, failed(IpcCode::NonExisting))?;
        delete(threads)?;
    }
    Ok(())
}
