//! Names of threads, and threads that live here.

use core::arch::asm;
use core::ops::Deref;

use super::state::{State, home_word};
use super::tcb::{STACK_TOP_OFFSET, Tcb};
use crate::cpu::Cpu;

/// A thread anywhere: the address of its block. Gives the atomic fields; the others only to who may touch them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct TcbRef(core::num::NonZeroU64);

impl TcbRef {
    /// The thread whose block is at `address`, the address of a slot that had a thread once.
    pub(crate) fn from_address(address: u64) -> Self {
        let Some(address) = core::num::NonZeroU64::new(address) else {
            panic!("a thread's block at address 0")
        };
        Self(address)
    }

    /// The thread that contains a node: blocks are aligned to their size.
    pub(crate) fn containing(node: usize) -> Self {
        Self::from_address(node as u64 & !(STACK_TOP_OFFSET - 1))
    }

    /// The block's address.
    pub(crate) fn address(self) -> u64 {
        self.0.get()
    }

    /// The thread as one of this CPU, if it lives here. Interrupts off. Not one that is on its way to another CPU, nor
    /// a free slot: another CPU may make either its own at any moment.
    pub(crate) fn owned(self, cpu: &Cpu) -> Option<Owned> {
        let (home, state) = self.whereabouts();
        let ours = home == cpu.index && !matches!(state, State::Moving | State::Free);
        ours.then_some(Owned(self))
    }
}

impl Deref for TcbRef {
    type Target = Tcb;

    #[inline(always)]
    fn deref(&self) -> &Tcb {
        // SAFETY: blocks are never unmapped once a thread was in them, and shared fields are atomic or in cells
        // that the home rule gives to one CPU at a time.
        unsafe { &*(self.0.get() as *const Tcb) }
    }
}

/// A thread whose home is the CPU that runs this, interrupts off. All fields may be used. Assembler passes it as the
/// block's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct Owned(TcbRef);

impl Owned {
    /// The thread on whose kernel stack this runs: not in the dispatcher.
    #[inline(always)]
    pub(crate) fn current() -> Self {
        let stack: u64;
        // SAFETY: reading the stack pointer has no side effect.
        unsafe { asm!("mov {}, rsp", out(reg) stack, options(nomem, nostack, preserves_flags)) };
        Self(TcbRef::from_address(stack & !(STACK_TOP_OFFSET - 1)))
    }

    /// A thread that was seen to live here just now: its home word was compared.
    #[inline(always)]
    pub(crate) fn seen_here(thread: TcbRef) -> Self {
        debug_assert_eq!(thread.home(), crate::cpu::current().index);
        Self(thread)
    }

    /// The thread as a name.
    #[inline(always)]
    pub(crate) fn name(self) -> TcbRef {
        self.0
    }

    /// The block's address as assembler wants it.
    #[inline(always)]
    pub(crate) fn as_ptr(self) -> *const Tcb {
        self.0.address() as *const Tcb
    }

    /// Sets the state; the home stays.
    #[inline(always)]
    pub(crate) fn set_state(self, cpu: &Cpu, state: State) {
        self.set_home_word(home_word(cpu.index, state));
        #[cfg(feature = "without-lazy-lists")]
        crate::sched::eager::follow(cpu, self);
    }

    /// Makes the thread one that is ready here.
    #[inline(always)]
    pub(crate) fn set_ready(self, cpu: &Cpu) {
        self.set_home_word(cpu.ready_here());
        #[cfg(feature = "without-lazy-lists")]
        crate::sched::eager::follow(cpu, self);
    }

    /// Makes the thread one whose request is at another CPU.
    #[inline(always)]
    pub(crate) fn set_asking(self, cpu: &Cpu) {
        self.set_home_word(cpu.asking_here());
        #[cfg(feature = "without-lazy-lists")]
        crate::sched::eager::follow(cpu, self);
    }

    /// Makes the thread one that waits here.
    #[inline(always)]
    pub(crate) fn set_waiting(self, cpu: &Cpu) {
        self.set_home_word(cpu.waiting_here());
        #[cfg(feature = "without-lazy-lists")]
        crate::sched::eager::follow(cpu, self);
    }
}

impl Deref for Owned {
    type Target = Tcb;

    #[inline(always)]
    fn deref(&self) -> &Tcb {
        // SAFETY: as for `TcbRef`, whose reference this is; named again so that it lives as long as the block.
        unsafe { &*self.as_ptr() }
    }
}
