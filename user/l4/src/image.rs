//! Where the program's own image lies, from the symbols of the link script.

use core::ops::Range;

use pecan_abi::fpage::Rights;

#[cfg(target_os = "none")]
mod bounds {
    unsafe extern "C" {
        static __image_start: u8;
        static __text_end: u8;
        static __rodata_end: u8;
        static __image_end: u8;
    }

    pub(super) fn all() -> [u64; 4] {
        [
            &raw const __image_start as u64,
            &raw const __text_end as u64,
            &raw const __rodata_end as u64,
            &raw const __image_end as u64,
        ]
    }
}

/// On the host there is no link script and no image to hand out.
#[cfg(not(target_os = "none"))]
mod bounds {
    pub(super) fn all() -> [u64; 4] {
        [0; 4]
    }
}

/// The image: whole pages.
#[cfg(target_os = "none")]
pub(crate) fn range() -> Range<u64> {
    let [start, _, _, end] = bounds::all();
    start..end
}

/// What a program may do with the page at `address`; `None` outside the image.
pub(crate) fn rights(address: u64) -> Option<Rights> {
    let [start, text_end, rodata_end, end] = bounds::all();
    match address {
        _ if address < start || address >= end => None,
        _ if address < text_end => Some(Rights::READ_EXECUTE),
        _ if address < rodata_end => Some(Rights::READ),
        _ => Some(Rights::READ_WRITE),
    }
}

/// Reads one byte of each page from `start` to `end`, so that the space has them mapped.
///
/// # Safety
/// All of the range can be read once the pager has answered.
pub(crate) unsafe fn touch(range: Range<u64>) {
    for page in range.step_by(4096) {
        // SAFETY: the caller vouches for the range; volatile, so that the access happens.
        unsafe { (page as *const u8).read_volatile() };
    }
}
