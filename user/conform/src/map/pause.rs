//! Items of very many pages: others run in the middle of one, and it can be broken off there.

use l4::{Fpage, IpcCode, IpcError, Phase, Rights, Tag, control, thread};

use super::agent::{Agent, GRANT, MAP, agents, item};
use super::long::{FAR, crowd};
use crate::harness::{Failure, Outcome, board, check, hex, pause, raw, worker};

/// Board words: free frames before the item, and those that the watcher saw first in the middle of it; whom it deletes then.
const BEFORE: usize = 200;
const MIDDLE: usize = 201;
const VICTIM: usize = 202;

/// Frames that others may take or give back besides.
const NOISE: u64 = 4;

/// Wakes up again and again, and looks whether the kernel has begun to take memory for what the item maps.
fn watch(_: u64) {
    loop {
        pause(100);
        let free = control::free_frames().unwrap_or(0);
        let begun = free + NOISE < board::get(BEFORE);
        if begun && board::get(MIDDLE) == 0 {
            board::put(MIDDLE, free);
            if board::get(VICTIM) != 0 {
                raw::delete(l4::ThreadId::from_raw(board::get(VICTIM)));
            }
        }
    }
}

/// What is left of an item that was watched. Half of the giver's pages come from the other.
struct Watched {
    giver: Agent,
    other: Agent,
    taker: Agent,
    error: u64,
    /// Somebody ran before it was at its end.
    in_the_middle: bool,
}

/// Lets the first of a crowd give 2^`log2` pages to another agent, and deletes the one that `victim` chooses in the middle.
#[track_caller]
fn give(log2: u32, kind: u64, victim: fn(Agent, Agent) -> u64) -> Result<Watched, Failure> {
    let [giver, other] = crowd(log2)?;
    let [taker] = agents()?;
    // It has all that it needs to run when it has run once.
    taker.unmap(Fpage::NIL)?;
    board::put(VICTIM, victim(giver, taker));
    board::put(MIDDLE, 0);
    board::put(BEFORE, control::free_frames().unwrap_or(0));
    let page = Fpage::new(FAR, 12 + log2, Rights::READ_WRITE);
    let error = giver.try_give(taker, item(kind, FAR, page));
    board::put(BEFORE, 0);
    let after = control::free_frames().unwrap_or(0);
    let error = match board::get(VICTIM) == giver.0.raw() {
        true => 0,
        false => error?,
    };
    let middle = board::get(MIDDLE);
    Ok(Watched {
        giver,
        other,
        taker,
        error,
        in_the_middle: middle != 0 && (board::get(VICTIM) != 0 || middle > after + NOISE),
    })
}

/// Tries larger and larger items until somebody has run in the middle of one, and looks at what is left then.
#[track_caller]
fn until_watched(
    kind: u64,
    victim: fn(Agent, Agent) -> u64,
    look: fn(&Watched) -> Outcome,
) -> Outcome {
    worker::start(worker::here().priority(150), watch, 0)?;
    for log2 in [13, 13, 14, 14] {
        let watched = give(log2, kind, victim)?;
        if watched.in_the_middle {
            return look(&watched);
        }
        for agent in [watched.giver, watched.other, watched.taker] {
            thread::delete(agent.0)?;
        }
    }
    check("a more urgent thread ran in the middle", false)
}

/// All pages arrive, whoever ran meanwhile.
pub(super) fn map_is_preempted() -> Outcome {
    until_watched(
        MAP,
        |_, _| 0,
        |watched| {
            hex("error", watched.error, 0)?;
            for page in 0..15 {
                watched.taker.has(FAR + page * 0x1000, 0x50 + page)?;
                watched.giver.has(FAR + page * 0x1000, 0x50 + page)?;
            }
            watched.taker.has(FAR + (1 << 25) - 0x2000, 0x5E)
        },
    )
}

/// The giver loses all pages, the taker has them.
pub(super) fn grant_is_preempted() -> Outcome {
    until_watched(
        GRANT,
        |_, _| 0,
        |watched| {
            hex("error", watched.error, 0)?;
            watched.taker.has(FAR + 0x3000, 0x53)?;
            watched.taker.has(FAR + (1 << 25) - 0x2000, 0x5E)?;
            watched.giver.has_lost(FAR)?;
            watched.giver.has_lost(FAR + (1 << 25) - 0x1000)
        },
    )
}

/// The taker ends in the middle of the item: the giver hears that its message was aborted.
pub(super) fn taker_ends() -> Outcome {
    until_watched(
        MAP,
        |_, taker| taker.0.raw(),
        |watched| {
            let aborted = IpcError::new(Phase::Send, IpcCode::Aborted);
            hex("error", watched.error, Tag::ERROR | aborted.raw())?;
            watched.giver.has(FAR, 0x50)
        },
    )
}

/// The giver ends in the middle of the item: the taker goes on, and what it got is gone with the giver.
pub(super) fn giver_ends() -> Outcome {
    until_watched(
        MAP,
        |giver, _| giver.0.raw(),
        |watched| {
            watched.taker.has_lost(FAR)?;
            watched.taker.has_lost(FAR + (1 << 25) - 0x1000)
        },
    )
}
