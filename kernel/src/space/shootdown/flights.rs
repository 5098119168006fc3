//! What is under way: roots from which something was taken that other CPUs may still have. Interrupts off; the lock is
//! taken last of all and held for some instructions.

use core::sync::atomic::{AtomicBool, Ordering};

use spin::Mutex;

use super::roots::Roots;

/// Roots under way, and since when.
struct Flights {
    roots: Roots,
    /// For each root, the first flight that began after something was taken from it.
    since: [u64; 7],
    /// How many flights began.
    begun: u64,
}

static FLIGHTS: Mutex<Flights> = Mutex::new(Flights {
    roots: Roots::NONE,
    since: [0; 7],
    begun: 0,
});

/// Whether there are any. Written with [`FLIGHTS`] locked.
static ANY: AtomicBool = AtomicBool::new(false);

/// Goes to all CPUs that may have something of what was under way when it began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    /// Its number, from 1.
    pub(super) number: u64,
    /// What they drop.
    pub(super) roots: Roots,
}

/// Whether anything is under way. Exact under the lock under which things are taken away: what was taken before the
/// lock was is seen.
#[inline(always)]
pub(in crate::space) fn any() -> bool {
    ANY.load(Ordering::Relaxed)
}

/// Whether something of the space with this root is under way, so that another CPU may see it where there is something else by
/// now. As [`any`].
pub(in crate::space) fn concern(root: u64) -> bool {
    any() && FLIGHTS.lock().roots.name(root)
}

/// `stale` is under way.
pub(super) fn add(stale: &Roots) {
    let mut flights = FLIGHTS.lock();
    let next = flights.begun + 1;
    for word in stale.words() {
        let place = flights.roots.add_word(word);
        flights.since[place] = next;
    }
    ANY.store(true, Ordering::Relaxed);
}

/// Begins a flight with all that is under way; `None` if that is nothing.
pub(super) fn begin() -> Option<Flight> {
    if !any() {
        return None;
    }
    let mut flights = FLIGHTS.lock();
    if flights.roots.is_empty() {
        return None;
    }
    flights.begun += 1;
    Some(Flight {
        number: flights.begun,
        roots: flights.roots,
    })
}

/// A flight has come back: what was taken before it began is gone everywhere.
pub(super) fn land(number: u64) {
    let mut flights = FLIGHTS.lock();
    let (old, since) = (flights.roots, flights.since);
    flights.roots = Roots::NONE;
    for (word, since) in old.words().zip(since).filter(|(_, since)| *since > number) {
        let place = flights.roots.add_word(word);
        flights.since[place] = since;
    }
    ANY.store(!flights.roots.is_empty(), Ordering::Relaxed);
}
