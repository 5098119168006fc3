//! Deletions and creations that cross.

use l4::{Stack, ThreadId, kip, schedule, thread};

use super::{cpus, free};
use crate::harness::gate::Gate;
use crate::harness::raw::{self, DONE};
use crate::harness::{Outcome, board, check, equal, ids, until, worker};

/// Most threads of a ring.
const MOST: usize = 8;
const ROUNDS: usize = 12;

/// Board words: ids of the ring; verdicts; who is done; who was told something else than success.
const NAMES: usize = 0;
const VERDICTS: usize = 20;
const OVER: usize = 40;
const WRONG: usize = 41;

static STACKS: [Stack<8192>; MOST] = [const { Stack::new() }; MOST];

/// Deletes the next of the ring when the gate opens.
fn delete_next(index: u64) {
    let index = index as usize;
    let next = ThreadId::from_raw(board::get(NAMES + (index + 1) % members()));
    board::add(OVER, 1);
    Gate::of(0).pass();
    board::put(VERDICTS + index, raw::delete(next).pack());
}

fn members() -> usize {
    2 * cpus()
}

/// Everybody deletes the next at the same moment: whoever is left was told that it succeeded.
pub(super) fn deletions() -> Outcome {
    let mut ring: [ThreadId; MOST] = core::array::from_fn(|_| ids::fresh());
    let mut before = 0;
    for round in 0..ROUNDS {
        let gate = Gate::shut(0);
        board::put(OVER, 0);
        for (index, id) in ring.iter().enumerate().take(members()) {
            board::put(NAMES + index, id.raw());
            board::put(VERDICTS + index, 0);
        }
        for (index, id) in ring.iter().enumerate().take(members()) {
            let plan = thread::Builder::new().id(*id).pager(kip::root());
            let plan = plan.cpu((index + round) % cpus()).priority(100);
            plan.start(delete_next, index as u64, &STACKS[index])?;
        }
        until("all at the gate", || board::get(OVER) == members() as u64)?;
        gate.open();
        until("an end of each", || {
            (0..members()).all(|index| {
                board::get(VERDICTS + index) != 0 || schedule::state(ring[index]).is_err()
            })
        })?;
        for (index, id) in ring.iter_mut().enumerate().take(members()) {
            let verdict = board::get(VERDICTS + index);
            check("success, or an end", [0, DONE.pack()].contains(&verdict))?;
            equal("deletion", raw::delete(*id), DONE)?;
            // SAFETY: its thread is deleted.
            unsafe { STACKS[index].release() };
            *id = ids::next_version(*id);
        }
        // What the numbers cost they cost once.
        if round == 1 {
            before = free()?;
        }
    }
    equal("free frames", free()?, before)
}

/// Makes a thread with a space, sends it from CPU to CPU, and deletes it, again and again.
fn make_and_delete(number: u64) {
    let mut id = ThreadId::from_raw(number);
    for round in 0..10 {
        let plan = thread::Builder::new().id(id).new_space().pager(kip::root());
        let made = plan.cpu((round + 1) % cpus()).create();
        let moved = schedule::set_cpu(id, round % cpus());
        let deleted = raw::delete(id);
        let good = made.is_ok() && moved.is_ok() && deleted == DONE;
        board::add(WRONG, u64::from(!good));
        id = ids::next_version(id);
    }
    board::add(OVER, 1);
}

/// Spaces come and go on all CPUs at the same time.
pub(super) fn spaces() -> Outcome {
    let numbers: [ThreadId; MOST] = core::array::from_fn(|_| ids::fresh());
    let makers: [ThreadId; MOST] = core::array::from_fn(|_| ids::fresh());
    let mut before = 0;
    for round in 0..3 {
        board::put(OVER, 0);
        for index in 0..members() {
            let id = if round % 2 == 0 {
                makers[index]
            } else {
                ids::next_version(makers[index])
            };
            let plan = thread::Builder::new().id(id).pager(kip::root());
            let plan = plan.cpu(index % cpus()).priority(100);
            plan.start(make_and_delete, numbers[index].raw(), &STACKS[index])?;
        }
        until("all are done", || board::get(OVER) == members() as u64)?;
        for (index, maker) in makers.iter().enumerate().take(members()) {
            equal("deletion", raw::delete(*maker), DONE)?;
            // SAFETY: its thread is deleted.
            unsafe { STACKS[index].release() };
        }
        if round == 0 {
            before = free()?;
        }
    }
    equal("refused", board::get(WRONG), 0)?;
    equal("free frames", free()?, before)?;
    check("the pool is untouched", worker::here().create().is_ok())
}
