//! ThreadControl on threads that exist.

use l4::abi::layout::{NOT_GIVEN, UTCB_AREA};
use l4::abi::schedule::ThreadState;
use l4::{ThreadId, ipc, schedule, space, thread, utcb};

use crate::harness::raw::{self, DONE, Verdict, refused, thread_control};
use crate::harness::{Failure, Job, Outcome, SOON, equal, ids, worker};

fn me() -> u64 {
    thread::myself().raw()
}

/// A thread that waits for ever.
#[track_caller]
fn parked() -> Result<ThreadId, Failure> {
    let id = worker::start(worker::here(), |_| ipc::park(), 0)?;
    worker::until_waiting(&[id])?;
    Ok(id)
}

pub(super) fn place_of_an_active_thread() -> Outcome {
    let id = parked()?;
    let elsewhere = ids::utcb(ids::fresh());
    equal(
        "new place",
        thread_control(id.raw(), me(), 0, 0, elsewhere),
        refused(6),
    )?;
    equal(
        "its own id",
        thread::other_id(id),
        Ok(ThreadId::from_raw(ids::utcb(id) + 512)),
    )
}

pub(super) fn unknown_space() -> Outcome {
    let (id, unknown) = (parked()?, ids::fresh());
    equal(
        "unknown",
        thread_control(id.raw(), unknown.raw(), 0, 0, NOT_GIVEN),
        refused(3),
    )?;
    let wrong = ids::next_version(thread::myself());
    equal(
        "wrong version",
        thread_control(id.raw(), wrong.raw(), 0, 0, NOT_GIVEN),
        refused(3),
    )
}

pub(super) fn pager() -> Outcome {
    let (id, new) = (parked()?, ids::fresh());
    equal(
        "verdict",
        thread_control(id.raw(), id.raw(), 0, new.raw(), NOT_GIVEN),
        DONE,
    )?;
    // SAFETY: the thread is alive and asleep.
    let utcb = unsafe { utcb::Utcb::at((ids::utcb(id) + 512) as *mut u64) };
    equal("Pager", utcb.pager(), new)?;
    equal("state", schedule::state(id), Ok(ThreadState::Waiting))
}

/// Tells whether the calling thread may schedule thread `id`.
fn may_schedule(id: u64) -> u64 {
    let all = u64::MAX;
    raw::schedule([id, all, all, all, all]).0.pack()
}

/// An unprivileged thread may schedule only those whose scheduler it is.
pub(super) fn scheduler() -> Outcome {
    let id = parked()?;
    let plan = worker::away();
    let before = worker::perform(plan, may_schedule, id.raw())?;
    equal("before", Verdict::unpack(before), refused(1))?;
    let agent = ids::fresh();
    equal(
        "verdict",
        thread_control(id.raw(), id.raw(), agent.raw(), 0, NOT_GIVEN),
        DONE,
    )?;
    let after = worker::perform(worker::away().id(agent), may_schedule, id.raw())?;
    equal(
        "after",
        Verdict::unpack(after),
        Verdict {
            result: 6,
            error: 0,
        },
    )
}

/// A new version is a new name for the same thread.
pub(super) fn version() -> Outcome {
    let receiver = Job::receive(ThreadId::ANY).start(worker::here())?;
    worker::until_waiting(&[receiver.id])?;
    let (old, new) = (receiver.id, ids::next_version(receiver.id));
    equal(
        "verdict",
        thread_control(new.raw(), old.raw(), 0, 0, NOT_GIVEN),
        DONE,
    )?;
    Job::send(old).now().bare_error(4)?;
    Job::send(new)
        .words(2, 1, 2)
        .within(SOON, SOON)
        .now()
        .ok()?;
    receiver.result()?.carries(2, 1, 2, 0)?;
    // SAFETY: the thread is alive and asleep.
    let utcb = unsafe { utcb::Utcb::at((ids::utcb(old) + 512) as *mut u64) };
    equal("MyGlobalId", utcb.global_id(), new)
}

/// An inactive thread goes to another space and is activated there.
pub(super) fn inactive_thread_moves() -> Outcome {
    let (first, id) = (ids::fresh(), ids::fresh());
    space::Builder::new().create(first)?;
    equal("creation", raw::create(id, thread::myself()), DONE)?;
    equal(
        "move",
        thread_control(id.raw(), first.raw(), 0, 0, NOT_GIVEN),
        DONE,
    )?;
    equal(
        "activation",
        thread_control(id.raw(), first.raw(), 0, me(), UTCB_AREA),
        DONE,
    )?;
    equal("state", schedule::state(id), Ok(ThreadState::Waiting))?;
    let (verdict, _) = raw::control(id, 0);
    // Its pager lives here, so it can be asked; as a thread of another space it has a local id there.
    equal("local id", verdict.result, UTCB_AREA + 512)
}

pub(super) fn activation_checks_the_place() -> Outcome {
    let id = ids::fresh();
    equal("creation", raw::create(id, thread::myself()), DONE)?;
    let activate = |place: u64| thread_control(id.raw(), me(), 0, me(), place);
    for place in [
        NOT_GIVEN,
        0,
        UTCB_AREA + 100,
        UTCB_AREA - 1024,
        1 << 40,
        1 << 63,
    ] {
        equal("bad place", activate(place), refused(6))?;
        equal("state", schedule::state(id), Ok(ThreadState::Dead))?;
    }
    equal("good place", activate(ids::utcb(id)), DONE)
}
