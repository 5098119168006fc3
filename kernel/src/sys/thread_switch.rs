//! ThreadSwitch: give the CPU away (L4 X.2, ThreadSwitch).

use crate::arch::x86_64::entry::syscall::CallFrame;
use crate::cpu;
use crate::sched;
use crate::thread::links::Links;
use crate::thread::{Owned, Resources, State, resources, table};

/// The call: rdi dest. A thread of this CPU that is ready gets the rest of the slice; anything else is a yield.
#[inline(never)]
pub(super) fn call(me: Owned, frame: &CallFrame) {
    let cpu = cpu::current();
    let dest = table::find(frame.rdi).and_then(|dest| dest.owned(cpu));
    match dest.filter(|dest| dest.state() == State::Ready) {
        Some(dest) if dest == me => {}
        Some(dest) if dest.resources.get() & Resources::MOVE == 0 => {
            cpu.ready.with(|ready| ready.enqueue(&mut Links, me.name()));
            resources::pass(cpu, me, dest);
        }
        _ => sched::give_way(cpu, me),
    }
}
