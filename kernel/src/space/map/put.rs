//! A page where nothing is: its node in the mapping tree, its entry in the tables.

use pecan_abi::caching::Caching;
use pecan_abi::fpage::Rights;
use pecan_rules::caching;
use pecan_rules::mapping::{self, Handle, SpaceName, Spot, add, drop_if_empty};
use pecan_rules::paging::{End, Leaf, fill};
use spin::MutexGuard;

use super::NoMemory;
use crate::space::areas::Areas;
use crate::space::tables::PhysTables;
use crate::space::tree::{Tree, flags};

/// Where a page comes from.
#[derive(Clone, Copy)]
pub(super) enum Giver {
    /// Physical memory, whose owner has this name.
    Memory(SpaceName),
    /// A page of somebody.
    Page(Handle),
}

/// What is to be put where.
pub(super) struct Piece {
    pub(super) giver: Giver,
    pub(super) spot: Spot,
    pub(super) phys: u64,
    pub(super) rights: Rights,
    /// As the giver's page is cached.
    pub(super) caching: Caching,
}

impl Piece {
    pub(super) fn frame(&self) -> u32 {
        (self.phys >> 12) as u32
    }
}

/// How a page is cached; what nobody has touched is as usual.
#[inline(always)]
pub(super) fn cached(leaf: Option<Leaf>) -> Caching {
    leaf.map_or(Caching::WriteBack, |leaf| caching::of(&leaf))
}

/// Whatever may be used can be read.
pub(super) fn readable(rights: Rights) -> Rights {
    rights.or(Rights::READ)
}

/// A page where nothing is.
#[inline(always)]
pub(super) fn fresh(
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
pub(super) fn parent(tree: &mut Tree, piece: &Piece) -> Result<Handle, NoMemory> {
    match piece.giver {
        Giver::Page(page) => Ok(page),
        Giver::Memory(owner) => region(tree, owner, piece.phys),
    }
}

#[inline(never)]
pub(super) fn region(tree: &mut Tree, owner: SpaceName, phys: u64) -> Result<Handle, NoMemory> {
    mapping::region(tree, owner, phys).map_err(|_| NoMemory)
}

/// Writes the page into the tables, whose lock is held, and lets go of them. Nothing is there.
#[inline(always)]
pub(super) fn show(
    piece: &Piece,
    at: &End,
    _tables: MutexGuard<'_, Areas>,
) -> Result<(), NoMemory> {
    let Spot { address, log2, .. } = piece.spot;
    let flags = flags(piece.rights).with(caching::flags(piece.caching));
    fill(&mut PhysTables, at, address, piece.phys, log2, flags).map_err(|_| NoMemory)
}
