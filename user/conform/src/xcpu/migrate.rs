//! Threads that move to another CPU.

use l4::abi::schedule::ThreadState::{self, PendingSend};
use l4::{Message, Tag, ThreadId, Time, ipc, schedule, thread, utcb};

use super::{far_away, there};
use crate::harness::failure::at_least;
use crate::harness::regular::Random;
use crate::harness::{
    BOTH_SOON, Failure, Job, Outcome, SOON, board, check, equal, micros_of, pause, until, worker,
};

/// Answers every message with the number of its CPU.
fn tell_cpu(_: u64) {
    l4::server::serve(|_| Some(Message::new(0).word(utcb::my().processor() as u64)))
}

#[track_caller]
fn ask(server: ThreadId) -> Result<u64, Failure> {
    match ipc::call_within(server, &Message::new(0), BOTH_SOON) {
        Ok(answer) => Ok(answer.message.word_at(0)),
        Err(error) => Err(error.into()),
    }
}

/// A server that waits is where it was told to be, at the next message.
pub(super) fn waiting() -> Outcome {
    for plan in [worker::here(), worker::away()] {
        let server = worker::start(plan, tell_cpu, 0)?;
        for cpu in [1, 0, 0, 1, 1, 0] {
            worker::until_waiting(&[server])?;
            equal(
                "state",
                schedule::set_cpu(server, cpu),
                Ok(ThreadState::Waiting),
            )?;
            equal("CPU", ask(server)?, cpu as u64)?;
        }
    }
    Ok(())
}

/// Counts rounds in word 0 and notes its CPU in word 1.
fn count_and_tell(_: u64) {
    loop {
        board::put(1, utcb::my().processor() as u64);
        board::add(0, 1);
    }
}

pub(super) fn running() -> Outcome {
    let id = worker::start(worker::here(), count_and_tell, 0)?;
    for round in 0..20 {
        let cpu = (round + 1) % 2;
        equal(
            "state",
            schedule::set_cpu(id, cpu),
            Ok(ThreadState::Running),
        )?;
        let then = board::get(0);
        until("it runs on", || board::get(0) > then + 2)?;
        until("it runs there", || board::get(1) == cpu as u64)?;
    }
    Ok(())
}

/// Senders of both CPUs wait for a thread that is elsewhere when it receives.
pub(super) fn with_senders() -> Outcome {
    for cpu in [1, 0] {
        let from = if cpu == 1 { worker::here() } else { there() };
        let receiver = worker::start(from, receive_four_later, 0)?;
        board::put(0, 0);
        let mut senders = [None; 4];
        for (index, slot) in senders.iter_mut().enumerate() {
            let sender = Job::send(receiver).words(index as u64, 1, 7);
            let sender = sender.start(worker::here().cpu(index % 2))?;
            worker::until_state(sender.id, PendingSend)?;
            *slot = Some(sender);
        }
        pause(3_000);
        schedule::set_cpu(receiver, cpu)?;
        pause(3_000);
        board::put(0, 1);
        until("all received", || board::get(0) == 5)?;
        for sender in senders.into_iter().flatten() {
            sender.result()?.ok()?;
        }
        equal("sum of labels", board::get(1), 6)?;
        board::put(1, 0);
    }
    Ok(())
}

fn receive_four_later(_: u64) {
    // It gives up by itself if the test does.
    until("the signal", || board::get(0) == 1).ok();
    for _ in 0..4 {
        let got = Job::receive(ThreadId::ANY).within(SOON, SOON).now();
        board::add(1, got.tag().label());
        board::add(0, 1);
    }
}

/// A thread whose message waits for its receiver moves; the message arrives once.
pub(super) fn while_sending() -> Outcome {
    let me = thread::myself();
    for (first, second) in [(0, 1), (1, 0)] {
        let sender = Job::send(me)
            .words(3, 3, 3)
            .start(worker::here().cpu(first))?;
        worker::until_state(sender.id, PendingSend)?;
        pause(2_000);
        schedule::set_cpu(sender.id, second)?;
        pause(2_000);
        let got = Job::receive(sender.id).within(SOON, SOON).now();
        got.carries(3, 3, 3, got.mr[0] & Tag::CROSS_CPU)?;
        sender.result()?.ok()?;
        Job::receive(ThreadId::ANY)
            .within(Time::ZERO, Time::ZERO)
            .now()
            .bare_error(3)?;
    }
    Ok(())
}

