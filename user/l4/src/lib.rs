//! The L4 X.2 library: everything a program needs to run on Pecan (or any X.2 kernel for x86-64).
//!
//! A program is one ELF image. The kernel starts it as the *root task*; its threads may live in one
//! address space or in many, and all spaces see the same image at the same addresses, so a function
//! pointer or a static means the same everywhere.
//!
//! ```no_run
//! # #![allow(unused_imports)]
//! use l4::{Message, Stack, ThreadId, ipc, println, thread};
//!
//! static STACK: Stack<8192> = Stack::new();
//!
//! /// Doubles every number it is sent. Runs in a space of its own.
//! fn doubler(_argument: u64) {
//!     l4::server::serve(|request| Some(Message::new(0).word(2 * request.message.word_at(0))))
//! }
//!
//! fn start() -> Result<u64, thread::StartError> {
//!     let server = thread::Builder::new().new_space().cpu(1).start(doubler, 0, &STACK)?;
//!     let answer = ipc::call(server, &Message::new(0).word(21)).expect("the server answers");
//!     Ok(answer.message.word_at(0))
//! }
//! ```
//!
//! | module | question |
//! |---|---|
//! | [`ipc`], [`Message`] | how do threads talk? |
//! | [`string`] | how do they send more than a few words? |
//! | [`server`], [`pager`] | how does a thread serve others, in particular their page faults? |
//! | [`exception`], [`debug`] | how does it serve their exceptions, and watch them step by step? |
//! | [`thread`], [`space`], [`schedule`] | how are threads and spaces made, placed and stopped? |
//! | [`memory`], [`sigma0`], [`boot`] | where does memory come from, what did the boot loader bring? |
//! | [`interrupt`], [`port`], [`hpet`] | how does a program drive a device? |
//! | [`console`], [`clock`], [`exit`] | how does a program report, measure and end? |
//! | [`utcb`], [`kip`] | what do the kernel's two pages say? |
//! | [`control`] | what does Pecan offer beyond X.2? |
//! | [`syscall`] | the bare system calls |
//!
//! A program names its main function with [`program!`] and links with `user/l4/link.ld`.
#![cfg_attr(not(test), no_std)]

pub mod boot;
pub mod clock;
pub mod console;
pub mod control;
pub mod debug;
pub mod exception;
pub mod exit;
pub mod hpet;
mod image;
pub mod interrupt;
pub mod ipc;
pub mod kip;
pub mod memory;
mod message;
pub mod pager;
pub mod port;
pub mod schedule;
pub mod server;
pub mod sigma0;
pub mod space;
pub mod start;
pub mod string;
pub mod syscall;
pub mod thread;
pub mod utcb;

pub use boot::args;
pub use message::{Item, Message};
pub use pecan_abi as abi;
pub use pecan_abi::acceptor::Acceptor;
pub use pecan_abi::caching::Caching;
pub use pecan_abi::error::{IpcCode, IpcError, Phase, SysError};
pub use pecan_abi::fpage::{Fpage, IoFpage, Rights};
pub use pecan_abi::id::ThreadId;
pub use pecan_abi::item::{GrantItem, MapItem};
pub use pecan_abi::tag::Tag;
pub use pecan_abi::time::{Time, Timeouts};
pub use thread::Stack;
