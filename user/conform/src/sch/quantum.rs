//! Total quanta: when one is used up, who is told, and how the thread goes on.

use l4::abi::exregs;
use l4::abi::schedule::ThreadState::{Inactive, PendingSend, Waiting};
use l4::ipc::Received;
use l4::schedule::Quantum::{Limited, Unlimited};
use l4::thread::Builder;
use l4::{Message, Tag, ThreadId, Time, clock, ipc, schedule, thread, utcb};

use super::ticks::{TICK, ticks};
use crate::harness::failure::{at_least, at_most};
use crate::harness::regular::{local, spin};
use crate::harness::{
    Failure, Job, Outcome, SOON, board, check, equal, hex, ids, pause, raw, until, worker,
};

/// Ten ticks.
const QUANTUM: Time = Time::period(10 * TICK);
const SLICE: Time = Time::period(10_000);

/// A spinner that counts in board word 0 until its quantum is used up. The test is its scheduler.
#[track_caller]
fn limited(plan: Builder) -> Result<ThreadId, Failure> {
    worker::start(plan.quantum(Limited(QUANTUM)), spin, 0)
}

#[track_caller]
fn fault_of(thread: ThreadId) -> Result<Received, Failure> {
    let received = ipc::receive_within(thread, SOON)?;
    check(
        "a preemption fault",
        schedule::preemption(&received).is_some(),
    )?;
    Ok(received)
}

#[track_caller]
fn stands_still() -> Outcome {
    let then = board::get(0);
    pause(20_000);
    equal("count of a stopped thread", board::get(0), then)
}

#[track_caller]
fn runs() -> Outcome {
    let then = board::get(0);
    until("it runs", || board::get(0) > then)
}

/// The scheduler is told; an answer alone does not help, a new quantum does, again and again.
pub(super) fn used_up() -> Outcome {
    let before = clock::micros();
    let id = limited(worker::here())?;
    for _ in 0..3 {
        let fault = fault_of(id)?;
        hex("tag", fault.message.tag().raw(), 0xFFFF_FFFF_FFD0_0002)?;
        at_least("time", fault.message.word_at(0), before)?;
        at_most("time", fault.message.word_at(0), clock::micros())?;
        equal("MR2", fault.message.word_at(1), 0)?;
        equal("from", fault.from, local(id)?)?;
        equal("state before the answer", schedule::state(id), Ok(Waiting))?;
        ipc::send(id, &Message::new(0))?;
        worker::until_state(id, Inactive)?;
        equal("left", schedule::time_left(id)?.quantum, 0)?;
        stands_still()?;
        let renewed = schedule::set_time(id, SLICE, Limited(QUANTUM));
        equal("state before the new quantum", renewed, Ok(Inactive))?;
        runs()?;
    }
    schedule::set_time(id, SLICE, Unlimited)?;
    equal("left of no limit", schedule::time_left(id)?.quantum, 0)?;
    runs()
}

/// The new quantum may come before the answer, too.
pub(super) fn renewed_first() -> Outcome {
    let id = limited(worker::here())?;
    fault_of(id)?;
    equal(
        "state",
        schedule::set_time(id, SLICE, Unlimited),
        Ok(Waiting),
    )?;
    stands_still()?;
    ipc::send(id, &Message::new(0))?;
    runs()
}

/// What of its UTCB a fault may not change.
const KEPT: u64 = 0x1234_5678_9ABC_DEF0;

fn look_at_registers(_: u64) {
    let utcb = utcb::my();
    for index in 0..64 {
        utcb.set_mr(index, KEPT + index as u64);
    }
    utcb.set_error_code(KEPT);
    // SAFETY: accepts nothing.
    unsafe { utcb.set_br(0, 0) };
    utcb.set_virtual_sender(ThreadId::from_raw(KEPT));
    while board::get(1) == 0 {
        board::add(0, 1);
    }
    let kept = (0..64).all(|index| utcb.mr(index) == KEPT + index as u64)
        && utcb.error_code() == KEPT
        && utcb.br(0) == 0
        && utcb.virtual_sender().raw() == KEPT;
    board::put(2, 1 + u64::from(kept));
}

/// The thread does not notice, whatever the answer brings in two words; items bring nothing.
pub(super) fn registers_are_kept() -> Outcome {
    let plan = worker::here().quantum(Limited(QUANTUM));
    let id = worker::start(plan, look_at_registers, 0)?;
    fault_of(id)?;
    ipc::send(id, &Message::new(7).words(&[8, 9]))?;
    schedule::set_time(id, SLICE, Limited(QUANTUM))?;
    fault_of(id)?;
    board::put(1, 1);
    schedule::set_time(id, SLICE, Unlimited)?;
    ipc::send(id, &Message::new(0))?;
    until("it looked", || board::get(2) != 0)?;
    equal("all as before", board::get(2), 2)
}

