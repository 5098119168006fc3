//! Roots of spaces from which something was taken away.

use crate::cpu::Cpu;
use crate::memory::kernel_space;

/// What was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Kind {
    /// Pages, or rights to them: translations are stale.
    Pages = 1,
    /// I/O ports: what CPUs let programs use is stale.
    Ports = 2,
}

const KINDS: u64 = Kind::Pages as u64 | Kind::Ports as u64;

/// Roots, each with its kinds in the lowest bits, from the first on; zeros follow. One more than there is room for means
/// all spaces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Roots(pub(super) [u64; Self::ROOM]);

impl Roots {
    /// As many as a node carries in the words of a [`crate::sys::remote::Control`].
    const ROOM: usize = 7;
    /// The first word if all spaces are meant.
    const ALL: u64 = u64::MAX;
    /// Nothing.
    pub(crate) const NONE: Self = Self([0; Self::ROOM]);

    /// Those in the words of a node.
    pub(super) const fn from_words(words: [u64; Self::ROOM]) -> Self {
        Self(words)
    }

    /// Something of that kind was taken from the space with this root.
    pub(crate) fn add(&mut self, root: u64, kind: Kind) {
        self.add_word(root | kind as u64);
    }

    /// As [`Self::add`]; returns the word's place.
    pub(super) fn add_word(&mut self, word: u64) -> usize {
        for (place, old) in self.0.iter_mut().enumerate() {
            if *old == Self::ALL {
                return place;
            }
            if *old == 0 || *old & !KINDS == word & !KINDS {
                *old |= word;
                return place;
            }
        }
        *self = Self::NONE;
        self.0[0] = Self::ALL;
        0
    }

    /// Whether there is none.
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.0[0] == 0
    }

    /// Whether something was taken from the space with this root.
    pub(super) fn name(&self, root: u64) -> bool {
        self.words()
            .any(|word| word == Self::ALL || word & !KINDS == root)
    }

    /// Whether `cpu` may have a translation that is stale. A hint from elsewhere, exact after a fence.
    #[inline]
    pub(super) fn concern_pages(&self, cpu: &Cpu) -> bool {
        self.words().any(|word| {
            word & Kind::Pages as u64 != 0
                && (meets(word, cpu.loaded_root()) || meets(word, cpu.window_root()))
        })
    }

    /// Whether `cpu` may let programs use ports that were taken. As [`Self::concern_pages`].
    #[inline]
    pub(super) fn concern_ports(&self, cpu: &Cpu) -> bool {
        self.words()
            .any(|word| word & Kind::Ports as u64 != 0 && meets(word, cpu.ports.space()))
    }

    /// The words in use.
    #[inline]
    pub(super) fn words(&self) -> impl Iterator<Item = u64> {
        self.0.into_iter().take_while(|word| *word != 0)
    }
}

/// Whether `word` names the space with this root, which is 0 for none.
#[inline]
fn meets(word: u64, root: u64) -> bool {
    word & !KINDS == root || word == Roots::ALL && root != 0 && root != kernel_space::root()
}
