//! ExchangeRegisters in the middle of a string, while a pager is asked for a page of it: on the one that lacks the page, and
//! on its partner.

use l4::abi::exregs as bit;
use l4::syscall::Registers;

use super::transfer::{Midst, elsewhere, gets_there, is_not_there};
use crate::harness::gap::Gap;
use crate::harness::pair::{ORDERS, SIDES, Side};
use crate::harness::script::{Act, Script};
use crate::harness::{Outcome, equal, hex, pause, raw};

/// Does `work` with each of the two as victim, whoever lacks the page and whoever copies.
#[track_caller]
fn each(work: impl Fn(Gap, Midst) -> Outcome) -> Outcome {
    for side in SIDES {
        for victim in SIDES {
            for order in ORDERS {
                let gap = Gap::new(side)?;
                let midst = Midst {
                    pair: gap.pair,
                    transfer: gap.hold(order)?,
                    victim,
                };
                work(gap, midst)?;
            }
        }
    }
    Ok(())
}

/// The pager brings the page.
#[track_caller]
fn release(gap: &Gap) -> Outcome {
    equal("answer", gap.pager().release(Act::Map)?, Ok(()))
}

/// The page comes, and the partner has the whole message, or has sent it.
#[track_caller]
fn partner_succeeds(gap: &Gap, midst: &Midst) -> Outcome {
    release(gap)?;
    midst.partner().result()?.ok()?;
    gap.is_whole()
}

/// Old values are those that the thread has in user mode, not those of its fault.
pub(super) fn looks() -> Outcome {
    each(|gap, midst| {
        let old = midst.control(0)?;
        for control in [bit::DELIVER, !0x3FF, midst.other_phase()] {
            equal("old values", midst.control(control)?, old)?;
        }
        gap.completes(&midst.transfer)?;
        let (_, after) = raw::control(midst.id(), 0);
        // It is in the next IPC now, which it does in the same place.
        hex("IP", old.ip, after.ip)?;
        equal("pager", old.pager, after.pager)
    })
}

/// New registers count when the thread is back in user mode, which is after the whole message.
pub(super) fn registers() -> Outcome {
    each(|gap, midst| {
        let before = midst.control(0)?;
        let old = midst.exchange(elsewhere(bit::DELIVER))?;
        equal("old values", old, before)?;
        pause(3_000);
        midst.goes_on()?;
        is_not_there()?;
        partner_succeeds(&gap, &midst)?;
        gets_there()?;
        equal("deletion", raw::delete(midst.id()), raw::DONE)
    })
}

/// Who is stopped goes on with the message all the same, and stops then.
pub(super) fn halted() -> Outcome {
    each(|gap, midst| {
        midst.control(bit::HALT_VALID | bit::HALT)?;
        let (_, old) = raw::control(midst.id(), 0);
        hex(
            "control when stopped",
            old.control,
            midst.phase() | bit::HALT,
        )?;
        partner_succeeds(&gap, &midst)?;
        midst.stands()?;
        raw::control(midst.id(), bit::HALT_VALID);
        midst.job().result()?.ok()
    })
}

/// Stopped and aborted in one call: it stands, and hears of the abort when it is resumed.
pub(super) fn stopped() -> Outcome {
    each(|gap, midst| {
        midst.control(bit::STOP)?;
        midst.is_aborted(midst.other(), gap.offset)?;
        gap.ends_there()?;
        midst.stands()?;
        raw::control(midst.id(), bit::HALT_VALID);
        midst.is_aborted(midst.victim, gap.offset)
    })
}

/// Started elsewhere in one call: the partner hears of the abort, and it is there.
pub(super) fn started() -> Outcome {
    each(|gap, midst| {
        midst.exchange(elsewhere(bit::START))?;
        midst.is_aborted(midst.other(), gap.offset)?;
        gap.ends_there()?;
        gets_there()?;
        equal("deletion", raw::delete(midst.id()), raw::DONE)
    })
}

/// The pager that has the fault answers it; the next fault of the same string is the new pager's.
pub(super) fn pager() -> Outcome {
    each(|gap, midst| {
        let (role, page) = match gap.side {
            Side::Sender => (2, 2),
            Side::Receiver => (3, 3),
        };
        if midst.victim != gap.side {
            return Ok(());
        }
        // The page behind the one that is missing.
        gap.pager().unmap(page);
        let second = Script::start(role)?;
        let new = Registers {
            control: bit::SET_PAGER | bit::SET_HANDLE,
            pager: second.id.raw(),
            handle: 0x1A_7E57,
            ..Registers::default()
        };
        midst.exchange(new)?;
        let now = midst.control(0)?;
        equal(
            "new values",
            (now.pager, now.handle),
            (new.pager, new.handle),
        )?;
        release(&gap)?;
        midst.transfer.succeeds()?;
        equal("faults of the old one", gap.pager().faults(), 1)?;
        equal("faults of the new one", second.faults(), 1)?;
        let fault = second.fault(0);
        hex("its page", fault.address & !0xFFF, second.at(4096 * page))
    })
}
