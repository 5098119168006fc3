//! Parameters and results of Schedule.

use l4::abi::exregs;
use l4::abi::layout::NOT_GIVEN;
use l4::abi::schedule::{ThreadState, TimeControl, UNCHANGED};
use l4::{ThreadId, Time, ipc, kip, schedule, thread};

use crate::harness::failure::{at_least, at_most};
use crate::harness::raw::{self, Verdict, refused};
use crate::harness::regular::spin;
use crate::harness::{Job, Outcome, board, equal, hex, ids, until, worker};

const fn look(id: ThreadId) -> [u64; 5] {
    [id.raw(), UNCHANGED, UNCHANGED, UNCHANGED, UNCHANGED]
}

/// The state that Schedule reports, and that it clears ErrorCode.
#[track_caller]
fn state(what: &str, id: ThreadId, expected: u64) -> Outcome {
    equal(
        what,
        raw::schedule(look(id)).0,
        Verdict {
            result: expected,
            error: 0,
        },
    )
}

pub(super) fn states() -> Outcome {
    let inactive = ids::fresh();
    equal(
        "creation",
        raw::create(inactive, thread::myself()),
        raw::DONE,
    )?;
    state("inactive", inactive, 1)?;
    state("oneself", thread::myself(), 3)?;
    state("sigma0", kip::sigma0(), 6)?;
    let sender = Job::send(thread::myself()).start(worker::here())?;
    worker::until_state(sender.id, ThreadState::PendingSend)?;
    state("sending", sender.id, 4)?;
    let spinner = worker::start(worker::here(), spin, 0)?;
    state("ready", spinner, 3)?;
    raw::control(spinner, exregs::STOP);
    state("halted", spinner, 2)?;
    state("in the start-up receive", worker::here().create()?, 6)
}

pub(super) fn unknown() -> Outcome {
    for id in [
        ids::fresh(),
        ids::next_version(thread::myself()),
        ThreadId::ANY,
    ] {
        equal("verdict", raw::schedule(look(id)).0, refused(2))?;
    }
    let kernel = ThreadId::global(kip::thread_info().system_base + 5, 1);
    equal("a kernel thread", raw::schedule(look(kernel)).0, refused(2))?;
    equal(
        "an interrupt thread",
        raw::schedule(look(ThreadId::interrupt(3))).0,
        refused(2),
    )
}

pub(super) fn fresh_thread() -> Outcome {
    let id = worker::here().create()?;
    let (verdict, old) = raw::schedule(look(id));
    equal(
        "verdict",
        verdict,
        Verdict {
            result: 6,
            error: 0,
        },
    )?;
    hex("old time control", old, 0x2710_0000)
}

pub(super) fn old_time_slice() -> Outcome {
    let id = worker::here().create()?;
    let time = TimeControl {
        slice: Time::period(4_000),
        quantum: Time::NEVER,
    };
    let (_, old) = raw::schedule([id.raw(), time.raw(), UNCHANGED, UNCHANGED, UNCHANGED]);
    hex("before", old >> 16, 10_000)?;
    hex("after", raw::schedule(look(id)).1 >> 16, 4_000)?;
    let spinner = worker::start(worker::here().slice(Time::period(4_000)), spin, 0)?;
    until("it runs", || board::get(0) > 0)?;
    at_most(
        "what a running thread has left",
        raw::schedule(look(spinner)).1 >> 16,
        4_000,
    )?;
    at_least("number of its rounds", board::get(0), 1)
}

fn schedule_other(id: u64) -> u64 {
    raw::schedule([id, UNCHANGED, UNCHANGED, 50, UNCHANGED])
        .0
        .pack()
}

/// Neither a privileged space nor the scheduler: refused, and nothing changes.
pub(super) fn needs_permission() -> Outcome {
    let id = worker::start(worker::away(), |_| ipc::park(), 0)?;
    for target in [id, kip::root(), kip::sigma0()] {
        let got = worker::perform(worker::away(), schedule_other, target.raw())?;
        equal("verdict", Verdict::unpack(got), refused(1))?;
    }
    let unknown = worker::perform(worker::away(), schedule_other, ids::fresh().raw())?;
    equal("an unknown thread", Verdict::unpack(unknown), refused(2))
}

fn raise_other(id: u64) -> u64 {
    let raise = |priority| raw::schedule([id, UNCHANGED, UNCHANGED, priority, UNCHANGED]).0;
    let (below, own, above) = (raise(50).result, raise(100).result, raise(101));
    below << 56 | own << 48 | above.pack()
}

/// A scheduler without privilege gives no more than its own priority.
pub(super) fn not_above_oneself() -> Outcome {
    let agent = ids::fresh();
    let id = worker::here().create()?;
    let set = raw::thread_control(id.raw(), id.raw(), agent.raw(), 0, NOT_GIVEN);
    equal("new scheduler", set, raw::DONE)?;
    let got = worker::perform(
        worker::away().id(agent).priority(100),
        raise_other,
        id.raw(),
    )?;
    equal(
        "for a lower and its own priority",
        (got >> 56, got >> 48 & 0xFF),
        (6, 6),
    )?;
    equal(
        "for a higher one",
        Verdict::unpack(got & 0xFFFF_FFFF_FFFF),
        refused(1),
    )
}

