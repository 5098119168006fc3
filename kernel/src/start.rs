//! Where booting ends.

use crate::arch::x86_64::{clock, power};
use crate::boot::{Facts, aps};

/// Runs on the boot CPU when the machine is set up.
pub(crate) fn boot_main(facts: &'static Facts) -> ! {
    aps::start_all(facts);
    log::info!("{} CPUs after {} us, nothing to run", facts.cpus.len(), clock::micros());
    power::exit(power::SUCCESS)
}

/// Runs on every other CPU when its block is loaded.
pub(crate) fn ap_main(index: usize) -> ! {
    log::debug!("CPU {index} has nothing to run");
    power::halt()
}
