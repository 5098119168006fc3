//! Threads that are deleted while something of theirs, or for them, is on its way.

use l4::abi::schedule::ThreadState::PendingSend;
use l4::control::Point;
use l4::{SysError, Tag, ThreadId, Time, ipc, schedule};

use super::{
    delete, hold, let_pass, move_to, not_yet, on_1, on_2, release, sending, until_held, waiting,
};
use crate::harness::gate::Gate;
use crate::harness::raw::{self, DONE};
use crate::harness::worker::Performed;
use crate::harness::{
    A_WHILE, Failure, Job, Outcome, SOON, board, check, equal, ids, until, worker,
};

/// Makes a thread with this id, and says when it begins and when it is done.
fn create(id: u64) -> u64 {
    let id = ThreadId::from_raw(id);
    board::put(5, 1);
    let made = raw::create(id, l4::kip::root()).pack();
    board::put(5, 2);
    made
}

/// Lets a worker make a thread with the number of one that is dying; it cannot yet.
#[track_caller]
fn create_too_early(id: ThreadId) -> Result<Performed, Failure> {
    board::put(5, 0);
    let made = worker::perform_later(worker::here(), create, id.raw())?;
    until("it tries", || board::get(5) != 0)?;
    let_pass();
    equal("not made yet", board::get(5), 1)?;
    Ok(made)
}

/// The sender is gone for everybody at once. Its number is free only when its request has come home, which nobody sees
/// delivered.
pub(super) fn sender_before_it_is_handled() -> Outcome {
    let receiver = waiting(on_1())?;
    for point in [Point::Request, Point::Replying] {
        hold(1, point);
        let call = Job::call(receiver.id).words(3, 0, 0);
        let sender = sending(call.within(SOON, SOON))?;
        until_held(1)?;
        equal("deletion", raw::delete(sender.id), DONE)?;
        let gone = Err(SysError::InvalidThread);
        equal("state", schedule::state(sender.id), gone)?;
        Job::send(sender.id).now().bare_error(4)?;
        let from_it = Job::receive(sender.id).within(SOON, A_WHILE);
        from_it.now().bare_error(5)?;
        let again = ids::next_version(sender.id);
        let made = create_too_early(again)?;
        release(1);
        equal("creation", made.value()?, DONE.pack())?;
        equal("deletion", raw::delete(again), DONE)?;
        if point == Point::Request {
            not_yet(&receiver)?;
        }
    }
    receiver.result()?.carries(3, 0, 0, Tag::CROSS_CPU)
}

/// A sender that is queued is deleted, and its receiver's CPU is held before it hears of it.
pub(super) fn queued_sender() -> Outcome {
    let busy = worker::start(on_1(), |_| ipc::park(), 0)?;
    worker::until_waiting(&[busy])?;
    let sender = sending(Job::send(busy).within(SOON, SOON))?;
    // An answer from there: the message is queued.
    schedule::state(busy)?;
    hold(1, Point::Cancel);
    equal("deletion", raw::delete(sender.id), DONE)?;
    until_held(1)?;
    let again = ids::next_version(sender.id);
    let made = create_too_early(again)?;
    // Whose queue it is in ends, too.
    let deleted = delete(busy)?;
    release(1);
    deleted.succeeds()?;
    equal("creation", made.value()?, DONE.pack())?;
    equal("deletion", raw::delete(again), DONE)
}

/// A receiver with senders is deleted: they hear before its number is free, and so does who comes in between.
pub(super) fn receiver() -> Outcome {
    let busy = worker::start(on_1(), |_| ipc::park(), 0)?;
    worker::until_waiting(&[busy])?;
    let job = || Job::call(busy).words(6, 1, 6).within(SOON, SOON);
    let (near, far) = (job().start(worker::here())?, job().start(on_2())?);
    for sender in [near, far] {
        worker::until_state(sender.id, PendingSend)?;
    }
    schedule::state(busy)?;
    hold(1, Point::Finishing);
    let deleted = delete(busy)?;
    until_held(1)?;
    let tag = Tag::new(6, 1, 0).raw();
    for sender in [near, far] {
        let done = sender.result()?;
        equal("ErrorCode", done.error, 4)?;
        equal("error flag", done.mr[0] & Tag::ERROR, Tag::ERROR)?;
        check("tag", [0, tag].contains(&(done.mr[0] & !Tag::ERROR)))?;
    }
    let late = job().start(on_2())?;
    worker::until_state(late.id, PendingSend)?;
    release(1);
    deleted.succeeds()?;
    equal("ErrorCode", late.result()?.error, 4)
}

