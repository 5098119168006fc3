//! Ends in the middle of a string: its receiver's buffer is where nothing is, and its pager never answers.

use l4::abi::exregs;
use l4::abi::schedule::ThreadState::Sending;
use l4::{Tag, ThreadId, Time, Timeouts, schedule, utcb};

use super::{Pair, each};
use crate::harness::pager::{self, WINDOW};
use crate::harness::{Job, Outcome, board, equal, hex, raw, until, worker};

/// Board words: to whom; what the sender and the receiver do about time; what each saw: done, tag, ErrorCode, from.
const TO: usize = 500;
const SENDERS_TIME: usize = 501;
const RECEIVERS_TIME: usize = 502;
const SENDER_SAW: usize = 510;
const RECEIVER_SAW: usize = 520;

const TAG: Tag = Tag::new(0x7D, 1, 2);
const STRING: u64 = 8 << 10;

fn note(at: usize, job: Job) {
    let done = job.now();
    for (index, word) in [done.mr[0], done.error, done.from.raw()]
        .into_iter()
        .enumerate()
    {
        board::put(at + 1 + index, word);
    }
    board::put(at, 1);
}

fn time(word: usize) -> Timeouts {
    Timeouts::from_raw(board::get(word))
}

fn send(_: u64) {
    utcb::my().set_xfer_timeouts(time(SENDERS_TIME));
    let words = [9, STRING, board::address(TO)];
    let to = ThreadId::from_raw(board::get(TO));
    note(
        SENDER_SAW,
        Job::send(to).tag(TAG.raw()).registers(1, &words),
    );
}

fn receive(_: u64) {
    let utcb = utcb::my();
    utcb.set_xfer_timeouts(time(RECEIVERS_TIME));
    // SAFETY: nothing of the program is in the window.
    unsafe { utcb.set_br(1, STRING) };
    // SAFETY: as above.
    unsafe { utcb.set_br(2, WINDOW) };
    note(RECEIVER_SAW, Job::receive(ThreadId::ANY).accepting(1));
}

/// A pair in the middle of a string, or through with it.
#[track_caller]
fn start(
    pair: Pair,
    pager: ThreadId,
    times: [Timeouts; 2],
) -> Result<[ThreadId; 2], crate::harness::Failure> {
    board::put(SENDER_SAW, 0);
    board::put(RECEIVER_SAW, 0);
    board::put(SENDERS_TIME, times[0].raw());
    board::put(RECEIVERS_TIME, times[1].raw());
    let receiver = worker::start(pair.receiver().pager(pager), receive, 0)?;
    worker::until_waiting(&[receiver])?;
    board::put(TO, receiver.raw());
    let sender = worker::start(pair.sender(), send, 0)?;
    Ok([sender, receiver])
}

#[track_caller]
fn saw(at: usize, error: u64, from: u64) -> Outcome {
    until("the end of an IPC", || board::get(at) == 1)?;
    hex("tag", board::get(at + 1), TAG.raw() | Tag::ERROR)?;
    hex("ErrorCode", board::get(at + 2), error)?;
    hex("from", board::get(at + 3), from)
}

/// Whose time is the shorter has its own code, and the sender's counts if they are alike.
pub(in super::super) fn timed_out() -> Outcome {
    let pager = pager::start()?;
    let short = Time::period(5_000);
    let times = [
        ([Time::ZERO, Time::ZERO], [10, 13]),
        ([Time::ZERO, Time::NEVER], [10, 13]),
        ([short, Time::NEVER], [10, 13]),
        ([Time::NEVER, short], [12, 11]),
        ([Time::NEVER, Time::ZERO], [12, 11]),
    ];
    each(|pair| {
        for ([senders, receivers], errors) in times {
            let send = Timeouts::new(senders, Time::NEVER);
            let receive = Timeouts::new(Time::NEVER, receivers);
            let [_, receiver] = start(pair, pager, [send, receive])?;
            saw(SENDER_SAW, errors[0], receiver.raw())?;
            saw(RECEIVER_SAW, errors[1], 0)?;
        }
        Ok(())
    })
}

const NEVER: [Timeouts; 2] = [Timeouts::NEVER; 2];

/// Waits until the receiver's fault is with its pager.
#[track_caller]
fn until_fault(sender: ThreadId, before: u64) -> Outcome {
    until("the fault", || board::get(pager::COUNT) > before)?;
    equal("the sender", schedule::state(sender), Ok(Sending))
}

/// ExchangeRegisters on either of the two.
pub(in super::super) fn aborted() -> Outcome {
    let pager = pager::start()?;
    each(|pair| {
        for senders in [true, false] {
            let before = board::get(pager::COUNT);
            let [sender, receiver] = start(pair, pager, NEVER)?;
            until_fault(sender, before)?;
            let (victim, phase) = if senders {
                (sender, exregs::SEND)
            } else {
                (receiver, exregs::RECEIVE)
            };
            let (_, old) = raw::control(victim, phase);
            hex("control word", old.control, phase)?;
            saw(SENDER_SAW, 14, receiver.raw())?;
            saw(RECEIVER_SAW, 15, 0)?;
        }
        Ok(())
    })
}

/// The partner of a dead thread sees an abort.
pub(in super::super) fn killed() -> Outcome {
    let pager = pager::start()?;
    each(|pair| {
        for senders in [true, false] {
            let before = board::get(pager::COUNT);
            let [sender, receiver] = start(pair, pager, NEVER)?;
            until_fault(sender, before)?;
            if senders {
                equal("deletion", raw::delete(sender), raw::DONE)?;
                saw(RECEIVER_SAW, 15, 0)?;
            } else {
                equal("deletion", raw::delete(receiver), raw::DONE)?;
                saw(SENDER_SAW, 14, receiver.raw())?;
            }
        }
        Ok(())
    })
}
