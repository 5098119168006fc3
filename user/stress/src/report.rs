//! What the program says: progress, counts, and the first wrong thing.

use core::fmt::Arguments;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use l4::{clock, exit, print, println, schedule, thread, utcb};
use stress::random::mix;
use stress::wish::Wish;
use stress::wrong::Wrong;

use crate::board::{Counts, RUN, SLOTS, pair};
use crate::{chaos, irq, provider, storm};

/// One of the workers' counts, of all of them together.
pub(crate) fn total(word: impl Fn(&Counts) -> &AtomicU64) -> u64 {
    let slots = SLOTS[..RUN.workers()].iter();
    slots.map(|slot| word(&slot.counts).load(Relaxed)).sum()
}

/// Operations of all workers.
pub(crate) fn operations() -> u64 {
    let slots = SLOTS[..RUN.workers()].iter();
    slots.map(|slot| slot.rounds.load(Relaxed)).sum()
}

/// A number that tells two runs apart in which not exactly the same messages came.
fn digest() -> u64 {
    let workers = RUN.workers();
    let all = (0..workers).flat_map(|sender| (0..workers).map(move |receiver| (sender, receiver)));
    all.fold(0, |digest, (sender, receiver)| {
        mix(digest ^ pair(sender, receiver).came().sum)
    })
}

/// Prints the counts: JSON in one line.
pub(crate) fn summary(wish: &Wish, rounds: u64) {
    print!(
        "[stress] {{\"seed\":{},\"seconds\":{},\"cpus\":{},\"mix\":\"{}\",\"threads\":{},\"rounds\":{rounds}",
        wish.seed,
        wish.seconds,
        RUN.cpus.load(Relaxed),
        wish.mix,
        RUN.workers(),
    );
    for (name, count) in [
        ("operations", operations()),
        ("messages", total(|counts| &counts.messages)),
        ("cross_cpu", total(|counts| &counts.crossed)),
        ("with_strings", total(|counts| &counts.transfers)),
        ("cut", total(|counts| &counts.cuts)),
        ("timeouts", total(|counts| &counts.timeouts)),
        ("cancels", total(|counts| &counts.cancels)),
        ("gone", total(|counts| &counts.gone)),
        ("kills", chaos::COUNTS.kills.load(Relaxed)),
        ("migrations", chaos::COUNTS.migrations.load(Relaxed)),
        ("unmaps", chaos::COUNTS.unmaps.load(Relaxed)),
        ("pages", provider::PAGES.load(Relaxed)),
        ("interrupts", irq::CAME.load(Relaxed)),
        ("storm_calls", storm::CALLS.load(Relaxed)),
    ] {
        print!(",\"{name}\":{count}");
    }
    println!(",\"digest\":\"{:016x}\"}}", digest());
}

/// Says what is wrong, and what is known about it, and ends the machine.
pub(crate) fn fail_of(wrong: Wrong) -> ! {
    describe(wrong.worker as usize);
    if let Some(partner) = wrong.partner {
        describe(partner as usize);
        describe_pair(wrong.worker as usize, partner as usize);
        describe_pair(partner as usize, wrong.worker as usize);
    }
    fail(format_args!("{wrong}"))
}

/// Says what is wrong and ends the machine.
pub(crate) fn fail(text: Arguments<'_>) -> ! {
    println!("[fail] seed={} {text}", RUN.seed.load(Relaxed));
    println!(
        "seen by thread {:x} on CPU {} after {} us",
        thread::myself().raw(),
        utcb::my().processor(),
        clock::micros()
    );
    exit::report(false)
}

/// Prints what is known about a worker.
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
    println!(
        "worker {index}: last message: tag {:#x} from {:#x}",
        slot.last[0].load(Relaxed),
        slot.last[1].load(Relaxed),
    );
    if let Some(id) = slot.thread() {
        println!("worker {index}: state {:?}", schedule::state(id));
    }
}

/// Prints the account of messages from one worker to another.
pub(crate) fn describe_pair(sender: usize, receiver: usize) {
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
