//! Functions whose first instruction touches memory, and memory to map.

use core::arch::naked_asm;
use core::cell::UnsafeCell;

/// Reads the word at `address`.
#[unsafe(naked)]
pub(crate) extern "C" fn read(address: u64) -> u64 {
    naked_asm!("mov rax, [rdi]", "ret")
}

/// Writes `value` to the word at `address`.
#[unsafe(naked)]
pub(crate) extern "C" fn write(address: u64, value: u64) {
    naked_asm!("mov [rdi], rsi", "ret")
}

/// Jumps to `address`; code there returns.
#[unsafe(naked)]
pub(crate) extern "C" fn execute(address: u64) {
    naked_asm!("jmp rdi")
}

/// Pages of the program's own that tests map elsewhere: 2^16 bytes, aligned.
#[repr(C, align(65536))]
pub(crate) struct Pages(UnsafeCell<[u64; 1 << 13]>);

// SAFETY: reached only through raw pointers, by threads that take turns.
unsafe impl Sync for Pages {}

static PAGES: Pages = Pages(UnsafeCell::new([0; 1 << 13]));

/// Address of the 16 pages.
pub(crate) fn pages() -> u64 {
    PAGES.0.get() as u64
}

/// Address of page `index` after its first word is set to `value`.
pub(crate) fn page(index: u64, value: u64) -> u64 {
    let address = pages() + 4096 * index;
    write(address, value);
    address
}
