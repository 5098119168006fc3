//! A page is missing in the middle of a long message between two CPUs, and the fault is on its way to a pager on a third.

use l4::IpcCode;
use l4::control::Point;

use super::{cancel, delete, hold, on_1, release, until_held};
use crate::harness::gap::Gap;
use crate::harness::pair::{ORDERS, Order, Pair, SIDES, Side, ends_with};
use crate::harness::partner::Partner;
use crate::harness::raw;
use crate::harness::script::Script;
use crate::harness::{Failure, Outcome, equal, ids, worker};
use l4::abi::schedule::ThreadState::PendingSend;

/// A sender on CPU 0, a receiver on CPU 2, pagers on CPU 1; one of the two lacks a page.
#[track_caller]
fn gap(side: Side) -> Result<Gap, Failure> {
    let pager = |role| Script::start_as(role, on_1().priority(150));
    let (source, target) = (pager(0)?, pager(1)?);
    let plan = |cpu| worker::away().cpu(cpu);
    let pair = Pair {
        sender: Partner::start(plan(0).pager(source.id))?,
        receiver: Partner::start(plan(2).pager(target.id))?,
        source,
        target,
    };
    Gap::of(pair, side)
}

/// `victim` is deleted or cancelled while the fault is held before its pager's CPU knows it; with `late`, the pager's
/// answer comes right behind that.
#[track_caller]
fn ends(side: Side, victim: Side, order: Order, dies: bool, late: bool) -> Outcome {
    let gap = gap(side)?;
    gap.pager().acts(&[]);
    hold(1, Point::Request);
    let transfer = gap.begin(order)?;
    until_held(1)?;
    let id = gap.pair.of(victim).id;
    if late {
        hold(2, Point::Control);
    }
    let call = if dies { delete(id)? } else { cancel(id)? };
    if late {
        until_held(2)?;
        release(1);
        worker::until_state(gap.pager().id, PendingSend)?;
        release(2);
    } else {
        call.succeeds()?;
        release(1);
    }
    call.succeeds()?;
    if !(dies && victim == Side::Sender) {
        ends_with(
            &transfer.sender,
            l4::Phase::Send,
            IpcCode::Aborted,
            gap.offset,
        )?;
    }
    if !(dies && victim == Side::Receiver) {
        let phase = l4::Phase::Receive;
        ends_with(&transfer.receiver, phase, IpcCode::Aborted, gap.offset)?;
    }
    gap.ends_there()?;
    if dies {
        let next = ids::next_version(id);
        equal("creation", raw::create(next, l4::kip::root()), raw::DONE)?;
        equal("deletion", raw::delete(next), raw::DONE)
    } else {
        gap.works_again(order)
    }
}

/// Whoever lacks the page and whoever ends, the other is told at once, and what is on its way finds nobody.
pub(super) fn on_its_way() -> Outcome {
    for (round, side) in SIDES.into_iter().cycle().take(4).enumerate() {
        for victim in SIDES {
            for dies in [true, false] {
                ends(
                    side,
                    victim,
                    ORDERS[round / 2],
                    dies,
                    (round / 2 == 0) == dies,
                )?;
            }
        }
    }
    Ok(())
}
