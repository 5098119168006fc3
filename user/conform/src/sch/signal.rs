//! Preemption faults of threads that want their preemption signalled.

use l4::abi::schedule::ThreadState::PendingSend;
use l4::ipc::Received;
use l4::schedule::{self, signal_preemption};
use l4::thread::Builder;
use l4::utcb::{self, PreemptFlags};
use l4::{Message, Tag, ThreadId, Time, clock, ipc, thread};

use super::ticks::{TICK, ticks};
use crate::harness::failure::{at_least, at_most};
use crate::harness::regular::{local, spin};
use crate::harness::{Failure, Outcome, SOON, board, check, equal, hex, ids, pause, until, worker};

/// Board words.
const ROUNDS: usize = 0;
const RAN: usize = 1;
const RESULT: usize = 10;

fn spin_signalled(_: u64) {
    signal_preemption(true);
    spin(ROUNDS as u64);
}

#[track_caller]
fn fault_of(thread: ThreadId) -> Result<Received, Failure> {
    let received = ipc::receive_within(thread, SOON)?;
    hex(
        "tag",
        received.message.tag().raw() & !Tag::CROSS_CPU,
        0xFFFF_FFFF_FFD0_0002,
    )?;
    Ok(received)
}

/// The end of each slice is signalled, though nobody else is ready; the thread goes on when it has an answer.
pub(super) fn slice_end() -> Outcome {
    let plan = worker::here().slice(Time::period(2 * TICK));
    let id = worker::start(plan, spin_signalled, 0)?;
    let mut last = clock::micros();
    for _ in 0..4 {
        let fault = fault_of(id)?;
        equal("from", fault.from, local(id)?)?;
        let (time, zero) = (fault.message.word_at(0), fault.message.word_at(1));
        check("times rise", last < time && time <= clock::micros())?;
        equal("MR2", zero, 0)?;
        last = time;
        let then = board::get(ROUNDS);
        pause(10_000);
        equal("rounds before the answer", board::get(ROUNDS), then)?;
        ipc::send(id, &Message::new(0))?;
    }
    fault_of(id).map(|_| ())
}

/// Waits until the thread spins, and lets it go on when it was preempted before it did.
#[track_caller]
fn until_it_spins(id: ThreadId) -> Outcome {
    until("it spins", || {
        let spins = board::get(ROUNDS) > 0;
        if !spins && schedule::state(id) == Ok(PendingSend) {
            // What is wrong with either shows in what follows.
            let _ =
                ipc::receive_within(id, Time::ZERO).and_then(|_| ipc::send(id, &Message::new(0)));
        }
        spins
    })
}

/// A thread that becomes ready and is more urgent, too.
pub(super) fn higher_priority() -> Outcome {
    let plan = worker::here().slice(Time::NEVER);
    let id = worker::start(plan, spin_signalled, 0)?;
    for priority in [101, 199, 255] {
        until_it_spins(id)?;
        // The test itself has just preempted it.
        worker::until_state(id, PendingSend)?;
        fault_of(id)?;
        ipc::send(id, &Message::new(0))?;
        board::put(ROUNDS, 0);
        let wakes = |_| pause(3_000);
        worker::start(worker::here().priority(priority), wakes, 0)?;
        fault_of(id)?;
        board::put(ROUNDS, 0);
        ipc::send(id, &Message::new(0))?;
    }
    Ok(())
}

fn surprise_nobody(test: u64) {
    let listener = ThreadId::from_raw(board::get(2));
    signal_preemption(true);
    for _ in 0..5 {
        // The listener runs at once, as this thread knows.
        let _ = ipc::send(listener, &Message::new(0));
        schedule::yield_now();
        schedule::switch_to(ThreadId::from_raw(board::get(3)));
        // So does the one that lowers itself at once.
        let _ = schedule::set_priority(ThreadId::from_raw(board::get(4)), 120);
    }
    signal_preemption(false);
    board::put(RESULT, board::get(RAN));
    // The test fails if it gets nothing.
    let _ = ipc::send(ThreadId::from_raw(test), &Message::new(0x77));
}

