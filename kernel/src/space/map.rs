//! Map and grant items: pages of one space become visible in another (L4 X.2, map items). Interrupts off.

use pecan_abi::caching::Caching;
use pecan_abi::fpage::{Fpage, Rights};
use pecan_rules::caching;
use pecan_rules::mapping::{
    self, Handle, Scope, SpaceName, Spot, Store, Sweep, add, adopt, covering, drop_if_empty,
    first_within, relocate,
};
use pecan_rules::paging::{End, Leaf, fill, find, lookup, unmap_page};
use pecan_rules::placement::{Placement, place};
use spin::MutexGuard;

use super::areas::Areas;
use super::object::{Role, Space};
use super::shootdown;
use super::sigma0;
use super::tables::{PhysTables, large_sizes};
use super::tree::{self, Tree, accesses, flags};
use super::unmap;
use crate::cpu;

/// The kernel's reserve has no frame for a page table or a node. What was moved before stays so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoMemory;

/// Whether the sender keeps what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The receiver's page derives from the sender's.
    Map,
    /// The receiver's page replaces the sender's.
    Grant,
}

/// Moves what the item names from `from` into the window of `to`. Parts of the source that are not mapped, and the
/// areas of both spaces, are left out. Rights are at most those that the source has. The owner of all memory gets
/// nothing, since it has everything, and can only map.
///
/// Errors: [`NoMemory`] in the middle. Pages that came before stay where they are, a page that was to be replaced is gone
/// perhaps, and a grant has taken nothing from the sender but pages that the receiver has.
///
/// The time is that of the pages that the sender has in the source, with interrupts off: at most as many steps as it has
/// mapped pages there, whatever the size of the item, and of what derived from pages that are replaced. From the owner
/// of all memory they are the pages of the largest size that fit. The tree is locked for one page, or for a piece of
/// what goes with a page that is replaced, and between two steps this CPU answers others that wait for it.
pub(crate) fn item(
    from: &Space,
    to: &Space,
    send_base: u64,
    send: Fpage,
    window: Fpage,
    mode: Mode,
) -> Result<(), NoMemory> {
    let Some(placement) = place(send_base, send, window).filter(|_| to.role() != Role::Sigma0)
    else {
        return Ok(());
    };
    let owner = from.role() == Role::Sigma0;
    let mut stale = None;
    let mut work = Work::new(from, to, placement, mode);
    let result = loop {
        shootdown::answer(cpu::current());
        let mut tree = tree::lock();
        let step = work.step(&mut tree, owner);
        tree.move_stale(&mut stale);
        drop(tree);
        match step {
            Ok(Step::More) => {}
            Ok(Step::Last) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    if let Some(mut stale) = stale {
        stale.drop_translations();
    }
    if result.is_ok() && mode == Mode::Grant && !owner {
        unmap::unmap(from, send.with_rights(Rights::FULL), true, || true);
    }
    result
}

/// Whether there is more to do.
enum Step {
    More,
    Last,
}

/// An item at work.
struct Work<'a> {
    from: &'a Space,
    to: &'a Space,
    placement: Placement,
    mode: Mode,
    /// First address of the source that is still to be looked at, and the last of all.
    next: u64,
    last: u64,
    /// What must be taken away first.
    taking: Option<Sweep>,
}

/// Where a page comes from.
#[derive(Clone, Copy)]
enum Giver {
    /// Physical memory, whose owner has this name.
    Memory(SpaceName),
    /// A page of somebody.
    Page(Handle),
}

/// The next part of the source: one page of the sender's, or what of it lies there.
struct Part {
    giver: Giver,
    first: u64,
    size: u64,
    phys: u64,
    rights: Rights,
    /// As the sender's page is cached.
    caching: Caching,
    /// The sender's page, with its size, that a grant can hand over.
    whole: Option<(Handle, u32)>,
}

/// What is to be put where.
struct Piece {
    giver: Giver,
    spot: Spot,
    phys: u64,
    rights: Rights,
    /// As the giver's page is cached.
    caching: Caching,
}

impl Piece {
    fn frame(&self) -> u32 {
        (self.phys >> 12) as u32
    }
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
            caching: cached(lookup(&PhysTables, self.from.root(), first)),
            whole: granted.then_some((source, node.log2())),
        })
    }

    /// Puts as much of the part as one page can hold to where it belongs, unless a larger page or an area of the kernel
    /// is there.
    #[inline(always)]
    fn place(&mut self, tree: &mut Tree, part: &Part) -> Result<(), NoMemory> {
        let target = self.placement.target + (part.first - self.placement.source);
        let areas = self.to.areas.lock();
        let at = find(&PhysTables, self.to.root(), target);
        let log2 = page_log2(&areas, &at, target, part);
        let piece = Piece {
            giver: part.giver,
            spot: Spot {
                space: self.to.name(),
                address: target,
                log2,
            },
            phys: part.phys,
            rights: part.rights,
            caching: part.caching,
        };
        self.next = part.first + (1 << log2);
        if areas.touch(target, target + ((1 << log2) - 1)) {
            return Ok(());
        }
        if at.leaf().is_some() || part.whole.is_some() {
            return self.uncommon_place(tree, part, &piece, &at, areas);
        }
        fresh(tree, &piece, &at, areas)
    }

    /// Something is there, or the sender gives its page away.
    #[inline(never)]
    fn uncommon_place(
        &mut self,
        tree: &mut Tree,
        part: &Part,
        piece: &Piece,
        at: &End,
        areas: MutexGuard<'_, Areas>,
    ) -> Result<(), NoMemory> {
        let Spot { address, log2, .. } = piece.spot;
        if let Some(leaf) = at.leaf() {
            drop(areas);
            if leaf.size_log2 > log2 {
                let rest = leaf.size() - address % leaf.size();
                self.next = part.first + part.size.min(rest);
            } else if !self.over(tree, piece, &leaf)? {
                self.next = part.first;
            }
            return Ok(());
        }
        match part.whole {
            Some((source, whole)) if whole == log2 => {
                self.hand_over(tree, source, piece, at, areas)
            }
            _ => fresh(tree, piece, at, areas),
        }
    }

    /// Something of the same size is there already. The same memory gets the rights of both, and belongs to the giver who
    /// has them all; otherwise the old page must go first, with all that derives from it: false.
    fn over(&mut self, tree: &mut Tree, piece: &Piece, leaf: &Leaf) -> Result<bool, NoMemory> {
        let Some(old) = covering(tree, piece.spot.space, piece.spot.address) else {
            return Ok(true);
        };
        let before = tree.node(old).rights();
        if leaf.phys == piece.phys {
            let giver = match piece.giver {
                Giver::Page(page) => Some(page),
                Giver::Memory(owner) => covering(tree, owner, piece.phys),
            };
            let same_giver = tree.node(old).parent() == giver;
            if before.contains(piece.rights) {
                return Ok(true);
            }
            if same_giver || piece.rights.contains(before) {
                if !same_giver {
                    let parent = parent(tree, piece)?;
                    adopt(tree, old, parent);
                }
                mapping::extend(tree, old, piece.rights);
                tree.widen(self.to, piece.spot.address, before.or(piece.rights));
                return Ok(true);
            }
        }
        self.taking = Some(sweep(piece.spot, Rights::FULL));
        Ok(false)
    }

    /// The sender's page itself moves, with all that derives from it. What these have more rights than the piece goes next.
    fn hand_over(
        &mut self,
        tree: &mut Tree,
        source: Handle,
        piece: &Piece,
        at: &End,
        areas: MutexGuard<'_, Areas>,
    ) -> Result<(), NoMemory> {
        let node = tree.node(source);
        let (address, rights) = (node.address(), node.rights());
        show(piece, at, areas)?;
        let old = unmap_page(&mut PhysTables, self.from.root(), address);
        tree.mark_stale(self.from);
        relocate(tree, source, piece.spot, accesses(old));
        if !piece.rights.contains(rights) {
            let kept = piece.rights.or(Rights::READ).bits();
            self.taking = Some(sweep(piece.spot, Rights::from_bits(!kept)));
        }
        Ok(())
    }
}

