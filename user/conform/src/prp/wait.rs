//! A virtual sender that waits for the real one waits for the receiver from then on.

use l4::abi::schedule::ThreadState::{PendingSend, Waiting};
use l4::{Tag, ThreadId, Time, ipc, schedule, thread};

use super::plan;
use crate::harness::job::Started;
use crate::harness::regular::local;
use crate::harness::{
    A_WHILE, Failure, Job, Outcome, SOON, board, check, equal, hex, pause, raw, until, worker,
};

const ZERO: Time = Time::ZERO;

/// A client of another space has called the calling thread, which has its message.
#[track_caller]
fn client(cpu: usize) -> Result<Started, Failure> {
    let me = thread::myself();
    let client = Job::call(me).words(3, 2, 30).start(plan(false, cpu))?;
    let request = Job::receive(client.id).within(SOON, SOON).now();
    request.carries(3, 2, 30, request.mr[0] & Tag::CROSS_CPU)?;
    Ok(client)
}

/// Passes the request of `client` on to `to`, a thread of any space: may the caller, it shares its space with nobody then.
fn pass_on(client: ThreadId, to: ThreadId, timeout: Time) -> Job {
    Job::send(to)
        .words(3, 2, 40)
        .within(timeout, ZERO)
        .speaking_for(client)
}

/// The client got the echo of what was passed on, from `helper` itself.
#[track_caller]
fn answered_by(client: Started, helper: ThreadId) -> Outcome {
    let answer = client.result()?;
    answer.carries(4, 2, 1040, answer.mr[0] & Tag::CROSS_CPU)?;
    equal("from", answer.from, helper)
}

/// The server passes a request on to a helper of its space, which answers the client.
pub(super) fn moves_to_the_receiver() -> Outcome {
    let helper = worker::start(worker::here(), crate::ipc::echo, 0)?;
    worker::until_waiting(&[helper])?;
    let first = client(0)?;
    pass_on(first.id, helper, SOON).now().ok()?;
    answered_by(first, helper)?;
    // A helper that has to be waited for.
    let slow = Job::receive(ThreadId::ANY).start(worker::here())?;
    worker::until_waiting(&[slow.id])?;
    let second = client(0)?;
    pass_on(second.id, slow.id, SOON).now().ok()?;
    let heard = slow.result()?;
    equal("from", heard.from, second.id)?;
    hex("ActualSender", heard.actual, local(thread::myself())?.raw())?;
    Job::send(second.id)
        .within(ZERO, ZERO)
        .now()
        .bare_error(2)?;
    equal("its state", schedule::state(second.id), Ok(Waiting))
}

/// Nobody takes the message: the client still waits for the server.
pub(super) fn stays_when_nobody_listens() -> Outcome {
    let busy = Job::receive(thread::myself()).start(worker::here())?;
    worker::until_waiting(&[busy.id])?;
    let client = client(0)?;
    let closed = Job::receive(busy.id).start(worker::here())?;
    worker::until_waiting(&[closed.id])?;
    pass_on(client.id, closed.id, ZERO).now().bare_error(2)?;
    let gone = crate::harness::ids::fresh();
    pass_on(client.id, gone, SOON).now().bare_error(4)?;
    still_mine(client)
}

/// The client can be answered by the calling thread.
#[track_caller]
fn still_mine(client: Started) -> Outcome {
    Job::send(client.id)
        .words(4, 1, 5)
        .within(SOON, SOON)
        .now()
        .ok()?;
    let answer = client.result()?;
    answer.carries(4, 1, 5, answer.mr[0] & Tag::CROSS_CPU)
}

/// The message waits in vain: for too long, until it is cancelled, until the receiver ends.
pub(super) fn comes_back_with_an_error() -> Outcome {
    comes_back([0, 0, 0])
}

/// As [`comes_back_with_an_error`], with the server's helper, the client and the receiver on all CPUs.
pub(super) fn comes_back_across_cpus() -> Outcome {
    for round in 1..8 {
        comes_back([round & 1, round >> 1 & 1, round >> 2])?;
    }
    Ok(())
}

fn comes_back([server, client, receiver]: [usize; 3]) -> Outcome {
    for end in 0..3 {
        let busy = Job::receive(thread::myself()).start(plan(true, receiver))?;
        worker::until_waiting(&[busy.id])?;
        let waiter = Job::receive(busy.id).start(plan(true, receiver))?;
        worker::until_waiting(&[waiter.id])?;
        let timeout = if end == 0 { A_WHILE } else { SOON };
        let deputy = worker::start(plan(true, server), serve_one, 0)?;
        board::put(10, waiter.id.raw());
        board::put(11, timeout.raw().into());
        board::put(12, 0);
        let client = Job::call(deputy)
            .words(3, 2, 30)
            .start(plan(false, client))?;
        match end {
            0 => {}
            1 => {
                worker::until_state(deputy, PendingSend)?;
                pause(2_000);
                thread::abort_ipc(deputy)?;
            }
            _ => {
                worker::until_state(deputy, PendingSend)?;
                pause(2_000);
                equal("deletion", raw::delete(waiter.id), raw::DONE)?;
            }
        }
        let answer = client.result()?;
        if end == 2 {
            // Nobody can answer any more.
            answer.bare_error(5)?;
            until("the deputy's error", || board::get(12) != 0)?;
        } else {
            answer.carries(4, 1, 5, answer.mr[0] & Tag::CROSS_CPU)?;
            equal("from", answer.from, deputy)?;
        }
        let error = board::get(12);
        hex("the deputy's error", error, [2, 6, 4][end])?;
    }
    Ok(())
}

