//! Random system calls with random registers, from several threads, for a bounded number of steps; afterwards the kernel
//! and sigma0 still serve, and no frame is lost.
//!
//! Some threads, the *insiders*, live in the root task's space, so that privileged calls come through, too. They must not
//! write to what the program itself stands on, and are confined to addresses of their own; the *outsiders* live in other
//! spaces, where they may do everything. This thread is above all others: it counts the steps and revives who is stuck.
//!
//! Arguments: `seed=S steps=N`. Output: `[progress] k/n text`, at the end `[done]`, or `[fail]` with what is wrong.
//!
//! | module | question |
//! |---|---|
//! | [`people`] | who are the threads, and what is theirs? |
//! | [`crew`] | how are they made, revived and deleted? |
//! | [`pager`] | who answers their faults and exceptions? |
//! | [`fuzzer`] | what do they do, step by step? |
//! | [`words`], [`letter`] | which words are worth trying? |
//! | [`calls`], [`blows`] | with which calls and instructions? |
//! | [`bare`] | how do they enter the kernel? |
//! | [`afterwards`] | is everything as it should be? |
#![no_std]
#![no_main]

mod afterwards;
mod bare;
mod blows;
mod calls;
mod crew;
mod fuzzer;
mod letter;
mod pager;
mod people;
mod words;

use crew::Crew;
use l4::{Time, control, exit, ipc, println};
use stress::random::Random;

l4::program!(main);

/// How often everyone is looked at.
const LOOK: Time = Time::period(2_000);
/// Steps between two lines about the progress.
const TOLD: u64 = 2_000;
/// Looks without any step, until that counts as the end of all.
const PATIENCE: u32 = 5_000;
/// Stream of the random numbers of this thread.
const STREAM: u64 = 1 << 62;

/// What the command line asks for.
#[derive(Clone, Copy)]
struct Wish {
    seed: u64,
    steps: u64,
}

fn main() -> ! {
    if !people::pager().is_nil() {
        fail(
            0,
            format_args!("thread {:x} has come here", l4::thread::myself().raw()),
        );
    }
    let Some(wish) = read(l4::args()) else {
        fail(0, format_args!("the arguments are seed=S and steps=N"));
    };
    if let Err(why) = pager::start(wish.seed) {
        fail(wish.seed, format_args!("no pager: {why:?}"));
    }
    let frames = match afterwards::settle() {
        Ok(frames) => frames,
        Err(wrong) => fail(wish.seed, format_args!("before the first step: {wrong}")),
    };
    let mut crew = Crew::new(Random::new(wish.seed, STREAM));
    let revived = work(wish, &mut crew);
    fuzzer::end();
    crew.disband();
    match afterwards::settle() {
        Ok(after) if after == frames => {}
        Ok(after) => fail(
            wish.seed,
            format_args!("{frames} frames were free before, {after} are now"),
        ),
        Err(wrong) => fail(wish.seed, format_args!("{wrong}")),
    }
    println!(
        "[done] {} steps, {revived} revivals, {frames} frames free as before",
        wish.steps
    );
    exit::report(true)
}

fn read(words: &str) -> Option<Wish> {
    let mut wish = Wish {
        seed: 1,
        steps: 20_000,
    };
    for word in words.split_whitespace() {
        let (name, value) = word.split_once('=')?;
        let value = value.parse().ok()?;
        match name {
            "seed" => wish.seed = value,
            "steps" => wish.steps = value,
            _ => return None,
        }
    }
    Some(wish)
}

/// Lets them work, and returns how often one had to be revived.
fn work(wish: Wish, crew: &mut Crew) -> u64 {
    let (mut steps, mut told, mut idle, mut revived) = (0, 0, 0, 0);
    fuzzer::begin(wish.seed);
    while steps < wish.steps {
        let look = crew.look();
        steps += look.steps;
        revived += look.revived;
        idle = if look.steps == 0 { idle + 1 } else { 0 };
        if idle > PATIENCE {
            fail(
                wish.seed,
                format_args!("after {steps} steps nobody does any more"),
            );
        }
        if !control::check() {
            fail(wish.seed, format_args!("the kernel checks nothing"));
        }
        if steps >= told {
            println!(
                "[progress] {}/{} {revived} revivals",
                steps.min(wish.steps),
                wish.steps
            );
            told = steps + TOLD;
        }
        ipc::sleep(LOOK);
    }
    revived
}

fn fail(seed: u64, why: core::fmt::Arguments<'_>) -> ! {
    println!("[fail] seed={seed} {why}");
    exit::report(false)
}
