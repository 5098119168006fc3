//! A thread is moved in every state; what it was doing goes on, and its FPU registers are its own.

use l4::abi::exregs::{HALT, HALT_VALID};
use l4::abi::schedule::ThreadState;
use l4::thread::Builder;
use l4::{Message, Tag, ThreadId, Time, kip, schedule, thread, utcb};

use crate::fpu::registers::{compare, load};
use crate::harness::failure::at_least;
use crate::harness::script::{Act, Script, WINDOW};
use crate::harness::{
    Failure, Job, Outcome, SOON, board, check, equal, ids, micros_of, pause, raw, until, worker,
};
use crate::pf::touch;

/// What the thread is doing when it is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Waits,
    WaitsForAWhile,
    LetsTimePass,
    Sends,
    SendsForAWhile,
    Calls,
    Faults,
    Raises,
    Runs,
    Stands,
}

use Doing::{
    Calls, Faults, LetsTimePass, Raises, Runs, Sends, SendsForAWhile, Stands, Waits, WaitsForAWhile,
};

const ALL: [Doing; 10] = [
    Waits,
    WaitsForAWhile,
    LetsTimePass,
    Sends,
    SendsForAWhile,
    Calls,
    Faults,
    Raises,
    Runs,
    Stands,
];

/// How long the thread sleeps that lets time pass.
const NAP: Time = Time::period(20_000);

/// Board words: the test's own thread; that the thread is to stop running; wrong registers; its CPU at the end + 1; whether
/// its work ended as it should; rounds.
const MAIN: usize = 0;
const STOP: usize = 1;
const WRONG: usize = 2;
const CPU: usize = 3;
const GOOD: usize = 4;
const ROUNDS: usize = 5;
const SEED: u64 = 0x3141_5900;

/// The thread.
fn work(doing: u64) {
    let main = ThreadId::from_raw(board::get(MAIN));
    load(SEED);
    let good = carry_out(ALL[doing as usize], main);
    board::add(WRONG, compare(SEED));
    board::put(GOOD, u64::from(good));
    board::put(CPU, utcb::my().processor() as u64 + 1);
}

fn carry_out(doing: Doing, main: ThreadId) -> bool {
    let message = Job::send(main).words(5, 6, 50);
    let is_answer = |done: crate::harness::job::Done| {
        let flags = done.mr[0] & Tag::CROSS_CPU;
        done.carries(6, 3, 60, flags).is_ok()
    };
    match doing {
        Waits => is_answer(Job::receive(main).now()),
        WaitsForAWhile => is_answer(Job::receive(main).within(SOON, SOON).now()),
        LetsTimePass => {
            let done = Job::receive(main).within(SOON, NAP).now();
            done.bare_error(3).is_ok() && done.micros >= micros_of(NAP)
        }
        Sends => message.now().ok().is_ok(),
        SendsForAWhile => message.within(SOON, SOON).now().ok().is_ok(),
        Calls => is_answer(Job::call(main).words(5, 6, 50).now()),
        Faults => touch::read(WINDOW) == 0x77,
        Raises => {
            utcb::my().set_exception_handler(main);
            // SAFETY: the handler goes on behind the instruction.
            unsafe { core::arch::asm!("ud2") };
            true
        }
        Runs | Stands => {
            while board::get(STOP) == 0 {
                board::add(ROUNDS, 1);
                // They are in the CPU when it is moved.
                board::add(WRONG, compare(SEED));
            }
            true
        }
    }
}

/// Such a thread, and the pager that holds its fault if it has one.
#[track_caller]
fn start(doing: Doing, plan: Builder) -> Result<(ThreadId, Option<Script>), Failure> {
    for word in [STOP, CPU, GOOD, ROUNDS] {
        board::put(word, 0);
    }
    board::put(MAIN, thread::myself().raw());
    let script = match doing {
        Faults => Some(Script::start_as(0, worker::here().cpu(0).priority(150))?),
        _ => None,
    };
    if let Some(script) = script {
        touch::write(script.memory(0), 0x77);
        script.acts(&[Act::Hold]);
    }
    let plan = script.map_or(plan, |script| plan.pager(script.id));
    let place = ALL.iter().position(|each| *each == doing).unwrap_or(0);
    let id = worker::start(plan, work, place as u64)?;
    match doing {
        Faults => script.map_or(Ok(()), Script::until_held)?,
        Calls => {
            let got = Job::receive(id).within(SOON, SOON).now();
            got.carries(5, 6, 50, got.mr[0] & Tag::CROSS_CPU)?;
            worker::until_waiting(&[id])?;
        }
        Sends | SendsForAWhile | Raises => worker::until_state(id, ThreadState::PendingSend)?,
        Runs | Stands => until("it runs", || board::get(ROUNDS) > 0)?,
        Waits | WaitsForAWhile | LetsTimePass => {
            // It may have slept already.
            until("it waits", || {
                board::get(CPU) != 0 || schedule::state(id) == Ok(ThreadState::Waiting)
            })?;
        }
    }
    if doing == Stands {
        raw::control(id, HALT_VALID | HALT);
    }
    Ok((id, script))
}

