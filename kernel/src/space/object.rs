//! The space object.

use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use pecan_rules::mapping::{Handle, SpaceName};
use pecan_rules::paging::Tables;
use spin::Mutex;

use super::areas::Areas;
use super::end::{self, Ending};
use super::tables::PhysTables;
use crate::cpu::Cpu;
use crate::memory::{kernel_space, physmap, reserve};

/// First top-level slot of the kernel's half.
const KERNEL_SLOTS: usize = 256;

/// What a space may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Owns all memory, one to one, and is privileged.
    Sigma0,
    /// Privileged: may control threads and spaces.
    Root,
    /// Everybody else.
    User,
}

/// An address space. Lives as long as it has threads.
pub(crate) struct Space {
    root: u64,
    name: SpaceName,
    role: Role,
    threads: AtomicUsize,
    /// Raw id of the thread that gets what is sent to other spaces; 0 is none.
    redirector: AtomicU64,
    /// Where the mapping tree finds the pages of the space; 0 for none. Under the tree's lock.
    pages: AtomicU32,
    /// Where the mapping tree put a page of the space last, or 0. Under its lock.
    latest: AtomicU32,
    /// Where the tree of ports finds those of the space, under its lock.
    ports: AtomicU32,
    /// How far its end has come, once it has no threads. The CPU that ends it.
    pub(super) ending: Mutex<Ending>,
    /// Guards the tables and what is said about the areas.
    pub(super) areas: Mutex<Areas>,
}

const _: () = assert!(size_of::<Space>() <= 4096);

impl Space {
    /// An empty space without threads, or `None` without memory. The caller adds a thread or calls [`Space::discard`].
    pub(crate) fn create(role: Role) -> Option<&'static Self> {
        let frame = reserve::allocate()?;
        let Some(root) = reserve::allocate() else {
            reserve::free(frame);
            return None;
        };
        for slot in KERNEL_SLOTS..512 {
            let entry = PhysTables.read(kernel_space::root(), slot);
            PhysTables.write(root.phys(), slot, entry);
        }
        let space = Self {
            root: root.phys(),
            name: SpaceName((frame.phys() >> 12) as u32),
            role,
            threads: AtomicUsize::new(0),
            redirector: AtomicU64::new(0),
            pages: AtomicU32::new(0),
            latest: AtomicU32::new(0),
            ports: AtomicU32::new(0),
            ending: Mutex::new(Ending::new()),
            areas: Mutex::new(Areas::none()),
        };
        let memory: *mut Self = physmap::to_virt(frame.phys()).cast();
        // SAFETY: a fresh frame, large enough (asserted above).
        unsafe { memory.write(space) };
        // SAFETY: written just now; given back only by `discard`, when no thread refers to it.
        Some(unsafe { &*memory })
    }

    /// The name of the space in the mapping tree: the number of the frame that it is in.
    #[inline]
    pub(super) fn name(&self) -> SpaceName {
        self.name
    }

    /// The space of that name, which has pages or ports or is getting some, so that it lives.
    pub(super) fn named(name: SpaceName) -> &'static Self {
        // SAFETY: names are made by `create` only, and a space gives up all its pages and ports before it ends.
        unsafe { &*physmap::to_virt(u64::from(name.0) << 12).cast() }
    }

    /// Where the mapping tree finds the pages of the space. Under its lock.
    pub(super) fn pages(&self) -> Option<Handle> {
        Handle::new(self.pages.load(Ordering::Relaxed))
    }

    /// Sets where the mapping tree finds the pages. Under its lock.
    pub(super) fn set_pages(&self, pages: Option<Handle>) {
        self.pages
            .store(pages.map_or(0, Handle::get), Ordering::Relaxed);
    }

    /// The group of pages that the mapping tree remembers. Under its lock.
    #[inline(always)]
    pub(super) fn latest(&self) -> Option<Handle> {
        Handle::new(self.latest.load(Ordering::Relaxed))
    }

    /// Sets that. Under the tree's lock.
    pub(super) fn set_latest(&self, group: Option<Handle>) {
        self.latest
            .store(group.map_or(0, Handle::get), Ordering::Relaxed);
    }

    /// Where the tree of ports finds those of the space. Under its lock.
    pub(super) fn ports(&self) -> Option<Handle> {
        Handle::new(self.ports.load(Ordering::Relaxed))
    }

    /// Sets where the tree of ports finds those of the space. Under its lock.
    pub(super) fn set_ports(&self, ports: Option<Handle>) {
        self.ports
            .store(ports.map_or(0, Handle::get), Ordering::Relaxed);
    }

    /// Physical address of the top-level table.
    pub(crate) fn root(&self) -> u64 {
        self.root
    }

    /// What the space may do.
    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// Whether its threads may use the privileged system calls.
    pub(crate) fn is_privileged(&self) -> bool {
        self.role != Role::User
    }

    /// Raw id of the thread that gets what is sent to other spaces, which may exist no more; 0 is none.
    pub(crate) fn redirector(&self) -> u64 {
        self.redirector.load(Ordering::Acquire)
    }

    /// Sets the redirector; each thread of the space must be told. Under the thread-control lock.
    pub(crate) fn set_redirector(&self, thread: u64) {
        self.redirector.store(thread, Ordering::Release);
    }

    /// One thread more. Under the thread-control lock.
    pub(crate) fn add_thread(&self) {
        self.threads.fetch_add(1, Ordering::Relaxed);
    }

    /// One thread fewer; after the last one the dispatcher ends the space. Under the thread-control lock; no CPU has the
    /// root loaded for the thread any more.
    pub(crate) fn remove_thread(cpu: &Cpu, space: &'static Self) {
        if space.threads.fetch_sub(1, Ordering::Relaxed) == 1 {
            end::begin(cpu, space);
        }
    }

    /// Gives the object back, and its root table, which links to none. Nobody refers to the space.
    pub(crate) fn discard(space: &'static Self) {
        reserve::free(reserve::Frame::from_phys(space.root));
        reserve::free(reserve::Frame::from_phys(physmap::to_phys(
            core::ptr::from_ref(space).cast(),
        )));
    }
}
