//! The same stages when the partner lives on another CPU. The decisions are those of `pecan_smp::protocol`, which the
//! models check; this carries them out.
//!
//! ```text
//! ask    A  the sender's request goes to the partner's CPU
//! serve  B  a request arrives: deliver, queue, refuse, forward; a queued one is taken; a cancel arrives
//! reply  A  the answer arrives, and the sender goes on
//! visit  A  a message may take long: the sender goes along;  B  it meets its partner there
//! ```
//! A node is an address inside a TCB, so it says which thread it is about.

mod ask;
mod reply;
mod serve;
mod visit;

use core::sync::atomic::AtomicUsize;

use pecan_smp::cpuset::Cpu as CpuName;
use pecan_smp::mailbox::{Nodes, Ring};
use pecan_smp::protocol::Kind;

#[cfg(not(debug_assertions))]
use crate::arch::x86_64::apic;
use crate::cpu::{self, Counter, Cpu};
#[cfg(debug_assertions)]
use crate::faults;
use crate::thread::{Node, Owned, TcbRef, migrate};

pub(crate) use ask::ask;
pub(crate) use serve::{refuse_queued, take_queued};
pub(crate) use visit::{arrived, flags, send_on};

/// Nodes are named by their addresses.
struct Addresses;

impl Nodes for Addresses {
    #[inline]
    fn link(&self, node: usize) -> &AtomicUsize {
        // SAFETY: a node's number is its address, and nodes are fields of TCBs, which are never unmapped.
        unsafe { &(*(node as *const Node)).link }
    }
}

/// Sends `node` as a message of `kind` to CPU `to`, and an interrupt if that would not look by itself.
/// The CPU that has the node.
pub(crate) fn post(cpu: &Cpu, to: u16, node: &Node, kind: Kind) {
    node.kind.set(kind);
    let Some(target) = cpu::get(usize::from(to)) else {
        panic!("a thread lives on CPU {to}, which does not exist")
    };
    #[cfg(debug_assertions)]
    faults::hold(cpu);
    let ring = target
        .mailbox
        .0
        .push(&Addresses, core::ptr::from_ref(node) as usize);
    if to == cpu.index {
        // What a CPU tells itself, it hears before any thread runs.
        cpu.reschedule.set(true);
    } else if ring == Ring::Needed {
        cpu.count(Counter::IpisSent);
        ring_at(cpu, target);
    }
}

/// Between the push and this any time may pass: whoever pushes meanwhile relies on it.
#[inline(always)]
fn ring_at(_here: &Cpu, target: &Cpu) {
    #[cfg(debug_assertions)]
    return faults::ring(_here, target);
    #[cfg(not(debug_assertions))]
    apic::send_ipi(target.apic_id, apic::vector::DOORBELL);
}

/// Handles all that was sent to this CPU; afterwards the first node rings. This CPU, interrupts off.
pub(crate) fn drain(cpu: &'static Cpu) {
    #[cfg(debug_assertions)]
    faults::hold(cpu);
    while !cpu.mailbox.0.leave() {
        let mut batch = cpu.mailbox.0.take(&Addresses);
        while let Some(node) = batch.next(&Addresses) {
            cpu.count(Counter::RemoteRequests);
            handle(cpu, node);
        }
    }
}

/// Looks at the mailbox `times` times, so that nobody need ring meanwhile. True: nothing came.
pub(crate) fn poll(cpu: &'static Cpu, times: u32) -> bool {
    let mut batch = cpu.mailbox.0.take(&Addresses);
    while let Some(node) = batch.next(&Addresses) {
        cpu.count(Counter::RemoteRequests);
        handle(cpu, node);
        if batch.is_empty() {
            return false;
        }
    }
    for _ in 0..times {
        if cpu.mailbox.0.has_mail() {
            return false;
        }
        core::hint::spin_loop();
    }
    true
}

/// The CPU halted and was woken: from now on the first node rings again.
pub(crate) fn wake_up(cpu: &'static Cpu) {
    drain(cpu);
}

/// Recalls the request of `thread` from the queue that it is in on CPU `there`. The thread's home.
pub(super) fn recall(cpu: &Cpu, thread: Owned, there: CpuName) {
    post(cpu, there.0, &thread.cancel_node, Kind::Cancel);
}

fn handle(cpu: &'static Cpu, node: usize) {
    let thread = TcbRef::containing(node);
    let is_request = node == core::ptr::from_ref(&thread.request_node) as usize;
    let kind = if is_request {
        thread.request_node.kind.get()
    } else {
        thread.cancel_node.kind.get()
    };
    match kind {
        Kind::Request => serve::request(cpu, thread),
        Kind::Cancel => serve::cancel(cpu, thread),
        Kind::Answer(answer) => reply::answered(cpu, Owned::seen_here(thread), answer),
        Kind::Control => crate::sys::remote::serve(cpu, thread),
        Kind::Arrive => migrate::arrive(cpu, thread),
    }
}
