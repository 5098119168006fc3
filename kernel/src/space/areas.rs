//! UTCB and KIP areas, and the pages in them. Under the space's lock, interrupts off.

use pecan_abi::error::SysError;
use pecan_abi::fpage::Fpage;
use pecan_abi::id::ThreadId;
use pecan_abi::layout::USER_LAST;
use pecan_abi::utcb::{self, MR0_OFFSET, UTCB_SIZE};
use pecan_rules::areas::{check_areas, check_utcb_location};
use pecan_rules::paging::{Entry, find, lookup, map_page, next_leaf};

use super::kip;
use super::object::Space;
use super::tables::PhysTables;
use crate::memory::{physmap, reserve};
use crate::thread::UtcbRef;

const PAGE: u64 = 4096;
/// The last page of the user range stays empty. Code at its end would enter the kernel with a return address that is
/// not canonical, and a CPU that is told to return there faults inside the kernel.
const LAST_PAGE: u64 = USER_LAST + 1 - PAGE;
/// log2 of what a lowest table shows.
const STRETCH_LOG2: u32 = 21;
const UTCB_PAGE: Entry = Entry(Entry::USER.0 | Entry::WRITE.0 | Entry::NX.0);
const KIP_PAGE: Entry = Entry(Entry::USER.0 | Entry::NX.0);

/// Where the areas of a space are; nil until SpaceControl places them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Areas {
    kip: Fpage,
    utcb: Fpage,
    /// First and last address of each; at the end of all addresses if they are not placed.
    bounds: [(u64, u64); 2],
}

impl Areas {
    /// Not placed.
    pub(super) const fn none() -> Self {
        Self {
            kip: Fpage::NIL,
            utcb: Fpage::NIL,
            bounds: [(u64::MAX, u64::MAX); 2],
        }
    }

    /// The lowest table on the way to `address` in the tables at `root`, which are those of these areas; `None` if it is not
    /// there, or what it shows belongs to the kernel in part.
    pub(super) fn table(&self, root: u64, address: u64) -> Option<u64> {
        let first = address & u64::MAX << STRETCH_LOG2;
        let is_free = !self.touch(first, first | ((1 << STRETCH_LOG2) - 1));
        let end = find(&PhysTables, root, address);
        end.lowest_table().filter(|_| is_free)
    }

    /// Whether a page at `address` belongs to the kernel, so that nobody maps there or from there.
    #[inline]
    pub(super) fn contain(&self, address: u64) -> bool {
        let [kip, utcb] = self.bounds;
        let lies_in = |(first, last): (u64, u64)| address >= first && address <= last;
        address >= LAST_PAGE || lies_in(kip) || lies_in(utcb)
    }

    /// Whether `first..=last` overlaps what belongs to the kernel.
    #[inline]
    pub(super) fn touch(&self, first: u64, last: u64) -> bool {
        let [kip, utcb] = self.bounds;
        last >= LAST_PAGE || first <= kip.1 && last >= kip.0 || first <= utcb.1 && last >= utcb.0
    }

    /// Frees at most `most` UTCB pages, from address `from` on, of a space that ends. Returns where to go on; `None`: there
    /// are no more.
    pub(super) fn release_pages(&self, root: u64, from: u64, most: usize) -> Option<u64> {
        let mut from = from.max(self.utcb.base());
        for _ in 0..most {
            let last = self.utcb.last();
            let (address, leaf) = next_leaf(&PhysTables, root, from, last)
                .filter(|_| !self.utcb.is_nil() && from <= last)?;
            reserve::free(reserve::Frame::from_phys(leaf.phys));
            from = address + leaf.size();
        }
        Some(from)
    }
}

impl Space {
    /// Whether SpaceControl has placed the areas.
    pub(crate) fn is_initialised(&self) -> bool {
        !self.areas.lock().kip.is_nil()
    }

