//! Whatever one thread does with another on another CPU, at each step of it either is deleted, cancelled or moved.
//!
//! S on CPU 1 begins something with R on CPU 2. At a point on the way a CPU is held, and a third thread on CPU 0 does its worst.
//! Afterwards each call has a result that it may have, S was told what became of its message, both numbers can be
//! used again, and the kernel has as much memory as before.

use l4::abi::exregs::{RECEIVE, SEND};
use l4::abi::item::StringItem;
use l4::abi::schedule::{ThreadState, UNCHANGED};
use l4::control::Point;
use l4::{Message, Stack, Tag, ThreadId, ipc, kip, pager, schedule, thread};

use super::{hold, is_held, release};
use crate::harness::gate::Gate;
use crate::harness::raw::{self, DONE, UNTOUCHED};
use crate::harness::{
    Failure, Job, Outcome, SOON, arena, board, check, equal, hex, ids, until, worker,
};

/// What S begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Send,
    Call,
    Long,
    Look,
    Move,
    Delete,
}

use Work::{Call, Delete, Long, Look, Move, Send};

/// What happens to one of them in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blow {
    Deleted,
    Cancelled,
    Moved,
}

/// What S begins, whether R waits for it, and which CPU is held where on the way.
type Step = (Work, bool, usize, Point);

const STEPS: [Step; 29] = [
    (Send, true, 1, Point::Pushed),
    (Send, true, 2, Point::Request),
    (Send, true, 2, Point::Replying),
    (Send, true, 1, Point::Answer),
    (Send, false, 1, Point::Pushed),
    (Send, false, 2, Point::Request),
    (Call, true, 1, Point::Pushed),
    (Call, true, 2, Point::Request),
    (Call, true, 2, Point::Replying),
    (Call, true, 1, Point::Answer),
    (Call, false, 1, Point::Pushed),
    (Call, false, 2, Point::Request),
    (Long, true, 1, Point::Leaving),
    (Long, true, 2, Point::Arrive),
    (Long, true, 2, Point::Leaving),
    (Long, true, 1, Point::Arrive),
    (Long, false, 1, Point::Leaving),
    (Long, false, 2, Point::Arrive),
    (Look, true, 1, Point::Pushed),
    (Look, true, 2, Point::Control),
    (Look, true, 1, Point::Answer),
    (Move, true, 1, Point::Pushed),
    (Move, true, 2, Point::Control),
    (Move, true, 2, Point::Leaving),
    (Move, true, 1, Point::Answer),
    (Delete, true, 1, Point::Pushed),
    (Delete, true, 2, Point::Control),
    (Delete, true, 2, Point::Finishing),
    (Delete, true, 1, Point::Answer),
];

/// Bytes of a long message.
const LENGTH: u64 = 3 * 4096;

/// Board words: R's id; what S and R have come to, once they have (ErrorCode + 1); the helper's order and its verdict.
const TO: usize = 600;
const S_ENDED: usize = 601;
const R_ENDED: usize = 602;
const VERDICT: usize = 603;
const BEGUN: usize = 604;

/// S, on CPU 1.
fn work(what: u64) {
    Gate::of(0).pass();
    let to = ThreadId::from_raw(board::get(TO));
    let error = match what {
        0 => Job::send(to).words(9, 1, 9).now().error,
        1 => {
            let call = Job::call(to).words(9, 1, 9);
            call.within(SOON, SOON).now().error
        }
        2 => {
            let string = [StringItem::new(LENGTH, 1).raw(), arena::source()];
            let tag = Tag::new(9, 0, 2).raw();
            Job::send(to).tag(tag).registers(1, &string).now().error
        }
        3 => raw::control(to, 0).0.error,
        4 => schedule_error([to.raw(), UNCHANGED, 0, UNCHANGED, UNCHANGED]),
        _ => raw::delete(to).error,
    };
    board::put(S_ENDED, error + 1);
}

