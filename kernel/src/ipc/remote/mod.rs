//! The same stages when the partner lives on another CPU. The decisions are those of `pecan_smp::protocol`, which the
//! models check; this carries them out.
//!
//! ```text
//! drain  .  a CPU takes what was sent to it, a bounded number at a time
//! ask    A  the sender's request goes to the partner's CPU
//! serve  B  a request arrives: deliver, queue, refuse, forward; a queued one is taken; a cancel arrives
//! reply  A  the answer arrives, and the sender goes on
//! visit  A  a message may take long: the sender goes along;  B  it meets its partner there
//! ```
//! A node is an address inside a TCB, so it says which thread it is about; each CPU has one of its own, for spaces that end.

mod ask;
mod drain;
mod reply;
mod serve;
mod visit;

use core::sync::atomic::AtomicUsize;

use pecan_abi::hold::Point;
use pecan_smp::cpuset::Cpu as CpuName;
use pecan_smp::mailbox::{Nodes, Ring};
use pecan_smp::protocol::Kind;

#[cfg(not(debug_assertions))]
use crate::arch::x86_64::apic;
use crate::cpu::{self, Counter, Cpu, hold};
#[cfg(debug_assertions)]
use crate::faults;
use crate::memory::layout;
use crate::sched;
use crate::space::shootdown;
use crate::thread::{Node, Owned, TcbRef, migrate};

use super::short::{self, Served};

pub(crate) use super::short::tell;

pub(crate) use ask::ask;
pub(crate) use drain::{Backlog, Found, Heard, drain, hear, hear_one, listen, poll};
pub(crate) use serve::{refuse_queued, take_queued};
pub(crate) use visit::{arrived, flags, send_on};

/// Nodes are named by their addresses.
struct Addresses;

impl Nodes for Addresses {
    #[inline]
    fn link(&self, address: usize) -> &AtomicUsize {
        &node(address).link
    }
}

/// The node at `address`, a node's number.
#[inline(always)]
fn node(address: usize) -> &'static Node {
    // SAFETY: a node's number is its address, and nodes are fields of TCBs and of CPUs' blocks, which are never unmapped.
    unsafe { &*(address as *const Node) }
}

/// Sends `node` as a message of `kind` to CPU `to`, and an interrupt if that would not look by itself.
/// The CPU that has the node.
pub(crate) fn post(cpu: &Cpu, to: u16, node: &Node, kind: Kind) {
    let Some(target) = cpu::get(usize::from(to)) else {
        panic!("a thread lives on CPU {to}, which does not exist")
    };
    if to == cpu.index {
        // What a CPU tells itself, it hears before any thread runs.
        let _ = push(cpu, target, node, kind);
        cpu.backlog.note_own_post();
        cpu.reschedule.set(true);
    } else {
        send(cpu, target, node, kind);
    }
}

/// As [`post`], to another CPU.
#[inline(always)]
pub(crate) fn send(cpu: &Cpu, target: &Cpu, node: &Node, kind: Kind) {
    let ring = push(cpu, target, node, kind);
    hold::at(cpu, Point::Pushed);
    if ring == Ring::Needed || cfg!(feature = "without-ipi-elision") {
        cpu.count(Counter::IpisSent);
        ring_at(cpu, target);
    }
}

#[inline(always)]
fn push(_here: &Cpu, target: &Cpu, node: &Node, kind: Kind) -> Ring {
    node.kind.set(kind);
    #[cfg(debug_assertions)]
    faults::hold(_here);
    let node = core::ptr::from_ref(node) as usize;
    target.mailbox.0.push(&Addresses, node)
}

/// Between the push and this any time may pass: whoever pushes meanwhile relies on it.
#[inline(always)]
fn ring_at(_here: &Cpu, target: &Cpu) {
    #[cfg(debug_assertions)]
    return faults::ring(_here, target);
    #[cfg(not(debug_assertions))]
    apic::send_ipi(target.apic_id, apic::vector::DOORBELL);
}

/// Recalls the request of `thread` from the queue that it is in on CPU `there`. The thread's home.
pub(super) fn recall(cpu: &Cpu, thread: Owned, there: CpuName) {
    post(cpu, there.0, &thread.cancel_node, Kind::Cancel);
}

fn handle(cpu: &'static Cpu, address: usize) {
    if !layout::is_in_tcb_array(address as u64) {
        return handle_cpus(cpu, address);
    }
    let thread = TcbRef::containing(address);
    let kind = node(address).kind.get();
    hold::at(cpu, point(kind));
    match kind {
        Kind::Request => match short::serve(cpu, thread) {
            Served::Silently(partner) => sched::wake(cpu, partner),
            Served::Loudly(partner) => {
                short::tell(cpu, thread);
                sched::wake(cpu, partner);
            }
            Served::Not => serve::request(cpu, thread),
        },
        Kind::Cancel => serve::cancel(cpu, thread),
        Kind::Answer(answer) => reply::answered(cpu, Owned::seen_here(thread), answer),
        Kind::Control => crate::sys::remote::serve(cpu, thread),
        Kind::Arrive => migrate::arrive(cpu, thread),
    }
}

/// Where tests hold a CPU before it handles a node.
const fn point(kind: Kind) -> Point {
    match kind {
        Kind::Request => Point::Request,
        Kind::Cancel => Point::Cancel,
        Kind::Answer(_) => Point::Answer,
        Kind::Control => Point::Control,
        Kind::Arrive => Point::Arrive,
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
