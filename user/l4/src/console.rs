//! [`print!`](crate::print) and [`println!`](crate::println).
//!
//! A thread of the root task writes straight to the kernel's console; a thread of another space asks
//! the library's pager to print for it. Either way a line of up to 240 bytes stays in one piece.
//!
//! Printing may use Ipc, so it overwrites the message registers: keep messages as
//! [`Message`](crate::Message) values.

use core::fmt::{self, Write};
use core::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::{control, pager, schedule};

/// Bytes that are written in one piece.
pub const LINE: usize = 240;

/// Prints like `std::print!`.
#[macro_export]
macro_rules! print {
    ($($argument:tt)*) => { $crate::console::print(format_args!($($argument)*)) };
}

/// Prints like `std::println!`.
#[macro_export]
macro_rules! println {
    () => { $crate::print!("\n") };
    ($($argument:tt)*) => { $crate::console::print(format_args!("{}\n", format_args!($($argument)*))) };
}

/// Collects what is to be printed and writes it line by line.
struct Line {
    bytes: [u8; LINE],
    len: usize,
}

impl Line {
    fn flush(&mut self) {
        if self.len > 0 {
            write(&self.bytes[..self.len]);
            self.len = 0;
        }
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.bytes[self.len] = byte;
            self.len += 1;
            if byte == b'\n' || self.len == LINE {
                self.flush();
            }
        }
        Ok(())
    }
}

/// What the macros call.
pub fn print(arguments: fmt::Arguments<'_>) {
    let mut line = Line {
        bytes: [0; LINE],
        len: 0,
    };
    // Fails only if a value's own formatter does; what came before it is printed.
    let _ = line.write_fmt(arguments);
    line.flush();
}

/// Writes raw bytes, at most [`LINE`] of them in one piece.
pub fn write(bytes: &[u8]) {
    for piece in bytes.chunks(LINE) {
        if !write_directly(piece) {
            pager::ask_for_print(piece);
        }
    }
}

/// Writes through the kernel, one thread at a time; false in an unprivileged space.
fn write_directly(piece: &[u8]) -> bool {
    static BUSY: AtomicBool = AtomicBool::new(false);
    let locked = lock(&BUSY);
    let written = control::console_write(piece);
    if locked {
        BUSY.store(false, Release);
    }
    written
}

/// Waits for the console, but not for ever: its holder may have been deleted or have a lower priority
/// than this thread on the same CPU, and then a mixed line is better than silence.
fn lock(busy: &AtomicBool) -> bool {
    for _ in 0..200 {
        for _ in 0..50 {
            if busy.compare_exchange(false, true, Acquire, Relaxed).is_ok() {
                return true;
            }
            core::hint::spin_loop();
        }
        schedule::yield_now();
    }
    false
}
