//! The stress program: a root task whose threads exchange random messages on all CPUs, under interference, and prove
//! that every message that was sent came, once, in order and unchanged, and that nobody hangs.
//!
//! Arguments: `seed=S seconds=T mix=ipc,cancel,priority,migrate,kill`. Output: `[progress] s/T text`, at the end
//! `[stress] {json}`, or `[fail] seed=S ...` with the first wrong thing.
//!
//! | module | question |
//! |---|---|
//! | [`worker`] | what do the threads do? |
//! | [`operation`] | what is a single IPC, and did it end as it may? |
//! | [`chaos`] | who disturbs them? |
//! | [`crew`], [`afterlife`] | how are they made and deleted, and what becomes of their last messages? |
//! | [`board`] | what do all threads share? |
//! | [`watch`] | does somebody hang? |
#![no_std]
#![no_main]

mod afterlife;
mod board;
mod chaos;
mod crew;
mod operation;
mod vector;
mod watch;
mod worker;

use core::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use board::{RUN, SLOTS, Stage, failure, pair, report};
use l4::abi::exregs;
use l4::thread::StartError;
use l4::{Time, clock, control, exit, ipc, kip, pager, println, thread, utcb};
use stress::plan::{MOST_WORKERS, Wish};
use stress::random::Random;
use stress::wrong::What;
use watch::Watch;

l4::program!(main);

/// How often everyone is looked at.
const LOOK: Time = Time::period(20_000);
/// How long the end may take.
const ENDING: u64 = 20_000_000;
/// Stream of the random numbers of this thread.
const STREAM: u64 = 1 << 62;

fn main() -> ! {
    let wish = match Wish::read(l4::args()) {
        Ok(wish) => wish,
        Err(word) => fail(0, format_args!("the argument {word} means nothing")),
    };
    RUN.seed.store(wish.seed, Release);
    RUN.cpus.store(kip::cpus(), Release);
    let frames = match pager::start() {
        Ok(_) => control::free_frames().unwrap_or(0),
        Err(error) => fail(wish.seed, format_args!("no pager: {error:?}")),
    };
    if let Err(error) = start(wish) {
        fail(
            wish.seed,
            format_args!("the threads do not start: {error:?}"),
        );
    }
    let mut watch = Watch::new();
    let begin = clock::micros();
    let mut shown = 0;
    loop {
        let seconds = (clock::micros() - begin) / 1_000_000;
        if seconds >= wish.seconds {
            break;
        }
        if seconds > shown {
            shown = seconds;
            let messages = total(|counts| &counts.messages);
            println!("[progress] {seconds}/{} {messages} messages", wish.seconds);
        }
        look(&wish, &mut watch);
    }
    end(&wish, &mut watch);
    reconcile(&wish);
    summary(&wish, frames);
    exit::report(true)
}

fn start(wish: Wish) -> Result<(), StartError> {
    let mut random = Random::new(wish.seed, STREAM);
    crew::enrol();
    for index in 0..RUN.workers() {
        crew::start(index, &mut random)?;
    }
    chaos::start(wish.mix)
}

/// Waits a little, then looks whether anything is wrong.
fn look(wish: &Wish, watch: &mut Watch) {
    ipc::sleep(LOOK);
    watch.look();
    if let Some(wrong) = failure() {
        describe(wrong.worker as usize);
        if let Some(partner) = wrong.partner {
            describe(partner as usize);
            describe_pair(wrong.worker as usize, partner as usize);
            describe_pair(partner as usize, wrong.worker as usize);
        }
        fail(wish.seed, format_args!("{wrong}"));
    }
}

/// Brings everybody to an end, in an order in which nobody is left waiting.
fn end(wish: &Wish, watch: &mut Watch) {
    RUN.come_to(Stage::Calm);
    wait_until(wish, watch, chaos::are_finished);
    RUN.come_to(Stage::ClientsStop);
    wait_until(wish, watch, || {
        let clients = (0..RUN.workers()).filter(|index| !serves(*index));
        clients.into_iter().all(is_through)
    });
    RUN.come_to(Stage::AllStop);
    wait_until(wish, watch, || {
        let mut all = true;
        for index in (0..RUN.workers()).filter(|index| !is_through(*index)) {
            all = false;
            wake(index);
        }
        all
    });
}

fn serves(index: usize) -> bool {
    RUN.worker(index).role != stress::plan::Role::Client
}

