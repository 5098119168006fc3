//! From the loader's jump to the first thread.
//!
//! In the order of time:
//! * `headers`   what a boot loader looks for in the kernel's file
//! * `entry`     from 32-bit code to Rust
//! * `pvh`, `multiboot2`  what the loader hands over, as a `handover`
//! * `acpi`      what the firmware's tables say
//! * `image`     what the boot archive holds
//! * `place`     where in memory things are put
//! * `facts`     what the kernel knows of the machine from then on
//! * `servers`   the first programs are put where they run
//! * `aps`, `trampoline`  the other CPUs

mod acpi;
pub(crate) mod aps;
mod early;
mod entry;
mod facts;
mod handover;
mod headers;
mod image;
mod multiboot2;
mod place;
mod pvh;
pub(crate) mod servers;
mod trampoline;

#[cfg(debug_assertions)]
pub(crate) use facts::CPU_LIMIT;
pub(crate) use facts::{Facts, cpu_with_apic_id, facts};

use crate::arch::x86_64::{apic, clock, control, io_apic, pic, power, serial};
use crate::{logging, memory};
use core::fmt::Arguments;

/// Where `entry` jumps to: boot CPU, first page tables, interrupts off. `protocol` is the magic number of the boot protocol,
/// `info` the physical address that came with it.
extern "C" fn run(protocol: u32, info: u32) -> ! {
    clock::start();
    serial::init();
    logging::init();
    let handover = handover::take(protocol, info);
    let facts = facts::gather(handover);
    log::info!("Pecan {}", env!("CARGO_PKG_VERSION"));
    logging::cpus_are_known();
    if memory::init(facts).is_err() {
        refuse(
            power::NO_MEMORY,
            format_args!(
                "the kernel's memory cannot hold its own page tables: give more with kmem="
            ),
        );
    }
    control::enable();
    pic::mask_8259();
    if set_up_interrupts(facts).is_err() {
        refuse(
            power::NO_MEMORY,
            format_args!("no memory for the page tables of devices"),
        );
    }
    clock::calibrate(facts.hpet, facts.pm_timer);
    for (index, apic_id) in facts.cpus.iter().enumerate() {
        crate::cpu::create(index, *apic_id);
    }
    crate::cpu::install(0);
    crate::start::boot_main(facts)
}

fn set_up_interrupts(facts: &Facts) -> Result<(), memory::kernel_space::OutOfMemory> {
    apic::init_boot_cpu(facts.x2apic)?;
    io_apic::set_up(facts)
}

/// Ends the machine because it cannot be booted: one clear line, and a code.
fn refuse(code: u32, why: Arguments<'_>) -> ! {
    log::error!("cannot boot: {why}");
    power::exit(code)
}
