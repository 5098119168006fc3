//! Unmap of I/O ports. Rights do not matter: there are none but to have the ports, and nothing that could be asked for.

use pecan_abi::fpage::{IoFpage, Rights};
use pecan_rules::mapping::{Scope, Sweep};
use pecan_rules::ports::{Ports, cut};

use super::tree;
use crate::space::Space;

/// Nodes that are visited while the tree is locked and interrupts are off.
const PART: usize = 64;
/// Pieces that are divided instead: that takes a look at all that derives from them.
const CUTS: usize = 4;

/// Takes the ports that `page` names from all who have them from `space`, and from `space` itself with `flush`; `pause`
/// is called between parts, with nothing held, and says whether the space still lives. `stale` becomes true if other CPUs may
/// still let programs use them.
///
/// Pieces of which only a part is named are divided; without memory for that all of the piece goes.
pub(crate) fn unmap(
    space: &Space,
    page: IoFpage,
    flush: bool,
    stale: &mut bool,
    pause: impl FnMut() -> bool,
) {
    take(space, Ports::named(page), flush, stale, pause);
}

/// Takes away all ports of a space that ends, and what derives from them, by as many calls of [`go_on`] as it takes.
pub(in crate::space) fn all(space: &Space) -> Sweep {
    let all = Ports::named(IoFpage::COMPLETE);
    Sweep::new(scope(space, all, true), PART)
}

/// Goes on with a sweep for one part. True: other CPUs may still let programs use ports that it took.
pub(in crate::space) fn go_on(sweep: &mut Sweep) -> bool {
    let mut tree = tree::lock();
    tree.sweep(sweep);
    tree.note_stale()
}

fn scope(space: &Space, ports: Ports, flush: bool) -> Scope {
    let (first, last) = ports.addresses();
    Scope {
        space: space.name(),
        first,
        last,
        revoke: Rights::FULL,
        flush,
    }
}

/// As [`unmap`].
#[inline(never)]
pub(super) fn take(
    space: &Space,
    ports: Ports,
    flush: bool,
    stale: &mut bool,
    mut pause: impl FnMut() -> bool,
) {
    let scope = scope(space, ports, flush);
    let mut sweep = Sweep::new(scope, PART);
    while !part(scope, ports, &mut sweep, stale) {
        if !pause() {
            return;
        }
    }
}

/// Divides some pieces, or takes some if none is to be divided. True: nothing is left to do.
fn part(scope: Scope, ports: Ports, sweep: &mut Sweep, stale: &mut bool) -> bool {
    let mut tree = tree::lock();
    let mut cuts = CUTS;
    while cuts > 0 && cut(&mut *tree, scope.space, ports, scope.flush) == Ok(true) {
        cuts -= 1;
    }
    if cuts > 0 {
        tree.sweep(sweep);
    }
    *stale |= tree.note_stale();
    sweep.is_done()
}
