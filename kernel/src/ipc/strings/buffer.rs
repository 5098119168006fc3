//! Copying in and out instead of a window: `without-window-but-buffer`.
//!
//! ```text
//! sender's space     from  ->  the CPU's buffer
//! receiver's space             the CPU's buffer  ->  to
//! ```
//! What is the partner's is read or written in the partner's space, which the CPU is in for that. A copy that an interrupt
//! or fault has found ends with what it has moved: others may have used the buffer since, and the CPU may be in another
//! space. On the copying thread's CPU, interrupts off but in the copies.

use core::cell::{Cell, UnsafeCell};

use crate::arch::x86_64::{copy, root};
use crate::cpu::{self, Cpu, MAX_CPUS};
use crate::thread::Owned;

/// Bytes that go over at a time.
const SIZE: usize = 4096;

/// What each CPU has.
struct Own<T>([T; MAX_CPUS]);

// SAFETY: each CPU uses its own alone, with interrupts off or by a copy that ends when it was interrupted.
unsafe impl<T> Sync for Own<T> {}

/// A page.
#[repr(align(4096))]
struct Buffer(UnsafeCell<[u8; SIZE]>);

static BUFFERS: Own<Buffer> = Own([const { Buffer(UnsafeCell::new([0; SIZE])) }; MAX_CPUS]);
/// The ids of the threads whose bytes are in them.
static OWNERS: Own<Cell<u64>> = Own([const { Cell::new(0) }; MAX_CPUS]);

/// As `sight::move_bytes`; fewer may have gone over for other reasons, too.
pub(super) fn move_bytes(me: Owned, partner: Owned, from: u64, to: u64, length: u64) -> u64 {
    if me.same_space(&partner) {
        return copy::bytes(to, from, length);
    }
    let cpu = cpu::current();
    let buffer = BUFFERS.0[usize::from(cpu.index)].0.get() as u64;
    let owner = &OWNERS.0[usize::from(cpu.index)];
    let (sender, receiver) = if me.transfer.part.get().sends() {
        (me, partner)
    } else {
        (partner, me)
    };
    owner.set(me.id());
    load(cpu, sender);
    let inside = copy::bytes(buffer, from, length.min(SIZE as u64));
    if inside == 0 || owner.get() != me.id() || me.transfer.partner.get().is_none() {
        come_home(cpu, me);
        return 0;
    }
    load(cpu, receiver);
    let moved = copy::bytes(to, buffer, inside);
    come_home(cpu, me);
    moved
}

/// The CPU is in the space of `me`, the running thread, again.
pub(super) fn come_home(cpu: &Cpu, me: Owned) {
    load(cpu, me);
}

fn load(cpu: &Cpu, whose: Owned) {
    let wanted = whose.root.get();
    if cpu.loaded_root() != wanted {
        cpu.set_loaded_root(wanted);
        // SAFETY: the root is that of a space with threads, which maps the kernel as every space does.
        unsafe { root::load(wanted) };
    }
}

/// Whether `address` lies in a buffer.
pub(super) fn is_inside(address: u64) -> bool {
    let first = BUFFERS.0.as_ptr() as u64;
    (first..first + size_of_val(&BUFFERS) as u64).contains(&address)
}
