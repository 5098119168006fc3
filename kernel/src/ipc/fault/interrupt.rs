//! Interrupts (L4 X.2, interrupt protocol): the kernel sends and receives for the thread of an interrupt, which never
//! runs. On that thread's home CPU, interrupts off.

use pecan_abi::protocol::INTERRUPT_TAG;
use pecan_rules::rendezvous::accepts;

use crate::cpu::Cpu;
use crate::ipc::meet::{Meeting, meet};
use crate::ipc::{Request, answer, queue, receive, remote, transfer, validate};
use crate::sched;
use crate::thread::{Owned, table};
use crate::trace;

/// What became of the message.
#[must_use]
pub(crate) enum Sent {
    /// The handler has it; it is the caller's to wake.
    Whole(Owned),
    /// The interrupt's thread is in the handler's send queue.
    Queued,
    /// The handler lives on this other CPU; nothing was done.
    Elsewhere(u16),
    /// There is no such handler.
    Nobody,
}

/// A call without timeouts, as all messages of the kernel are.
fn request(handler: u64) -> Request {
    Request {
        to: handler,
        from: handler,
        timeouts: 0,
        tag: INTERRUPT_TAG,
    }
}

/// Sends the message of `irq`, which waits for its handler. It goes on waiting, or queues.
pub(crate) fn send(cpu: &'static Cpu, irq: Owned, handler: u64) -> Sent {
    let request = request(handler);
    let meeting = match validate::destination(&request) {
        Ok(partner) => meet(irq, cpu, partner, request.tag),
        Err(code) => Meeting::Refused(code),
    };
    match meeting {
        Meeting::Now(partner) => {
            transfer::bare(&irq, partner, request.tag);
            Sent::Whole(partner)
        }
        Meeting::Later(partner) => {
            let _ = queue::wait_at(irq, cpu, partner, &request);
            Sent::Queued
        }
        Meeting::Elsewhere(there) => Sent::Elsewhere(there),
        Meeting::Refused(_) => Sent::Nobody,
    }
}

/// As [`send`], if `handler` waits on this CPU for `irq`, which waits, or for anybody, and nothing keeps it from running. `None`:
/// nothing has changed.
#[inline(always)]
pub(crate) fn send_at_once(cpu: &Cpu, irq: Owned, handler: u64) -> Option<Owned> {
    let handler = table::find_waiting(handler, cpu)?;
    // The thread of an interrupt shares its space with nobody.
    if handler.resources.get() != 0 || !accepts(handler.wait.get(), irq.id(), false) {
        return None;
    }
    sched::disarm(handler);
    trace::delivered(&irq, handler, INTERRUPT_TAG.raw());
    answer::received(handler, irq.id(), INTERRUPT_TAG.raw());
    Some(handler)
}

/// Sends the message of `irq` to its handler on CPU `there`, as any thread would.
pub(crate) fn ask(cpu: &'static Cpu, irq: Owned, handler: u64, there: u16) {
    let _ = remote::ask(irq, cpu, &request(handler), there);
}

/// Takes an answer that the handler sent before `irq` received. False: there is none any more, and `irq` waits.
pub(crate) fn take_queued(cpu: &'static Cpu, irq: Owned, handler: u64) -> bool {
    receive::enter(irq, cpu, &request(handler)) == receive::Entered::Ended
}
