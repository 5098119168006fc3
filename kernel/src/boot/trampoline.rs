//! How a CPU gets from reset to Rust: a page below 1 MiB with 16-bit code that switches straight to long mode.
//!
//! The code is copied there, and its variables are filled in for each CPU. It runs with page tables of its own: the kernel's half, and
//! that one page where it really is.

use crate::memory::layout::PAGE;
use crate::memory::physmap;
use core::arch::global_asm;

global_asm!(
    ".section .rodata.trampoline, \"a\"",
    ".balign 16",
    ".code16",
    "trampoline_start:",
    "cli",
    "cld",
    "movw %cs, %ax",
    "movw %ax, %ds",
    "lgdtl trampoline_gdt_pointer - trampoline_start",
    "movl %cr4, %eax",
    "orl ${cr4_bits}, %eax",
    "movl %eax, %cr4",
    "movl trampoline_root - trampoline_start, %eax",
    "movl %eax, %cr3",
    "movl ${efer}, %ecx",
    "rdmsr",
    "orl ${efer_bits}, %eax",
    "wrmsr",
    "movl %cr0, %eax",
    "orl ${cr0_bits}, %eax",
    "movl %eax, %cr0",
    "ljmpl *(trampoline_jump - trampoline_start)",
    ".code64",
    "trampoline_long:",
    "xorl %eax, %eax",
    "movl %eax, %ds",
    "movl %eax, %es",
    "movl %eax, %ss",
    "movl %eax, %fs",
    "movl %eax, %gs",
    "movq trampoline_stack(%rip), %rsp",
    "movl trampoline_index(%rip), %edi",
    "xorl %ebp, %ebp",
    "pushq %rbp",
    "jmpq *trampoline_entry(%rip)",
    ".balign 8",
    "trampoline_gdt: .quad 0, 0x00af9b000000ffff",
    "trampoline_gdt_pointer: .short 15",
    ".long 0",
    "trampoline_jump: .long 0",
    ".short 8",
    "trampoline_root: .long 0",
    "trampoline_index: .long 0",
    "trampoline_stack: .quad 0",
    "trampoline_entry: .quad 0",
    "trampoline_end:",
    ".text",
    cr4_bits = const (1 << 5) | (1 << 7),
    efer = const 0xc000_0080_u32,
    efer_bits = const (1 << 8) | (1 << 11),
    cr0_bits = const 0x8000_0001_u32,
    options(att_syntax)
);

unsafe extern "C" {
    static trampoline_start: u8;
    static trampoline_long: u8;
    static trampoline_gdt: u8;
    static trampoline_gdt_pointer: u8;
    static trampoline_jump: u8;
    static trampoline_root: u8;
    static trampoline_index: u8;
    static trampoline_stack: u8;
    static trampoline_entry: u8;
    static trampoline_end: u8;
}

/// Where a CPU goes from here.
pub(super) type Entry = extern "C" fn(index: usize) -> !;

/// The trampoline in its page.
pub(super) struct Trampoline {
    page: u64,
}

impl Trampoline {
    /// Copies the code to a page below 1 MiB and tells it where it is.
    ///
    /// # Safety
    /// The page is RAM that nobody uses, and `root` is the physical address, below 4 GiB, of page tables that map the kernel's half as
    /// usual, and the page one to one, executable.
    pub(super) unsafe fn install(page: u64, root: u64, entry: Entry) -> Self {
        let code = &raw const trampoline_start;
        let size = offset(&raw const trampoline_end);
        assert!(size <= PAGE as usize && page < 1 << 20 && root < 1 << 32);
        // SAFETY: the code is in the image, and by contract the page is free; it is long enough.
        unsafe { physmap::to_virt(page).copy_from_nonoverlapping(code, size) };
        let this = Self { page };
        let here = |symbol| (page + offset(symbol) as u64) as u32;
        this.put(
            (&raw const trampoline_gdt_pointer).wrapping_add(2),
            here(&raw const trampoline_gdt),
        );
        this.put(&raw const trampoline_jump, here(&raw const trampoline_long));
        this.put(&raw const trampoline_root, root as u32);
        this.put(&raw const trampoline_entry, entry as usize as u64);
        this
    }

    /// Prepares it for CPU `index`, with a stack of its own.
    pub(super) fn prepare(&self, index: usize, stack_top: u64) {
        self.put(&raw const trampoline_index, index as u32);
        self.put(&raw const trampoline_stack, stack_top);
    }

    /// What a start-up interrupt names it by.
    pub(super) const fn page_number(&self) -> u8 {
        (self.page / PAGE) as u8
    }

    fn put<T>(&self, symbol: *const u8, value: T) {
        let place = physmap::to_virt(self.page + offset(symbol) as u64).cast::<T>();
        // SAFETY: the page belongs to this trampoline, and the symbol lies inside of it; no CPU runs it while it is changed.
        unsafe { place.write_unaligned(value) };
    }
}

fn offset(symbol: *const u8) -> usize {
    symbol as usize - &raw const trampoline_start as usize
}
