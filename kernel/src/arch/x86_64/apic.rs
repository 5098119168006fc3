//! The local APIC: timer, interrupts between CPUs, end of interrupt.
//!
//! One of two ways to its registers is chosen at boot, for all CPUs: model-specific registers (x2APIC), or 4 KiB of memory (xAPIC).
//! The crate `x2apic` sets it up in the first case; it does not know the second one with a CPU that has both.

use super::features;
use crate::memory::{kernel_space, layout, physmap, reserve};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use pecan_bootdata::regions::Region;
use x2apic::lapic::{LocalApicBuilder, TimerDivide, TimerMode};
use x86_64::instructions::interrupts;
use x86_64::registers::model_specific::Msr;

/// Interrupt vectors of the local APIC.
pub(crate) mod vector {
    /// The first of the device lines, which have one vector each.
    pub(crate) const FIRST_LINE: u8 = 0x30;
    /// The last one that a device line can have.
    pub(crate) const LAST_LINE: u8 = 0xd7;
    /// The timer.
    pub(crate) const TIMER: u8 = 0xf0;
    /// Another CPU put something into the mailbox.
    pub(crate) const DOORBELL: u8 = 0xf1;
    /// Another CPU measures how long an interrupt takes.
    pub(crate) const PING: u8 = 0xf2;
    /// Another CPU got an interrupt of a device that belongs here.
    pub(crate) const PASSED: u8 = 0xf3;
    /// The APIC found an error; masked.
    pub(crate) const ERROR: u8 = 0xfe;
    /// The APIC changed its mind; needs no end of interrupt.
    pub(crate) const SPURIOUS: u8 = 0xff;
}

/// Register numbers: offset in memory / 16, or the model-specific register - 0x800.
mod register {
    pub(super) const TASK_PRIORITY: u32 = 0x08;
    pub(super) const END_OF_INTERRUPT: u32 = 0x0b;
    pub(super) const SPURIOUS: u32 = 0x0f;
    pub(super) const COMMAND: u32 = 0x30;
    pub(super) const COMMAND_HIGH: u32 = 0x31;
    pub(super) const TIMER: u32 = 0x32;
    pub(super) const LINT0: u32 = 0x35;
    pub(super) const LINT1: u32 = 0x36;
    pub(super) const ERROR: u32 = 0x37;
    pub(super) const TIMER_INITIAL: u32 = 0x38;
    pub(super) const TIMER_CURRENT: u32 = 0x39;
    pub(super) const TIMER_DIVIDE: u32 = 0x3e;
}

const BASE: u32 = 0x1b;
const BASE_ENABLED: u64 = 1 << 11;
const BASE_X2APIC: u64 = 1 << 10;
const BASE_ADDRESS: u64 = 0x000f_ffff_ffff_f000;
const FIRST_X2APIC: u32 = 0x800;

const MASKED: u32 = 1 << 16;
const PERIODIC: u32 = 1 << 17;
const DIVIDE_BY_ONE: u32 = 0b1011;
const SOFTWARE_ENABLED: u32 = 1 << 8;
const COMMAND_PENDING: u32 = 1 << 12;
const COMMAND_INIT: u32 = 0x4500;
const COMMAND_STARTUP: u32 = 0x4600;
const COMMAND_FIXED: u32 = 0x4000;

/// Where the registers are in memory; 0 in x2APIC mode.
static MEMORY: AtomicU64 = AtomicU64::new(0);
/// Timer counts per millisecond.
static KHZ: AtomicU32 = AtomicU32::new(1_000_000);

/// Chooses the mode and sets up the boot CPU's APIC with everything masked.
///
/// # Errors
/// When the reserve has no frame for the page table that shows the registers.
pub(crate) fn init_boot_cpu(x2apic: bool) -> Result<(), kernel_space::OutOfMemory> {
    let phys = physical_base();
    reserve::forbid(Region::sized(phys, layout::PAGE));
    if !x2apic {
        kernel_space::map_device(phys, layout::PAGE)?;
        MEMORY.store(physmap::to_virt(phys) as u64, Ordering::Relaxed);
    }
    init_this_cpu();
    Ok(())
}

/// Physical address of the registers, also where they are not used.
pub(crate) fn physical_base() -> u64 {
    read_base() & BASE_ADDRESS
}

/// Sets up the APIC of the CPU that runs this, with everything masked.
pub(crate) fn init_this_cpu() {
    if MEMORY.load(Ordering::Relaxed) == 0 {
        enable_x2apic()
    } else {
        enable_xapic()
    }
    write(register::LINT0, MASKED);
    write(register::LINT1, MASKED);
    write(register::ERROR, MASKED | u32::from(vector::ERROR));
    write(register::TASK_PRIORITY, 0);
    write(register::TIMER_DIVIDE, DIVIDE_BY_ONE);
    timer_stop();
}

fn enable_x2apic() {
    let built = LocalApicBuilder::new()
        .timer_vector(vector::TIMER.into())
        .error_vector(vector::ERROR.into())
        .spurious_vector(vector::SPURIOUS.into())
        .timer_mode(TimerMode::OneShot)
        .timer_divide(TimerDivide::Div1)
        .timer_initial(0)
        .build();
    let mut apic = match built {
        Ok(apic) => apic,
        Err(why) => panic!("the local APIC cannot be set up: {why}"),
    };
    // SAFETY: the CPU has x2APIC mode (or it would not have been chosen), and interrupts are off.
    unsafe { apic.enable() };
}

fn enable_xapic() {
    let base = read_base();
    if base & BASE_X2APIC != 0 {
        // The only way back leads through "off".
        write_base(base & !(BASE_X2APIC | BASE_ENABLED));
    }
    write_base((base | BASE_ENABLED) & !BASE_X2APIC);
    write(
        register::SPURIOUS,
        SOFTWARE_ENABLED | u32::from(vector::SPURIOUS),
    );
}

