//! Starts the other CPUs, one after the other.

use super::facts::Facts;
use super::refuse;
use super::trampoline::Trampoline;
use crate::arch::x86_64::{apic, clock, control, power};
use crate::memory::identity::IdentityTables;
use crate::memory::kernel_space;
use crate::memory::layout::PAGE;
use core::sync::atomic::{AtomicUsize, Ordering};

/// How long a CPU may take to arrive, in microseconds, before the machine is given up. Long, because a loaded host may be slow.
const PATIENCE: u64 = 20_000_000;

/// After so many microseconds without an answer, the start-up interrupt is sent once more, as old CPUs want it.
const SECOND_TRY: u64 = 100_000;

/// How long a CPU needs to reset, in microseconds.
const RESET: u64 = 10;

/// The highest CPU number that has arrived.
static ARRIVED: AtomicUsize = AtomicUsize::new(0);

/// Starts all CPUs but the boot CPU, which runs this. Each loads its block and goes to `start::ap_main`. Their blocks must exist.
pub(crate) fn start_all(facts: &Facts) {
    if facts.cpus.len() < 2 {
        return;
    }
    let Some(page) = low_page(facts) else {
        refuse(
            power::NO_MEMORY,
            format_args!("no free page below 1 MiB to start CPUs from"),
        );
    };
    let Ok(tables) = IdentityTables::make(page) else {
        refuse(
            power::NO_MEMORY,
            format_args!("no memory for the page tables that start CPUs"),
        );
    };
    // SAFETY: the page is free memory, and the tables were just made for it.
    let trampoline = unsafe { Trampoline::install(page, tables.root(), arrive) };
    for (index, apic_id) in facts.cpus.iter().enumerate().skip(1) {
        start(&trampoline, index, *apic_id);
    }
    tables.free();
    log::info!(
        "{} CPUs started in {} us",
        facts.cpus.len(),
        clock::micros()
    );
}

fn start(trampoline: &Trampoline, index: usize, apic_id: u32) {
    trampoline.prepare(index, crate::cpu::boot_stack_top(index));
    apic::send_init(apic_id);
    clock::wait(RESET);
    let began = clock::micros();
    apic::send_startup(apic_id, trampoline.page_number());
    let mut tries = 1;
    while ARRIVED.load(Ordering::Acquire) != index {
        core::hint::spin_loop();
        let waited = clock::micros() - began;
        if waited > SECOND_TRY && tries == 1 {
            apic::send_startup(apic_id, trampoline.page_number());
            tries = 2;
        }
        if waited > PATIENCE {
            refuse(
                power::PANIC,
                format_args!("CPU {index} with APIC id {apic_id} does not start"),
            );
        }
    }
    log::debug!("CPU {index} with APIC id {apic_id} is up");
}

/// Where a started CPU arrives, on its own stack, with the trampoline's page tables.
extern "C" fn arrive(index: usize) -> ! {
    // SAFETY: the kernel's own tables map image, stack and physmap just like the trampoline's.
    unsafe { control::load_page_table_root(kernel_space::root()) };
    control::enable();
    apic::init_this_cpu();
    crate::cpu::install(index);
    ARRIVED.store(index, Ordering::Release);
    crate::start::ap_main(index)
}

/// A free page below 1 MiB; the highest, because the firmware keeps its own at the bottom.
fn low_page(facts: &Facts) -> Option<u64> {
    facts
        .free
        .highest(PAGE, PAGE, 1 << 20)
        .map(|region| region.start)
}
