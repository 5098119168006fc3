//! Map and grant items: pages of one space become visible in another (L4 X.2, map items). Interrupts off.

use pecan_abi::caching::Caching;
use pecan_abi::fpage::{Fpage, Rights};
use pecan_rules::caching;
use pecan_rules::mapping::{
    self, Handle, REGION_LOG2, Scope, SpaceName, Spot, Store, Sweep, add, adopt, covering,
    drop_if_empty, first_within, relocate,
};
use pecan_rules::paging::{Leaf, is_divided, lookup, map_page, unmap_page};
use pecan_rules::placement::{Placement, place};

use super::object::{Role, Space};
use super::shootdown;
use super::sigma0;
use super::tables::PhysTables;
use super::tree::{self, Tree, accesses, flags};
use super::unmap;
use crate::cpu;

/// The kernel's reserve has no frame for a page table or a node. What was mapped before stays.
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
/// The tree is locked page by page, so the time of a lock is bounded, except where pages are replaced that were
/// mapped on: all that derives from one page goes at once.
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
    let last = placement.source + ((1u64 << placement.log2) - 1);
    let mut next = placement.source;
    let mut result = Ok(());
    while next <= last && result.is_ok() {
        shootdown::answer(cpu::current());
        let mut tree = tree::lock();
        let step = if owner {
            from_memory(&mut tree, from, to, &placement, next)
        } else {
            from_page(&mut tree, from, to, &placement, next, mode)
        };
        drop(tree);
        match step {
            Ok(Some(after)) => next = after,
            Ok(None) => break,
            Err(error) => result = Err(error),
        }
    }
    let mut stale = tree::lock().take_stale();
    stale.drop_translations();
    if result.is_ok() && mode == Mode::Grant && !owner {
        unmap::unmap(from, send.with_rights(Rights::FULL), true, || true);
    }
    result
}

/// Where a page comes from.
#[derive(Clone, Copy)]
enum Giver {
    /// Physical memory, whose owner has this name.
    Memory(SpaceName),
    /// A page of somebody.
    Page(Handle),
}

/// What is to be put where.
struct Piece {
    giver: Giver,
    /// Where in the giver's page it begins.
    offset: u32,
    spot: Spot,
    phys: u64,
    rights: Rights,
    /// As the giver's page is cached.
    caching: Caching,
}

/// Maps the next page from physical memory itself; the result is where to go on.
fn from_memory(
    tree: &mut Tree,
    from: &Space,
    to: &Space,
    placement: &Placement,
    next: u64,
) -> Result<Option<u64>, NoMemory> {
    let last = (placement.source + ((1u64 << placement.log2) - 1)).min(sigma0::LAST_ADDRESS);
    if next > last {
        return Ok(None);
    }
    let (size, allowed) = sigma0::piece(next, last);
    if !allowed {
        return Ok(Some(next + size));
    }
    let target = placement.target + (next - placement.source);
    let own = lookup(&PhysTables, from.root(), next);
    // Parts of a large page may be cached in different ways.
    let log2 = match is_divided(&PhysTables, from.root(), next) {
        true => 12,
        false => page_log2(to, target, next, size),
    };
    let piece = Piece {
        giver: Giver::Memory(from.name()),
        offset: (next % (1 << REGION_LOG2)) as u32,
        spot: Spot {
            space: to.name(),
            address: target,
            log2,
        },
        phys: next,
        rights: readable(placement.rights),
        caching: own.map_or(Caching::WriteBack, |leaf| caching::of(&leaf)),
    };
    put(tree, to, &piece)?;
    Ok(Some(next + (1 << log2)))
}

/// Moves the next page that the sender's space has; the result is where to go on.
fn from_page(
    tree: &mut Tree,
    from: &Space,
    to: &Space,
    placement: &Placement,
    next: u64,
    mode: Mode,
) -> Result<Option<u64>, NoMemory> {
    let last = placement.source + ((1u64 << placement.log2) - 1);
    let Some(source) = first_within(tree, from.name(), next, last) else {
        return Ok(None);
    };
    let node = tree.node(source);
    let first = node.address().max(next);
    let end = node.last().min(last);
    let Some(leaf) = lookup(&PhysTables, from.root(), first) else {
        return Ok(Some(end + 1));
    };
    let target = placement.target + (first - placement.source);
    let phys = leaf.translate(first);
    let log2 = page_log2(to, target, phys, end - first + 1);
    let within = (first - node.address()) as u32;
    let rights = readable(placement.rights.and(node.rights()));
    let (parent, offset) = match (mode, node.parent()) {
        (Mode::Grant, Some(parent)) => (parent, node.offset() + within),
        _ => (source, within),
    };
    let spot = Spot {
        space: to.name(),
        address: target,
        log2,
    };
    let piece = Piece {
        giver: Giver::Page(parent),
        offset,
        spot,
        phys,
        rights,
        caching: caching::of(&leaf),
    };
    let after = first + (1 << log2);
    // Only from here on may the node go.
    if mode == Mode::Grant && node.log2() == log2 && is_free(to, target, log2) {
        hand_over(tree, from, to, source, &piece)?;
    } else {
        put(tree, to, &piece)?;
    }
    Ok(Some(after))
}

