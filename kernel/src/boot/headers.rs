//! What boot loaders look for in the kernel's file.
//!
//! * the PVH note: QEMU's `-kernel` and other virtual machine monitors jump to its address
//! * the Multiboot2 header: GRUB and others; it asks for the memory map, and names its entry
//!
//! Both jump to 32-bit code with paging off; see `entry`.

use core::arch::global_asm;

global_asm!(
    ".section .note.pvh, \"a\", @note",
    ".balign 4",
    ".long 4, 8, {physical_entry_type}",
    ".asciz \"Xen\"",
    ".quad pvh_entry - {offset}",
    ".section .multiboot2, \"a\"",
    ".balign 8",
    "1:",
    ".long {magic}, 0, 2f - 1b",
    ".long -({magic} + 0 + (2f - 1b))",
    ".balign 8",
    // Information that the kernel cannot do without: the memory map.
    ".short 1, 0",
    ".long 12, 6",
    ".balign 8",
    // The entry address, physical.
    ".short 3, 0",
    ".long 12, multiboot2_entry - {offset}",
    ".balign 8",
    // Modules on page boundaries.
    ".short 6, 0",
    ".long 8",
    ".balign 8",
    // The end.
    ".short 0, 0",
    ".long 8",
    "2:",
    physical_entry_type = const 18,
    offset = const crate::memory::layout::KERNEL_OFFSET,
    magic = const 0xe852_50d6_u32,
);
