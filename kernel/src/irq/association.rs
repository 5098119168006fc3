//! Who handles a line. Interrupts off.

use core::sync::atomic::Ordering;

use pecan_abi::error::SysError;
use pecan_abi::id::ThreadId;

use super::line::{Line, thread_id};
use crate::arch::x86_64::io_apic;
use crate::cpu;
use crate::thread::{TcbRef, create, migrate, table};

/// The ACPI tables' own interrupt; what to do about it stands in a language that the kernel does not speak.
const SYSTEM_CONTROL: u32 = 9;

/// Without I/O APIC there are as many numbers as the old controllers have lines, though none can be used.
const FEWEST: u32 = 16;

/// How many thread numbers belong to interrupts.
pub(crate) fn count() -> u32 {
    io_apic::lines().max(FEWEST)
}

/// Whether line `number` can have a handler.
pub(crate) fn is_available(number: u32) -> bool {
    io_apic::exists(number) && number != SYSTEM_CONTROL
}

/// Raw id of the handler of line `number`; 0 is none. Any CPU; a hint without the thread-control lock.
pub(crate) fn handler(number: u32) -> u64 {
    Line::numbered(number).map_or(0, |line| line.handler.load(Ordering::Acquire))
}

/// Makes the thread of the available line `number`, which has none, and opens the line: it interrupts the CPU where
/// the handler lives. Under the thread-control lock.
///
/// Errors: `InvalidThread` if there is no such handler; `NoMemory`.
pub(crate) fn associate(number: u32, handler: ThreadId) -> Result<(), SysError> {
    let (Some(line), Some(thread)) = (Line::numbered(number), table::find(handler.raw())) else {
        return Err(SysError::InvalidThread);
    };
    let handler_cpu = whereabouts(thread);
    let home = cpu::get(usize::from(handler_cpu))
        .filter(|cpu| io_apic::reaches(cpu.apic_id))
        .map_or(0, |cpu| cpu.index);
    line.served.store(false, Ordering::Relaxed);
    line.pending.store(false, Ordering::Relaxed);
    line.handler_cpu.store(handler_cpu, Ordering::Relaxed);
    line.handler.store(handler.raw(), Ordering::Release);
    if let Err(error) = create::interrupt(thread_id(number), home, handler) {
        line.handler.store(0, Ordering::Release);
        return Err(error);
    }
    route(number, home);
    io_apic::unmask(number);
    Ok(())
}

/// The CPU where `thread` lives, or will when it arrives.
fn whereabouts(thread: TcbRef) -> u16 {
    let home = migrate::home(thread);
    home.leaving_for.unwrap_or(home.cpu).0
}

/// Line `number` interrupts CPU `to`, if lines can reach that; else whom it interrupts passes the interrupt on.
pub(super) fn route(number: u32, to: u16) {
    if let Some(cpu) = cpu::get(usize::from(to)) {
        io_apic::route(number, cpu.apic_id);
    }
}

/// The thread of line `number` ends: nobody handles the line. The thread's home.
pub(crate) fn silence(number: u32) {
    io_apic::mask(number);
    if let Some(line) = Line::numbered(number) {
        line.handler.store(0, Ordering::Release);
    }
}