/// Takes `revoke` from the page at `spot` and from all that derives from it.
fn sweep(spot: Spot, revoke: Rights) -> Sweep {
    let scope = Scope {
        space: spot.space,
        first: spot.address,
        last: spot.address,
        revoke,
        flush: true,
    };
    Sweep::new(scope, unmap::PIECE)
}

/// How a page is cached; what nobody has touched is as usual.
#[inline(always)]
fn cached(leaf: Option<Leaf>) -> Caching {
    leaf.map_or(Caching::WriteBack, |leaf| caching::of(&leaf))
}

/// Whatever may be used can be read.
fn readable(rights: Rights) -> Rights {
    rights.or(Rights::READ)
}

/// A page where nothing is.
#[inline(always)]
fn fresh(
    tree: &mut Tree,
    piece: &Piece,
    at: &End,
    areas: MutexGuard<'_, Areas>,
) -> Result<(), NoMemory> {
    let parent = parent(tree, piece)?;
    let Ok(node) = add(tree, parent, piece.frame(), piece.spot, piece.rights) else {
        drop_if_empty(tree, parent);
        return Err(NoMemory);
    };
    let shown = show(piece, at, areas);
    if shown.is_err() {
        mapping::remove(tree, node, None);
    }
    shown
}

/// The giver's node. A region is looked for only now: it may have gone with what was replaced.
#[inline(always)]
fn parent(tree: &mut Tree, piece: &Piece) -> Result<Handle, NoMemory> {
    match piece.giver {
        Giver::Page(page) => Ok(page),
        Giver::Memory(owner) => region(tree, owner, piece.phys),
    }
}

#[inline(never)]
fn region(tree: &mut Tree, owner: SpaceName, phys: u64) -> Result<Handle, NoMemory> {
    mapping::region(tree, owner, phys).map_err(|_| NoMemory)
}

/// Writes the page into the tables, whose lock is held, and lets go of them. Nothing is there.
#[inline(always)]
fn show(piece: &Piece, at: &End, _tables: MutexGuard<'_, Areas>) -> Result<(), NoMemory> {
    let Spot { address, log2, .. } = piece.spot;
    let flags = flags(piece.rights).with(caching::flags(piece.caching));
    fill(&mut PhysTables, at, address, piece.phys, log2, flags).map_err(|_| NoMemory)
}

/// log2 of the largest page that fits at both places, is not divided in the receiver's space already, and is clear of
/// the kernel's areas; 12 if none is.
#[inline(always)]
fn page_log2(areas: &Areas, at: &End, target: u64, part: &Part) -> u32 {
    if (target | part.phys).is_multiple_of(1 << 21) && part.size >= 1 << 21 {
        large_page_log2(areas, at, target, part)
    } else {
        12
    }
}

#[inline(never)]
fn large_page_log2(areas: &Areas, at: &End, target: u64, part: &Part) -> u32 {
    let fits = |log2: &u32| {
        (target | part.phys).is_multiple_of(1 << log2)
            && part.size >= 1 << log2
            && *log2 <= at.room_log2()
            && !areas.touch(target, target + ((1 << log2) - 1))
    };
    large_sizes().find(fits).unwrap_or(12)
}
