//! ExchangeRegisters on a thread in the very moment in which a string is copied, by it or by its partner.

use l4::abi::exregs as bit;
use l4::abi::schedule::ThreadState::{Receiving, Sending};
use l4::syscall::Registers;
use l4::{IpcError, clock, schedule};

use super::transfer::{Midst, elsewhere, gets_there, is_not_there};
use crate::harness::pair::{ORDERS, Order, Pair, SIDES, Side};
use crate::harness::script::Act;
use crate::harness::{Failure, Outcome, arena, check, equal, hex, pause, raw, worker};

/// The string: its place in the receiver's window, its length, its text.
const TO: u64 = 4096;
const LENGTH: u64 = 2 << 20;
const TEXT: u64 = 0x71;

/// A pair on this CPU that has all pages of the string.
#[track_caller]
fn pair(cpu: usize) -> Result<Pair, Failure> {
    let pair = Pair::start_as(0, worker::away().cpu(cpu), worker::away().cpu(cpu))?;
    pair.prepare(0, TO, LENGTH, TEXT);
    for (side, first) in [(Side::Sender, 0), (Side::Receiver, TO)] {
        let pager = pair.pager_of(side);
        pager.otherwise(Act::Chunk);
        pair.of(side)
            .touches(pager.at(first)..pager.at(first + LENGTH))?;
    }
    Ok(pair)
}

/// Lets time pass without giving others the CPU.
fn spend(micros: u64) {
    let start = clock::micros();
    while clock::micros() - start < micros {
        core::hint::spin_loop();
    }
}

#[track_caller]
fn begin(pair: Pair, order: Order) -> Result<crate::harness::pair::Transfer, Failure> {
    arena::blank(pair.target.memory(TO), LENGTH);
    pair.begin(order, pair.send(0, LENGTH), pair.receive(TO, LENGTH))
}

/// Some bytes have arrived, but not all.
fn is_halfway(pair: &Pair) -> bool {
    let came = |index| arena::byte(pair.target.memory(TO + index)) == arena::letter(TEXT, index);
    came(0) && !came(LENGTH - 1)
}

/// A copy that the test's thread has interrupted: it is more urgent than the two, and its time came in between.
#[track_caller]
fn caught(order: Order, victim: Side) -> Result<Midst, Failure> {
    let pair = pair(0)?;
    for attempt in 0..1000 {
        let transfer = begin(pair, order)?;
        // The copy begins now, at another moment between two ticks each time.
        spend(attempt * 90 % 1000);
        pause(1);
        let states = [pair.sender, pair.receiver].map(|partner| schedule::state(partner.id));
        if states == [Ok(Sending), Ok(Receiving)] && is_halfway(&pair) {
            let midst = Midst {
                pair,
                transfer,
                victim,
            };
            return Ok(midst);
        }
        transfer.succeeds()?;
    }
    Err(Failure::new(format_args!("no copy was interrupted")))
}

/// Does `work` with each of the two, whoever copies.
#[track_caller]
fn each(work: impl Fn(Midst) -> Outcome) -> Outcome {
    for order in ORDERS {
        for victim in SIDES {
            work(caught(order, victim)?)?;
        }
    }
    Ok(())
}

#[track_caller]
fn is_whole(midst: &Midst) -> Outcome {
    midst.pair.arrived(TO, LENGTH, TEXT)
}

/// The partner has the whole message, or has sent it.
#[track_caller]
fn partner_succeeds(midst: &Midst) -> Outcome {
    midst.partner().result()?.ok()?;
    is_whole(midst)
}

/// Old values are those that the thread has in user mode; looking changes nothing.
pub(super) fn looks() -> Outcome {
    each(|midst| {
        let old = midst.control(0)?;
        for control in [bit::DELIVER, !0x3FF, midst.other_phase()] {
            equal("old values", midst.control(control)?, old)?;
        }
        check("there is a stack", old.sp != 0)?;
        hex(
            "pager",
            old.pager,
            midst.pair.pager_of(midst.victim).id.raw(),
        )?;
        hex("IF", old.flags & 0x200, 0x200)?;
        midst.goes_on()?;
        midst.transfer.succeeds()?;
        worker::until_waiting(&[midst.id()])?;
        let (_, after) = raw::control(midst.id(), 0);
        // It is in the next IPC now, which it does in the same place.
        hex("IP", old.ip, after.ip)?;
        is_whole(&midst)
    })
}

