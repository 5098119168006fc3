//! What the CPUs can do. Asked once, on the boot CPU: all CPUs are taken to be alike.

use raw_cpuid::CpuId;
use spin::Once;

/// Optional features that the kernel uses.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Features {
    /// Pages of 1 GiB.
    pub(crate) gib_pages: bool,
    /// The kernel cannot execute user pages.
    pub(crate) smep: bool,
    /// The kernel cannot touch user pages by accident.
    pub(crate) smap: bool,
    /// Users cannot read the descriptor tables' addresses.
    pub(crate) umip: bool,
    /// rdgsbase, wrgsbase and the like.
    pub(crate) fsgsbase: bool,
    /// The APIC can be reached through model-specific registers.
    pub(crate) x2apic: bool,
}

static FEATURES: Once<Features> = Once::new();

/// The features. Any CPU.
pub(crate) fn get() -> Features {
    *FEATURES.call_once(ask)
}

fn ask() -> Features {
    let cpuid = CpuId::new();
    let basic = cpuid.get_feature_info();
    let extended = cpuid.get_extended_feature_info();
    let amd = cpuid.get_extended_processor_and_feature_identifiers();
    Features {
        gib_pages: amd.is_some_and(|f| f.has_1gib_pages()),
        smep: extended.as_ref().is_some_and(|f| f.has_smep()),
        smap: extended.as_ref().is_some_and(|f| f.has_smap()),
        umip: extended.as_ref().is_some_and(|f| f.has_umip()),
        fsgsbase: extended.as_ref().is_some_and(|f| f.has_fsgsbase()),
        x2apic: basic.is_some_and(|f| f.has_x2apic()),
    }
}

/// The id of the local APIC of the CPU that runs this, as it was at reset.
pub(crate) fn apic_id() -> u32 {
    let cpuid = CpuId::new();
    let topology = cpuid
        .get_extended_topology_info()
        .and_then(|mut levels| levels.next());
    match topology {
        Some(level) if level.processors() > 0 => level.x2apic_id(),
        _ => cpuid
            .get_feature_info()
            .map_or(0, |f| u32::from(f.initial_local_apic_id())),
    }
}
