//! Whose timeout it is, and what each side is told.

use l4::IpcCode::{self, XferTimeoutOwn as Own, XferTimeoutPartner as Partners};
use l4::Time;

use crate::harness::failure::at_least;
use crate::harness::gap::Gap;
use crate::harness::pair::{ORDERS, SIDES};
use crate::harness::script::Act;
use crate::harness::{Outcome, SOON, equal, micros_of, pause, until};

const SHORT: Time = Time::period(30_000);

/// The transfer ends with these codes of sender and receiver when the sender's limit and the
/// receiver's are `limits`, whoever lacks the page and whoever came first. It does not end before
/// `after`.
#[track_caller]
fn ends(limits: [Time; 2], codes: [IpcCode; 2], after: Time) -> Outcome {
    for side in SIDES {
        for order in ORDERS {
            let gap = Gap::new(side)?;
            gap.pager().otherwise(Act::Hold);
            let send = gap.send().xfer(limits[0], Time::NEVER);
            let receive = gap.receive().xfer(Time::NEVER, limits[1]);
            let transfer = gap.pair.begin(order, send, receive)?;
            transfer.is_cut(codes[0], codes[1], gap.offset)?;
            gap.ends_there()?;
            at_least(
                "time of the sender",
                transfer.sender.result()?.micros,
                micros_of(after),
            )?;
            if after == Time::ZERO {
                equal("faults", gap.pager().faults(), 0)?;
            } else {
                until("a fault", || gap.pager().faults() == 1)?;
            }
        }
    }
    Ok(())
}

/// Without limits a pager can take its time.
pub(super) fn both_never() -> Outcome {
    for side in SIDES {
        for order in ORDERS {
            let gap = Gap::new(side)?;
            let transfer = gap.hold(order)?;
            pause(60_000);
            equal(
                "nobody is done",
                (transfer.sender.is_done(), transfer.receiver.is_done()),
                (false, false),
            )?;
            gap.completes(&transfer)?;
        }
    }
    Ok(())
}

/// The first missing page ends the transfer; no pager is asked.
pub(super) fn both_zero() -> Outcome {
    ends([Time::ZERO, Time::ZERO], [Own, Partners], Time::ZERO)
}

pub(super) fn one_zero() -> Outcome {
    for other in [Time::NEVER, SHORT, SOON] {
        ends([Time::ZERO, other], [Own, Partners], Time::ZERO)?;
        ends([other, Time::ZERO], [Partners, Own], Time::ZERO)?;
    }
    Ok(())
}

pub(super) fn senders_is_shorter() -> Outcome {
    ends([SHORT, SOON], [Own, Partners], SHORT)?;
    ends([SHORT, Time::NEVER], [Own, Partners], SHORT)
}

pub(super) fn receivers_is_shorter() -> Outcome {
    ends([SOON, SHORT], [Partners, Own], SHORT)?;
    ends([Time::NEVER, SHORT], [Partners, Own], SHORT)
}

/// Of equal limits it is the sender's.
pub(super) fn equal_ones() -> Outcome {
    ends([SHORT, SHORT], [Own, Partners], SHORT)
}

/// The sender's limit for receiving and the receiver's for sending have no part in it.
pub(super) fn other_halves_do_not_count() -> Outcome {
    for side in SIDES {
        for order in ORDERS {
            let gap = Gap::new(side)?;
            let send = gap.send().xfer(Time::NEVER, Time::ZERO);
            let receive = gap.receive().xfer(Time::ZERO, Time::NEVER);
            let transfer = gap.hold_with(order, send, receive)?;
            pause(5_000);
            gap.completes(&transfer)?;
        }
    }
    Ok(())
}

/// Limits that are kept.
pub(super) fn long_enough() -> Outcome {
    for side in SIDES {
        for order in ORDERS {
            for limits in [[SOON, SOON], [SOON, Time::NEVER], [Time::NEVER, SOON]] {
                let gap = Gap::new(side)?;
                let send = gap.send().xfer(limits[0], limits[0]);
                let receive = gap.receive().xfer(limits[1], limits[1]);
                let transfer = gap.hold_with(order, send, receive)?;
                pause(5_000);
                gap.completes(&transfer)?;
            }
        }
    }
    Ok(())
}