    /// Places the areas, once, and shows the KIP (L4 X.2, SpaceControl).
    ///
    /// Errors: `UtcbArea`, `KipArea`, `NoMemory`; then nothing has changed.
    pub(crate) fn initialise(&self, kip_area: Fpage, utcb_area: Fpage) -> Result<(), SysError> {
        let mut areas = self.areas.lock();
        check_areas(kip_area, utcb_area)?;
        map_page(
            &mut PhysTables,
            self.root(),
            kip_area.base(),
            kip::phys(),
            12,
            KIP_PAGE,
        )
        .map_err(|_| SysError::NoMemory)?;
        areas.kip = kip_area;
        areas.utcb = utcb_area;
        areas.bounds = [kip_area, utcb_area].map(|area| (area.base(), area.last()));
        Ok(())
    }

    /// Where the KIP is in this space.
    pub(crate) fn kip_address(&self) -> u64 {
        self.areas.lock().kip.base()
    }

    /// Whether a UTCB may be at `location`.
    pub(crate) fn check_utcb(&self, location: u64) -> Result<(), SysError> {
        check_utcb_location(location, self.areas.lock().utcb)
    }

    /// The UTCB at `location`, with memory behind it: the kernel's view, and the local id.
    ///
    /// Errors: `UtcbArea`, `NoMemory`; then nothing has changed.
    pub(crate) fn utcb(&self, location: u64) -> Result<(UtcbRef, u64), SysError> {
        let areas = self.areas.lock();
        check_utcb_location(location, areas.utcb)?;
        let page = location & !(PAGE - 1);
        let phys = match lookup(&PhysTables, self.root(), page) {
            Some(leaf) => leaf.phys,
            None => self.add_utcb_page(page)?,
        };
        let start = physmap::to_virt(phys + location % PAGE);
        // SAFETY: the frame is a UTCB page of this space and stays until the space ends; the location is a multiple
        // of the UTCB's size, so all of it lies in the page.
        unsafe { start.write_bytes(0, UTCB_SIZE) };
        // SAFETY: as above; MR0 lies inside the UTCB.
        let mr0 = unsafe { start.add(MR0_OFFSET) };
        // SAFETY: the contract of `new` holds by the above.
        Ok((
            unsafe { UtcbRef::new(mr0.cast()) },
            location + MR0_OFFSET as u64,
        ))
    }

    fn add_utcb_page(&self, page: u64) -> Result<u64, SysError> {
        let frame = reserve::allocate().ok_or(SysError::NoMemory)?;
        match map_page(
            &mut PhysTables,
            self.root(),
            page,
            frame.phys(),
            12,
            UTCB_PAGE,
        ) {
            Ok(_) => Ok(frame.phys()),
            Err(_) => {
                reserve::free(frame);
                Err(SysError::NoMemory)
            }
        }
    }

    /// The global id in the UTCB that a local id names; `None` if there is no UTCB.
    pub(crate) fn global_id(&self, local: ThreadId) -> Option<u64> {
        let address = local.raw().wrapping_add_signed(utcb::MY_GLOBAL_ID as i64);
        let in_area = self.areas.lock().utcb.contains(address);
        if in_area {
            self.read_bytes(address).map(u64::from_le_bytes)
        } else {
            None
        }
    }

    /// Bytes of the space's memory at `address`, if all are mapped for the user; `N` is small.
    pub(crate) fn read_bytes<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        for (at, byte) in (address..).zip(&mut bytes) {
            *byte = self.read_byte(at)?;
        }
        Some(bytes)
    }

    /// Whether something is mapped for the user at `address`.
    pub(crate) fn shows(&self, address: u64) -> bool {
        let _areas = self.areas.lock();
        lookup(&PhysTables, self.root(), address)
            .is_some_and(|leaf| leaf.entry.contains(Entry::USER))
    }

    fn read_byte(&self, address: u64) -> Option<u8> {
        let _areas = self.areas.lock();
        let leaf = lookup(&PhysTables, self.root(), address)
            .filter(|leaf| leaf.entry.contains(Entry::USER))?;
        let phys = leaf.translate(address);
        if !physmap::covers(phys) {
            return None;
        }
        // SAFETY: the byte lies in a page that the physical map shows; users may write it meanwhile, which volatile
        // reading tolerates.
        Some(unsafe { physmap::to_virt(phys).read_volatile() })
    }
}
