//! Decisions of the kernel that need no hardware.
//!
//! What is here is arithmetic and lists: it runs on the host, under property tests and Miri, and the kernel calls the very
//! same code. Nothing here owns a thread, a page table or a clock. The lists thread through memory that the caller keeps: a
//! `…Store` trait gives access to the few fields a list needs, and the handle of a thread is any small copyable value. In the
//! kernel the store is the TCB array, in tests it is a vector. Hot methods are `#[inline]` and do not panic.
//!
//! The modules in the order in which a message meets them:
//!
//! 1. [`redirection`]: who really receives it? [`propagation`]: may the sender speak for somebody else?
//! 2. [`rendezvous`]: does the receiver take this sender?
//! 3. [`queue`]: if not, the sender queues up at the receiver.
//! 4. [`deadline`]: until when it waits.
//! 5. [`wakeup`]: who is to be woken when time has passed.
//! 6. [`duration`]: may the message take long? [`strings`]: which bytes of its strings go where. [`placement`]: where a mapped page comes from and where it goes.
//! 7. [`paging`]: reading and writing page tables, so that a processor that walks them at the same time sees either the old
//!    or the new mapping. [`caching`]: how a processor caches what a page shows.
//! 8. [`mapping`]: who got which page from whom, and taking it back. [`ports`]: the same for I/O ports.
//! 9. [`areas`]: are UTCB and kernel-interface areas where they may be?
//! 10. [`schedule`]: who may change how a thread is scheduled.
//! 11. [`budget`]: how much time a thread has.
//! 12. [`preemption`]: may the running thread go on?
//! 13. [`ready`]: who runs next.
//! 14. [`debug`]: which breakpoints a thread may set.
//!
//! Times are microseconds since boot; `u64::MAX` is never.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod propagation;
pub mod redirection;

pub mod rendezvous;

pub mod queue;

pub mod deadline;
pub mod wakeup;

pub mod duration;
pub mod strings;

pub mod placement;

pub mod caching;
pub mod paging;

pub mod mapping;

pub mod ports;

pub mod areas;

pub mod schedule;

pub mod budget;
pub mod preemption;
pub mod ready;

pub mod debug;