/// Whether worker `index` is at its end or deleted.
fn is_through(index: usize) -> bool {
    SLOTS[index].finished.load(Acquire) || SLOTS[index].thread().is_none()
}

/// Gets a server out of its wait for more work.
fn wake(index: usize) {
    let slot = &SLOTS[index];
    if let Some(id) = slot.thread()
        && slot.alive.load(Acquire)
        && let Err(error) = chaos::abort_as(slot, id, exregs::RECEIVE)
    {
        report(What::Refused, index, None, error.raw());
    }
}

fn wait_until(wish: &Wish, watch: &mut Watch, mut over: impl FnMut() -> bool) {
    let begin = clock::micros();
    while !over() {
        look(wish, watch);
        if clock::micros() - begin > ENDING {
            let late = (0..RUN.workers()).find(|index| !is_through(*index));
            let doing = late.map_or(0, |index| SLOTS[index].doing().0);
            report(What::NotStopped, late.unwrap_or(MOST_WORKERS), None, doing);
        }
    }
}

/// Deletes everyone and compares all books.
fn reconcile(wish: &Wish) {
    let workers = RUN.workers();
    for index in (0..workers).filter(|index| SLOTS[*index].dead.load(Acquire)) {
        afterlife::settle(index, true);
    }
    for index in (0..workers).rev() {
        if let Err(error) = crew::end(index) {
            report(What::Refused, index, None, error.raw());
        }
    }
    for sender in 0..workers {
        for receiver in 0..workers {
            if let Err((what, detail)) = pair(sender, receiver).reconcile() {
                describe_pair(sender, receiver);
                report(what, sender, Some(receiver), detail);
            }
        }
    }
    if let Some(wrong) = failure() {
        fail(wish.seed, format_args!("{wrong}"));
    }
}

fn total(word: impl Fn(&board::Counts) -> &AtomicU64) -> u64 {
    let slots = SLOTS[..RUN.workers()].iter();
    slots.map(|slot| word(&slot.counts).load(Relaxed)).sum()
}

/// Prints the counts. `frames`: the kernel's free memory before the first worker was made.
fn summary(wish: &Wish, frames: u64) {
    println!(
        "[stress] {{\"seed\":{},\"seconds\":{},\"cpus\":{},\"threads\":{},\"messages\":{},\"timeouts\":{},\
         \"cancels\":{},\"gone\":{},\"cross_cpu\":{},\"kills\":{},\"migrations\":{},\"frames_kept\":{}}}",
        wish.seed,
        wish.seconds,
        kip::cpus(),
        RUN.workers(),
        total(|counts| &counts.messages),
        total(|counts| &counts.timeouts),
        total(|counts| &counts.cancels),
        total(|counts| &counts.gone),
        total(|counts| &counts.crossed),
        chaos::COUNTS.kills.load(Relaxed),
        chaos::COUNTS.migrations.load(Relaxed),
        frames.saturating_sub(control::free_frames().unwrap_or(frames)),
    );
}

/// Prints what is known about a worker, for the reader of a failure.
fn describe(index: usize) {
    if index >= RUN.workers() {
        return;
    }
    let (slot, plan) = (&SLOTS[index], RUN.worker(index));
    println!(
        "worker {index}: {plan:?} id {:#x} doing {:#x} rounds {} alive {} finished {} dead {}",
        slot.id.load(Relaxed),
        slot.doing().0,
        slot.rounds.load(Relaxed),
        slot.alive.load(Relaxed),
        slot.finished.load(Relaxed),
        slot.dead.load(Relaxed),
    );
    if let Some(id) = slot.thread() {
        println!("worker {index}: state {:?}", l4::schedule::state(id));
    }
}

/// Prints the account of messages from one worker to another.
fn describe_pair(sender: usize, receiver: usize) {
    if sender.max(receiver) >= RUN.workers() {
        return;
    }
    let account = pair(sender, receiver);
    println!(
        "from {sender} to {receiver}: tried up to number {}, sent {}, received {}",
        account.last_tried(),
        account.last_sent(),
        account.last_received(),
    );
}

fn fail(seed: u64, text: core::fmt::Arguments<'_>) -> ! {
    println!("[fail] seed={seed} {text}");
    println!(
        "seen by thread {:x} on CPU {} after {} us",
        thread::myself().raw(),
        utcb::my().processor(),
        clock::micros()
    );
    exit::report(false)
}
