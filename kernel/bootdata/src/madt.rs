//! Is ACPI's list of processors (MADT) safe to walk?

/// Bytes of the table before its first entry.
pub const HEADER: usize = 44;

/// Shortest valid entries of the kinds that are read: processor, I/O APIC, override of an interrupt source, x2APIC
/// processor.
const SHORTEST: [(u8, u8); 4] = [(0, 8), (1, 12), (2, 10), (9, 16)];

/// Does the table consist of whole entries, each at least as long as its kind needs?
#[must_use]
pub fn is_sound(table: &[u8]) -> bool {
    let Some(mut rest) = table.get(HEADER..) else {
        return false;
    };
    while let [kind, length, ..] = *rest {
        let shortest = SHORTEST
            .iter()
            .find(|(known, _)| *known == kind)
            .map_or(2, |(_, length)| *length);
        match rest.get(usize::from(length)..) {
            Some(behind) if length >= shortest => rest = behind,
            _ => return false,
        }
    }
    rest.is_empty()
}

/// A processor as the table names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processor {
    /// Id of its local APIC.
    pub apic_id: u32,
    /// The flags word: bit 0 says that it may be used.
    pub flags: u32,
}

impl Processor {
    /// May the kernel use this processor? Without x2APIC, ids end at 254.
    #[must_use]
    pub const fn is_usable(self, x2apic: bool) -> bool {
        let reachable = if x2apic {
            self.apic_id != u32::MAX
        } else {
            self.apic_id < 255
        };
        self.flags & 1 == 1 && reachable
    }
}

/// How a device signals on an interrupt line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// As long as the line is active, rather than when it becomes active.
    pub level: bool,
    /// The line is active when it is low.
    pub low: bool,
}

impl Signal {
    /// As ISA devices do.
    pub const ISA: Self = Self {
        level: false,
        low: false,
    };
    /// As PCI devices do.
    pub const PCI: Self = Self {
        level: true,
        low: true,
    };

    /// What lines that no override names do: the first 16 are those of ISA.
    #[must_use]
    pub const fn usual(line: u32) -> Self {
        if line < 16 { Self::ISA } else { Self::PCI }
    }

    /// What the flags of an override of an ISA interrupt say: two bits each for polarity and trigger, 0 means as usual.
    #[must_use]
    pub const fn of_override(flags: u16) -> Self {
        Self {
            level: (flags >> 2) & 3 == 3,
            low: flags & 3 == 3,
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{HEADER, Processor, Signal, is_sound};
    use std::vec::Vec;

    fn table(entries: &[u8]) -> Vec<u8> {
        let mut table = std::vec![0; HEADER];
        table.extend_from_slice(entries);
        table
    }

    #[test]
    fn whole_entries_are_sound() {
        assert!(is_sound(&table(&[])));
        assert!(is_sound(&table(&[0, 8, 0, 0, 1, 0, 0, 0])));
        assert!(is_sound(&table(&[200, 2, 5, 3, 0])));
    }

    #[test]
    fn broken_entries_are_not() {
        assert!(!is_sound(&[0; HEADER - 1]));
        assert!(!is_sound(&table(&[0])), "half a header");
        assert!(!is_sound(&table(&[7, 0])), "would never end");
        assert!(!is_sound(&table(&[7, 1])));
        assert!(!is_sound(&table(&[0, 8, 0, 0, 1, 0, 0])), "cut off");
        assert!(!is_sound(&table(&[0, 4, 0, 0])), "too short for its kind");
        assert!(!is_sound(&table(&[9, 8, 0, 0, 0, 0, 0, 0])));
    }

    #[test]
    fn reachable_and_enabled() {
        let cpu = |apic_id, flags| Processor { apic_id, flags };
        assert!(cpu(254, 1).is_usable(false) && cpu(255, 3).is_usable(true));
        assert!(!cpu(255, 1).is_usable(false) && !cpu(u32::MAX, 1).is_usable(true));
        assert!(!cpu(1, 2).is_usable(true) && !cpu(1, 0).is_usable(true));
    }

    #[test]
    fn signals() {
        assert_eq!(
            (Signal::usual(15), Signal::usual(16)),
            (Signal::ISA, Signal::PCI)
        );
        assert_eq!(Signal::of_override(0), Signal::ISA);
        assert_eq!(Signal::of_override(0b0101), Signal::ISA);
        assert_eq!(Signal::of_override(0b1111), Signal::PCI);
        let level_high = Signal {
            level: true,
            low: false,
        };
        assert_eq!(Signal::of_override(0b1101), level_high);
    }
}
