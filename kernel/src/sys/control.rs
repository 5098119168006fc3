//! The kernel's own call: console, end of the machine, counters, measuring (`pecan_abi::control`).

use core::sync::atomic::Ordering;

use pecan_abi::caching::Caching;
use pecan_abi::control;
use pecan_abi::error::SysError;
use x86_64::instructions::interrupts;

use super::{is_privileged, refuse, thread_control};
use crate::arch::x86_64::entry::call::CallFrame;
use crate::arch::x86_64::{apic, clock, power, serial};
use crate::cpu::{self, Cpu, hold};
use crate::memory::reserve;
use crate::sched;
use crate::space::caching;
use crate::thread::{Owned, table};

/// The call: rdi operation, rsi rdx r8 r9 arguments; rax result, rdx second result.
#[inline]
pub(super) fn call(me: Owned, frame: &mut CallFrame) {
    if frame.rdi == control::NULL {
        frame.rax = 0;
        return;
    }
    perform(me, frame);
}

#[inline(never)]
fn perform(me: Owned, frame: &mut CallFrame) {
    let result = if is_privileged(me) {
        operation(frame)
    } else {
        Err(SysError::NoPrivilege)
    };
    frame.rdx = 0;
    frame.rax = result.unwrap_or_else(|error| {
        refuse(me, error);
        control::REFUSED
    });
}

fn operation(frame: &CallFrame) -> Result<u64, SysError> {
    let argument = frame.rsi;
    match frame.rdi {
        control::CONSOLE_WRITE => write(argument, [frame.rdx, frame.r8, frame.r9]),
        control::CONSOLE_READ => Ok(serial::console_read().map_or(u64::MAX, u64::from)),
        control::EXIT => power::exit(argument as u32 & 0x7f),
        control::COUNTER => counter(argument, frame.rdx),
        control::IPI_ROUND_TRIP => ping(argument),
        control::FREE_FRAMES => Ok(reserve::free_frames()),
        control::CHECK => {
            sched::check(cpu::current());
            Ok(1)
        }
        control::HOLD if cfg!(debug_assertions) => hold::order(argument, frame.rdx, frame.r8),
        control::HELD if cfg!(debug_assertions) => hold::is_held(argument),
        control::GENERAL_WAY => {
            cpu::take_way(argument != 0);
            Ok(0)
        }
        control::CACHING => caching_of(argument, frame.rdx),
        _ => Err(SysError::InvalidParameter),
    }
}

/// How the page at `address` of the space of the thread with this raw id is cached.
fn caching_of(address: u64, thread: u64) -> Result<u64, SysError> {
    let _lock = thread_control::lock();
    let space = table::find(thread)
        .and_then(|thread| thread.space())
        .ok_or(SysError::InvalidThread)?;
    caching::look(space, address)
        .map(Caching::attribute)
        .ok_or(SysError::InvalidParameter)
}

fn write(length: u64, words: [u64; 3]) -> Result<u64, SysError> {
    let bytes = control::unpack(words);
    let length = usize::try_from(length).map_err(|_| SysError::InvalidParameter)?;
    let text = bytes
        .get(..length)
        .filter(|text| !text.is_empty())
        .ok_or(SysError::InvalidParameter)?;
    serial::console_write(text);
    Ok(0)
}

fn counter(cpu: u64, index: u64) -> Result<u64, SysError> {
    let cpu = usize::try_from(cpu)
        .ok()
        .and_then(cpu::get)
        .ok_or(SysError::InvalidParameter)?;
    let index = usize::try_from(index).map_err(|_| SysError::InvalidParameter)?;
    cpu.counter(index).ok_or(SysError::InvalidParameter)
}

/// Ticks of one bare interrupt round trip to CPU `target`: there and back, kernel to kernel, this CPU halting meanwhile, and the
/// other before, if it is idle.
fn ping(target: u64) -> Result<u64, SysError> {
    let here = cpu::current();
    let other = usize::try_from(target)
        .ok()
        .and_then(cpu::get)
        .ok_or(SysError::InvalidParameter)?;
    if other.index == here.index {
        return Err(SysError::InvalidParameter);
    }
    here.ponged.store(false, Ordering::Relaxed);
    while !claim(here, other) {
        // Whoever has the other CPU may be waiting for an answer from this one.
        interrupts::enable();
        core::hint::spin_loop();
        interrupts::disable();
    }
    let_halt(other);
    let start = clock::now_ticks();
    apic::send_ipi(other.apic_id, apic::vector::PING);
    while !here.ponged.load(Ordering::Acquire) {
        interrupts::enable_and_hlt();
        interrupts::disable();
    }
    Ok(clock::now_ticks() - start)
}

/// Waits for a moment that `other` halts, if it is idle: what comes while it still looks for messages is another measure.
fn let_halt(other: &Cpu) {
    for _ in 0..10_000 {
        if other.mailbox.0.is_halted() {
            return;
        }
        interrupts::enable();
        core::hint::spin_loop();
        interrupts::disable();
    }
}

/// Notes that `here` pings `other`, unless somebody else does just now.
fn claim(here: &Cpu, other: &Cpu) -> bool {
    let asker = u32::from(here.index) + 1;
    let noted = other
        .pinged_by
        .compare_exchange(0, asker, Ordering::AcqRel, Ordering::Relaxed);
    noted.is_ok()
}

/// The ping interrupt: answers who pinged, or notes that the answer came.
pub(crate) fn pinged(cpu: &Cpu) {
    match cpu.pinged_by.swap(0, Ordering::Acquire) {
        0 => {}
        asker => {
            if let Some(asker) = cpu::get(asker as usize - 1) {
                asker.ponged.store(true, Ordering::Release);
                apic::send_ipi(asker.apic_id, apic::vector::PING);
            }
        }
    }
}
