//! A node of the mapping tree.

use core::num::NonZeroU32;

use pecan_abi::fpage::Rights;

use super::search::Links;

/// Names a node in the caller's memory.
pub type Handle = NonZeroU32;

/// Names an address space; the caller chooses how.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[repr(transparent)]
pub struct SpaceName(pub u32);

/// One page of one space.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Node {
    pub(super) address: u64,
    pub(super) space: SpaceName,
    /// Physical address / 4096.
    pub(super) frame: u32,
    pub(super) parent: Option<Handle>,
    /// Root of the tree of pages that were mapped from this one.
    pub(super) children: Option<Handle>,
    /// In the tree of the parent's children.
    pub(super) siblings: Links,
    /// In the tree of the space's pages.
    pub(super) pages: Links,
    pub(super) log2: u8,
    pub(super) rights: Rights,
    /// Accesses through derived pages that the owner has been told of, but those before it have not.
    pub(super) told: Rights,
    /// Accesses through pages that their owners gave up, which nobody here has been told of.
    pub(super) left: Rights,
}

const _: () = assert!(size_of::<Node>() <= 64);

impl Node {
    /// A node that is in no tree yet.
    #[inline]
    pub const fn new(
        space: SpaceName,
        address: u64,
        log2: u32,
        frame: u32,
        rights: Rights,
    ) -> Self {
        Self {
            address,
            space,
            frame,
            parent: None,
            children: None,
            siblings: [None; 2],
            pages: [None; 2],
            log2: log2 as u8,
            rights,
            told: Rights::NONE,
            left: Rights::NONE,
        }
    }

    /// Whether this is no page but a group of them.
    #[inline]
    pub const fn is_group(&self) -> bool {
        self.rights.is_none()
    }

    /// The space that has the page.
    #[inline]
    pub const fn space(&self) -> SpaceName {
        self.space
    }

    /// First address of the page in its space.
    #[inline]
    pub const fn address(&self) -> u64 {
        self.address
    }

    /// log2 of the page's size.
    #[inline]
    pub const fn log2(&self) -> u32 {
        self.log2 as u32
    }

    /// Last address of the page.
    #[inline]
    pub const fn last(&self) -> u64 {
        self.address | ((1 << self.log2) - 1)
    }

    /// What the space may do with the page.
    #[inline]
    pub const fn rights(&self) -> Rights {
        self.rights
    }

    /// Where the page came from; `None` for a region of the owner of all memory.
    #[inline]
    pub const fn parent(&self) -> Option<Handle> {
        self.parent
    }

    /// Where the page is in memory: physical address / 4096, a multiple of its size.
    #[inline]
    pub const fn frame(&self) -> u32 {
        self.frame
    }

    /// Whether pages were mapped from this one.
    #[inline]
    pub const fn has_children(&self) -> bool {
        self.children.is_some()
    }
}
