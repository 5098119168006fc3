//! TCB and stack in a page each: `without-stack-in-tcb`.
//!
//! The second page of a block is the stack. The rest of the first is left free. So the one is still found from the other
//! without a load, and what remains of the cost is a page more for each of the two threads of a message.

use pecan_rules::paging::{Entry, lookup, map_page};

use crate::memory::layout::PAGE;
use crate::memory::{kernel_space, reserve};
use crate::space::PhysTables;

/// Bytes of a thread's block: a page for the TCB, and one for the stack.
pub(crate) const STACK_TOP_OFFSET: u64 = 2 * PAGE;

/// Memory for the stack of the thread whose TCB is, or will be, at `block`. Under the thread-control lock.
pub(super) fn provide_stack(block: u64) -> Option<()> {
    let root = kernel_space::root();
    if lookup(&PhysTables, root, block + PAGE).is_some() {
        return Some(());
    }
    let frame = reserve::allocate()?;
    let flags = Entry::WRITE.with(Entry::NX).with(Entry::GLOBAL);
    let mapped = map_page(&mut PhysTables, root, block + PAGE, frame.phys(), 12, flags);
    if mapped.is_err() {
        reserve::free(frame);
    }
    mapped.ok().map(|_| ())
}
