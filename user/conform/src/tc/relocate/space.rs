//! The two spaces: which takes a thread, and what becomes of the other.

use l4::abi::layout::{NOT_GIVEN, UTCB_AREA};
use l4::abi::schedule::ThreadState::Waiting;
use l4::{ThreadId, schedule, space, thread};

use super::{PLACE, host, relocate_to};
use crate::harness::job::Started;
use crate::harness::raw::{self, DONE, refused, thread_control};
use crate::harness::regular::spin;
use crate::harness::{Job, Outcome, SOON, board, equal, ids, until, worker};

/// What is refused, and changes nothing.
pub(in crate::tc) fn refusals() -> Outcome {
    let host = host(0)?;
    let waiter: Started = Job::receive(thread::myself()).start(worker::here())?;
    worker::until_waiting(&[waiter.id])?;
    let empty = ids::fresh();
    equal("creation", raw::create(empty, empty), DONE)?;
    let agent = ids::fresh();
    let move_to = |space: ThreadId, place: u64| {
        let id = waiter.id.raw();
        thread_control(id, space.raw(), agent.raw(), agent.raw(), place)
    };
    for place in [
        NOT_GIVEN,
        0,
        PLACE + 8,
        PLACE + 512,
        UTCB_AREA - 1024,
        PLACE + 1024,
        1 << 63,
    ] {
        equal("bad place", move_to(host, place), refused(6))?;
    }
    equal("no areas", move_to(empty, PLACE), refused(6))?;
    equal("no space", move_to(ids::fresh(), PLACE), refused(3))?;
    equal("state", schedule::state(waiter.id), Ok(Waiting))?;
    let own = ThreadId::from_raw(ids::utcb(waiter.id) + 512);
    equal("its local id", thread::other_id(waiter.id), Ok(own))?;
    let (_, registers) = raw::control(waiter.id, 0);
    equal("its pager", registers.pager, l4::pager::running().raw())?;
    // Whoever has the id of the scheduler may change priorities, even if he is not privileged.
    let may = |id: u64| {
        let all = u64::MAX;
        raw::schedule([id, all, all, 1, all]).0.pack()
    };
    let got = worker::perform(worker::away().id(agent), may, waiter.id.raw())?;
    equal("the agent's call", raw::Verdict::unpack(got), refused(1))?;
    Job::send(waiter.id)
        .words(2, 1, 3)
        .within(SOON, SOON)
        .now()
        .ok()?;
    waiter.result()?.carries(2, 1, 3, 0)
}

/// A space that its last thread leaves gives its memory back, and may be the one that is left while in use.
pub(in crate::tc) fn old_space_dies() -> Outcome {
    let host = host(0)?;
    let id = ids::fresh();
    let mut before = None;
    for round in 0..6 {
        let again = ThreadId::global(id.number(), id.version() + (round << 16));
        board::put(0, 0);
        let plan = worker::here().id(again).new_space_as(space::Builder::new());
        let id = worker::start(plan, spin, 0)?;
        until("it runs", || board::get(0) > 0)?;
        relocate_to(id, host, PLACE)?;
        equal("deletion", raw::delete(id), DONE)?;
        let free = l4::control::free_frames();
        if round >= 2 {
            equal("free frames", free, before)?;
        }
        before = free;
    }
    Ok(())
}
