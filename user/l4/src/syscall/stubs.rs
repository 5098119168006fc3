//! Where the stubs are: read once from the kernel interface page, used by every call site.

use core::arch::asm;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Stub addresses. Call sites read a field with one RIP-relative `call`, so the type is `repr(C)`
/// and each field's offset is a constant of the instruction.
#[repr(C)]
pub(super) struct Stubs {
    pub(super) space_control: AtomicU64,
    pub(super) thread_control: AtomicU64,
    pub(super) processor_control: AtomicU64,
    pub(super) memory_control: AtomicU64,
    pub(super) ipc: AtomicU64,
    pub(super) lipc: AtomicU64,
    pub(super) unmap: AtomicU64,
    pub(super) exchange_registers: AtomicU64,
    pub(super) system_clock: AtomicU64,
    pub(super) thread_switch: AtomicU64,
    pub(super) schedule: AtomicU64,
    pub(super) control: AtomicU64,
    /// Address of the kernel interface page itself.
    pub(super) page: AtomicU64,
}

/// The table. Statics are shared by all spaces of a program, and so are stub addresses.
pub(super) static STUBS: Stubs = Stubs {
    space_control: AtomicU64::new(0),
    thread_control: AtomicU64::new(0),
    processor_control: AtomicU64::new(0),
    memory_control: AtomicU64::new(0),
    ipc: AtomicU64::new(0),
    lipc: AtomicU64::new(0),
    unmap: AtomicU64::new(0),
    exchange_registers: AtomicU64::new(0),
    system_clock: AtomicU64::new(0),
    thread_switch: AtomicU64::new(0),
    schedule: AtomicU64::new(0),
    control: AtomicU64::new(0),
    page: AtomicU64::new(0),
};

/// Byte offset of the first system-call word (SpaceControl) in the kernel interface page; the eleven
/// words follow one another in the order of [`Stubs`].
const FIRST_SYSCALL_WORD: usize = 0x1a0;

/// Byte offset of the word that holds the address of Pecan's control call; 0 on other kernels.
const CONTROL_WORD: usize = 0x220;

/// What the kernel tells about itself through the KernelInterface trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelInterface {
    /// Address of the kernel interface page in the caller's space.
    pub page: u64,
    /// The ApiVersion word.
    pub api_version: u64,
    /// The ApiFlags word.
    pub api_flags: u64,
    /// The KernelId word.
    pub kernel_id: u64,
}

/// Asks the kernel for the address of the kernel interface page: the instruction bytes `F0 90`, an
/// invalid instruction on purpose, which the kernel recognises.
#[inline]
#[must_use]
pub fn kernel_interface() -> KernelInterface {
    let (page, api_version, api_flags, kernel_id);
    // SAFETY: the trap changes RAX, RCX, RDX and RSI only and touches no memory.
    unsafe {
        asm!(
            ".byte 0xf0, 0x90",
            out("rax") page,
            out("rcx") api_version,
            out("rdx") api_flags,
            out("rsi") kernel_id,
            options(nomem, nostack),
        );
    }
    KernelInterface {
        page,
        api_version,
        api_flags,
        kernel_id,
    }
}

/// Finds the kernel interface page and stores the stub addresses; the start-up code does this before
/// `main`. Doing it again is harmless: the addresses never change.
pub fn connect() {
    let page = kernel_interface().page;
    let word = |offset: usize| {
        let address = (page as usize + offset) as *const u64;
        // SAFETY: `offset` is an aligned offset into the page, which the kernel maps readable in this space.
        unsafe { address.read_volatile() }
    };
    let call = |index: usize| word(FIRST_SYSCALL_WORD + 8 * index);
    STUBS.space_control.store(call(0), Relaxed);
    STUBS.thread_control.store(call(1), Relaxed);
    STUBS.processor_control.store(call(2), Relaxed);
    STUBS.memory_control.store(call(3), Relaxed);
    STUBS.ipc.store(call(4), Relaxed);
    STUBS.lipc.store(call(5), Relaxed);
    STUBS.unmap.store(call(6), Relaxed);
    STUBS.exchange_registers.store(call(7), Relaxed);
    STUBS.system_clock.store(call(8), Relaxed);
    STUBS.thread_switch.store(call(9), Relaxed);
    STUBS.schedule.store(call(10), Relaxed);
    STUBS.control.store(word(CONTROL_WORD), Relaxed);
    STUBS.page.store(page, Relaxed);
}

/// True if the kernel offers Pecan's control call (false on other X.2 kernels).
#[inline]
#[must_use]
pub fn has_control() -> bool {
    STUBS.control.load(Relaxed) != 0
}

/// Address of the kernel interface page, as found by [`connect`].
pub(crate) fn page_address() -> u64 {
    STUBS.page.load(Relaxed)
}
