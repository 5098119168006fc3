//! Where a system call comes in, and where a blocked one goes on. On the caller's stack and CPU, interrupts off.

use super::{Request, handover, on_behalf, phases, receive};
use crate::cpu;
use crate::thread::{Again, Owned, Tcb};

/// The IPC system call on the general way. The entry has stored the message registers into the UTCB.
///
/// Returns who runs next: the caller, its partner, or null for the dispatcher.
#[inline(never)]
pub(crate) extern "sysv64" fn system_call(
    me: Owned,
    to: u64,
    from: u64,
    _: u64,
    timeouts: u64,
    tag: u64,
) -> *const Tcb {
    let request = Request::new(to, from, timeouts, tag);
    phases::perform(me, cpu::current(), &request).next(me)
}

/// A blocked system call that runs again has a phase left. Returns who runs next.
pub(crate) extern "sysv64" fn again(_me: *const Tcb) -> *const Tcb {
    let me = Owned::current();
    let cpu = cpu::current();
    let request = Request::noted(&me);
    match me.again.replace(Again::Nothing) {
        Again::Nothing => me.as_ptr(),
        Again::Receive => receive::perform(me, cpu, &request).next(me),
        Again::Restart => phases::perform(me, cpu, &request).next(me),
        Again::Take => receive::take_locked(me, cpu).next(me),
        Again::GiveBack => {
            on_behalf::give_back(me);
            handover::stay(cpu::current(), me).next(me)
        }
    }
}
