//! Memory besides the image, and I/O ports, that the pager may map into the program's other spaces.

use core::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use pecan_abi::fpage::{Fpage, IoFpage, Rights};

/// The table of what is shared is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

const ENTRIES: usize = 64;

/// Raw fpages; zero is a free entry.
static TABLE: [AtomicU64; ENTRIES] = [const { AtomicU64::new(0) }; ENTRIES];

/// Lets the pager map `page`, which the root task's space has mapped, into other spaces with the
/// fpage's rights. At most 64 times per program, ports included.
///
/// # Errors
/// The table is full.
pub fn share(page: Fpage) -> Result<(), Full> {
    let free = |entry: &&AtomicU64| {
        entry
            .compare_exchange(0, page.raw(), Release, Relaxed)
            .is_ok()
    };
    TABLE.iter().find(free).map(|_| ()).ok_or(Full)
}

/// Lets the pager map ports, which the root task's space has, into other spaces.
///
/// # Errors
/// The table is full.
pub fn share_ports(ports: IoFpage) -> Result<(), Full> {
    share(ports.fpage())
}

/// Whether all of the ports are among those of one call of [`share_ports`].
pub(super) fn has_ports(ports: IoFpage) -> bool {
    let shared = |entry: &AtomicU64| IoFpage::from_fpage(Fpage::from_raw(entry.load(Acquire)));
    let mut ranges = TABLE.iter().filter_map(shared);
    ranges.any(|range| range.port() <= ports.port() && ports.last() <= range.last())
}

/// The rights of the shared fpage that covers `address`.
pub(super) fn rights(address: u64) -> Option<Rights> {
    let pages = TABLE
        .iter()
        .map(|entry| Fpage::from_raw(entry.load(Acquire)));
    let is_memory = |page: &Fpage| IoFpage::from_fpage(*page).is_none();
    let mut covering = pages.filter(|page| is_memory(page) && page.contains(address));
    covering.next().map(Fpage::rights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_memory_has_the_rights_it_was_shared_with() {
        assert_eq!(rights(0x8000_0000), None);
        // As an fpage of memory it would be at 0x03F8_0000.
        assert_eq!(share_ports(IoFpage::new(0x3F8, 0)), Ok(()));
        assert_eq!(rights(0x03F8_0000), None);
        let has = |port, log2| has_ports(IoFpage::new(port, log2));
        assert!(has(0x3F8, 0) && !has(0x3F8, 1) && !has(0x3F9, 0));
        let mut shared = 1;
        for index in 0..=ENTRIES as u64 {
            let page = Fpage::new(0x8000_0000 + index * 0x2000, 12, Rights::READ);
            shared += u64::from(share(page).is_ok());
        }
        assert_eq!(shared, ENTRIES as u64);
        assert_eq!(rights(0x8000_2fff), Some(Rights::READ));
        assert_eq!(rights(0x8000_1000), None);
    }
}
