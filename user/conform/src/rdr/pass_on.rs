//! What a redirector does with the messages it gets.

use l4::abi::protocol;
use l4::{Message, Tag, ThreadId, Time, Timeouts, ipc, thread, utcb};

use super::{confined, message, receive, redirected, set, stranger};
use crate::harness::job::Started;
use crate::harness::raw;
use crate::harness::{Failure, Job, Outcome, SOON, check, equal, hex, worker};

const P: u64 = Tag::PROPAGATED;
const ZERO: Time = Time::ZERO;

/// Sends everything that was redirected to it on, as if it were the sender. Everything else it answers with its label + 1.
pub(super) fn pass_everything_on(_: u64) {
    let never = Timeouts::NEVER;
    loop {
        let Ok(got) = ipc::wait() else { continue };
        let message = &got.message;
        // Whoever does not listen any more misses it.
        let _ = match got.intended_receiver {
            Some(to) => ipc::propagate(got.from, to, ThreadId::NIL, never, message).map(|_| ()),
            None => ipc::send_within(got.from, &Message::new(message.label() + 1), ZERO),
        };
    }
}

/// A thread whose redirector is the calling one has called `other`; the message has come here.
#[track_caller]
fn call_to(other: ThreadId) -> Result<Started, Failure> {
    let job = Job::call(other).words(7, 3, 70).within(SOON, SOON);
    let caller = job.start(confined(thread::myself(), 0))?;
    redirected(&receive(caller.id).now(), caller.id, other, 0)?;
    Ok(caller)
}

/// The redirector can answer itself.
pub(super) fn caller_waits_for_the_redirector() -> Outcome {
    let me = thread::myself();
    let other = stranger(0)?;
    let caller = call_to(other.id)?;
    let answer = Job::send(caller.id).words(8, 1, 1).within(SOON, SOON);
    answer.now().ok()?;
    let got = caller.result()?;
    got.carries(8, 1, 1, 0)?;
    equal("from", got.from, me)?;
    check("the other got nothing", !other.is_done())
}

/// The redirector can send it on; the answer comes to the caller from who was meant.
pub(super) fn as_the_sender() -> Outcome {
    let me = thread::myself();
    let other = Job::receive(ThreadId::ANY)
        .within(SOON, SOON)
        .start(worker::away())?;
    worker::until_waiting(&[other.id])?;
    let caller = call_to(other.id)?;
    let job = message(other.id).speaking_for(caller.id);
    job.now().ok()?;
    let heard = other.result()?;
    heard.carries(7, 3, 70, P)?;
    equal("from", heard.from, caller.id)?;
    hex("ActualSender", heard.actual, me.raw())?;
    // It waits for the other from now on, and no more for the redirector.
    Job::send(caller.id)
        .within(ZERO, ZERO)
        .now()
        .bare_error(2)?;
    let server = worker::start(worker::away(), crate::ipc::echo, 0)?;
    worker::until_waiting(&[server])?;
    let caller = call_to(server)?;
    message(server).speaking_for(caller.id).now().ok()?;
    let got = caller.result()?;
    got.carries(8, 3, 1070, 0)?;
    equal("from", got.from, server)
}

/// A redirector of both can answer for who was meant.
pub(super) fn as_the_intended_receiver() -> Outcome {
    let me = thread::myself();
    for redirects_both in [true, false] {
        let other = stranger(0)?;
        if redirects_both {
            set(other.id, me)?;
        }
        let caller = call_to(other.id)?;
        let answer = Job::send(caller.id).words(8, 1, 1).within(SOON, SOON);
        answer.speaking_for(other.id).now().ok()?;
        let got = caller.result()?;
        let (flag, from) = if redirects_both {
            (P, other.id)
        } else {
            (0, me)
        };
        got.carries(8, 1, 1, flag)?;
        equal("from", got.from, from)?;
        let actual = if redirects_both {
            me.raw()
        } else {
            raw::UNTOUCHED
        };
        hex("ActualSender", got.actual, actual)?;
    }
    Ok(())
}

/// A neighbour of the redirector is nobody.
pub(super) fn only_the_redirector_may() -> Outcome {
    let other = stranger(0)?;
    let caller = call_to(other.id)?;
    let neighbour = message(other.id)
        .speaking_for(caller.id)
        .start(worker::here())?;
    let heard = other.result()?;
    heard.carries(7, 3, 70, 0)?;
    equal("from", heard.from, neighbour.id)?;
    let answer = Job::send(caller.id).words(8, 1, 1).within(SOON, SOON);
    answer.now().ok()?;
    caller.result()?.ok()
}

/// The redirector of a redirector sees what that one sends on, and may send it on, too.
pub(super) fn chain() -> Outcome {
    let me = thread::myself();
    let server = worker::start(worker::away(), crate::ipc::echo, 0)?;
    let first = worker::start(confined(me, 0), pass_everything_on, 0)?;
    worker::until_waiting(&[server, first])?;
    let job = Job::call(server).words(7, 3, 70).within(SOON, SOON);
    let caller = job.start(confined(first, 0))?;
    let seen = receive(ThreadId::ANY).now();
    redirected(&seen, caller.id, server, P)?;
    hex("ActualSender", seen.actual, first.raw())?;
    message(server).speaking_for(caller.id).now().ok()?;
    let got = caller.result()?;
    got.carries(8, 3, 1070, 0)?;
    equal("from", got.from, server)
}

/// A redirector between a thread and its pager: the thread does not notice.
pub(super) fn faults() -> Outcome {
    let redirector = worker::start(worker::away(), pass_everything_on, 0)?;
    worker::until_waiting(&[redirector])?;
    let touch_all = |first: u64| {
        (0..8)
            .map(|page| crate::pf::touch::read(first + 4096 * page))
            .sum()
    };
    for page in 0..8 {
        crate::pf::touch::page(page, page);
    }
    let pages = crate::pf::touch::pages();
    let sum = worker::perform(confined(redirector, 0), touch_all, pages)?;
    equal("sum", sum, 28)
}

fn raise(handler: u64) {
    utcb::my().set_exception_handler(ThreadId::from_raw(handler));
    // SAFETY: raises an exception, which the test expects; the thread does not go on.
    unsafe { core::arch::asm!("ud2", options(nomem, nostack)) };
}

/// An exception goes through the redirector, too, and says whose it is.
pub(super) fn exceptions() -> Outcome {
    let me = thread::myself();
    let redirector = worker::start(worker::away(), pass_everything_on, 0)?;
    worker::until_waiting(&[redirector])?;
    let victim = worker::start(confined(redirector, 0), raise, me.raw())?;
    let got = receive(ThreadId::ANY).now();
    got.ok()?;
    equal("from", got.from, victim)?;
    hex("ActualSender", got.actual, redirector.raw())?;
    let label = protocol::class(got.tag().label());
    hex("label", label, protocol::EXCEPTION)?;
    hex("exception", got.mr[protocol::exception::VECTOR], 6)
}

/// A message said for a neighbour leaves the space: the redirector learns all about it.
pub(super) fn redirected_propagation() -> Outcome {
    let me = thread::myself();
    let other = stranger(0)?;
    let speaker = receive(me).start(confined(me, 0))?;
    worker::until_waiting(&[speaker.id])?;
    let job = message(other.id).speaking_for(speaker.id);
    let sender = job.start(worker::here().in_space_of(speaker.id))?;
    let got = receive(speaker.id).now();
    redirected(&got, speaker.id, other.id, P)?;
    hex("ActualSender", got.actual, sender.id.raw())?;
    sender.result()?.carries(7, 3, 70, P)
}
