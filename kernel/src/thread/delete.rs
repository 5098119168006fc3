//! A thread ends. On its home CPU, interrupts off.
//!
//! Everything that the thread takes part in is unwound at once. What it has lent to another CPU must come home first;
//! until then it is dying: it exists for nobody, but its slot is not free.

use core::sync::atomic::Ordering;

use pecan_abi::id::ThreadId;
use pecan_smp::request::Reason;

use super::{Owned, Resources, State, migrate};
use crate::arch::x86_64::{debug, fpu};
use crate::cpu::Cpu;
use crate::ipc;
use crate::sched;
use crate::space::Space;

/// Deletes `thread`. It may be the one on whose stack this runs; then its memory is given back by the dispatcher.
pub(crate) fn delete(cpu: &Cpu, thread: Owned) {
    if is_interrupt(thread) {
        crate::irq::silence(ThreadId::from_raw(thread.id()).number());
    }
    // Wherever it was to go, it ends here.
    thread
        .resources
        .set(thread.resources.get() & !Resources::MOVE);
    ipc::strings::break_off(cpu, thread, ipc::strings::Cause::Aborted);
    let silent = thread.state() == State::Asking && ipc::settle(cpu, thread, Reason::Kill);
    let lent = match thread.state() {
        State::Asking => !silent,
        State::Controlling => true,
        State::Sending => {
            ipc::queue::unlink(thread.name());
            false
        }
        _ => false,
    };
    sched::unlist(cpu, thread);
    thread.set_state(cpu, State::Dying);
    let senders = thread.senders.replace(pecan_rules::queue::SendQueue::new());
    migrate::send_on(cpu, senders, None);
    if !lent {
        finish(cpu, thread);
    }
}

/// Nothing of the dying `thread` is out any more: its slot becomes free.
pub(crate) fn finish(cpu: &Cpu, thread: Owned) {
    thread.set_state(cpu, State::Dying);
    if cpu.running() == Some(thread.name()) {
        cpu.buried.set(Some(thread.name()));
        cpu.reschedule.set(true);
        return;
    }
    if ipc::on_behalf::release_wait(cpu, thread) {
        return;
    }
    fpu::release(thread);
    debug::release(thread);
    migrate::unload(cpu, thread);
    {
        let _lock = crate::sys::thread_control::lock();
        free_slot(cpu, thread);
    }
    if is_interrupt(thread) {
        // Interrupts may end in a row, each because of an announcement: so not one inside of the other.
        ipc::orphans::announce_soon();
    } else {
        ipc::orphans::announce(cpu);
    }
}

fn is_interrupt(thread: Owned) -> bool {
    thread.resources.get() & Resources::INTERRUPT != 0
}

/// Takes back a thread that was made just now and that nobody knows. Under the thread-control lock.
pub(crate) fn undo(cpu: &Cpu, thread: Owned) {
    free_slot(cpu, thread);
}

fn free_slot(cpu: &Cpu, thread: Owned) {
    let space = thread.space();
    thread.set_space(None);
    thread.set_id(0);
    thread.set_state(cpu, State::Free);
    if let Some(space) = space {
        Space::remove_thread(cpu, space);
    }
}

/// When all that has ended here so far is put away: what `ends_done` of this CPU reaches then, or 0 if it is already. This
/// CPU, interrupts off.
pub(crate) fn end_of_all(cpu: &Cpu) -> u64 {
    if cpu.buried.get().is_none() && cpu.ending.get().is_none() {
        return 0;
    }
    let asked = cpu.ends_asked.get() + 1;
    cpu.ends_asked.set(asked);
    asked
}

/// Nothing is left to put away. Dispatcher.
pub(crate) fn tell_who_waits(cpu: &Cpu) {
    cpu.ends_done.store(cpu.ends_asked.get(), Ordering::Release);
}

/// Gives back the thread that was deleted while it ran. Dispatcher.
pub(crate) fn bury(cpu: &Cpu) {
    if let Some(thread) = cpu.buried.take() {
        finish(cpu, Owned::seen_here(thread));
    }
}
