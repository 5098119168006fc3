//! Translations, and ports of programs, that are no longer true: every CPU that may have one drops it before the change
//! counts as done.
//!
//! A CPU asks another by raising `flush_asked` of that CPU's block and ringing; the other reloads its root, forgets its
//! ports, and raises `flush_done` to what was asked. Who waits for others answers them meanwhile, and holds no lock; who waits for a lock
//! that somebody may hold while he waits here answers too ([`lock`]). So two CPUs that ask each other both get on,
//! interrupts off.

use core::sync::atomic::{Ordering, fence};

use spin::{Mutex, MutexGuard};

use crate::arch::x86_64::{apic, root};
use crate::cpu::{self, Counter, Cpu};

/// Roots of spaces from which something was taken away: in their tables, or ports.
#[derive(Clone, Copy)]
pub(super) struct Stale {
    roots: [u64; Self::NAMED],
    count: usize,
}

impl Stale {
    const NAMED: usize = 8;

    /// Nothing was taken away.
    pub(super) const fn none() -> Self {
        Self {
            roots: [0; Self::NAMED],
            count: 0,
        }
    }

    /// Something was taken away in the tables below `root`.
    pub(super) fn add(&mut self, root: u64) {
        if self.roots.iter().take(self.count).any(|old| *old == root) {
            return;
        }
        if let Some(place) = self.roots.get_mut(self.count) {
            *place = root;
        }
        // One more than there are names means all spaces.
        self.count = (self.count + 1).min(Self::NAMED + 1);
    }

    /// Nothing was taken away.
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes over what `other` names, which names nothing then.
    #[inline(never)]
    pub(super) fn absorb(&mut self, other: &mut Self) {
        for root in other.roots.iter().take(other.count) {
            self.add(*root);
        }
        if other.count > Self::NAMED {
            self.count = other.count;
        }
        other.count = 0;
    }

    fn contains(&self, root: u64) -> bool {
        self.count > Self::NAMED || self.roots.iter().take(self.count).any(|old| *old == root)
    }

    /// Drops the translations on all CPUs; returns when none has one any more. No lock is held, interrupts are off.
    pub(super) fn drop_translations(&mut self) {
        if self.count == 0 {
            return;
        }
        // Either this CPU sees the root that another loads, or that one loads the tables as they are now: the CPU notes
        // the root first, and then loads it, which is a barrier.
        fence(Ordering::SeqCst);
        let here = cpu::current();
        for other in (0..cpu::count()).filter_map(cpu::get) {
            if !self.contains(other.loaded_root()) && !self.contains(other.window_root()) {
                continue;
            }
            if other.index == here.index {
                // SAFETY: the root is the one that is loaded.
                unsafe { root::load(here.loaded_root()) };
            } else {
                ask(here, other);
            }
        }
        self.count = 0;
    }

    /// Lets all CPUs forget the spaces' ports; returns when none lets a program use one that was taken. No lock is held,
    /// interrupts are off.
    pub(super) fn forget_ports(&mut self) {
        if self.count == 0 {
            return;
        }
        // A CPU learns ports, and notes whose they are, under the lock under which they were taken.
        fence(Ordering::SeqCst);
        let here = cpu::current();
        for other in (0..cpu::count()).filter_map(cpu::get) {
            if other.ports.space() == 0 || !self.contains(other.ports.space()) {
                continue;
            }
            if other.index == here.index {
                here.ports.forget();
            } else {
                ask(here, other);
            }
        }
        *self = Self::none();
    }
}

/// `other` drops its translations and ports; returns when it has.
fn ask(here: &Cpu, other: &Cpu) {
    let asked = other.flush_asked.fetch_add(1, Ordering::AcqRel) + 1;
    here.count(Counter::IpisSent);
    apic::send_ipi(other.apic_id, apic::vector::DOORBELL);
    while other.flush_done.load(Ordering::Acquire) < asked {
        answer(here);
        core::hint::spin_loop();
    }
}

/// Does what others have asked of this CPU. Interrupts off.
pub(crate) fn answer(cpu: &Cpu) {
    let asked = cpu.flush_asked.load(Ordering::Acquire);
    if asked != cpu.flush_done.load(Ordering::Relaxed) {
        // SAFETY: the root is the one that is loaded.
        unsafe { root::load(cpu.loaded_root()) };
        cpu.ports.forget();
        cpu.flush_done.store(asked, Ordering::Release);
    }
}

/// Takes a lock that its holder may keep while it waits for this CPU. Interrupts off.
pub(crate) fn lock<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    loop {
        if let Some(guard) = mutex.try_lock() {
            return guard;
        }
        answer(cpu::current());
        core::hint::spin_loop();
    }
}
