//! Memory that both partners have, and a futex to wait at.

use crate::link::{LONGEST, Link};
use anyhow::{Context, Result};
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::thread::futex::{self, Flags};
use std::cell::UnsafeCell;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::{self, NonNull, null_mut};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Release};

/// One direction: how many messages were sent so far, and the last one.
#[repr(C, align(64))]
struct Direction {
    sent: AtomicU32,
    bytes: UnsafeCell<[u8; LONGEST]>,
}

/// What both partners see.
#[repr(C)]
struct Board {
    directions: [Direction; 2],
}

/// A board in memory that may be shared with another process.
struct Mapping(NonNull<Board>);

// SAFETY: nothing about a mapping belongs to a thread.
unsafe impl Send for Mapping {}
// SAFETY: the numbers are atomic, and whose turn it is to touch the bytes follows from them.
unsafe impl Sync for Mapping {}

/// One partner's side of a board.
pub(crate) struct Shared {
    board: Arc<Mapping>,
    /// The direction in which this partner sends.
    own: usize,
    received: u32,
    flags: Flags,
}

/// Memory that a process can pass on as a file.
pub(crate) fn memory() -> Result<OwnedFd> {
    let memory = memfd_create("board", MemfdFlags::CLOEXEC).context("no shared memory")?;
    ftruncate(&memory, size_of::<Board>() as u64).context("no shared memory")?;
    Ok(memory)
}

/// The side of the partner that begins, or of the one in another process that waits.
///
/// `memory` is that of [`memory`], and each side is taken once.
pub(crate) fn side(memory: impl AsFd, begins: bool) -> Result<Shared> {
    let board = Arc::new(Mapping::new(memory)?);
    Ok(Shared::new(board, usize::from(!begins), Flags::empty()))
}

/// The sides of two threads of this process, where waiting is cheaper: the one that begins comes first.
pub(crate) fn sides(memory: impl AsFd) -> Result<(Shared, Shared)> {
    let board = Arc::new(Mapping::new(memory)?);
    let side = |own| Shared::new(Arc::clone(&board), own, Flags::PRIVATE);
    Ok((side(0), side(1)))
}

impl Mapping {
    fn new(memory: impl AsFd) -> Result<Self> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        let size = size_of::<Board>();
        // SAFETY: the address is the kernel's choice, so nothing that is there is replaced.
        let address = unsafe { mmap(null_mut(), size, access, MapFlags::SHARED, memory, 0) };
        let address = address.context("shared memory cannot be mapped")?;
        let board = NonNull::new(address.cast()).context("shared memory is at address 0")?;
        Ok(Self(board))
    }

    fn direction(&self, index: usize) -> &Direction {
        // SAFETY: the mapping is a whole board for as long as this lives; zeros are a board without messages, and what
        // the partner changes of it is atomic or in a cell.
        let board = unsafe { self.0.as_ref() };
        &board.directions[index]
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let address = self.0.as_ptr().cast();
        // SAFETY: the mapping is this value's own, and no reference into it outlives it.
        let result = unsafe { munmap(address, size_of::<Board>()) };
        debug_assert!(result.is_ok(), "the mapping was there");
    }
}

impl Shared {
    fn new(board: Arc<Mapping>, own: usize, flags: Flags) -> Self {
        Self {
            board,
            own,
            received: 0,
            flags,
        }
    }
}

impl Link for Shared {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        let own = self.board.direction(self.own);
        let to = own.bytes.get().cast::<u8>();
        assert!(message.len() <= LONGEST, "a message is too long");
        // SAFETY: the length was checked, and the partner reads only after the store below, until it answers.
        unsafe { ptr::copy_nonoverlapping(message.as_ptr(), to, message.len()) };
        // Only this side writes the number.
        own.sent
            .store(own.sent.load(Acquire).wrapping_add(1), Release);
        futex::wake(&own.sent, self.flags, 1).context("the partner cannot be woken")?;
        Ok(())
    }

    fn receive(&mut self, message: &mut [u8]) -> Result<()> {
        let other = self.board.direction(1 - self.own);
        while other.sent.load(Acquire) == self.received {
            match futex::wait(&other.sent, self.flags, self.received, None) {
                // A message came in between, or the wait ended early: the number says.
                Ok(()) | Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(error).context("waiting failed"),
            }
        }
        let from = other.bytes.get().cast::<u8>();
        assert!(message.len() <= LONGEST, "a message is too long");
        // SAFETY: the length was checked, and the partner writes again only after the next answer.
        unsafe { ptr::copy_nonoverlapping(from, message.as_mut_ptr(), message.len()) };
        self.received = self.received.wrapping_add(1);
        Ok(())
    }
}
