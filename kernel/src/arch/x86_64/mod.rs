//! x86-64: the only place, with a few named modules of `memory` and `boot`, that touches the machine directly.
//!
//! * `power`    ending the virtual machine
//! * `serial`   the console's UART
//! * `features` what this CPU can do
//! * `registers` registers as a panic reports them
//! * `apic`     the local APIC: timer, interrupts between CPUs
//! * `pic`      the interrupt controllers outside of the CPUs
//! * `clock`    time
//! * `control`  control registers: what the kernel switches on

pub(crate) mod apic;
pub(crate) mod clock;
pub(crate) mod control;
pub(crate) mod features;
pub(crate) mod pic;
pub(crate) mod power;
pub(crate) mod registers;
pub(crate) mod serial;
