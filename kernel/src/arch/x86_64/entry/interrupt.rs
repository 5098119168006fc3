//! Which vector is whose.

use super::frame::{Frame, RESUME_FLAG, TRAP_FLAG};
use crate::arch::x86_64::apic::{self, vector};
use crate::arch::x86_64::registers::Snapshot;
use crate::arch::x86_64::{copy, debug};
use crate::cpu::{self, Counter, Cpu};
use crate::ipc::fault;
use crate::ipc::orphans;
use crate::ipc::remote::{self, Found};
use crate::ipc::strings;
use crate::irq;
use crate::memory::layout;
use crate::sched;
use crate::thread::Owned;
use crate::trace;

const DEBUG: u64 = 1;
const BREAKPOINT: u64 = 3;
const INVALID_OPCODE: u64 = 6;
const DEVICE_NOT_AVAILABLE: u64 = 7;
const GENERAL_PROTECTION: u64 = 13;
const PAGE_FAULT: u64 = 14;
const EXCEPTIONS: u64 = 32;

/// Every interrupt and exception but non-maskable ones comes here, interrupts off, on the stack of what it interrupted.
pub(super) extern "sysv64" fn handle(frame: &mut Frame) {
    if !frame.is_users() {
        return in_the_kernel(frame);
    }
    match frame.vector {
        PAGE_FAULT => fault::page::raise(Owned::current(), frame, read_fault_address()),
        0..EXCEPTIONS => user_exception(frame),
        _ => interrupt(frame),
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
        interrupt(frame);
    }
}

/// The kernel was copying strings, interrupts on, on the stack of the thread that copies.
fn interrupted_copy(frame: &mut Frame) {
    let address = read_fault_address();
    let me = Owned::current();
    strings::interrupted(me, frame);
    match frame.vector {
        PAGE_FAULT => {
            trace::faults(&me, frame, address);
            strings::fault(me, frame, address);
        }
        EXCEPTIONS.. => interrupt(frame),
        _ => give_up(frame),
    }
    strings::proceed(me, frame);
}

#[inline(never)]
fn interrupt(frame: &Frame) {
    let cpu = cpu::current();
    trace::interrupted(frame.vector as u8);
    match frame.vector as u8 {
        vector::TIMER => {
            apic::eoi();
            sched::tick(cpu);
            if cpu.backlog.is_postponed() {
                go_on_with_mailbox(cpu, frame);
            }
        }
        vector::DOORBELL => doorbell(cpu, frame),
        vector::PING => {
            apic::eoi();
            crate::sys::control::pinged(cpu);
        }
        vector::PASSED => irq::passed(cpu),
        vector::SPURIOUS => {}
        line @ vector::FIRST_LINE..=vector::LAST_LINE => {
            let running = frame.is_users().then(Owned::current);
            irq::interrupt(cpu, u32::from(line - vector::FIRST_LINE), running);
        }
        other => log::warn!("interrupt {other:#x} on CPU {} is nobody's", cpu.index),
    }
}

/// Another CPU has something to tell. A message for a thread that outranks the interrupted one is not listed first.
#[inline(never)]
fn doorbell(cpu: &'static Cpu, frame: &Frame) {
    apic::eoi();
    cpu.count(Counter::IpisTaken);
    orphans::look(cpu);
    look_into_mailbox(cpu, frame);
}

/// Takes what was sent to this CPU; in the middle of something of the kernel's the dispatcher does, soon.
#[inline(always)]
fn look_into_mailbox(cpu: &'static Cpu, frame: &Frame) {
    if !frame.is_users() {
        cpu.reschedule.set(true);
        return;
    }
    match remote::hear(cpu) {
        Found::Message(thread) => sched::run_at_once(cpu, Owned::current(), thread),
        Found::Mail => {}
        Found::Nothing => remote::drain(cpu),
    }
}

/// What was postponed goes on with the tick.
#[cold]
#[inline(never)]
fn go_on_with_mailbox(cpu: &'static Cpu, frame: &Frame) {
    look_into_mailbox(cpu, frame);
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
