//! Puts a part of the source to where it belongs: beside, over, or instead of what is there.

use pecan_abi::fpage::Rights;
use pecan_rules::mapping::{
    self, Handle, Scope, Spot, Store, Sweep, adopt, covering, prepare, relocate,
};
use pecan_rules::paging::{End, Leaf, find, unmap_page};
use spin::MutexGuard;

use super::NoMemory;
use super::item::{Part, Work};
use super::put::{Giver, Piece, fresh, parent, show};
use crate::space::areas::Areas;
use crate::space::tables::{PhysTables, large_sizes};
use crate::space::tree::{Tree, accesses};
use crate::space::unmap;

impl Work<'_> {
    /// Puts as much of the part as one page can hold to where it belongs, unless a larger page or an area of the kernel
    /// is there.
    #[inline(always)]
    pub(super) fn place(&mut self, tree: &mut Tree, part: &Part) -> Result<(), NoMemory> {
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
        let place = prepare(tree, piece.spot).map_err(|_| NoMemory)?;
        show(piece, at, areas)?;
        let old = unmap_page(&mut PhysTables, self.from.root(), address);
        tree.mark_stale(self.from);
        relocate(tree, source, place, accesses(old));
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