pub(super) fn bad_processors() -> Outcome {
    let id = worker::here().create()?;
    let cpus = kip::cpus() as u64;
    for cpu in [cpus, cpus + 1, 0x7FFF, 0xFFFF] {
        let (verdict, _) = raw::schedule([id.raw(), UNCHANGED, cpu, UNCHANGED, UNCHANGED]);
        equal("verdict", verdict, refused(5))?;
    }
    state("afterwards", id, 6)
}

/// Time slice and quantum are periods.
pub(super) fn points_in_time() -> Outcome {
    let id = worker::here().create()?;
    for time in [0x8000_0000, 0x8000, 0xFFFF_0000, 0x27D0_8001] {
        let (verdict, _) = raw::schedule([id.raw(), time, UNCHANGED, UNCHANGED, UNCHANGED]);
        equal("verdict", verdict, refused(2))?;
    }
    hex("time slice", raw::schedule(look(id)).1 >> 16, 10_000)?;
    equal("state", schedule::state(id), Ok(ThreadState::Waiting))
}

pub(super) fn nil() -> Outcome {
    equal("result", raw::schedule(look(ThreadId::NIL)).0.result, 0)
}

/// The low half of the old time control is what is left of the quantum, its low 16 bits; no limit is 0.
pub(super) fn old_quantum() -> Outcome {
    let id = worker::here().create()?;
    let mut before = 0x2710_0000;
    for (slice, quantum) in [(4_000, 0x7000), (8_000, 0x1_2300), (1, 1), (2_000, 0xFFC0)] {
        let time = TimeControl {
            slice: Time::period(slice),
            quantum: Time::period(quantum),
        };
        let (verdict, old) = raw::schedule([id.raw(), time.raw(), UNCHANGED, UNCHANGED, UNCHANGED]);
        let waiting = Verdict {
            result: 6,
            error: 0,
        };
        equal("verdict", verdict, waiting)?;
        hex("old time control", old, before)?;
        before = slice << 16 | quantum & 0xFFFF;
    }
    hex("at last", raw::schedule(look(id)).1, before)?;
    schedule::set_slice(id, Time::period(4_000))?;
    hex("unlimited again", raw::schedule(look(id)).1, 4_000 << 16)
}

/// With one bad word the good ones change nothing either.
pub(super) fn refusals_change_nothing() -> Outcome {
    let id = worker::here().create()?;
    let time = TimeControl {
        slice: Time::period(5_000),
        quantum: Time::period(7_000),
    };
    raw::schedule([id.raw(), time.raw(), UNCHANGED, UNCHANGED, UNCHANGED]);
    let good = TimeControl {
        slice: Time::period(1_000),
        quantum: Time::NEVER,
    };
    let (zero, point) = (0x0400, 0x8001);
    for (time, processor, error) in [
        (good.raw(), 0xFFFF, 5),
        (zero << 16 | 0x3FF, UNCHANGED, 2),
        (0x3FF << 16 | zero, UNCHANGED, 2),
        (point << 16 | 0x3FF, UNCHANGED, 2),
        (0x3FF << 16 | point, UNCHANGED, 2),
        (0x3FF << 16 | zero, 0xFFFF, 2),
        // Half of a word is not "unchanged".
        (0xFFFF_FFFF, UNCHANGED, 2),
        (0x3FF << 16 | 0xFFFF, UNCHANGED, 2),
    ] {
        let (verdict, old) = raw::schedule([id.raw(), time, processor, 3, 0xFF_FFFF]);
        equal("verdict", verdict, refused(error))?;
        equal("old time control", old, 0)?;
        hex("time", raw::schedule(look(id)).1, 5_000 << 16 | 7_000)?;
    }
    state("afterwards", id, 6)
}

/// Tries, as an unprivileged scheduler of priority 100, priorities and sensitive priorities.
fn sensitise_other(id: u64) -> u64 {
    let ask = |priority: u64, sensitive: u64| {
        let preemption = sensitive << 16 | 1_000;
        raw::schedule([id, UNCHANGED, UNCHANGED, priority, preemption]).0
    };
    let good = [(UNCHANGED, 100), (UNCHANGED, 0), (90, 90), (UNCHANGED, 95)];
    let bad = [(UNCHANGED, 101), (50, 255), (101, 0), (101, 255)];
    let all_good = good.into_iter().all(|(priority, sensitive)| {
        ask(priority, sensitive)
            == Verdict {
                result: 6,
                error: 0,
            }
    });
    let all_bad = bad
        .into_iter()
        .all(|(priority, sensitive)| ask(priority, sensitive) == refused(1));
    u64::from(all_good) | u64::from(all_bad) << 1
}

/// Nor does it let a thread hold off more than it could itself. What is below the thread's own priority is not asked.
pub(super) fn sensitive_not_above_oneself() -> Outcome {
    let agent = ids::fresh();
    let id = worker::here().scheduler(agent).create()?;
    let plan = worker::away().id(agent).priority(100);
    let got = worker::perform(plan, sensitise_other, id.raw())?;
    equal("allowed and refused", got, 3)
}
