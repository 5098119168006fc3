//! Where booting ends.

use crate::boot::Facts;

/// Runs on the boot CPU when the machine is set up.
pub(crate) fn boot_main(facts: &'static Facts) -> ! {
    log::info!("{} CPUs, nothing to run", facts.cpus.len());
    crate::arch::x86_64::power::exit(crate::arch::x86_64::power::SUCCESS)
}
