//! Where a mapped page comes from and where it goes (L4 X.2, map and grant items).

use pecan_abi::fpage::{Fpage, Rights};
use pecan_abi::layout::USER_LAST;

/// A naturally aligned region that goes from one address space to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placement {
    /// First address in the sender's space, a multiple of the size.
    pub source: u64,
    /// First address in the receiver's space, a multiple of the size.
    pub target: u64,
    /// log2 of the size, 12-47. At 47 the region is the whole user range and both addresses are 0.
    pub log2: u32,
    /// Rights to give, at most those that the sender has; not none.
    pub rights: Rights,
}

/// log2 of the size of the user range.
const USER_LOG2: u32 = 64 - USER_LAST.leading_zeros();

/// What a map or grant item with this send base moves from the `send` page into the receive `window`.
///
/// The smaller of the two decides the size, and the send base selects a part of the larger one. `None` if nothing moves:
/// one of them is nil or smaller than 4 KiB, no right is given, or a region is not in the user range.
#[inline]
pub const fn place(send_base: u64, send: Fpage, window: Fpage) -> Option<Placement> {
    let (Some(send_log2), Some(window_log2)) = (size_log2(send), size_log2(window)) else {
        return None;
    };
    let rights = send.rights();
    if rights.is_none() {
        return None;
    }
    let (mut source, mut target) = (send.base(), window.base());
    let log2 = if send_log2 <= window_log2 {
        target |= send_base & below(window_log2) & !below(send_log2);
        send_log2
    } else {
        source |= send_base & below(send_log2) & !below(window_log2);
        window_log2
    };
    if source > USER_LAST || target > USER_LAST {
        return None;
    }
    let log2 = if log2 > USER_LOG2 { USER_LOG2 } else { log2 };
    Some(Placement {
        source,
        target,
        log2,
        rights,
    })
}

/// As [`place`] for a `send` page of the smallest size and a window that can take it; `None` also for everything else.
#[inline]
pub const fn place_page(send_base: u64, send: Fpage, window: Fpage) -> Option<Placement> {
    let target = if window.is_complete() {
        send_base
    } else if window.log2() >= Fpage::MIN_LOG2 {
        window.base() | send_base & below(window.log2())
    } else {
        return None;
    };
    if send.log2() != Fpage::MIN_LOG2 || send.rights().is_none() {
        return None;
    }
    let page = !below(Fpage::MIN_LOG2);
    let (source, target) = (send.raw() & page, target & page);
    if source > USER_LAST || target > USER_LAST {
        return None;
    }
    Some(Placement {
        source,
        target,
        log2: Fpage::MIN_LOG2,
        rights: send.rights(),
    })
}

/// log2 of the size of a page: 64 for the complete address space, `None` for nil and for what is too small to be mapped.
const fn size_log2(page: Fpage) -> Option<u32> {
    if page.is_complete() {
        Some(64)
    } else if page.log2() >= Fpage::MIN_LOG2 {
        Some(page.log2())
    } else {
        None
    }
}

/// The bits below bit `log2`, 12-64.
const fn below(log2: u32) -> u64 {
    u64::MAX >> (64 - log2)
}
