//! Many threads on all CPUs, and what their messages cost in interrupts.

use l4::control::{Counter, counter};
use l4::{Message, Tag, ThreadId, kip, schedule, thread};

use super::{far_away, there};
use crate::harness::failure::at_most;
use crate::harness::raw;
use crate::harness::regular::spin;
use crate::harness::{BOTH_SOON, Failure, Job, Outcome, SOON, board, equal, until, worker};
use crate::ipc::echo;

/// Messages of each sender.
const EACH: u64 = 100;

fn send_numbers(index: u64) {
    let to = ThreadId::from_raw(board::get(0));
    for number in 1..=EACH {
        let done = Job::send(to)
            .words(index, 9, number)
            .within(SOON, SOON)
            .now();
        board::add(1, u64::from(done.ok().is_err()));
    }
    board::add(2, 1);
}

/// Two senders per CPU; every message arrives once, each sender's in order.
pub(super) fn many_to_one() -> Outcome {
    let senders = 2 * kip::cpus().min(16);
    board::put(0, thread::myself().raw());
    for index in 0..senders {
        let plan = if index % 4 < 2 {
            worker::here()
        } else {
            worker::away()
        };
        worker::start(plan.cpu(index / 2), send_numbers, index as u64)?;
    }
    let mut last = [0; 32];
    for _ in 0..EACH * senders as u64 {
        let got = Job::receive(ThreadId::ANY).within(SOON, SOON).now();
        got.ok()?;
        let index = got.tag().label() as usize;
        got.carries(index as u64, 9, last[index] + 1, got.mr[0] & Tag::CROSS_CPU)?;
        last[index] += 1;
    }
    until("all senders are done", || board::get(2) == senders as u64)?;
    equal("failed sends", board::get(1), 0)
}

/// One server on each CPU, called in turn.
pub(super) fn one_to_many() -> Outcome {
    let cpus = kip::cpus().min(32);
    let mut servers = [ThreadId::NIL; 32];
    for (cpu, server) in servers.iter_mut().enumerate().take(cpus) {
        *server = worker::start(worker::away().cpu(cpu), echo, 0)?;
    }
    for round in 0..50 {
        for (cpu, server) in servers.iter().enumerate().take(cpus) {
            let answer = Job::call(*server)
                .words(round, 3, round)
                .within(SOON, SOON)
                .now();
            let flag = if cpu == 0 { 0 } else { Tag::CROSS_CPU };
            answer.carries(round + 1, 3, round + 1000, flag)?;
        }
    }
    Ok(())
}

/// Passes on what it gets to the next of the ring, whose id is on the board.
fn pass_on(index: u64) {
    loop {
        let got = Job::receive(ThreadId::ANY).now();
        let next = ThreadId::from_raw(board::get(100 + index as usize));
        let job = Job::send(next).words(1, 1, got.mr[1] + 1);
        if got.ok().is_err() || job.within(SOON, SOON).now().ok().is_err() {
            board::add(1, 1);
        }
    }
}

/// A number goes round all CPUs.
pub(super) fn rings() -> Outcome {
    let members = 2 * kip::cpus().min(16);
    let me = thread::myself().raw();
    board::put(100 + members - 1, me);
    let mut first = ThreadId::NIL;
    for index in (0..members).rev() {
        let plan = if index % 3 == 0 {
            worker::away()
        } else {
            worker::here()
        };
        first = worker::start(plan.cpu(index % kip::cpus()), pass_on, index as u64)?;
        if index > 0 {
            board::put(100 + index - 1, first.raw());
        }
    }
    for round in 0..20 {
        Job::send(first)
            .words(1, 1, round * 1000)
            .within(SOON, SOON)
            .now()
            .ok()?;
        let got = Job::receive(ThreadId::ANY).within(SOON, SOON).now();
        got.ok()?;
        equal("the number", got.mr[1], round * 1000 + members as u64)?;
    }
    equal("failures", board::get(1), 0)
}

/// Interrupts that all CPUs have sent so far.
#[track_caller]
fn interrupts() -> Result<u64, Failure> {
    let mut sum = 0;
    for cpu in 0..kip::cpus() {
        match counter(cpu, Counter::IpisSent) {
            Some(count) => sum += count,
            None => return Err(Failure::new(format_args!("no counter of CPU {cpu}"))),
        }
    }
    Ok(sum)
}

/// A message takes at most one interrupt, be the other CPU idle or busy. The calls have no timeouts: with
/// one, the kernel has to tell the caller about its send phase, too.
pub(super) fn interrupts_per_message() -> Outcome {
    let server = worker::start(far_away(), echo, 0)?;
    for round in 0..2 {
        if round == 1 {
            worker::start(there().priority(10), spin, 0)?;
            until("the other CPU is busy", || board::get(0) > 0)?;
        }
        l4::ipc::call_within(server, &Message::new(0), BOTH_SOON)?;
        let before = interrupts()?;
        for number in 0..200 {
            let answer = l4::ipc::call(server, &Message::new(0).word(number))?;
            equal("answer", answer.message.word_at(0), number + 1000)?;
        }
        at_most("interrupts of 200 calls", interrupts()? - before, 400)?;
    }
    Ok(())
}

fn meddle(index: u64) {
    let victim = ThreadId::from_raw(board::get(0));
    for round in 0..60 {
        match (round + index) % 4 {
            0 => drop(raw::control(victim, l4::abi::exregs::DELIVER)),
            1 => drop(schedule::set_priority(victim, 20 + round as u8)),
            2 => drop(schedule::set_cpu(victim, (round + index) as usize % 2)),
            _ => drop(schedule::state(victim)),
        }
        board::add(1, 1);
    }
    board::add(2, 1);
}

/// One spinner is read, moved and rescheduled from all CPUs at once, and runs on.
pub(super) fn control_from_all_sides() -> Outcome {
    let victim = worker::start(there().priority(80), spin, 3)?;
    board::put(0, victim.raw());
    for index in 0..4 {
        worker::start(
            worker::here().cpu(index % kip::cpus()),
            meddle,
            index as u64,
        )?;
    }
    until("all have meddled", || board::get(2) == 4)?;
    schedule::set_priority(victim, 80)?;
    let then = board::get(3);
    until("the victim runs", || board::get(3) > then)
}

fn call_and_count(index: u64) {
    let server = ThreadId::from_raw(board::get(0));
    for number in 0..3 * EACH {
        let done = Job::call(server).words(index, 5, number).now();
        let flags = done.mr[0] & Tag::CROSS_CPU;
        let good = done.carries(index + 1, 5, number + 1000, flags).is_ok();
        board::add(1, u64::from(!good));
    }
    board::add(2, 1);
}

/// A server that its neighbours call the shortest way is called from other CPUs as well: nobody gets what is another's.
pub(super) fn fast_path_under_fire() -> Outcome {
    let server = worker::start(far_away(), echo, 0)?;
    board::put(0, server.raw());
    let plans = [
        worker::away().cpu(1),
        there(),
        worker::here(),
        worker::away(),
    ];
    let clients = plans.len() as u64;
    for (index, plan) in plans.into_iter().enumerate() {
        worker::start(plan, call_and_count, 10 * index as u64)?;
    }
    until("all are done", || board::get(2) == clients)?;
    equal("wrong answers", board::get(1), 0)
}
