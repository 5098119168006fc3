//! A space without threads ends: its pages and ports and what others got of them, its UTCBs, its tables, the object. The dispatcher
//! does it piece by piece before it takes any thread up, so interrupts come in between, and whoever caused it goes on
//! afterwards. Interrupts off, on the CPU that the last thread lived on.

use pecan_abi::fpage::Rights;
use pecan_abi::layout::USER_LAST;
use pecan_rules::mapping::{Scope, Sweep};
use pecan_rules::paging::free_user_tables;

use super::object::Space;
use super::ports;
use super::tables::PhysTables;
use super::unmap;
use crate::cpu::Cpu;

/// UTCB pages or tables in a piece.
const PIECE: usize = 16;

/// What of a space is next.
#[derive(Clone, Copy)]
enum Stage {
    Pages(Sweep),
    Ports(Sweep),
    /// UTCB pages from this address on.
    Utcbs(u64),
    Tables,
}

/// How far the end of a space has come. The CPU that ends it; nobody else refers to such a space.
pub(super) struct Ending {
    /// What is next; `None` while the space lives, and when all is done.
    stage: Option<Stage>,
    /// Another space that ends on this CPU.
    next: Option<&'static Space>,
}

impl Ending {
    /// The space lives.
    pub(super) const fn new() -> Self {
        Self {
            stage: None,
            next: None,
        }
    }
}

/// `space` has no threads any more.
pub(super) fn begin(cpu: &Cpu, space: &'static Space) {
    let scope = Scope {
        space: space.name(),
        first: 0,
        last: USER_LAST,
        revoke: Rights::FULL,
        flush: true,
    };
    *space.ending.lock() = Ending {
        stage: Some(Stage::Pages(Sweep::new(scope, unmap::PIECE))),
        next: cpu.ending.replace(Some(space)),
    };
    cpu.reschedule.set(true);
}

/// Does a piece of the work on spaces that end. False: there is none. Dispatcher.
#[inline]
pub(crate) fn piece(cpu: &Cpu) -> bool {
    let Some(space) = cpu.ending.get() else {
        return false;
    };
    let next = {
        let mut ending = space.ending.lock();
        ending.stage = ending.stage.take().and_then(|stage| after(space, stage));
        if ending.stage.is_some() {
            return true;
        }
        ending.next
    };
    cpu.ending.set(next);
    Space::discard(space);
    true
}

/// Does a piece of `stage`; returns what comes then.
#[inline(never)]
fn after(space: &Space, stage: Stage) -> Option<Stage> {
    match stage {
        Stage::Pages(mut sweep) => {
            unmap::piece(&mut sweep);
            Some(if sweep.is_done() {
                Stage::Ports(ports::all(space))
            } else {
                Stage::Pages(sweep)
            })
        }
        Stage::Ports(mut sweep) => {
            ports::go_on(&mut sweep);
            Some(if sweep.is_done() {
                Stage::Utcbs(0)
            } else {
                Stage::Ports(sweep)
            })
        }
        Stage::Utcbs(from) => {
            let areas = space.areas.lock();
            let next = areas.release_pages(space.root(), from, PIECE);
            Some(next.map_or(Stage::Tables, Stage::Utcbs))
        }
        Stage::Tables => {
            let done = free_user_tables(&mut PhysTables, space.root(), PIECE);
            (!done).then_some(Stage::Tables)
        }
    }
}
