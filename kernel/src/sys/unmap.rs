//! Unmap: takes back pages and rights, or asks for accesses (L4 X.2, Unmap).

use pecan_abi::fpage::{Fpage, IoFpage};

use crate::arch::x86_64::entry::syscall::CallFrame;
use crate::sched;
use crate::space::{Space, ports, unmap};
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
    for index in 0..=(frame.rdx & LAST_REGISTER) as usize {
        let Some(space) = me.space() else { return };
        let page = Fpage::from_raw(me.utcb.get().mr(index));
        if let Some(page) = IoFpage::from_fpage(page) {
            ports::unmap(space, page, flush, || pause_in(me, space));
        } else if let Some(seen) = unmap::unmap(space, page, flush, || pause_in(me, space)) {
            me.utcb.get().set_mr(index, page.with_rights(seen).raw());
        }
    }
}

/// Lets in what waits: interrupts, and threads that they made ready. Returns whether `me` still lives in `space`: it may have
/// been moved to another, and this one have ended.
pub(super) fn pause_in(me: Owned, space: &Space) -> bool {
    let name = me.space_name();
    debug_assert_eq!(name, core::ptr::from_ref(space) as u64);
    sched::let_others_in(me);
    me.space_name() == name
}
