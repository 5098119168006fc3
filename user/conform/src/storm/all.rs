//! Threads that talk to each other are deleted, cancelled, halted and moved by threads of all CPUs, and made anew.

use l4::abi::exregs::{HALT, HALT_VALID, RECEIVE, SEND};
use l4::abi::item::StringItem;
use l4::abi::schedule::UNCHANGED;
use l4::{Stack, SysError, Tag, ThreadId, Time, kip, schedule, thread};

use super::{cpus, free};
use crate::harness::raw::{self, DONE, UNTOUCHED};
use crate::harness::regular::Random;
use crate::harness::{Job, Outcome, arena, board, equal, ids, until};

const VICTIMS: usize = 6;
/// Blows of each attacker.
const BLOWS: u64 = 80;
/// Bytes of long messages.
const LENGTH: u64 = 3000;

/// Board words: the victims; what attackers were told and must not be; attackers that are done; IPCs of victims.
const NAMES: usize = 0;
const WRONG: usize = 20;
const OVER: usize = 21;
const MESSAGES: usize = 22;

static STACKS: [Stack<8192>; VICTIMS] = [const { Stack::new() }; VICTIMS];

/// Most attackers.
const ATTACKERS: usize = 8;

static OTHER_STACKS: [Stack<8192>; ATTACKERS] = [const { Stack::new() }; ATTACKERS];

fn victim(random: &mut Random) -> ThreadId {
    ThreadId::from_raw(board::get(NAMES + random.below(VICTIMS as u64) as usize))
}

/// A victim: sends, calls and receives, words and strings.
fn talk(seed: u64) {
    let mut random = Random::new(seed);
    let string = [
        StringItem::new(LENGTH, 1).raw(),
        arena::source() + seed * LENGTH,
    ];
    let buffer = [
        StringItem::new(LENGTH, 1).raw(),
        arena::target() + seed * LENGTH,
    ];
    loop {
        let (a, b) = (victim(&mut random), victim(&mut random));
        let time = Time::period(50 + random.below(2_000));
        let job = match random.below(4) {
            0 => Job::send(a),
            1 => Job::receive(ThreadId::ANY),
            2 => Job::new(a, b),
            _ => Job::call(a),
        };
        let job = if random.below(3) == 0 {
            job.tag(Tag::new(1, 0, 2).raw()).registers(1, &string)
        } else {
            job.words(1, random.below(20) as usize, 3)
        };
        job.buffers(&buffer).within(time, time).now();
        board::add(MESSAGES, 1);
    }
}

/// An attacker.
fn strike(seed: u64) {
    let mut random = Random::new(seed);
    let all = UNCHANGED;
    for _ in 0..BLOWS {
        let id = victim(&mut random);
        let cpu = random.below(cpus() as u64 + 1);
        let cpu = if cpu == cpus() as u64 {
            kip::cpus() as u64
        } else {
            cpu
        };
        let place = |cpu| raw::schedule([id.raw(), all, cpu, all, all]).0.error;
        let registers = |control| raw::control(id, control).0.error;
        let (error, allowed) = match random.below(9) {
            0 => (raw::delete(id).error, [UNTOUCHED; 2]),
            1 => (registers(SEND | RECEIVE), [UNTOUCHED, 2]),
            2 => (registers(HALT_VALID | HALT), [UNTOUCHED, 2]),
            3 | 4 => (registers(HALT_VALID), [UNTOUCHED, 2]),
            5 => {
                let priority = 50 + random.below(60);
                let done = raw::schedule([id.raw(), all, all, priority, all]).0;
                (done.error, [0, 2])
            }
            _ if cpu < cpus() as u64 => (place(cpu), [0, 2]),
            _ => (place(cpu), [5, 2]),
        };
        board::add(WRONG, u64::from(!allowed.contains(&error)));
    }
    board::add(OVER, 1);
}

/// Makes victim `index` anew if it is gone.
fn revive(index: usize) {
    let old = ThreadId::from_raw(board::get(NAMES + index));
    if schedule::state(old) != Err(SysError::InvalidThread) {
        return;
    }
    raw::delete(old);
    // SAFETY: whoever ran there is deleted.
    unsafe { STACKS[index].release() };
    let id = ids::next_version(old);
    // Its registers are set, not sent: that would wait for one that is cancelled just then.
    let plan = thread::Builder::new().id(id).pager(kip::root());
    let plan = plan.cpu(index % cpus()).priority(80);
    board::put(NAMES + index, id.raw());
    // Somebody may have hit it already.
    let _ = plan.start(talk, index as u64, &STACKS[index]);
}

/// A thread of each of these numbers is started and, at the end, deleted.
#[track_caller]
fn storm(seed: u64, victims: [ThreadId; VICTIMS], attackers: &[ThreadId]) -> Outcome {
    for (index, id) in victims.into_iter().enumerate() {
        board::put(NAMES + index, id.raw());
        revive(index);
    }
    board::put(OVER, 0);
    for (index, id) in attackers.iter().enumerate() {
        let plan = thread::Builder::new().id(*id).pager(kip::root());
        let plan = plan.cpu(index % cpus()).priority(90);
        plan.start(strike, seed + index as u64, &OTHER_STACKS[index])?;
    }
    until("all blows", || {
        (0..VICTIMS).for_each(revive);
        board::get(OVER) == attackers.len() as u64
    })?;
    equal("results that may not be", board::get(WRONG), 0)?;
    let then = board::get(MESSAGES);
    for index in 0..VICTIMS {
        revive(index);
        let id = ThreadId::from_raw(board::get(NAMES + index));
        // Who stood still goes on, and is where it can be reached.
        schedule::set_cpu(id, index % cpus())?;
        let resumed = raw::control(id, HALT_VALID).0.error;
        equal("resumed", resumed, UNTOUCHED)?;
    }
    until("they talk on", || board::get(MESSAGES) > then + 20)?;
    let names = (0..VICTIMS).map(|index| ThreadId::from_raw(board::get(NAMES + index)));
    for (id, stack) in names.zip(&STACKS) {
        equal("deletion", raw::delete(id), DONE)?;
        // SAFETY: its thread is deleted.
        unsafe { stack.release() };
    }
    for (id, stack) in attackers.iter().zip(&OTHER_STACKS) {
        equal("deletion", raw::delete(*id), DONE)?;
        // SAFETY: its thread is deleted.
        unsafe { stack.release() };
    }
    Ok(())
}

pub(super) fn on_the_same_threads() -> Outcome {
    let victims = core::array::from_fn(|_| ids::fresh());
    let attackers: [ThreadId; ATTACKERS] = core::array::from_fn(|_| ids::fresh());
    let attackers = &attackers[..2 * cpus()];
    storm(100, victims, attackers)?;
    // What the numbers cost they cost once. What was lent to other CPUs comes home soon.
    let before = free()?;
    storm(200, victims, attackers)?;
    until("all frames", || free().is_ok_and(|now| now >= before))?;
    equal("free frames", free()?, before)
}
