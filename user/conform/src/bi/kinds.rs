//! What the memory descriptors say together: later ones override earlier ones.

use l4::abi::kip::MemoryType;
use l4::kip;

/// Type and subtype of the physical memory from `first` to `last`; `None` if some descriptor has a part of it only.
pub(crate) fn of(first: u64, last: u64) -> Option<(MemoryType, u8)> {
    let mut kind = Some((MemoryType::UNDEFINED, 0));
    for memory in kip::memory().filter(|memory| !memory.is_virtual) {
        if memory.low <= first && last <= memory.high {
            kind = Some((memory.kind, memory.subtype));
        } else if memory.low <= last && first <= memory.high {
            kind = None;
        }
    }
    kind
}
