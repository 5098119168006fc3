//! Some ports in a row.

use pecan_abi::fpage::{Fpage, IoFpage};

use crate::mapping::{Node, Spot};

/// log2 of the bytes that a port takes in the mapping tree.
const PORT_LOG2: u32 = 12;
/// How many ports the largest piece has.
const LARGEST: u16 = 512;

/// The ports from `first` to `last`, inclusive; at least one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ports {
    /// The first port.
    pub first: u16,
    /// The last port, not below the first.
    pub last: u16,
}

impl Ports {
    /// The ports that an I/O fpage names.
    #[inline]
    pub const fn named(page: IoFpage) -> Self {
        Self {
            first: page.port(),
            last: page.last(),
        }
    }

    /// What of these ports a receiver with this window takes: nothing if the window is nil, those that the window
    /// names if it is an I/O fpage, all if it is of memory.
    pub const fn within(self, window: Fpage) -> Option<Self> {
        if window.is_nil() {
            return None;
        }
        match IoFpage::from_fpage(window) {
            Some(window) => self.and(Self::named(window)),
            None => Some(self),
        }
    }

    /// The ports that are among both.
    pub const fn and(self, other: Self) -> Option<Self> {
        let first = if self.first > other.first {
            self.first
        } else {
            other.first
        };
        let last = if self.last < other.last {
            self.last
        } else {
            other.last
        };
        if first <= last {
            Some(Self { first, last })
        } else {
            None
        }
    }

    /// Whether all of `other` are among these.
    #[inline]
    pub const fn contains(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// The ports of the largest piece that begins with the first of these and does not go beyond the last.
    pub const fn piece(self) -> Self {
        let mut size = LARGEST as u32;
        let (first, last) = (self.first as u32, self.last as u32);
        while !first.is_multiple_of(size) || first + (size - 1) > last {
            size /= 2;
        }
        Self {
            first: self.first,
            last: (first + (size - 1)) as u16,
        }
    }

    /// The ports of the largest piece in which `port` can be.
    pub const fn largest(port: u16) -> Self {
        let others = LARGEST - 1;
        Self {
            first: port & !others,
            last: port | others,
        }
    }

    /// The ports of a node.
    #[inline]
    pub const fn of(node: &Node) -> Self {
        Self {
            first: (node.address() >> PORT_LOG2) as u16,
            last: (node.last() >> PORT_LOG2) as u16,
        }
    }

    /// First and last address in the mapping tree.
    #[inline]
    pub const fn addresses(self) -> (u64, u64) {
        let last = ((self.last as u64 + 1) << PORT_LOG2) - 1;
        ((self.first as u64) << PORT_LOG2, last)
    }

    /// The place of these ports, which are a piece, in `space`.
    pub(super) fn spot(self, space: crate::mapping::SpaceName) -> Spot {
        let count = u32::from(self.last - self.first) + 1;
        Spot {
            space,
            address: self.addresses().0,
            log2: count.trailing_zeros() + PORT_LOG2,
        }
    }
}
