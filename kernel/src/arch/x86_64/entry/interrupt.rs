//! Which vector is whose.

use super::frame::{FaultFrame, Frame, RESUME_FLAG, TRAP_FLAG};
use crate::arch::x86_64::apic::{self, vector};
use crate::arch::x86_64::registers::Snapshot;
use crate::arch::x86_64::{copy, debug};
use crate::cpu::{self, Counter, Cpu};
use crate::ipc::fault;
use crate::ipc::orphans;
use crate::ipc::remote::{self, Heard};
use crate::ipc::strings;
use crate::irq;
use crate::memory::layout;
use crate::sched;
use crate::thread::{Owned, Tcb, TcbRef};
use crate::trace;

const DEBUG: u64 = 1;
const BREAKPOINT: u64 = 3;
const INVALID_OPCODE: u64 = 6;
const DEVICE_NOT_AVAILABLE: u64 = 7;
const GENERAL_PROTECTION: u64 = 13;
const PAGE_FAULT: u64 = 14;
const EXCEPTIONS: u64 = 32;

/// Exceptions of user code but page faults and non-maskable interrupts, and all that comes in the kernel. Interrupts off, on
/// the stack of what was interrupted.
pub(super) extern "sysv64" fn handle(frame: &mut Frame) {
    if !frame.is_users() {
        return in_the_kernel(frame);
    }
    user_exception(frame);
    sched::leave_interrupt(cpu::current(), Owned::current());
}

/// A page fault of `me`, running user code that touched `address`. Returns who runs instead of it until the fault is served; null: it
/// is over. As [`handle`].
pub(super) extern "sysv64" fn page_fault(
    me: Owned,
    frame: &mut FaultFrame,
    error: u64,
    address: u64,
) -> *const Tcb {
    frame.address = address;
    fault::page::raise(me, error, frame.user.ip, address, &mut frame.aside)
}

/// The timer has interrupted user code. As [`handle`].
pub(super) extern "sysv64" fn tick_of_user() {
    trace::interrupted(vector::TIMER);
    tick(cpu::current(), Some(Owned::current()));
    sched::leave_interrupt(cpu::current(), Owned::current());
}

/// Another interrupt of user code. As [`handle`].
pub(super) extern "sysv64" fn interrupt_of_user(vector: u32) {
    let me = Owned::current();
    let cpu = cpu::current();
    match vector as u8 {
        line @ vector::FIRST_LINE..=vector::LAST_LINE => {
            trace::interrupted(line);
            irq::interrupt_of_user(cpu, u32::from(line - vector::FIRST_LINE), me);
        }
        other => interrupt(cpu, other, Some(me)),
    }
    sched::leave_interrupt(cpu::current(), Owned::current());
}

#[inline(never)]
fn in_the_kernel(frame: &mut Frame) {
    if copy::is_in_copy(frame) {
        interrupted_copy(frame);
    } else if frame.vector < EXCEPTIONS {
        kernel_exception(frame);
    } else {
        interrupt(cpu::current(), frame.vector as u8, None);
    }
}

/// The kernel was copying strings, interrupts on, on the stack of the thread that copies.
fn interrupted_copy(frame: &mut Frame) {
    let address = read_fault_address();
    let me = Owned::current();
    strings::interrupted(me, frame);
    match frame.vector {
        PAGE_FAULT => {
            trace::faults(&me, frame.error, frame.ip, address);
            strings::fault(me, frame, address);
        }
        EXCEPTIONS.. => interrupt(cpu::current(), frame.vector as u8, None),
        _ => give_up(frame),
    }
    strings::proceed(me, frame);
}

/// `running` is the thread that was in user mode.
#[inline(never)]
fn interrupt(cpu: &'static Cpu, vector: u8, running: Option<Owned>) {
    trace::interrupted(vector);
    match vector {
        vector::TIMER => tick(cpu, running),
        vector::DOORBELL => doorbell(cpu),
        vector::PING => {
            apic::eoi();
            crate::sys::control::pinged(cpu);
        }
        vector::PASSED => irq::passed(cpu),
        vector::SPURIOUS => {}
        line @ vector::FIRST_LINE..=vector::LAST_LINE => {
            irq::interrupt(cpu, u32::from(line - vector::FIRST_LINE));
        }
        other => log::warn!("interrupt {other:#x} on CPU {} is nobody's", cpu.index),
    }
}

#[inline(always)]
fn tick(cpu: &'static Cpu, running: Option<Owned>) {
    apic::eoi();
    sched::tick(cpu);
    if cpu.backlog.is_postponed() {
        go_on_with_mailbox(cpu, running);
    }
}

/// Another CPU has something to tell, in the middle of something of the kernel's: the dispatcher hears it, soon.
#[inline(never)]
fn doorbell(cpu: &Cpu) {
    apic::eoi();
    cpu.count(Counter::IpisTaken);
    orphans::look(cpu);
    cpu.reschedule.set(true);
}