fn count_ticks(_: u64) {
    // The numbers tell if this failed.
    let _ = schedule::set_time(
        thread::myself(),
        Time::NEVER,
        Limited(Time::period(20 * TICK)),
    );
    board::put(1, ticks());
    loop {
        board::put(2, ticks());
    }
}

/// A quantum of twenty ticks is used up by twenty ticks. Nobody else runs meanwhile.
pub(super) fn is_spent_in_ticks() -> Outcome {
    let id = worker::start(worker::here(), count_ticks, 0)?;
    fault_of(id)?;
    let counted = board::get(2) - board::get(1) + 1;
    at_most("ticks", counted, 20)?;
    // Some may come before the first look.
    at_least("ticks", counted, 16)
}

/// Who does not run spends nothing.
pub(super) fn waiting_is_free() -> Outcome {
    let id = worker::start(worker::here(), |_| ipc::park(), 0)?;
    worker::until_waiting(&[id])?;
    schedule::set_time(id, SLICE, Limited(Time::period(3 * TICK)))?;
    worker::start(worker::here(), spin, 0)?;
    pause(20_000);
    equal(
        "left",
        u64::from(schedule::time_left(id)?.quantum),
        3 * TICK,
    )
}

/// Without anybody to tell, the thread stops all the same, and goes on with a new quantum.
pub(super) fn without_scheduler() -> Outcome {
    let nobody = limited(worker::here().scheduler(ids::fresh()))?;
    worker::until_state(nobody, Inactive)?;
    stands_still()?;
    schedule::set_time(nobody, SLICE, Unlimited)?;
    runs()?;
    let own = ids::fresh();
    let oneself = limited(worker::here().id(own).scheduler(own).priority(101))?;
    worker::until_state(oneself, Inactive)?;
    schedule::set_time(oneself, SLICE, Unlimited).map(|_| ())?;
    runs()
}

/// ExchangeRegisters ends the call to the scheduler, and stops and resumes, but gives no time.
pub(super) fn only_schedule_gives_time() -> Outcome {
    let id = limited(worker::here())?;
    worker::until_state(id, PendingSend)?;
    raw::control(id, exregs::SEND | exregs::RECEIVE);
    worker::until_state(id, Inactive)?;
    let (_, old) = raw::control(id, exregs::DELIVER);
    equal("halted by somebody", old.control & exregs::HALT, 0)?;
    for control in [
        exregs::HALT_VALID,
        exregs::SEND | exregs::RECEIVE,
        exregs::HALT_VALID | exregs::HALT,
    ] {
        raw::control(id, control);
        equal("state", schedule::state(id), Ok(Inactive))?;
        stands_still()?;
    }
    schedule::set_time(id, SLICE, Unlimited)?;
    stands_still()?;
    thread::resume(id)?;
    runs()
}

/// A message for a stopped thread waits.
pub(super) fn messages_wait() -> Outcome {
    let server = |_| {
        while board::get(1) == 0 {
            board::add(0, 1);
        }
        if ipc::wait().is_ok() {
            board::put(2, 1);
        }
    };
    let id = worker::start(worker::here().quantum(Limited(QUANTUM)), server, 0)?;
    fault_of(id)?;
    ipc::send(id, &Message::new(0))?;
    worker::until_state(id, Inactive)?;
    let client = Job::send(id).start(worker::here())?;
    worker::until_state(client.id, PendingSend)?;
    Job::send(id)
        .within(Time::ZERO, Time::NEVER)
        .now()
        .bare_error(2)?;
    board::put(1, 1);
    pause(10_000);
    check("the message waits", !client.is_done())?;
    schedule::set_time(id, SLICE, Unlimited)?;
    client.result()?.ok()?;
    until("it is received", || board::get(2) == 1)
}

/// Scheduler and thread on different CPUs; a stopped thread moves, and goes on where it is then.
pub(super) fn across_cpus() -> Outcome {
    let id = limited(worker::here().cpu(1))?;
    for cpu in [0, 1, 1, 0] {
        let fault = fault_of(id)?;
        let tag = fault.message.tag().raw() & !Tag::CROSS_CPU;
        hex("tag", tag, 0xFFFF_FFFF_FFD0_0002)?;
        ipc::send(id, &Message::new(0))?;
        worker::until_state(id, Inactive)?;
        schedule::set_cpu(id, cpu)?;
        stands_still()?;
        schedule::set_time(id, SLICE, Limited(QUANTUM))?;
        runs()?;
    }
    fault_of(id)?;
    schedule::set_cpu(id, 1)?;
    schedule::set_time(id, SLICE, Unlimited)?;
    ipc::send(id, &Message::new(0))?;
    runs()
}
