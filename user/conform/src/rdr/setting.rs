//! Naming a redirector, and which messages it gets.

use l4::abi::layout::{KIP_AREA_FPAGE, UTCB_AREA, UTCB_AREA_FPAGE};
use l4::abi::schedule::ThreadState::PendingSend;
use l4::{SysError, Tag, ThreadId, Time, interrupt, ipc, kip, space, syscall, thread, utcb};

use super::{confined, direct, message, receive, redirected, set, stranger};
use crate::harness::raw::{self, DONE, Verdict, refused, thread_control};
use crate::harness::{Failure, Job, Outcome, SOON, board, check, equal, hex, ids, until, worker};

const ZERO: Time = Time::ZERO;

pub(super) fn needs_privilege() -> Outcome {
    let call = |id| {
        let me = thread::myself();
        raw::redirect(ThreadId::from_raw(id), me.raw()).pack()
    };
    for space in [thread::myself(), ThreadId::NIL] {
        let got = worker::perform(worker::away(), call, space.raw())?;
        equal("verdict", Verdict::unpack(got), refused(1))?;
    }
    Ok(())
}

/// An interrupt of the machine of these tests that can have a handler.
const LINE: u32 = 20;

/// Nobody, somebody from before, the kernel's, and the thread of an interrupt, whether there is one or not.
pub(super) fn must_be_a_thread() -> Outcome {
    let confined = worker::start(worker::away(), |_| ipc::park(), 0)?;
    let kernel = ThreadId::global(kip::thread_info().system_base, 1);
    for nobody in [
        ids::fresh(),
        ids::next_version(thread::myself()),
        ThreadId::interrupt(1),
        kernel,
        ThreadId::ANY_LOCAL,
    ] {
        let verdict = raw::redirect(confined, nobody.raw());
        equal("verdict", verdict, refused(2))?;
    }
    interrupt::associate(LINE, thread::myself())?;
    let interrupt = raw::redirect(confined, ThreadId::interrupt(LINE).raw());
    equal("an interrupt", interrupt, refused(2))?;
    let unknown = raw::redirect(ids::fresh(), thread::myself().raw());
    equal("unknown space", unknown, refused(3))
}

/// Nil leaves the redirector as it is, any thread is none; a local id is the caller's to give.
pub(super) fn nil_and_any() -> Outcome {
    let me = thread::myself();
    let first = worker::start(worker::away(), |_| ipc::park(), 0)?;
    for (redirector, redirects) in [
        (ThreadId::NIL, false),
        (utcb::my().local_id(), true),
        (ThreadId::NIL, true),
        (ThreadId::ANY, false),
        (ThreadId::NIL, false),
        (me, true),
    ] {
        set(first, redirector)?;
        let other = stranger(0)?;
        let sender = message(other.id).start(worker::here().in_space_of(first))?;
        if redirects {
            redirected(&receive(ThreadId::ANY).now(), sender.id, other.id, 0)?;
        } else {
            direct(&other.result()?, sender.id)?;
        }
        sender.result()?.ok()?;
    }
    Ok(())
}

/// Without areas, good areas with a bad redirector, and the other way round.
pub(super) fn refusal_changes_nothing() -> Outcome {
    let me = thread::myself().raw();
    let id = ids::fresh();
    equal("creation", raw::create(id, id), DONE)?;
    let control = |kip: u64, redirector: u64| -> Result<Verdict, Failure> {
        let utcb = UTCB_AREA_FPAGE.raw();
        utcb::my().set_error_code(raw::UNTOUCHED);
        // SAFETY: a space of the test's own, in which nothing runs.
        let pair = unsafe { syscall::space_control(id.raw(), 0, kip, utcb, redirector) };
        hex("old control", pair.second, 0)?;
        Ok(Verdict {
            result: pair.first,
            error: utcb::my().error_code(),
        })
    };
    equal(
        "bad redirector",
        control(KIP_AREA_FPAGE.raw(), 0x41)?,
        refused(2),
    )?;
    let place = UTCB_AREA;
    let active = thread_control(id.raw(), id.raw(), 0, me, place);
    equal("still without areas", active, refused(3))?;
    equal("bad area", control(0, me)?, refused(7))?;
    equal("good", control(KIP_AREA_FPAGE.raw(), 0)?, DONE)?;
    let sender = thread_control(id.raw(), id.raw(), 0, me, place);
    equal("activation", sender, DONE)
}