/// What the thread itself brings about is not signalled: messages, giving way.
pub(super) fn own_calls_are_no_surprise() -> Outcome {
    let listen = |_| {
        while ipc::wait().is_ok() {
            board::add(RAN, 1);
        }
    };
    let listener = worker::start(worker::here().priority(120), listen, 0)?;
    worker::until_waiting(&[listener])?;
    board::put(2, listener.raw());
    let yields = |_| {
        loop {
            schedule::yield_now();
        }
    };
    board::put(3, worker::start(worker::here(), yields, 0)?.raw());
    let lowers_itself = |_| {
        loop {
            let _ = schedule::set_priority(thread::myself(), 50);
            board::add(RESULT + 1, 1);
        }
    };
    let low = worker::start(worker::here().priority(50), lowers_itself, 0)?;
    board::put(4, low.raw());
    let plan = worker::here().slice(Time::NEVER);
    let id = worker::start(plan, surprise_nobody, thread::myself().raw())?;
    let first = ipc::receive_within(id, SOON)?;
    hex("label of the first message", first.message.label(), 0x77)?;
    equal("the listener ran", board::get(RESULT), 5)?;
    at_least("the raised one ran", board::get(RESULT + 1), 4)
}

fn delay_and_signal(_: u64) {
    let utcb = utcb::my();
    let me = thread::myself();
    // The numbers tell if these failed.
    let _ = schedule::set_preemption(me, (10 * TICK) as u16, 0);
    utcb.set_preempt_bits(PreemptFlags::DELAY | PreemptFlags::SIGNAL);
    let _ = schedule::set_slice(me, Time::period(3 * TICK));
    let first = ticks();
    loop {
        board::put(RESULT, ticks() - first);
        if utcb.preempt_flags().contains(PreemptFlags::PENDING) {
            board::add(RESULT + 1, 1);
        }
    }
}

/// Both flags: first the preemption is pending, then, when the allowance is used up, it is signalled.
pub(super) fn after_the_delay() -> Outcome {
    let id = worker::start(worker::here(), delay_and_signal, 0)?;
    fault_of(id)?;
    at_most("ticks", board::get(RESULT), 13)?;
    at_least("ticks", board::get(RESULT), 8)?;
    at_least("times it was seen pending", board::get(RESULT + 1), 1)
}

/// Without a scheduler the thread is just preempted.
pub(super) fn without_scheduler() -> Outcome {
    let spins = |plan: Builder, index: u64| {
        let work = |index| {
            signal_preemption(true);
            spin(index);
        };
        worker::start(plan.slice(Time::period(2 * TICK)), work, index)
    };
    let own = ids::fresh();
    spins(worker::here().scheduler(ids::fresh()), 0)?;
    spins(worker::here().id(own).scheduler(own), 1)?;
    let mut before = [0; 2];
    for _ in 0..3 {
        until("both run again", || {
            (0..2).all(|index| board::get(index) > before[index])
        })?;
        before = core::array::from_fn(board::get);
    }
    Ok(())
}

/// The library's pager as scheduler lets everybody go on.
pub(super) fn pager_answers() -> Outcome {
    let plan = worker::here()
        .slice(Time::period(TICK))
        .scheduler(l4::pager::running());
    worker::start(plan, spin_signalled, 0)?;
    for _ in 0..5 {
        let then = board::get(ROUNDS);
        until("it goes on", || board::get(ROUNDS) > then)?;
    }
    Ok(())
}

/// Scheduler and thread on different CPUs.
pub(super) fn across_cpus() -> Outcome {
    let plan = worker::here().cpu(1).slice(Time::period(2 * TICK));
    let id = worker::start(plan, spin_signalled, 0)?;
    for _ in 0..5 {
        let fault = fault_of(id)?;
        let flags = fault.message.tag().raw() & Tag::CROSS_CPU;
        equal("the tag says so", flags, Tag::CROSS_CPU)?;
        ipc::send(id, &Message::new(0))?;
    }
    Ok(())
}
