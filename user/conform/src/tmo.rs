//! Timeouts: each kind in each phase, with the error and the tag that the interface says.

use l4::abi::schedule::ThreadState::PendingSend;
use l4::{Message, Tag, ThreadId, Time, ipc, thread};

use crate::harness::failure::at_least;
use crate::harness::{
    A_WHILE, Job, Outcome, SOON, Test, board, check, equal, micros_of, pause, raw, until, worker,
};

pub(crate) const TESTS: &[Test] = &[
    Test::new("TMO0001", send_zero),
    Test::new("TMO0002", receive_zero),
    Test::new("TMO0003", send_finite),
    Test::new("TMO0004", receive_finite),
    Test::new("TMO0005", send_never),
    Test::new("TMO0006", receive_never),
    Test::new("TMO0007", receive_phase_of_a_call),
    Test::new("TMO0008", send_phase_of_a_call),
    Test::new("TMO0009", message_ends_the_timeout),
    Test::new("TMO0010", far_timeout),
    Test::new("TMO0011", odd_zero_waits_for_a_tick),
    Test::new("TMO0012", many_at_once),
    Test::new("TMO0013", zero_meets_a_waiting_partner),
    Test::new("TMO0014", finite_meets_a_partner_in_time),
    Test::new("TMO0015", timeouts_of_one_thread_in_turn),
    Test::new("TMO0016", timed_out_sender_left_the_queue),
    Test::new("TMO0017", lost_partner_ends_the_timeout),
];

const ZERO: Time = Time::ZERO;
const NEVER: Time = Time::NEVER;

/// A thread that never receives.
#[track_caller]
fn deaf() -> Result<ThreadId, crate::harness::Failure> {
    worker::start(worker::here(), |_| ipc::park(), 0)
}

fn send_zero() -> Outcome {
    let deaf = deaf()?;
    worker::until_waiting(&[deaf])?;
    Job::send(deaf)
        .words(0x77, 3, 1)
        .within(ZERO, NEVER)
        .now()
        .bare_error(2)?;
    Job::call(deaf)
        .words(0x77, 3, 1)
        .within(ZERO, NEVER)
        .now()
        .bare_error(2)
}

fn receive_zero() -> Outcome {
    let deaf = deaf()?;
    Job::receive(deaf).within(NEVER, ZERO).now().bare_error(3)?;
    Job::receive(ThreadId::ANY)
        .within(NEVER, ZERO)
        .now()
        .bare_error(3)?;
    Job::receive(ThreadId::ANY_LOCAL)
        .within(NEVER, ZERO)
        .now()
        .bare_error(3)
}

/// A queued send that times out keeps the caller's tag.
fn send_finite() -> Outcome {
    let deaf = deaf()?;
    for micros in [1_000, 30_000] {
        let time = Time::period(micros);
        let done = Job::send(deaf).words(0x77, 3, 1).within(time, NEVER).now();
        done.error_with_tag(2, Tag::new(0x77, 3, 0).raw())?;
        at_least("time", done.micros, micros_of(time))?;
    }
    Ok(())
}

fn receive_finite() -> Outcome {
    let deaf = deaf()?;
    for from in [deaf, ThreadId::ANY, ThreadId::ANY_LOCAL, thread::myself()] {
        let time = Time::period(15_000);
        let done = Job::receive(from).within(NEVER, time).now();
        done.bare_error(3)?;
        at_least("time", done.micros, micros_of(time))?;
    }
    Ok(())
}

fn send_never() -> Outcome {
    let sender = Job::send(thread::myself())
        .words(4, 2, 4)
        .start(worker::here())?;
    worker::until_state(sender.id, PendingSend)?;
    pause(50_000);
    equal("its state", l4::schedule::state(sender.id), Ok(PendingSend))?;
    Job::receive(sender.id)
        .within(SOON, SOON)
        .now()
        .carries(4, 2, 4, 0)?;
    sender.result()?.ok()
}

