//! Kinds of work and of interference, by name.

/// A kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Messages of a few words. Always there.
    Ipc,
    /// Messages with strings, whose pages are missing on both sides.
    Long,
    /// ExchangeRegisters on threads that wait.
    Cancel,
    /// ExchangeRegisters on threads whose strings are on their way.
    Abort,
    /// Other priorities and time slices.
    Priority,
    /// Other CPUs, existing or not, for others and for oneself.
    Migrate,
    /// Deleting threads and making them again under the same number.
    Kill,
    /// Taking pages away that are in use.
    Unmap,
    /// A device's interrupts.
    Irq,
    /// Threads that delete, make, move and abort each other from all CPUs at once.
    Storm,
}

impl Kind {
    /// All kinds and their names.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::Ipc, "ipc"),
        (Self::Long, "long"),
        (Self::Cancel, "cancel"),
        (Self::Abort, "abort"),
        (Self::Priority, "priority"),
        (Self::Migrate, "migrate"),
        (Self::Kill, "kill"),
        (Self::Unmap, "unmap"),
        (Self::Irq, "irq"),
        (Self::Storm, "storm"),
    ];
}

/// Which kinds a run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mix(u32);

impl Mix {
    /// Every kind.
    pub const ALL: Self = Self((1 << Kind::ALL.len()) - 1);
    /// Messages only.
    pub const CALM: Self = Self(1 << Kind::Ipc as u32);

    /// Reads names with commas between them.
    ///
    /// # Errors
    /// The first name that means nothing.
    pub fn read(names: &str) -> Result<Self, &str> {
        names.split(',').try_fold(Self::CALM, |mix, name| {
            let named = Kind::ALL.iter().find(|(_, known)| *known == name);
            named.map(|(kind, _)| mix.with(*kind)).ok_or(name)
        })
    }

    /// With this kind, too.
    #[must_use]
    pub const fn with(self, kind: Kind) -> Self {
        Self(self.0 | 1 << kind as u32)
    }

    /// Whether it has this kind.
    #[must_use]
    pub const fn has(self, kind: Kind) -> bool {
        self.0 & 1 << kind as u32 != 0
    }

    /// As a word, to be left where other threads find it.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// From a word; bits without a meaning are dropped.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & Self::ALL.0 | Self::CALM.0)
    }
}

impl core::fmt::Display for Mix {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut between = "";
        for (_, name) in Kind::ALL.iter().filter(|(kind, _)| self.has(*kind)) {
            write!(f, "{between}{name}")?;
            between = ",";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Mix};

    #[test]
    fn names_and_back() {
        assert_eq!(Mix::read("ipc"), Ok(Mix::CALM));
        let mix = Mix::read("kill,long").expect("fine");
        assert!(mix.has(Kind::Kill) && mix.has(Kind::Long) && !mix.has(Kind::Irq));
        assert_eq!(mix.to_string(), "ipc,long,kill");
        assert_eq!(Mix::read(&Mix::ALL.to_string()), Ok(Mix::ALL));
        assert_eq!(Mix::from_bits(mix.bits()), mix);
        for (position, (kind, _)) in Kind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, position);
            assert!(Mix::ALL.has(*kind));
        }
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(Mix::read("ipc,chaos"), Err("chaos"));
        assert_eq!(Mix::read(""), Err(""));
    }
}
