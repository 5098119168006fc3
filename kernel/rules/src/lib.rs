//! Decisions of the kernel that need no hardware.
//!
//! What is here is arithmetic and lists: it runs on the host, under property tests and Miri, and the kernel calls the very
//! same code. Nothing here owns a thread, a page table or a clock. The lists thread through memory that the caller keeps: a
//! `…Store` trait gives access to the few fields a list needs, and the handle of a thread is any small copyable value. In the
//! kernel the store is the TCB array, in tests it is a vector. Hot methods are `#[inline]` and do not panic.
//!
//! The modules in the order in which a message meets them:
//!
//! 1. [`rendezvous`]: does the receiver take this sender?
//! 2. [`queue`]: if not, the sender queues up at the receiver.
//! 3. [`deadline`]: until when it waits.
//! 4. [`wakeup`]: who is to be woken when time has passed.
//! 5. [`placement`]: where a mapped page comes from and where it goes.
//! 6. [`paging`]: reading and writing page tables, so that a processor that walks them at the same time sees either the old
//!    or the new mapping.
//! 7. [`mapping`]: who got which page from whom, and taking it back.
//! 8. [`ports`]: the same for I/O ports.
//! 9. [`areas`]: are UTCB and kernel-interface areas where they may be?
//! 10. [`ready`]: who runs next.
//!
//! Times are microseconds since boot; `u64::MAX` is never.
#![no_std]
#![forbid(unsafe_code)]

pub mod rendezvous;

pub mod queue;

pub mod deadline;
pub mod wakeup;

pub mod placement;

pub mod paging;

pub mod mapping;

pub mod ports;

pub mod areas;

pub mod ready;
