//! Where the copying thread sees the memory of its partner. On their CPU, interrupts off.

use crate::arch::x86_64::copy;
use crate::cpu::{self, Cpu};
use crate::space::window;
use crate::thread::{Owned, Resources};

/// Copies up to `length` bytes, at most [`super::STRETCH`], from the sender's `from` to the receiver's `to`; `me` is one of the
/// two. Returns how many went over: fewer if the transfer was broken off.
#[inline(always)]
pub(super) fn move_bytes(me: Owned, partner: Owned, from: u64, to: u64, length: u64) -> u64 {
    let (from, to) = seen(me, partner, from, to);
    copy::bytes(to, from, length)
}

/// Where `me`, who copies, sees the sender's `from` and the receiver's `to`: its own addresses as they are, the partner's
/// through the window, which is opened for them. Partners of one space need none.
fn seen(me: Owned, partner: Owned, from: u64, to: u64) -> (u64, u64) {
    if me.same_space(&partner) {
        return (from, to);
    }
    let cpu = cpu::current();
    let sends = me.transfer.part.get().sends();
    let there = shown(cpu, me, partner, if sends { to } else { from });
    if sends { (from, there) } else { (there, to) }
}

#[inline]
fn shown(cpu: &Cpu, me: Owned, partner: Owned, address: u64) -> u64 {
    let base = window::base_for(address);
    let is_open = me.resources.get() & Resources::WINDOW != 0;
    if !is_open || me.transfer.base.get() != base {
        me.transfer.base.set(base);
        open(cpu, me, partner);
    }
    window::shown_at(cpu, base, address)
}

/// Opens the window of this CPU where `me` had it, or again, with the partner's tables as they are now.
#[inline]
pub(super) fn open(cpu: &Cpu, me: Owned, partner: Owned) {
    let base = me.transfer.base.get();
    window::open(
        cpu,
        partner.root.get(),
        base,
        me.transfer.part.get().sends(),
    );
    me.resources.set(me.resources.get() | Resources::WINDOW);
}
