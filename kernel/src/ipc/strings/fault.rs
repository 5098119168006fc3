//! A copy met an interrupt, or a page that is not there. On the copying thread's CPU and stack, interrupts off, above the
//! copy.

use pecan_abi::fpage::Rights;
use pecan_abi::protocol::PageFault;
use pecan_abi::time::Timeouts;
use pecan_rules::deadline;
use pecan_rules::paging::{Entry, lookup};

use super::{Cause, break_off, sight};
use crate::arch::x86_64::entry::frame::Frame;
use crate::arch::x86_64::{clock, copy, switch};
use crate::cpu::{self, Cpu};
use crate::ipc::fault::{Outcome, page};
use crate::sched;
use crate::space::{PhysTables, Role, window};
use crate::thread::links::Links;
use crate::thread::{Field, Owned, Resources, State, resources, start};

/// Bit of the CPU's error code: the access was a write.
const WRITE: u64 = 1 << 1;

/// An interrupt has found `me` in a copy: notes how far that got, for whoever ends it.
pub(crate) fn interrupted(me: Owned, frame: &Frame) {
    #[cfg(feature = "without-window-but-buffer")]
    if super::buffer::is_inside(frame.rdi) {
        return me.transfer.copied.set(me.transfer.before.get());
    }
    let moved = me.transfer.before.get() + copy::progress(frame);
    me.transfer.copied.set(moved);
}

/// The interrupt or fault is dealt with: others may run first, then the copy goes on, or ends if it was broken off.
pub(crate) fn proceed(me: Owned, frame: &mut Frame) {
    #[cfg(any(
        feature = "without-window-but-buffer",
        feature = "without-window-but-walk"
    ))]
    return begin_anew(me, frame);
    #[cfg(not(any(
        feature = "without-window-but-buffer",
        feature = "without-window-but-walk"
    )))]
    go_on(me, frame);
}

/// The copy ends with what it has moved; what comes next is looked up, or copied in, again. One that has just faulted across
/// the end of a page goes on: nobody ran meanwhile.
#[cfg(any(
    feature = "without-window-but-buffer",
    feature = "without-window-but-walk"
))]
fn begin_anew(me: Owned, frame: &mut Frame) {
    if copy::has_gone_across(frame) {
        return;
    }
    sched::preempt_if_asked(cpu::current(), me);
    copy::end(frame);
}

#[inline(always)]
fn go_on(me: Owned, frame: &mut Frame) {
    sched::preempt_if_asked(cpu::current(), me);
    match me.transfer.partner.get() {
        None => copy::end(frame),
        Some(_) if me.resources.get() & Resources::WINDOW != 0 => {}
        Some(partner) => {
            let partner = Owned::seen_here(partner);
            if !me.same_space(&partner) {
                sight::open(cpu::current(), me, partner);
            }
        }
    }
}

/// The copy of `me` touched `address`, which cannot be used so. Makes sure that it can, or breaks the transfer off.
#[inline(never)]
pub(crate) fn fault(me: Owned, frame: &mut Frame, address: u64) {
    let Some(partner) = me.transfer.partner.get() else {
        return copy::end(frame);
    };
    if copy::goes_across(frame) {
        return;
    }
    // What is in the buffer goes over first.
    #[cfg(feature = "without-window-but-buffer")]
    if super::buffer::is_inside(frame.rdi) && copy::progress(frame) != 0 {
        return copy::end(frame);
    }
    let cpu = cpu::current();
    let partner = Owned::seen_here(partner);
    // What is written is the receiver's, what is read the sender's.
    let is_write = frame.error & WRITE != 0;
    let is_mine = me.transfer.part.get().sends() != is_write;
    #[cfg(feature = "without-window-but-buffer")]
    let place = Some(address);
    // Who walks asks for the partner's pages itself: this one is in no map of the kernel's.
    #[cfg(feature = "without-window-but-walk")]
    if !is_mine && !me.same_space(&partner) {
        return break_off(cpu, me, Cause::Aborted);
    }
    #[cfg(not(feature = "without-window-but-buffer"))]
    let place = if is_mine || me.same_space(&partner) {
        Some(address)
    } else {
        window::partners(cpu, me.transfer.base.get(), address)
    };
    let Some(place) = place else {
        panic!("a copy touched {address:#x}, which nobody gave it");
    };
    #[cfg(feature = "without-window-but-buffer")]
    super::buffer::come_home(cpu, me);
    close(cpu, me);
    obtain(cpu, me, partner, place, is_mine, is_write);
}

