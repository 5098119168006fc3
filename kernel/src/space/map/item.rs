//! Goes through the pages that an item names, one at a time.

use pecan_abi::caching::Caching;
use pecan_abi::fpage::{Fpage, Rights};
use pecan_rules::mapping::{Handle, Store, Sweep, first_within};
use pecan_rules::paging::{find, lookup};
use pecan_rules::placement::{Placement, place};

use super::put::{Giver, cached, readable};
use super::{Mode, NoMemory, Unfinished};
use crate::space::object::{Role, Space};
use crate::space::tables::PhysTables;
use crate::space::tree::{self, Tree};
use crate::space::{caching, sigma0, unmap};

/// Moves what the item names from the first space into the window of the second. Parts of the source that are not mapped, and the
/// areas of both spaces, are left out. Rights are at most those that the source has. The owner of all memory gets
/// nothing, since it has everything, and can only map.
///
/// Errors: [`Unfinished`] in the middle. Pages that came before stay where they are, a page that was to be replaced is gone
/// perhaps, and a grant has taken nothing from the sender but pages that the receiver has.
///
/// The time is that of the pages that the sender has in the source, whatever the size of the item, and of what derived from
/// pages that are replaced. From the owner of all memory they are the pages of the largest size that fit. Interrupts are off
/// for [`PIECE`] steps, then `pause` is called, with nothing held; it says whether to go on. The tree is locked for one
/// step, which is a page, or a piece of what goes with a page that is replaced.
///
/// `stale` becomes true if other CPUs may still see what was replaced or granted: then the receiver must not hear of the message
/// before they have dropped it ([`crate::space::shootdown`]).
pub(crate) fn item(
    (from, to): (&Space, &Space),
    send_base: u64,
    send: Fpage,
    window: Fpage,
    mode: Mode,
    stale: &mut bool,
    mut pause: impl FnMut() -> bool,
) -> Result<(), Unfinished> {
    let Some(placement) = place(send_base, send, window).filter(|_| to.role() != Role::Sigma0)
    else {
        return Ok(());
    };
    let owner = from.role() == Role::Sigma0;
    let mut work = Work::new(from, to, placement, mode);
    while !work.piece(owner, stale)? {
        if !pause() {
            return Err(Unfinished::Stopped);
        }
    }
    let mut lives = true;
    if mode == Mode::Grant && !owner {
        unmap::unmap(from, send.with_rights(Rights::FULL), true, stale, || {
            lives = pause();
            lives
        });
    }
    lives.then_some(()).ok_or(Unfinished::Stopped)
}

/// Steps that are done with interrupts off.
const PIECE: usize = 32;

/// Whether there is more to do.
enum Step {
    More,
    Last,
}

/// An item at work.
pub(super) struct Work<'a> {
    pub(super) from: &'a Space,
    pub(super) to: &'a Space,
    pub(super) placement: Placement,
    pub(super) mode: Mode,
    /// First address of the source that is still to be looked at, and the last of all.
    pub(super) next: u64,
    pub(super) last: u64,
    /// What must be taken away first.
    pub(super) taking: Option<Sweep>,
}

/// The next part of the source: one page of the sender's, or what of it lies there.
pub(super) struct Part {
    pub(super) giver: Giver,
    pub(super) first: u64,
    pub(super) size: u64,
    pub(super) phys: u64,
    pub(super) rights: Rights,
    /// As the sender's page is cached.
    pub(super) caching: Caching,
    /// The sender's page, with its size, that a grant can hand over.
    pub(super) whole: Option<(Handle, u32)>,
}

impl<'a> Work<'a> {
    fn new(from: &'a Space, to: &'a Space, placement: Placement, mode: Mode) -> Self {
        Self {
            from,
            to,
            placement,
            mode,
            next: placement.source,
            last: placement.source + ((1u64 << placement.log2) - 1),
            taking: None,
        }
    }

    /// Some steps. True: that was all. `stale` becomes true if other CPUs may still use what they took away.
    fn piece(&mut self, owner: bool, stale: &mut bool) -> Result<bool, NoMemory> {
        let mut result = Ok(Step::More);
        for _ in 0..PIECE {
            let mut tree = tree::lock();
            result = self.step(&mut tree, owner);
            *stale |= tree.note_replaced(self.to);
            drop(tree);
            if !matches!(result, Ok(Step::More)) {
                break;
            }
        }
        result.map(|step| matches!(step, Step::Last))
    }

    /// One page, or a piece of what must be taken away before it. The tree is locked.
    fn step(&mut self, tree: &mut Tree, owner: bool) -> Result<Step, NoMemory> {
        if owner || self.taking.is_some() {
            return self.uncommon_step(tree, owner);
        }
        let Some(part) = self.of_pages(tree) else {
            return Ok(Step::Last);
        };
        self.place(tree, &part)?;
        Ok(self.what_next())
    }

    #[inline(never)]
    fn uncommon_step(&mut self, tree: &mut Tree, owner: bool) -> Result<Step, NoMemory> {
        if let Some(sweep) = &mut self.taking {
            tree.sweep(sweep);
            self.taking = self.taking.filter(|sweep| !sweep.is_done());
            return Ok(self.what_next());
        }
        let part = if owner {
            self.of_memory()
        } else {
            self.of_pages(tree)
        };
        match part {
            None => return Ok(Step::Last),
            Some(part) if part.rights.is_none() => self.next = part.first + part.size,
            Some(part) => self.place(tree, &part)?,
        }
        Ok(self.what_next())
    }

    fn what_next(&self) -> Step {
        if self.next > self.last && self.taking.is_none() {
            Step::Last
        } else {
            Step::More
        }
    }

    /// The next part of physical memory itself; without rights if it is the kernel's. Parts of what the owner has as smaller
    /// pages may be cached in different ways.
    fn of_memory(&self) -> Option<Part> {
        let last = self.last.min(sigma0::LAST_ADDRESS);
        if self.next > last {
            return None;
        }
        let (log2, allowed) = sigma0::piece(self.next, last);
        let own = find(&PhysTables, self.from.root(), self.next);
        let rights = if allowed {
            readable(self.placement.rights)
        } else {
            Rights::NONE
        };
        Some(Part {
            giver: Giver::Memory(self.from.name()),
            first: self.next,
            size: 1 << log2.min(own.room_log2()),
            phys: self.next,
            rights,
            caching: cached(own.leaf()),
            whole: None,
        })
    }

    #[inline(always)]
    fn cached_at(&self, address: u64) -> Caching {
        if caching::is_usual() {
            return Caching::WriteBack;
        }
        cached(lookup(&PhysTables, self.from.root(), address))
    }

    /// The next page that the sender's space has, or the part of it that lies in the source.
    #[inline(always)]
    fn of_pages(&self, tree: &Tree) -> Option<Part> {
        if self.next > self.last {
            return None;
        }
        let source = first_within(tree, self.from.name(), self.next, self.last)?;
        let node = tree.node(source);
        let first = node.address().max(self.next);
        let granted = self.mode == Mode::Grant;
        Some(Part {
            giver: Giver::Page(node.parent().filter(|_| granted).unwrap_or(source)),
            first,
            size: node.last().min(self.last) - first + 1,
            phys: (u64::from(node.frame()) << 12) + (first - node.address()),
            rights: readable(self.placement.rights.and(node.rights())),
            caching: self.cached_at(first),
            whole: granted.then_some((source, node.log2())),
        })
    }
}
