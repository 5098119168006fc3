//! From CPU to CPU. Each is looked at only when the node gets there: what was taken was taken before, so who loads a
//! root, opens a window or learns a port after that look finds nothing of it. Interrupts off.

use pecan_smp::protocol::{Answer, Kind as Message};

use super::roots::Roots;
use crate::arch::x86_64::root;
use crate::cpu::{self, Counter, Cpu};
use crate::ipc::remote::post;
use crate::memory::kernel_space;
use crate::sys::remote::Control;
use crate::thread::{Node, TcbRef};

/// This CPU drops what it has of `roots`.
pub(super) fn drop_here(cpu: &Cpu, roots: &Roots) {
    if roots.concern_pages(cpu) {
        // SAFETY: the root is the one that is loaded.
        unsafe { root::load(cpu.loaded_root()) };
    }
    if roots.concern_ports(cpu) {
        cpu.ports.forget();
    }
}

/// The first CPU from number `from` on, other than `home`, that may have something of `roots`.
pub(super) fn next(roots: &Roots, from: usize, home: u16) -> Option<u16> {
    (from..cpu::count())
        .filter_map(cpu::get)
        .find(|cpu| cpu.index != home && (roots.concern_pages(cpu) || roots.concern_ports(cpu)))
        .map(|cpu| cpu.index)
}

/// Sends a flight's node to CPU `there`. The CPU that has the node.
pub(super) fn send(cpu: &Cpu, there: u16, node: &Node) {
    cpu.count(Counter::FlushesSent);
    post(cpu, there, node, Message::Control);
}

/// The flight of `carrier`, a thread of another CPU, has come to this one.
pub(crate) fn pass_on(cpu: &Cpu, carrier: TcbRef, control: &Control) {
    go_on(cpu, control, &carrier.request_node, carrier.home());
}

/// A flight has come to this CPU for a space that ends on CPU `home`.
pub(crate) fn pass_end_on(cpu: &Cpu, home: &Cpu) {
    go_on(cpu, &home.ends.control.get(), &home.ends.node, home.index);
}

fn go_on(cpu: &Cpu, control: &Control, node: &Node, home: u16) {
    let roots = Roots::from_words(control.words);
    drop_here(cpu, &roots);
    match next(&roots, usize::from(cpu.index) + 1, home) {
        Some(there) => send(cpu, there, node),
        None => post(cpu, home, node, Message::Answer(Answer::Done)),
    }
}

/// Before this CPU halts: it keeps no space, so that nobody need wake it. Idle CPUs keep the ports that they know, switched off: who
/// takes ports is rare.
///
/// The root is noted before it is loaded, and the mailbox is looked at afterwards, in the step that says that the CPU
/// halts. So a flight that saw the old root has its node in the mailbox, or rings; one that saw the kernel's passes by,
/// and what was taken before is dropped by the load, before any program runs here. A thread that is taken up later loads
/// its root, and finds the tables as they are then.
pub(crate) fn rest(cpu: &Cpu) {
    let kernel = kernel_space::root();
    if cpu.loaded_root() != kernel {
        cpu.set_loaded_root(kernel);
        // SAFETY: the kernel's own root maps all of the kernel.
        unsafe { root::load(kernel) };
        cpu.set_window_root(0);
    }
}
