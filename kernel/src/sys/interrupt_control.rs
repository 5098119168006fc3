//! ThreadControl on the thread of an interrupt: who handles it (L4 X.2, interrupts). On the caller's CPU and stack,
//! interrupts off.

use pecan_abi::error::SysError;
use pecan_abi::id::ThreadId;

use super::thread_control::{delete_call, lock, look_again_later};
use crate::irq;
use crate::start;
use crate::thread::create::{Slot, slot};
use crate::thread::{Owned, State, table};

/// Makes `handler` the handler of the interrupt whose thread is `interrupt`, instead of any other; with `interrupt`
/// itself as handler it has none. What came for the old handler and was not answered is forgotten.
///
/// Errors: `InvalidThread` (there is no such interrupt, or no such handler), `NoMemory`.
pub(super) fn call(me: Owned, interrupt: ThreadId, handler: ThreadId) -> Result<(), SysError> {
    if interrupt.version() != 1 || !irq::is_available(interrupt.number()) {
        return Err(SysError::InvalidThread);
    }
    if handler == interrupt {
        return delete_call(me, interrupt);
    }
    loop {
        if !can_handle(handler) {
            return Err(SysError::InvalidThread);
        }
        match slot(interrupt) {
            Slot::Free => {
                let _lock = lock();
                if slot(interrupt) == Slot::Free {
                    return irq::associate(interrupt.number(), handler);
                }
            }
            Slot::Taken(_) if irq::handler(interrupt.number()) == handler.raw() => return Ok(()),
            Slot::Taken(_) => delete_call(me, interrupt)?,
            Slot::Dying(_) => look_again_later(me),
        }
    }
}

/// Whether there is such a thread, other than those of interrupts.
fn can_handle(handler: ThreadId) -> bool {
    handler.number() >= start::user_base()
        && table::find(handler.raw()).is_some_and(|thread| thread.state() != State::Dying)
}
