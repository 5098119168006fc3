//! Pagers that cannot or will not bring a page.

use l4::IpcCode::{Aborted, XferTimeoutOwn, XferTimeoutPartner};
use l4::abi::exregs::SET_PAGER;
use l4::abi::layout::NOT_GIVEN;
use l4::syscall::Registers;
use l4::{ThreadId, Time};

use crate::harness::gap::Gap;
use crate::harness::pair::{ORDERS, Order, SIDES, Side};
use crate::harness::script::Act;
use crate::harness::{Outcome, equal, ids, pause, raw};

/// A side gets this pager before the transfer, and its old one afterwards.
#[track_caller]
fn without_pager(pager: ThreadId) -> Outcome {
    for side in SIDES {
        for order in ORDERS {
            let gap = Gap::new(side)?;
            let set = Registers {
                control: SET_PAGER,
                pager: pager.raw(),
                ..Registers::default()
            };
            raw::exchange(gap.pair.of(side).id.raw(), set);
            gap.begin(order)?.is_cut(Aborted, Aborted, gap.offset)?;
            gap.ends_there()?;
            set_pager(&gap, gap.pager().id)?;
            gap.works_again(order)?;
        }
    }
    Ok(())
}

#[track_caller]
fn set_pager(gap: &Gap, pager: ThreadId) -> Outcome {
    let of = gap.pair.of(gap.side).id.raw();
    let verdict = raw::thread_control(of, of, 0, pager.raw(), NOT_GIVEN);
    equal("a new pager", verdict, raw::DONE)
}

pub(super) fn no_pager() -> Outcome {
    without_pager(ThreadId::NIL)
}

pub(super) fn dead_pager() -> Outcome {
    without_pager(ids::fresh())
}

/// The pager is deleted while it has a fault to answer.
pub(super) fn killed_pager() -> Outcome {
    for side in SIDES {
        for order in ORDERS {
            let gap = Gap::new(side)?;
            let transfer = gap.hold(order)?;
            equal("deletion", raw::delete(gap.pager().id), raw::DONE)?;
            transfer.is_cut(Aborted, Aborted, gap.offset)?;
            gap.ends_there()?;
        }
    }
    Ok(())
}

/// The partner cannot answer, as it waits for the transfer: only its timeout ends it.
pub(super) fn partner_as_pager() -> Outcome {
    let short = Time::period(30_000);
    for side in SIDES {
        for order in ORDERS {
            let gap = Gap::new(side)?;
            let partner = match side {
                Side::Sender => gap.pair.receiver.id,
                Side::Receiver => gap.pair.sender.id,
            };
            set_pager(&gap, partner)?;
            let (send, receive) = (
                gap.send().xfer(short, short),
                gap.receive().xfer(short, short),
            );
            gap.pair.begin(order, send, receive)?.is_cut(
                XferTimeoutOwn,
                XferTimeoutPartner,
                gap.offset,
            )?;
            gap.ends_there()?;
            set_pager(&gap, gap.pager().id)?;
            gap.works_again(order)?;
        }
    }
    Ok(())
}

/// Answers that never bring the page: others run, and the timeout ends it.
pub(super) fn pager_that_never_helps() -> Outcome {
    let short = Time::period(50_000);
    for act in [Act::Empty, Act::Wrong] {
        for side in SIDES {
            let gap = Gap::new(side)?;
            gap.pager().otherwise(act);
            let (send, receive) = (
                gap.send().xfer(short, short),
                gap.receive().xfer(short, short),
            );
            let transfer = gap.pair.begin(Order::ReceiverFirst, send, receive)?;
            pause(10_000);
            transfer.is_cut(XferTimeoutOwn, XferTimeoutPartner, gap.offset)?;
            gap.ends_there()?;
        }
    }
    Ok(())
}
