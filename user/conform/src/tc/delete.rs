//! Deleting threads in every state.

use l4::abi::exregs;
use l4::abi::schedule::ThreadState::{self, PendingSend};
use l4::{Message, SysError, ThreadId, Time, control, ipc, schedule, thread};

use crate::harness::raw::{self, DONE, refused};
use crate::harness::regular::spin;
use crate::harness::{Job, Outcome, SOON, board, check, equal, ids, pause, until, worker};

pub(super) fn not_oneself() -> Outcome {
    equal("verdict", raw::delete(thread::myself()), refused(2))?;
    let other = ids::next_version(thread::myself());
    equal("oneself by another version", raw::delete(other), refused(2))
}

pub(super) fn nobody() -> Outcome {
    equal("verdict", raw::delete(ids::fresh()), DONE)
}

/// The version does not matter.
pub(super) fn by_number() -> Outcome {
    let id = worker::start(worker::here(), |_| ipc::park(), 0)?;
    equal("verdict", raw::delete(ids::next_version(id)), DONE)?;
    Job::send(id).now().bare_error(4)
}

/// Deletes the thread; afterwards nobody knows it.
#[track_caller]
fn delete(id: ThreadId) -> Outcome {
    equal("deletion", raw::delete(id), DONE)?;
    Job::send(id).now().bare_error(4)?;
    Job::receive(id).now().bare_error(5)?;
    equal("state", schedule::state(id), Err(SysError::InvalidThread))
}

pub(super) fn blocked_threads() -> Outcome {
    let me = thread::myself();
    for plan in [worker::here as fn() -> l4::thread::Builder, worker::away] {
        let jobs = [
            Job::receive(ThreadId::ANY),
            Job::receive(ThreadId::ANY).within(SOON, SOON),
            Job::receive(me),
        ];
        for job in jobs {
            let started = job.start(plan())?;
            worker::until_waiting(&[started.id])?;
            delete(started.id)?;
        }
        for job in [
            Job::send(me),
            Job::send(me).within(SOON, SOON),
            Job::call(me),
        ] {
            let started = job.start(plan())?;
            worker::until_state(started.id, PendingSend)?;
            delete(started.id)?;
        }
        delete(plan().create()?)?;
    }
    Job::receive(ThreadId::ANY)
        .within(Time::ZERO, Time::ZERO)
        .now()
        .bare_error(3)
}

pub(super) fn ready_and_halted_threads() -> Outcome {
    for index in 0..4 {
        let spinner = worker::start(worker::here(), spin, index)?;
        until("it runs", || board::get(index as usize) > 0)?;
        delete(spinner)?;
        let then = board::get(index as usize);
        pause(10_000);
        equal("count after deletion", board::get(index as usize), then)?;
    }
    let halted = worker::start(worker::here(), spin, 5)?;
    raw::control(halted, exregs::STOP);
    equal("state", schedule::state(halted), Ok(ThreadState::Inactive))?;
    delete(halted)?;
    let inactive = ids::fresh();
    equal("creation", raw::create(inactive, thread::myself()), DONE)?;
    delete(inactive)
}

fn answer_once(_: u64) {
    if let Ok(request) = ipc::wait() {
        // If the caller is gone there is nobody to tell.
        let _ = ipc::send(request.from, &Message::new(request.message.label() + 1));
    }
}

/// One number, many lives.
pub(super) fn numbers_live_again() -> Outcome {
    let first = ids::fresh();
    for life in 0..20 {
        let id = ThreadId::global(first.number(), first.version() + (life << 16));
        let plan = if life % 2 == 0 {
            worker::here()
        } else {
            worker::away()
        };
        worker::start(plan.id(id), answer_once, 0)?;
        let answer = Job::call(id)
            .words(u64::from(life), 0, 0)
            .within(SOON, SOON)
            .now();
        answer.carries(u64::from(life) + 1, 0, 0, 0)?;
        delete(id)?;
    }
    Ok(())
}

/// All memory of a space comes back, but for what thread ids keep.
pub(super) fn space_dies_with_its_last_thread() -> Outcome {
    let id = ids::fresh();
    let mut before = 0;
    for round in 0..6 {
        if round == 2 {
            before = control::free_frames().unwrap_or(0);
        }
        let again = ThreadId::global(id.number(), id.version() + (round << 16));
        worker::start(worker::away().id(again), |_| board::put(0, 1), 0)?;
        until("it ran", || board::get(0) == 1)?;
        board::put(0, 0);
        delete(again)?;
    }
    let after = control::free_frames().unwrap_or(0);
    check("free frames can be asked for", before != 0)?;
    equal("free frames", after, before)
}

/// What a space leaves behind is put away at once, not when the slice of who deleted it is over: this one never is.
pub(super) fn space_ends_within_a_slice() -> Outcome {
    let set = schedule::set_slice(thread::myself(), Time::NEVER);
    check("an endless slice", set.is_ok())?;
    for _ in 0..3 {
        let id = worker::start(worker::away(), |_| ipc::park(), 0)?;
        worker::until_waiting(&[id])?;
        delete(id)?;
    }
    Ok(())
}

pub(super) fn space_lives_while_one_thread_does() -> Outcome {
    let first = worker::start(worker::away(), |_| ipc::park(), 0)?;
    let second = Job::receive(ThreadId::ANY).start(worker::here().in_space_of(first))?;
    worker::until_waiting(&[first, second.id])?;
    delete(first)?;
    Job::send(second.id)
        .words(3, 3, 3)
        .within(SOON, SOON)
        .now()
        .ok()?;
    second.result()?.carries(3, 3, 3, 0)?;
    delete(second.id)
}
