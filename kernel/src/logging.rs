//! The kernel's log: `[cpuN] LEVEL target: message` on the console, through the crate `log`.
//!
//! The target is the first part of the module path behind the crate: `ipc` for `pecan::ipc::remote`, or another crate's name.

use crate::arch::x86_64::{features, serial};
use core::fmt::Write;
use core::sync::atomic::{AtomicBool, Ordering};
use log::{LevelFilter, Log, Metadata, Record};
use pecan_bootdata::options::Options;
use spin::Once;

struct Logger;

static LOGGER: Logger = Logger;
static OPTIONS: Once<&'static Options<'static>> = Once::new();
static CPUS_KNOWN: AtomicBool = AtomicBool::new(false);

/// Starts logging at level info. Boot CPU, once, after the console is set up.
pub(crate) fn init() {
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

/// Takes the levels from the command line.
pub(crate) fn set_levels(options: &'static Options<'static>) {
    OPTIONS.call_once(|| options);
    log::set_max_level(options.max_level());
}

/// From now on lines carry the number of the CPU that logs; before, only the boot CPU runs.
pub(crate) fn cpus_are_known() {
    CPUS_KNOWN.store(true, Ordering::Release);
}

/// The number of the CPU that runs this; works on any stack and with any gs.
pub(crate) fn cpu_number() -> usize {
    if CPUS_KNOWN.load(Ordering::Acquire) {
        crate::boot::cpu_with_apic_id(features::apic_id()).unwrap_or(0)
    } else {
        0
    }
}

fn short(target: &str) -> &str {
    let mut parts = target.split("::");
    match (parts.next(), parts.next()) {
        (Some("pecan"), Some(module)) => module,
        (Some(name), _) => name,
        (None, _) => target,
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let level = OPTIONS.get().map_or(LevelFilter::Info, |options| {
            options.level(short(metadata.target()))
        });
        metadata.level() <= level
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let cpu = cpu_number();
        serial::with(|console| {
            console.start_line();
            let _ = writeln!(
                console,
                "[cpu{cpu}] {} {}: {}",
                record.level(),
                short(record.target()),
                record.args()
            );
        });
    }

    fn flush(&self) {}
}