/// Threads that wait, that run, that come later, and that are moved into the space.
pub(super) fn all_threads_of_the_space() -> Outcome {
    let me = thread::myself();
    let waiting = worker::start(worker::away(), relay, 0)?;
    let running = worker::start(worker::here().in_space_of(waiting), poll_and_send, 40)?;
    let moving = worker::start(worker::here(), relay, 0)?;
    worker::until_waiting(&[waiting, moving])?;
    let other = stranger(0)?;
    send_by(waiting, other.id)?;
    direct(&other.result()?, waiting)?;
    set(waiting, me)?;
    let later = worker::start(worker::here().in_space_of(waiting), relay, 0)?;
    let moved = thread_control(moving.raw(), waiting.raw(), 0, 0, ids::utcb(moving));
    equal("move", moved, DONE)?;
    for sender in [waiting, later, moving] {
        let other = stranger(0)?;
        send_by(sender, other.id)?;
        let got = receive(ThreadId::ANY).now();
        redirected(&got, sender, other.id, 0)?;
    }
    let other = stranger(0)?;
    board::put(40, other.id.raw());
    redirected(&receive(ThreadId::ANY).now(), running, other.id, 0)
}

/// Lets a [`relay`] send the message to `to`.
#[track_caller]
pub(super) fn send_by(relay: ThreadId, to: ThreadId) -> Outcome {
    let order = Job::send(relay).words(1, 1, to.raw());
    order.within(SOON, SOON).now().ok()
}

/// Sends the message to whomever it is told, again and again; words 30 and 31: the last ErrorCode, and how often.
pub(super) fn relay(_: u64) {
    loop {
        let order = Job::receive(ThreadId::ANY).now();
        if order.ok().is_ok() {
            let done = message(ThreadId::from_raw(order.mr[1])).now();
            board::put(30, done.error);
            board::add(31, 1);
        }
    }
}

/// Waits, without a system call, for a thread's id in a word of the board, and sends to that.
fn poll_and_send(index: u64) {
    while board::get(index as usize) == 0 {
        core::hint::spin_loop();
    }
    message(ThreadId::from_raw(board::get(index as usize))).now();
}

pub(super) fn library() -> Outcome {
    let me = thread::myself();
    let other = stranger(0)?;
    let sender = message(other.id).start(confined(me, 0))?;
    let got = ipc::receive_within(ThreadId::ANY, SOON)?;
    equal("from", got.from, sender.id)?;
    equal("intended", got.intended_receiver, Some(other.id))?;
    equal("actual", got.actual_sender, None)?;
    sender.result()?.ok()?;
    equal("none", space::set_redirector(sender.id, None), Ok(()))?;
    let again = message(other.id).start(worker::here().in_space_of(sender.id))?;
    direct(&other.result()?, again.id)?;
    let unknown = space::set_redirector(sender.id, Some(ids::fresh()));
    equal("nobody", unknown, Err(SysError::InvalidThread))
}

/// What would go to a redirector that has ended goes nowhere; the rest is as before.
pub(super) fn dead_redirector() -> Outcome {
    let sender = worker::start(worker::away(), relay, 0)?;
    let other = stranger(0)?;
    send_by(sender, other.id)?;
    direct(&other.result()?, sender)?;
    until("the relay is back", || board::get(31) == 1)?;
    let redirector = worker::start(worker::away(), |_| ipc::park(), 0)?;
    let inside = worker::here().in_space_of(sender);
    let neighbour = receive(ThreadId::ANY).start(inside)?;
    worker::until_waiting(&[neighbour.id, redirector])?;
    set(sender, redirector)?;
    equal("deletion", raw::delete(redirector), DONE)?;
    let other = stranger(0)?;
    send_by(sender, other.id)?;
    until("the send has failed", || board::get(31) == 2)?;
    hex("ErrorCode", board::get(30), 4)?;
    // The neighbour needs nobody's pages any more, and no message from outside.
    send_by(sender, neighbour.id)?;
    until("the send inside", || board::get(31) == 3)?;
    hex("ErrorCode", board::get(30), raw::UNTOUCHED)?;
    // Another one, and all is well.
    set(sender, thread::myself())?;
    send_by(sender, other.id)?;
    redirected(&receive(sender).now(), sender, other.id, 0)
}