/// Takes one request, tries to pass it on, and answers it itself if that fails.
fn serve_one(_: u64) {
    let request = Job::receive(ThreadId::ANY).now();
    let to = ThreadId::from_raw(board::get(10));
    let timeout = Time::from_raw(board::get(11) as u16);
    let passed = pass_on(request.from, to, timeout).now();
    board::put(12, passed.error);
    Job::send(request.from)
        .words(4, 1, 5)
        .within(SOON, SOON)
        .now();
}

/// A virtual sender that waits for anybody, or for somebody else, goes on doing so.
pub(super) fn of_others_stays() -> Outcome {
    let helper = worker::start(worker::here(), crate::ipc::echo, 0)?;
    worker::until_waiting(&[helper])?;
    for from in [ThreadId::ANY, ThreadId::ANY_LOCAL, helper] {
        let other = Job::receive(from).start(worker::here())?;
        worker::until_waiting(&[other.id])?;
        pass_on(other.id, helper, SOON).now().ok()?;
        let answer = other.result()?;
        answer.carries(4, 2, 1040, 0)?;
        equal("from", answer.from, local(helper)?)?;
    }
    let third = Job::receive(helper).start(worker::here())?;
    let other = Job::receive(third.id).start(worker::here())?;
    worker::until_waiting(&[third.id, other.id])?;
    pass_on(other.id, helper, SOON).now().ok()?;
    pause(2_000);
    check("it waits", !other.is_done())
}

/// The receiver has sent to the client before: the client takes that message at once.
pub(super) fn for_one_that_waits_already() -> Outcome {
    let client = client(0)?;
    let early = Job::new(client.id, thread::myself()).words(6, 1, 60);
    let early = early.within(SOON, SOON).start(worker::here())?;
    worker::until_state(early.id, PendingSend)?;
    let passed = pass_on(client.id, early.id, SOON).now();
    let answer = client.result()?;
    answer.carries(6, 1, 60, 0)?;
    equal("from", answer.from, early.id)?;
    // Its sender receives from then on, and so the message arrives.
    passed.ok()?;
    early.result()?.carries(3, 2, 40, Tag::PROPAGATED)
}

/// Server, client and helper on all CPUs; the helper answers at once and with timeout zero.
pub(super) fn moves_across_cpus() -> Outcome {
    for round in 0..8 {
        let [server, cpu, helper_cpu] = [round & 1, round >> 1 & 1, round >> 2];
        let helper = worker::start(plan(true, helper_cpu), crate::ipc::echo, 0)?;
        worker::until_waiting(&[helper])?;
        board::put(20, helper.raw());
        let deputy = worker::start(plan(true, server), pass_all_on, 0)?;
        let wrong = worker::perform(plan(false, cpu), call_often, deputy.raw())?;
        equal("calls that went wrong", wrong, 0)?;
    }
    Ok(())
}

/// Calls 30 times; returns how many were not answered by the helper in word 20.
fn call_often(deputy: u64) -> u64 {
    let call = |_| {
        let job = Job::call(ThreadId::from_raw(deputy)).words(3, 2, 40);
        let answer = job.within(SOON, SOON).now();
        let cross = answer.mr[0] & Tag::CROSS_CPU;
        let right = answer.carries(4, 2, 1040, cross).is_ok();
        u64::from(!right || answer.from.raw() != board::get(20))
    };
    (0..30).map(call).sum()
}

/// Passes every request on.
fn pass_all_on(_: u64) {
    let helper = ThreadId::from_raw(board::get(20));
    loop {
        if let Ok(request) = ipc::wait() {
            pass_on(request.from, helper, SOON).now();
        }
    }
}

/// The server ends while the message waits: the client learns that nobody will answer.
pub(super) fn of_a_dead_sender() -> Outcome {
    let busy = Job::receive(thread::myself()).start(worker::here())?;
    worker::until_waiting(&[busy.id])?;
    let waiter = Job::receive(busy.id).start(worker::here())?;
    worker::until_waiting(&[waiter.id])?;
    let deputy = worker::start(worker::here(), serve_one, 0)?;
    board::put(10, waiter.id.raw());
    board::put(11, SOON.raw().into());
    let client = Job::call(deputy).words(3, 2, 30).start(plan(false, 0))?;
    worker::until_state(deputy, PendingSend)?;
    equal("deletion", raw::delete(deputy), raw::DONE)?;
    client.result()?.bare_error(5)
}
