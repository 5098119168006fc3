//! x86-64: the only place, with a few named modules of `memory` and `boot`, that touches the machine directly.
//!
//! * `power`    ending the virtual machine
//! * `serial`   the console's UART
//! * `features` what this CPU can do
//! * `registers` registers as a panic reports them
//! * `apic`     the local APIC: timer, interrupts between CPUs
//! * `io_apic`  the interrupt lines of devices
//! * `pic`      the old interrupt controllers
//! * `port_bitmap` whether programs may use ports
//! * `clock`    time
//! * `entry`    how the CPU comes into the kernel, and leaves it
//! * `idt`      the interrupt table
//! * `stubs`    the system-call stubs of user programs
//! * `switch`   from one thread to another
//! * `copy`     strings, from where to where users say
//! * `fpu`      the FPU's registers
//! * `debug`    debug registers: breakpoints and single steps
//! * `pool`     where registers of threads are saved
//! * `root`     the translation root
//! * `cache`    caches, and the ways of caching
//! * `code`     looking at the kernel's own code
//! * `control`  control registers: what the kernel switches on

pub(crate) mod apic;
pub(crate) mod cache;
pub(crate) mod clock;
pub(crate) mod code;
pub(crate) mod control;
pub(crate) mod copy;
pub(crate) mod debug;
pub(crate) mod entry;
pub(crate) mod features;
pub(crate) mod fpu;
pub(crate) mod idt;
pub(crate) mod io_apic;
pub(crate) mod pic;
mod pool;
pub(crate) mod port_bitmap;
pub(crate) mod power;
pub(crate) mod registers;
pub(crate) mod root;
pub(crate) mod serial;
pub(crate) mod stubs;
pub(crate) mod switch;