/// Another CPU has something to tell, and a thread of this one was interrupted in user mode. Returns who runs instead of it,
/// a thread that got a message and outranks it, without having been listed first; or null. Interrupts off, on the
/// interrupted thread's stack.
pub(super) extern "sysv64" fn rung() -> *const Tcb {
    trace::interrupted(vector::DOORBELL);
    let cpu = cpu::current();
    apic::eoi();
    cpu.count(Counter::IpisTaken);
    if orphans::is_told(cpu) {
        look_around(cpu);
        return core::ptr::null();
    }
    match remote::hear_one(cpu) {
        Heard::Silently(thread) => sched::instead(cpu, Owned::current(), thread),
        Heard::Loudly(thread, sender) => loudly(cpu, thread, sender),
        Heard::All => core::ptr::null(),
    }
}

/// As [`handle`] does in the end: the interrupted thread goes on, unless something asked for the dispatcher.
pub(super) extern "sysv64" fn leave() {
    sched::leave_interrupt(cpu::current(), Owned::current());
}

#[cold]
#[inline(never)]
fn look_around(cpu: &'static Cpu) {
    orphans::look(cpu);
    if !cpu.backlog.is_postponed() {
        remote::drain(cpu);
    }
}

#[cold]
#[inline(never)]
fn loudly(cpu: &Cpu, thread: Owned, sender: TcbRef) -> *const Tcb {
    remote::tell(cpu, sender);
    sched::instead(cpu, Owned::current(), thread)
}

/// What was postponed goes on with the tick; in the middle of something of the kernel's the dispatcher does it, soon.
#[cold]
#[inline(never)]
fn go_on_with_mailbox(cpu: &'static Cpu, running: Option<Owned>) {
    if running.is_some() {
        remote::drain(cpu);
    } else {
        cpu.reschedule.set(true);
    }
}

#[inline(never)]
fn user_exception(frame: &mut Frame) {
    let me = Owned::current();
    trace::excepts(&me, frame);
    let vector = frame.vector;
    match vector {
        DEBUG => {
            debug::note(me);
            fault::exception::raise(me, frame);
        }
        DEVICE_NOT_AVAILABLE if crate::arch::x86_64::fpu::load(me) => {}
        INVALID_OPCODE if crate::sys::interface::kernel_interface(me, frame) => {
            carried_out(me, frame)
        }
        GENERAL_PROTECTION if fault::port::raise(me, frame) => {}
        BREAKPOINT if crate::sys::debugger::operation(me, frame) => {}
        GENERAL_PROTECTION if debug::carry_out(me, frame) => carried_out(me, frame),
        _ => fault::exception::raise(me, frame),
    }
}

/// The kernel has executed an instruction for `me`, in the place of the CPU, which would have noticed these flags.
fn carried_out(me: Owned, frame: &mut Frame) {
    frame.flags &= !RESUME_FLAG;
    if frame.flags & TRAP_FLAG != 0 {
        debug::report(me, pecan_rules::debug::SINGLE_STEP);
        frame.vector = DEBUG;
        fault::exception::raise(me, frame);
    }
}

fn read_fault_address() -> u64 {
    x86_64::registers::control::Cr2::read_raw()
}

/// The load in `thread::table::probe`: `mov rax, [rax]`.
const PROBE: [u8; 3] = [0x48, 0x8b, 0x00];

/// An exception in the kernel: a probe of a slot without a thread, or a bug.
fn kernel_exception(frame: &mut Frame) {
    let address = read_fault_address();
    if frame.vector == PAGE_FAULT && layout::is_in_tcb_array(address) {
        let (probe, otherwise) = crate::ipc::fast::probe();
        if frame.ip == probe {
            frame.ip = otherwise;
            return;
        }
        if crate::arch::x86_64::code::starts_with(frame.ip, PROBE) {
            frame.rax = 0;
            frame.ip += PROBE.len() as u64;
            return;
        }
    }
    give_up(frame)
}

/// Apart, because it needs much of the stack, and a probe needs little.
#[cold]
#[inline(never)]
fn give_up(frame: &Frame) -> ! {
    let snapshot = snapshot(frame);
    crate::panic::fault(
        &snapshot,
        format_args!(
            "exception {} (error {:#x}) in the kernel",
            frame.vector, frame.error
        ),
    );
}

fn snapshot(frame: &Frame) -> Snapshot {
    let general = [
        ("rax", frame.rax),
        ("rbx", frame.rbx),
        ("rcx", frame.rcx),
        ("rdx", frame.rdx),
        ("rsi", frame.rsi),
        ("rdi", frame.rdi),
        ("r8", frame.r8),
        ("r9", frame.r9),
        ("r10", frame.r10),
        ("r11", frame.r11),
        ("r12", frame.r12),
        ("r13", frame.r13),
        ("r14", frame.r14),
        ("r15", frame.r15),
    ];
    Snapshot {
        rip: frame.ip,
        rsp: frame.sp,
        rbp: frame.rbp,
        rflags: frame.flags,
        general,
    }
}
