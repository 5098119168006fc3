//! Memory for the mapping tree's nodes: frames of the kernel's reserve, 63 nodes each. A frame without nodes goes back.
//!
//! A node's handle is its physical address / 64. The first 64 bytes of a frame say what of it is free. A group of pages is a
//! frame of its own, which begins with its node.

use core::num::NonZeroU32;

use pecan_rules::mapping::{Handle, Node, SLOTS};

use crate::memory::{physmap, reserve};

const SLOT: u64 = size_of::<Node>() as u64;
const FRAME: u64 = 4096;

/// A group of pages.
#[repr(C)]
pub(super) struct Group {
    node: Node,
    pages: [Option<Handle>; SLOTS],
    used: u32,
    /// Physical address of the page table that shows the same 2 MiB, or 0. Tables stay as long as the space.
    table: u64,
}

const _: () = assert!(size_of::<Group>() as u64 <= FRAME);

impl Group {
    /// What is in a slot, 0 to 511.
    #[inline(always)]
    pub(super) fn page(&self, index: usize) -> Option<Handle> {
        self.pages[index % SLOTS]
    }

    /// Fills an empty slot, or empties a full one.
    #[inline(always)]
    pub(super) fn set_page(&mut self, index: usize, node: Option<Handle>) {
        self.pages[index % SLOTS] = node;
        if node.is_some() {
            self.used += 1;
        } else {
            self.used -= 1;
        }
    }

    /// The page table of the group, once it is known, or 0.
    #[inline(always)]
    pub(super) fn table(&self) -> u64 {
        self.table
    }

    /// Notes the page table of the group.
    pub(super) fn set_table(&mut self, table: u64) {
        self.table = table;
    }

    /// Whether all slots are empty.
    pub(super) fn is_empty(&self) -> bool {
        self.used == 0
    }
}

/// What is free in a frame.
#[repr(C, align(64))]
struct Header {
    /// Physical address of the first free slot, whose first word leads to the next; 0 ends the list.
    free: u64,
    used: u32,
    /// Neighbours in the list of frames with free slots: physical addresses, 0 at the ends.
    next: u64,
    prev: u64,
}

const _: () = assert!(size_of::<Header>() as u64 <= SLOT && SLOT == 64);

/// All nodes.
pub(super) struct Nodes {
    /// Physical address of the first frame with free slots, or 0.
    partial: u64,
}

fn at<T>(phys: u64) -> *mut T {
    physmap::to_virt(phys).cast()
}

fn phys_of(handle: Handle) -> u64 {
    u64::from(handle.get()) * SLOT
}

/// A frame for nodes or for a group, all of whose handles fit.
fn allocate_frame() -> Option<reserve::Frame> {
    let frame = reserve::allocate()?;
    if frame.phys() + FRAME > u64::from(u32::MAX) * SLOT {
        reserve::free(frame);
        return None;
    }
    Some(frame)
}

fn header(frame: u64) -> &'static mut Header {
    // SAFETY: `frame` is a frame of nodes, whose first slot is its header; the nodes' owner is borrowed mutably or
    // exclusively locked by everyone who calls this, and no two headers are held at once for one frame.
    unsafe { &mut *at(frame) }
}

impl Nodes {
    /// No nodes.
    pub(super) const fn new() -> Self {
        Self { partial: 0 }
    }

    /// A node in use.
    pub(super) fn get(&self, handle: Handle) -> &Node {
        // SAFETY: handles name slots in use, and `self` is borrowed, so nobody changes them.
        unsafe { &*at(phys_of(handle)) }
    }

    /// A node in use, to be changed.
    pub(super) fn get_mut(&mut self, handle: Handle) -> &mut Node {
        // SAFETY: as for `get`, and `self` is borrowed mutably, so this is the only reference.
        unsafe { &mut *at(phys_of(handle)) }
    }

    /// Memory for a node; `None` if the reserve is used up.
    #[inline(always)]
    pub(super) fn allocate(&mut self, node: Node) -> Option<Handle> {
        if self.partial == 0 {
            self.add_frame()?;
        }
        let frame = self.partial;
        let header = header(frame);
        let slot = header.free;
        // SAFETY: a free slot's first word is its link.
        header.free = unsafe { at::<u64>(slot).read() };
        header.used += 1;
        if header.free == 0 {
            self.unlist(frame);
        }
        // SAFETY: the slot is free, aligned and large enough.
        unsafe { at::<Node>(slot).write(node) };
        // `allocate_frame` gives no frame whose slots have larger numbers.
        NonZeroU32::new((slot / SLOT) as u32)
    }

    /// Memory for a group; `None` if the reserve is used up.
    #[inline(never)]
    pub(super) fn allocate_group(&mut self, node: Node) -> Option<Handle> {
        let frame = allocate_frame()?.phys();
        // SAFETY: a fresh frame, which has room for a group, and all of whose bytes are 0: slots of that kind are empty.
        unsafe { at::<Node>(frame).write(node) };
        NonZeroU32::new((frame / SLOT) as u32)
    }

    /// Takes a group's memory back. All its slots are empty.
    #[inline(never)]
    pub(super) fn free_group(&mut self, group: Handle) {
        reserve::free(reserve::Frame::from_phys(phys_of(group)));
    }

    /// A group in use.
    #[inline(always)]
    pub(super) fn group(&self, group: Handle) -> &Group {
        // SAFETY: `allocate_group` gave the group this frame, and `self` is borrowed, so nobody changes it.
        unsafe { &*at(phys_of(group)) }
    }

    /// A group in use, to be changed.
    #[inline(always)]
    pub(super) fn group_mut(&mut self, group: Handle) -> &mut Group {
        // SAFETY: as for `group`, and `self` is borrowed mutably, so this is the only reference.
        unsafe { &mut *at(phys_of(group)) }
    }

    /// Takes a node's memory back.
    pub(super) fn free(&mut self, handle: Handle) {
        let slot = phys_of(handle);
        let frame = slot & !(FRAME - 1);
        let header = header(frame);
        // SAFETY: nothing refers to the node any more, so the slot's first word can be a link.
        unsafe { at::<u64>(slot).write(header.free) };
        let was_full = header.free == 0;
        header.free = slot;
        header.used -= 1;
        let is_empty = header.used == 0;
        if is_empty {
            if !was_full {
                self.unlist(frame);
            }
            reserve::free(reserve::Frame::from_phys(frame));
        } else if was_full {
            self.list(frame);
        }
    }

    #[cold]
    #[inline(never)]
    fn add_frame(&mut self) -> Option<()> {
        let frame = allocate_frame()?;
        let mut free = 0;
        for index in (1..FRAME / SLOT).rev() {
            let slot = frame.phys() + index * SLOT;
            // SAFETY: a fresh frame.
            unsafe { at::<u64>(slot).write(free) };
            free = slot;
        }
        let empty = Header {
            free,
            used: 0,
            next: 0,
            prev: 0,
        };
        // SAFETY: as above.
        unsafe { at::<Header>(frame.phys()).write(empty) };
        self.list(frame.phys());
        Some(())
    }

    fn list(&mut self, frame: u64) {
        let next = self.partial;
        let own = header(frame);
        (own.next, own.prev) = (next, 0);
        if next != 0 {
            header(next).prev = frame;
        }
        self.partial = frame;
    }

    #[cold]
    #[inline(never)]
    fn unlist(&mut self, frame: u64) {
        let Header { next, prev, .. } = *header(frame);
        if next != 0 {
            header(next).prev = prev;
        }
        if prev != 0 {
            header(prev).next = next;
        } else {
            self.partial = next;
        }
    }
}