/// Should the APIC be used through model-specific registers? `force_xapic` is what the command line wants.
pub(crate) fn choose_x2apic(force_xapic: bool) -> bool {
    features::get().x2apic && !force_xapic
}

/// Interrupts the CPU with the given APIC id. All memory writes before it are visible to the interrupted CPU. Any CPU, itself included.
#[inline(always)]
pub(crate) fn send_ipi(apic_id: u32, vector: u8) {
    crate::trace::rings(apic_id, vector);
    command(apic_id, COMMAND_FIXED | u32::from(vector));
}

/// Resets the CPU with the given APIC id; it then waits for [`send_startup`].
pub(crate) fn send_init(apic_id: u32) {
    command(apic_id, COMMAND_INIT);
}

/// Starts a CPU that was reset, in real mode at the start of a physical page below 1 MiB.
pub(crate) fn send_startup(apic_id: u32, page: u8) {
    command(apic_id, COMMAND_STARTUP | u32::from(page));
}

#[inline(always)]
fn command(apic_id: u32, command: u32) {
    if MEMORY.load(Ordering::Relaxed) == 0 {
        // Writes to x2APIC registers do not wait for earlier stores; the fences make them.
        fence();
        let value = u64::from(apic_id) << 32 | u64::from(command);
        // SAFETY: in x2APIC mode this register exists, and the command is well-formed.
        unsafe { Msr::new(FIRST_X2APIC + register::COMMAND).write(value) };
    } else {
        command_in_memory(apic_id, command);
    }
}

#[inline(never)]
fn command_in_memory(apic_id: u32, command: u32) {
    interrupts::without_interrupts(|| {
        while read(register::COMMAND) & COMMAND_PENDING != 0 {
            core::hint::spin_loop();
        }
        write(register::COMMAND_HIGH, apic_id << 24);
        write(register::COMMAND, command);
    });
}

#[inline]
fn fence() {
    // SAFETY: fences have no effect but order.
    unsafe { core::arch::asm!("mfence", "lfence", options(nostack, preserves_flags)) };
}

/// Ends the interrupt that is being handled on this CPU.
#[inline]
pub(crate) fn eoi() {
    write(register::END_OF_INTERRUPT, 0);
}

/// Lets this CPU's timer interrupt every `micros` microseconds (1 to about a second; longer is cut off).
pub(crate) fn timer_periodic(micros: u32) {
    write(register::TIMER, PERIODIC | u32::from(vector::TIMER));
    write(register::TIMER_INITIAL, counts(micros));
}

/// Stops this CPU's timer.
pub(crate) fn timer_stop() {
    write(register::TIMER, MASKED | u32::from(vector::TIMER));
    write(register::TIMER_INITIAL, 0);
}

/// Lets the timer count down from its largest value without interrupting, for calibration.
pub(crate) fn timer_run_free() {
    write(register::TIMER, MASKED | u32::from(vector::TIMER));
    write(register::TIMER_INITIAL, u32::MAX);
}

/// What is left of the timer's count. For calibration: not fast.
pub(crate) fn timer_count() -> u32 {
    if MEMORY.load(Ordering::Relaxed) != 0 {
        return read(register::TIMER_CURRENT);
    }
    let count: u32;
    // QEMU with -icount can read its clock only in the last instruction of a translated block. What follows a load of ss is a block of its own.
    // SAFETY: ss gets the value that it has; in x2APIC mode the register exists, and reading it has no effect.
    unsafe {
        core::arch::asm!(
            "mov eax, ss",
            "mov ss, eax",
            "rdmsr",
            in("ecx") FIRST_X2APIC + register::TIMER_CURRENT,
            out("eax") count,
            out("edx") _,
            options(nostack, preserves_flags)
        );
    }
    count
}

/// Notes how fast the timer counts, in counts per millisecond. Boot CPU, before timers are used.
pub(crate) fn set_timer_khz(khz: u32) {
    KHZ.store(khz.max(1), Ordering::Relaxed);
}

fn counts(micros: u32) -> u32 {
    let counts = u64::from(micros) * u64::from(KHZ.load(Ordering::Relaxed)) / 1000;
    counts.clamp(1, u64::from(u32::MAX)) as u32
}

fn read_base() -> u64 {
    // SAFETY: every CPU with a local APIC has this register.
    unsafe { Msr::new(BASE).read() }
}

fn write_base(value: u64) {
    // SAFETY: the callers change nothing but the mode, along the permitted ways.
    unsafe { Msr::new(BASE).write(value) };
}

#[inline]
fn read(register: u32) -> u32 {
    let memory = MEMORY.load(Ordering::Relaxed);
    if memory == 0 {
        // SAFETY: in x2APIC mode all registers in `register` exist, except COMMAND_HIGH, which is used in xAPIC mode only.
        return unsafe { Msr::new(FIRST_X2APIC + register).read() } as u32;
    }
    // SAFETY: the registers are mapped, uncached, for good.
    unsafe { ((memory + u64::from(register) * 16) as *const u32).read_volatile() }
}

#[inline]
fn write(register: u32, value: u32) {
    let memory = MEMORY.load(Ordering::Relaxed);
    if memory == 0 {
        // SAFETY: as for reading; every value written by this module is valid for its register.
        return unsafe { Msr::new(FIRST_X2APIC + register).write(u64::from(value)) };
    }
    // SAFETY: the registers are mapped, uncached, for good.
    unsafe { ((memory + u64::from(register) * 16) as *mut u32).write_volatile(value) };
}