/// A timeout goes along.
pub(super) fn sleeping() -> Outcome {
    for (first, second) in [(0, 1), (1, 0)] {
        let time = Time::period(60_000);
        let sleeper = Job::receive(thread::myself()).within(Time::NEVER, time);
        let sleeper = sleeper.start(worker::here().cpu(first))?;
        worker::until_waiting(&[sleeper.id])?;
        schedule::set_cpu(sleeper.id, second)?;
        let done = sleeper.result()?;
        done.bare_error(3)?;
        at_least("time", done.micros, micros_of(time))?;
    }
    Ok(())
}

/// A thread of the root task's space moves itself; the call returns on the other CPU.
pub(super) fn oneself() -> Outcome {
    let hop = |_| {
        let mut wrong = 0;
        for round in 1..=10 {
            let cpu = round % 2;
            let moved = schedule::set_cpu(thread::myself(), cpu).is_ok();
            wrong += u64::from(!moved || utcb::my().processor() != cpu);
        }
        wrong
    };
    equal("wrong hops", worker::perform(worker::here(), hop, 0)?, 0)?;
    equal("wrong hops", worker::perform(there(), hop, 0)?, 0)
}

/// As existing programs do: moved right after activation, in its start-up receive.
pub(super) fn before_the_start() -> Outcome {
    for cpu in [1, 0, 1] {
        let seen = worker::perform(
            worker::away().cpu(cpu),
            |_| utcb::my().processor() as u64,
            0,
        )?;
        equal("CPU", seen, cpu as u64)?;
        let id = worker::here().cpu(1 - cpu).create()?;
        equal(
            "state",
            schedule::set_cpu(id, cpu),
            Ok(ThreadState::Waiting),
        )?;
        let (_, old) = crate::harness::raw::control(id, 0);
        equal(
            "still in its start-up receive",
            old.control,
            l4::abi::exregs::RECEIVE,
        )?;
    }
    Ok(())
}

/// A server hops between its calls, and so does a client.
pub(super) fn during_calls() -> Outcome {
    let server = worker::start(far_away(), crate::ipc::echo, 0)?;
    let client = worker::start(there(), call_all_the_time, server.raw())?;
    let mut random = Random::new(31);
    for _ in 0..100 {
        schedule::set_cpu(server, random.below(2) as usize)?;
        let answer = ipc::call_within(server, &Message::new(4).word(5), BOTH_SOON)?;
        equal("answer", answer.message.word_at(0), 1005)?;
        schedule::set_cpu(client, random.below(2) as usize)?;
        pause(random.below(1_000));
    }
    board::put(0, 1);
    until("the client is done", || board::get(1) == 1)?;
    equal("its failed calls", board::get(2), 0)?;
    at_least("its calls", board::get(3), 1)
}

fn call_all_the_time(server: u64) {
    let server = ThreadId::from_raw(server);
    while board::get(0) == 0 {
        let done = Job::call(server).words(1, 8, 50).within(SOON, SOON).now();
        let cross = done.mr[0] & Tag::CROSS_CPU;
        board::add(2, u64::from(done.carries(2, 8, 1050, cross).is_err()));
        board::add(3, 1);
    }
    board::put(1, 1);
}

/// A receiver that never stands still gets every message of two senders, each once and in order.
pub(super) fn to_and_fro_under_fire() -> Outcome {
    let receiver = worker::start(worker::here(), check_sequences, 0)?;
    for (index, plan) in [worker::here(), there()].into_iter().enumerate() {
        board::put(10 + index, receiver.raw());
        worker::start(plan, fire, index as u64)?;
    }
    let mut cpu = 0;
    until("300 messages", || {
        cpu = 1 - cpu;
        schedule::set_cpu(receiver, cpu).is_ok() && board::get(0) >= 300
    })?;
    equal("out of order", board::get(1), 0)?;
    check("none too many", board::get(0) == 300)?;
    equal("failed sends", board::get(2), 0)
}

fn fire(index: u64) {
    let receiver = ThreadId::from_raw(board::get(10 + index as usize));
    for number in 1..=150 {
        let done = Job::send(receiver)
            .words(index, 1, number)
            .within(SOON, SOON)
            .now();
        board::add(2, u64::from(done.ok().is_err()));
    }
}

fn check_sequences(_: u64) {
    let mut last = [0; 2];
    loop {
        let got = Job::receive(ThreadId::ANY).now();
        if got.ok().is_err() {
            continue;
        }
        let sender = got.tag().label() as usize % 2;
        board::add(1, u64::from(got.mr[1] != last[sender] + 1));
        last[sender] = got.mr[1];
        board::add(0, 1);
    }
}
