//! Threads in every state: changing their pager and scheduler, and deleting them.

use l4::abi::exregs;
use l4::abi::layout::NOT_GIVEN;
use l4::abi::schedule::ThreadState;
use l4::thread::Builder;
use l4::{SysError, ThreadId, Time, ipc, schedule, thread, utcb};

use crate::harness::raw::{self, DONE, thread_control};
use crate::harness::regular::spin;
use crate::harness::{Failure, Job, Outcome, SOON, board, equal, ids, pause, until, worker};
use crate::pf::touch;

/// A state that a thread can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Inactive,
    Fresh,
    Waiting,
    Sleeping,
    Sending,
    Calling,
    Queued,
    Faulting,
    Raising,
    Running,
    Halted,
    HaltedInside,
}

pub(crate) const STAGES: [Stage; 12] = [
    Stage::Inactive,
    Stage::Fresh,
    Stage::Waiting,
    Stage::Sleeping,
    Stage::Sending,
    Stage::Calling,
    Stage::Queued,
    Stage::Faulting,
    Stage::Raising,
    Stage::Running,
    Stage::Halted,
    Stage::HaltedInside,
];

/// Nothing of the program is there.
const NOWHERE: u64 = 0x4000_0000;

/// A thread of this plan in that state. What it sends, it sends to the calling thread.
#[track_caller]
pub(crate) fn thread_in(stage: Stage, plan: Builder) -> Result<ThreadId, Failure> {
    let me = thread::myself();
    let any = ThreadId::ANY;
    let id = match stage {
        Stage::Inactive => {
            let id = ids::fresh();
            equal("creation", raw::create(id, me), DONE)?;
            return Ok(id);
        }
        Stage::Fresh => return Ok(plan.create()?),
        Stage::Waiting | Stage::HaltedInside => Job::receive(me).start(plan)?.id,
        Stage::Sleeping => Job::receive(any).within(SOON, SOON).start(plan)?.id,
        Stage::Sending => Job::send(me).start(plan)?.id,
        Stage::Calling => {
            let caller = Job::call(me).start(plan)?;
            Job::receive(caller.id).within(SOON, SOON).now().ok()?;
            caller.id
        }
        Stage::Queued => {
            // Somebody waits for it, too.
            let id = Job::receive(me).start(plan)?.id;
            let sender = Job::send(id).within(SOON, SOON).start(worker::here())?;
            worker::until_state(sender.id, ThreadState::PendingSend)?;
            id
        }
        Stage::Faulting => {
            let pager = crate::harness::pager::start()?;
            worker::start(plan.pager(pager), read_at, NOWHERE)?
        }
        Stage::Raising => worker::start(plan, raise, me.raw())?,
        Stage::Running | Stage::Halted => worker::start(plan, spin, 90)?,
    };
    let blocked = match stage {
        Stage::Sending => ThreadState::PendingSend,
        Stage::Raising => ThreadState::PendingSend,
        Stage::Running | Stage::Halted => ThreadState::Running,
        _ => ThreadState::Waiting,
    };
    worker::until_state(id, blocked)?;
    if matches!(stage, Stage::Halted | Stage::HaltedInside) {
        raw::control(id, exregs::HALT_VALID | exregs::HALT);
    }
    Ok(id)
}

/// Touches an address.
fn read_at(address: u64) {
    touch::read(address);
}

fn raise(handler: u64) {
    utcb::my().set_exception_handler(ThreadId::from_raw(handler));
    // SAFETY: raises an exception; the thread does not go on.
    unsafe { core::arch::asm!("ud2", options(nomem, nostack)) };
}

/// Deletes a thread in each state; afterwards nobody knows it, and nothing of it comes.
pub(super) fn delete() -> Outcome {
    delete_on(0)
}

/// As [`delete`], on another CPU.
pub(super) fn delete_elsewhere() -> Outcome {
    delete_on(1)
}

