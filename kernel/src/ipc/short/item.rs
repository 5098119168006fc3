//! A message that is one map item of one page: the answer to a page fault.

use pecan_abi::acceptor::Acceptor;
use pecan_abi::fpage::Fpage;
use pecan_abi::item::ItemKind;
use pecan_abi::time::{Time, Timeouts};

use super::{is_common, turn};
use crate::cpu;
use crate::ipc::answer::received;
use crate::ipc::entry::system_call as general;
use crate::ipc::transfer::store;
use crate::space::map;
use crate::thread::{Field, Owned, Tcb};
use crate::trace;

/// The IPC system call that the straight line left late, with such a message: `partner`, the thread `to`, waits here for
/// `me`, who is going to wait for it or for anybody. Returns who runs next, as [`crate::ipc::entry::system_call`].
pub(crate) extern "sysv64" fn send_item(
    me: Owned,
    _to: u64,
    from: u64,
    partner: Owned,
    timeouts: u64,
    tag: u64,
) -> *const Tcb {
    let cpu = cpu::current();
    // Where a thread that is about to wait has them, too, so that they need not be kept.
    me.receive_from.set(from);
    me.timeouts.set(timeouts);
    let is_patient = Timeouts::from_raw(timeouts).recv() == Time::NEVER;
    let common = is_patient && me.resources.get() == 0 && is_common(me, cpu, partner);
    if !common || !give(me, partner, tag) {
        return refuse(me, partner, tag);
    }
    turn(me, cpu, partner, me.receive_from.get());
    partner.as_ptr()
}

/// The general way.
#[cold]
#[inline(never)]
fn refuse(me: Owned, partner: Owned, tag: u64) -> *const Tcb {
    let (from, timeouts) = (me.receive_from.get(), me.timeouts.get());
    general(me, partner.id(), from, 0, timeouts, tag)
}

/// Gives `partner` the page that the item in MR1 and MR2 names, and the message. False: nothing has changed.
#[inline(always)]
fn give(me: Owned, partner: Owned, tag: u64) -> bool {
    let words = [me.message.get().mr(1), me.message.get().mr(2)];
    let window = Acceptor::from_raw(partner.message.get().get(Field::BR0)).window();
    let (Some(mine), Some(theirs)) = (me.space(), partner.space()) else {
        return false;
    };
    let page = Fpage::from_raw(words[1]);
    // The words are the user's: they may have changed.
    let is_given = ItemKind::of(words[0]) == ItemKind::Map
        && map::page(mine, theirs, words[0] & !0x3FF, page, window);
    if is_given {
        store(partner, 1, words[0]);
        store(partner, 2, words[1]);
        trace::delivered(&me, partner, tag);
        received(partner, me.sender_id(me.id(), &partner), tag);
    }
    is_given
}
