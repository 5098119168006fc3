//! From id to block: the TCB array.
//!
//! The array is virtual; a slot gets memory when a thread is first created there, and keeps it, so that a block's
//! address stays good for ever. A slot without memory is not mapped: the probing load faults, and the fault handler
//! makes it read 0, which no id matches. (A shared page mapped there instead would stay in other CPUs' TLBs when the
//! slot gets its own memory.)

use core::arch::asm;
use core::sync::atomic::{AtomicU64, Ordering};

use pecan_abi::layout::THREAD_BITS;
use pecan_rules::paging::{Entry, lookup, map_page};

use super::tcb::{STACK_TOP_OFFSET, Tcb};
use super::{Owned, TcbRef};
use crate::cpu::Cpu;
use crate::memory::{kernel_space, layout, reserve};
use crate::space::PhysTables;

/// How many threads there can be.
pub(crate) const THREADS: u64 = 1 << THREAD_BITS;

/// One bit for each number that ever got memory, so that a walk over all threads costs little however high their
/// numbers are.
static PROVIDED: [AtomicU64; THREADS as usize / 64] =
    [const { AtomicU64::new(0) }; THREADS as usize / 64];

/// Bits by which an id is shifted to become an offset in the array.
pub(crate) const ID_SHIFT: u32 = 32 - STACK_TOP_OFFSET.trailing_zeros();
/// The offsets that blocks can have.
pub(crate) const SLOT_MASK: u64 = (THREADS - 1) * STACK_TOP_OFFSET;

/// Gives the first slot memory, so that asking for nil finds no thread instead of faulting. Boot CPU, once.
///
/// # Panics
/// Without memory: the machine cannot boot then.
pub(crate) fn init() {
    assert!(provide(0).is_some(), "no memory for the first thread slot");
    #[cfg(feature = "without-computed-tcb")]
    super::directory::init(slot(0));
}

/// Where the block of the thread with this raw global id is or would be.
#[inline(always)]
const fn slot(id: u64) -> u64 {
    layout::TCB_BASE + ((id >> 32) & (THREADS - 1)) * STACK_TOP_OFFSET
}

/// The first word of a block, its id; 0 where there is no block.
#[inline(always)]
fn probe(address: u64) -> u64 {
    let id;
    // SAFETY: the address lies in the TCB array; where nothing is mapped, the page-fault handler recognises exactly
    // this instruction and makes it yield 0.
    unsafe {
        asm!("mov rax, [rax]", inout("rax") address => id, options(readonly, nostack, preserves_flags))
    };
    id
}

/// The thread with this raw global id; `None` if there is none, or the id is nil. An address computation and a compare.
#[inline(always)]
pub(crate) fn find(id: u64) -> Option<TcbRef> {
    #[cfg(not(feature = "without-computed-tcb"))]
    let address = slot(id);
    #[cfg(feature = "without-computed-tcb")]
    let address = super::directory::block(id);
    (probe(address) == id && id != 0).then(|| TcbRef::from_address(address))
}

/// The thread with this raw global id, if it lives on `cpu`, which is this one, and waits. Interrupts off.
#[inline(always)]
pub(crate) fn find_waiting(id: u64, cpu: &Cpu) -> Option<Owned> {
    let address = slot(id);
    if probe(address) != id {
        return None;
    }
    // Nil finds the first slot, in which nobody waits.
    let thread = TcbRef::from_address(address);
    (thread.home_word() == cpu.waiting_here()).then(|| Owned::seen_here(thread))
}

/// The block with the number of this id, whoever is or was there; `None` if nobody ever was.
pub(crate) fn block(id: u64) -> Option<TcbRef> {
    let address = slot(id);
    (lookup(&PhysTables, kernel_space::root(), address)).map(|_| TcbRef::from_address(address))
}

/// Memory for the block with the number of this id. Under the thread-control lock.
pub(super) fn provide(id: u64) -> Option<*mut Tcb> {
    let address = slot(id);
    #[cfg(feature = "without-stack-in-tcb")]
    super::apart::provide_stack(address)?;
    if block(id).is_none() {
        let frame = reserve::allocate()?;
        let flags = Entry::WRITE.with(Entry::NX).with(Entry::GLOBAL);
        if map_page(
            &mut PhysTables,
            kernel_space::root(),
            address,
            frame.phys(),
            12,
            flags,
        )
        .is_err()
        {
            reserve::free(frame);
            return None;
        }
    }
    let number = (id >> 32) & (THREADS - 1);
    PROVIDED[number as usize / 64].fetch_or(1 << (number % 64), Ordering::Release);
    #[cfg(feature = "without-computed-tcb")]
    super::directory::enter(number, address);
    Some(address as *mut Tcb)
}

/// The next thread of the space of that name whose number is at least `from`, with its number; any CPU. Threads may come
/// and go meanwhile.
pub(crate) fn next_of_space(space: u64, from: u64) -> Option<(u64, TcbRef)> {
    let mut number = from;
    while number < THREADS {
        let bits = PROVIDED[number as usize / 64].load(Ordering::Acquire) >> (number % 64);
        if bits == 0 {
            number = (number / 64 + 1) * 64;
            continue;
        }
        number += u64::from(bits.trailing_zeros());
        let thread = TcbRef::from_address(slot(number << 32));
        if thread.space_name() == space {
            return Some((number, thread));
        }
        number += 1;
    }
    None
}

/// Calls `visit` for each thread that lives on this CPU; it looks at every block that has memory.
pub(crate) fn for_each_here(cpu: &Cpu, mut visit: impl FnMut(Owned)) {
    for (index, word) in PROVIDED.iter().enumerate() {
        let mut bits = word.load(Ordering::Acquire);
        while bits != 0 {
            let number = 64 * index as u64 + u64::from(bits.trailing_zeros());
            bits &= bits - 1;
            let thread = TcbRef::from_address(slot(number << 32));
            if let Some(thread) = thread.owned(cpu) {
                visit(thread);
            }
        }
    }
}
