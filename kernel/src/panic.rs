//! What the kernel says when it finds itself broken, and how it ends then.
//!
//! The report is made from this CPU alone: it takes no lock that it does not break after a while, and reads no memory that is not mapped.

use crate::arch::x86_64::{power, registers, serial};
use crate::logging::cpu_number;
use crate::memory::kernel_space;
use core::fmt::{Arguments, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicUsize, Ordering};
use registers::Snapshot;

/// Most frames of a backtrace.
const MAX_FRAMES: usize = 48;

/// Addresses from here on are the kernel's.
const KERNEL_HALF: u64 = 0xffff_8000_0000_0000;

/// Who reports: a CPU number + 1; 0 is nobody.
static REPORTER: AtomicUsize = AtomicUsize::new(0);

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let snapshot = Snapshot::here();
    match info.location() {
        Some(at) => report(
            &snapshot,
            format_args!("{}:{}: {}", at.file(), at.line(), info.message()),
        ),
        None => report(&snapshot, format_args!("?:0: {}", info.message())),
    }
}

/// Ends the machine because of an exception inside the kernel, with a report of the registers at that point.
pub(crate) fn fault(snapshot: &Snapshot, what: Arguments<'_>) -> ! {
    report(snapshot, format_args!("rip {:#x}:0: {what}", snapshot.rip))
}

fn report(snapshot: &Snapshot, what: Arguments<'_>) -> ! {
    x86_64::instructions::interrupts::disable();
    let cpu = cpu_number();
    match REPORTER.compare_exchange(0, cpu + 1, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => {}
        // The report itself panicked.
        Err(reporter) if reporter == cpu + 1 => power::exit(power::PANIC),
        Err(_) => power::halt(),
    }
    serial::note_panic();
    serial::with(|console| {
        console.start_line();
        let thread = if registers::gs_is_kernel() {
            crate::cpu::current_thread_raw()
        } else {
            None
        };
        let _ = writeln!(
            console,
            "[panic] cpu {cpu} thread {:#x} at {what}",
            thread.unwrap_or(0)
        );
        let _ = snapshot.write(console);
        backtrace(console, snapshot);
        let _ = writeln!(console, "[panic] end");
    });
    power::exit(power::PANIC)
}

/// Follows the frame pointers up the stack for as long as they make sense.
fn backtrace(console: &mut serial::Console, snapshot: &Snapshot) {
    let _ = writeln!(console, "[backtrace] {:#x}", snapshot.rip);
    let mut frame = snapshot.rbp;
    for _ in 0..MAX_FRAMES {
        let (Some(above), Some(address)) = (word(frame), word(frame.wrapping_add(8))) else {
            return;
        };
        if address < KERNEL_HALF {
            return;
        }
        let _ = writeln!(console, "[backtrace] {address:#x}");
        if above <= frame {
            return;
        }
        frame = above;
    }
}

/// The word at a kernel address; `None` if it is no kernel address, not aligned, or not mapped.
fn word(address: u64) -> Option<u64> {
    if address < KERNEL_HALF || !address.is_multiple_of(8) {
        return None;
    }
    kernel_space::translate(address)?;
    // SAFETY: the address is the kernel's, aligned and mapped; any value is a u64.
    Some(unsafe { (address as *const u64).read_volatile() })
}