/// Within the space, and to the space of the redirector, messages go where they are sent.
pub(super) fn inside_and_towards_the_redirector() -> Outcome {
    let me = thread::myself();
    let redirector = worker::start(worker::here(), |_| ipc::park(), 0)?;
    let sender = message(me).start(confined(redirector, 0))?;
    direct(&receive(ThreadId::ANY).now(), sender.id)?;
    let inside = receive(ThreadId::ANY).start(worker::here().in_space_of(sender.id))?;
    worker::until_waiting(&[inside.id])?;
    let neighbour = message(inside.id).start(worker::here().in_space_of(sender.id))?;
    let done = inside.result()?;
    done.carries(7, 3, 70, 0)?;
    check("from a neighbour", done.from.is_local())?;
    neighbour.result()?.ok()
}

/// What others send into the space is not redirected.
pub(super) fn into_the_space() -> Outcome {
    let me = thread::myself();
    let receiver = receive(ThreadId::ANY).start(confined(me, 0))?;
    worker::until_waiting(&[receiver.id])?;
    let sender = message(receiver.id).start(worker::away())?;
    direct(&receiver.result()?, sender.id)?;
    sender.result()?.ok()
}

/// A destination that does not exist is not meant: the redirector hears nothing.
pub(super) fn nobody_is_meant() -> Outcome {
    let me = thread::myself();
    let sender = message(ids::fresh()).start(confined(me, 0))?;
    sender.result()?.bare_error(4)?;
    receive(ThreadId::ANY)
        .within(ZERO, ZERO)
        .now()
        .bare_error(3)
}

/// A redirector that does not wait is waited for, as any receiver.
pub(super) fn busy_redirector() -> Outcome {
    let me = thread::myself();
    let other = stranger(0)?;
    let hasty = message(other.id)
        .within(ZERO, ZERO)
        .start(confined(me, 0))?;
    hasty.result()?.bare_error(2)?;
    let short = Time::period(3_000);
    let impatient = message(other.id)
        .within(short, short)
        .start(confined(me, 0))?;
    let tag = Tag::new(7, 3, 0).raw();
    impatient.result()?.error_with_tag(2, tag)?;
    let first = message(other.id).start(confined(me, 0))?;
    worker::until_state(first.id, PendingSend)?;
    let second = message(other.id).start(confined(me, 0))?;
    worker::until_state(second.id, PendingSend)?;
    redirected(&receive(second.id).now(), second.id, other.id, 0)?;
    redirected(&receive(ThreadId::ANY).now(), first.id, other.id, 0)?;
    let done = first.result()?;
    hex("the sender's tag", done.mr[0], tag)?;
    check("the other got nothing", !other.is_done())
}

/// The redirector of a space may live in it: what it sends goes where it is sent.
pub(super) fn redirector_of_its_own_space() -> Outcome {
    let sender = worker::start(worker::away(), relay, 0)?;
    let itself = worker::start(worker::here().in_space_of(sender), relay, 0)?;
    for relay in [sender, itself] {
        let other = stranger(0)?;
        send_by(relay, other.id)?;
        direct(&other.result()?, relay)?;
    }
    worker::until_waiting(&[sender, itself])?;
    set(sender, itself)?;
    let other = stranger(0)?;
    send_by(itself, other.id)?;
    direct(&other.result()?, itself)?;
    // The neighbour's message goes to it.
    let other = stranger(0)?;
    let before = board::get(31);
    send_by(sender, other.id)?;
    until("the message was sent", || board::get(31) > before)?;
    check("the other got nothing", !other.is_done())
}
