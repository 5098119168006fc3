//! Debug registers: breakpoints and single steps of threads.
//!
//! Debug registers are per thread. User code that executes a MOV to or from one raises #GP; the kernel carries the MOV out
//! (which ones: `pecan_rules::debug`), and keeps the values in memory that a thread gets when it first has something to
//! keep. While a breakpoint is on, the thread has the debug resource: the CPU's registers are loaded when the thread comes
//! to the CPU, and DR7 is cleared when it leaves. All others pay nothing, and their CPU has no breakpoint.
//!
//! Breakpoints are about what the thread's own instructions do. The kernel may touch the same memory for the thread, copying
//! a string, say; the CPU reports that, too, and the kernel goes on as if nothing had happened (`entry/vector`).
//!
//! Another thread sets breakpoints through the debuggee itself: as its exception handler it answers with the address of a
//! few instructions that load the debug registers and raise the next exception (`l4::debug`).

mod area;

use core::arch::asm;

use pecan_rules::debug::{DebugRegisters, Move, STATUS_CLEAR};

use crate::arch::x86_64::entry::frame::Frame;
use crate::thread::{Owned, Resources};

pub(crate) use area::Area;

/// Carries out the MOV at `frame`, if it is one from or to a debug register and `me`, the running thread, may do it. False:
/// it is something else, must not be done, or there is no memory. This CPU, interrupts off.
#[inline(never)]
pub(crate) fn carry_out(me: Owned, frame: &mut Frame) -> bool {
    let Some(order) = instruction(me, frame.ip) else {
        return false;
    };
    let Some(registers) = registers(me) else {
        return false;
    };
    if order.writes {
        if !registers.write(order.debug, *general(frame, order.general)) {
            return false;
        }
        arm(me, registers);
    } else {
        let Some(value) = registers.read(order.debug) else {
            return false;
        };
        *general(frame, order.general) = value;
    }
    frame.ip += order.length;
    true
}

/// The MOV at `ip`. Its last byte may be the page's, so they are read one after the other.
fn instruction(me: Owned, ip: u64) -> Option<Move> {
    let space = me.space()?;
    let [a, b, c] = space.read_bytes(ip)?;
    let order = Move::decode([a, b, c, 0]);
    if order.is_some_and(|order| order.length == 3) {
        return order;
    }
    Move::decode([a, b, c, space.read_bytes::<1>(ip + 3)?[0]])
}

/// The general register that an instruction calls by `number`.
fn general(frame: &mut Frame, number: usize) -> &mut u64 {
    match number {
        0 => &mut frame.rax,
        1 => &mut frame.rcx,
        2 => &mut frame.rdx,
        3 => &mut frame.rbx,
        4 => &mut frame.sp,
        5 => &mut frame.rbp,
        6 => &mut frame.rsi,
        7 => &mut frame.rdi,
        8 => &mut frame.r8,
        9 => &mut frame.r9,
        10 => &mut frame.r10,
        11 => &mut frame.r11,
        12 => &mut frame.r12,
        13 => &mut frame.r13,
        14 => &mut frame.r14,
        _ => &mut frame.r15,
    }
}

/// The registers of `me`, which gets the memory for them now if it had none.
fn registers(me: Owned) -> Option<&'static mut DebugRegisters> {
    let area = match me.debug.get() {
        Some(area) => area,
        None => Area::fresh()?,
    };
    me.debug.set(Some(area));
    Some(area.registers())
}

/// `me`, the running thread, has new values.
fn arm(me: Owned, registers: &DebugRegisters) {
    let others = me.resources.get() & !Resources::DEBUG;
    if registers.is_armed() {
        me.resources.set(others | Resources::DEBUG);
        write(registers);
    } else {
        me.resources.set(others);
        disarm();
    }
}

/// The CPU has raised a debug exception in user code of `me`: notes why. This CPU, interrupts off.
pub(crate) fn note(me: Owned) {
    let status: u64;
    // SAFETY: reading the register has no side effect.
    unsafe { asm!("mov {}, dr6", out(reg) status, options(nomem, nostack, preserves_flags)) };
    // SAFETY: nobody but the thread is told what was in it.
    unsafe { asm!("mov dr6, {}", in(reg) STATUS_CLEAR, options(nomem, nostack, preserves_flags)) };
    report(me, status);
}

/// `me` gets these bits of DR6. Without memory the exception is all that it hears.
pub(crate) fn report(me: Owned, status: u64) {
    if let Some(registers) = registers(me) {
        registers.report(status);
    }
}

/// `thread`, which has the debug resource, comes to this CPU. Interrupts off.
pub(crate) fn load(thread: Owned) {
    if let Some(area) = thread.debug.get() {
        write(area.registers());
    }
}

/// The thread with the debug resource leaves this CPU. Interrupts off.
pub(crate) fn disarm() {
    // SAFETY: without breakpoints the CPU does nothing of its own.
    unsafe {
        asm!("mov dr7, {}", in(reg) pecan_rules::debug::CONTROL_CLEAR, options(nostack, preserves_flags))
    };
}

/// Gives the memory of `thread`, which does not run and never will, back.
pub(crate) fn release(thread: Owned) {
    if let Some(area) = thread.debug.take() {
        area.release();
    }
}

fn write(registers: &DebugRegisters) {
    let [first, second, third, fourth] = registers.addresses;
    // SAFETY: the addresses are users', so no access of the kernel's own is reported.
    unsafe {
        asm!("mov dr0, {}", "mov dr1, {}", "mov dr2, {}", "mov dr3, {}",
            in(reg) first, in(reg) second, in(reg) third, in(reg) fourth, options(nostack, preserves_flags))
    };
    // SAFETY: only local breakpoints at those addresses are on; the entry bears what they raise in the kernel.
    unsafe { asm!("mov dr7, {}", in(reg) registers.control, options(nostack, preserves_flags)) };
}
