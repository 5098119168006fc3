//! Translations, and ports of programs, that are no longer true: every CPU that may have one drops it before who took
//! something away hears that it is gone. No CPU waits for another: threads do.
//!
//! ```text
//! note   under the lock under which it was taken: what this CPU has goes at once. Does another CPU have it?
//!        No: that was all. Yes: the roots are under way until a flight that began afterwards has landed
//! wait   a thread, when its call is done: a flight begins, and the thread blocks
//! round  its node goes to each CPU that may have something of what is under way, one after the other, and home
//! land   what was under way when the flight began is not any more; the thread goes on
//! ```
//! So a call that takes many pages, or a message with many items, asks once, and each CPU that runs one of the spaces
//! is interrupted once, however many others there are. Who finds nothing to take because somebody was faster waits
//! too, since what is under way may be what it looked for ([`note`] says so).
//!
//! Nothing is allocated, and nothing is lost if the thread is deleted: its node comes home all the same.
//!
//! * `roots`   whose, and what of it: pages or ports
//! * `flights` what is under way
//! * `round`   from CPU to CPU
//! * `carrier` who waits: a thread, a receiver and the sender behind it, or the dispatcher that ends a space

mod carrier;
mod flights;
mod roots;
mod round;

pub(super) use carrier::begin_end;
pub(crate) use carrier::{Ends, end_landed, hold, landed, wait};
pub(super) use flights::{any, concern};
pub(crate) use roots::{Kind, Roots};
pub(crate) use round::{pass_end_on, pass_on, rest};

use core::sync::atomic::{Ordering, fence};

use crate::cpu;

/// Takes over what `stale` names, under the lock under which that was taken away. True: other CPUs may still have it, or what somebody
/// took before, and the caller's thread must [`wait`] before it tells anybody that it is gone. Interrupts off.
#[inline]
pub(super) fn note(stale: &mut Roots) -> bool {
    if stale.is_empty() {
        flights::any()
    } else {
        take_over(stale)
    }
}

#[inline(never)]
fn take_over(stale: &mut Roots) -> bool {
    // Either this CPU sees the root that another loads, the window that it opens, or that one sees the tables as they are
    // now: it notes the root first, and then loads it, which is a barrier. Ports are learned under the lock that is held.
    fence(Ordering::SeqCst);
    let here = cpu::current();
    round::drop_here(here, stale);
    let elsewhere = round::next(stale, 0, here.index).is_some();
    if elsewhere {
        flights::add(stale);
    }
    *stale = Roots::NONE;
    elsewhere || flights::any()
}
