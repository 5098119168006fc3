//! What the plugin writes: a line of JSON for each measured stretch.

use super::Counts;
use serde::{Deserialize, Serialize};

/// A measured stretch.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// How many rows the program had begun, this one included; 0 before the first.
    pub row: usize,
    /// Each CPU that did something meanwhile.
    pub cpus: Vec<OnCpu>,
    /// How often a CPU was in the kernel: stretches of kernel instructions without a user instruction in between.
    pub visits: u64,
    /// The most of each that such a visit did or touched.
    pub visit: Counts,
    /// The lines that visits touched, by virtual address; empty unless the plugin was asked for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub footprint: Vec<Line>,
}

/// What one CPU did.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OnCpu {
    /// Its number.
    pub cpu: u32,
    /// Instructions in the lower half of the address space.
    pub user: Counts,
    /// Instructions in the upper half.
    pub kernel: Counts,
}

/// A cache line, and who touched it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The visit, from 1 in each stretch.
    pub visit: u64,
    /// Address of the line's first byte.
    pub address: u64,
    /// Its physical address; none for code.
    pub physical: Option<u64>,
    /// Each instruction that touched it first or anew: its address; for data with the offset in the line, the bytes, and
    /// whether it stored.
    pub uses: Vec<Use>,
}

/// A touch of a line.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Use {
    /// Address of the instruction.
    pub instruction: u64,
    /// Offset of the first byte in the line.
    pub offset: u64,
    /// Bytes.
    pub bytes: u64,
    /// Whether it was a store.
    pub store: bool,
}

impl Window {
    /// Instructions of all CPUs.
    pub fn instructions(&self) -> u64 {
        let both = |cpu: &OnCpu| cpu.user.instructions + cpu.kernel.instructions;
        self.cpus.iter().map(both).sum()
    }
}
