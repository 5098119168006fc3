//! ThreadSwitch: give the CPU away (L4 X.2, ThreadSwitch).

use crate::arch::x86_64::entry::syscall::CallFrame;
use crate::cpu;
use crate::sched;
use crate::thread::{Owned, Resources, State, table};

/// The call: rdi dest. A thread of this CPU that is ready gets the rest of the slice; the caller as destination changes
/// nothing; anything else is a yield, also if there is no rest, or somebody waits whom the caller holds off.
#[inline(never)]
pub(super) fn call(me: Owned, frame: &CallFrame) {
    let cpu = cpu::current();
    let can_give = cpu.slice_left.get() != 0 && me.resources.get() & Resources::HELD == 0;
    let dest = table::find(frame.rdi).and_then(|dest| dest.owned(cpu));
    match dest.filter(|dest| dest.state() == State::Ready) {
        Some(dest) if dest == me => {}
        Some(dest) if can_give && dest.resources.get() & Resources::MOVE == 0 => {
            sched::donate(cpu, me, dest);
        }
        _ => sched::give_way(cpu, me),
    }
}
