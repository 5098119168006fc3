//! Who runs when a message comes from another CPU, and for how long.

use l4::abi::schedule::ThreadState::Running;
use l4::{Tag, ThreadId, Time, ipc, kip, thread};

use super::{far_away, there};
use crate::harness::failure::{at_least, at_most};
use crate::harness::raw;
use crate::harness::regular::spin;
use crate::harness::{BOTH_SOON, Job, Outcome, SOON, board, check, equal, pause, until, worker};
use crate::sch::ticks::ticks_of;

/// CPUs with threads of their own in these tests: all but that of the test.
fn others() -> core::ops::Range<usize> {
    1..kip::cpus().min(4)
}

/// Answers that are looked at in any case, and at most. On a busy host, whose processors stand still for some ticks, one comes in
/// between by chance; if that is so nineteen times in twenty, it is so with all of these once in a million.
const FEW: u64 = 20;
const ENOUGH: u64 = 300;

/// A thread that never gives way, without end of its slice, is interrupted for one above it at once, not at some tick, and
/// goes on afterwards.
pub(super) fn urgent_at_once() -> Outcome {
    for cpu in others() {
        worker::start(there().cpu(cpu).priority(90).slice(Time::NEVER), spin, 0)?;
        let ticks = || ticks_of(cpu);
        for plan in [there().cpu(cpu), far_away().cpu(cpu)] {
            let urgent = worker::start(plan.priority(91), crate::ipc::echo, 0)?;
            let (mut rounds, mut at_once) = (0, 0);
            while rounds < FEW || at_once == 0 && rounds < ENOUGH {
                if rounds >= FEW {
                    pause(1_000);
                }
                let then = ticks();
                let answer = Job::call(urgent)
                    .words(1, 1, rounds)
                    .within(SOON, SOON)
                    .now();
                at_once += u64::from(ticks() == then);
                answer.carries(2, 1, rounds + 1000, Tag::CROSS_CPU)?;
                let then = board::get(0);
                until("the other goes on", || board::get(0) > then + 1)?;
                rounds += 1;
            }
            at_least("answers without a tick", at_once, 1)?;
        }
        board::put(0, 0);
    }
    Ok(())
}

/// A message for a thread that is not above who runs makes it ready, and no more: it runs when the other has ended.
pub(super) fn no_others() -> Outcome {
    for cpu in others() {
        for priority in [89, 90] {
            board::put(0, 0);
            let on = |plan: l4::thread::Builder| plan.cpu(cpu);
            let lesser = Job::receive(ThreadId::ANY).start(on(there()).priority(priority))?;
            worker::until_waiting(&[lesser.id])?;
            let plan = on(there()).priority(90).slice(Time::NEVER);
            let busy = worker::start(plan, spin, 0)?;
            until("it is busy", || board::get(0) > 0)?;
            Job::send(lesser.id)
                .words(3, 1, 3)
                .within(SOON, SOON)
                .now()
                .ok()?;
            equal("state", l4::schedule::state(lesser.id), Ok(Running))?;
            let then = board::get(0);
            until("the other runs on", || board::get(0) > then)?;
            pause(5_000);
            check("it does not run", !lesser.is_done())?;
            equal("deletion", raw::delete(busy), raw::DONE)?;
            lesser.result()?.carries(3, 1, 3, Tag::CROSS_CPU)?;
        }
    }
    Ok(())
}

/// Sleeps a little, on a CPU whose timer must start for that.
fn sleep_and_answer(_: u64) {
    l4::server::serve(|request| {
        pause(3_000);
        Some(request.message.clone())
    })
}

/// A CPU that has nothing to do stops its timer. A message wakes it all the same, and time goes on there.
pub(super) fn idle_without_ticks() -> Outcome {
    let sleeper = worker::start(far_away(), sleep_and_answer, 0)?;
    let ticks = || ticks_of(1);
    for round in 0..5 {
        worker::until_waiting(&[sleeper])?;
        // It may go on for a while for the sake of a timeout that was cancelled; then what follows is less of a test.
        for _ in 0..10 {
            let then = ticks();
            pause(10_000);
            if ticks() == then {
                break;
            }
        }
        let then = ticks();
        let request = l4::Message::new(0).word(round);
        let answer = ipc::call_within(sleeper, &request, BOTH_SOON)?;
        equal("answer", answer.message.word_at(0), round)?;
        at_least("ticks of its sleep", ticks() - then, 1)?;
    }
    Ok(())
}

/// Board words of [`take_turns`]: who runs; of each, stints so far, those that were too long, ticks of ten rounds.
const WHO: usize = 9;
const STINTS: usize = 10;
const TOO_LONG: usize = 20;
const TICKS: usize = 30;
/// Ticks of the slices of the two, and of ten rounds.
const SLICES: [u64; 2] = [3, 7];
const TEN_ROUNDS: u64 = 10 * (SLICES[0] + SLICES[1]);

/// Notes in which ticks of its CPU it runs: `argument` is the CPU and which of the two it is.
fn take_turns(argument: u64) {
    let (cpu, index) = ((argument >> 1) as usize, (argument & 1) as usize);
    let ticks = || ticks_of(cpu);
    let (mut first, mut last, mut began) = (ticks(), 0, 0);
    loop {
        let mut now = ticks();
        if board::get(WHO) != argument {
            // The other has run in between, perhaps since that look. The first stint began anywhere.
            now = ticks();
            board::put(WHO, argument);
            let stints = board::add(STINTS + index, 1);
            let is_too_long = stints > 1 && last >= first + SLICES[index];
            board::add(TOO_LONG + index, u64::from(is_too_long));
            first = now;
            match stints {
                1 => began = now,
                11 => board::put(TICKS + index, now - began),
                _ => {}
            }
        }
        last = now;
    }
}

/// On each CPU two threads have the slices that they were given, to the tick: none has more, and both together no less.
pub(super) fn slices_to_the_tick() -> Outcome {
    for cpu in others() {
        for word in WHO..TICKS + 2 {
            board::put(word, 0);
        }
        let mut both = [ThreadId::NIL; 2];
        for (index, id) in both.iter_mut().enumerate() {
            let slice = Time::period(SLICES[index] * 1000);
            let argument = (cpu << 1 | index) as u64;
            *id = worker::start(there().cpu(cpu).slice(slice), take_turns, argument)?;
        }
        until("ten rounds", || {
            board::get(TICKS) != 0 && board::get(TICKS + 1) != 0
        })?;
        for id in both {
            equal("deletion", raw::delete(id), raw::DONE)?;
        }
        let too_long = (board::get(TOO_LONG), board::get(TOO_LONG + 1));
        equal("stints beyond the slice", too_long, (0, 0))?;
        for index in 0..2 {
            let ticks = board::get(TICKS + index);
            // On a slow host two ticks can come before a thread sees the first.
            at_least("ticks of ten rounds", ticks, TEN_ROUNDS - 2)?;
            at_most("ticks of ten rounds", ticks, TEN_ROUNDS + 2)?;
        }
    }
    check("the test is where it was", thread::myself().is_global())
}
