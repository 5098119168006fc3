//! Several who order, and what goes along with a thread.

use l4::abi::schedule::{TimeControl, UNCHANGED};
use l4::{Tag, ThreadId, Time, kip, schedule, thread, utcb};

use crate::harness::gap::Gap;
use crate::harness::pair::{ORDERS, SIDES};
use crate::harness::regular::Random;
use crate::harness::{Job, Outcome, SOON, board, check, equal, hex, raw, until, worker};

/// Board words: the victim; refused orders; who is done; the victim's rounds and its CPU.
const VICTIM: usize = 0;
const REFUSED: usize = 1;
const DONE: usize = 2;
const ROUNDS: usize = 3;
const CPU: usize = 4;

/// Orders of each.
const ORDERS_EACH: u64 = 60;

/// CPUs that take part.
fn cpus() -> usize {
    kip::cpus().min(4)
}

/// Orders the victim to its own CPU, again and again.
fn come_here(_: u64) {
    let victim = ThreadId::from_raw(board::get(VICTIM));
    for _ in 0..ORDERS_EACH {
        let done = schedule::set_cpu(victim, utcb::my().processor());
        board::add(REFUSED, u64::from(done.is_err()));
    }
    board::add(DONE, 1);
}

fn tell(_: u64) {
    loop {
        board::put(CPU, utcb::my().processor() as u64);
        board::add(ROUNDS, 1);
    }
}

/// Orders itself from CPU to CPU.
fn wander(_: u64) {
    let mut random = Random::new(8);
    loop {
        let done = schedule::set_cpu(thread::myself(), random.below(cpus() as u64) as usize);
        board::add(REFUSED, u64::from(done.is_err()));
        board::put(CPU, utcb::my().processor() as u64);
        board::add(ROUNDS, 1);
    }
}

/// A thread on each CPU orders `victim` to it; all are heard, and at the end the victim is where it is sent then, and runs.
#[track_caller]
fn all_want(victim: fn(u64)) -> Outcome {
    let victim = worker::start(worker::here().priority(90), victim, 0)?;
    board::put(VICTIM, victim.raw());
    until("it runs", || board::get(ROUNDS) > 0)?;
    for cpu in 0..cpus() {
        worker::start(worker::here().cpu(cpu), come_here, 0)?;
    }
    until("all have ordered", || board::get(DONE) == cpus() as u64)?;
    equal("refused orders", board::get(REFUSED), 0)?;
    let then = board::get(ROUNDS);
    until("it runs on", || board::get(ROUNDS) > then + 2)?;
    equal("deletion", raw::delete(victim), raw::DONE)
}

pub(super) fn two_who_disagree() -> Outcome {
    all_want(tell)?;
    board::put(DONE, 0);
    board::put(ROUNDS, 0);
    let victim = worker::start(worker::here(), tell, 0)?;
    for cpu in (0..cpus()).chain([0, 1, 1, 0]) {
        schedule::set_cpu(victim, cpu)?;
        let then = board::get(ROUNDS);
        until("it runs there", || {
            board::get(ROUNDS) > then + 2 && board::get(CPU) == cpu as u64
        })?;
    }
    Ok(())
}

pub(super) fn against_its_will() -> Outcome {
    all_want(wander)
}

/// In the middle of a message with strings, one that waits for a page: it moves when that is over, and both can do it again.
pub(super) fn in_a_transfer() -> Outcome {
    for side in SIDES {
        for moved in SIDES {
            for order in ORDERS {
                let gap = Gap::new(side)?;
                let transfer = gap.hold(order)?;
                let id = gap.pair.of(moved).id;
                for cpu in [1, 0, 1] {
                    schedule::set_cpu(id, cpu)?;
                }
                gap.completes(&transfer)?;
                worker::until_waiting(&[id])?;
                // Between two CPUs now.
                gap.pair.prepare(24, 4096 + 77, 3 * 4096, 40);
                let (send, receive) = (gap.send(), gap.receive());
                let (_, got) = gap.pair.begin(order, send, receive)?.succeeds()?;
                hex(
                    "from another CPU",
                    got.mr[0] & Tag::CROSS_CPU,
                    Tag::CROSS_CPU,
                )?;
                gap.is_whole()?;
            }
        }
    }
    Ok(())
}

/// Priority, slice, quantum and handle are what they were.
pub(super) fn time_goes_along() -> Outcome {
    let id = worker::here().cpu(0).priority(77).create()?;
    let time = TimeControl {
        slice: Time::period(4_000),
        quantum: Time::period(9_000),
    };
    let look = [id.raw(), UNCHANGED, UNCHANGED, UNCHANGED, UNCHANGED];
    raw::schedule([id.raw(), time.raw(), UNCHANGED, UNCHANGED, UNCHANGED]);
    let before = raw::schedule(look);
    for cpu in [1, 0, 1, kip::cpus() - 1] {
        schedule::set_cpu(id, cpu)?;
        equal("state and old time control", raw::schedule(look), before)?;
    }
    equal("deletion", raw::delete(id), raw::DONE)
}

/// Messages of each sender.
const EACH: u64 = 60;

fn fire(index: u64) {
    let receiver = ThreadId::from_raw(board::get(VICTIM));
    for number in 1..=EACH {
        let job = Job::send(receiver).words(index, 1, number);
        // Some are so patient that nobody has to tell them.
        let job = if number % 2 == 0 {
            job.within(SOON, SOON)
        } else {
            job
        };
        board::add(REFUSED, u64::from(job.now().ok().is_err()));
    }
    board::add(DONE, 1);
}

/// Board words of the receiver: the last number of each sender, what was out of order, and all.
const LAST: usize = 100;
const WRONG: usize = 120;
const GOT: usize = 121;

fn receive_all(_: u64) {
    loop {
        let got = Job::receive(ThreadId::ANY).now();
        let sender = LAST + got.tag().label() as usize % 16;
        let is_next = got.ok().is_ok() && got.mr[1] == board::get(sender) + 1;
        board::add(WRONG, u64::from(!is_next));
        board::put(sender, got.mr[1]);
        board::add(GOT, 1);
    }
}

/// Senders on all CPUs, a receiver that is sent from CPU to CPU: each message arrives once, and in order.
pub(super) fn messages_follow() -> Outcome {
    let receiver = worker::start(worker::here().priority(110), receive_all, 0)?;
    board::put(VICTIM, receiver.raw());
    let senders = 2 * cpus() as u64;
    for index in 0..senders {
        let cpu = index as usize % cpus();
        worker::start(worker::here().cpu(cpu), fire, index)?;
    }
    let mut random = Random::new(9);
    until("all messages", || {
        let moved = schedule::set_cpu(receiver, random.below(cpus() as u64) as usize);
        moved.is_ok() && board::get(DONE) == senders
    })?;
    until("the last one", || board::get(GOT) >= senders * EACH)?;
    equal("out of order", board::get(WRONG), 0)?;
    equal("failed sends", board::get(REFUSED), 0)?;
    check("none too many", board::get(GOT) == senders * EACH)
}