fn receive_never() -> Outcome {
    let receiver = Job::receive(ThreadId::ANY).start(worker::here())?;
    worker::until_waiting(&[receiver.id])?;
    pause(50_000);
    check("still receiving", !receiver.is_done())?;
    Job::send(receiver.id)
        .words(4, 2, 4)
        .within(ZERO, NEVER)
        .now()
        .ok()?;
    receiver.result()?.carries(4, 2, 4, 0)
}

/// The message is sent; the answer does not come.
fn receive_phase_of_a_call() -> Outcome {
    for time in [ZERO, A_WHILE] {
        let silent = Job::receive(ThreadId::ANY).start(worker::here())?;
        worker::until_waiting(&[silent.id])?;
        let done = Job::call(silent.id).words(6, 1, 6).within(SOON, time).now();
        done.bare_error(3)?;
        at_least("time", done.micros, micros_of(time))?;
        silent.result()?.carries(6, 1, 6, 0)?;
    }
    Ok(())
}

/// The message is not sent, so nothing is received.
fn send_phase_of_a_call() -> Outcome {
    let deaf = deaf()?;
    let waiting = Job::send(thread::myself())
        .words(5, 0, 0)
        .start(worker::here())?;
    worker::until_state(waiting.id, PendingSend)?;
    let job = Job::new(deaf, ThreadId::ANY)
        .words(6, 1, 6)
        .within(A_WHILE, NEVER);
    let done = job.now();
    done.error_with_tag(2, Tag::new(6, 1, 0).raw())?;
    at_least("time", done.micros, micros_of(A_WHILE))?;
    equal(
        "the other sender",
        l4::schedule::state(waiting.id),
        Ok(PendingSend),
    )
}

/// A receive that got its message in time has no timeout left that could hit a later one.
fn message_ends_the_timeout() -> Outcome {
    let receiver = worker::start(worker::here(), receive_twice, 0)?;
    worker::until_waiting(&[receiver])?;
    Job::send(receiver)
        .words(1, 0, 0)
        .within(ZERO, NEVER)
        .now()
        .ok()?;
    pause(60_000);
    worker::until_waiting(&[receiver])?;
    Job::send(receiver)
        .words(2, 0, 0)
        .within(SOON, NEVER)
        .now()
        .ok()?;
    until("both messages", || board::get(1) != 0)?;
    equal("errors", board::get(0), 0)
}

fn receive_twice(_: u64) {
    for time in [Time::period(10_000_000), NEVER] {
        let done = Job::receive(ThreadId::ANY).within(NEVER, time).now();
        board::add(0, u64::from(done.ok().is_err()));
    }
    board::put(1, 1);
}

fn far_timeout() -> Outcome {
    let longest = Time::LONGEST;
    let receiver = Job::receive(ThreadId::ANY)
        .within(longest, longest)
        .start(worker::here())?;
    worker::until_waiting(&[receiver.id])?;
    let sender = Job::send(thread::myself())
        .within(longest, longest)
        .start(worker::here())?;
    worker::until_state(sender.id, PendingSend)?;
    pause(50_000);
    check("neither is over", !receiver.is_done() && !sender.is_done())?;
    Job::send(receiver.id).within(ZERO, NEVER).now().ok()?;
    receiver.result()?.ok()?;
    Job::receive(sender.id).within(SOON, SOON).now().ok()?;
    sender.result()?.ok()
}

/// A period of 0 us that is not the word for zero ends too, in an error or a tick later.
fn odd_zero_waits_for_a_tick() -> Outcome {
    for raw in [0x800, 0xC00, 0x7C00] {
        let time = Time::from_raw(raw);
        Job::receive(thread::myself())
            .within(NEVER, time)
            .now()
            .bare_error(3)?;
    }
    Ok(())
}

/// 60 threads sleep for 1 to 60 ms; each wakes, none too early.
fn many_at_once() -> Outcome {
    for index in 0..60 {
        worker::start(worker::here(), sleep_well, index)?;
    }
    until("all awake", || board::get(0) == 60)?;
    equal("woken early", board::get(1), 0)
}

fn sleep_well(index: u64) {
    let time = Time::period(1000 * (index * 37 % 60 + 1));
    let done = Job::receive(thread::myself()).within(NEVER, time).now();
    if done.bare_error(3).is_err() || done.micros < micros_of(time) {
        board::add(1, 1);
    }
    board::add(0, 1);
}

