//! What the kernel says about itself.

use rustix::system::uname;
use serde_json::{Value, json};
use std::fs;

/// What tells figures of one kernel from those of another.
pub(crate) fn about() -> Value {
    let name = uname();
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    json!({
        "release": name.release().to_string_lossy(),
        "build": name.version().to_string_lossy(),
        "clock": read("/sys/devices/system/clocksource/clocksource0/current_clocksource").trim(),
        "mitigations": mitigations(),
    })
}

/// The processors' weaknesses that this kernel works around, and how.
fn mitigations() -> Vec<String> {
    let entries = fs::read_dir("/sys/devices/system/cpu/vulnerabilities");
    let mut lines: Vec<String> = entries
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let state = fs::read_to_string(entry.path()).ok()?;
            let how = state.trim().strip_prefix("Mitigation: ")?;
            Some(format!("{}: {how}", entry.file_name().to_string_lossy()))
        })
        .collect();
    lines.sort();
    lines
}

/// Interrupts with which the kernel called other CPUs since its start: to reschedule, or to run a function.
pub(crate) fn interrupts() -> Option<u64> {
    sum(&fs::read_to_string("/proc/interrupts").ok()?)
}

fn sum(table: &str) -> Option<u64> {
    let counts = ["RES:", "CAL:"].map(|name| {
        let line = table
            .lines()
            .find_map(|line| line.trim_start().strip_prefix(name))?;
        Some(
            line.split_whitespace()
                .map_while(|word| word.parse::<u64>().ok())
                .sum::<u64>(),
        )
    });
    counts.into_iter().sum()
}

#[cfg(test)]
mod tests {
    use super::sum;

    #[test]
    fn calls_of_all_cpus_are_added() {
        let table = "            CPU0       CPU1\n LOC:    900    800   Local timer interrupts\n \
                     RES:      3      4   Rescheduling interrupts\n CAL:     10     20   Function call interrupts\n";
        assert_eq!(sum(table), Some(37));
        assert_eq!(sum("LOC: 1\nRES: 3 Rescheduling interrupts"), None);
    }
}
