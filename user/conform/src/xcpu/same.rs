//! A system call on a thread of another CPU has the results that it has on one of the same CPU.
//!
//! Two threads are brought into the same state, one here, one there; then each of a list of calls is made on both, in
//! order, and all that comes back is compared, errors too.

use l4::abi::exregs as bit;
use l4::abi::layout::NOT_GIVEN;
use l4::abi::schedule::UNCHANGED;
use l4::syscall::Registers;
use l4::{ThreadId, kip, thread};

use crate::harness::raw::{self, Verdict};
use crate::harness::{Failure, Outcome, board, check, equal, ids, pause, worker};
use crate::tc::states::{STAGES, Stage, thread_in};

/// What comes back, with nothing in it that two threads differ in.
type Seen = [u64; 5];

/// A call, and a name for it.
type Call = (&'static str, fn(ThreadId) -> Seen);

fn seen(verdict: Verdict) -> Seen {
    [verdict.result, verdict.error, 0, 0, 0]
}

/// Schedule with these words; the old time control is left out, because time passes.
fn schedule(id: ThreadId, words: [u64; 4]) -> Seen {
    let [time, processor, priority, preemption] = words;
    seen(raw::schedule([id.raw(), time, processor, priority, preemption]).0)
}

fn exchange(id: ThreadId, control: u64) -> Seen {
    let new = Registers {
        control,
        handle: 0xABCD,
        pager: kip::root().raw(),
        flags: 0x40,
        ..Registers::default()
    };
    let (verdict, old) = raw::exchange(id.raw(), new);
    // The result is the local id.
    let is_local = verdict.result == ids::utcb(id) + 512;
    let result = if is_local { 1 } else { verdict.result };
    let is_root = u64::from(old.pager == kip::root().raw());
    [result, verdict.error, old.control, old.handle, is_root]
}

fn modify(id: ThreadId, space: ThreadId, scheduler: u64, pager: u64, utcb: u64) -> Seen {
    seen(raw::thread_control(
        id.raw(),
        space.raw(),
        scheduler,
        pager,
        utcb,
    ))
}

const ALL: u64 = UNCHANGED;

/// Cancels the phase that the thread is not in.
fn other_phase(id: ThreadId) -> Seen {
    let engaged = raw::control(id, 0).1.control;
    let other = if engaged & bit::SEND != 0 {
        bit::RECEIVE
    } else {
        bit::SEND
    };
    exchange(id, other)
}

/// Another version, and the first again.
fn versions(id: ThreadId) -> Seen {
    let new = ids::next_version(id);
    let [result, error, ..] = modify(new, id, 0, 0, NOT_GIVEN);
    let old = schedule(id, [ALL; 4]);
    let back = modify(id, new, 0, 0, NOT_GIVEN);
    [result, error, old[1], back[0], back[1]]
}

/// They leave the thread as it was, but for handle, pager, priority and the like.
const CALLS: &[Call] = &[
    ("look", |id| schedule(id, [ALL; 4])),
    ("slice", |id| schedule(id, [0x1F40_0000, ALL, ALL, ALL])),
    ("zero slice", |id| {
        schedule(id, [0x0400_0000 | 0x3FF, ALL, ALL, ALL])
    }),
    ("point in time", |id| {
        schedule(id, [0x8001 << 16 | 0x3FF, ALL, ALL, ALL])
    }),
    ("no CPU", |id| {
        schedule(id, [ALL, kip::cpus() as u64, ALL, ALL])
    }),
    ("no CPU", |id| schedule(id, [ALL, 0x7FFF, ALL, ALL])),
    ("no CPU", |id| {
        schedule(id, [ALL, 1 << 16 | 0x7FFF, ALL, ALL])
    }),
    ("priority", |id| schedule(id, [ALL, ALL, 99, ALL])),
    ("no priority", |id| schedule(id, [ALL, ALL, 256, ALL])),
    ("preemption", |id| {
        schedule(id, [ALL, ALL, ALL, 120 << 16 | 500])
    }),
    ("no preemption", |id| schedule(id, [ALL, ALL, ALL, 1 << 24])),
    ("of another version", |id| {
        schedule(ids::next_version(id), [ALL; 4])
    }),
    ("registers", |id| exchange(id, 0)),
    ("registers", |id| exchange(id, bit::DELIVER)),
    ("handle", |id| exchange(id, bit::SET_HANDLE)),
    ("pager", |id| exchange(id, bit::SET_PAGER)),
    ("flags", |id| exchange(id, bit::SET_FLAGS)),
    ("registers", |id| exchange(id, 0)),
    ("of another version", |id| {
        exchange(ids::next_version(id), 0)
    }),
    ("other phase", other_phase),
    ("halt", |id| exchange(id, bit::HALT_VALID | bit::HALT)),
    ("halted", |id| schedule(id, [ALL; 4])),
    ("halt again", |id| exchange(id, bit::HALT_VALID | bit::HALT)),
    ("resume", |id| exchange(id, bit::HALT_VALID)),
    ("resume again", |id| exchange(id, bit::HALT_VALID)),
    ("scheduler", |id| {
        modify(id, id, thread::myself().raw(), 0, NOT_GIVEN)
    }),
    ("space by another", |id| {
        modify(id, kip::root(), 0, 0, NOT_GIVEN)
    }),
    ("no space", |id| {
        modify(id, ids::next_version(id), 0, 0, NOT_GIVEN)
    }),
    ("its UTCB", |id| modify(id, id, 0, 0, 0x1000)),
    ("versions", versions),
    ("space control", |id| {
        seen(raw::space_control(id.raw(), 0, 0, 0).0)
    }),
    ("redirector", |id| {
        seen(raw::redirect(id, ids::next_version(id).raw()))
    }),
    ("redirector", |id| {
        seen(raw::redirect(ids::next_version(id), u64::MAX))
    }),
    ("look", |id| schedule(id, [ALL; 4])),
];

/// They do not.
const LAST: &[Call] = &[
    ("own phase", |id| exchange(id, bit::SEND | bit::RECEIVE)),
    ("deletion", |id| seen(raw::delete(id))),
    ("deletion again", |id| seen(raw::delete(id))),
    ("look at nobody", |id| schedule(id, [ALL; 4])),
    ("registers of nobody", |id| exchange(id, 0)),
    ("change of nobody", |id| {
        modify(id, kip::root(), 0, 0, NOT_GIVEN)
    }),
    ("space of nobody", |id| {
        seen(raw::space_control(id.raw(), 0, 0, 0).0)
    }),
];

/// Makes the calls on both.
#[track_caller]
fn compare(calls: &[Call], [here, there]: [ThreadId; 2]) -> Outcome {
    for (name, call) in calls {
        equal(name, call(there), call(here))?;
    }
    Ok(())
}

#[track_caller]
fn both(stage: Stage) -> Result<[ThreadId; 2], Failure> {
    let here = thread_in(stage, worker::here())?;
    let there = if stage == Stage::Inactive {
        let id = thread_in(stage, worker::here())?;
        equal("moved", schedule(id, [ALL, 1, ALL, ALL])[1], 0)?;
        id
    } else {
        thread_in(stage, worker::here().cpu(1))?
    };
    Ok([here, there])
}

pub(super) fn in_every_state() -> Outcome {
    for stage in STAGES {
        let about = |failure: Failure| failure.about(format_args!("{stage:?}"));
        let ids = both(stage)?;
        compare(CALLS, ids).map_err(about)?;
        compare(&LAST[1..], ids).map_err(about)?;
        // A fresh start-up receive that is cancelled runs nobody's code.
        if stage != Stage::Fresh {
            let ids = both(stage)?;
            compare(LAST, ids).map_err(about)?;
        }
        board::put(90, 0);
    }
    Ok(())
}

/// What an unprivileged thread may not do, may, or may within limits.
const TRIES: &[Call] = &[
    ("look", |id| schedule(id, [ALL; 4])),
    ("priority", |id| schedule(id, [ALL, ALL, 99, ALL])),
    ("high priority", |id| schedule(id, [ALL, ALL, 250, ALL])),
    ("move", |id| {
        schedule(id, [ALL, kip::cpus() as u64, ALL, ALL])
    }),
    ("registers", |id| exchange(id, bit::SET_HANDLE)),
    ("cancel", |id| exchange(id, bit::SEND)),
    ("change", |id| modify(id, id, 0, 0, NOT_GIVEN)),
    ("deletion", |id| seen(raw::delete(id))),
    ("space", |id| seen(raw::space_control(id.raw(), 0, 0, 0).0)),
];

/// Board words in which the results of [`TRIES`] are left.
const RESULTS: usize = 200;

fn try_all(id: u64) -> u64 {
    for (index, (_, call)) in TRIES.iter().enumerate() {
        for (word, value) in call(ThreadId::from_raw(id)).into_iter().enumerate() {
            board::put(RESULTS + 5 * index + word, value);
        }
    }
    1
}

/// Strangers, the scheduler, the pager's space, and neighbours; all without privilege.
pub(super) fn without_privilege() -> Outcome {
    let mut sets = 0;
    for role in ["stranger", "scheduler", "pager", "neighbour"] {
        let mut results = [[[0; 5]; TRIES.len()]; 2];
        for (cpu, result) in results.iter_mut().enumerate() {
            let agent = ids::fresh();
            let plan = worker::away().cpu(cpu);
            let victim = worker::start(plan, |_| l4::ipc::park(), 0)?;
            // A first wait may be for a page.
            worker::until_waiting(&[victim])?;
            pause(20_000);
            worker::until_waiting(&[victim])?;
            let mut caller = worker::away().id(agent).priority(100);
            match role {
                "scheduler" => l4::schedule::set_scheduler(victim, agent)?,
                "neighbour" => caller = worker::here().id(agent).in_space_of(victim),
                _ => {}
            }
            let caller = caller.create()?;
            if role == "pager" {
                let set = modify(victim, victim, 0, caller.raw(), NOT_GIVEN);
                equal("pager", set[0], 1)?;
            }
            equal("deletion", raw::delete(caller), raw::DONE)?;
            let mut plan = worker::away().id(agent).priority(100);
            if role == "neighbour" {
                plan = worker::here().id(agent).in_space_of(victim);
            }
            sets += worker::perform(plan, try_all, victim.raw())?;
            for (index, seen) in result.iter_mut().enumerate() {
                *seen = core::array::from_fn(|word| board::get(RESULTS + 5 * index + word));
                // The victims' local ids are their own.
                if seen[1] == raw::UNTOUCHED {
                    seen[0] = u64::from(seen[0] != 0);
                }
            }
        }
        for (index, (name, _)) in TRIES.iter().enumerate() {
            equal(name, results[1][index], results[0][index])?;
        }
        let allowed = results[0].iter().any(|seen| seen[0] != 0);
        check(role, allowed == (role != "stranger"))?;
    }
    equal("sets of results", sets, 8)
}