/// Schedule clears ErrorCode when it succeeds.
fn schedule_error(words: [u64; 5]) -> u64 {
    match raw::schedule(words).0.error {
        0 => UNTOUCHED,
        error => error,
    }
}

/// R, on CPU 2.
fn receive(waits: u64) {
    if waits == 0 {
        ipc::park();
    }
    let buffer = [StringItem::new(LENGTH, 1).raw(), arena::target()];
    let got = Job::receive(ThreadId::ANY).buffers(&buffer).now();
    board::put(R_ENDED, got.error + 1);
    ipc::park();
}

/// The helper, on CPU 0: does one thing after the other to a thread.
fn strike(_: u64) {
    let mut next = ipc::wait();
    while let Ok(order) = next {
        let id = ThreadId::from_raw(order.message.word_at(1));
        board::put(BEGUN, 1);
        let error = match order.message.word_at(0) {
            0 => raw::delete(id).error,
            1 => raw::control(id, SEND | RECEIVE).0.error,
            _ => schedule_error([id.raw(), UNCHANGED, 0, UNCHANGED, UNCHANGED]),
        };
        board::put(VERDICT, error + 1);
        next = ipc::wait();
    }
}

static STACKS: [Stack<8192>; 2] = [const { Stack::new() }; 2];

/// The numbers that S and R use over and over, and the helper.
#[derive(Clone, Copy)]
struct Cast {
    ids: [ThreadId; 2],
    helper: ThreadId,
}

impl Cast {
    #[track_caller]
    fn enter(&self, index: usize, function: fn(u64), argument: u64) -> Outcome {
        let plan = thread::Builder::new()
            .id(self.ids[index])
            .pager(pager::running())
            .cpu((index + 1) % kip::cpus());
        plan.start(function, argument, &STACKS[index])?;
        Ok(())
    }

    /// Lets the helper strike, and waits until its call is on its way, or done.
    #[track_caller]
    fn strike(&self, blow: Blow, whom: ThreadId) -> Outcome {
        board::put(VERDICT, 0);
        board::put(BEGUN, 0);
        let order = Message::new(0).words(&[blow as u64, whom.raw()]);
        ipc::send_within(self.helper, &order, SOON)?;
        until("a call on its way", || {
            let waits = || schedule::state(self.helper) == Ok(ThreadState::Waiting);
            board::get(VERDICT) != 0 || board::get(BEGUN) == 1 && waits()
        })
    }
}

/// One run.
#[track_caller]
fn run(cast: &Cast, step: Step, blow: Blow, whom: usize) -> Outcome {
    let (what, waits, cpu, point) = step;
    let gate = prepare(cast, what, waits)?;
    hold(cpu, point);
    gate.open();
    until("the point", || is_held(cpu))?;
    cast.strike(blow, cast.ids[whom])?;
    release(cpu);
    until("the end of the helper's call", || board::get(VERDICT) != 0)?;
    let verdict = board::get(VERDICT) - 1;
    check("a verdict that may be", [UNTOUCHED, 2].contains(&verdict))?;
    let gone = |index: usize| (blow, whom) == (Blow::Deleted, index);
    finish(cast, what, [gone(0), gone(1)])
}

/// R waits, if it is to, and S stands at its gate.
#[track_caller]
fn prepare(cast: &Cast, what: Work, waits: bool) -> Result<Gate, Failure> {
    for word in [S_ENDED, R_ENDED] {
        board::put(word, 0);
    }
    let [_, r] = cast.ids;
    board::put(TO, r.raw());
    let gate = Gate::shut(0);
    cast.enter(1, receive, u64::from(waits))?;
    worker::until_waiting(&[r])?;
    cast.enter(0, work, what as u64)?;
    gate.until_there()?;
    Ok(gate)
}