/// A request for a thread arrives where that lived before. It has moved on, and its number has another thread: that does
/// not get the message.
pub(super) fn number_used_again() -> Outcome {
    let (old, neighbour) = (waiting(on_1())?, waiting(on_2())?);
    hold(1, Point::Control);
    let moved = move_to(old.id, 2)?;
    until_held(1)?;
    let sender = sending(Job::send(old.id).within(SOON, SOON))?;
    // From the one point to the next.
    hold(1, Point::Request);
    moved.succeeds()?;
    until_held(1)?;
    // An answer from there: it has arrived. Before, all that is for it goes by CPU 1.
    schedule::state(neighbour.id)?;
    equal("deletion", raw::delete(old.id), DONE)?;
    let new = waiting(on_2().id(ids::next_version(old.id)))?;
    not_yet(&sender)?;
    release(1);
    sender.result()?.bare_error(4)?;
    not_yet(&new)
}

/// How often two calls are let go at once, until they cross.
const TRIES: usize = 40;

/// Board word: how many of two are about to delete the other.
const ABOUT_TO: usize = 31;

/// Deletes the thread on the board when both gates are open, in the same moment as the other. Whoever opens the gates need not
/// run then, so on a computer of two cores both do.
fn delete_other(me: u64) {
    Gate::of(me).pass();
    board::add(ABOUT_TO, 1);
    while board::get(ABOUT_TO) < 2 {
        core::hint::spin_loop();
    }
    let other = ThreadId::from_raw(board::get(10 + me as usize));
    board::put(20 + me as usize, raw::delete(other).pack());
}

/// Two threads delete each other. When the calls cross, both are gone and nobody is told. A tick may let one arrive before the
/// other has begun: then one is gone and the other was told that it succeeded, and it is tried again.
pub(super) fn each_other() -> Outcome {
    for _ in 0..TRIES {
        if have_crossed()? {
            return Ok(());
        }
    }
    Err(Failure::new(format_args!("the calls never crossed")))
}

/// Whether both are gone and nobody was told.
#[track_caller]
fn have_crossed() -> Result<bool, Failure> {
    let (one, two) = (ids::fresh(), ids::fresh());
    [20, 21, ABOUT_TO]
        .into_iter()
        .for_each(|word| board::put(word, 0));
    board::put(10, two.raw());
    board::put(11, one.raw());
    let gates = [Gate::shut(0), Gate::shut(1)];
    worker::start(on_1().id(one), delete_other, 0)?;
    worker::start(on_2().id(two), delete_other, 1)?;
    for gate in gates {
        gate.until_there()?;
    }
    hold(1, Point::Pushed);
    hold(2, Point::Pushed);
    for gate in gates {
        gate.open();
    }
    until_held(1)?;
    until_held(2)?;
    release(1);
    release(2);
    until("one is gone", || {
        [one, two]
            .iter()
            .any(|id| schedule::state(*id) == Err(SysError::InvalidThread))
    })?;
    let_pass();
    let mut gone = 0;
    for (index, id) in [one, two].into_iter().enumerate() {
        let alive = || schedule::state(id).is_ok();
        let told = || board::get(20 + index);
        until("an end, or an answer", || !alive() || told() != 0)?;
        check("an end, or success", [0, DONE.pack()].contains(&told()))?;
        gone += u64::from(!alive() && told() == 0);
        equal("deletion", raw::delete(id), DONE)?;
        // Its number is free.
        let next = ids::next_version(id);
        equal("creation", raw::create(next, l4::kip::root()), DONE)?;
        equal("deletion", raw::delete(next), DONE)?;
    }
    Job::receive(ThreadId::ANY)
        .within(Time::ZERO, Time::ZERO)
        .now()
        .bare_error(3)?;
    Ok(gone == 2)
}
