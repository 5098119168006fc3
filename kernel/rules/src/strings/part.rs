//! One stretch of memory, from its first address upwards.

use pecan_abi::layout::USER_LAST;

/// What is left of a part. It ends where the user range does; what lies beyond cannot be copied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    address: u64,
    left: u64,
    /// There was more of it, beyond the user range.
    clipped: bool,
}

impl Part {
    /// Nothing.
    pub(super) const NONE: Self = Self {
        address: 0,
        left: 0,
        clipped: false,
    };

    /// `length` bytes from `address`.
    #[inline]
    pub(super) const fn new(address: u64, length: u64) -> Self {
        let room = (USER_LAST + 1).saturating_sub(address);
        let left = if length < room { length } else { room };
        Self {
            address,
            left,
            clipped: left < length,
        }
    }

    /// How many bytes are left.
    #[inline]
    pub(super) const fn left(&self) -> u64 {
        self.left
    }

    /// Whether nothing is left.
    #[inline]
    pub(super) const fn is_used_up(&self) -> bool {
        self.left == 0
    }

    /// Whether what is left ends too early.
    #[inline]
    pub(super) const fn is_clipped(&self) -> bool {
        self.clipped
    }

    /// Takes `length` bytes, at most those that are left; gives their first address.
    #[inline]
    pub(super) const fn take(&mut self, length: u64) -> u64 {
        let address = self.address;
        self.address += length;
        self.left -= length;
        address
    }
}