/// Whatever may be used can be read.
fn readable(rights: Rights) -> Rights {
    rights.or(Rights::READ)
}

fn is_free(to: &Space, target: u64, log2: u32) -> bool {
    let page = Fpage::new(target, log2, Rights::NONE);
    !to.areas.lock().touch(page) && lookup(&PhysTables, to.root(), target).is_none()
}

/// The page itself moves, with all that derives from it.
fn hand_over(
    tree: &mut Tree,
    from: &Space,
    to: &Space,
    source: Handle,
    piece: &Piece,
) -> Result<(), NoMemory> {
    let address = tree.node(source).address();
    show(to, piece)?;
    let old = unmap_page(&mut PhysTables, from.root(), address);
    tree.mark_stale(from);
    relocate(tree, source, piece.spot, accesses(old));
    if !piece.rights.contains(tree.node(source).rights()) {
        narrow_all(tree, piece);
    }
    Ok(())
}

/// The page at the piece's spot, and what derives from it, keeps only the rights of the piece.
fn narrow_all(tree: &mut Tree, piece: &Piece) {
    let lost = Rights::from_bits(!piece.rights.bits()).and(Rights::from_bits(
        Rights::WRITE.bits() | Rights::EXECUTE.bits(),
    ));
    take_all(tree, piece.spot, lost);
}

/// Takes `revoke` at once from the page at `spot` and from all that derives from it.
fn take_all(tree: &mut Tree, spot: Spot, revoke: Rights) {
    let scope = Scope {
        space: spot.space,
        first: spot.address,
        last: spot.address,
        revoke,
        flush: true,
    };
    tree.sweep(&mut Sweep::new(scope, usize::MAX));
}

/// Maps one page, unless a larger page or an area of the kernel is there.
fn put(tree: &mut Tree, to: &Space, piece: &Piece) -> Result<(), NoMemory> {
    let Spot { address, log2, .. } = piece.spot;
    let page = Fpage::new(address, log2, Rights::NONE);
    if to.areas.lock().touch(page) {
        return Ok(());
    }
    match lookup(&PhysTables, to.root(), address) {
        Some(leaf) if leaf.size_log2 > log2 => Ok(()),
        Some(leaf) => over(tree, to, piece, &leaf),
        None => fresh(tree, to, piece),
    }
}

/// Something of the same size is there already. The same memory gets the rights of both, and belongs to the giver who
/// has them all; otherwise the old page goes, with all that derives from it.
fn over(tree: &mut Tree, to: &Space, piece: &Piece, leaf: &Leaf) -> Result<(), NoMemory> {
    let Some(old) = covering(tree, to.name(), piece.spot.address) else {
        return Ok(());
    };
    let before = tree.node(old).rights();
    if leaf.phys == piece.phys {
        let giver = match piece.giver {
            Giver::Page(page) => Some(page),
            Giver::Memory(owner) => covering(tree, owner, piece.phys),
        };
        let same_giver = tree.node(old).parent() == giver;
        if before.contains(piece.rights) {
            return Ok(());
        }
        if same_giver || piece.rights.contains(before) {
            if !same_giver {
                let parent = parent(tree, piece)?;
                adopt(tree, old, parent, piece.offset);
            }
            mapping::extend(tree, old, piece.rights);
            tree.widen(to, piece.spot.address, before.or(piece.rights));
            return Ok(());
        }
    }
    take_all(tree, piece.spot, Rights::FULL);
    fresh(tree, to, piece)
}

fn fresh(tree: &mut Tree, to: &Space, piece: &Piece) -> Result<(), NoMemory> {
    let parent = parent(tree, piece)?;
    let Ok(node) = add(tree, parent, piece.offset, piece.spot, piece.rights) else {
        drop_if_empty(tree, parent);
        return Err(NoMemory);
    };
    let shown = show(to, piece);
    if shown.is_err() {
        mapping::remove(tree, node, None);
    }
    shown
}

/// The giver's node. A region is looked for only now: it may have gone with what was replaced.
fn parent(tree: &mut Tree, piece: &Piece) -> Result<Handle, NoMemory> {
    match piece.giver {
        Giver::Page(page) => Ok(page),
        Giver::Memory(owner) => mapping::region(tree, owner, piece.phys).map_err(|_| NoMemory),
    }
}

/// Writes the page into the tables. Nothing is there.
fn show(to: &Space, piece: &Piece) -> Result<(), NoMemory> {
    let _tables = to.areas.lock();
    let Spot { address, log2, .. } = piece.spot;
    let flags = flags(piece.rights).with(caching::flags(piece.caching));
    match map_page(&mut PhysTables, to.root(), address, piece.phys, log2, flags) {
        Ok(_) => Ok(()),
        Err(_) => Err(NoMemory),
    }
}

/// log2 of the largest page that fits into `size` bytes at both places and is not divided in the space already.
fn page_log2(to: &Space, target: u64, phys: u64, size: u64) -> u32 {
    let fits = (target | phys) & ((1 << 21) - 1) == 0 && size >= 1 << 21;
    let page = Fpage::new(target, 21, Rights::NONE);
    if fits && !is_divided(&PhysTables, to.root(), target) && !to.areas.lock().touch(page) {
        21
    } else {
        12
    }
}
