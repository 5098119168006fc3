//! The default root task.
#![no_std]
#![no_main]

use l4::{clock, println};

l4::program!(main);

fn main() -> ! {
    println!("[root] started {}", clock::micros());
    l4::exit::report(true)
}
