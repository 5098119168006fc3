//! ExchangeRegisters with the bits that abort, while a pager keeps a fault of the transfer.

use l4::IpcCode::Aborted;
use l4::abi::exregs::{RECEIVE, SEND};
use l4::abi::item::StringItem;
use l4::abi::schedule::ThreadState::PendingSend;
use l4::{Phase, ThreadId, schedule};

use crate::harness::gap::Gap;
use crate::harness::pair::{ORDERS, Order, Pair, SIDES, Side, ends_with};
use crate::harness::script::Act;
use crate::harness::{Job, Outcome, SOON, check, equal, pause, raw, worker};

/// Both sides end, with what had arrived, if `victim` is aborted with `bits` while `side` waits for
/// a page.
#[track_caller]
fn aborted(side: Side, victim: Side, bits: u64) -> Outcome {
    for order in ORDERS {
        let gap = Gap::new(side)?;
        let transfer = gap.hold(order)?;
        raw::control(gap.pair.of(victim).id, bits);
        transfer.is_cut(Aborted, Aborted, gap.offset)?;
        gap.ends_there()?;
        gap.works_again(order)?;
    }
    Ok(())
}

pub(super) fn the_one_that_faults() -> Outcome {
    aborted(Side::Sender, Side::Sender, SEND | RECEIVE)?;
    aborted(Side::Receiver, Side::Receiver, SEND | RECEIVE)
}

pub(super) fn its_partner() -> Outcome {
    aborted(Side::Sender, Side::Receiver, SEND | RECEIVE)?;
    aborted(Side::Receiver, Side::Sender, SEND | RECEIVE)
}

/// The bit that aborts a thread in the phase of the transfer.
const fn phase_of(side: Side) -> u64 {
    match side {
        Side::Sender => SEND,
        Side::Receiver => RECEIVE,
    }
}

pub(super) fn by_the_phase_alone() -> Outcome {
    for side in SIDES {
        for victim in SIDES {
            aborted(side, victim, phase_of(victim))?;
        }
    }
    Ok(())
}

/// A sender is not aborted by the bit for receivers, nor a receiver by that for senders, whatever
/// they do about their fault; and no bit does nothing.
pub(super) fn other_phase() -> Outcome {
    for side in SIDES {
        for victim in SIDES {
            for bits in [0, (SEND | RECEIVE) & !phase_of(victim)] {
                let gap = Gap::new(side)?;
                let transfer = gap.hold(ORDERS[usize::from(bits == 0)])?;
                raw::control(gap.pair.of(victim).id, bits);
                pause(3_000);
                let done = (transfer.sender.is_done(), transfer.receiver.is_done());
                equal("nobody is done", done, (false, false))?;
                gap.completes(&transfer)?;
            }
        }
    }
    Ok(())
}

/// Another transfer whose pager keeps it waiting is not touched.
pub(super) fn others_go_on() -> Outcome {
    for victim in SIDES {
        let first = Gap::new(Side::Sender)?;
        let second = Pair::start_as(2, worker::away(), worker::away())?;
        let second = Gap::of(second, Side::Receiver)?;
        let ends = first.hold(Order::SenderFirst)?;
        let goes_on = second.hold(Order::ReceiverFirst)?;
        raw::control(first.pair.of(victim).id, SEND | RECEIVE);
        ends.is_cut(Aborted, Aborted, first.offset)?;
        pause(3_000);
        check(
            "the other is not done",
            !goes_on.sender.is_done() && !goes_on.receiver.is_done(),
        )?;
        second.completes(&goes_on)?;
    }
    Ok(())
}

/// The pager's answer to a fault of an aborted transfer finds nobody.
pub(super) fn late_answer() -> Outcome {
    for side in SIDES {
        let gap = Gap::new(side)?;
        let transfer = gap.hold(Order::ReceiverFirst)?;
        raw::control(gap.pair.sender.id, SEND);
        transfer.is_cut(Aborted, Aborted, gap.offset)?;
        let error = gap.pager().release(Act::Map)?.err();
        check("the answer comes too late", error.is_some())?;
        gap.works_again(Order::SenderFirst)?;
    }
    Ok(())
}

/// A call that is aborted in its transfer does not receive.
pub(super) fn no_receive_phase() -> Outcome {
    for side in SIDES {
        let gap = Gap::new(side)?;
        let other = Job::send(gap.pair.sender.id)
            .words(1, 1, 1)
            .start(worker::here())?;
        worker::until_state(other.id, PendingSend)?;
        let call = Job::new(gap.pair.receiver.id, ThreadId::ANY)
            .tag(gap.pair.tag_of_one_string())
            .registers(
                1,
                &[StringItem::new(3 * 4096, 1).raw(), gap.pair.source.at(24)],
            )
            .within(SOON, SOON);
        let transfer = gap.hold_with(Order::ReceiverFirst, call, gap.receive())?;
        raw::control(gap.pair.receiver.id, RECEIVE);
        transfer.is_cut(Aborted, Aborted, gap.offset)?;
        equal(
            "who waits to send",
            schedule::state(other.id),
            Ok(PendingSend),
        )?;
    }
    Ok(())
}

/// Each fault of a transfer is aborted in turn; a party that is aborted anew each time still lives.
pub(super) fn again_and_again() -> Outcome {
    for side in SIDES {
        let gap = Gap::new(side)?;
        for round in 0..20 {
            let transfer = gap.hold(ORDERS[round % 2])?;
            let victim = SIDES[round / 2 % 2];
            raw::control(gap.pair.of(victim).id, SEND | RECEIVE);
            ends_with(&transfer.sender, Phase::Send, Aborted, gap.offset)?;
            ends_with(&transfer.receiver, Phase::Receive, Aborted, gap.offset)?;
        }
        gap.ends_there()?;
        gap.works_again(Order::ReceiverFirst)?;
    }
    Ok(())
}
