//! Deletion of the parties and of their pagers in the middle of a transfer.

use l4::IpcCode::{Aborted, NonExisting};
use l4::abi::schedule::ThreadState::Waiting;
use l4::{Phase, ThreadId, control, schedule};

use crate::harness::gap::Gap;
use crate::harness::pair::{ORDERS, Order, Pair, SIDES, Side, Transfer, ends_with};
use crate::harness::partner::Partner;
use crate::harness::script::{Act, Script};
use crate::harness::{Job, Outcome, equal, ids, raw, worker};

#[track_caller]
fn delete(id: ThreadId) -> Outcome {
    equal("deletion", raw::delete(id), raw::DONE)
}

/// The partner of `victim` learns that the transfer is over.
#[track_caller]
fn partner_ends(transfer: &Transfer, victim: Side, offset: u64) -> Outcome {
    match victim {
        Side::Sender => ends_with(&transfer.receiver, Phase::Receive, Aborted, offset),
        Side::Receiver => ends_with(&transfer.sender, Phase::Send, Aborted, offset),
    }
}

/// The other party can go on with its life.
#[track_caller]
fn lives(gap: &Gap, victim: Side) -> Outcome {
    let other = match victim {
        Side::Sender => gap.pair.receiver,
        Side::Receiver => gap.pair.sender,
    };
    worker::until_state(other.id, Waiting)?;
    let nothing = Job::receive(gap.pair.of(victim).id);
    other.does(nothing)?.result()?.bare_error(5)
}

/// A victim with a fault of its own, and one whose partner has the fault.
#[track_caller]
fn deleted(victim: Side) -> Outcome {
    for side in SIDES {
        for order in ORDERS {
            let gap = Gap::new(side)?;
            let transfer = gap.hold(order)?;
            delete(gap.pair.of(victim).id)?;
            partner_ends(&transfer, victim, gap.offset)?;
            gap.ends_there()?;
            lives(&gap, victim)?;
        }
    }
    Ok(())
}

pub(super) fn sender() -> Outcome {
    deleted(Side::Sender)
}

pub(super) fn receiver() -> Outcome {
    deleted(Side::Receiver)
}

/// The pager that has to bring the page; the other one does not matter.
pub(super) fn pager() -> Outcome {
    for side in SIDES {
        for order in ORDERS {
            let gap = Gap::new(side)?;
            let transfer = gap.hold(order)?;
            let other = match side {
                Side::Sender => gap.pair.target,
                Side::Receiver => gap.pair.source,
            };
            delete(other.id)?;
            equal(
                "nobody is done",
                transfer.sender.is_done() || transfer.receiver.is_done(),
                false,
            )?;
            delete(gap.pager().id)?;
            transfer.is_cut(Aborted, Aborted, gap.offset)?;
            gap.ends_there()?;
        }
    }
    Ok(())
}

/// One after the other.
pub(super) fn both() -> Outcome {
    for side in SIDES {
        for [first, second] in [
            [Side::Sender, Side::Receiver],
            [Side::Receiver, Side::Sender],
        ] {
            let gap = Gap::new(side)?;
            gap.hold(Order::SenderFirst)?;
            delete(gap.pair.of(first).id)?;
            delete(gap.pair.of(second).id)?;
            for id in [first, second].map(|side| gap.pair.of(side).id) {
                equal("state", schedule::state(id).ok(), None)?;
            }
            let late = gap.pager().release(Act::Map)?.err();
            equal(
                "the answer",
                late.map(|error| error.code),
                Some(NonExisting),
            )?;
        }
    }
    Ok(())
}

/// Another transfer whose pager keeps it waiting is not touched.
pub(super) fn others_go_on() -> Outcome {
    for victim in SIDES {
        let first = Gap::new(Side::Receiver)?;
        let second = Pair::start_as(2, worker::away(), worker::away())?;
        let second = Gap::of(second, Side::Sender)?;
        let ends = first.hold(Order::SenderFirst)?;
        let goes_on = second.hold(Order::ReceiverFirst)?;
        delete(first.pair.of(victim).id)?;
        partner_ends(&ends, victim, first.offset)?;
        second.completes(&goes_on)?;
    }
    Ok(())
}

/// Threads and spaces of transfers that ended in any of these ways give all memory back.
pub(super) fn nothing_leaks() -> Outcome {
    let numbers: [ThreadId; 4] = core::array::from_fn(|_| ids::fresh());
    let mut before = None;
    let mut lives = 0;
    for round in 0..6 {
        for side in SIDES {
            for victim in 0..3 {
                lives += 1;
                one_life(numbers, lives, side, victim)?;
            }
        }
        match round {
            0 => {}
            1 => before = control::free_frames(),
            _ => equal("free frames", control::free_frames(), before)?,
        }
    }
    Ok(())
}

/// A pair begins, loses a party or the pager that matters, and is deleted.
#[track_caller]
fn one_life(numbers: [ThreadId; 4], life: u32, side: Side, victim: usize) -> Outcome {
    let ids = numbers.map(|id| ThreadId::global(id.number(), id.version() + (life << 16)));
    let pager = |id| worker::here().id(id).priority(150);
    let source = Script::start_as(0, pager(ids[0]))?;
    let target = Script::start_as(1, pager(ids[1]))?;
    let pair = Pair {
        sender: Partner::start(worker::away().id(ids[2]).pager(ids[0]))?,
        receiver: Partner::start(worker::away().id(ids[3]).pager(ids[1]))?,
        source,
        target,
    };
    let gap = Gap::of(pair, side)?;
    gap.hold(ORDERS[life as usize % 2])?;
    delete([ids[2], ids[3], gap.pager().id][victim])?;
    for id in ids {
        delete(id)?;
    }
    Ok(())
}