fn zero_meets_a_waiting_partner() -> Outcome {
    let receiver = Job::receive(thread::myself()).start(worker::here())?;
    worker::until_waiting(&[receiver.id])?;
    Job::send(receiver.id)
        .words(1, 1, 1)
        .within(ZERO, ZERO)
        .now()
        .ok()?;
    receiver.result()?.carries(1, 1, 1, 0)?;
    let sender = Job::send(thread::myself())
        .words(2, 1, 2)
        .start(worker::here())?;
    worker::until_state(sender.id, PendingSend)?;
    Job::receive(sender.id)
        .within(ZERO, ZERO)
        .now()
        .carries(2, 1, 2, 0)
}

fn finite_meets_a_partner_in_time() -> Outcome {
    let sender = Job::send(thread::myself())
        .words(1, 1, 1)
        .within(SOON, SOON)
        .start(worker::here())?;
    worker::until_state(sender.id, PendingSend)?;
    Job::receive(sender.id)
        .within(SOON, SOON)
        .now()
        .carries(1, 1, 1, 0)?;
    sender.result()?.ok()?;
    let receiver = Job::receive(ThreadId::ANY)
        .within(SOON, SOON)
        .start(worker::here())?;
    worker::until_waiting(&[receiver.id])?;
    ipc::send_within(receiver.id, &Message::new(3), SOON)?;
    receiver.result()?.carries(3, 0, 0, 0)
}

/// Short after long after short: each ends by itself and not early.
fn timeouts_of_one_thread_in_turn() -> Outcome {
    for micros in [40_000, 2_000, 30_000, 1_000, 500, 20_000, 3_000] {
        let time = Time::period(micros);
        let done = Job::receive(thread::myself()).within(NEVER, time).now();
        done.bare_error(3)?;
        at_least("time", done.micros, micros_of(time))?;
    }
    Ok(())
}

fn timed_out_sender_left_the_queue() -> Outcome {
    let me = thread::myself();
    let first = Job::send(me)
        .words(1, 0, 0)
        .within(A_WHILE, SOON)
        .start(worker::here())?;
    let second = Job::send(me).words(2, 0, 0).start(worker::here())?;
    first.result()?.error_with_tag(2, Tag::new(1, 0, 0).raw())?;
    Job::receive(ThreadId::ANY)
        .within(SOON, SOON)
        .now()
        .carries(2, 0, 0, 0)?;
    second.result()?.ok()?;
    Job::receive(ThreadId::ANY)
        .within(ZERO, ZERO)
        .now()
        .bare_error(3)
}

/// Of a send whose partner is deleted no timeout is left that could hit a later call.
fn lost_partner_ends_the_timeout() -> Outcome {
    let deaf = deaf()?;
    worker::until_waiting(&[deaf])?;
    let slow = worker::start(worker::here(), answer_late, 0)?;
    worker::until_waiting(&[slow])?;
    board::put(0, deaf.raw());
    board::put(1, slow.raw());
    let caller = worker::start(worker::here(), send_then_call, 0)?;
    worker::until_state(caller, PendingSend)?;
    equal("deletion", raw::delete(deaf), raw::DONE)?;
    until("both IPCs", || board::get(4) == 1)?;
    equal("ErrorCode of the send", board::get(2), 4)?;
    equal("error of the call", board::get(3), 0)
}

fn send_then_call(_: u64) {
    let [deaf, slow] = [0, 1].map(|word| ThreadId::from_raw(board::get(word)));
    let sent = Job::send(deaf).within(Time::period(500_000), NEVER).now();
    board::put(2, sent.error);
    let called = Job::call(slow).now();
    board::put(3, u64::from(called.ok().is_err()));
    board::put(4, 1);
}

/// Answers one call after 700 ms.
fn answer_late(_: u64) {
    let request = Job::receive(ThreadId::ANY).now();
    pause(700_000);
    // The caller fails if it gets nothing.
    let _ = Job::send(request.from).within(ZERO, NEVER).now();
}