/// Lets the thread come to the end of what it was doing.
#[track_caller]
fn complete(doing: Doing, id: ThreadId, script: Option<Script>) -> Outcome {
    let answer = Job::send(id).words(6, 3, 60).within(SOON, SOON);
    match doing {
        Waits | WaitsForAWhile | Calls => answer.now().ok()?,
        Sends | SendsForAWhile => {
            let got = Job::receive(id).within(SOON, SOON).now();
            got.carries(5, 6, 50, got.mr[0] & Tag::CROSS_CPU)?;
        }
        Raises => {
            let got = Job::receive(id).within(SOON, SOON).now();
            got.ok()?;
            let mut words = [0; 19];
            words.copy_from_slice(&got.mr[1..20]);
            words[0] += 2;
            let go_on = Message::new(got.tag().label()).words(&words);
            l4::ipc::send_within(id, &go_on, SOON)?;
        }
        Faults => {
            if let Some(script) = script {
                equal("answer", script.release(Act::Map)?, Ok(()))?;
            }
        }
        Runs => board::put(STOP, 1),
        Stands => {
            let then = board::get(ROUNDS);
            pause(3_000);
            equal("rounds of one that stands", board::get(ROUNDS), then)?;
            board::put(STOP, 1);
            raw::control(id, HALT_VALID);
        }
        LetsTimePass => {}
    }
    until("its end", || board::get(CPU) != 0)
}

/// Threads of all kinds are moved along `way`, one order right after the other.
#[track_caller]
fn along(way: &[usize]) -> Outcome {
    let cpus = kip::cpus();
    for doing in ALL {
        for first in [0, 1] {
            let (id, script) = start(doing, worker::away().cpu(first))?;
            let mut last = first;
            for step in way {
                last = (first + step) % cpus.min(8);
                schedule::set_cpu(id, last)?;
            }
            complete(doing, id, script)?;
            let about = |failure: Failure| failure.about(format_args!("{doing:?} from {first}"));
            equal("it ended well", board::get(GOOD), 1).map_err(about)?;
            equal("wrong registers", board::get(WRONG), 0).map_err(about)?;
            if doing != LetsTimePass {
                equal("its CPU", board::get(CPU), last as u64 + 1).map_err(about)?;
            }
            equal("deletion", raw::delete(id), raw::DONE)?;
        }
    }
    Job::receive(ThreadId::ANY)
        .within(Time::ZERO, Time::ZERO)
        .now()
        .bare_error(3)
}

pub(super) fn to_another() -> Outcome {
    along(&[1])
}

pub(super) fn there_and_back() -> Outcome {
    along(&[1, 0])?;
    along(&[1, 0, 1])
}

pub(super) fn round_and_round() -> Outcome {
    along(&[1, 2, 3, 0, 2, 1, 1, 0, 3, 1, 2, 0, 1, 0, 1])
}

/// Receives eight messages when it may, and checks that they come in order.
fn receive_in_order(_: u64) {
    while board::get(STOP) == 0 {
        board::add(ROUNDS, 1);
    }
    for label in 0..8 {
        let got = Job::receive(ThreadId::ANY).within(SOON, SOON).now();
        let is_next = got.ok().is_ok() && got.tag().label() == label;
        board::add(WRONG, u64::from(!is_next));
    }
    board::put(CPU, 1);
}

/// Those who wait for a thread that moves wait on in their order, wherever they live, those with a timeout, too.
pub(super) fn senders_keep_their_order() -> Outcome {
    for way in [&[1][..], &[1, 0], &[1, 0, 1]] {
        for word in [STOP, CPU, ROUNDS] {
            board::put(word, 0);
        }
        let receiver = worker::start(worker::here().cpu(0), receive_in_order, 0)?;
        until("it runs", || board::get(ROUNDS) > 0)?;
        let mut senders = [None; 8];
        for (label, slot) in senders.iter_mut().enumerate() {
            let mut job = Job::send(receiver).words(label as u64, 1, 1);
            if label % 3 == 0 {
                job = job.within(SOON, SOON);
            }
            // CPUs 0 0 1 1 0 0 1 1.
            let sender = job.start(worker::here().cpu(label / 2 % 2))?;
            worker::until_state(sender.id, ThreadState::PendingSend)?;
            // A call that goes to the receiver's CPU and back: the message is there.
            schedule::state(receiver)?;
            worker::perform(worker::here().cpu(1), look_at, receiver.raw())?;
            *slot = Some(sender);
        }
        for cpu in way {
            schedule::set_cpu(receiver, *cpu)?;
        }
        let then = board::get(ROUNDS);
        until("it runs on", || board::get(ROUNDS) > then + 1)?;
        board::put(STOP, 1);
        until("all came", || board::get(CPU) == 1)?;
        equal("out of order", board::get(WRONG), 0)?;
        for sender in senders.into_iter().flatten() {
            sender.result()?.ok()?;
        }
        check("its number", ids::next_version(receiver) != receiver)?;
    }
    at_least("CPUs", kip::cpus() as u64, 2)
}

fn look_at(thread: u64) -> u64 {
    u64::from(schedule::state(ThreadId::from_raw(thread)).is_ok())
}
