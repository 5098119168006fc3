//! System calls other than IPC. On the caller's CPU and stack, interrupts off; a call may block in here, and its
//! thread may find itself on another CPU afterwards.
//!
//! * `thread_control`, `space_control`, `exchange_registers`, `schedule`, `thread_switch`  the calls of those names
//! * `interrupt_control`  ThreadControl on the thread of an interrupt
//! * `unmap`, `memory_control`, `processor_control`  the calls of those names
//! * `remote`     carries out what concerns a thread of another CPU
//! * `interface`  the KernelInterface instruction
//! * `debugger`   console operations behind INT3
//! * `control`    the kernel's own call: console, counters, measuring

pub(crate) mod control;
pub(crate) mod debugger;
mod exchange_registers;
pub(crate) mod interface;
mod interrupt_control;
mod memory_control;
mod processor_control;
pub(crate) mod remote;
mod schedule;
mod space_control;
pub(crate) mod thread_control;
mod thread_switch;
mod unmap;

pub(crate) use thread_switch::thread_switch;

use pecan_abi::error::SysError;

use crate::arch::x86_64::clock;
use crate::arch::x86_64::entry::call::CallFrame;
use crate::arch::x86_64::stubs::number;
use crate::cpu;
use crate::sched;
use crate::thread::{Field, Owned};

/// A system call of `me` other than ThreadSwitch came in; its results go into `frame`.
///
/// Each call has a stack frame of its own: all of them in one would take most of a kernel stack.
pub(crate) extern "sysv64" fn call(me: Owned, frame: &mut CallFrame) {
    match frame.rbp {
        number::EXCHANGE_REGISTERS | number::EXCHANGE_REGISTERS_LOCAL => {
            exchange_registers::call(me, frame)
        }
        number::THREAD_CONTROL => thread_control::call(me, frame),
        number::SPACE_CONTROL => space_control::call(me, frame),
        number::SCHEDULE => schedule::call(me, frame),
        number::SYSTEM_CLOCK => frame.rax = clock::micros(),
        number::UNMAP => unmap::call(me, frame),
        number::PROCESSOR_CONTROL => processor_control::call(me, frame),
        number::MEMORY_CONTROL => memory_control::call(me, frame),
        number::CONTROL => control::call(me, frame),
        _ => frame.rax = refuse(me, SysError::InvalidParameter),
    }
    sched::leave_call(cpu::current(), me);
}

/// Notes the error for the caller; the result is 0, which all calls use for failure.
fn refuse(me: Owned, error: SysError) -> u64 {
    me.utcb.get().set(Field::ERROR_CODE, error.raw());
    0
}

/// Whether the caller may use the privileged calls.
fn is_privileged(me: Owned) -> bool {
    me.space().is_some_and(crate::space::Space::is_privileged)
}
