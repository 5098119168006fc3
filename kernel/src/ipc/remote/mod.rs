//! The same stages when the partner lives on another CPU. The decisions are those of `pecan_smp::protocol`, which the
//! models check; this carries them out.
//!
//! ```text
//! drain  .  a CPU takes what was sent to it, a bounded number at a time
//! ask    A  the sender's request goes to the partner's CPU
//! serve  B  a request arrives: deliver, queue, refuse, forward; a queued one is taken; a cancel arrives
//! reply  A  the answer arrives, and the sender goes on
//! ```
//! A node is an address inside a TCB, so it says which thread it is about.

mod ask;
mod drain;
mod reply;
mod serve;

use core::sync::atomic::AtomicUsize;

use pecan_smp::cpuset::Cpu as CpuName;
use pecan_smp::mailbox::{Nodes, Ring};
use pecan_smp::protocol::Kind;

use crate::arch::x86_64::apic;
use crate::cpu::{self, Counter, Cpu};
use crate::memory::layout;
use crate::space::shootdown;
use crate::thread::{Node, Owned, STACK_TOP_OFFSET, Tcb, TcbRef, migrate};

pub(crate) use ask::ask;
pub(crate) use drain::{Backlog, drain, poll};
pub(crate) use serve::{refuse_queued, take_queued};

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
    let ring = target
        .mailbox
        .0
        .push(&Addresses, core::ptr::from_ref(node) as usize);
    if to == cpu.index {
        // What a CPU tells itself, it hears before any thread runs.
        cpu.backlog.note_own_post();
        cpu.reschedule.set(true);
    } else if ring == Ring::Needed {
        cpu.count(Counter::IpisSent);
        apic::send_ipi(target.apic_id, apic::vector::DOORBELL);
    }
}

/// The CPU halted and was woken: from now on the first node rings again.
pub(crate) fn wake_up(cpu: &'static Cpu) {
    drain(cpu);
}

/// Recalls the request of `thread` from the queue that it is in on CPU `there`. The thread's home.
pub(super) fn recall(cpu: &Cpu, thread: Owned, there: CpuName) {
    post(cpu, there.0, &thread.cancel_node, Kind::Cancel);
}

const _: () = assert!(
    Cpu::NODE % STACK_TOP_OFFSET as usize != core::mem::offset_of!(Tcb, request_node),
    "a node of a CPU does not look like a thread's request"
);

fn handle(cpu: &'static Cpu, node: usize) {
    let thread = TcbRef::containing(node);
    let is_request = node == core::ptr::from_ref(&thread.request_node) as usize;
    let kind = if is_request {
        thread.request_node.kind.get()
    } else if layout::is_in_tcb_array(node as u64) {
        thread.cancel_node.kind.get()
    } else {
        return handle_cpus(cpu, node);
    };
    match kind {
        Kind::Request => serve::request(cpu, thread),
        Kind::Cancel => serve::cancel(cpu, thread),
        Kind::Answer(answer) => reply::answered(cpu, Owned::seen_here(thread), answer),
        Kind::Control => crate::sys::remote::serve(cpu, thread),
        Kind::Arrive => migrate::arrive(cpu, thread),
    }
}

/// A node that is a CPU's own is on a flight for a space that ends there, or back.
#[cold]
#[inline(never)]
fn handle_cpus(cpu: &'static Cpu, node: usize) {
    let home = Cpu::containing(node);
    if home.index == cpu.index {
        shootdown::end_landed(cpu);
    } else {
        shootdown::pass_end_on(cpu, home);
    }
}