/// New registers count when the thread is back in user mode, which is after the whole message.
pub(super) fn registers() -> Outcome {
    each(|midst| {
        let before = midst.control(0)?;
        let new = Registers {
            handle: 0x4A4A,
            ..elsewhere(bit::SET_HANDLE | bit::DELIVER)
        };
        equal("old values", midst.exchange(new)?, before)?;
        let now = midst.control(0)?;
        equal(
            "new values",
            [now.ip, now.sp, now.flags, now.handle, now.pager],
            [
                new.ip,
                new.sp,
                before.flags & !bit::USER_FLAGS | new.flags,
                new.handle,
                before.pager,
            ],
        )?;
        midst.goes_on()?;
        is_not_there()?;
        partner_succeeds(&midst)?;
        gets_there()?;
        equal("deletion", raw::delete(midst.id()), raw::DONE)
    })
}

/// Who is stopped stops when the message is over, which the partner does not notice.
pub(super) fn halted() -> Outcome {
    each(|midst| {
        midst.control(bit::HALT_VALID | bit::HALT)?;
        let (_, old) = raw::control(midst.id(), 0);
        hex(
            "control when stopped",
            old.control,
            midst.phase() | bit::HALT,
        )?;
        midst.goes_on()?;
        partner_succeeds(&midst)?;
        midst.stands()?;
        raw::control(midst.id(), bit::HALT_VALID);
        midst.job().result()?.ok()
    })
}

/// Stopped and resumed before the message is over: as if nothing had been.
pub(super) fn halted_for_a_moment() -> Outcome {
    each(|midst| {
        midst.control(bit::HALT_VALID | bit::HALT)?;
        raw::control(midst.id(), bit::HALT_VALID);
        midst.control(0)?;
        midst.transfer.succeeds()?;
        is_whole(&midst)
    })
}

/// Both end at the same byte; what is before that has arrived, and nothing else. Returns the offset.
#[track_caller]
fn both_end(midst: &Midst, partner_first: bool) -> Result<u64, Failure> {
    let done = if partner_first {
        midst.partner().result()?
    } else {
        midst.job().result()?
    };
    let offset = IpcError::from_raw(done.error).map_or(0, |error| error.offset);
    check(
        "some bytes have arrived, not all",
        (1..LENGTH).contains(&offset),
    )?;
    midst.is_aborted(midst.other(), offset)?;
    midst.pair.arrived(TO, offset, TEXT)?;
    Ok(offset)
}

/// The bit of its phase ends it for both.
pub(super) fn aborted() -> Outcome {
    each(|midst| {
        midst.control(midst.other_phase())?;
        midst.goes_on()?;
        midst.control(midst.phase())?;
        let offset = both_end(&midst, false)?;
        midst.is_aborted(midst.victim, offset)
    })
}

/// Stopped and aborted in one call, then resumed: it hears of the abort. Started elsewhere in one call: it is there at once.
pub(super) fn aborted_and_more() -> Outcome {
    each(|midst| {
        midst.control(bit::STOP)?;
        let offset = both_end(&midst, true)?;
        midst.stands()?;
        raw::control(midst.id(), bit::HALT_VALID);
        midst.is_aborted(midst.victim, offset)
    })?;
    each(|midst| {
        midst.exchange(elsewhere(bit::START))?;
        both_end(&midst, true)?;
        gets_there()?;
        equal("deletion", raw::delete(midst.id()), raw::DONE)
    })
}

/// The call comes from another CPU: the two are in the middle of the copy if it says so.
pub(super) fn from_another_cpu() -> Outcome {
    for order in ORDERS {
        for victim in SIDES {
            let pair = pair(1)?;
            let mut attempts = 0;
            while !stopped_from_here(pair, order, victim, attempts)? {
                attempts += 1;
                check("a copy was interrupted", attempts < 1000)?;
            }
        }
    }
    Ok(())
}

/// False: the call came too early or too late.
#[track_caller]
fn stopped_from_here(pair: Pair, order: Order, victim: Side, delay: u64) -> Result<bool, Failure> {
    let midst = Midst {
        pair,
        transfer: begin(pair, order)?,
        victim,
    };
    spend(delay * 40 % 1000);
    let caught =
        schedule::state(midst.id()).is_ok_and(|state| matches!(state, Sending | Receiving));
    let (_, old) = raw::control(midst.id(), bit::HALT_VALID | bit::HALT);
    // A receiver that is through waits for its next order.
    let engaged = old.control == midst.phase() && !midst.job().is_done();
    if caught && engaged {
        partner_succeeds(&midst)?;
        midst.stands()?;
    }
    raw::control(midst.id(), bit::HALT_VALID);
    midst.transfer.succeeds()?;
    is_whole(&midst)?;
    Ok(caught && engaged)
}
