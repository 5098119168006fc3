//! A space without threads ends: its pages and ports and what others got of them, its UTCBs, its tables, the object. The dispatcher
//! does it piece by piece before it takes any thread up, so interrupts come in between, and whoever caused it goes on
//! afterwards. While other CPUs drop what was taken away, threads run. Interrupts off, on the CPU that the last thread lived on.

use pecan_abi::fpage::Rights;
use pecan_abi::layout::USER_LAST;
use pecan_rules::mapping::{Scope, Sweep};
use pecan_rules::paging::free_user_tables;

use super::object::Space;
use super::ports;
use super::shootdown;
use super::tables::PhysTables;
use super::tree;
use super::unmap;
use crate::cpu::Cpu;

/// UTCB pages or tables in a piece.
const PIECE: usize = 16;

/// What of a space is next.
#[derive(Clone, Copy)]
enum Stage {
    Pages(Sweep),
    Ports(Sweep),
    /// Other CPUs may still have pages or ports; to be told to drop them.
    Stale,
    /// UTCB pages from this address on.
    Utcbs(u64),
    Tables,
}

/// What became of a piece of work on spaces that end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// It is done, and more may be left.
    Done,
    /// The work goes on when other CPUs have dropped what was taken away.
    Waits,
    /// There is no work.
    Nothing,
}

/// How far the end of a space has come. The CPU that ends it; nobody else refers to such a space.
pub(super) struct Ending {
    /// What is next; `None` while the space lives, and when all is done.
    stage: Option<Stage>,
    /// Other CPUs may still have what was taken away.
    stale: bool,
    /// Another space that ends on this CPU.
    next: Option<&'static Space>,
}

impl Ending {
    /// The space lives.
    pub(super) const fn new() -> Self {
        Self {
            stage: None,
            stale: false,
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
        stale: false,
        next: cpu.ending.replace(Some(space)),
    };
    cpu.reschedule.set(true);
}

/// Does a piece of the work on spaces that end. Dispatcher.
#[inline]
pub(crate) fn piece(cpu: &Cpu) -> Piece {
    match cpu.ending.get() {
        None => Piece::Nothing,
        Some(_) if cpu.ends.are_out() => Piece::Waits,
        Some(space) => of_space(cpu, space),
    }
}

/// Whether there is something to do at once.
pub(crate) fn is_due(cpu: &Cpu) -> bool {
    cpu.ending.get().is_some() && !cpu.ends.are_out()
}

#[inline(never)]
fn of_space(cpu: &Cpu, space: &'static Space) -> Piece {
    let next = {
        let mut ending = space.ending.lock();
        if let Some(stage) = ending.stage.take() {
            ending.stage = after(cpu, space, stage, &mut ending.stale);
        }
        if ending.stage.is_some() {
            return Piece::Done;
        }
        ending.next
    };
    cpu.ending.set(next);
    Space::discard(space);
    Piece::Done
}

/// Does a piece of `stage`; returns what comes then.
fn after(cpu: &Cpu, space: &Space, stage: Stage, stale: &mut bool) -> Option<Stage> {
    match stage {
        Stage::Pages(mut sweep) => {
            *stale |= unmap::piece(&mut sweep);
            Some(if sweep.is_done() {
                tree::lock().forget(space);
                Stage::Ports(ports::all(space))
            } else {
                Stage::Pages(sweep)
            })
        }
        Stage::Ports(mut sweep) => {
            *stale |= ports::go_on(&mut sweep);
            Some(match (sweep.is_done(), *stale) {
                (false, _) => Stage::Ports(sweep),
                (true, false) => Stage::Utcbs(0),
                (true, true) => Stage::Stale,
            })
        }
        Stage::Stale => {
            shootdown::begin_end(cpu);
            Some(Stage::Utcbs(0))
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
