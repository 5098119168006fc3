//! Ready lists that are right at any time: `without-lazy-lists`.
//!
//! Who becomes ready is listed at once, and who is ready no more leaves the list at once. The straight line writes states
//! without these functions; what it leaves undone the lists put right themselves, as they do for lazy ones. This CPU,
//! interrupts off.

use crate::cpu::Cpu;
use crate::thread::links::Links;
use crate::thread::{Owned, Resources, State};

/// `thread` has another state: it is listed now if it is ready, and else not. The thread of an interrupt never is.
#[inline]
pub(crate) fn follow(cpu: &Cpu, thread: Owned) {
    let runs = thread.resources.get() & Resources::INTERRUPT == 0;
    cpu.ready.with(|ready| {
        if thread.state() == State::Ready && runs {
            ready.enqueue(&mut Links, thread.name());
        } else {
            ready.remove(&mut Links, thread.name());
        }
    });
}
