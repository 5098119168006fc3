//! ThreadSwitch: give the CPU away (L4 X.2, ThreadSwitch).

use core::ptr;

use crate::cpu;
use crate::sched;
use crate::thread::{Owned, Resources, State, Tcb, table};

/// The call of `me`. A `dest` of this CPU that is ready gets the rest of the slice; the caller as destination changes
/// nothing; anything else is a yield, also if there is no rest, or somebody waits whom the caller holds off. Returns who
/// runs next; null is the dispatcher's choice.
pub(crate) extern "sysv64" fn thread_switch(me: Owned, dest: u64) -> *const Tcb {
    let cpu = cpu::current();
    let next = if dest == 0 {
        sched::next_in_line(cpu, me)
    } else {
        to_somebody(me, dest)
    };
    next.map_or(ptr::null(), Owned::as_ptr)
}

#[inline(never)]
fn to_somebody(me: Owned, dest: u64) -> Option<Owned> {
    let cpu = cpu::current();
    let can_give = cpu.slice_left.get() != 0 && me.resources.get() & Resources::HELD == 0;
    let dest = table::find(dest).and_then(|dest| dest.owned(cpu));
    match dest.filter(|dest| dest.state() == State::Ready) {
        Some(dest) if dest == me => {
            sched::leave_call(cpu, me);
            Some(me)
        }
        Some(dest) if can_give && dest.resources.get() & Resources::MOVE == 0 => {
            Some(sched::donate(cpu, me, dest))
        }
        _ => sched::next_in_line(cpu, me),
    }
}
