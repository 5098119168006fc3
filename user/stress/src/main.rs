//! The stress program: a root task whose threads exchange random messages on all CPUs, under interference, and prove
//! that every message that was sent came, once, in order and unchanged, that every call ended as it may, that nobody
//! hangs, and that nothing is left when everybody is gone.
//!
//! Arguments: `seed=S seconds=T steps=N mix=ipc,long,...`. Output: `[progress] k/n text`, at the end
//! `[stress] {json}`, or `[fail] seed=S ...` with the first wrong thing.
//!
//! | module | question |
//! |---|---|
//! | [`round`] | who is made, when does it end, and is anything left? |
//! | [`worker`] | what do the threads do? |
//! | [`operation`] | what is a single IPC, and did it end as it may? |
//! | [`luggage`], [`area`] | which strings has it, where do they lie, and are they whole? |
//! | [`crew`], [`afterlife`] | how are workers made and deleted, and what becomes of their last messages? |
//! | [`staff`] | which threads are no workers? |
//! | [`provider`] | who brings their pages? |
//! | [`chaos`] | who disturbs them? |
//! | [`irq`] | who gets interrupts? |
//! | [`storm`] | what if many do everything to the same few? |
//! | [`board`] | what do all threads share? |
//! | [`watch`], [`leaks`] | does somebody hang, or something remain? |
//! | [`report`] | what is there to say? |
#![no_std]
#![no_main]

mod afterlife;
mod area;
mod board;
mod chaos;
mod crew;
mod irq;
mod leaks;
mod luggage;
mod operation;
mod provider;
mod report;
mod round;
mod staff;
mod storm;
mod vector;
mod watch;
mod worker;

use core::sync::atomic::Ordering::Release;

use board::RUN;
use l4::{clock, exit, kip, pager, println, schedule, thread};
use report::{fail, operations, summary, total};
use stress::mix::Mix;
use stress::wish::Wish;
use stress::wrong::{What, Wrong};

l4::program!(main);

/// Above all but the pager.
const PRIORITY: u8 = 230;
/// How long a round goes on, in microseconds.
const ROUND: u64 = 10_000_000;
/// How long the first one does, after which the kernel has what it keeps for good: microseconds, operations.
const WARM_UP: (u64, u64) = (200_000, 500);

fn main() -> ! {
    let wish = match Wish::read(l4::args()) {
        Ok(wish) => wish,
        Err(word) => fail(format_args!(
            "the argument {word} means nothing; kinds of work: {}",
            Mix::ALL
        )),
    };
    RUN.seed.store(wish.seed, Release);
    RUN.cpus.store(kip::cpus(), Release);
    RUN.set_mix(wish.mix);
    if let Err(error) = pager::start() {
        fail(format_args!("no pager: {error:?}"));
    }
    if let Err(error) = schedule::set_priority(thread::myself(), PRIORITY) {
        fail(format_args!("no priority: {error:?}"));
    }
    let hpet = match irq::open() {
        Ok(hpet) => hpet,
        Err(error) => fail(format_args!("no event timer: {error:?}")),
    };
    crew::enrol();
    let begin = clock::micros();
    round::round(0, hpet, || {
        clock::micros() - begin > WARM_UP.0 || operations() > WARM_UP.1
    });
    let frames = leaks::free_frames();
    let mut clock = Clock::new(wish);
    let mut rounds = 0;
    while !clock.is_over() {
        rounds += 1;
        let end = clock::micros() + ROUND;
        round::round(rounds, hpet, || {
            clock.tell();
            clock.is_over() || clock::micros() > end
        });
        let missing = leaks::missing(frames);
        if missing > 0 {
            report::fail_of(Wrong {
                what: What::Leak,
                worker: rounds,
                partner: None,
                detail: missing,
            });
        }
    }
    summary(&wish, rounds);
    exit::report(true)
}

/// How much of the wish is done.
struct Clock {
    wish: Wish,
    begin: u64,
    steps: u64,
    told: u64,
}

impl Clock {
    fn new(wish: Wish) -> Self {
        Self {
            wish,
            begin: clock::micros(),
            steps: operations(),
            told: 0,
        }
    }

    fn is_over(&self) -> bool {
        let steps = operations() - self.steps;
        self.seconds() >= self.wish.seconds || steps >= self.wish.steps
    }

    fn seconds(&self) -> u64 {
        (clock::micros() - self.begin) / 1_000_000
    }

    /// Says how far it is, once a second.
    fn tell(&mut self) {
        let seconds = self.seconds();
        if seconds > self.told {
            self.told = seconds;
            let messages = total(|counts| &counts.messages);
            println!(
                "[progress] {seconds}/{} {messages} messages",
                self.wish.seconds
            );
        }
    }
}
