//! Unmap: takes back pages and rights, or asks for accesses (L4 X.2, Unmap).

use pecan_abi::fpage::{Fpage, IoFpage};
use pecan_abi::hold::Point;

use crate::arch::x86_64::entry::call::CallFrame;
use crate::cpu::{self, hold};
use crate::sched;
use crate::space::{Space, ports, shootdown, unmap};
use crate::thread::Owned;

/// Bits 0-5 of Unmap's control word: the number of the last MR.
const LAST_REGISTER: u64 = 0x3F;
/// Bit 6: the caller's own pages too.
const FLUSH: u64 = 1 << 6;

/// Unmap: rdx control; the fpages in MR0.. come back with the accesses seen as rights. Ports, whose accesses nobody
/// sees, and what is neither memory nor ports come back as they are.
#[inline(never)]
pub(super) fn call(me: Owned, frame: &CallFrame) {
    let flush = frame.rdx & FLUSH != 0;
    let mut stale = false;
    for index in 0..=(frame.rdx & LAST_REGISTER) as usize {
        let Some(space) = me.space() else { break };
        let page = Fpage::from_raw(me.utcb.get().mr(index));
        let pause = || pause_in(me, space);
        if let Some(page) = IoFpage::from_fpage(page) {
            ports::unmap(space, page, flush, &mut stale, pause);
        } else if let Some(seen) = unmap::unmap(space, page, flush, &mut stale, pause) {
            me.utcb.get().set_mr(index, page.with_rights(seen).raw());
        }
    }
    hold::at(cpu::current(), Point::Unmapped);
    if stale {
        shootdown::wait(me);
    }
}

/// Lets in what waits: interrupts, and threads that they made ready. Returns whether `me` still lives in `space`: it may have
/// been moved to another, and this one have ended.
pub(super) fn pause_in(me: Owned, space: &Space) -> bool {
    debug_assert!(lives_in(me, space));
    sched::let_others_in(me);
    lives_in(me, space)
}

/// Whether `me` lives in `space`, which then lives too.
pub(super) fn lives_in(me: Owned, space: &Space) -> bool {
    me.space_name() == core::ptr::from_ref(space) as u64
}
