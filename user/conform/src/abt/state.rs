//! What others see of a thread in a transfer, and what they can do to it without ending it.

use l4::abi::exregs::{HALT, HALT_VALID, RECEIVE, SEND, SET_HANDLE};
use l4::abi::schedule::ThreadState::{Inactive, Receiving, Sending};
use l4::schedule;
use l4::syscall::Registers;

use crate::harness::gap::Gap;
use crate::harness::pair::{ORDERS, SIDES, Side};
use crate::harness::script::Act;
use crate::harness::{Outcome, check, equal, hex, raw, until, worker};

/// Both are in the middle of a transfer, whoever waits for a page.
pub(super) fn schedule_and_exchange_registers() -> Outcome {
    for side in SIDES {
        for order in ORDERS {
            let gap = Gap::new(side)?;
            let transfer = gap.hold(order)?;
            let (sender, receiver) = (gap.pair.sender.id, gap.pair.receiver.id);
            equal("sender", schedule::state(sender), Ok(Sending))?;
            equal("receiver", schedule::state(receiver), Ok(Receiving))?;
            hex(
                "sender's control word",
                raw::control(sender, 0).1.control,
                SEND,
            )?;
            hex(
                "receiver's control word",
                raw::control(receiver, 0).1.control,
                RECEIVE,
            )?;
            gap.completes(&transfer)?;
            worker::until_waiting(&[sender, receiver])?;
        }
    }
    Ok(())
}

/// `victim` is halted in the transfer: the transfer goes on to its end, the thread stops then, and
/// runs on when it is resumed.
#[track_caller]
fn halted(victim: Side) -> Outcome {
    for side in SIDES {
        for order in ORDERS {
            let gap = Gap::new(side)?;
            let transfer = gap.hold(order)?;
            let id = gap.pair.of(victim).id;
            raw::control(id, HALT_VALID | HALT);
            equal("answer", gap.pager().release(Act::Map)?, Ok(()))?;
            let (stops, goes_on) = match victim {
                Side::Sender => (transfer.sender, transfer.receiver),
                Side::Receiver => (transfer.receiver, transfer.sender),
            };
            goes_on.result()?.ok()?;
            gap.is_whole()?;
            worker::until_state(id, Inactive)?;
            check("it stands still", !stops.is_done())?;
            raw::control(id, HALT_VALID);
            until("it goes on", || stops.is_done())?;
            transfer.succeeds()?;
        }
    }
    Ok(())
}

pub(super) fn halted_sender() -> Outcome {
    halted(Side::Sender)
}

pub(super) fn halted_receiver() -> Outcome {
    halted(Side::Receiver)
}

/// Handle and priority can be set in the middle.
pub(super) fn other_registers() -> Outcome {
    for side in SIDES {
        let gap = Gap::new(side)?;
        let transfer = gap.hold(ORDERS[side as usize])?;
        for each in SIDES {
            let id = gap.pair.of(each).id;
            let set = Registers {
                control: SET_HANDLE,
                handle: 0xABCD,
                ..Registers::default()
            };
            raw::exchange(id.raw(), set);
            hex("handle", raw::control(id, 0).1.handle, 0xABCD)?;
            schedule::set_priority(id, 90)?;
        }
        gap.completes(&transfer)?;
    }
    Ok(())
}
