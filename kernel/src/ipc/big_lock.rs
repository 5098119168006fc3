//! One lock around IPC for all CPUs: `without-home-rule`.
//!
//! A system call takes it before it looks at its partner, and gives it back before user code runs again. Who blocks or is
//! preempted in the middle of the kernel's code lets go of it, and goes on without. What keeps CPUs apart is still the home
//! rule; what the lock costs when nobody else wants it does not depend on that. Interrupts off.

use core::arch::naked_asm;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::arch::x86_64::entry::syscall;
use crate::thread::{Owned, STACK_TOP_OFFSET};

/// The lock, on a cache line of its own.
#[repr(C, align(64))]
pub(crate) struct Lock {
    /// Bit 0: somebody has it.
    taken: AtomicU32,
    /// Who, on the general way: the low half of an address in the thread's stack. The straight line need not tell.
    holder: AtomicU32,
}

/// That of all CPUs.
pub(crate) static LOCK: Lock = Lock {
    taken: AtomicU32::new(0),
    holder: AtomicU32::new(0),
};

/// Waits for the lock. Destroys flags.
macro_rules! take {
    () => {
        "8: lock bts dword ptr [rip + {lock}], 0
         jnc 9f
         7: pause
         test dword ptr [rip + {lock}], 1
         jnz 7b
         jmp 8b
         9:"
    };
}

/// The thread whose stack this is has the lock, and may block.
macro_rules! note {
    () => {
        "mov [rip + {lock} + 4], esp"
    };
}

/// Gives the lock back, which this CPU has, and nobody has noted. Destroys nothing.
macro_rules! give {
    () => {
        "mov dword ptr [rip + {lock}], 0"
    };
}

pub(crate) use {give, note, take};

/// Gives the lock back if the running thread has noted that it has it.
pub(crate) extern "sysv64" fn let_go() {
    let me = Owned::current().as_ptr() as u32;
    if LOCK.holder.load(Ordering::Relaxed) & !(STACK_TOP_OFFSET as u32 - 1) == me {
        LOCK.holder.store(0, Ordering::Relaxed);
        LOCK.taken.store(0, Ordering::Release);
    }
}

/// The straight line leaves for another way, which takes the lock by itself. In, out and stack: as that says.
macro_rules! leave_for {
    ($($name:ident)*) => {
        $(
            #[doc = concat!("Gives the lock back; then [`syscall::", stringify!($name), "`].")]
            #[unsafe(naked)]
            pub(crate) extern "C" fn $name() {
                naked_asm!(give!(), "jmp {next}", lock = sym LOCK, next = sym syscall::$name)
            }
        )*
    };
}

leave_for!(alone elsewhere faulted general uncommon unknown);