/// Gets the page at `place`, of `me` or of the partner, or breaks the transfer off.
#[inline(always)]
pub(super) fn obtain(
    cpu: &Cpu,
    me: Owned,
    partner: Owned,
    place: u64,
    is_mine: bool,
    is_write: bool,
) {
    let whose = if is_mine { me } else { partner };
    match look(whose, place, is_write) {
        Page::There => {}
        Page::Never => break_off(cpu, me, Cause::Aborted),
        Page::Missing if !has_time(me, partner) => break_off(cpu, me, Cause::Timeout),
        Page::Missing if is_mine => own(cpu, me, partner, place),
        Page::Missing => partners(cpu, me, partner, place),
    }
}

/// The window may show tables that are no longer the partner's.
fn close(cpu: &Cpu, me: Owned) {
    if me.resources.get() & Resources::WINDOW != 0 {
        window::close(cpu);
        me.resources.set(me.resources.get() & !Resources::WINDOW);
    }
}

/// What is at a place that a copy could not use.
enum Page {
    /// All it needs, by now.
    There,
    /// Not enough: its pager may help.
    Missing,
    /// Memory that the owner of all memory cannot have.
    Never,
}

fn look(whose: Owned, place: u64, is_write: bool) -> Page {
    let needs = if is_write {
        Entry::USER.with(Entry::WRITE)
    } else {
        Entry::USER
    };
    if lookup(&PhysTables, whose.root.get(), place).is_some_and(|leaf| leaf.entry.contains(needs)) {
        return Page::There;
    }
    match whose.space().filter(|space| space.role() == Role::Sigma0) {
        Some(space) if space.serve_sigma0(place) => Page::There,
        Some(_) => Page::Never,
        None => Page::Missing,
    }
}

/// Begins to count the transfer timeouts at the first fault. False: there is no time at all.
fn has_time(me: Owned, partner: Owned) -> bool {
    if !me.transfer.has_faulted.replace(true) {
        let timeouts =
            |thread: Owned| Timeouts::from_raw(thread.utcb.get().get(Field::XFER_TIMEOUTS));
        let (sender, receiver) = if me.transfer.part.get().sends() {
            (me, partner)
        } else {
            (partner, me)
        };
        let now = clock::micros();
        let time = deadline::transfer(timeouts(sender).send(), timeouts(receiver).recv(), now);
        me.transfer.deadline.set(time.deadline);
        me.transfer.receivers_deadline.set(time.receivers);
        if time.deadline <= now {
            return false;
        }
    }
    true
}

/// `me` asks its own pager, while the partner keeps the time.
fn own(cpu: &Cpu, me: Owned, partner: Owned, place: u64) {
    sched::arm(cpu, partner, me.transfer.deadline.get());
    let outcome = page::ask(me, page_fault(me, place));
    if outcome == Outcome::Nobody && me.transfer.partner.get().is_some() {
        break_off(cpu::current(), me, Cause::Aborted);
    }
}

/// The partner asks its pager, while `me` waits and keeps the time. Returns when `me` is to go on, or was broken off.
fn partners(cpu: &Cpu, me: Owned, partner: Owned, place: u64) {
    sched::disarm(partner);
    partner.transfer.fault.set(place);
    switch::interject(partner);
    me.set_state(cpu, State::Locked);
    sched::arm(cpu, me, me.transfer.deadline.get());
    partner.set_state(cpu, State::Ready);
    if cpu.reschedule.get() {
        sched::keep_slice(cpu, me);
        cpu.ready
            .with(|ready| ready.enqueue(&mut Links, partner.name()));
        resources::leave(cpu, me);
        switch::to_dispatcher(me);
    } else {
        resources::pass(cpu, me, partner);
    }
}

/// The fault of `thread` at `place` as its pager sees it. The receiver's has no instruction of its own.
pub(super) fn page_fault(thread: Owned, place: u64) -> PageFault {
    let sends = thread.transfer.part.get().sends();
    PageFault {
        access: if sends { Rights::READ } else { Rights::WRITE },
        address: place,
        ip: if sends {
            start::with_frame(thread, |frame| frame.ip)
        } else {
            u64::MAX
        },
    }
}
