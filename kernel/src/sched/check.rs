//! The debug kernel's invariants: lists, states, homes. A violation is a bug of the kernel.

use crate::arch::x86_64::switch;
use crate::cpu::Cpu;
use crate::thread::links::Links;
use crate::thread::{MESSAGE_ROOM, Resources, State, table};

/// Walks the CPU's lists and threads. This CPU, interrupts off.
///
/// # Panics
/// When an invariant does not hold; that is its purpose.
pub(crate) fn check(cpu: &Cpu) {
    if let Err(broken) = cpu.ready.with(|ready| ready.check(&Links)) {
        panic!("ready lists of CPU {}: {broken}", cpu.index);
    }
    table::for_each_here(cpu, |thread| {
        assert!(
            thread.stack_is_sound(),
            "thread {:x} overran its kernel stack",
            thread.id()
        );
        assert!(
            cpu.running() != Some(thread.name()) || switch::is_plain(thread),
            "thread {:x} runs, and goes on elsewhere",
            thread.id()
        );
        if let Err(broken) = thread.senders.get().check(&Links) {
            panic!("senders of thread {:x}: {broken}", thread.id());
        }
        assert!(
            thread.resources.get() & Resources::FAVOURED == 0
                || cpu.running() == Some(thread.name()),
            "thread {:x} is favoured, but does not run",
            thread.id()
        );
        let is_aside = thread.message.get() != thread.utcb.get();
        assert!(
            is_aside == (thread.room.get() != MESSAGE_ROOM)
                && (!is_aside || thread.resources.get() & Resources::INSIDE != 0),
            "messages of thread {:x} go astray",
            thread.id()
        );
        match thread.state() {
            State::Ready => assert!(
                thread.listed.get() || cpu.running() == Some(thread.name()),
                "thread {:x} is ready, but nobody will find it",
                thread.id()
            ),
            State::Sending => assert!(
                thread.queued_at().is_some(),
                "thread {:x} sends to nobody",
                thread.id()
            ),
            State::Waiting => assert!(
                thread.wait.get() != 0,
                "thread {:x} waits for nobody",
                thread.id()
            ),
            State::Locked => assert!(
                thread.transfer.partner.get().is_some(),
                "thread {:x} is locked by nobody",
                thread.id()
            ),
            State::Inactive
            | State::Asking
            | State::Controlling
            | State::Halted
            | State::Moving
            | State::Dying
            | State::Free => {}
        }
    });
}
