//! What is a thread, where is it, and who may touch it?
//!
//! A thread is a block of [`STACK_TOP_OFFSET`] bytes: the TCB below, the kernel stack above it. Blocks lie in a
//! virtual array, so a thread number is an address. Slots without a thread show one shared page whose id matches
//! nothing.
//!
//! Home rule: only the CPU that a thread lives on reads or writes its fields, except the id, the home word, and what
//! a thread lends with a request. An [`Owned`] is a thread whose home is this CPU; it exists with interrupts off.
//!
//! * `tcb`       the block, drawn line by line
//! * `spaces`    in which space it is
//! * `stack`     the block's other part, and where it must end
//! * `state`     what a thread is doing, in one word with its home
//! * `owned`     threads that live here; names of threads that may live anywhere
//! * `table`     from id to block
//! * `utcb`      the kernel's view of the user's part
//! * `aside`     what the kernel says for it, of which that shows nothing
//! * `node`      what it sends to other CPUs, and takes up afterwards
//! * `transfer`  what it knows of a message with strings
//! * `links`     the lists that a thread can be in
//! * `resources` what a switch must put away
//! * `create`, `activate`, `start`, `relocate`, `migrate`, `delete`  its life

pub(crate) mod activate;
#[cfg(feature = "without-stack-in-tcb")]
mod apart;
pub(crate) mod aside;
pub(crate) mod create;
pub(crate) mod delete;
#[cfg(feature = "without-computed-tcb")]
pub(crate) mod directory;
pub(crate) mod links;
pub(crate) mod migrate;
mod node;
mod owned;
pub(crate) mod relocate;
pub(crate) mod resources;
mod spaces;
mod stack;
pub(crate) mod start;
mod state;
pub(crate) mod table;
mod tcb;
mod transfer;
mod utcb;

pub(crate) use aside::Aside;
pub(crate) use node::{Again, Node};
pub(crate) use owned::{Owned, TcbRef};
pub(crate) use resources::Resources;
pub(crate) use state::{State, home_word};
pub(crate) use tcb::{MESSAGE_ROOM, STACK_TOP_OFFSET, Tcb, offsets as tcb_offsets};
pub(crate) use transfer::{Broken, Part};
pub(crate) use utcb::{Field, UtcbRef};