/// All is over but for what waits for ever: both know the same, and their numbers are free.
#[track_caller]
fn finish(cast: &Cast, what: Work, gone: [bool; 2]) -> Outcome {
    if !gone[0] {
        until("S at rest", || {
            let state = schedule::state(cast.ids[0]);
            board::get(S_ENDED) != 0
                || [Ok(ThreadState::PendingSend), Ok(ThreadState::Waiting)].contains(&state)
        })?;
    }
    if matches!(what, Send | Call | Long) {
        agree(what, gone)?;
    }
    for (index, id) in cast.ids.into_iter().enumerate() {
        equal("deletion", raw::delete(id), DONE)?;
        // SAFETY: its thread is deleted.
        unsafe { STACKS[index].release() };
        let next = ids::next_version(id);
        equal("creation", raw::create(next, kip::root()), DONE)?;
        equal("deletion", raw::delete(next), DONE)?;
    }
    Ok(())
}

/// S and R agree on whether the message arrived, as soon as both have run.
#[track_caller]
fn agree(what: Work, gone: [bool; 2]) -> Outcome {
    let sent_well = || board::get(S_ENDED) == UNTOUCHED + 1;
    let got_well = || board::get(R_ENDED) == UNTOUCHED + 1;
    // A call goes on to its receive phase, in which it waits, is cancelled (7), or has lost its partner (5).
    let in_second_phase = || what == Call && [0, 7 + 1, 5 + 1].contains(&board::get(S_ENDED));
    if got_well() && !gone[0] {
        until("S is told so", || sent_well() || in_second_phase())?;
    }
    if sent_well() && !gone[1] {
        until("it has arrived", got_well)?;
    }
    if got_well() && what == Long {
        let last = arena::byte(arena::target() + LENGTH - 1);
        return hex("its end", u64::from(last), 0x5A);
    }
    Ok(())
}

#[track_caller]
fn free() -> Result<u64, Failure> {
    l4::control::free_frames().ok_or_else(|| Failure::new(format_args!("nobody counts frames")))
}

/// The two, and memory for what they send.
#[track_caller]
fn cast() -> Result<Cast, Failure> {
    arena::blank(arena::target(), LENGTH);
    for offset in [0, LENGTH - 1] {
        arena::put(arena::source() + offset, 0x5A);
    }
    let cast = Cast {
        ids: [ids::fresh(), ids::fresh()],
        helper: worker::start(worker::here(), strike, 0)?,
    };
    worker::until_waiting(&[cast.helper])?;
    Ok(cast)
}

/// All runs of one kind of blow; those of the first step are not counted.
#[track_caller]
fn all(blow: Blow) -> Outcome {
    let mut cast = cast()?;
    let mut before = 0;
    for (index, step) in STEPS.into_iter().enumerate() {
        if index == 1 {
            before = free()?;
        }
        for whom in [0, 1] {
            run(&cast, step, blow, whom)
                .map_err(|failure| failure.about(format_args!("{step:?} {whom}")))?;
            cast.ids = cast.ids.map(ids::next_version);
        }
    }
    equal("free frames", free()?, before)
}

pub(super) fn deleted() -> Outcome {
    all(Blow::Deleted)
}

pub(super) fn cancelled() -> Outcome {
    all(Blow::Cancelled)
}

pub(super) fn moved() -> Outcome {
    all(Blow::Moved)
}

/// One of the two is deleted when the other has run for a while, which grows: nobody is held, and any two CPUs will do.
pub(crate) fn at_any_time() -> Outcome {
    let mut cast = cast()?;
    let mut before = 0;
    for delay in 0..48 {
        if delay == 1 {
            before = free()?;
        }
        for (what, whom) in [(Send, 0), (Call, 1), (Long, 0), (Long, 1), (Delete, 0)] {
            let gate = prepare(&cast, what, true)?;
            gate.open();
            for _ in 0..delay * 40 {
                core::hint::spin_loop();
            }
            equal("deletion", raw::delete(cast.ids[whom]), DONE)?;
            finish(&cast, what, [whom == 0, whom == 1])
                .map_err(|failure| failure.about(format_args!("{what:?} {whom} {delay}")))?;
            cast.ids = cast.ids.map(ids::next_version);
        }
    }
    equal("free frames", free()?, before)
}
