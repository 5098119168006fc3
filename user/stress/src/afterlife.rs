//! What became of the last messages of a deleted worker.
//!
//! A worker can be deleted between the kernel's doing and its own entry into the books. Its last operation is on the
//! board, and other workers' books tell the rest, as soon as those that were engaged with it have gone on. Until then
//! the worker is not made again, so that nothing new covers the traces. If its message was cut, its partner knows where.

use core::sync::atomic::Ordering::{Acquire, Release};

use l4::abi::exregs;

use crate::board::{RUN, SLOTS, pair};
use crate::chaos;

/// Notes how far the partner of the just deleted worker `index` is.
pub(crate) fn begin(index: usize) {
    if let Some((target, _)) = SLOTS[index].doing().sends() {
        let rounds = SLOTS[target].rounds.load(Acquire);
        SLOTS[index].partner_rounds.store(rounds, Release);
    }
}

/// Completes the books of the deleted worker `index`; false if it is too early to know. `quiet`: nobody works any more.
pub(crate) fn settle(index: usize, quiet: bool) -> bool {
    let slot = &SLOTS[index];
    if !quiet && is_engaged(index) {
        return false;
    }
    let doing = slot.doing();
    if let Some((target, number)) = doing.sends()
        && pair(index, target).last_sent() != number
    {
        let Some(arrived) = arrival(index, target, number, quiet) else {
            return false;
        };
        if arrived {
            let account = pair(index, target);
            account.enter_sent(number, account.received_stamp());
        }
    }
    if doing.receives() {
        swallow(index);
    }
    slot.dead.store(false, Release);
    true
}

/// Whether somebody may still learn that it got a message through to worker `index`.
fn is_engaged(index: usize) -> bool {
    let sends_here = |slot: &crate::board::Slot| {
        !slot.dead.load(Acquire)
            && slot
                .doing()
                .sends()
                .is_some_and(|(target, _)| target == index)
    };
    SLOTS[..RUN.workers()].iter().any(sends_here)
}

/// Whether message `number` arrived; `None` if its receiver has not gone on yet.
fn arrival(index: usize, target: usize, number: u64, quiet: bool) -> Option<bool> {
    let (slot, receiver) = (&SLOTS[index], &SLOTS[target]);
    let gone_on = quiet
        || receiver.is_buried()
        || receiver.rounds.load(Acquire) != slot.partner_rounds.load(Acquire);
    let arrived = pair(index, target).last_received() == number;
    if !arrived && !gone_on {
        nudge(target);
    }
    (arrived || gone_on).then_some(arrived)
}

/// Makes worker `target` go on if it waits. Its state alone does not tell whether it got the message: it may have
/// got it and now wait for a page.
fn nudge(target: usize) {
    let slot = &SLOTS[target];
    let id = slot.thread();
    if let Some(id) = id.filter(|_| slot.alive.load(Acquire)) {
        // It may be deleted at this moment; then that makes it go on, too.
        let _ = chaos::abort_as(slot, id, exregs::RECEIVE);
    }
}

/// Enters the message that the deleted worker received and had no time to enter: at most one.
fn swallow(index: usize) {
    for sender in 0..RUN.workers() {
        let account = pair(sender, index);
        if let Some(number) = account.missing() {
            // It is newer than the last one and was sent, so this cannot be refused.
            let _ = account.enter_received(number, account.sent_stamp());
            return;
        }
    }
}
