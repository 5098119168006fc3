//! Addresses and thread numbers that root servers can count on (L4 X.2, start of the root servers).

use crate::fpage::{Fpage, Rights};
use crate::id::ThreadId;

/// Where the kernel interface page lies in the spaces of the root servers.
pub const KIP_ADDRESS: u64 = 0xBFF0_0000;
/// log2 of the size of a kernel interface page area.
pub const KIP_LOG2: u32 = 12;
/// Where the UTCB area lies in the spaces of the root servers; their first thread has its UTCB there.
pub const UTCB_AREA: u64 = 0xBF00_0000;
/// log2 of the size of the root servers' UTCB area.
pub const UTCB_AREA_LOG2: u32 = 18;
/// log2 of the smallest UTCB area.
pub const UTCB_AREA_MIN_LOG2: u32 = 12;
/// The root servers' UTCB area as a page.
pub const UTCB_AREA_FPAGE: Fpage = Fpage::new(UTCB_AREA, UTCB_AREA_LOG2, Rights::NONE);
/// The root servers' area for the kernel interface page as a page.
pub const KIP_AREA_FPAGE: Fpage = Fpage::new(KIP_ADDRESS, KIP_LOG2, Rights::NONE);

/// Last address that a user program can use: the canonical lower half.
pub const USER_LAST: u64 = 0x0000_7FFF_FFFF_FFFF;

/// First address of what the kernel sees of other spaces: nothing that a program could use. Tests look that it is so.
pub const WINDOW_BASE: u64 = 0xFFFF_F000_0000_0000;

/// A UTCB location or area argument that is not given.
pub const NOT_GIVEN: u64 = u64::MAX;

/// Number of significant bits of a thread number.
pub const THREAD_BITS: u32 = 18;
/// Number of thread numbers between the interrupt threads and the user threads.
pub const SYSTEM_THREADS: u32 = 32;
/// Thread number of sigma0 less the first user thread number.
pub const SIGMA0: u32 = 0;
/// Thread number of sigma1 less the first user thread number.
pub const SIGMA1: u32 = 1;
/// Thread number of the root task less the first user thread number.
pub const ROOT: u32 = 2;
/// First thread number less the first user thread number that the root task may create.
pub const FIRST_FREE: u32 = 3;

/// Global id of sigma0 when user threads begin at `user_base`.
#[inline]
pub const fn sigma0(user_base: u32) -> ThreadId {
    ThreadId::global(user_base + SIGMA0, 1)
}

/// Global id of the root task when user threads begin at `user_base`.
#[inline]
pub const fn root(user_base: u32) -> ThreadId {
    ThreadId::global(user_base + ROOT, 1)
}

/// Priority of the root servers and of interrupt threads.
pub const ROOT_PRIORITY: u8 = 255;
/// Priority of a new thread.
pub const DEFAULT_PRIORITY: u8 = 100;
/// Time slice of a new thread in microseconds.
pub const DEFAULT_SLICE: u64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_servers() {
        assert_eq!(root(48).raw(), 0x32_0000_0001);
        assert_eq!(sigma0(48).raw(), 0x30_0000_0001);
        assert_eq!(UTCB_AREA_FPAGE.raw(), 0xBF00_0120);
        assert_eq!(KIP_AREA_FPAGE.raw(), 0xBFF0_00C0);
        assert!(!UTCB_AREA_FPAGE.overlaps(KIP_AREA_FPAGE));
    }
}
