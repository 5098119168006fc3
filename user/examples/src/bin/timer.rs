//! A timer driver as a user program: a thread that owns the machine's event timer, gets its interrupts as messages,
//! and wakes its clients when their time has come.
#![no_std]
#![no_main]

use l4::hpet::{Hpet, Trigger};
use l4::{Message, Stack, ThreadId, interrupt, ipc, println, thread};

l4::program!(main);

/// The interrupt line, one of those of PCI devices, and which of the device's timers uses it.
const LINE: u32 = 20;
const TIMER: usize = 1;
/// How long a client sleeps each time, in microseconds, and how often.
const NAP: u64 = 5_000;
const NAPS: u64 = 10;

static DRIVER_STACK: Stack<16384> = Stack::new();

fn main() -> ! {
    let ok = match thread::Builder::new().start(drive, 0, &DRIVER_STACK) {
        Ok(driver) => sleeps(driver),
        Err(error) => {
            println!("[timer] {error:?}");
            false
        }
    };
    l4::exit::report(ok)
}

/// The client: asks the driver to be woken, and looks at the kernel's clock.
fn sleeps(driver: ThreadId) -> bool {
    let start = l4::clock::micros();
    for nap in 0..NAPS {
        if let Err(error) = ipc::call(driver, &Message::new(0).word(NAP)) {
            println!("[timer] nap {nap}: {error:?}");
            return false;
        }
    }
    let slept = l4::clock::micros() - start;
    println!("[timer] {NAPS} naps of {NAP} us took {slept} us");
    slept >= NAPS * NAP
}

/// The driver: one client at a time. Without a device there is no example.
fn drive(_: u64) {
    let (Ok(Some(hpet)), Ok(())) = (Hpet::open(), interrupt::associate(LINE, thread::myself()))
    else {
        println!("[timer] there is no event timer");
        l4::exit::report(false)
    };
    let mut client = None;
    let mut next = ipc::wait();
    while let Ok(message) = next {
        next = if interrupt::line(&message) == Some(LINE) {
            hpet.stop(TIMER);
            if interrupt::acknowledge(LINE).is_err() {
                return;
            }
            match client.take() {
                Some(client) => ipc::reply_wait(client, &Message::new(0)),
                None => ipc::wait(),
            }
        } else {
            client = Some(message.from);
            hpet.shoot(TIMER, LINE, Trigger::Level, message.message.word_at(0));
            ipc::wait()
        };
    }
}
