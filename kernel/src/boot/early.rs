//! Reading memory that the boot loader names, through the first page tables.

use crate::memory::layout::EARLY_LIMIT;
use crate::memory::physmap;
use core::mem::{align_of, size_of};

/// `size` bytes at a physical address; `None` if they are not all below 4 GiB.
pub(super) fn bytes(phys: u64, size: u64) -> Option<&'static [u8]> {
    let end = phys.checked_add(size)?;
    if phys == 0 || end > EARLY_LIMIT {
        return None;
    }
    // SAFETY: the first page tables map everything below 4 GiB, and nothing writes it while the loader's data is read.
    Some(unsafe { core::slice::from_raw_parts(physmap::to_virt(phys), size as usize) })
}

/// A copy of a plain structure at a physical address, wherever it is aligned.
pub(super) fn read<T: Plain>(phys: u64) -> Option<T> {
    const { assert!(align_of::<T>() <= 16) };
    let source = bytes(phys, size_of::<T>() as u64)?;
    // SAFETY: the source is long enough, and any bytes are a `Plain` value.
    Some(unsafe { source.as_ptr().cast::<T>().read_unaligned() })
}

/// A string that ends with a zero byte, at most `limit` bytes of it.
pub(super) fn string(phys: u64, limit: u64) -> Option<&'static [u8]> {
    let text = bytes(phys, limit.min(EARLY_LIMIT.saturating_sub(phys)))?;
    let end = text
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(text.len());
    Some(&text[..end])
}

/// Structures of which any bytes are a value.
///
/// # Safety
/// Only integers, no padding that matters.
pub(super) unsafe trait Plain: Copy {}