fn delete_on(cpu: usize) -> Outcome {
    for plan in [worker::here as fn() -> Builder, worker::away] {
        for stage in STAGES {
            let id = thread_in(stage, plan().cpu(cpu))?;
            equal("deletion", raw::delete(id), DONE)?;
            Job::send(id).now().bare_error(4)?;
            Job::receive(id).now().bare_error(5)?;
            let state = schedule::state(id);
            equal("state", state, Err(SysError::InvalidThread))?;
            let zero = Time::ZERO;
            let rest = Job::receive(ThreadId::ANY).within(zero, zero).now();
            rest.bare_error(3)?;
            board::put(90, 0);
        }
    }
    Ok(())
}

/// Changes pager and scheduler of a thread in each state, which stays as it is.
pub(super) fn change() -> Outcome {
    change_on(0)
}

/// As [`change`], on another CPU.
pub(super) fn change_elsewhere() -> Outcome {
    change_on(1)
}

fn change_on(cpu: usize) -> Outcome {
    for stage in STAGES {
        let id = thread_in(stage, worker::here().cpu(cpu))?;
        let before = schedule::state(id);
        let agent = ids::fresh();
        let change = |scheduler: ThreadId, pager: ThreadId| {
            thread_control(id.raw(), id.raw(), scheduler.raw(), pager.raw(), NOT_GIVEN)
        };
        equal("scheduler", change(agent, ThreadId::NIL), DONE)?;
        equal("state", schedule::state(id), before)?;
        // An unprivileged thread with the scheduler's id may schedule it now.
        let may = |id: u64| {
            let all = u64::MAX;
            raw::schedule([id, all, all, all, all]).0.pack()
        };
        let got = worker::perform(worker::away().id(agent), may, id.raw())?;
        let verdict = raw::Verdict::unpack(got);
        equal("ErrorCode of its scheduler", verdict.error, 0)?;
        if !matches!(stage, Stage::Inactive) {
            equal("pager", change(ThreadId::NIL, agent), DONE)?;
            equal("state", schedule::state(id), before)?;
            // SAFETY: the thread lives, and its UTCB in this space.
            let utcb = unsafe { utcb::Utcb::at((ids::utcb(id) + 512) as *mut u64) };
            equal("Pager", utcb.pager(), agent)?;
        }
        equal("deletion", raw::delete(id), DONE)?;
        board::put(90, 0);
    }
    Ok(())
}

/// The thread is gone, and its number is free for the next one at once.
#[track_caller]
fn delete_and_reuse(id: ThreadId) -> Outcome {
    equal("deletion", raw::delete(id), DONE)?;
    Job::send(id).now().bare_error(4)?;
    let again = ids::next_version(id);
    equal("another life", raw::create(again, thread::myself()), DONE)?;
    equal("deletion", raw::delete(again), DONE)
}

/// Makes and deletes a thread on another CPU that is calling, is being called and controls others all the time; and one whose
/// message waits here.
pub(super) fn delete_under_way() -> Outcome {
    let server = worker::start(worker::here(), crate::ipc::echo, 0)?;
    board::put(1, server.raw());
    let victim = worker::start(worker::here(), |_| ipc::park(), 0)?;
    board::put(2, victim.raw());
    for round in 0..20 {
        let then = board::get(0);
        let id = worker::start(worker::here().cpu(1), call_and_control, 0)?;
        until("it is at work", || board::get(0) > then + round)?;
        pause(round * 100);
        delete_and_reuse(id)?;
    }
    for _ in 0..5 {
        let sender = Job::send(thread::myself()).start(worker::here().cpu(1))?;
        worker::until_state(sender.id, ThreadState::PendingSend)?;
        delete_and_reuse(sender.id)?;
        let rest = Job::receive(ThreadId::ANY).within(Time::ZERO, Time::ZERO);
        rest.now().bare_error(3)?;
    }
    Job::call(server)
        .words(1, 1, 1)
        .within(SOON, SOON)
        .now()
        .ok()
}

fn call_and_control(_: u64) {
    let [server, victim] = [1, 2].map(|index| ThreadId::from_raw(board::get(index)));
    loop {
        Job::call(server).words(1, 3, 1).now();
        raw::control(victim, 0);
        let id = victim.raw();
        thread_control(id, id, 0, 0, NOT_GIVEN);
        board::add(0, 1);
    }
}
