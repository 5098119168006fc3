//! Stand-in for the per-CPU blocks.

/// Makes the block of a CPU.
pub(crate) fn create(_index: usize, _apic_id: u32) {}

/// Loads the block of the CPU that runs this.
pub(crate) fn install(_index: usize) {}

/// The thread that runs on this CPU, for a panic's report.
pub(crate) fn current_thread_raw() -> Option<u64> {
    None
}
